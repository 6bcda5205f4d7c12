"""The manifest's file: what the database has written down is written here after it, line by line.

The database is always first. So after a crash the file is a beginning of what the database knows, perhaps with a torn
last line, and is brought up to date. A file that is anything else was changed by somebody, and is left as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from actors.folders.folder import Folder, NotOursError
from actors.journal.room import is_full
from contracts.errors import DiskFullError, JournalError, MachineError


class StoredLine(NamedTuple):
    """One line as the database knows it: its place, itself, and where it ends in the file."""

    number: int
    line: str
    end: int


class StoredLines(Protocol):
    """The lines that the database knows."""

    def after(self, number: int) -> Iterable[StoredLine]:
        """Return every line behind the one with this number."""
        ...


class ManifestFile:
    """The file, with one writer.

    Args:
        path: Where it lies.
        stored: What must be in it.
        root: The download folder that it tells of, for messages.
        owner: Whose the file must be; None asks for no owner.

    Raises:
        JournalError: The file holds something else than the database says, or is a link or another user's.
        MachineError: It cannot be written.
    """

    def __init__(self, path: Path, stored: StoredLines, root: Path, owner: int | None = None) -> None:
        self._path = path
        self._root = root
        self._stored = stored
        try:
            with _folder_of(path, root) as folder:
                folder.owner = owner
                self._file: BinaryIO = folder.append(path.name)
        except NotOursError as found:
            raise JournalError(
                f"{found.path} {found.why}. Nothing was written to it. Move it away, then go on."
            ) from found
        except OSError as error:
            raise self._trouble(error) from error
        try:
            self._number, self._end = self._proven_end()
            self.catch_up()
        except BaseException:
            self._file.close()
            raise

    def _proven_end(self) -> tuple[int, int]:
        """Return up to which line, and where, the file is what the database says; only a torn line may follow."""
        try:
            with os.fdopen(os.dup(self._file.fileno()), "rb") as file:
                file.seek(0)
                number = end = 0
                for stored in self._stored.after(0):
                    wanted = stored.line.encode() + b"\n"
                    found = file.read(len(wanted))
                    if found != wanted:
                        break
                    number, end = stored.number, stored.end
                else:
                    wanted, found = b"", file.read(1)
        except OSError as error:
            raise self._trouble(error) from error
        if not wanted.startswith(found):
            raise JournalError(
                f"The manifest {self._path} was changed by something else. See what differs with: purser verify "
                f"{self._root}. To go on with a new journal and keep the old one aside, run with --fresh."
            )
        return number, end

    def catch_up(self) -> None:
        """Write every line that the database knows and the file does not.

        Raises:
            MachineError: It cannot be written. The next call tries again.
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

    def _trouble(self, error: OSError) -> MachineError:
        kind = DiskFullError if is_full(self._path.parent, error) else MachineError
        return kind(
            f"The manifest {self._path} cannot be written: {error.strerror or error}. Free some disk space or make it "
            "writable, then run again; nothing is lost."
        )


def _folder_of(path: Path, root: Path) -> Folder:
    """Open the folder of a file, following no link below the download folder."""
    real = Path(os.path.realpath(root))
    for base in (real, root.absolute()):
        if path.absolute().is_relative_to(base):
            with Folder.at(real) as folder:
                return folder.below(*path.absolute().relative_to(base).parent.parts)
    return Folder.at(Path(os.path.realpath(path.parent)))
