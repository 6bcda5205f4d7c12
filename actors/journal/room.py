"""Whether a write failed because the disk is full: then waiting helps, with anything else it does not."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from pathlib import Path

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_UNCLEAR = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_TRIAL = 64 * 1024


def is_full(folder: Path, error: Exception) -> bool:
    """Say whether there was no room.

    Args:
        folder: Where the file lies that could not be written.
        error: What was raised. SQLite calls some full disks and all quotas plain input or output errors; then it is
            tried out.
    """
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == sqlite3.SQLITE_FULL or (code in _UNCLEAR and _has_no_room(folder))


def _has_no_room(folder: Path) -> bool:
    trial = folder / f".{secrets.token_hex(8)}.trial"
    try:
        file = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        return error.errno in _NO_ROOM
    try:
        return os.write(file, bytes(_TRIAL)) < _TRIAL
    except OSError as error:
        return error.errno in _NO_ROOM
    finally:
        os.close(file)
        with contextlib.suppress(FileNotFoundError):
            trial.unlink()
