"""Proves where evidence lies, who can read it, and that it is always that of the order it is called after."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from actors.filing import DownloadFolder
from contracts.errors import MachineError
from tests.filing.samples import lease, visible


def mode(path: Path) -> int:
    """Return who may do what."""
    return stat.S_IMODE(path.stat().st_mode)


def test_text_and_picture_lie_under_run_and_order_and_are_named_from_the_root(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "run-1")
    kept = folder.keep_evidence(lease("PO1"), "not found \ud800", b"PNG")
    assert kept == (".purser/evidence/run-1/PO1/page.txt", ".purser/evidence/run-1/PO1/screenshot.png")
    text, picture = (tmp_path / path for path in kept)
    assert text.read_text(encoding="utf-8") == "not found ?"
    assert picture.read_bytes() == b"PNG"
    assert visible(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        kept = DownloadFolder(tmp_path, "r").keep_evidence(lease("PO1"), "text", b"PNG")
    finally:
        os.umask(before)
    files = [tmp_path / path for path in kept]
    assert [mode(path) for path in files] == [0o600, 0o600]
    assert [mode(path) for path in list(files[0].parents)[:3]] == [0o700] * 3


def test_without_a_picture_there_is_no_file_for_it(tmp_path: Path) -> None:
    kept = DownloadFolder(tmp_path, "r").keep_evidence(lease("PO1"), "text", b"")
    assert kept == (".purser/evidence/r/PO1/page.txt",)


def test_a_later_visit_replaces_all_that_the_one_before_left(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    first = folder.keep_evidence(lease("PO1"), "first", b"PNG")
    second = folder.keep_evidence(lease("PO1", attempt=2), "second", b"")
    assert second == first[:1]
    assert (tmp_path / second[0]).read_text() == "second"
    assert not (tmp_path / first[1]).exists()


def test_another_run_leaves_it_alone(tmp_path: Path) -> None:
    (first,) = DownloadFolder(tmp_path, "r1").keep_evidence(lease("PO1"), "first", b"")
    DownloadFolder(tmp_path, "r2").keep_evidence(lease("PO1"), "second", b"")
    assert (tmp_path / first).read_text() == "first"


@pytest.mark.parametrize("other", ["PO1", "po1", " PO1 "])
def test_another_order_of_that_name_gets_a_place_of_its_own(tmp_path: Path, other: str) -> None:
    folder = DownloadFolder(tmp_path, "r")
    (first,) = folder.keep_evidence(lease("PO1", sequence=1), "first", b"")
    (second,) = folder.keep_evidence(lease(other, sequence=2), "second", b"")
    assert (tmp_path / first).read_text() == "first"
    assert folder.keep_evidence(lease(other, sequence=2, attempt=2), "again", b"") == (second,)
    assert second.casefold() != first.casefold()


@pytest.mark.parametrize("number", ["../../../x", "a/b", "..", "NUL", "x" * 300, "\n"])
def test_a_number_leads_nowhere_else(tmp_path: Path, number: str) -> None:
    root = tmp_path / "download"
    (kept,) = DownloadFolder(root, "r").keep_evidence(lease(number), "text", b"")
    assert (root / kept).resolve().parent.parent == root / ".purser" / "evidence" / "r"


def test_a_link_in_its_place_is_removed_and_not_followed(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path / "download", "r")
    place = tmp_path / "download" / ".purser" / "evidence" / "r"
    place.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "mine").write_text("mine")
    (place / "PO1").symlink_to(tmp_path / "outside")
    folder.keep_evidence(lease("PO1"), "text", b"")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["mine"]


def test_a_very_long_text_is_cut(tmp_path: Path) -> None:
    (kept,) = DownloadFolder(tmp_path, "r").keep_evidence(lease("PO1"), "x" * 3_000_000, b"")
    assert (tmp_path / kept).stat().st_size == 2**20


def test_a_folder_that_cannot_be_made_is_the_machines_trouble(tmp_path: Path) -> None:
    folder = DownloadFolder(tmp_path, "r")
    (tmp_path / ".purser" / "evidence").write_text("a file")
    with pytest.raises(MachineError, match="keep evidence in"):
        folder.keep_evidence(lease("PO1"), "text", b"")
