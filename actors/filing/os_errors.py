"""How the room speaks of a disk that is full or a folder that cannot be written: never as an order's fault."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from actors.folders.folder import NotOursError
from actors.folders.ground import ReplacedError
from actors.folders.names import shown
from contracts.errors import DownloadFolderError, FolderReplacedError, MachineError

_IN_OTHER_WORDS = {
    errno.EEXIST: "something else than a folder is there",
    errno.ENOTDIR: "something on the way to it is not a folder",
    errno.ELOOP: "a link on the way to it leads in a circle",
    errno.ENAMETOOLONG: "its name is too long",
}
"""What a system says of a folder's place where people would not understand it."""


@contextlib.contextmanager
def machine_trouble(doing: str, path: Path) -> Iterator[None]:
    """Turn every `OSError` inside into a `MachineError` that says what could not be done.

    One that says that something was put in a place of ours becomes a `FolderReplacedError`, which ends the run.

    Args:
        doing: What is done to `path`, as in "cannot <doing> <path>".
        path: The file or folder it is done to.
    """
    try:
        yield
    except (NotOursError, ReplacedError) as error:
        raise FolderReplacedError(
            f"Cannot {doing} {path}: {error.strerror or error}. Nothing was written there. Put the folder right, then "
            "go on with: purser resume"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise MachineError(
            f"Cannot {doing} {path}: {reason}. Free disk space or make the folder writable; the work goes on by itself."
        ) from error


def unusable(root: Path, error: Exception, *, to_read: bool = False) -> DownloadFolderError:
    """Return the error for a download folder in which nothing can be done; `to_read` when it was only to be read."""
    told = (error.strerror if isinstance(error, OSError) else "") or str(error)
    reason = _IN_OTHER_WORDS.get(error.errno or 0, told) if isinstance(error, OSError) else told
    return DownloadFolderError(
        f"The download folder {shown(root)} cannot be {'read' if to_read else 'written'}: {reason}. "
        f"Make it {'readable' if to_read else 'writable'} or choose another one."
    )


def refused(found: NotOursError) -> DownloadFolderError:
    """Return the error for something that stands in a place of ours before anything has begun."""
    why = "is a link that leads elsewhere" if found.why == "is a link" else found.why
    return DownloadFolderError(f"{shown(found.path)} {why}. Remove it or choose another download folder.")
