"""The staging folders of leases, on the download folder's own volume: work happens here, and nothing else sees it.

`<lease>/files/` holds finished files under their final names, and it alone is published, by one rename. Everything else
in a lease's folder (downloads under way, the mark of a publish under way) goes when the lease ends.
"""

from __future__ import annotations

import logging
from pathlib import Path

from actors.filing.naming import distinct, name_key
from actors.filing.verify import has_recorded_content
from actors.folders.folder import Folder, NotOursError
from actors.folders.ground import Ground
from actors.folders.moving import carry
from actors.folders.notes import read_note, write_note
from contracts.ports import Lease
from contracts.tasks import Attachment

log = logging.getLogger("purser.filing")

STAGING = "staging"
"""The folder of all of them, in `.purser`."""
_FILES = "files"
_MARK = "publish.json"


class Staging:
    """All staging folders of one download folder.

    Args:
        ground: The download folder.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._path = ground.inside.path / STAGING

    def of(self, lease: Lease) -> Path:
        """The folder of one lease, whether it exists or not."""
        return self._path / lease.folder_name

    def files_of(self, lease: Lease) -> Path:
        """Where the lease's finished files lie."""
        return self.of(lease) / _FILES

    def make(self, lease: Lease) -> Path:
        """Make the lease's folder and return it empty."""
        with self._ground.inside.below(STAGING, make=True) as staging:
            staging.remove(lease.folder_name)
            staging.make(lease.folder_name)
        return self.of(lease)

    def add(self, lease: Lease, source: Path, name: str, most: int) -> str:
        """Move a file among the lease's finished ones, under `name` or the next free one; return the name it got."""
        with (
            Folder.walked(source.parent) as origin,
            self._open(lease.folder_name, make=True) as own,
            own.below(_FILES, make=True) as files,
        ):
            return _moved(origin, source.name, own, files, name, most)

    def adopt(self, lease: Lease, of: Lease, attachment: Attachment, most: int) -> str | None:
        """Move a file of an earlier lease here as `add` does; None when it is gone or not what was recorded."""
        try:
            with self._open(of.folder_name) as other, other.below(_FILES) as origin:
                if not _is_as_recorded(origin, attachment):
                    return None
                with self._open(lease.folder_name, make=True) as own, own.below(_FILES, make=True) as files:
                    return _moved(origin, attachment.name, own, files, attachment.name, most)
        except FileNotFoundError:
            return None

    def holds(self, lease: Lease, attachments: tuple[Attachment, ...]) -> bool:
        """Whether every attachment lies among the lease's finished files, with its size."""
        try:
            with self._open(lease.folder_name) as own:
                return holds(own, _FILES, attachments)
        except FileNotFoundError:
            return False

    def has_files(self, lease: Lease) -> bool:
        """Whether the lease has a folder of finished files."""
        try:
            with self._open(lease.folder_name) as own:
                return own.is_folder(_FILES)
        except FileNotFoundError:
            return False

    def mark(self, lease: Lease, target: str) -> None:
        """Note in the lease's folder where its files are about to go."""
        with self._open(lease.folder_name) as own:
            write_note(own, _MARK, {"target": target})

    def move_files(self, name: str, into: Folder, new_name: str) -> None:
        """Move the finished files of the lease's folder `name` to their place, by one rename."""
        with self._open(name) as own:
            own.move(_FILES, into, new_name)

    def leftovers(self) -> tuple[str, ...]:
        """Return the names of all staging folders there are."""
        try:
            with self._ground.inside.below(STAGING) as staging:
                return tuple(staging.names())
        except FileNotFoundError:
            return ()

    def interrupted(self, name: str) -> str | None:
        """Return where the finished files of a leftover folder were about to go, or None."""
        try:
            with self._open(name) as own:
                noted = read_note(own, _MARK)
                target = noted.get("target") if noted is not None else None
                return target if isinstance(target, str) and own.is_folder(_FILES) else None
        except OSError:
            return None

    def remove(self, name: str) -> None:
        """Delete a lease's folder; what cannot be deleted stays for the next sweep, with a warning."""
        try:
            with self._ground.inside.below(STAGING) as staging:
                staging.remove(name)
        except FileNotFoundError:
            return
        except OSError as error:
            path = self._path / name
            log.warning("Cannot delete the staging folder %s: %s. The next run tries again.", path, error)

    def clear(self) -> None:
        """Delete all of it, and finish nothing that had begun.

        Raises:
            OSError: It cannot be deleted.
        """
        self._ground.inside.remove(STAGING)

    def _open(self, name: str, *, make: bool = False) -> Folder:
        return self._ground.inside.below(STAGING, name, make=make)


def _is_as_recorded(folder: Folder, attachment: Attachment) -> bool:
    try:
        with folder.open(attachment.name) as file:
            return has_recorded_content(file, attachment)
    except NotOursError:
        return False


def holds(folder: Folder, name: str, attachments: tuple[Attachment, ...]) -> bool:
    """Whether every attachment lies with its size in the folder `name` below a folder."""
    if not folder.is_folder(name):
        return False
    with folder.below(name) as files:
        found = [files.look(one.name) for one in attachments]
    return all(one is not None and one.st_size == its.size for one, its in zip(found, attachments, strict=True))


def _moved(origin: Folder, source: str, own: Folder, files: Folder, name: str, most: int) -> str:
    chosen = distinct(name, {name_key(taken) for taken in files.names()}, most)
    carry(origin, source, files, chosen, by=own)
    return chosen
