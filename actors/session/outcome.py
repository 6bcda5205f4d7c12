"""How a batch ended: what its rows report, also of orders that no visit ended, and what its workers did."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from contracts.errors import error_code
from contracts.messages import Cancel
from contracts.status import Progress, SessionStatus, WorkerHealth
from contracts.tasks import Order, POResult, TaskHandle, TaskStatus


@attrs.frozen(kw_only=True)
class Outcome:
    """How a batch ended.

    Args:
        rows: The outcome of each row, in input order.
        orders: The outcome of each order, once.
        progress: The last snapshot.
        status: How the session stands now.
        fallback: Why the crew was given up, or empty.
        stopped_early: Why the batch ended before all was done, or empty.
        resumed: How many rows an earlier process had ended.
        removed: Numbers of the orders that are no longer in the list and were cancelled.
        left: How many orders this batch gave up or left for another run.
    """

    rows: tuple[POResult, ...] = ()
    orders: tuple[POResult, ...] = ()
    progress: Progress = attrs.field(factory=Progress)
    status: SessionStatus = SessionStatus.FAILED
    fallback: str = ""
    stopped_early: str = ""
    resumed: int = 0
    removed: tuple[str, ...] = ()
    left: int = 0


def where_it_lies_now(result: POResult, download_dir: Path) -> POResult:
    """Return a result with the folder it has after the download folder was moved."""
    folder = result.folder
    if folder is None or folder.is_dir():
        return result
    here = Path(os.path.realpath(download_dir)).joinpath(*folder.parts[-2:])
    return attrs.evolve(result, folder=here) if here.is_dir() else result


def since(before: tuple[WorkerHealth, ...], now: tuple[WorkerHealth, ...]) -> tuple[WorkerHealth, ...]:
    """Take from what workers have counted what they had counted before."""
    known = {worker.worker_id: worker for worker in before}
    return tuple(
        attrs.evolve(
            worker,
            processed_count=max(0, worker.processed_count - earlier.processed_count),
            restarts=max(0, worker.restarts - earlier.restarts),
        )
        for worker in now
        for earlier in [known.get(worker.worker_id) or attrs.evolve(worker, processed_count=0, restarts=0)]
    )


NEVER_ACCEPTED = -1
"""The place in line of an order that never got one, since the run ended before it was taken over."""


def left_open(order: Order, handle: TaskHandle | None, why: str, code: str, *, resumes: bool) -> POResult:
    """Return what became of an order that ended in no way: it waits in the journal, or is cancelled without one.

    Args:
        order: The order.
        handle: Its handle, or None when it was never accepted.
        why: Why the batch ended before it, or empty.
        code: The code of that, or empty.
        resumes: Whether the journal lets a later run go on.
    """
    told = "the next run goes on with it" if resumes else "give it to the next run"
    return POResult(
        handle=handle or TaskHandle(NEVER_ACCEPTED, order.po_number),
        status=TaskStatus.INTERRUPTED if resumes else TaskStatus.CANCELLED,
        supplier=order.task.supplier,
        url=order.url,
        error_code=code or "POOL_SHUTDOWN",
        error_message=why or f"the run ended before this order was done; {told}",
    )


def was_given_up(result: POResult) -> bool:
    """Whether a batch gave an order up or left it for another run, and nobody had asked to take it out."""
    return result.status in (TaskStatus.CANCELLED, TaskStatus.INTERRUPTED) and bool(result.error_code)


def cancel(handles: Sequence[TaskHandle], error: BaseException) -> Cancel:
    """Return what takes tasks out of a run for an error."""
    text = str(error) or "the run was broken off before this order was done"
    return Cancel(tuple(handle.sequence for handle in handles), text, error_code(error))
