"""Proves that one process at a time works in a download folder and that a second one hears why it may not."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from actors.filing import FolderLock
from actors.folders.folder import Folder
from contracts.errors import DownloadFolderError

HOLD = """
import sys, pathlib
from actors.filing import FolderLock
lock = FolderLock(pathlib.Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_hears_which_one_holds_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "download"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline().strip() == "held"
            with pytest.raises(DownloadFolderError, match=rf"process {other.pid}\. Wait until"):
                FolderLock(root).acquire()
        finally:
            other.kill()
    with FolderLock(root) as lock:
        assert lock.is_held
    assert not lock.is_held


def test_it_is_taken_while_somebody_holds_it_whatever_a_note_says(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert lock.is_taken() is False
    with lock:
        (tmp_path / ".purser" / "lock.json").unlink()
        assert FolderLock(tmp_path).is_taken() is True
    (tmp_path / ".purser" / "lock.json").write_text('{"pid": 1}')
    assert lock.is_taken() is False


def test_whoever_only_looks_is_in_nobodys_way(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        pass
    with (tmp_path / ".purser" / "lock").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        assert FolderLock(tmp_path).is_taken() is False
        ends = threading.Timer(0.05, fcntl.flock, (looked_at, fcntl.LOCK_UN))
        ends.start()
        with FolderLock(tmp_path) as lock:
            assert lock.is_held
        ends.join()


def test_where_locks_cannot_be_asked_for_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FolderLock(tmp_path):
        monkeypatch.setattr("actors.filing.lock._CAN_BE_ASKED", False)
        assert FolderLock(tmp_path).is_taken() is None


@pytest.mark.parametrize("pid", ["-1", "0", "true", "1.5", '"1"', "null", "[1]"])
def test_a_number_that_no_process_has_is_no_note(tmp_path: Path, pid: str) -> None:
    (tmp_path / ".purser").mkdir()
    (tmp_path / ".purser" / "lock.json").write_text(f'{{"pid": {pid}}}')
    assert FolderLock(tmp_path).noted_holder() is None


def test_a_second_session_of_one_process_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(DownloadFolderError, match="This process already"):
        second.acquire()
    second.release()
    with pytest.raises(DownloadFolderError):
        second.acquire()
    first.release()
    with second:
        pass


def test_a_folder_that_cannot_be_made_or_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DownloadFolderError, match="cannot be written"):
            FolderLock(root).acquire()


def test_a_missing_permission_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Folder, "write", deny)
    lock = FolderLock(tmp_path)
    with pytest.raises(DownloadFolderError, match="Permission denied"):
        lock.acquire()
    assert not lock.is_held


def test_an_inner_folder_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / ".purser").symlink_to(tmp_path / "outside")
    with pytest.raises(DownloadFolderError, match="leads elsewhere"):
        FolderLock(tmp_path / "root").acquire()


def test_a_note_that_cannot_be_read_costs_only_the_pid(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        (tmp_path / ".purser" / "lock.json").write_text("no json")
        with pytest.raises(DownloadFolderError, match="in use by another process"):
            FolderLock(tmp_path).acquire()
