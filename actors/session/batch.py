"""One call of `process_pos`: runs an engine to the end of the batch, through stops, interrupts and the fallback."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

import attrs

from actors.runtime import Bell
from actors.session.engine import Engine, Work
from actors.session.house import House
from actors.session.orders import Batch
from contracts.config import Settings
from contracts.errors import (
    AuthenticationError,
    ConfigurationError,
    CrewFailedError,
    DiskFullError,
    ParallelProcessingError,
    PortalUnreachableError,
    ProfileCorruptionError,
    error_code,
)
from contracts.ports import BatchBegun, KnownTask, OutcomeRecorded
from contracts.status import Progress, SessionStatus, WorkerHealth
from contracts.tasks import Order, POResult, POTask, TaskStatus

log = logging.getLogger("purser.session")

REMOVED_SHOWN = 5
HOSTS_ASKED_FIRST = 5
"""Hosts of a batch of which one must answer before a browser is started."""

OnCrewFailure = Callable[[Exception, tuple[POTask, ...], tuple[int, int]], tuple[int, int]]


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
        interrupted: Whether the user interrupted it.
        resumed: How many rows an earlier process had ended.
        removed: Numbers of the orders that are in the list no more and were cancelled.
    """

    rows: tuple[POResult, ...] = ()
    orders: tuple[POResult, ...] = ()
    progress: Progress = attrs.field(factory=Progress)
    status: SessionStatus = SessionStatus.FAILED
    fallback: str = ""
    stopped_early: str = ""
    interrupted: bool = False
    resumed: int = 0
    removed: tuple[str, ...] = ()


class BatchRun:
    """Runs one batch. `run` belongs to the caller's thread, the rest to any.

    It is there before its orders are, so that a stop that comes while they are prepared is not lost.

    Args:
        house: Opens engines.
        settings: Every setting.
        workers: Workers of a crew.
        on_crew_failure: The session's fallback.
    """

    def __init__(self, house: House, settings: Settings, workers: int, on_crew_failure: OnCrewFailure) -> None:
        self._house = house
        self._settings = settings
        self._batch = Batch((), ())
        self._mode = "sequential"
        self._workers = workers
        self._on_crew_failure = on_crew_failure
        self._engine: Engine | None = None
        self._bell = Bell()
        self._ended = False
        self._settled = False
        self._stop_text = ""
        self._stop_is_known = False
        self._fallback = ""
        self._interrupted = False
        self._trouble = ""
        self._force = False
        self._workers_before: tuple[WorkerHealth, ...] = ()
        self._workers_of_crew: tuple[WorkerHealth, ...] = ()
        self._removed: tuple[str, ...] = ()
        self.ended_before = 0
        """Orders that had ended when the batch began."""

    def run(self, batch: Batch, mode: str) -> Outcome:
        """Work until every order has ended, then return what became of them.

        Args:
            batch: The orders and their rows.
            mode: "parallel" or "sequential".

        Raises:
            ConfigurationError, ProfileCorruptionError: Nothing could be started.
            AuthenticationError: No order could be visited, because the portal let nobody in.
        """
        self._batch, self._mode = batch, mode
        if batch.continues:
            self._house.close_engine()  # a warm one has forgotten the orders that it gave back
        workers, warm = self._house.board.read().workers, self._house.warm_engine
        self._end_removed(batch.removed)
        self._settle_total()
        self._house.board.publish(self._progress_before())
        try:
            if batch.to_do or self._is_publishing():
                self._check_portals(batch.to_do)
                self._engine = self._house.engine(self._mode, self._fit, self._settings, batch.orders)
                self._workers_before = workers if self._engine is warm else ()
                self._run_engine(self._engine)
            return self._outcome()
        finally:
            self._ended = True

    def settle(self) -> None:
        """Say that nothing more will come of this batch: what it opened is closed, and its report is made."""
        self._ended = self._settled = True
        self._bell.ring()

    @property
    def _work(self) -> Work:
        fresh = self._batch.fresh
        if not self._batch.continues:
            return Work(fresh, len(fresh))
        return Work(fresh, len(self._batch.known) + len(self._batch.removed) + len(fresh), continues=True)

    @property
    def _fit(self) -> range:
        """How many workers are right: one for each order left, as long as there are no more than the user wants."""
        most = self._workers if self._mode == "parallel" else 1
        return range(max(1, min(most, len(self._batch.to_do))), most + 1)

    def _progress_before(self) -> Progress:
        """Return the batch as it stands before anything is done."""
        if not self._batch.continues:
            total = len(self._batch.orders)
            return Progress(total=total, pending=total, finished=not total)
        state = self._house.journal.replay()
        total, ended = self._work.total, state.batch_succeeded + state.batch_failed
        self.ended_before = ended
        return Progress(
            total=total,
            completed=state.batch_succeeded,
            failed=state.batch_failed,
            pending=total - ended,
            finished=total == ended,
        )

    def _end_removed(self, removed: tuple[KnownTask, ...]) -> None:
        """Give the orders that are in the list no more their outcome; files on their way to their place get there."""
        journal = self._house.journal
        on_their_way = {one.order.handle for one in journal.replay().open_tasks if one.publishing is not None}
        left = [one.order for one in removed if not one.has_ended and one.order.handle not in on_their_way]
        self._removed = tuple(order.handle.po_number for order in left)
        if left:
            shown = ", ".join(self._removed[:REMOVED_SHOWN]) + (", ..." if len(left) > REMOVED_SHOWN else "")
            log.warning(
                "%d orders of the unfinished run are in the list no more and are cancelled: %s", len(left), shown
            )
            gone = ConfigurationError("This order was taken out of the list before it was done.")
            outcomes = tuple(OutcomeRecorded(_cancelled(order, gone)) for order in left)
            # With the new total, so that the run does not end with the last order known while new ones are to come.
            total = BatchBegun(journal.replay().batch_first, self._work.total)
            journal.append(journal.open_epoch(), (total, *outcomes))

    def _settle_total(self) -> None:
        """Write down how many orders the run has now, where no engine will: there may be nothing left to do."""
        batch, journal = self._batch, self._house.journal
        if batch.continues and not batch.to_do:
            begun = BatchBegun(journal.replay().batch_first, self._work.total)
            journal.append(journal.open_epoch(), (begun,))

    def _is_publishing(self) -> bool:
        """Whether an order that is known has files that are only to be moved to their place."""
        return self._batch.continues and any(one.publishing for one in self._house.journal.replay().open_tasks)

    def _check_portals(self, orders: tuple[Order, ...]) -> None:
        """Raise `PortalUnreachableError` when no portal of the batch answers at all."""
        roots = list(dict.fromkeys(order.base_url for order in orders if not order.fault))
        if not roots:
            return
        fetcher = self._house.premises(self._settings).make_fetcher()
        try:
            if (
                all(fetcher.probe(root) is None for root in roots[:HOSTS_ASKED_FIRST])
                and len(roots) <= HOSTS_ASKED_FIRST
            ):
                names = ", ".join(roots)
                raise PortalUnreachableError(f"The portal does not answer: {names}. Check the address and the network.")
        finally:
            fetcher.close()

    def _run_engine(self, engine: Engine) -> None:
        work = self._work
        try:
            self._run_to_the_end(engine, lambda: engine.submit(work))
        except CrewFailedError as error:
            if self._mode == "sequential":
                self._fail_plainly(engine, error)
                return
            progress = self._house.board.read()
            tasks = tuple(order.task for order in self._batch.orders)
            self._on_crew_failure(error, tasks, (progress.completed, progress.failed))
        if self._house.board.read().stopped_code == error_code(DiskFullError):
            self._house.close_engine()  # it holds what it could not write: the next batch begins from the journal

    def _run_to_the_end(self, engine: Engine, begin: Callable[[], object]) -> None:
        """Begin and wait. The first interrupt drains, a second one forces; the step it struck is taken again."""

        def pass_on_stop() -> None:
            if self._stop_text:
                engine.request_stop(self._stop_text, force=self._force)

        steps = deque((begin, pass_on_stop, engine.wait))
        while steps:
            try:
                while steps:
                    steps[0]()
                    steps.popleft()
            except KeyboardInterrupt:
                self.request_stop("interrupted", force=self._interrupted)
                self._interrupted = True

    def run_rest_sequentially(self, why: str) -> tuple[int, int]:
        """Go on in one browser with what the crew left. Called by the session's fallback.

        Returns:
            Successful and failed orders of both phases.
        """
        self._fallback = why
        self._workers_of_crew = _since(self._workers_before, self._house.board.read().workers)
        self._workers_before = ()
        self._house.close_engine()
        engine = self._house.engine("sequential", range(1, 2), self._settings, self._batch.orders)
        self._engine, self._mode = engine, "sequential"
        work = self._work
        try:
            self._run_to_the_end(engine, lambda: engine.adopt(work))
        except ProfileCorruptionError:
            raise
        except ParallelProcessingError as error:
            self._fail_plainly(engine, error)
        progress = self._house.board.read()
        return progress.completed, progress.failed

    def _fail_plainly(self, engine: Engine, error: Exception) -> None:
        """Give every order left its outcome, and say why."""
        log.error("The run cannot go on: %s", error)
        self._trouble = str(error)
        engine.request_stop(str(error), force=True)
        engine.wait()

    # ---------------------------------------------------------------------------------------------------- from outside

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """End the batch: drain, or with `force` now. Nothing happens when it has ended."""
        if self._ended:
            return
        self._stop_text = self._stop_text or text
        self._force = self._force or force
        if self._engine is not None:
            self._engine.request_stop(text, force=force)
        self._stop_is_known = True

    @property
    def is_stopping(self) -> bool:
        """Whether somebody has asked for the end. While orders are handed out, the dispatcher knows of it."""
        return self._stop_is_known

    @property
    def was_forced(self) -> bool:
        """Whether something in hand was not waited for."""
        return self._force or (self._engine is not None and self._engine.was_forced)

    def wait_settled(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the batch is settled."""
        return self._bell.wait_for(lambda: self._settled, timeout)

    # --------------------------------------------------------------------------------------------------------- the end

    def break_off(self, error: BaseException) -> Outcome:
        """Give every order that an exception left open its outcome. The engine must have been closed.

        Returns:
            What became of the batch, without rows when nothing had been done yet.
        """
        journal = self._house.journal
        if not journal.resumes:
            left = journal.replay().open_tasks
            outcomes = tuple(OutcomeRecorded(_cancelled(task.order, error)) for task in left)
            journal.append(journal.open_epoch(), outcomes)
        last = self._house.board.read()
        failed = last.total - last.completed
        self._house.board.publish(attrs.evolve(last, failed=failed, active=0, pending=0, finished=True))
        self._trouble = str(error) or type(error).__name__
        interrupted = isinstance(error, KeyboardInterrupt)
        status = SessionStatus.CANCELLED if interrupted else SessionStatus.FAILED
        outcome = attrs.evolve(self._summed_up(), status=status)
        return outcome if any(result.status.is_success for result in outcome.orders) else Outcome(status=status)

    def _outcome(self) -> Outcome:
        outcome = self._summed_up()
        given_up = (TaskStatus.CANCELLED, TaskStatus.INTERRUPTED)
        results = outcome.orders
        if results and all(r.status in given_up and r.error_code == "AUTH_ERROR" for r in results):
            raise AuthenticationError(outcome.stopped_early)
        return outcome

    def _workers_of_batch(self, progress: Progress) -> tuple[WorkerHealth, ...]:
        """What each worker did in this batch: a warm one goes on counting, and a crew may have had a successor."""
        return self._workers_of_crew + _since(self._workers_before, progress.workers)

    def _summed_up(self) -> Outcome:
        progress = self._house.board.read()
        orders = self._batch.orders
        places = [order.handle.sequence for order in orders]
        found = self._house.journal.results(min(places), max(places) - min(places) + 1) if places else ()
        known = {result.handle: _where_it_lies_now(result, self._settings.download_dir) for result in found}
        results = tuple(known.get(order.handle) or _interrupted(order, progress) for order in orders)
        stopped_early = self._trouble or progress.stopped_early
        if self._trouble:
            status = SessionStatus.FAILED
        elif self._stop_text:
            status = SessionStatus.CANCELLED
        else:
            status = SessionStatus.FAILED if stopped_early else SessionStatus.COMPLETED
        return Outcome(
            rows=tuple(results[index] for index in self._batch.rows),
            orders=results,
            progress=attrs.evolve(progress, workers=self._workers_of_batch(progress)),
            status=status,
            fallback=self._fallback,
            stopped_early=stopped_early,
            interrupted=self._interrupted,
            resumed=sum(orders[index].handle.sequence in self._batch.ended for index in self._batch.rows),
            removed=self._removed,
        )


def _where_it_lies_now(result: POResult, download_dir: Path) -> POResult:
    """Return a result with the folder it has after the download folder was moved."""
    folder = result.folder
    if folder is None or folder.is_dir():
        return result
    here = Path(os.path.realpath(download_dir)).joinpath(*folder.parts[-2:])
    return attrs.evolve(result, folder=here) if here.is_dir() else result


def _since(before: tuple[WorkerHealth, ...], now: tuple[WorkerHealth, ...]) -> tuple[WorkerHealth, ...]:
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


def _cancelled(order: Order, error: BaseException) -> POResult:
    return POResult(
        handle=order.handle,
        status=TaskStatus.CANCELLED,
        supplier=order.task.supplier,
        url=order.url,
        error_code=error_code(error),
        error_message=str(error) or "the run was broken off before this order was done",
    )


def _interrupted(order: Order, progress: Progress) -> POResult:
    return POResult(
        handle=order.handle,
        status=TaskStatus.INTERRUPTED,
        supplier=order.task.supplier,
        url=order.url,
        error_code=progress.stopped_code or "POOL_SHUTDOWN",
        error_message=progress.stopped_early
        or "the run ended before this order was done; the next run goes on with it",
    )
