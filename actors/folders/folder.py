"""A folder that is held open: what lies below it is reached from its descriptor, and no link on the way is followed.

Whoever puts another folder, or a link, at its place later changes nothing for who holds it. Names here are single parts
of a path. Where the system has no such descriptors (Windows), paths are used, looked at right before. How a folder is
got to is told in `opening.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.folders.opening import NO_LINK, open_at, open_inner, open_walked, require_folder
from actors.folders.ownership import NotOursError as NotOursError, this_user, why_foreign

_WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
DRAFT = ".new"
"""What a file's name ends with until it is complete."""


class Folder:
    """An open folder. It stays open until `close`, or as long as this object lives.

    Args:
        path: Where it lies.
        descriptor: Of the folder; None where the system has none.
        owner: Whose the folders below it and the files that are written in place must be; None asks for no owner.
    """

    def __init__(self, path: Path, descriptor: int | None, owner: int | None = None) -> None:
        self.path = path
        self.owner = owner
        self._fd = descriptor
        self._close = weakref.finalize(self, os.close, descriptor) if descriptor is not None else None
        self._known: os.stat_result | None = path.lstat() if descriptor is None else None

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open the folder at a path whose links, but for one at its end, may be followed.

        Raises:
            OSError: It is none, or cannot be opened.
        """
        return cls(path, open_at(path))

    @classmethod
    def walked(cls, path: Path) -> Self:
        """Open the folder at an absolute path in which no part may be a link.

        Raises:
            NotOursError: One is.
            OSError: It is not there, or cannot be opened.
        """
        return cls(path, open_walked(path))

    def below(self, *names: str, make: bool = False, mode: int = 0o777) -> Folder:
        """Open a folder below this one.

        Args:
            names: The parts of its path.
            make: Whether folders that are missing are made.
            mode: Of those.

        Raises:
            NotOursError: One of them is a link, no folder, or another user's.
            OSError: It is not there, or cannot be opened or made.
        """
        folder = self
        try:
            for name in names:
                inner = folder._inner(name, mode if make else None)
                if folder is not self:
                    folder.close()
                folder = inner
                folder.require_own()
        except BaseException:
            if folder is not self:
                folder.close()
            raise
        return folder if folder is not self else self.again()

    def _inner(self, name: str, mode: int | None) -> Folder:
        if mode is not None:
            with contextlib.suppress(FileExistsError):
                self.make(name, mode)
        self._named(name)
        return Folder(self.path / name, open_inner(self.path, self._fd, name), self.owner)

    def require_own(self) -> None:
        """Return when the folder belongs to the owner.

        Raises:
            NotOursError: It is another user's.
        """
        if self.owner is not None:
            require_folder(self.path, self.status(), self.owner)

    def again(self) -> Folder:
        """Open this folder once more."""
        return Folder(self.path, os.dup(self._fd) if self._fd is not None else None, self.owner)

    def close(self) -> None:
        """Let go of it. Nothing can be done in it afterwards."""
        if self._close is not None:
            self._close()
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------------- looking

    def status(self) -> os.stat_result:
        """Return what the system knows of the folder itself."""
        return os.fstat(self._fd) if self._fd is not None else self.path.lstat()

    def names(self) -> list[str]:
        """Return the names of all that lies in it, sorted."""
        return sorted(os.listdir(self._fd if self._fd is not None else self.path))  # noqa: PTH208 - names, not paths

    def look(self, name: str) -> os.stat_result | None:
        """Return what the system knows of something in it, not following a link; None when it is not there."""
        try:
            return os.stat(self._named(name), dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_folder(self, name: str) -> bool:
        """Whether a real folder of that name lies in it."""
        found = self.look(name)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def free_bytes(self) -> int:
        """Return how many bytes are free on its volume."""
        return shutil.disk_usage(self._fd if self._fd is not None else self.path).free

    def lies_at(self, path: Path) -> bool:
        """Whether a path leads to this very folder. A link at its end counts if it leads here."""
        try:
            return self._is(path.stat())
        except OSError:
            return False

    def _is(self, found: os.stat_result) -> bool:
        if self._known is None:
            self._known = self.status()
        return (found.st_dev, found.st_ino) == (self._known.st_dev, self._known.st_ino)

    @property
    def is_in_place(self) -> bool:
        """Whether it still lies where it lay when it was opened, and not behind a link."""
        try:
            return self._is(self.path.lstat())
        except OSError:
            return False

    @property
    def steady_path(self) -> Path:
        """A path that leads here whatever is put at the folder's place, also for this process's children, if there is
        one on this system; else where it lay."""
        if self._fd is not None:
            steady = Path(f"/proc/{os.getpid()}/fd/{self._fd}")
            if self.lies_at(steady):
                return steady
        return self.path

    @property
    def present_path(self) -> Path:
        """Where it lies now, as far as the system tells."""
        with contextlib.suppress(OSError):
            return self.steady_path.readlink()
        return self.path

    # ------------------------------------------------------------------------------------------------------ changing

    def make(self, name: str, mode: int = 0o777) -> None:
        """Make a folder in it. Raises `FileExistsError` when there is anything of that name, a link too."""
        os.mkdir(self._named(name), mode, dir_fd=self._fd)

    def make_private(self) -> bool:
        """Let nobody but its owner in; return whether that is so now: some file systems keep no such rights."""
        if self._fd is not None and this_user() is not None:
            with contextlib.suppress(OSError):
                os.fchmod(self._fd, 0o700)
        return this_user() is None or not self.status().st_mode & 0o077

    def try_out(self) -> os.stat_result:
        """Return what the system tells of a file that is made here for its owner alone. It is gone again.

        Raises:
            OSError: None can be made.
        """
        name = f".{secrets.token_hex(8)}.trial"
        with self.create(name) as file:
            try:
                with contextlib.suppress(OSError):
                    os.fchmod(file.fileno(), 0o600)
                return os.fstat(file.fileno())
            finally:
                os.unlink(name, dir_fd=self._fd)

    def move(self, name: str, into: Folder, new_name: str) -> None:
        """Rename something in it into `into`, in place of a file that is there."""
        if self._fd is None or into._fd is None:
            (self.path / name).replace(into.path / new_name)
        else:
            os.rename(name, new_name, src_dir_fd=self._fd, dst_dir_fd=into._fd)

    def link(self, name: str, new_name: str) -> None:
        """Give a file a second name beside its own. Raises `OSError` where file systems know none."""
        if self._fd is None:
            (self.path / new_name).hardlink_to(self.path / name)
        else:
            os.link(name, new_name, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Remove a file, a link itself, or a folder with all that is in it. Nothing happens if it is not there."""
        found = self.look(name)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._named(name), dir_fd=self._fd)
            return
        try:
            shutil.rmtree(self._named(name), dir_fd=self._fd)
        except RecursionError:
            raise OSError(errno.ELOOP, f"{self.path / name} is too deep to be removed") from None

    def remove_empty(self, name: str) -> None:
        """Remove an empty folder. Raises `OSError` when it is not empty or not there."""
        os.rmdir(self._named(name), dir_fd=self._fd)

    # --------------------------------------------------------------------------------------------------------- files

    def create(self, name: str, mode: int = 0o600) -> FileIO:
        """Make a new file and open it for writing, unbuffered. Raises `FileExistsError` as `make`."""
        fd = os.open(self._named(name), _WRITE_NEW | NO_LINK, mode, dir_fd=self._fd)
        return os.fdopen(fd, "wb", buffering=0)

    def write(self, name: str, content: bytes, mode: int = 0o600) -> None:
        """Write a file in one step, in place of whatever is there.

        Raises:
            OSError: It cannot be written.
        """
        draft = name + DRAFT
        self.remove(draft)
        self.put(draft, content, mode)
        if self.is_folder(name):
            self.remove(name)
        self.move(draft, self, name)

    def put(self, name: str, content: bytes, mode: int = 0o600) -> None:
        """Write a new file. Raises as `create`."""
        with self.create(name, mode) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]

    def open(self, name: str) -> FileIO:
        """Open a file for reading, unbuffered.

        Raises:
            NotOursError: It is a link or no regular file.
            OSError: It is not there, or cannot be read.
        """
        before = os.stat(self._named(name), dir_fd=self._fd, follow_symlinks=False)
        if not stat.S_ISREG(before.st_mode):  # to open a device may already do something
            raise NotOursError(self.path / name, why_foreign(before, None))
        file = os.fdopen(os.open(self._named(name), _READ, dir_fd=self._fd), "rb", buffering=0)
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise NotOursError(self.path / name, "is not a regular file")
        return file

    def read(self, name: str, most: int) -> bytes:
        """Return what is in a file.

        Args:
            name: Of the file.
            most: Bytes that it may have.

        Raises:
            OSError: As `open`; or it is larger.
        """
        with self.open(name) as file:
            found = bytearray()
            while len(found) <= most and (piece := file.read(most + 1 - len(found))):
                found += piece
        if len(found) > most:
            raise NotOursError(self.path / name, f"has more than {most} bytes")
        return bytes(found)

    def append(self, name: str, mode: int = 0o600) -> FileIO:
        """Open a file of the owner's for reading and for writing at its end, unbuffered; made when it is missing.

        Raises:
            NotOursError: It is a link, has a second name, belongs to another user, or is not a regular file.
            OSError: It cannot be opened.
        """
        self.require_own_files(name)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _READ
        file = os.fdopen(os.open(self._named(name), flags, mode, dir_fd=self._fd), "a+b", buffering=0)
        why = why_foreign(os.fstat(file.fileno()), self.owner)
        if why:
            file.close()
            raise NotOursError(self.path / name, why)
        return file

    def require_own_files(self, *names: str) -> None:
        """Return when each of these is missing, or a regular file of the owner's with one name.

        A folder passes too: nothing can be written into it as into a file, and whoever tries is told so.

        Raises:
            NotOursError: One of them is not.
        """
        for name in names:
            found = self.look(name)
            if found is None or stat.S_ISDIR(found.st_mode):
                continue
            why = why_foreign(found, self.owner)
            if why:
                raise NotOursError(self.path / name, why)

    def _named(self, name: str) -> str:
        if name in ("", ".", "..") or "/" in name or os.sep in name or "\x00" in name:
            raise NotOursError(self.path / name.replace("\x00", "?"), "is not a name of a file")
        return name if self._fd is not None else str(self.path / name)


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there, at an absolute path in which no part may be a link. Raises as `below`."""
    with Folder.walked(path.parent) as parent:
        parent.below(path.name, make=True).close()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """Open a file for reading by an absolute path in which no part may be a link. Raises as `Folder.open`."""
    with Folder.walked(path.parent) as folder, folder.open(path.name) as file:
        yield file
