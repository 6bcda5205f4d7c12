"""A full disk is told apart from everything else that keeps a file from being written: only for it a run waits."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.journal.database import unwritable
from actors.journal.room import is_full
from contracts.errors import DiskFullError, MachineError


def sqlite_error(code: int) -> sqlite3.OperationalError:
    """What SQLite raises with a code."""
    error = sqlite3.OperationalError("so it was")
    error.sqlite_errorcode = code
    return error


def refusing(number: int) -> Callable[..., int]:
    """A system call that the system refuses."""

    def refuse(*_given: Any) -> int:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (sqlite_error(sqlite3.SQLITE_FULL), True),
        (sqlite_error(sqlite3.SQLITE_READONLY), False),
        (sqlite_error(sqlite3.SQLITE_BUSY), False),
        (sqlite_error(sqlite3.SQLITE_IOERR_WRITE), False),
        (sqlite3.OperationalError("without a code"), False),
        (OSError(errno.ENOSPC, "no room"), True),
        (OSError(errno.EDQUOT, "no quota"), True),
        (PermissionError(errno.EACCES, "not allowed"), False),
    ],
)
def test_only_a_full_disk_is_one(tmp_path: Path, error: Exception, full: bool) -> None:
    assert is_full(tmp_path, error) is full
    told = unwritable(tmp_path / "journal.db", error)
    assert isinstance(told, MachineError)
    assert isinstance(told, DiskFullError) is full
    assert list(tmp_path.iterdir()) == [], "what was tried out is gone again"


@pytest.mark.parametrize("call", ["open", "write"])
@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_CANTOPEN])
def test_an_unclear_error_of_sqlite_is_tried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, full: bool, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, refusing(number))
        assert is_full(tmp_path, sqlite_error(code)) is full
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_no_full_disk(tmp_path: Path) -> None:
    assert not is_full(tmp_path / "gone", sqlite_error(sqlite3.SQLITE_IOERR))
