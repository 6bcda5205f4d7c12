"""Rows of one number over real browsers: one page is one visit and one folder, another query another folder."""

from __future__ import annotations

import pytest

from tests.system.conftest import MakeSession, Sandbox, StartPortal, assert_files_are_true, published, superseded

pytestmark = pytest.mark.chromium


@pytest.mark.parametrize("parallel", [True, False])
def test_spellings_are_one_visit_and_queries_have_folders_of_their_own_in_every_run(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, parallel: bool
) -> None:
    """The second run meets the orders the other way round, and each replaces its own folder."""
    portal = start_portal(orders=1)
    (number,) = portal.numbers()
    page = f"{portal.generic_url}/orders/{number}"
    urls = [
        f"{page}?view=1",
        page,
        f"{page}?view=2",
        page.replace("http:", "HTTP:"),
        f"{page}#files",
        f"{page}?view=1#x",
    ]
    rows = [{"po_number": number, "url": url, "supplier": "Acme"} for url in urls]
    with make_session(portal, parallel=parallel) as session:
        assert session.process_pos(rows)[:2] == (6, 0)
        assert_files_are_true(portal, session.results, sandbox.downloads)
        folders = [result.folder for result in session.results]
        assert folders[1] == folders[3] == folders[4]
        assert folders[0] == folders[5]
        assert len(set(folders)) == 3
        assert session.process_pos(rows[2:3])[:2] == (1, 0), "another batch of the same run"
        assert session.results[0].folder == folders[2]
    assert {path.parts[-1] for path in superseded(sandbox.downloads)} == {folders[2].name if folders[2] else ""}
    again = make_session(portal, parallel=parallel)
    assert again.process_pos(rows[::-1])[:2] == (6, 0)
    assert [result.folder for result in again.results] == folders[::-1]
    assert set(published(sandbox.downloads)) == set(folders)
