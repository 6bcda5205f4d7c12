"""One process at a time works in a download folder. A second one is told who does and what it can do."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from actors.filing.os_errors import refused, unusable
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import INSIDE, Ground
from actors.folders.names import real_path, shown
from actors.folders.notes import read_note, write_note
from contracts.errors import DownloadFolderError

with contextlib.suppress(ImportError):  # Windows has none
    import fcntl

_CAN_BE_ASKED = importlib.util.find_spec("fcntl") is not None
_LOCK = "lock"
_NOTE = "lock.json"
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK})
_A_LOOK_LASTS = 0.2
"""Seconds for which a lock is waited for, since whoever looks at it holds it for a moment."""


def require_own_lock(inside: Folder) -> None:
    """Return when a lock may be taken in `.purser`, as far as what lies there tells. Raises as `require_own_files`."""
    inside.require_own_files(_LOCK)


class FolderLock:
    """The lock of one download folder, held until `release` or as long as this object lives.

    Args:
        root: The download folder; made when it is missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._ground: Ground | None = None
        self._lock: FileLock | None = None

    @property
    def ground(self) -> Ground:
        """The folder as it was when the lock was taken. Only while it is held."""
        assert self._ground is not None, "the lock is not held"  # noqa: S101 - a mistake of the caller
        return self._ground

    def acquire(self) -> None:
        """Take the lock, or fail at once.

        Raises:
            DownloadFolderError: Another process holds it, or the folder cannot be written, or is not ours.
        """
        try:
            ground = Ground(self._root)
            require_own_lock(ground.inside)
            # Taken in one thread and given back in another.
            lock = FileLock(ground.inside.steady_path / _LOCK, thread_local=False)
            lock.acquire(timeout=_A_LOOK_LASTS, poll_interval=0.01)
        except Timeout:
            raise DownloadFolderError(self._in_use()) from None
        except NotOursError as found:
            raise refused(found) from found
        except (OSError, NotImplementedError) as error:
            raise unusable(self._root, error) from error
        try:
            write_note(ground.inside, _NOTE, {"pid": os.getpid()})
        except OSError as error:
            lock.release()
            raise unusable(self._root, error) from error
        self._ground, self._lock = ground, lock

    def release(self) -> None:
        """Give the lock back. Nothing happens if it is not held."""
        if self._lock is not None and self._ground is not None and self._lock.is_locked:
            # Without the note the next one to be refused hears no pid; that is no reason to fail here.
            with contextlib.suppress(OSError):
                self._ground.inside.remove(_NOTE)
            self._lock.release()

    @property
    def names(self) -> tuple[str, ...]:
        """What it keeps in `.purser`."""
        return _LOCK, _NOTE

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock is not None and bool(self._lock.is_locked)

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.release()

    def _in_use(self) -> str:
        pid = self._holder_pid()
        if pid == os.getpid():
            return f"This process already works in the download folder {shown(self._root)}. End that session first."
        who = f"process {pid}" if pid is not None else "another process"
        place = shown(self._root)
        return f"The download folder {place} is in use by {who}. Wait until it has ended, or choose another folder."

    def _holder_pid(self) -> int | None:
        noted = self.noted_holder()
        return noted[0] if noted is not None else None

    def is_taken(self) -> bool | None:
        """Say whether anybody holds the lock, or None where the system cannot tell. Writes nothing and never raises.

        Nobody holds one in a folder that is not there, cannot be entered, or has a name that no folder can have.

        The note proves nothing: whoever sets up a folder may write one.
        """
        try:
            with Folder.at(real_path(self._root)) as root, root.below(INSIDE) as inside:
                file = inside.open(_LOCK)
        except (OSError, ValueError):  # the latter for a null in the name
            return False
        with file:
            if not _CAN_BE_ASKED:
                return None
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                return True if error.errno in _HELD else None
        return False

    def noted_holder(self) -> tuple[int, float] | None:
        """Return the process id of who noted to hold the lock, and when (seconds since the epoch). Takes no lock.

        A process that was killed leaves its note behind, so that whoever asks must look whether it runs.
        """
        try:
            with Folder.at(real_path(self._root)) as root, root.below(INSIDE) as inside:
                noted, status = read_note(inside, _NOTE), inside.look(_NOTE)
        except (OSError, ValueError):
            return None
        pid = noted.get("pid") if noted is not None else None
        if type(pid) is not int or pid <= 0 or status is None:
            return None
        return pid, status.st_mtime


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file while something is made that several programs may want to make at once; others wait.

    Args:
        path: The lock file, which stays.

    Raises:
        OSError: It cannot be made.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(NotImplementedError):  # a file system that knows no locks
            held.enter_context(FileLock(path, mode=0o600))
        yield
