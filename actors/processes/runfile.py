"""The file a live run keeps in the state folder, and how to tell a live run's file from a dead one's."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from actors.processes import groups
from actors.processes.records import MARKER, ROOT_PREFIX, RunHeader, header_line
from contracts.errors import MachineError

_LONGEST_PARENT = 24


def _private(path: str, flags: int) -> int:
    """Open a file that nobody but this user may read, whatever the umask."""
    return os.open(path, flags, 0o600)


def runs_folder(state_dir: Path) -> Path:
    """Where the run files lie."""
    return state_dir / "runs"


def short_temp_dir() -> Path:
    """A folder for temporary files with a short path: Chromium's socket in it may not pass some 100 characters."""
    usual = Path(tempfile.gettempdir())
    if len(str(usual)) <= _LONGEST_PARENT or os.name == "nt":
        return usual
    return Path("/tmp") if Path("/tmp").is_dir() else usual  # noqa: S108 - the folder made in it is private (0700)


def lock(file: BinaryIO) -> bool:
    """Take the lock that a live run holds on its file; False when another process has it.

    The lock is there for containers that share a state folder and cannot see one another's processes. Where the
    system has none of this kind, the process id and start time in the first line must do.
    """
    if sys.platform == "win32":
        return True
    import fcntl  # noqa: PLC0415 - not there on Windows

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_live(header: RunHeader) -> bool:
    """Whether the program that wrote this header still runs on this machine."""
    return header.boot == groups.boot_id() and groups.is_running(header.pid, header.start)


class RunFile:
    """This run's file and temporary folder. The name of the folder is on disk before the folder is."""

    def __init__(self, state_dir: Path, temp_dir: Path | None) -> None:
        self.run = secrets.token_hex(8)
        folder = runs_folder(state_dir)
        self.path = folder / f"{self.run}.jsonl"
        self.root = (temp_dir or short_temp_dir()).resolve() / f"{ROOT_PREFIX}{self.run[:8]}"
        self.header = RunHeader("", 0, 0, "", "", "")
        self._file: BinaryIO | None = None

    def create(self) -> None:
        """Write the first line, hold the lock, and make the folder.

        Raises:
            MachineError: The state folder or the temporary folder cannot be written.
        """
        own = groups.look(os.getpid())
        self.header = RunHeader(
            run=self.run,
            pid=os.getpid(),
            start=own.start if own is not None else 0,
            boot=groups.boot_id(),
            root=str(self.root),
            file=str(self.path),
        )
        made = False
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Under another name until it is locked and whole, so that no other start takes it for a dead run's.
            draft = self.path.with_suffix(".new")
            self._file = open(draft, "ab", buffering=0, opener=_private)  # noqa: SIM115 - held while the run lasts
            lock(self._file)
            self._file.write(header_line(self.header))
            draft.rename(self.path)
            self.root.mkdir(mode=0o700)
            made = True
            with open(self.root / MARKER, "w", encoding="utf-8", opener=_private) as marker:
                marker.write(self.run)
        except OSError as error:
            self.remove()
            if made:  # and not to be marked: a full disk
                shutil.rmtree(self.root, ignore_errors=True)
            raise MachineError(
                f"The state folder {self.path.parent} or the temporary folder {self.root.parent} cannot be written "
                f"({error.strerror or error}). Make them writable or point XDG_STATE_HOME and TMPDIR elsewhere."
            ) from error

    def append(self, line: bytes) -> None:
        """Add a line. A full disk must not stop a kill, so only the caller that starts something checks the result."""
        if self._file is not None:
            self._file.write(line)

    def close(self) -> None:
        """Let go of the file and leave it for the next start."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def remove(self) -> None:
        """Let go of the file and delete it."""
        self.close()
        # Where the folder itself is no folder there is nothing to delete either.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self.path.unlink()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self.path.with_suffix(".new").unlink()
