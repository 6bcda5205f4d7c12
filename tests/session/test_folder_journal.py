"""The journal of a download folder: where it lies, who may use it, and that nothing is left where no run began."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from actors import FolderJournal
from actors.filing.volumes import is_network_share
from actors.session import folder_journal as module
from actors.session.folder_journal import journal_path, manifest_path
from actors.session.orders import prepare
from contracts.errors import DownloadFolderError, JournalError
from contracts.ports import BatchBegun
from tests.session.conftest import BASE, accepted, orders


def begin(folder_journal: FolderJournal, count: int = 2) -> None:
    """Begin a run."""
    batch = prepare(orders(count), BASE)
    entries = accepted(batch.orders)
    folder_journal.journal.append(folder_journal.journal.open_epoch(), (BatchBegun(0, count), *entries))


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A download folder on a share, as the system's list of mounts tells it."""
    folder = tmp_path / "a share" / "orders"
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda1 / ext4 rw 0 0\nserver:/x {str(folder.parent).replace(' ', chr(92) + '040')} nfs4 rw\n"
    )
    there = is_network_share
    monkeypatch.setattr(module, "is_network_share", lambda place: there(place, mounts))
    return folder


def test_the_journal_lies_in_the_folder_for_this_user_alone(tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl") as folder_journal:
        begin(folder_journal)
        found = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in folder_journal.journal.path.parent.glob("journal.db*")
        }
        assert {"journal.db", "journal.db-wal", "journal.db-lock"} <= set(found)
        assert set(found.values()) == {0o600}
        assert stat.S_IMODE(manifest_path(folder_journal.download_dir).parent.stat().st_mode) == 0o700


def test_on_a_share_the_journal_lies_in_the_state_folder_and_a_pointer_tells_where(share: Path, tmp_path: Path) -> None:
    with FolderJournal(share) as folder_journal:
        begin(folder_journal)
        assert folder_journal.journal.path.is_relative_to(tmp_path / "state" / "journals")
        assert manifest_path(share).exists(), "the manifest is a plain file and stays with the files"
    assert journal_path(share) == folder_journal.journal.path
    assert not list((share / ".purser").glob("journal.db*"))
    assert stat.S_IMODE(folder_journal.journal.path.parent.stat().st_mode) == 0o700
    with FolderJournal(share) as again:
        assert len(again.journal.tasks_in_hand()) == 2


def test_a_share_that_is_mounted_elsewhere_later_keeps_its_books(share: Path, tmp_path: Path) -> None:
    with FolderJournal(share) as folder_journal:
        begin(folder_journal)
    there = tmp_path / "elsewhere"
    share.rename(there)
    with FolderJournal(there) as again:
        assert len(again.journal.tasks_in_hand()) == 2


def test_the_books_of_a_share_are_put_aside_although_they_lie_on_another_volume(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FolderJournal(share) as folder_journal:
        begin(folder_journal)
    old, rename = folder_journal.journal.path, os.rename

    def across(source: Any, target: Any, **more: Any) -> None:
        if Path(source).is_relative_to(share) is not Path(target).is_relative_to(share):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", across)
    with FolderJournal(share, afresh=True) as folder_journal:
        begin(folder_journal, 1)
        assert folder_journal.journal.path == old
        assert folder_journal.put_aside is not None
        assert {path.name for path in folder_journal.put_aside.iterdir()} >= {"journal.db", "manifest.jsonl"}


def test_where_no_run_began_nothing_is_left(tmp_path: Path, share: Path) -> None:
    for folder in (tmp_path / "dl", share):
        with FolderJournal(folder) as folder_journal:
            (tmp_path / "orders.csv").write_text("po_number\nPO1\n")
            folder_journal.journal.note_plan({"input": str(folder_journal.keep_input(tmp_path / "orders.csv"))})
        assert not folder.exists()
    assert not list((tmp_path / "state" / "journals").glob("*"))


def test_where_no_run_began_only_what_the_books_made_goes(tmp_path: Path) -> None:
    (tmp_path / "dl" / ".purser" / "claims").mkdir(parents=True)
    (tmp_path / "dl" / "Acme").mkdir()
    (tmp_path / "orders.csv").write_text("po_number\nPO1\n")
    with FolderJournal(tmp_path / "dl") as folder_journal:
        folder_journal.keep_input(tmp_path / "orders.csv")
    left = {path.relative_to(tmp_path / "dl").as_posix() for path in (tmp_path / "dl").rglob("*")}
    assert left - {".purser/lock"} == {".purser", ".purser/claims", "Acme"}


def test_books_that_cannot_be_opened_leave_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadFolderError, match="cannot be made"):
        FolderJournal(tmp_path / "dl", tmp_path / "file" / "below" / "journal.db")
    assert not (tmp_path / "dl").exists()


def test_books_that_were_put_aside_come_back_when_no_run_began(tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl") as folder_journal:
        begin(folder_journal)
    before = {path: path.read_bytes() for path in (journal_path(tmp_path / "dl"), manifest_path(tmp_path / "dl"))}
    with FolderJournal(tmp_path / "dl", afresh=True) as folder_journal:
        assert folder_journal.put_aside is not None
        assert folder_journal.journal.is_empty()
    assert {path: path.read_bytes() for path in before} == before
    assert not (tmp_path / "dl" / ".purser" / "superseded").exists()
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert len(folder_journal.journal.tasks_in_hand()) == 2


def test_books_that_cannot_be_put_aside_are_as_they_were(tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl") as folder_journal:
        begin(folder_journal)
    (tmp_path / "dl" / ".purser" / "superseded").write_text("in the way")
    with pytest.raises(DownloadFolderError, match="They are as they were"):
        FolderJournal(tmp_path / "dl", afresh=True)
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert len(folder_journal.journal.tasks_in_hand()) == 2


def test_putting_nothing_aside_is_no_error(tmp_path: Path) -> None:
    with FolderJournal(tmp_path / "dl", afresh=True) as folder_journal:
        assert folder_journal.put_aside is None


def test_a_journal_that_the_user_named_is_a_foreign_database_and_is_refused(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
        db.execute("CREATE TABLE precious (x)")
    theirs = (tmp_path / "theirs.db").read_bytes()
    with pytest.raises(JournalError, match="another program's database"):
        FolderJournal(tmp_path / "dl", tmp_path / "theirs.db")
    assert (tmp_path / "theirs.db").read_bytes() == theirs


@pytest.mark.parametrize("named", ["journal.db", "../journal.db", "what somebody else wrote"])
def test_a_pointer_that_is_no_whole_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """It would mean another file in each folder in which the command is used."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dl" / ".purser").mkdir(parents=True)
    (tmp_path / "dl" / ".purser" / "journal.path").write_text(named)
    with pytest.raises(JournalError, match="must hold the whole path"):
        FolderJournal(tmp_path / "dl")
    assert [path.name for path in tmp_path.iterdir()] == ["dl"]


def test_the_copy_of_the_list_is_kept_once_and_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("po_number\nPO1\n")
    with FolderJournal(tmp_path / "dl") as folder_journal:
        begin(folder_journal)
        kept = {folder_journal.keep_input(file), folder_journal.keep_input(file)}
    (one,) = kept
    assert not one.is_absolute(), "the folder may be moved"
    copy = tmp_path / "dl" / one
    assert copy.read_bytes() == file.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(copy.parent.iterdir()) == [copy]
