"""The download folder: `<root>/<Supplier>/<PO>_<STATUS>/` for people, `<root>/.purser/` for everything else.

A folder appears complete or not at all. Publishing is: note the target in the lease's staging folder, claim the name,
move away what is there of the same order, rename, delete the staging folder. Interrupted anywhere, the same call, or
the next run's sweep, goes on where it stopped; the claim tells a publish that was done from one that has yet to be.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Container, Iterator
from pathlib import Path

import attrs

from actors.evidence.addresses import located
from actors.filing.choosing import file_name
from actors.filing.claims import Claims
from actors.filing.evidence import EvidenceFolder
from actors.filing.labels import folder_label, lengths_below
from actors.filing.naming import sanitised
from actors.filing.os_errors import machine_trouble, refused
from actors.filing.places import Places
from actors.filing.staging import Staging, holds
from actors.filing.verify import Verified, verify
from actors.folders.folder import NotOursError, make_folder
from actors.folders.ground import Ground
from contracts.errors import AttachmentError
from contracts.ports import DownloadedFile, KeptFile, Lease, ListedAttachment
from contracts.tasks import Attachment, POResult, TaskStatus

log = logging.getLogger("purser.filing")

_PARTS = ("staging", "superseded", "evidence", "claims")
_PUBLISHED = (TaskStatus.COMPLETED, TaskStatus.PARTIAL)


def require_own_parts(ground: Ground) -> None:
    """Return when each part of `.purser` that files go through is missing, or a folder of the owner's.

    Raises:
        NotOursError: One of them is not.
        OSError: One of them cannot be opened.
    """
    for part in _PARTS:
        if ground.inside.look(part) is not None:
            ground.inside.below(part).close()


class DownloadFolder:
    """Everything that is written below one download folder. Does not lock it: see `FolderLock`.

    Args:
        root: The download folder.
        run_id: Names this run in `.purser/superseded` and `.purser/evidence`.
        strict_types: Whether a file whose content is of another kind than its name says is refused.
        ground: The folder as whoever locked it holds it; it is opened here when None.

    Raises:
        DownloadFolderError: The path is too long, or a part of `.purser` is a link or another user's.
        MachineError: The folder cannot be opened.
    """

    def __init__(self, root: Path, run_id: str, *, strict_types: bool = False, ground: Ground | None = None) -> None:
        self._strict_types = strict_types
        self._run = folder_label(run_id, 40)
        with machine_trouble("open", root):
            try:
                self._ground = ground if ground is not None else Ground(root)
                self._root = self._ground.root.path
                self._lengths = lengths_below(self._root)
                require_own_parts(self._ground)
                self._evidence = EvidenceFolder(self._ground, self._run, self._lengths.order)
            except NotOursError as found:
                raise refused(found) from found
        self._staging = Staging(self._ground)
        self._claims = Claims(self._ground)
        self._places = Places(self._ground, self._claims, self._lengths, self._run)

    def stage(self, lease: Lease) -> Path:
        """Make and return the lease's empty staging folder, on the same volume as the target.

        Raises:
            MachineError: The disk is full or the folder cannot be written.
        """
        with self._trouble("make the staging folder", self._staging.of(lease)):
            return self._staging.make(lease)

    def make_folder(self, path: Path) -> None:
        """Make a folder inside a lease's staging folder, unless it is there; no part of its way may be a link."""
        make_folder(path)

    def place(self, lease: Lease, file: DownloadedFile, listed: ListedAttachment) -> Attachment:
        """Verify a downloaded file, name it, and move it to the lease's finished files.

        Raises:
            AttachmentError: It is empty, truncated, or not what its name and type say. The file stays where it is.
            AuthenticationError: It is the portal's login page: the login has expired.
            MachineError: The disk is full or the folder cannot be written.
        """
        most = self._lengths.file(folder_label(lease.task.po_number, self._lengths.order))
        name = file_name(file, listed, most)
        with self._trouble("keep the file", file.path):
            verified = verify(file, listed, name, strict=self._strict_types)
            name = self._staging.add(lease, file.path, name, most)
        _warn(lease, name, verified)
        return Attachment(
            name=name,
            size=file.size,
            sha256=file.sha256,
            source=located(listed.url or file.url) or listed.label,
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
            MachineError: The disk is full or the folder cannot be written.
        """
        most = self._lengths.file(folder_label(lease.task.po_number, self._lengths.order))
        with self._trouble("adopt the file", self._staging.files_of(kept.lease) / kept.attachment.name):
            name = self._staging.adopt(lease, kept.lease, kept.attachment, most)
        return attrs.evolve(kept.attachment, name=name) if name is not None else None

    def publish(self, lease: Lease, result: POResult) -> Path:
        """Move the lease's finished files to `<root>/<supplier>/<PO>_<STATUS>/` by one rename and return that folder.

        A folder of that order that is already there, with any status, is first moved to `.purser/superseded/<run>/`.
        Calling it again after an interruption finishes the same publish.

        Raises:
            AttachmentError: A file of the result is not among the staged ones. Nothing was published.
            MachineError: The disk is full or the folder cannot be written.
            ValueError: The status is neither COMPLETED nor PARTIAL.
        """
        if result.status not in _PUBLISHED:
            raise ValueError(
                f"{result.po_number} ended {result.status.value}; only complete or partial orders are filed."
            )
        with self._trouble("publish into", self._root), self._places.supplier_folder(result.supplier) as supplier:
            name = supplier.path.name
            label, claim = self._places.order_label(supplier, lease, result)
            place, target = f"{name}/{label}", f"{label}_{result.status.value}"
            # Not the run: whoever resumes a dead run's lease finishes it under a run of its own.
            held = self._claims.read(place)
            is_ours = held is not None and (held.owner, held.lease) == (claim.owner, claim.lease)
            if is_ours and not self._staging.has_files(lease) and holds(supplier, target, result.attachments):
                self._staging.remove(lease.folder_name)
                return supplier.path / target
            if not self._staging.holds(lease, result.attachments):
                raise AttachmentError(
                    f"The verified files of {result.po_number} are gone from {self._staging.files_of(lease)}. Run the "
                    "order again."
                )
            self._staging.mark(lease, f"{name}/{target}")
            self._claims.write(place, claim)
            self._places.make_room(supplier, label)
            self._staging.move_files(lease.folder_name, supplier, target)
            self._staging.remove(lease.folder_name)
            return supplier.path / target

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
            MachineError: The disk is full or the folder cannot be written.
        """
        cleared = 0
        with self._trouble("clear leftovers in", self._root):
            for name in [name for name in self._staging.leftovers() if name not in keep]:
                self._finish(name)
                self._staging.remove(name)
                cleared += 1
        return cleared

    def free_bytes(self) -> int:
        """Free bytes on the download folder's volume."""
        with machine_trouble("measure the free space of", self._root):
            return self._ground.root.free_bytes()

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Keep what was seen of a failure, in place of what the order left before; see `contracts.ports.Filing`.

        Raises:
            MachineError: The disk is full or the folder cannot be written.
        """
        with self._trouble("keep evidence in", self._evidence.folder(lease.task)):
            return self._evidence.keep(lease.task, text, screenshot)

    def _finish(self, name: str) -> None:
        """Finish the publish that the dead lease `name` had begun, if any."""
        noted = self._staging.interrupted(name)
        if noted is None:
            return
        supplier_name, _, folder_name = noted.partition("/")
        label = next(
            (folder_name.removesuffix(f"_{one.value}") for one in _PUBLISHED if folder_name.endswith(one.value)), ""
        )
        plain = supplier_name == sanitised(supplier_name) and folder_name == sanitised(folder_name)
        if not label or not plain or not self._ground.root.is_folder(supplier_name):
            log.warning("The staging folder %s was about to go to %r, which is not an order's folder.", name, noted)
            return
        with self._ground.root.below(supplier_name) as supplier:
            self._places.make_room(supplier, label)
            self._staging.move_files(name, supplier, folder_name)
        log.info("Finished publishing %s, which was interrupted.", noted)

    @contextlib.contextmanager
    def _trouble(self, doing: str, path: Path) -> Iterator[None]:
        """Do something only in the folders that were opened, and explain what goes wrong as `machine_trouble` does."""
        with machine_trouble(doing, path):
            self._ground.check()
            yield


def _warn(lease: Lease, name: str, verified: Verified) -> None:
    """Tell people what is odd about a file that is kept."""
    order = lease.task.po_number
    if verified.differs:
        log.warning("%s of %s: its content is %s. It is kept under its name.", name, order, verified.differs)
    if verified.lacks_end:
        log.warning("%s of %s: it has not the end of a file of its kind. See whether it opens.", name, order)
    if not verified.length_known:
        log.info("%s of %s: nothing says where it ends, so that it may be cut.", name, order)
