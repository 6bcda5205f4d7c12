"""Points at which a process can be killed: before each thing that it changes in a folder, and in the middle of writing.

The moment after one change is the moment before the next, so each is counted once. What SQLite writes counts as one
change a commit: that a commit is whole or not there is its own promise.
"""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

KILLED = 137
"""How a killed process ends."""
CHANGING = ("rename", "replace", "mkdir", "rmdir", "unlink", "remove", "chmod", "symlink", "link", "truncate", "utime")


@attrs.define
class CrashPoints:
    """Counts the points of this process, and kills it at one of them.

    Args:
        root: Only what changes below this folder counts.
        last: The point at which to end, counted from 1; None never ends.
    """

    root: str
    last: int | None
    passed: int = 0
    names: list[str] = attrs.field(factory=list)

    def reach(self, name: str) -> None:
        """Come to a point."""
        self.passed += 1
        self.names.append(name)
        if self.passed == self.last:
            os._exit(KILLED)

    def is_below(self, path: Any, folder: int | None = None) -> bool:
        """Whether a path lies below the root; `folder` is the open folder that it is relative to."""
        if isinstance(path, int):
            return Path(f"/proc/self/fd/{path}").readlink().is_relative_to(self.root)
        base = Path(f"/proc/self/fd/{folder}").readlink() if folder is not None else Path.cwd()
        return str(base / os.fsdecode(path)).startswith(self.root + os.sep)

    def watch(self) -> None:
        """Count from now on, for as long as this process lives."""
        for name in CHANGING:
            setattr(os, name, self._changing(name, getattr(os, name)))
        os.open = self._opening(os.open)
        io.open = self._opening_files(io.open)
        sqlite3.connect = self._connecting(sqlite3.connect)  # type: ignore[assignment] # stands in for it

    def _changing(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def change(path: Any, *more: Any, **options: Any) -> Any:
            if self.is_below(path, options.get("dir_fd", options.get("src_dir_fd"))):
                self.reach(name)
            return real(path, *more, **options)

        return change

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & os.O_CREAT and self.is_below(path, dir_fd) and not _is_there(path, dir_fd):
                self.reach("create")
            return real(path, flags, mode, dir_fd=dir_fd)

        return opened

    def _opening_files(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
            if not set(mode) & set("wax+") or not self.is_below(file):
                return real(file, mode, *more, **options)
            # An open descriptor was counted when it was made.
            if not isinstance(file, int) and ("w" in mode or not os.path.lexists(file)):
                self.reach("open")
            return _TornFile(real(file, mode, *more, **options), self)

        return opened

    def _connecting(self, real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        points = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql in ("COMMIT", "PRAGMA journal_mode=WAL"):
                    points.reach(sql)
                return super().execute(sql, *parameters)

            def executescript(self, sql_script: str) -> sqlite3.Cursor:
                points.reach("migration")
                return super().executescript(sql_script)

            def close(self) -> None:
                if self.total_changes:
                    points.reach("checkpoint")
                super().close()

        def connect(*positional: Any, **named: Any) -> sqlite3.Connection:
            return real(*positional, factory=Connection, **named)

        return connect


def _is_there(path: Any, folder: int | None) -> bool:
    try:
        os.stat(path, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


class _TornFile:
    """A file that is being written: it can be left before anything, and with half of it."""

    def __init__(self, file: Any, points: CrashPoints) -> None:
        self._file = file
        self._points = points

    def write(self, data: Any) -> int:
        self._points.reach("write")
        half = len(data) // 2
        if half:
            self._file.write(data[:half])
            self._file.flush()
            self._points.reach("half a write")
        written = half + self._file.write(data[half:])
        self._file.flush()
        return int(written)

    def truncate(self, size: int | None = None) -> int:
        self._points.reach("truncate")
        return int(self._file.truncate(size))

    def __enter__(self) -> _TornFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
