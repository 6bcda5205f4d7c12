"""The books of a download folder: its lock and its journal, held together while somebody works there."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.filing.lock import FolderLock
from actors.filing.volumes import is_network_share
from actors.journal import SqliteJournal
from actors.session.saved_logins import state_folder
from contracts.errors import DownloadFolderError, JournalError

log = logging.getLogger("purser.session")

INSIDE = ".purser"
JOURNAL = "journal.db"
MANIFEST = Path("evidence", "manifest.jsonl")
POINTER = "journal.path"


def journal_path(download_dir: Path) -> Path:
    """Return where the journal of a download folder lies: in it, or where its pointer says.

    Raises:
        JournalError: The pointer cannot be read.
    """
    pointer = download_dir / INSIDE / POINTER
    try:
        return Path(pointer.read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return download_dir / INSIDE / JOURNAL
    except (OSError, ValueError) as error:
        raise JournalError(f"The file {pointer}, which names the journal, cannot be read: {error}.") from error


def manifest_path(download_dir: Path) -> Path:
    """Return where the manifest of a download folder lies."""
    return download_dir / INSIDE / MANIFEST


class Books:
    """The lock and the journal of one download folder. `close` gives both back.

    Args:
        download_dir: The folder; made when it is missing.
        path: Where the journal lies; None takes the folder, or the user's state folder when that is on a share.
        afresh: Put the books that are there aside first, and begin new ones.

    Raises:
        DownloadFolderError: The folder cannot be written or is in use.
        JournalError: The journal cannot be used; the message says why and what to do.
        HostResourceError: The journal cannot be written.
    """

    def __init__(self, download_dir: Path, path: Path | None = None, *, afresh: bool = False) -> None:
        self.download_dir = Path(os.path.realpath(download_dir))
        self._new = [path for path in (self.download_dir / INSIDE, self.download_dir) if not os.path.lexists(path)]
        self.lock = FolderLock(download_dir)
        self.lock.acquire()
        try:
            place = path if path is not None else self._place()
            if afresh:
                self.put_aside = _put_aside(self.download_dir, place)
            self._make_folders(place)
            self.journal = SqliteJournal(place, manifest_path(self.download_dir), self.download_dir)
        except BaseException:
            self._leave_no_trace()
            self.lock.release()
            raise

    put_aside: Path | None = None
    """Where the books that were there have gone, or None."""

    def _place(self) -> Path:
        """Return where the journal lies, leaving a pointer to it when it may not lie in the folder itself."""
        place = journal_path(self.download_dir)
        if place != self.download_dir / INSIDE / JOURNAL or not is_network_share(self.download_dir):
            return place
        name = hashlib.sha256(str(self.download_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        place = state_folder() / "journals" / name / JOURNAL
        try:
            (self.download_dir / INSIDE / POINTER).write_text(str(place), encoding="utf-8")
        except OSError as error:
            raise DownloadFolderError(f"{self.download_dir} cannot be written: {error}.") from error
        return place

    def _make_folders(self, place: Path) -> None:
        evidence = manifest_path(self.download_dir).parent
        for folder in (place.parent, evidence):
            if folder.is_symlink():
                raise DownloadFolderError(f"{folder} is a link that leads elsewhere. Remove it, then run again.")
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise DownloadFolderError(
                    f"{folder} cannot be made: {error.strerror or error}. Make the folder writable or choose another."
                ) from error

    def keep_input(self, file: Path) -> Path:
        """Keep a copy of the file of orders, named by its content, and return its path relative to the folder.

        Raises:
            DownloadFolderError: It cannot be written.
        """
        try:
            content = file.read_bytes()
            kept = Path(INSIDE, "input", f"{hashlib.sha256(content).hexdigest()[:16]}.csv")
            target = self.download_dir / kept
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = target.with_suffix(".new")
            draft.write_bytes(content)
            draft.replace(target)
        except OSError as error:
            raise DownloadFolderError(
                f"A copy of {file} cannot be kept in {self.download_dir}: {error.strerror or error}. Make room or make "
                "the folder writable."
            ) from error
        return kept

    def close(self) -> None:
        """Give journal and lock back. Where no run began and there was nothing before, nothing is left."""
        try:
            unused = self.journal.is_empty()
            self.journal.close()
            if unused:
                self._leave_no_trace()
        finally:
            self.lock.release()

    def _leave_no_trace(self) -> None:
        """Remove the folders that this object made."""
        if self._new:
            shutil.rmtree(self._new[0], ignore_errors=True)
        for folder in self._new[1:]:
            with contextlib.suppress(OSError):  # somebody has put something into it meanwhile
                folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _put_aside(download_dir: Path, place: Path) -> Path | None:
    """Move journal and manifest to `.purser/superseded/<time>`; return that folder, or None when there was nothing."""
    found = [path for path in (*_files_of(place), manifest_path(download_dir)) if os.path.lexists(path)]
    if not found:
        return None
    folder = download_dir / INSIDE / "superseded" / f"books-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    try:
        folder.mkdir(parents=True)
        for path in found:
            path.rename(folder / path.name)
    except OSError as error:
        raise DownloadFolderError(
            f"The old books could not be moved to {folder}: {error.strerror or error}. They are as they were."
        ) from error
    log.info("The old books are kept in %s.", folder)
    return folder


def _files_of(journal: Path) -> Iterator[Path]:
    for ending in ("", "-wal", "-shm"):
        yield journal.with_name(journal.name + ending)
