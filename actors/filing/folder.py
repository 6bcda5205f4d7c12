"""The download folder: `<root>/<Supplier>/<PO>_<STATUS>/` for people, `<root>/.purser/` for everything else.

A folder appears complete or not at all. Publishing is: note the target in the lease's staging folder, claim the name,
move away what is there of the same order, rename, delete the staging folder. Interrupted anywhere, the same call, or
the next run's sweep, goes on where it stopped; the claim tells a publish that was done from one that has yet to be.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Container
from pathlib import Path

import attrs

from actors.evidence.addresses import shown
from actors.filing.choosing import file_name
from actors.filing.claims import Claims
from actors.filing.evidence import EvidenceFolder
from actors.filing.labels import folder_label, lengths_below
from actors.filing.naming import sanitised
from actors.filing.places import Places
from actors.filing.staging import Staging
from actors.filing.trouble import host_trouble
from actors.filing.verify import Verified, is_as_recorded, verify
from contracts.errors import AttachmentError, DownloadFolderError
from contracts.ports import DownloadedFile, KeptFile, Lease, ListedAttachment
from contracts.tasks import Attachment, POResult, TaskStatus

_log = logging.getLogger("purser.filing")

_PUBLISHED = (TaskStatus.COMPLETED, TaskStatus.PARTIAL)


class DownloadFolder:
    """Everything that is written below one download folder. Does not lock it: see `FolderLock`.

    Args:
        root: The download folder.
        run_id: Names this run in `.purser/superseded` and `.purser/evidence`.
        strict_types: Whether a file whose content is of another kind than its name says is refused.

    Raises:
        DownloadFolderError: The path is too long, or a part of `.purser` is a link that leads elsewhere.
    """

    def __init__(self, root: Path, run_id: str, *, strict_types: bool = False) -> None:
        self._strict_types = strict_types
        self._root = Path(os.path.realpath(root))
        self._lengths = lengths_below(self._root)
        self._run = folder_label(run_id, 40)
        inside = self._root / ".purser"
        for part in (inside, *(inside / name for name in ("staging", "superseded", "evidence", "claims"))):
            if part.is_symlink():
                raise DownloadFolderError(
                    f"{part} is a link that leads elsewhere. Remove it or choose another download folder."
                )
        self._staging = Staging(inside / "staging")
        self._claims = Claims(inside / "claims")
        self._places = Places(self._root, self._claims, self._lengths, self._run, inside / "superseded" / self._run)
        self._evidence = EvidenceFolder(self._root, self._run, self._lengths.order)

    def stage(self, lease: Lease) -> Path:
        """Make and return the lease's empty staging folder, on the same volume as the target.

        Raises:
            HostResourceError: The disk is full or the folder cannot be written.
        """
        with host_trouble("make the staging folder", self._staging.of(lease)):
            return self._staging.make(lease)

    def place(self, lease: Lease, file: DownloadedFile, listed: ListedAttachment) -> Attachment:
        """Verify a downloaded file, name it, and move it to the lease's finished files.

        Raises:
            AttachmentError: It is empty, truncated, or not what its name and type say. The file stays where it is.
            AuthenticationError: It is the portal's login page: the login has expired.
            HostResourceError: The disk is full or the folder cannot be written.
        """
        most = self._lengths.file(folder_label(lease.task.po_number, self._lengths.order))
        name = file_name(file, listed, most)
        with host_trouble("keep the file", file.path):
            verified = verify(file, listed, name, strict=self._strict_types)
            name = self._staging.add(lease, file.path, name, most)
        _warn(lease, name, verified)
        return Attachment(
            name=name,
            size=file.size,
            sha256=file.sha256,
            source=shown(listed.url or file.url) or listed.label,
            media_type=file.media_type,
            listed_as=listed.label,
            length_known=verified.length_known,
            type_differs=bool(verified.differs),
        )

    def adopt(self, lease: Lease, kept: KeptFile) -> Attachment | None:
        """Move a verified file of an earlier lease to this lease's finished files.

        Returns:
            The file under its name here, or None when it is gone or not what it was.

        Raises:
            HostResourceError: The disk is full or the folder cannot be written.
        """
        path = self._staging.files_of(kept.lease) / kept.attachment.name
        most = self._lengths.file(folder_label(lease.task.po_number, self._lengths.order))
        with host_trouble("adopt the file", path):
            if not is_as_recorded(path, kept.attachment):
                return None
            name = self._staging.add(lease, path, kept.attachment.name, most)
        return attrs.evolve(kept.attachment, name=name)

    def publish(self, lease: Lease, result: POResult) -> Path:
        """Move the lease's finished files to `<root>/<supplier>/<PO>_<STATUS>/` by one rename and return that folder.

        A folder of that order that is already there, with any status, is first moved to `.purser/superseded/<run>/`.
        Calling it again after an interruption finishes the same publish.

        Raises:
            AttachmentError: A file of the result is not among the staged ones. Nothing was published.
            HostResourceError: The disk is full or the folder cannot be written.
            ValueError: The status is neither COMPLETED nor PARTIAL.
        """
        if result.status not in _PUBLISHED:
            raise ValueError(
                f"{result.po_number} ended {result.status.value}; only complete or partial orders are filed."
            )
        with host_trouble("publish into", self._root):
            supplier = self._places.supplier_folder(result.supplier)
            label, claim = self._places.order_label(supplier, lease, result)
            place, target = f"{supplier.name}/{label}", supplier / f"{label}_{result.status.value}"
            files = self._staging.files_of(lease)
            # Not the run: whoever resumes a dead run's lease finishes it under a run of its own.
            held = self._claims.read(place)
            is_ours = held is not None and (held.owner, held.lease) == (claim.owner, claim.lease)
            if is_ours and not files.is_dir() and _holds(target, result.attachments):
                self._staging.remove(lease.folder_name)
                return target
            if not _holds(files, result.attachments):
                raise AttachmentError(
                    f"The verified files of {result.po_number} are gone from {files}. Run the order again."
                )
            self._staging.mark(lease, f"{supplier.name}/{target.name}")
            self._claims.write(place, claim)
            self._places.move_in(files, supplier, label, target)
            self._staging.remove(lease.folder_name)
            return target

    def discard(self, lease: Lease) -> None:
        """Delete the lease's staging folder. Nothing happens if it is gone."""
        self._staging.remove(lease.folder_name)

    def sweep(self, keep: Container[str] = ()) -> int:
        """Clear what dead runs left in the staging folder, finishing publishes that had begun.

        Call it right after taking the lock.

        Args:
            keep: Names of lease folders that a journal still needs.

        Returns:
            How many folders were cleared.

        Raises:
            HostResourceError: The disk is full or the folder cannot be written.
        """
        cleared = 0
        with host_trouble("clear leftovers in", self._root):
            for name in [name for name in self._staging.leftovers() if name not in keep]:
                self._finish(name)
                self._staging.remove(name)
                cleared += 1
        return cleared

    def free_bytes(self) -> int:
        """Free bytes on the download folder's volume."""
        with host_trouble("measure the free space of", self._root):
            return shutil.disk_usage(self._root).free

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Keep what was seen of a failure, in place of what the order left before; see `contracts.ports.Filing`.

        Raises:
            HostResourceError: The disk is full or the folder cannot be written.
        """
        with host_trouble("keep evidence in", self._evidence.folder(lease.task)):
            return self._evidence.keep(lease.task, text, screenshot)

    def _finish(self, name: str) -> None:
        """Finish the publish that the dead lease `name` had begun, if any."""
        found = self._staging.interrupted(name)
        if found is None:
            return
        files, noted = found
        supplier_name, _, folder_name = noted.partition("/")
        label = next(
            (folder_name.removesuffix(f"_{one.value}") for one in _PUBLISHED if folder_name.endswith(one.value)), ""
        )
        supplier = self._root / supplier_name
        plain = supplier_name == sanitised(supplier_name) and folder_name == sanitised(folder_name)
        if not label or not plain or not supplier.is_dir() or supplier.is_symlink():
            _log.warning("The staging folder %s was about to go to %r, which is no order's folder.", name, noted)
            return
        self._places.move_in(files, supplier, label, supplier / folder_name)
        _log.info("Finished publishing %s, which was interrupted.", noted)


def _warn(lease: Lease, name: str, verified: Verified) -> None:
    """Tell people what is odd about a file that is kept."""
    order = lease.task.po_number
    if verified.differs:
        _log.warning("%s of %s: its content is %s. It is kept under its name.", name, order, verified.differs)
    if verified.lacks_end:
        _log.warning("%s of %s: it has not the end of a file of its kind. See whether it opens.", name, order)
    if not verified.length_known:
        _log.info("%s of %s: nothing says where it ends, so that it may be cut.", name, order)


def _holds(folder: Path, attachments: tuple[Attachment, ...]) -> bool:
    """Whether every attachment lies in `folder` with its size."""
    try:
        return folder.is_dir() and all((folder / one.name).stat().st_size == one.size for one in attachments)
    except FileNotFoundError:
        return False
