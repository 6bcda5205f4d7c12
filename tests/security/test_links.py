"""A link planted anywhere in the download folder: nothing is ever written, moved or deleted where it leads.

Supplier and order folders, `.purser` and its parts as the filing room meets them are proven in
tests/filing/test_publishing.py, an order's evidence in tests/filing/test_evidence.py. Here the whole command meets each
place, from its lock to its results.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.cli import run
from actors.cli.summary import ExitCode, draw_up
from actors.filing.folder import DownloadFolder
from actors.filing.lock import FolderLock
from actors.folders.folder import Folder
from actors.tables import write_report
from contracts.errors import ConfigurationError, MachineError
from tests.cli.conftest import Stand, stand as stand
from tests.filing.samples import arrived, lease, listed, result

FOLDERS = (".purser", ".purser/evidence", ".purser/input")
FILES = (
    ".purser/journal.db",
    ".purser/journal.db-wal",
    ".purser/journal.db-lock",
    ".purser/evidence/manifest.jsonl",
)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody else's, with something in it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("precious")
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def plant(link: Path, target: Path) -> None:
    """Plant a link."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("place", [*FOLDERS, *FILES])
def test_a_link_in_place_of_the_books_is_refused_with_a_word_on_what_to_do(
    stand: Stand, outside: Path, place: str, dangling: bool
) -> None:
    """Whether it leads to a folder, to a file or to nothing yet."""
    target = outside / "planted" if dangling else outside / "precious" if place in FILES else outside
    plant(stand.downloads / place, target)
    before = everything(outside)
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert "link that leads elsewhere" in stand.heard.err or "cannot be written" in stand.heard.err
    assert everything(outside) == before
    assert (stand.downloads / place).is_symlink()
    assert stand.script.visits == []


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("name", ["lock", "lock.json", "journal.path"])
def test_a_link_in_place_of_a_note_is_never_written_through(
    stand: Stand, outside: Path, name: str, dangling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stand.folder)
    plant(stand.downloads / ".purser" / name, outside / ("planted" if dangling else "precious"))
    before = everything(outside)
    stand.run(stand.orders("PO1"))
    after = everything(outside)
    assert after[str(outside / "precious")] == b"precious"
    if name != "journal.path":  # what that leads to is read: the name of the journal
        assert after == before
    assert {path.name for path in stand.folder.iterdir()} <= {"download", "orders.csv", "outside", "state"}


def test_a_note_that_is_a_link_is_replaced_by_the_lock(tmp_path: Path, outside: Path) -> None:
    plant(tmp_path / "dl" / ".purser" / "lock.json", outside / "precious")
    with FolderLock(tmp_path / "dl") as lock:
        assert not (tmp_path / "dl" / ".purser" / "lock.json").is_symlink()
        noted = lock.noted_holder()
        assert noted is not None
        assert noted[0] == os.getpid()
    assert (outside / "precious").read_text() == "precious"


@pytest.mark.parametrize("name", ["results.csv", "report.json"])
def test_a_link_in_place_of_the_results_is_the_users_own_and_keeps_a_copy(
    stand: Stand, outside: Path, name: str
) -> None:
    """The only links that are followed: a person may let results lie elsewhere. What was there stays as `.bak`."""
    plant(stand.downloads / name, outside / "precious")
    assert stand.run(stand.orders("PO1")) is ExitCode.SUCCESS
    assert (stand.downloads / name).is_symlink()
    assert (outside / "precious.bak").read_text() == "precious"


@pytest.mark.parametrize("name", ["results.csv.bak", "report.json.bak"])
def test_a_link_in_place_of_the_copy_is_replaced(stand: Stand, outside: Path, name: str) -> None:
    file = stand.orders("PO1")
    stand.run(file)
    plant(stand.downloads / name, outside / "precious")
    before = everything(outside)
    assert stand.run(file) is ExitCode.SUCCESS
    assert everything(outside) == before
    assert not (stand.downloads / name).is_symlink()


def file_one(root: Path) -> Path:
    """File one order into a folder, as a run does."""
    folder, of = DownloadFolder(root, "run"), lease()
    staged = folder.stage(of)
    attachment = folder.place(of, arrived(staged / "x"), listed())
    return folder.publish(of, result(of, attachment))


def _supplier(root: Path) -> Path:
    return root / "Nordwind"


def _order(root: Path) -> Path:
    return root / "Nordwind" / "PO1_COMPLETED"


def _lease(root: Path) -> Path:
    return root / ".purser" / "staging" / lease().folder_name


@pytest.mark.parametrize("place", [_supplier, _order, _lease])
def test_a_link_on_an_orders_way_leads_no_file_out(
    tmp_path: Path, outside: Path, place: Callable[[Path], Path]
) -> None:
    root = tmp_path / "dl"
    plant(place(root), outside)
    before = everything(outside)
    filed = file_one(root)
    assert everything(outside) == before
    assert Path(os.path.realpath(filed)).is_relative_to(root)
    assert [path.name for path in filed.iterdir()] == ["listed.pdf"]


def test_a_link_planted_between_staging_and_publishing_leads_no_file_out(tmp_path: Path, outside: Path) -> None:
    root = tmp_path / "dl"
    folder, of = DownloadFolder(root, "run"), lease()
    attachment = folder.place(of, arrived(folder.stage(of) / "x"), listed())
    for name in ("Nordwind", ".purser/superseded"):
        plant(root / name, outside)
    before = everything(outside)
    try:
        filed = folder.publish(of, result(of, attachment))
    except MachineError:
        filed = root
    assert everything(outside) == before
    assert Path(os.path.realpath(filed)).is_relative_to(root)


def test_a_download_folder_that_is_a_link_itself_is_where_it_leads(tmp_path: Path) -> None:
    """People link their folders; what is inside is then measured against the real place."""
    (tmp_path / "real").mkdir()
    (tmp_path / "dl").symlink_to(tmp_path / "real")
    assert file_one(tmp_path / "dl").is_relative_to(tmp_path / "real")


@pytest.mark.parametrize("name", ["staging", "claims", "superseded", "evidence"])
def test_a_folder_with_a_linked_part_is_not_opened(tmp_path: Path, outside: Path, name: str) -> None:
    for target in (outside, outside / "planted"):
        root = tmp_path / target.name / "dl"
        plant(root / ".purser" / name, target)
        with pytest.raises(ConfigurationError, match="leads elsewhere"):
            DownloadFolder(root, "run")
    assert [path.name for path in outside.iterdir() if path.name != "dl"] == ["precious"]


def test_the_results_of_a_run_in_a_shared_folder_are_written_beside_and_renamed(stand: Stand, outside: Path) -> None:
    """A draft's name cannot be foreseen, so nobody can lay a link at its place."""
    names: set[str] = set()
    move = Folder.move

    def noting(folder: Folder, name: str, into: Folder, new_name: str) -> None:
        names.add(name)
        move(folder, name, into, new_name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Folder, "move", noting)
        stand.run(stand.orders("PO1"))
        stand.run(stand.orders("PO1"))
    drafts = [name for name in names if name.startswith(".results.csv.") and name.endswith(".new")]
    assert len(drafts) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives links away")
@pytest.mark.parametrize("name", ["results.csv", "report.json"])
def test_another_users_link_in_place_of_the_results_is_not_followed(stand: Stand, outside: Path, name: str) -> None:
    """Before a run it is refused; one that comes while a run works costs that file, and the run says so."""
    before = everything(outside)
    plant(stand.downloads / name, outside / "precious")
    os.chown(stand.downloads / name, 65534, 65534, follow_symlinks=False)
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert "is a link of another user" in stand.heard.err
    assert stand.script.visits == []
    assert everything(outside) == before
    with pytest.raises(MachineError, match="link of another user"):
        write_report(stand.downloads / name, {})
    assert everything(outside) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives links away")
def test_another_users_link_in_place_of_the_download_folder_is_not_followed(stand: Stand, outside: Path) -> None:
    before = everything(outside)
    plant(stand.downloads, outside)
    os.chown(stand.downloads, 65534, 65534, follow_symlinks=False)
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert f"{stand.downloads} is a link of another user (uid 65534). Remove it" in stand.heard.err
    assert stand.script.visits == []
    assert everything(outside) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives links away")
def test_another_users_link_on_the_way_to_the_download_folder_is_followed(stand: Stand, outside: Path) -> None:
    plant(stand.folder / "way", outside)
    os.chown(stand.folder / "way", 65534, 65534, follow_symlinks=False)
    assert stand.run(stand.orders("PO1"), download_dir=stand.folder / "way" / "dl") is ExitCode.SUCCESS
    assert (outside / "dl" / ".purser").is_dir()


def test_results_go_to_the_folder_that_was_there_and_the_run_says_so(
    stand: Stand, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The download folder is swapped for a link before the results are written."""
    real, moved = draw_up, stand.downloads.with_name("moved")

    def swap_then_draw_up(*given: Any) -> Any:
        stand.downloads.rename(moved)
        stand.downloads.symlink_to(outside)
        return real(*given)

    monkeypatch.setattr(run, "draw_up", swap_then_draw_up)
    before = everything(outside)
    assert stand.run(stand.orders("PO1")) is ExitCode.NOT_FINISHED
    assert everything(outside) == before
    assert {"results.csv", "report.json"} <= {path.name for path in moved.iterdir()}
    assert f"lies in {moved}" in stand.heard.err


def test_a_pipe_in_place_of_the_results_holds_nobody_up(stand: Stand) -> None:
    stand.downloads.mkdir()
    os.mkfifo(stand.downloads / "results.csv")
    assert stand.run(stand.orders("PO1")) is ExitCode.SUCCESS
    assert (stand.downloads / "results.csv").is_file()
