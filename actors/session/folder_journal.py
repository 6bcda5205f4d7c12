"""The journal of a download folder and the folder's lock, held together while somebody works there."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from actors.filing.lock import FolderLock
from actors.filing.os_errors import refused, unusable
from actors.filing.staging import STAGING, Staging
from actors.filing.volumes import is_network_share
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import INSIDE, Ground
from actors.folders.names import real_path, require_possible, shown
from actors.journal import SqliteJournal
from actors.session.journal_files import (
    INPUT,
    MANIFEST,
    BookFile,
    bring_back,
    files_of,
    locks_of,
    move_aside,
    require_own_journal_files,
)
from actors.session.journal_places import (
    JOURNAL as JOURNAL,
    OF,
    POINTER,
    forget_named_by_user,
    is_this_users,
    journal_path as journal_path,
    manifest_path as manifest_path,
    note_named_by_user,
    note_use,
    open_home,
    place_in_state_folder,
)
from actors.session.seals import is_own
from contracts.errors import DownloadFolderError, JournalError


class FolderJournal:
    """The lock and the journal of one download folder. `close` gives both back.

    Args:
        download_dir: The folder; made when it is missing.
        path: Where the journal lies; None takes the folder, or the user's state folder when that is on a share.
        afresh: Put the journal that is there aside first, and begin a new one.

    Raises:
        DownloadFolderError: The folder cannot be written or is in use, or something in it is not this user's own.
        JournalError: The journal cannot be used; the message says why and what to do.
        MachineError: The journal cannot be written.
    """

    def __init__(self, download_dir: Path, path: Path | None = None, *, afresh: bool = False) -> None:
        try:
            self.download_dir = real_path(download_dir)
        except OSError as error:
            raise unusable(download_dir, error) from error
        if path is not None:
            _require_possible_journal(path)
        self._root_is_new = not os.path.lexists(self.download_dir)
        self._inside_is_new = not os.path.lexists(self.download_dir / INSIDE)
        self._new: list[BookFile] = []
        self._noted = False
        self.lock = FolderLock(download_dir)
        self.lock.acquire()
        self._new_folders: list[Callable[[], None]] = []
        """How to remove those that were made, inner ones first; none that holds anything."""
        if self._inside_is_new:
            self._new_folders.append(lambda: self.ground.root.remove_empty(INSIDE))
        if self._root_is_new:
            self._new_folders.append(self.download_dir.rmdir)
        try:
            try:
                self._open(path, afresh=afresh)
            except NotOursError as found:
                raise refused(found) from found
        except BaseException:
            self._take_back()
            self.lock.release()
            raise

    put_aside: Path | None = None
    """Where the journal that was there has gone, or None."""
    _old: tuple[BookFile, ...] = ()

    def _open(self, path: Path | None, *, afresh: bool) -> None:
        ground = self.ground
        place = path.absolute() if path is not None else self._place()
        home, evidence = self._folders(place)
        self._note_new(place.name, home, evidence)
        self._old = (
            *(BookFile(home, name) for name in files_of(place.name)),
            BookFile(evidence, MANIFEST.name),
        )
        if afresh:
            # Nothing is told yet: they come back when no run begins.
            self.put_aside = move_aside(self._old, ground.inside)
        require_own_journal_files(ground.inside, home, place.name)
        self.journal = SqliteJournal(
            place,
            manifest_path(self.download_dir),
            self.download_dir,
            owner=home.owner,
            manifest_owner=ground.inside.owner,
        )
        try:
            self._point_to(place, home)
        except BaseException:
            self.journal.close()
            raise

    @property
    def ground(self) -> Ground:
        """The folder, held open."""
        return self.lock.ground

    def _folders(self, place: Path) -> tuple[Folder, Folder]:
        """Open the folders of journal and manifest, made if they are missing."""
        inside = self.ground.inside
        manifests = inside.path / MANIFEST.parent
        found: list[Folder] = []
        for folder in (place.parent, manifests):
            is_new = not os.path.lexists(folder)
            try:
                if folder == manifests:
                    found.append(inside.below(*MANIFEST.parent.parts, make=True, mode=0o700))
                else:
                    found.append(open_home(place, self.ground))
            except NotOursError:
                raise
            except OSError as error:
                raise DownloadFolderError(
                    f"{folder} cannot be made: {error.strerror or error}. Make the folder writable or choose another."
                ) from error
            if is_new:
                own = partial(inside.remove_empty, folder.name) if folder == manifests else folder.rmdir
                self._new_folders.insert(0, own)
        return found[0], found[1]

    def _note_new(self, journal: str, home: Folder, evidence: Folder) -> None:
        """Note what will be made here, so that it can be taken back. The lock is held: nobody else makes any of it."""
        inside = self.ground.inside
        wanted = (
            *(BookFile(home, name) for name in (*files_of(journal), *locks_of(journal))),
            BookFile(evidence, MANIFEST.name),
            BookFile(home, OF),
            BookFile(inside, POINTER),
            BookFile(inside, INPUT),
        )
        self._new = [file for file in wanted if not file.exists]

    def _place(self) -> Path:
        """Return where the journal lies: where a pointer says, in the folder, or for a share in the state folder."""
        place = journal_path(self.download_dir)
        if place != self.download_dir / INSIDE / JOURNAL or not is_network_share(self.download_dir):
            return place
        return place_in_state_folder(self.download_dir)

    def _point_to(self, place: Path, home: Folder) -> None:
        """Leave a pointer to a journal that does not lie in the folder, so that whoever has the folder finds it."""
        inside = self.ground.inside
        usual = self.download_dir / INSIDE / JOURNAL
        try:
            if place == usual:
                inside.remove(POINTER)
                return
            if not is_this_users(place, self.download_dir):
                note_named_by_user(self.download_dir, place)
                self._noted = True
            note_use(place, home, self.download_dir)
            text = str(place).encode("utf-8", "surrogateescape")
            if inside.look(POINTER) is None or inside.read(POINTER, len(text) + 1) != text:
                inside.write(POINTER, text)
        except OSError as error:
            raise DownloadFolderError(
                f"{inside.path / POINTER} cannot be written: {error.strerror or error}."
            ) from error

    def keep_input(self, file: Path) -> Path:
        """Keep a copy of the file of orders, named by its content, and return its path relative to the folder.

        Raises:
            DownloadFolderError: It cannot be written.
        """
        try:
            content = file.read_bytes()
            name = f"{hashlib.sha256(content).hexdigest()[:16]}.csv"
            with self.ground.inside.below(INPUT, make=True, mode=0o700) as folder:
                folder.write(name, content)
        except OSError as error:
            raise DownloadFolderError(
                f"A copy of {file} cannot be kept in {self.download_dir}: {error.strerror or error}. Make room or make "
                "the folder writable."
            ) from error
        return Path(INSIDE, INPUT, name)

    @property
    def is_own(self) -> bool:
        """Whether this user wrote down, on this machine, how the last run is set up, and the one that is announced."""
        told = [one for one in (self.journal.announced_plan(), self.journal.plan()) if one]
        return bool(told) and all(map(is_own, told))

    def take_orders_alone(self) -> None:
        """Forget the files of orders in work, and delete them: whoever began the run may have fetched none of them.

        Raises:
            DownloadFolderError: They cannot be deleted.
            MachineError: The journal cannot be written.
        """
        self.journal.forget_files_in_work()
        try:
            Staging(self.ground).clear()
        except OSError as error:
            raise DownloadFolderError(
                f"Files that lie in {self.ground.inside.path / STAGING} were not fetched by a run of yours, and cannot "
                f"be deleted: {error.strerror or error}. Delete them, or choose another download folder."
            ) from error

    def close(self) -> None:
        """Give journal and lock back. Where no run began and there was nothing before, nothing is left."""
        try:
            try:
                unused = self.journal.is_empty()
            finally:
                self.journal.close()
            if unused:
                self._take_back()
        finally:
            self.lock.release()

    def _take_back(self) -> None:
        """Leave everything as it was found: remove what was made, and bring back what was put aside."""
        if self.put_aside is not None:
            bring_back(self.put_aside.name, self._old, self.ground.inside)
            self.put_aside = None
        self._leave_no_trace()

    def _leave_no_trace(self) -> None:
        """Remove what this object made, and no folder that holds anything else."""
        inside = self.ground.inside
        locks = (BookFile(inside, name) for name in self.lock.names) if self._inside_is_new else ()
        for made in (*self._new, *locks):
            with contextlib.suppress(OSError):  # the reason why there was to be no journal
                made.remove()
        if self._noted:
            forget_named_by_user(self.download_dir)
        for remove_folder in self._new_folders:
            with contextlib.suppress(OSError):  # somebody has put something into it meanwhile
                remove_folder()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _require_possible_journal(path: Path) -> None:
    try:
        require_possible(path)
    except OSError as error:
        raise JournalError(f"{shown(path)} cannot be a journal: {error.strerror}. Choose another place.") from error
