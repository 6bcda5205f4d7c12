"""The books of a download folder: its lock and its journal, held together while somebody works there."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.filing.lock import FolderLock
from actors.filing.volumes import is_network_share
from actors.journal import SqliteJournal
from actors.session.book_files import bring_back, files_of, locks_of, move_aside, remove, write_anew
from actors.session.saved_logins import state_folder
from contracts.errors import DownloadFolderError, JournalError

log = logging.getLogger("purser.session")

INSIDE = ".purser"
JOURNAL = "journal.db"
MANIFEST = Path("evidence", "manifest.jsonl")
POINTER = "journal.path"
INPUT = "input"
SUPERSEDED = "superseded"


def journal_path(download_dir: Path) -> Path:
    """Return where the journal of a download folder lies: in it, or where its pointer says.

    Raises:
        JournalError: The pointer cannot be read.
    """
    pointer = download_dir / INSIDE / POINTER
    try:
        named = pointer.read_text(encoding="utf-8", errors="surrogateescape").strip()
        if named and not Path(named).is_absolute():
            raise JournalError(f"The file {pointer} must hold the whole path of a journal. Correct or remove it.")
        return Path(named) if named else download_dir / INSIDE / JOURNAL
    except (FileNotFoundError, NotADirectoryError):
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
        self._new_folders = [
            folder for folder in (self.download_dir / INSIDE, self.download_dir) if not os.path.lexists(folder)
        ]
        self._new: list[Path] = []
        self.lock = FolderLock(download_dir)
        self.lock.acquire()
        try:
            place = path.absolute() if path is not None else self._place()
            self._place_of_journal = place
            self._note_new(place)
            if afresh:
                # Nothing is told yet: they come back when no run begins.
                self.put_aside = move_aside(self._old_books(place), self.download_dir / INSIDE / SUPERSEDED)
            self._make_folders(place)
            self.journal = SqliteJournal(place, manifest_path(self.download_dir), self.download_dir)
            try:
                self._point_to(place)
            except BaseException:
                self.journal.close()
                raise
        except BaseException:
            self._take_back()
            self.lock.release()
            raise

    put_aside: Path | None = None
    """Where the books that were there have gone, or None."""

    def _note_new(self, place: Path) -> None:
        """Note what will be made here, so that it can be taken back. The lock is held: nobody else makes any of it."""
        inside, manifest = self.download_dir / INSIDE, manifest_path(self.download_dir)
        wanted = (*files_of(place), *locks_of(place), manifest, inside / POINTER, inside / INPUT, manifest.parent)
        self._new = [path for path in wanted if not os.path.lexists(path)]
        self._new_folders[:0] = [] if os.path.lexists(place.parent) else [place.parent]

    def _old_books(self, place: Path) -> tuple[Path, ...]:
        return (*files_of(place), manifest_path(self.download_dir))

    def _place(self) -> Path:
        """Return where the journal lies: where a pointer says, in the folder, or for a share in the state folder."""
        place = journal_path(self.download_dir)
        if place != self.download_dir / INSIDE / JOURNAL or not is_network_share(self.download_dir):
            return place
        name = hashlib.sha256(str(self.download_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return state_folder() / "journals" / name / JOURNAL

    def _point_to(self, place: Path) -> None:
        """Leave a pointer to a journal that does not lie in the folder, so that whoever has the folder finds it."""
        pointer = self.download_dir / INSIDE / POINTER
        if place == journal_path(self.download_dir):
            return
        try:
            if place == self.download_dir / INSIDE / JOURNAL:
                pointer.unlink()
            else:
                write_anew(pointer, str(place).encode("utf-8", "surrogateescape"))
        except OSError as error:
            raise DownloadFolderError(f"{pointer} cannot be written: {error.strerror or error}.") from error

    def _make_folders(self, place: Path) -> None:
        manifest, kept = manifest_path(self.download_dir), self.download_dir / INSIDE / INPUT
        for link in (place.parent, manifest.parent, kept, manifest, *files_of(place), *locks_of(place)):
            if link.is_symlink() and link.is_relative_to(self.download_dir):
                raise DownloadFolderError(f"{link} is a link that leads elsewhere. Remove it, then run again.")
        for folder in (place.parent, manifest.parent):
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
            kept = Path(INSIDE, INPUT, f"{hashlib.sha256(content).hexdigest()[:16]}.csv")
            target = self.download_dir / kept
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_anew(target, content)
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
                self._take_back()
        finally:
            self.lock.release()

    def _take_back(self) -> None:
        """Leave everything as it was found: remove what was made, and bring back what was put aside."""
        if self.put_aside is not None:
            bring_back(self.put_aside, self._old_books(self._place_of_journal))
            self.put_aside = None
        self._leave_no_trace()

    def _leave_no_trace(self) -> None:
        """Remove what this object made, and no folder that holds anything else."""
        made = [*self._new, *(self.lock.files if self.download_dir / INSIDE in self._new_folders else ())]
        for path in made:
            with contextlib.suppress(OSError):  # the reason why there were to be no books
                remove(path)
        for folder in self._new_folders:
            with contextlib.suppress(OSError):  # somebody has put something into it meanwhile
                folder.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
