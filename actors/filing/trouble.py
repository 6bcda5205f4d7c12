"""How the room speaks of a disk that is full or a folder that cannot be written: never as an order's fault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from actors.folders.folder import NotOursError
from actors.folders.ground import ReplacedError
from contracts.errors import DownloadFolderError, FolderReplacedError, HostResourceError


@contextlib.contextmanager
def host_trouble(doing: str, path: Path) -> Iterator[None]:
    """Turn every `OSError` inside into a `HostResourceError` that says what could not be done.

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
        raise HostResourceError(
            f"Cannot {doing} {path}: {reason}. Free disk space or make the folder writable; the work goes on by itself."
        ) from error


def refused(found: NotOursError) -> DownloadFolderError:
    """Return the error for something that stands in a place of ours before anything has begun."""
    why = "is a link that leads elsewhere" if found.why == "is a link" else found.why
    return DownloadFolderError(f"{found.path} {why}. Remove it or choose another download folder.")
