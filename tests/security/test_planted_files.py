"""Files that somebody planted where the journal lies: second names, pointers, other users' files. None is written into.

Links are proven in test_links.py, what happens while a run works in test_swapped_folders.py.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from actors.cli.summary import ExitCode
from actors.session import folder_journal
from actors.session.folder_journal import FolderJournal, journal_path
from actors.session.journal_places import place_in_state_folder
from contracts.errors import DownloadFolderError, JournalError
from tests.cli.conftest import Stand, stand as stand
from tests.security.test_links import everything, outside as outside
from tests.session.test_folder_journal import begin

NOBODY = 65534
only_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
JOURNAL_FILES = (
    ".purser/lock",
    ".purser/journal.db",
    ".purser/journal.db-wal",
    ".purser/journal.db-shm",
    ".purser/journal.db-lock",
    ".purser/journal.db-lock-journal",
    ".purser/evidence/manifest.jsonl",
)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.mark.parametrize("place", JOURNAL_FILES)
@pytest.mark.parametrize("content", ["", "precious"])
def test_a_second_name_of_somebody_elses_file_is_not_written_into(
    stand: Stand, outside: Path, place: str, content: str
) -> None:
    (outside / "precious").write_text(content)
    path = stand.downloads / place
    path.parent.mkdir(parents=True)
    path.hardlink_to(outside / "precious")
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert "second name" in stand.heard.err
    assert (outside / "precious").read_text() == content
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert stand.script.visits == []


@pytest.mark.parametrize("place", JOURNAL_FILES)
def test_a_pipe_in_place_of_the_books_holds_nobody_up(stand: Stand, place: str) -> None:
    path = stand.downloads / place
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert "not a regular file" in stand.heard.err


@only_root
@pytest.mark.parametrize("place", [".purser", ".purser/evidence", ".purser/input", *JOURNAL_FILES])
def test_what_belongs_to_another_user_is_refused(stand: Stand, place: str) -> None:
    path = stand.downloads / place
    path.parent.mkdir(parents=True)
    if path.suffix in (".db", ".jsonl") or "-" in path.name or path.name == "lock":
        path.write_text("")
    else:
        path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    assert stand.run(stand.orders("PO1")) is ExitCode.UNUSABLE
    assert f"belongs to another user (uid {NOBODY})" in stand.heard.err
    assert path.lstat().st_uid == NOBODY


@pytest.mark.parametrize("place", ["lock.json", "journal.path", "input"])
def test_a_second_name_of_what_is_replaced_keeps_its_content(stand: Stand, outside: Path, place: str) -> None:
    """These are written beside and renamed, so that nothing is written into them."""
    path = stand.downloads / ".purser" / place
    path.parent.mkdir(parents=True)
    path.hardlink_to(outside / "precious")
    stand.run(stand.orders("PO1"))
    assert everything(outside) == {str(outside / "precious"): b"precious"}


def _point(dl: Path, named: Path | str) -> Path:
    (dl / ".purser").mkdir(parents=True)
    (dl / ".purser").chmod(0o700)
    pointer = dl / ".purser" / "journal.path"
    pointer.write_text(str(named))
    pointer.chmod(0o600)
    return pointer


@pytest.mark.parametrize("named", ["{outside}/sub/journal.db", "{outside}/precious", "{state}/../outside/new.db"])
def test_a_pointer_out_of_the_state_folder_is_not_believed(
    tmp_path: Path, outside: Path, own_state: Path, named: str
) -> None:
    (own_state / "journals").mkdir(parents=True)
    _point(tmp_path / "dl", named.format(outside=outside, state=own_state / "journals"))
    before = everything(outside)
    for use in (lambda: FolderJournal(tmp_path / "dl"), lambda: journal_path(tmp_path / "dl")):
        with pytest.raises(JournalError, match="neither in this user's state folder"):
            use()
    assert everything(outside) == before


def test_a_pointer_to_another_folders_journal_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of a download folder on a share has one, and `--fresh` would put the journal aside that it names."""
    monkeypatch.setattr(folder_journal, "is_network_share", lambda _folder: True)
    with FolderJournal(tmp_path / "share") as used:
        begin(used)
    shutil.copytree(tmp_path / "share", tmp_path / "copy")
    other = place_in_state_folder(tmp_path / "share")
    before = other.read_bytes()
    for afresh in (False, True):
        with pytest.raises(JournalError, match=r"of another download folder.*If this one is a copy, remove the file"):
            FolderJournal(tmp_path / "copy", afresh=afresh)
    assert other.read_bytes() == before
    (other.parent / "folder.path").unlink()
    with pytest.raises(JournalError, match="of another download folder"):
        journal_path(tmp_path / "copy")


def test_a_pointer_behind_a_link_in_the_state_folder_is_not_believed(
    tmp_path: Path, outside: Path, own_state: Path
) -> None:
    (own_state / "journals").mkdir(parents=True)
    (own_state / "journals" / "x").symlink_to(outside)
    _point(tmp_path / "dl", own_state / "journals" / "x" / "journal.db")
    with pytest.raises(JournalError, match="neither in this user's state folder"):
        FolderJournal(tmp_path / "dl")


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_pointer_that_others_may_write_is_not_believed(tmp_path: Path, own_state: Path, mode: int) -> None:
    _point(tmp_path / "dl", own_state / "journals" / "x" / "journal.db").chmod(mode)
    with pytest.raises(JournalError, match="may be written by others"):
        journal_path(tmp_path / "dl")


def test_a_pointer_in_a_folder_that_others_may_write_is_not_believed(tmp_path: Path, own_state: Path) -> None:
    pointer = _point(tmp_path / "dl", own_state / "journals" / "x" / "journal.db")
    pointer.parent.chmod(0o777)
    with pytest.raises(JournalError, match="may be written by others"):
        journal_path(tmp_path / "dl")


def test_a_pointer_with_a_second_name_is_not_believed(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "dl" / ".purser").mkdir(parents=True)
    (tmp_path / "dl" / ".purser").chmod(0o700)
    (tmp_path / "dl" / ".purser" / "journal.path").hardlink_to(outside / "precious")
    (outside / "precious").chmod(0o600)
    with pytest.raises(JournalError, match="second name"):
        journal_path(tmp_path / "dl")


@only_root
@pytest.mark.parametrize("whose", [".purser", ".purser/journal.path"])
def test_another_users_pointer_is_not_believed(tmp_path: Path, own_state: Path, whose: str) -> None:
    _point(tmp_path / "dl", own_state / "journals" / "x" / "journal.db")
    os.chown(tmp_path / "dl" / whose, NOBODY, NOBODY)
    with pytest.raises(JournalError, match="belongs to another user"):
        journal_path(tmp_path / "dl")
    with pytest.raises((JournalError, DownloadFolderError), match="belongs to another user"):
        FolderJournal(tmp_path / "dl")


def test_a_pointer_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    _point(tmp_path / "dl", "/" + "x" * 100_000)
    with pytest.raises(JournalError, match="more than"):
        journal_path(tmp_path / "dl")


def test_a_journal_that_the_user_named_is_found_again(tmp_path: Path, own_state: Path) -> None:
    """In a program of his own; the state folder knows."""
    with FolderJournal(tmp_path / "dl", tmp_path / "mine" / "journal.db") as folder_journal:
        begin(folder_journal)
    assert journal_path(tmp_path / "dl") == tmp_path / "mine" / "journal.db"
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert len(folder_journal.journal.tasks_in_hand()) == 2
        assert folder_journal.journal.path == tmp_path / "mine" / "journal.db"
    (tmp_path / "other").mkdir()
    (tmp_path / "dl" / ".purser").rename(tmp_path / "other" / ".purser")
    with pytest.raises(JournalError, match="neither in this user's state folder"):
        journal_path(tmp_path / "other")


def test_books_that_the_user_named_and_that_no_run_began_leave_nothing(tmp_path: Path, own_state: Path) -> None:
    with FolderJournal(tmp_path / "dl", tmp_path / "mine" / "journal.db"):
        assert journal_path(tmp_path / "dl") == tmp_path / "mine" / "journal.db"
    assert not (tmp_path / "dl").exists()
    assert not (tmp_path / "mine").exists()
    assert not list((own_state / "journals").glob("*"))
