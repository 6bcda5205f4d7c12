"""Taking over a verified file from an earlier lease's staging folder."""

from __future__ import annotations

from pathlib import Path

from actors.filing import DownloadFolder
from contracts.ports import KeptFile
from tests.filing.samples import PDF, arrived, lease, listed, result, visible


def brought(folder: DownloadFolder) -> KeptFile:
    """A file that the first lease verified."""
    first = lease(attempt=1)
    staging = folder.stage(first)
    return KeptFile(first, folder.place(first, arrived(staging / "1" / "f"), listed(title="a.pdf")), "")


def place_of(root: Path, kept: KeptFile) -> Path:
    """Where a kept file lies."""
    return root / ".purser" / "staging" / kept.lease.folder_name / "files" / kept.attachment.name


def test_an_adopted_file_is_published_under_the_new_lease(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    kept, second = brought(folder), lease(attempt=2)
    folder.stage(second)
    adopted = folder.adopt(second, kept)
    assert adopted == kept.attachment
    assert not place_of(tmp_path, kept).exists()
    folder.publish(second, result(second, kept.attachment))
    assert visible(tmp_path) == ["Nordwind/PO1_COMPLETED/a.pdf"]


def test_a_name_that_is_taken_meanwhile_gets_a_number(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    kept, second = brought(folder), lease(attempt=2)
    staging = folder.stage(second)
    folder.place(second, arrived(staging / "1" / "f", PDF + b"2"), listed(title="a.pdf"))
    adopted = folder.adopt(second, kept)
    assert adopted is not None
    assert adopted.name == "a_2.pdf"


def test_a_file_that_is_not_what_it_was_is_left_alone(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    kept, second = brought(folder), lease(attempt=2)
    folder.stage(second)
    place_of(tmp_path, kept).write_bytes(PDF[:-1] + b"x")
    assert folder.adopt(second, kept) is None
    place_of(tmp_path, kept).write_bytes(PDF + b"more")
    assert folder.adopt(second, kept) is None


def test_a_file_that_is_gone_or_a_link_is_not_adopted(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    kept, second = brought(folder), lease(attempt=2)
    folder.stage(second)
    other = tmp_path / "other.pdf"
    place_of(tmp_path, kept).rename(other)
    assert folder.adopt(second, kept) is None
    place_of(tmp_path, kept).symlink_to(other)
    assert folder.adopt(second, kept) is None
    assert other.exists()
