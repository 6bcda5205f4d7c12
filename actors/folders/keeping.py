"""What a file system keeps of a file that this user makes for himself: whose it is, and that nobody else may write it.

Some shares give all files to one user, and some volumes let everybody write everything, whatever is asked of them.
That is told by the file system itself, with a file that is gone at once; never by the folder, whose owner and mode
may be somebody's doing. Nothing is tried out where everything is as it should be.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

from actors.folders.folder import Folder
from actors.folders.ownership import OTHERS_MAY_WRITE, this_user, why_foreign, why_untrusted


@attrs.frozen
class Keeping:
    """What is kept.

    Args:
        owner: Whose this user's files are there; None where the system knows no owners.
        modes: Whether others can be kept from writing them.
    """

    owner: int | None
    modes: bool


def keeping_of(folder: Folder) -> Keeping:
    """Try out what is kept in a folder. Where nothing can be made, it is taken for an ordinary one."""
    if this_user() is None:
        return Keeping(None, modes=False)
    try:
        made = folder.try_out()
    except OSError:
        return Keeping(this_user(), modes=True)
    return Keeping(made.st_uid, modes=not made.st_mode & OTHERS_MAY_WRITE)


def owner_in(folder: Folder) -> int | None:
    """Return whose what this user makes in a folder is: himself, or whom the file system names in his place."""
    user = this_user()
    return user if folder.status().st_uid == user else keeping_of(folder).owner


def why_unbelieved(status: os.stat_result, within: Folder, *, folder: bool = False) -> str:
    """Say why something is not to be believed by this user, or return an empty text.

    Args:
        status: What the system knows of it.
        within: The folder that it lies in, or the one that it is.
        folder: Whether it must be a folder.
    """
    why = why_untrusted(status, this_user(), folder=folder)
    if not why or why_foreign(status, None, folder=folder):
        return why
    keeping = keeping_of(within)
    if keeping.modes:
        return why_untrusted(status, keeping.owner, folder=folder)
    return why_foreign(status, keeping.owner, folder=folder)


def untrusted(path: Path, *, folder: bool = False) -> str:
    """Say why what lies at `path` is not to be believed by this user, or return an empty text. No link is followed.

    Args:
        path: A file, or a folder.
        folder: Whether it must be a folder.

    Raises:
        OSError: It is not there, or cannot be looked at.
    """
    status = path.lstat()
    why = why_untrusted(status, this_user(), folder=folder)
    if not why or why_foreign(status, None, folder=folder):
        return why
    try:
        within = Folder.at(path if folder else Path(os.path.realpath(path.parent)))
    except PermissionError:
        return why
    with within:
        return why_unbelieved(status, within, folder=folder)


def keeps_nobody_out(path: Path) -> bool:
    """Whether a file, or a folder, lies where others cannot be kept from writing it.

    Raises:
        OSError: It is not there, or cannot be looked at.
    """
    status = path.lstat()
    if this_user() is None or not status.st_mode & OTHERS_MAY_WRITE:
        return False
    with Folder.at(Path(os.path.realpath(path if stat.S_ISDIR(status.st_mode) else path.parent))) as within:
        return not keeping_of(within).modes
