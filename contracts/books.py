"""What is written down of the work: who owns a browser, who holds a lease, every entry of the journal. Values only."""

from __future__ import annotations

import attrs

from contracts.tasks import Order, POResult, TaskHandle


@attrs.frozen
class Owner:
    """One generation of one worker slot: who owns a browser process group and a profile."""

    worker: str
    generation: int


@attrs.frozen
class Lease:
    """The right to work on one task once. An outcome counts only while its lease is current (invariant 4)."""

    task: TaskHandle
    attempt: int
    worker: str
    generation: int
    epoch: int

    @property
    def folder_name(self) -> str:
        """A name for the staging folder that no other lease of this run has."""
        return f"{self.epoch}-{self.task.sequence}-{self.attempt}-{self.worker}-{self.generation}"


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
    """A task entered the books."""

    order: Order


@attrs.frozen
class BatchBegun:
    """A batch of `total` tasks begins, the first with this sequence number."""

    first: int
    total: int


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


@attrs.frozen
class PublishStarted:
    """The verified files of a lease are about to be moved to their place."""

    lease: Lease
    result: POResult


@attrs.frozen
class OutcomeRecorded:
    """The one outcome of a task. Nothing about this task follows."""

    result: POResult


JournalEntry = BatchBegun | TaskAccepted | LeaseGranted | LeaseEnded | PublishStarted | OutcomeRecorded


@attrs.frozen
class JournalledTask:
    """What the journal knows of one task that has not ended."""

    order: Order
    attempts: int = 0
    crashes: int = 0
    publishing: PublishStarted | None = None


@attrs.frozen
class JournalState:
    """The books as a new dispatcher finds them: the open tasks whole, the ended ones of the batch as counts."""

    open_tasks: tuple[JournalledTask, ...] = ()
    batch_total: int = 0
    batch_succeeded: int = 0
    batch_failed: int = 0
    next_sequence: int = 0
