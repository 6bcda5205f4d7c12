"""Orders of one number and supplier whose addresses differ: each has a folder of its own, in every run the same one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from actors.filing import DownloadFolder
from contracts.tasks import TaskStatus
from tests.filing.samples import PDF, arrived, lease, listed, result

PAGE = "https://portal.example/orders/PO1"
VIEWS = (f"{PAGE}?view=1", f"{PAGE}?view=2", f"{PAGE}?view=3")


def file_view(folder: DownloadFolder, shown: str, *, asked: str = "", sequence: int = 0) -> Path:
    """Publish what a page had."""
    of = lease("PO1", sequence=sequence, address=asked)
    file = folder.place(of, arrived(folder.stage(of) / "get" / "f", PDF + shown.encode()), listed(title="a.pdf"))
    return folder.publish(of, result(of, file, url=shown, status=TaskStatus.COMPLETED))


def superseded(root: Path) -> list[str]:
    """What was moved away, by run and folder."""
    found = (root / ".purser" / "superseded").glob("*/*/*")
    return sorted(f"{path.parts[-3]}/{path.name}" for path in found)


@pytest.mark.parametrize("visited", list(itertools.permutations(range(3))))
def test_no_visit_of_a_run_moves_the_folder_of_another_and_each_page_keeps_its_name(
    tmp_path: Path, visited: tuple[int, ...]
) -> None:
    first = DownloadFolder(tmp_path, "r1")
    paths = [file_view(first, url, sequence=place) for place, url in enumerate(VIEWS)]
    assert len(set(paths)) == 3
    assert paths[0].name == "PO1_COMPLETED"
    assert superseded(tmp_path) == []
    again = DownloadFolder(tmp_path, "r2")
    for place in visited:
        assert file_view(again, VIEWS[place], sequence=place) == paths[place]
        assert (paths[place] / "a.pdf").read_bytes() == PDF + VIEWS[place].encode()
    assert len(superseded(tmp_path)) == 3, "each its own earlier one"
    assert {path.name for path in (tmp_path / "Nordwind").iterdir()} == {path.name for path in paths}


def test_whoever_goes_on_with_a_run_moves_no_folder_of_it(tmp_path: Path) -> None:
    first = file_view(DownloadFolder(tmp_path, "r1"), VIEWS[0])
    second = file_view(DownloadFolder(tmp_path, "r1"), VIEWS[1], sequence=1)
    assert first != second
    assert first.is_dir()
    assert superseded(tmp_path) == []


@pytest.mark.parametrize(
    "other", [PAGE + "/", PAGE + "#x", "HTTPS://PORTAL.example:443/orders/PO1", PAGE.replace("orders", "%6frders")]
)
def test_another_spelling_of_the_address_is_the_same_folder(tmp_path: Path, other: str) -> None:
    folder = DownloadFolder(tmp_path, "r1")
    assert file_view(folder, PAGE) == file_view(folder, other, sequence=1)
    assert superseded(tmp_path) == ["r1/PO1_COMPLETED"]


def test_two_addresses_that_the_portal_leads_to_one_page_have_two_folders_in_every_run(tmp_path: Path) -> None:
    first, again = DownloadFolder(tmp_path, "r1"), DownloadFolder(tmp_path, "r2")
    paths = [file_view(first, PAGE, asked=url, sequence=place) for place, url in enumerate(VIEWS)]
    assert len(set(paths)) == 3
    assert superseded(tmp_path) == []
    assert [file_view(again, PAGE, asked=url, sequence=place) for place, url in enumerate(VIEWS[::-1])] == paths[::-1]
    assert len(superseded(tmp_path)) == 3


def test_an_order_that_has_another_address_in_the_next_run_takes_the_place_of_its_folder(tmp_path: Path) -> None:
    first = file_view(DownloadFolder(tmp_path, "r1"), VIEWS[0])
    assert file_view(DownloadFolder(tmp_path, "r2"), VIEWS[1]) == first
    assert superseded(tmp_path) == ["r2/PO1_COMPLETED"]


def test_an_address_that_a_results_file_names_is_the_page_that_was_asked_for_in_another_way(tmp_path: Path) -> None:
    first = file_view(DownloadFolder(tmp_path, "r1"), PAGE, asked=VIEWS[0])
    assert file_view(DownloadFolder(tmp_path, "r2"), PAGE, asked=PAGE) == first
