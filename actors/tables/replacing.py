"""Writes a file beside its place and puts it there in one step; the one before stays as `.bak`."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import BACKUP, Ground
from actors.folders.ownership import this_user
from contracts.errors import ConfigurationError, MachineError


def backup_path(path: Path) -> Path:
    """Return where the file that `path` held before is kept."""
    return path.with_name(path.name + BACKUP)


def check_target(path: Path, what: str) -> None:
    """Return when a file can be written at `path`, without creating anything.

    Args:
        path: Where it will be written; its folders may be missing.
        what: What it is, for the message: "results file".

    Raises:
        ConfigurationError: It is a folder or another user's link, or its folder cannot be written.
    """
    with contextlib.suppress(OSError):
        found = path.lstat()
        why = why_not_followed(found) if stat.S_ISLNK(found.st_mode) else ""
        if why:
            raise ConfigurationError(f"The {what} {str(path)!r} {why}. Remove it, or choose another place.")
    if os.path.isdir(path):  # noqa: PTH112 - of a place that may not be looked at, pathlib raises
        raise ConfigurationError(f"The {what} {str(path)!r} is a folder. Give the path of a file.")
    folder = path.absolute().parent
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)):  # noqa: PTH112 - as above
        raise ConfigurationError(
            f"The {what} {str(path)!r} cannot be written: {str(folder)!r} is not a folder that you may write to. "
            "Choose another place."
        )


@contextlib.contextmanager
def replacing(
    path: Path,
    *,
    encoding: str,
    newline: str | None = None,
    keeps_backup: bool = False,
    ground: Ground | None = None,
) -> Iterator[TextIO]:
    """Yield a stream whose text becomes the file at `path` when the block ends, and nothing when it raises.

    Args:
        path: Where the file goes. Missing folders are made. A link there is followed if it is this user's.
        encoding: How the text is encoded. What it cannot hold is written as an escape.
        newline: As in `open`.
        keeps_backup: Leave a `.bak` that is there as it is; the file before is then gone for good.
        ground: The download folder that is worked in: what lies below it goes there, wherever its path leads by now.

    Raises:
        MachineError: The disk is full or the folder cannot be written.
    """
    mark = secrets.token_hex(4)
    try:
        with _place(path, ground) as (folder, name), contextlib.ExitStack() as leftovers:
            fresh, old = f".{name[:80]}.{mark}.new", f".{name[:80]}.{mark}.old"
            for rest in (fresh, old):
                leftovers.callback(_remove, folder, rest)
            file = io.BufferedWriter(folder.create(fresh, 0o666))
            with io.TextIOWrapper(file, encoding=encoding, errors="backslashreplace", newline=newline) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            backup = backup_path(Path(name)).name
            if folder.look(name) is not None and not (keeps_backup and folder.look(backup) is not None):
                # The old file keeps its own name until the new one takes it: no instant is without a file.
                _second_name(folder, name, old)
                folder.move(old, folder, backup)
            folder.move(fresh, folder, name)
    except OSError as error:
        raise MachineError(
            f"The file {str(path)!r} could not be written: {error.strerror or error}. "
            "Check free space and who may write there."
        ) from error


@contextlib.contextmanager
def _place(path: Path, ground: Ground | None) -> Iterator[tuple[Folder, str]]:
    """Open the folder in which a file really lies, and tell its name there."""
    parts = ground.parts_of(path) if ground is not None else None
    if ground is not None and parts:
        folder, name = ground.root.below(*parts[:-1], make=True), parts[-1]
    else:
        folder, name = _made(path.absolute().parent), path.name
    with folder:
        found = folder.look(name)
        if found is None or not stat.S_ISLNK(found.st_mode):
            yield folder, name
            return
        why = why_not_followed(found)
        if why:
            raise NotOursError(path, why)
        target = Path(os.path.realpath(folder.present_path / name))
    with _made(target.parent) as folder:
        yield folder, target.name


def why_not_followed(link: os.stat_result) -> str:
    """Say why a link at the place of a file is not followed, as the end of a sentence, or return an empty text."""
    user = this_user()
    is_own = user is None or link.st_uid == user
    return "" if is_own else f"is a link of another user (uid {link.st_uid})"


def _made(folder: Path) -> Folder:
    folder.mkdir(parents=True, exist_ok=True)
    return Folder.at(Path(os.path.realpath(folder)))


def _remove(folder: Folder, name: str) -> None:
    with contextlib.suppress(OSError):
        folder.remove(name)


def _second_name(folder: Folder, name: str, other: str) -> None:
    try:
        folder.link(name, other)
    except OSError:
        # Some file systems know no hard links.
        with folder.open(name) as file, folder.create(other, 0o666) as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
