"""What a success means on real pages: all that the page shows was listed, each file is whole, and nobody else paid."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from actors import ProcessingSession
from contracts.config import HeadlessConfiguration
from contracts.status import SessionStatus
from contracts.tasks import POResult, TaskStatus
from tests.system.conftest import RETRY, TIMEOUTS, Sandbox, orders
from tests.system.quirks import HOSTILE, PDF, QUIRKS, Quirks, quirks

pytestmark = pytest.mark.chromium


@pytest.fixture
def portal() -> Iterator[Quirks]:
    """The portal with one odd page an order."""
    with quirks() as running:
        yield running


def run(
    portal: Quirks, sandbox: Sandbox, numbers: list[str], **options: object
) -> tuple[ProcessingSession, dict[str, POResult]]:
    """Visit orders and return how each ended."""
    settings = {
        "base_url": portal.url,
        "download_dir": sandbox.downloads,
        "portal": "generic",
        "timeouts": attrs.evolve(TIMEOUTS, settle=3),
        "retry": attrs.evolve(RETRY, max_attempts=2),
        "seed": 7,
        "parallel": True,
    } | options
    parallel = bool(settings.pop("parallel"))
    session = ProcessingSession(HeadlessConfiguration(), parallel, 2, **settings)  # type: ignore[arg-type]  # as named
    session.process_pos(orders(numbers))
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    return session, {result.po_number: result for result in session.results}


def test_each_odd_page_ends_as_it_must_and_costs_no_browser(portal: Quirks, sandbox: Sandbox) -> None:
    session, ended = run(portal, sandbox, list(QUIRKS))
    wrong = {
        number: (ended[number].status.value, ended[number].attachments_found, ended[number].error_message)
        for number, quirk in QUIRKS.items()
        if (ended[number].status, ended[number].attachments_found) != (quirk.status, quirk.found)
        or quirk.says not in ended[number].error_message
    }
    assert wrong == {}
    metrics = session.get_session_report()["performance_metrics"]
    assert (metrics["worker_restarts"], metrics["browser_crashes"]) == (0, 0)
    assert {file.size for number in ("PO-members", "PO-encoding") for file in ended[number].attachments} == {len(PDF)}
    assert ended["PO-misnamed"].attachments[0].type_differs
    assert sorted(file.name for file in ended["PO-rights"].attachments) == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize("route", ["hybrid", "browser"])
def test_pages_that_could_take_others_down_cost_nothing_in_one_browser_either(
    portal: Quirks, sandbox: Sandbox, route: str
) -> None:
    numbers = [*HOSTILE, "PO-plain", "PO-gate", "PO-backslash", "PO-elsewhere", "PO-rights"]
    session, ended = run(portal, sandbox, numbers, parallel=False, route=route)
    assert {number: (ended[number].status, ended[number].error_message) for number in numbers} == {
        number: (QUIRKS[number].status, ended[number].error_message) for number in numbers
    }
    assert session.get_session_report()["performance_metrics"]["browser_crashes"] == 0


def test_a_host_that_the_user_allowed_serves_files_and_gets_no_cookie(portal: Quirks, sandbox: Sandbox) -> None:
    _, ended = run(portal, sandbox, ["PO-elsewhere", "PO-plain"], allowed_file_hosts=("localhost",))
    assert ended["PO-elsewhere"].status is TaskStatus.COMPLETED, ended["PO-elsewhere"].error_message
    assert all("sid=4711" in cookies for cookies in portal.cookies["127.0.0.1"])
    assert portal.cookies["localhost"] == {""}
