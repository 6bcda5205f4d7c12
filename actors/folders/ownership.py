"""Whether a file or a folder is this user's own, so that what stands in it may be believed.

What belongs to another user, is open for others to write, is a link or has a second name elsewhere may have been made
by somebody else. Where the system knows no owners of files (Windows), only links and kinds are looked at.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotOursError(OSError):
    """What stands in a place of ours is not ours: a link, another user's, of another kind, or larger than ours are."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(errno.ELOOP, f"{path} {why}")
        self.path = path
        self.why = why


def this_user() -> int | None:
    """Return the user that files made by this process belong to, or None where the system knows no owners."""
    return os.geteuid() if hasattr(os, "geteuid") else None


def is_link_of_another(status: os.stat_result) -> bool:
    """Whether this is a link that belongs neither to this user nor to root.

    Args:
        status: What `lstat` tells of it.
    """
    user = this_user()
    return stat.S_ISLNK(status.st_mode) and user is not None and status.st_uid not in (user, 0)


def why_foreign(status: os.stat_result, user: int | None, *, folder: bool = False) -> str:
    """Say why something cannot be this user's own, as the end of a sentence ("is a link"), or return an empty text.

    Args:
        status: What `lstat` or `fstat` tells of it.
        user: Whose it must be; None asks for no owner.
        folder: Whether it must be a folder; else it must be a regular file with one name.
    """
    if stat.S_ISLNK(status.st_mode):
        return "is a link"
    if folder and not stat.S_ISDIR(status.st_mode):
        return "is not a folder"
    if not folder and not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if user is not None and status.st_uid != user:
        return f"belongs to another user (uid {status.st_uid})"
    if not folder and status.st_nlink > 1:
        return "has a second name (a hard link)"
    return ""


def why_untrusted(status: os.stat_result, user: int | None, *, folder: bool = False) -> str:
    """Say why something is not to be believed, or return an empty text: as `why_foreign`, or others may write it."""
    why = why_foreign(status, user, folder=folder)
    if not why and user is not None and status.st_mode & OTHERS_MAY_WRITE:
        return f"may be written by others (mode {stat.S_IMODE(status.st_mode):04o})"
    return why
