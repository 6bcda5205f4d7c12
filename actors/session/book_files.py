"""The files that books are made of: their names, and moving, writing and removing them without following a link."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from actors.journal.database import LOCK_ENDING
from contracts.errors import DownloadFolderError


def files_of(journal: Path) -> Iterator[Path]:
    """Yield the files a journal consists of, whether they exist or not."""
    for ending in ("", "-wal", "-shm"):
        yield journal.with_name(journal.name + ending)


def locks_of(journal: Path) -> Iterator[Path]:
    """Yield the files that keep a second writer away from it."""
    for ending in (LOCK_ENDING, f"{LOCK_ENDING}-journal"):
        yield journal.with_name(journal.name + ending)


def move_aside(files: Sequence[Path], superseded: Path) -> Path | None:
    """Move old books to `<superseded>/books-<time>` and return that folder, or None when there are none.

    Args:
        files: What belongs to them, whether it exists or not.
        superseded: Where folders go that are replaced.

    Raises:
        DownloadFolderError: They cannot be moved, and are as they were.
    """
    found = [path for path in files if os.path.lexists(path)]
    if not found:
        return None
    folder = superseded / f"books-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    moved: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True)
        for path in found:
            shutil.move(path, folder / path.name)  # the journal of a share lies on another volume
            moved.append(path)
    except OSError as error:
        bring_back(folder, moved)
        raise DownloadFolderError(
            f"The old books could not be moved to {folder}: {error.strerror or error}. They are as they were."
        ) from error
    return folder


def bring_back(folder: Path, files: Sequence[Path]) -> None:
    """Undo `move_aside`. What has been made in the meantime at those places goes."""
    for path in files:
        remove(path)
        if os.path.lexists(folder / path.name):
            shutil.move(folder / path.name, path)
    for empty in (folder, folder.parent):
        with contextlib.suppress(OSError):  # something else lies there
            empty.rmdir()


def write_anew(target: Path, content: bytes) -> None:
    """Write a file for this user alone, in one step. A link at its place is replaced, never followed."""
    draft = target.with_name(f"{target.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(target)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder. Nothing happens if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
