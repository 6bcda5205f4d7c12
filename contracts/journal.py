"""What is written down of the work: who owns a browser, who holds a lease, every entry of the journal. Values only."""

from __future__ import annotations

import attrs

from contracts.errors import Blame
from contracts.tasks import Attachment, Order, Payload, POResult, TaskHandle


@attrs.frozen
class Owner:
    """One generation of one worker slot: who owns a browser process group and a profile."""

    worker: str
    generation: int


@attrs.frozen
class Lease:
    """The right to work on one task once. An outcome counts only while its lease is current (invariant 4).

    `address` is where the list sends the order, empty when it names no address; the lease is the same without it.
    """

    task: TaskHandle
    attempt: int
    worker: str
    generation: int
    epoch: int
    address: str = attrs.field(default="", eq=False, repr=False)

    @property
    def folder_name(self) -> str:
        """A name for the staging folder that no other lease of this run has."""
        return f"{self.epoch}-{self.task.sequence}-{self.attempt}-{self.worker}-{self.generation}"


@attrs.frozen
class KeptFile:
    """A verified file in the staging folder of a lease. A later lease may adopt it instead of fetching it again.

    Args:
        lease: Whose staging folder it lies in.
        attachment: The file, under its name there.
        address: Stands for the absolute address that the page listed it with, which may hold a secret.
        declared_size: Bytes the page stated, or None.
    """

    lease: Lease
    attachment: Attachment
    address: str
    declared_size: int | None = None

    def added_to(self, others: tuple[KeptFile, ...]) -> tuple[KeptFile, ...]:
        """Return the others with this file, which takes the place of an earlier copy of the same attachment."""
        same = (self.address, self.attachment.listed_as)
        return (*(one for one in others if (one.address, one.attachment.listed_as) != same), self)


@attrs.frozen(kw_only=True)
class MachineMemory:
    """The machine's memory: the smaller of RAM and cgroup limit, and how much of it is in use. Bytes."""

    limit: int
    used: int

    @property
    def fraction(self) -> float:
        """Share in use, 0 to 1."""
        return self.used / self.limit if self.limit else 0.0


@attrs.frozen
class TaskAccepted:
    """A task was accepted, and has its place in line from now on.

    Args:
        handle: Its place in line.
        payload: What it asks for.
        attempts: Attempts made elsewhere that are charged to it.
    """

    handle: TaskHandle
    payload: Payload
    attempts: int = 0


@attrs.frozen
class SubmissionAccepted:
    """All tasks of one submission were accepted, in places that follow each other.

    Written with them, so that a submission that comes again is known by its key.

    Args:
        key: The submission's own.
        first: Place of its first task.
        count: How many it has.
    """

    key: str
    first: int
    count: int


@attrs.frozen
class BatchBegun:
    """A batch of `total` tasks begins, the first with this sequence number.

    Written again with the same `first`, it changes the total of the batch in hand, and whether it is open, and nothing
    else. While it is open, more tasks may come: `total` is what has come so far, and it does not end.
    """

    first: int
    total: int
    is_open: bool = False


@attrs.frozen
class LeaseGranted:
    """A task was given to a worker. Written before the worker is told."""

    lease: Lease


@attrs.frozen
class LeaseEnded:
    """A lease ended without an outcome. `attempts` and `crashes` are the task's totals afterwards."""

    lease: Lease
    reason: str
    attempts: int
    crashes: int
    blame: Blame | None = None


@attrs.frozen
class FileVerified:
    """A file of a lease in hand lies verified in its staging folder."""

    file: KeptFile


@attrs.frozen
class PublishStarted:
    """The verified files of a lease are about to be moved to their place."""

    lease: Lease
    result: POResult


@attrs.frozen
class OutcomeRecorded:
    """The one outcome of a task. Nothing about this task follows."""

    result: POResult


@attrs.frozen
class PauseBegan:
    """Dispatch waits, as a whole or for one host, for the reason that `key` names and `text` tells."""

    key: str
    text: str


@attrs.frozen
class PauseEnded:
    """The reason `key` has passed."""

    key: str


JournalEntry = (
    BatchBegun
    | TaskAccepted
    | SubmissionAccepted
    | LeaseGranted
    | LeaseEnded
    | FileVerified
    | PublishStarted
    | OutcomeRecorded
    | PauseBegan
    | PauseEnded
)


@attrs.frozen
class JournalledTask:
    """What the journal knows of one task that has not ended.

    Args:
        handle: Its place in line.
        payload: What it asks for.
        attempts: Visits charged to it.
        crashes: Lost browsers charged to it.
        publishing: The publish that had begun, or None.
        kept: Verified files of its leases.
        interruptions: How often the program itself ended while it was worked on.
    """

    handle: TaskHandle
    payload: Payload
    attempts: int = 0
    crashes: int = 0
    publishing: PublishStarted | None = None
    kept: tuple[KeptFile, ...] = ()
    interruptions: int = 0

    @property
    def order(self) -> Order:
        """The purchase order to visit. Raises `TypeError` for a task of another kind."""
        return order_in(self.payload)


@attrs.frozen
class JournalState:
    """The journal as a new dispatcher finds it: the open tasks whole, the ended ones of the batch as counts."""

    open_tasks: tuple[JournalledTask, ...] = ()
    batch_first: int = 0
    batch_total: int = 0
    batch_succeeded: int = 0
    batch_failed: int = 0
    next_sequence: int = 0
    batch_is_open: bool = False


@attrs.frozen
class KnownTask:
    """A task of the batch in hand, ended or not, as a caller's list is compared with."""

    handle: TaskHandle
    payload: Payload
    has_ended: bool

    @property
    def order(self) -> Order:
        """The purchase order to visit. Raises `TypeError` for a task of another kind."""
        return order_in(self.payload)


def order_in(payload: Payload) -> Order:
    """Return a payload that must be a purchase order.

    Raises:
        TypeError: It is of another kind.
    """
    if not isinstance(payload, Order):
        raise TypeError(f"A task of the kind {payload.kind!r} is no purchase order.")
    return payload
