"""Getting to a folder: its way is walked part by part, each opened from the one before it, and no link is followed.

What comes of it is a descriptor, or None where the system has none for folders (Windows): then paths are used, looked
at right before. What is done in a folder that is open is told in `folder.py`.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from actors.folders.ownership import NotOursError, why_foreign

_HAS_DESCRIPTORS = {os.open, os.mkdir, os.rename, os.stat, os.unlink} <= os.supports_dir_fd
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Flag to open something only if it is no link; 0 where the system has none."""
_AS_FOLDER = getattr(os, "O_DIRECTORY", 0) | NO_LINK | getattr(os, "O_CLOEXEC", 0)
_ON_THE_WAY = _AS_FOLDER | getattr(os, "O_PATH", 0)
_OPEN = "/proc/self/fd/{}"


def open_at(path: Path) -> int | None:
    """Open the folder at a path whose links, but for one at its end, may be followed.

    Raises:
        OSError: It is none, or cannot be opened.
    """
    if not _HAS_DESCRIPTORS:
        require_folder(path, path.lstat())
        return None
    try:
        return os.open(path, os.O_RDONLY | _AS_FOLDER)
    except OSError:
        require_folder(path, path.lstat())
        raise


def open_walked(path: Path) -> int | None:
    """Open the folder at an absolute path in which no part may be a link.

    Raises:
        NotOursError: One is.
        OSError: It is not there, or cannot be opened.
    """
    if not _HAS_DESCRIPTORS:
        return open_at(path)
    with contextlib.suppress(OSError):  # if it is not so, the way is walked to see where it ends
        fd = os.open(path, os.O_RDONLY | _AS_FOLDER)
        if _truly_lies_at(path, fd):
            return fd
        os.close(fd)
    fd = os.open(path.anchor, _ON_THE_WAY)
    names = path.parts[1:]
    place = Path(path.anchor)
    for number, name in enumerate(names, start=1):
        place /= name
        try:
            inner = os.open(name, os.O_RDONLY | _AS_FOLDER if number == len(names) else _ON_THE_WAY, dir_fd=fd)
        except OSError:
            require_folder(place, os.stat(name, dir_fd=fd, follow_symlinks=False))
            raise
        finally:
            os.close(fd)
        fd = inner
    return fd


def _truly_lies_at(path: Path, descriptor: int) -> bool:
    """Whether no link was followed: the system knows an open folder's true path, which is then the one asked for."""
    try:
        return os.readlink(_OPEN.format(descriptor)) == str(path)  # noqa: PTH115 - as text, and often
    except OSError:
        return False


def open_inner(path: Path, descriptor: int | None, name: str) -> int | None:
    """Open a folder that lies in an open one.

    Args:
        path: Where the outer folder lies.
        descriptor: Of the outer folder, or None.
        name: Of the inner one: a single part of a path.

    Raises:
        NotOursError: It is a link or no folder.
        OSError: It is not there, or cannot be opened.
    """
    if descriptor is None:
        require_folder(path / name, (path / name).lstat())
        return None
    try:
        return os.open(name, os.O_RDONLY | _AS_FOLDER, dir_fd=descriptor)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            require_folder(path / name, os.stat(name, dir_fd=descriptor, follow_symlinks=False))
        raise


def require_folder(path: Path, found: os.stat_result, owner: int | None = None) -> None:
    """Return when what the system tells of a path is a folder, and the owner's if one is given.

    Raises:
        NotOursError: It is not.
    """
    why = why_foreign(found, owner, folder=True)
    if why:
        raise NotOursError(path, why)
