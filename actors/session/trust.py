"""Whether a journal may be believed: its files are this user's own and nobody else may write them.

Where a file system keeps no modes (its folders are open to others whatever is done), only owners are looked at.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from actors.folders.ownership import OTHERS_MAY_WRITE, this_user, why_untrusted
from contracts.errors import JournalError

_BELIEVED = ("", "-wal", "-journal")
"""Endings of the files that a database is read from."""


def require_own_journal(journal: Path) -> None:
    """Return when a journal is this user's own, or is not there.

    Raises:
        JournalError: It is another user's, may be written by others, is a link or no file, or cannot be looked at.
    """
    try:
        why = _why_not(journal)
    except OSError as error:
        raise JournalError(f"The journal {journal} cannot be looked at: {error.strerror or error}.") from error
    if why:
        raise JournalError(
            f"{why}. So what it says is not believed, and nothing was done. If you know that nobody else changed it, "
            "make it yours alone (chown, chmod go-w); else move it away, or choose another download folder."
        )


def _why_not(journal: Path) -> str:
    user, folder = this_user(), journal.parent
    if not os.path.lexists(folder):
        return ""
    inside = folder.lstat()
    if stat.S_ISLNK(inside.st_mode):
        return f"The folder {folder} is a link that leads elsewhere"
    if user is not None and stat.S_ISDIR(inside.st_mode) and inside.st_uid != user:
        return f"The folder {folder} belongs to another user (uid {inside.st_uid})"
    keeps_modes = not inside.st_mode & OTHERS_MAY_WRITE
    for ending in _BELIEVED:
        path = journal.with_name(journal.name + ending)
        if not os.path.lexists(path):
            continue
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return f"The journal {path} is a link that leads elsewhere"
        why = why_untrusted(status if keeps_modes else _as_if_private(status), user)
        if why:
            return f"The journal {path} {why}"
    return ""


def _as_if_private(status: os.stat_result) -> os.stat_result:
    return os.stat_result((status.st_mode & ~OTHERS_MAY_WRITE, *tuple(status)[1:]))
