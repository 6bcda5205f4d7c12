"""One process at a time works in a download folder. A second one is told who does and what it can do."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from contracts.errors import DownloadFolderError


class FolderLock:
    """The lock of one download folder, held until `release` or as long as this object lives.

    Args:
        root: The download folder; made when it is missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = Path(root)
        self._inside = self._root / ".purser"
        self._holder = self._inside / "lock.json"
        # Taken in one thread and given back in another.
        self._lock = FileLock(self._inside / "lock", thread_local=False)

    def acquire(self) -> None:
        """Take the lock, or fail at once.

        Raises:
            DownloadFolderError: Another process holds it, or the folder cannot be written.
        """
        try:
            self._inside.mkdir(parents=True, exist_ok=True)
            if self._inside.is_symlink():
                raise DownloadFolderError(
                    f"{self._inside} is a link that leads elsewhere. Remove it or choose another download folder."
                )
            self._lock.acquire(timeout=0)
        except Timeout:
            raise DownloadFolderError(self._in_use()) from None
        except (OSError, NotImplementedError) as error:
            raise DownloadFolderError(self._unusable(error)) from error
        try:
            self._write_note()
        except OSError as error:
            self._lock.release()
            raise DownloadFolderError(self._unusable(error)) from error

    def release(self) -> None:
        """Give the lock back. Nothing happens if it is not held."""
        if self._lock.is_locked:
            # Without the note the next one to be refused hears no pid; that is no reason to fail here.
            with contextlib.suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()

    def _write_note(self) -> None:
        # Put in its place by a rename, which follows no link that somebody may have laid there.
        draft = self._inside / f"lock.{os.getpid()}.new"
        draft.unlink(missing_ok=True)
        with draft.open("x", encoding="utf-8") as file:
            file.write(json.dumps({"pid": os.getpid()}))
        draft.replace(self._holder)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it keeps in the folder."""
        return self._inside / "lock", self._holder

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return bool(self._lock.is_locked)

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
            return f"This process already works in the download folder {self._root}. End that session first."
        who = f"process {pid}" if pid is not None else "another process"
        return (
            f"The download folder {self._root} is in use by {who}. Wait until it has ended, or choose another folder."
        )

    def _unusable(self, error: Exception) -> str:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        return f"The download folder {self._root} cannot be written: {reason}. Make it writable or choose another one."

    def _holder_pid(self) -> int | None:
        noted = self.noted_holder()
        return noted[0] if noted is not None else None

    def noted_holder(self) -> tuple[int, float] | None:
        """Return the process id of who noted to hold the lock, and when (seconds since the epoch). Takes no lock.

        A process that was killed leaves its note behind, so that whoever asks must look whether it runs.
        """
        try:
            noted = json.loads(self._holder.read_text(encoding="utf-8"))
            when = self._holder.stat().st_mtime
        except (OSError, ValueError):
            return None
        pid = noted.get("pid") if isinstance(noted, dict) else None
        return (pid, when) if isinstance(pid, int) else None
