"""What a session shows: one frozen value, replaced as a whole, so that a look sees only what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from actors.runtime import Latest
from actors.session import reports
from actors.session.batch import BatchRun
from actors.session.reports import Totals
from contracts.status import Progress, SessionStatus, WorkerHealth
from contracts.tasks import POResult


@attrs.frozen(kw_only=True, eq=False)
class SessionView:
    """A session between two changes.

    Args:
        totals: What its batches have done that are over; never changed once it is shown.
        status: How it stands.
        mode: "parallel" or "sequential".
        began_at: When its last batch began, in monotonic seconds.
        ended_at: When that ended; None while it is in work.
        batch: The batch in work, until its report is made; None between batches.
        last: How the last batch ended; what counts while none is in work. Its workers may live on.
        given: Rows of the last batch.
        results: The outcome of each of them, in input order.
        orders: How many orders they are, each once.
        successful: How many of these succeeded.
        left: How many of these the batch gave up or left for another run.
        removed: Orders that a resumed batch had and its list has not.
        test_mode: The switches that are on, for reports; None when no test mode is.
    """

    totals: Totals
    status: SessionStatus = SessionStatus.INITIALIZING
    mode: str = "sequential"
    began_at: float = 0.0
    ended_at: float | None = 0.0
    batch: BatchRun | None = None
    last: Progress = attrs.field(factory=lambda: Progress(finished=True))
    given: int = 0
    results: tuple[POResult, ...] = ()
    orders: int = 0
    successful: int = 0
    left: int = 0
    removed: int = 0
    test_mode: dict[str, bool] | None = None

    @property
    def rows(self) -> int:
        """How many rows have an outcome."""
        return len(self.results)


@attrs.frozen(kw_only=True, eq=False)
class Look:
    """A session at one instant.

    Args:
        view: What was shown.
        progress: The batch in work, or the last one.
        status: How the session stands; a batch that ends because somebody asked for it is STOPPING.
        elapsed: Seconds that the batch has taken.
    """

    view: SessionView
    progress: Progress
    status: SessionStatus
    elapsed: float


class Shown:
    """Holds the view. One thread at a time replaces it, the one that has taken the session; anyone looks.

    Args:
        view: The first one.
        progress: Where an engine shows its workers, a warm one between batches too.
    """

    def __init__(self, view: SessionView, progress: Latest[Progress]) -> None:
        self._view = view
        self._progress = progress

    @property
    def view(self) -> SessionView:
        """The latest view."""
        return self._view

    def change(self, **changes: Any) -> None:
        """Replace some of the view's fields, all at once."""
        self._view = attrs.evolve(self._view, **changes)

    def look(self, now: float) -> Look:
        """Return the session at one instant: its view and the progress that belongs to it.

        Args:
            now: Monotonic seconds.
        """
        while True:
            view = self._view
            batch = view.batch
            progress = batch.progress() if batch is not None else attrs.evolve(view.last, workers=self._workers())
            is_stopping = batch is not None and view.ended_at is None and batch.is_stopping
            if self._view is view:  # else the batch has ended meanwhile, and the progress may be that of the next one
                break
        end = now if view.ended_at is None else view.ended_at
        status = SessionStatus.STOPPING if is_stopping else view.status
        return Look(view=view, progress=progress, status=status, elapsed=max(0.0, end - view.began_at))

    def _workers(self) -> tuple[WorkerHealth, ...]:
        return self._progress.read().workers


def session_report(look: Look, memory_mb: Mapping[str, float]) -> dict[str, Any]:
    """Return the report of the whole session, the batch in work included (contract 19).

    Args:
        look: The session at one instant.
        memory_mb: MiB of each worker.
    """
    view, progress = look.view, look.progress
    totals = attrs.evolve(view.totals, test_mode=view.test_mode)
    if view.batch is not None:
        workers = view.batch.workers_of_batch(progress)
        totals = totals.copy()
        totals.mode, totals.ended_at = view.mode, None
        totals.fallback = view.batch.fallback or totals.fallback
        totals.seconds += look.elapsed
        reports.add_progress(totals, progress)
        reports.add_workers(totals, attrs.evolve(progress, workers=workers), memory_mb, look.elapsed)
    return reports.session_report(totals)
