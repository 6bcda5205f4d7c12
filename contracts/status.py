"""Snapshots that anyone may look at while the crew works. Frozen, cheap to read, never a question to an actor."""

from __future__ import annotations

import enum
from datetime import datetime

import attrs

from contracts.tasks import POResult


class SessionStatus(enum.Enum):
    """The life of a session's batch (contract 14)."""

    INITIALIZING = "initializing"
    RUNNING = "running"
    STOPPING = "stopping"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WorkerState(enum.Enum):
    """What a worker slot is doing."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    LOGGING_IN = "logging in"
    PROBING = "probing"
    DRAINING = "draining"
    RESTARTING = "restarting"
    RETIRED = "retired"
    STOPPED = "stopped"


@attrs.frozen(kw_only=True)
class WorkerHealth:
    """One worker slot (contract 79).

    Args:
        worker_id: Name of the slot, the same over all its generations.
        state: What it is doing.
        generation: Counts the browsers this slot has had, from 1.
        activity: What it is doing, for people.
        po_number: The order in work, or empty.
        memory_mb: Its browser's own memory in MiB, 0 before the first reading.
        session_uptime: Seconds its browser has been ready.
        processed_count: Orders this slot ended.
        restarts: Browsers it lost and got replaced, planned ones included.
        last_error: The last failure, or empty.
    """

    worker_id: str
    state: WorkerState
    generation: int = 0
    activity: str = ""
    po_number: str = ""
    memory_mb: float = 0.0
    session_uptime: float = 0.0
    processed_count: int = 0
    restarts: int = 0
    last_error: str = ""


@attrs.frozen(kw_only=True)
class PauseRecord:
    """What dispatch waited for in this batch: the reason, how often, and how many seconds in all."""

    text: str
    times: int
    seconds: float


@attrs.frozen(kw_only=True)
class Progress:
    """The batch at one instant. total = completed + failed + active + pending always holds.

    Args:
        total: Orders accepted.
        completed: Ended as successes.
        failed: Ended otherwise, or interrupted.
        active: Leased to a worker.
        pending: Queued or waiting for a retry.
        pauses: Why dispatch waits, for people; empty while it does not.
        waited_for: Every reason for which it has waited in this batch.
        circuits_open: Hosts whose circuit is open, or that have answered nothing yet.
        stale_outcomes: Outcomes dropped because their lease was void.
        crashes: Browsers that ended by themselves or at a deadline.
        finished: Whether every order has ended, and no more can come.
        stopped_early: Why the batch ended before all was done, or empty.
        stopped_code: The error code of that, or empty when somebody asked for it.
        resumed: Of those that have ended, how many had before this batch began; they say nothing about its pace.
        is_open: Whether more orders may come; `total` is then what has come so far.
    """

    total: int = 0
    completed: int = 0
    failed: int = 0
    active: int = 0
    pending: int = 0
    pauses: tuple[str, ...] = ()
    waited_for: tuple[PauseRecord, ...] = ()
    circuits_open: tuple[str, ...] = ()
    stale_outcomes: int = 0
    crashes: int = 0
    finished: bool = False
    stopped_early: str = ""
    stopped_code: str = ""
    resumed: int = 0
    is_open: bool = False
    workers: tuple[WorkerHealth, ...] = ()


class PoolState(enum.Enum):
    """The life of a worker pool (contract 66, 67)."""

    INITIALIZING = "initializing"
    READY = "ready"
    PROCESSING = "processing"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ERROR = "error"


@attrs.frozen(kw_only=True)
class PoolStatus:
    """What `get_status` tells of a pool (contract 71)."""

    state: PoolState
    workers: tuple[WorkerHealth, ...] = ()
    queue_depth: int = 0
    processing_rate: float = 0.0
    memory_percent: float = 0.0
    error_counts: tuple[tuple[str, int], ...] = ()
    last_error_time: datetime | None = None


@attrs.frozen(kw_only=True)
class BatchResult:
    """Totals of one batch (contract 110). `successful_downloads` counts orders; `files_downloaded` counts files."""

    total_pos: int
    successful_downloads: int
    failed_downloads: int
    processing_time: float
    worker_restarts: int
    memory_peak_usage: float
    average_po_time: float
    files_downloaded: int = 0
    results: tuple[POResult, ...] = ()
