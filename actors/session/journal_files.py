"""The files that a journal is made of: their names, and moving them aside and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from actors.folders.folder import Folder
from actors.folders.moving import carry
from actors.journal.database import LOCK_ENDING
from contracts.errors import DownloadFolderError

MANIFEST = Path("evidence", "manifest.jsonl")
INPUT = "input"
SUPERSEDED = "superseded"


def require_own_journal_files(inside: Folder, home: Folder, journal: str) -> None:
    """Return when all that a journal is made of is missing, or a file or a folder of the owner's.

    Args:
        inside: The download folder's `.purser`.
        home: The folder of the journal.
        journal: Its name.

    Raises:
        NotOursError: Something is not.
        OSError: Something cannot be looked at.
    """
    home.require_own_files(*files_of(journal), *locks_of(journal))
    for name in (MANIFEST.parent.name, INPUT):
        if inside.look(name) is not None:
            with inside.below(name) as folder:
                folder.require_own_files(MANIFEST.name)


@attrs.frozen
class BookFile:
    """A file of the journal, whether it exists or not.

    Args:
        folder: Where it lies, open.
        name: Its name there.
    """

    folder: Folder
    name: str

    @property
    def exists(self) -> bool:
        """Whether there is anything of that name."""
        return self.folder.look(self.name) is not None

    def remove(self) -> None:
        """Remove whatever has that name."""
        self.folder.remove(self.name)


def files_of(journal: str) -> Iterator[str]:
    """Yield the names of the files a journal consists of."""
    for ending in ("", "-wal", "-shm"):
        yield journal + ending


def locks_of(journal: str) -> Iterator[str]:
    """Yield the names of the files that keep a second writer away from it."""
    for ending in (LOCK_ENDING, f"{LOCK_ENDING}-journal"):
        yield journal + ending


def move_aside(files: Sequence[BookFile], inside: Folder) -> Path | None:
    """Move an old journal to `superseded/books-<time>` and return that folder, or None when there is none.

    Args:
        files: What belongs to them, whether it exists or not.
        inside: The folder in which `superseded` lies.

    Raises:
        DownloadFolderError: They cannot be moved, and are as they were.
    """
    found = [file for file in files if file.exists]
    if not found:
        return None
    name = f"books-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    moved: list[BookFile] = []
    try:
        with inside.below(SUPERSEDED, make=True, mode=0o700) as superseded:
            superseded.make(name, 0o700)
            with superseded.below(name) as folder:
                for file in found:
                    carry(file.folder, file.name, folder, file.name)  # a share's journal lies on another volume
                    moved.append(file)
    except OSError as error:
        bring_back(name, moved, inside)
        raise DownloadFolderError(
            f"The old journal could not be moved to {inside.path / SUPERSEDED / name}: {error.strerror or error}. They "
            "are as they were."
        ) from error
    return inside.path / SUPERSEDED / name


def bring_back(name: str, files: Sequence[BookFile], inside: Folder) -> None:
    """Undo `move_aside`, which has made the folder `name`. What has been made in the meantime at those places goes."""
    with contextlib.suppress(OSError), inside.below(SUPERSEDED) as superseded:
        with superseded.below(name) as folder:
            for file in files:
                file.remove()
                if folder.look(file.name) is not None:
                    carry(folder, file.name, file.folder, file.name)
        superseded.remove_empty(name)
        inside.remove_empty(SUPERSEDED)
