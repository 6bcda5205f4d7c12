"""Files that are kept although something about them is odd: it is said where people and auditors look."""

from __future__ import annotations

import logging
from pathlib import Path

import attrs
import pytest

from actors.filing import DownloadFolder
from contracts.errors import AttachmentError
from contracts.ports import DownloadedFile, KeptFile
from contracts.tasks import Attachment
from tests.filing.samples import PDF, URL, arrived, lease, listed
from tests.filing.whole_files import WHOLE


def brought(folder: DownloadFolder, content: bytes, name: str, **facts: object) -> DownloadedFile:
    """A file that has arrived in the staging folder of the order."""
    return arrived(folder.stage(lease()) / "a.part", content, suggested_name=name, url=URL, **facts)


def test_a_file_of_another_kind_keeps_its_name_and_carries_the_difference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = DownloadFolder(tmp_path, "r")
    with caplog.at_level(logging.WARNING, "purser.filing"):
        attachment = folder.place(lease(), brought(folder, WHOLE["a.heic"], "photo.jpg"), listed())
    assert (attachment.name, attachment.type_differs, attachment.length_known) == ("photo.jpg", True, True)
    assert "photo.jpg of PO1: its content is HEIC" in caplog.text


def test_who_is_strict_gets_no_file_of_another_kind(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r", strict_types=True)
    with pytest.raises(AttachmentError, match=r"photo\.jpg should be an image"):
        folder.place(lease(), brought(folder, WHOLE["a.heic"], "photo.jpg"), listed())


def test_a_cut_file_of_the_announced_length_is_kept_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = DownloadFolder(tmp_path, "r")
    with caplog.at_level(logging.WARNING, "purser.filing"):
        attachment = folder.place(lease(), brought(folder, b"%PDF-1.7 and no more", "a.pdf"), listed())
    assert attachment.length_known
    assert "a.pdf of PO1: it has not the end" in caplog.text


@pytest.mark.parametrize(("name", "content", "known"), [("a.pdf", PDF, True), ("a.csv", b"a;b\n", False)])
def test_what_nobody_announced_is_known_by_its_own_end_or_not_at_all(
    tmp_path: Path, name: str, content: bytes, known: bool
) -> None:
    folder = DownloadFolder(tmp_path, "r")
    attachment = folder.place(lease(), brought(folder, content, name, ended_by_close=True), listed())
    assert (attachment.length_known, attachment.type_differs) == (known, False)


def test_a_file_that_is_what_it_seems_is_kept_in_silence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = DownloadFolder(tmp_path, "r")
    with caplog.at_level(logging.DEBUG, "purser.filing"):
        attachment = folder.place(lease(), brought(folder, PDF, "a.pdf"), listed())
    assert (attachment.length_known, attachment.type_differs) == (True, False)
    assert not caplog.records


def test_what_is_odd_about_a_file_goes_with_it_to_the_lease_that_adopts_it(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    first = folder.place(lease(), brought(folder, WHOLE["a.heic"], "photo.jpg"), listed())
    odd: Attachment = attrs.evolve(first, length_known=False)
    folder.stage(lease(attempt=2))
    assert folder.adopt(lease(attempt=2), KeptFile(lease(), odd, "", 1)) == odd
