"""A task as leasing knows it: its place in line, what was charged to it, and the lease in hand."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from contracts.errors import Blame
from contracts.ports import Lease
from contracts.tasks import TaskHandle


@attrs.define(eq=False, kw_only=True)
class Task:
    """One open task. A policy adds what it must remember of its own kind.

    Args:
        handle: Names it; its sequence is its key and its place in line.
        kind: What sort of work it is.
        group: What may be held back or given up as one, such as all that goes to one portal.
        priority: Higher ones go first.
        timeout: Seconds a lease of it may take in all, or None for the usual time.
        address: Handed on with its leases; nothing here reads it.
        attempts: Attempts charged to it.
        crashes: Lost workers charged to it.
        interruptions: How often the program itself ended while it was worked on.
        leases: Leases it has had in this epoch.
        lease: The lease in hand, or None.
    """

    handle: TaskHandle
    kind: str
    group: str
    priority: int = 0
    timeout: float | None = None
    address: str = ""
    attempts: int = 0
    crashes: int = 0
    interruptions: int = 0
    leases: int = 0
    lease: Lease | None = None

    @property
    def key(self) -> int:
        """What it is known by."""
        return self.handle.sequence


@attrs.frozen(kw_only=True)
class Budgets:
    """What a task may cost.

    Args:
        attempts: Attempts in all, the first included.
        crashes_before_alone: Lost workers after which it runs alone, after everything else.
        crashes: Lost workers in all.
        interruptions_before_last: Ends of the program after which it goes behind all others.
        interruptions: Ends of the program in all: three in its place, and three when nothing else was left.
    """

    attempts: int = 3
    crashes_before_alone: int = 2
    crashes: int = 3
    interruptions_before_last: int = 3
    interruptions: int = 6


@attrs.frozen
class Spent:
    """A task has used up a budget and is quarantined.

    Args:
        blame: Whose fault used it up: `BROWSER` for lost workers, `PROGRAM` for ends of the program.
        times: How often.
    """

    blame: Blame
    times: int


T = TypeVar("T", bound=Task)


@attrs.frozen
class Grant(Generic[T]):
    """A task was given to a worker. It is to be written down before the worker is told.

    Args:
        task: Which one.
        lease: Its lease.
        timeout: Seconds the lease may take in all.
    """

    task: T
    lease: Lease
    timeout: float
