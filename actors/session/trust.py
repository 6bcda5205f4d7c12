"""Whether a journal may be believed: its files are this user's own and nobody else may write them.

Where a file system keeps no modes, or gives all files to one user, only what it does keep is looked at.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from actors.folders.folder import Folder
from actors.folders.keeping import owner_in, why_unbelieved
from actors.folders.ownership import this_user
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
    folder = journal.parent
    if not os.path.lexists(folder):
        return ""
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        return f"The folder {folder} is a link that leads elsewhere"
    if not stat.S_ISDIR(found.st_mode):
        return ""
    try:
        inside = Folder.at(folder)
    except PermissionError:
        if this_user() in (None, found.st_uid):
            raise
        return _of_another(folder, found)
    with inside:
        found = inside.status()
        if this_user() is not None and found.st_uid != owner_in(inside):
            return _of_another(folder, found)
        for ending in _BELIEVED:
            status = inside.look(journal.name + ending)
            if status is None:
                continue
            path = journal.with_name(journal.name + ending)
            if stat.S_ISLNK(status.st_mode):
                return f"The journal {path} is a link that leads elsewhere"
            why = why_unbelieved(status, inside)
            if why:
                return f"The journal {path} {why}"
    return ""


def _of_another(folder: Path, found: os.stat_result) -> str:
    return f"The folder {folder} belongs to another user (uid {found.st_uid})"
