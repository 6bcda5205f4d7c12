"""The manifest's file: what the database has written down is written here after it, line by line.

The database is always first. So after a crash the file is a beginning of what the database knows, perhaps with a torn
last line, and is brought up to date. A file that is anything else was changed by somebody, and is left as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from contracts.errors import HostResourceError, JournalError

_log = logging.getLogger("purser.journal")


class StoredLine(NamedTuple):
    """One line as the database knows it, its number, and where it ends in the file."""

    number: int
    line: str
    end: int


class StoredLines(Protocol):
    """The lines that the database knows."""

    def last_until(self, size: int) -> StoredLine | None:
        """Return the last line that ends within the first `size` bytes, or None."""
        ...

    def after(self, number: int) -> Iterable[StoredLine]:
        """Return every line behind the one with this number, counted from 1."""
        ...


class ManifestFile:
    """The file, with one writer.

    Args:
        path: Where it lies.
        stored: What must be in it.
        root: The download folder that it tells of, for messages.

    Raises:
        JournalError: The file holds something else than the database says.
        HostResourceError: It cannot be written.
    """

    def __init__(self, path: Path, stored: StoredLines, root: Path) -> None:
        self._path = path
        self._stored = stored
        self._root = root
        try:
            self._file: BinaryIO = path.open("a+b", buffering=0)
            self._number, self._end = self._proven_end()
        except OSError as error:
            raise self._trouble(error) from error
        self.catch_up()

    def _proven_end(self) -> tuple[int, int]:
        """Return up to which line and byte the file is what the database says; what follows may only be a torn line."""
        size = self._file.seek(0, 2)
        last = self._stored.last_until(size)
        if last is None:
            number, end, proven = 0, 0, True
        else:
            number, end = last.number, last.end
            wanted = last.line.encode() + b"\n"
            self._file.seek(end - len(wanted))
            proven = self._file.read(len(wanted)) == wanted
        if proven and end < size:
            self._file.seek(end)
            rest = self._file.read(size - end)
            follows = next(iter(self._stored.after(number)), None)
            proven = follows is not None and (follows.line.encode() + b"\n").startswith(rest)
        if not proven:
            raise JournalError(
                f"The manifest {self._path} was changed by something else. See what differs with: purser verify "
                f"{self._root}. To go on with new books and keep the old ones aside, run with --fresh."
            )
        return number, end

    def catch_up(self) -> None:
        """Write every line that the database knows and the file does not.

        Raises:
            HostResourceError: It cannot be written. The next call tries again.
        """
        try:
            for stored in self._stored.after(self._number):
                self._file.truncate(self._end)  # of a line that was torn when the disk was full
                data = stored.line.encode() + b"\n"
                while data:
                    data = data[self._file.write(data) :]
                self._number, self._end = stored.number, stored.end
        except OSError as error:
            raise self._trouble(error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _trouble(self, error: OSError) -> HostResourceError:
        return HostResourceError(
            f"The manifest {self._path} cannot be written: {error.strerror or error}. Free some disk space or make it "
            "writable, then run again; nothing is lost."
        )
