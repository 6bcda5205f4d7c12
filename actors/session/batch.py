"""One call of `process_pos`: runs an engine to the end of the batch, through stops and the fallback."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import attrs

from actors.dispatch.settling import settle
from actors.dispatch.submissions import Hear, Submission
from actors.runtime import Notifier
from actors.session.changed_list import is_publishing, settle_changes
from actors.session.engine import Engine
from actors.session.entrance import Entrance
from actors.session.first_look import HOSTS_ASKED_FIRST, FirstLook
from actors.session.orders import Batch
from actors.session.outcome import Outcome, cancel, left_open, since, was_given_up, where_it_lies_now
from actors.session.resources import SessionResources
from actors.session.taken_orders import TakenOrders
from contracts.config import Settings
from contracts.errors import (
    AuthenticationError,
    CrewFailedError,
    DiskFullError,
    InsufficientResourcesError,
    ParallelProcessingError,
    PoolShutdownError,
    ProfileCorruptionError,
    error_code,
)
from contracts.status import Progress, SessionStatus, WorkerHealth
from contracts.tasks import Order, POResult, POTask, TaskHandle

log = logging.getLogger("purser.session")

OnCrewFailure = Callable[[Exception, tuple[POTask, ...], tuple[int, int]], tuple[int, int]]


class BatchRun:
    """Runs one batch. `run` belongs to the session's thread, the rest to any.

    It is there before its orders are, so that a stop that comes while they are prepared is not lost. A stop only leaves
    word here and with the engine: a signal handler may ask for one at any step of the caller's thread.

    Args:
        resources: Opens engines.
        settings: Every setting.
        workers: Workers of a crew.
        on_crew_failure: The session's fallback.
        is_open: Whether orders are put into it while it lasts, until it is closed.
    """

    def __init__(
        self,
        resources: SessionResources,
        settings: Settings,
        workers: int,
        on_crew_failure: OnCrewFailure,
        *,
        is_open: bool = False,
    ) -> None:
        self._resources = resources
        self._settings = settings
        self._batch = Batch((), ())
        self._taken = TakenOrders(self._batch)
        self._before = Progress(finished=True)
        self._is_taken = False
        """Whether an engine has taken the batch over; until then the board may show the batch before."""
        self.entrance = Entrance(resources.submissions, is_open=is_open)
        """Where orders come in. Callable from any thread."""
        self._mode = "sequential"
        self._workers = workers
        self._on_crew_failure = on_crew_failure
        self._engine: Engine | None = None
        self._notifier = Notifier()
        self._ended = False
        self._settled = False
        self._stop_text = ""
        self._stop_is_known = False
        self._fallback = ""
        self.crew_error: Exception | None = None
        """Why the crew failed; whoever goes on without it is asked to by this very error."""
        self._interrupted = False
        self._trouble = self._trouble_code = ""
        self._force = False
        self._workers_before: tuple[WorkerHealth, ...] = ()
        self._workers_of_crew: tuple[WorkerHealth, ...] = ()
        self._removed: tuple[str, ...] = ()
        self.ended_before = 0
        """Orders that had ended when the batch began."""

    def take(self, batch: Batch) -> None:
        """Take the orders and their rows, so that `progress` is theirs from now on."""
        self._batch = batch
        self._taken = TakenOrders(batch)
        self._before = self._progress_before()

    def run(self, mode: str, fallback: str = "") -> Outcome:
        """Work until every order has ended, then return what became of them.

        Args:
            mode: "parallel" or "sequential".
            fallback: Why no crew is used for a batch that was to have one, or empty.

        Raises:
            ConfigurationError, ProfileCorruptionError: Nothing could be started.
            AuthenticationError: No order could be visited, because the portal let nobody in.
        """
        batch, self._mode, self._fallback = self._batch, mode, fallback
        if batch.continues:
            self._resources.close_engine()  # a warm one has forgotten the orders that it gave back
        warm = self._resources.warm_engine
        self._resources.submissions.begin_batch()
        self._removed = settle_changes(batch, self._resources.journal, self._resources.submissions)
        self._taken.follow(self._resources.submissions)
        self._before = self._progress_before()
        self._resources.progress.publish(self._before)
        try:
            if batch.to_do or is_publishing(batch, self._resources.journal) or self._total is None:
                self._check_portals(batch.to_do)
                self._work_through(warm)
            self.entrance.shut()
            self._settle_progress()
            return self._outcome()
        finally:
            self._ended = True
            self.entrance.shut()

    def settle(self) -> None:
        """Say that nothing more will come of this batch: what it opened is closed, and its report is made."""
        self._ended = self._settled = True
        self._notifier.notify()
        self._resources.notifier.notify()

    @property
    def _total(self) -> int | None:
        return None if self.entrance.is_open else len(self._taken.orders) + len(self._batch.removed)

    @property
    def _fit(self) -> range:
        """How many workers are right: one for each order left, as long as there are no more than the user wants."""
        most = self._workers if self._mode == "parallel" else 1
        return range(max(1, most if self.entrance.is_open else min(most, len(self._batch.to_do))), most + 1)

    def _progress_before(self) -> Progress:
        """Return the batch as it stands before anything is done."""
        if not self._batch.continues:
            total, is_open = len(self._batch.orders), self.entrance.is_open
            return Progress(total=total, pending=total, finished=not (total or is_open), is_open=is_open)
        state = self._resources.journal.replay()
        total = len(self._batch.orders) + len(self._batch.removed)
        ended = state.batch_succeeded + state.batch_failed
        self.ended_before = ended
        return Progress(
            total=total,
            completed=state.batch_succeeded,
            failed=state.batch_failed,
            pending=total - ended,
            finished=total == ended,
        )

    def _check_portals(self, orders: tuple[Order, ...]) -> None:
        """Raise `PortalUnreachableError` when no portal of the batch answers at all."""
        roots = {order.host: order.base_url for order in orders if not order.fault}
        if 0 < len(roots) <= HOSTS_ASKED_FIRST:
            run_resources, timeouts = self._resources.run_resources(self._settings), self._settings.timeouts
            look = FirstLook(run_resources.make_fetcher, self._resources.run_job, self._notifier)
            longest = timeouts.http_connect + timeouts.http_read
            self._resources.answered.update(look.require_an_answer(roots, longest, lambda: bool(self._stop_text)))

    def _work_through(self, warm: Engine | None) -> None:
        """Work with the engine of the mode, and with one browser when a crew could not.

        Args:
            warm: The engine that the batch before left running, or None.
        """
        try:
            engine = self._resources.engine(self._mode, self._fit, self._settings, self._taken.orders)
            self._workers_before = self._resources.counted if engine is warm else ()
            self._run_to_the_end(engine)
        except (CrewFailedError, InsufficientResourcesError) as error:
            if self._mode == "sequential":
                self._fail_plainly(error)
                return
            self.crew_error = error
            progress = self._resources.progress.read()
            tasks = tuple(order.task for order in self._taken.orders)
            self._on_crew_failure(error, tasks, (progress.completed, progress.failed))
        if self._resources.progress.read().stopped_code == error_code(DiskFullError):
            self._resources.close_engine()  # it holds what it could not write: the next batch begins from the journal

    def _run_to_the_end(self, engine: Engine) -> None:
        """Hand over the batch and wait. A stop that was asked for before the engine knew the batch is told it now."""
        self._engine = engine
        continues = self._batch.continues or self._taken.has_begun
        self.entrance.begin(engine, self._taken, self._total, continues=continues)
        self._is_taken = True
        self._notifier.notify()
        if self._stop_text:
            engine.request_stop(self._stop_text, force=self._force)
        engine.wait()

    def run_rest_sequentially(self, why: str) -> tuple[int, int]:
        """Go on in one browser with what the crew left. Called by the session's fallback.

        Returns:
            Successful and failed orders of both phases.
        """
        self._fallback = why
        self._workers_of_crew = since(self._workers_before, self._resources.progress.read().workers)
        self._workers_before = ()
        self.entrance.leave()
        self._resources.close_engine()
        self._engine, self._mode = None, "sequential"
        try:
            self._run_to_the_end(self._resources.engine("sequential", range(1, 2), self._settings, self._taken.orders))
        except ProfileCorruptionError:
            raise
        except ParallelProcessingError as error:
            self._fail_plainly(error)
        progress = self._resources.progress.read()
        return progress.completed, progress.failed

    def _settle_progress(self) -> None:
        """Show the end of a batch of which no engine could show it, or not of all that was put into it."""
        last = self.progress()
        total = max(last.total, len(self._taken.orders) + len(self._batch.removed))
        if not last.finished or total > last.total:
            failed = total - last.completed
            self._before = attrs.evolve(last, total=total, failed=failed, active=0, pending=0, finished=True)
            self._is_taken = False
            self._resources.progress.publish(self._before)

    def _fail_plainly(self, error: Exception) -> None:
        """Give every order left its outcome, and say why."""
        log.error("The run cannot go on: %s", error)
        self._trouble = str(error)
        if self._engine is not None:
            self._engine.request_stop(str(error), force=True)
            self._engine.wait()

    # ---------------------------------------------------------------------------------------------------- an open batch

    def put(self, orders: tuple[Order, ...], hear: Hear) -> Submission:
        """Put orders into an open batch, and return at once. Callable from any thread.

        Args:
            orders: What to visit.
            hear: Told the outcome of each, once, in a thread that must not be held up.

        Raises:
            PoolShutdownError: The batch is closed, has ended, or is being stopped.
        """
        return self.entrance.put(orders, hear, self._stop_text)

    def wait_accepted(self, submission: Submission) -> tuple[TaskHandle, ...]:
        """Wait until orders that were put have their handles.

        Raises:
            PoolShutdownError: The batch ended before it took them. `hear` is told so of each.
        """
        accepted = self._resources.notifier  # of each submission
        accepted.wait_for(lambda: submission.handles is not None or self._settled, float("inf"))
        if submission.handles is None:
            raise PoolShutdownError("The batch ended before it took these orders. Give them to the next one.")
        return submission.handles

    @property
    def most_at_once(self) -> int:
        """How many orders there are to be done; of an open batch, as many as there are workers."""
        return max(2, self._workers) if self.entrance.is_open else len(self._batch.to_do)

    def wait_begun(self) -> bool:
        """Wait until orders can be put; False when the batch is over before that."""
        self._notifier.wait_for(lambda: self.entrance.has_begun or self._settled, float("inf"))
        return self.entrance.has_begun

    @property
    def given(self) -> int:
        """How many rows the batch was given."""
        return len(self._rows)

    @property
    def _rows(self) -> tuple[int, ...]:
        added = range(len(self._batch.orders), len(self._taken.orders))
        return (*self._batch.rows, *added)

    # ---------------------------------------------------------------------------------------------------- from outside

    def progress(self) -> Progress:
        """Return the batch as it stands."""
        progress = self._resources.progress.read() if self._is_taken else self._before
        return attrs.evolve(progress, resumed=self.ended_before)

    @property
    def fallback(self) -> str:
        """Why the crew was given up, or empty."""
        return self._fallback

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """End the batch: drain, or with `force` now. Nothing happens when it has ended."""
        if self._ended:
            return
        self._stop_text = self._stop_text or text
        self._force = self._force or force
        engine = self._engine
        if engine is not None:
            engine.request_stop(text, force=force)
        else:
            self._stop_is_known = True
        self._notifier.notify()

    def interrupt(self) -> None:
        """Take an interrupt of the caller's thread for a stop: the first drains, a second one forces."""
        self.request_stop("interrupted", force=self._interrupted)
        self._interrupted = True

    @property
    def is_stopping(self) -> bool:
        """Whether somebody has asked for the end, and nothing new is begun any more."""
        engine = self._engine
        if self._stop_text and engine is not None and engine.is_stopping:
            self._stop_is_known = True
        return self._stop_is_known

    @property
    def was_forced(self) -> bool:
        """Whether something in hand was not waited for."""
        return self._force or (self._engine is not None and self._engine.was_forced)

    def wait_settled(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the batch is settled."""
        return self._notifier.wait_for(lambda: self._settled, timeout)

    # --------------------------------------------------------------------------------------------------------- the end

    def break_off(self, error: BaseException) -> Outcome:
        """Give every order that an exception left open its outcome. The engine must have been closed.

        Returns:
            What became of the batch: each row has its outcome, also when nothing could be started.
        """
        journal = self._resources.journal
        if not journal.resumes:
            left = cancel([task.handle for task in journal.replay().open_tasks], error)
            settle(journal, self._resources.submissions, (left,))
        self._settle_progress()
        self._trouble, self._trouble_code = str(error) or type(error).__name__, error_code(error)
        interrupted = isinstance(error, KeyboardInterrupt)
        status = SessionStatus.CANCELLED if interrupted else SessionStatus.FAILED
        return attrs.evolve(self._summed_up(), status=status)

    def _outcome(self) -> Outcome:
        outcome = self._summed_up()
        results = outcome.orders
        if results and all(was_given_up(one) and one.error_code == "AUTH_ERROR" for one in results):
            raise AuthenticationError(outcome.stopped_early)
        return outcome

    def workers_of_batch(self, progress: Progress) -> tuple[WorkerHealth, ...]:
        """What each worker did in this batch: a warm one goes on counting, and a crew may have had a successor."""
        return self._workers_of_crew + since(self._workers_before, progress.workers)

    def _summed_up(self) -> Outcome:
        progress = self.progress()
        if self._engine is not None:
            self._resources.counted = progress.workers
        self._resources.submissions.clear()  # what is told of it from now on comes too late
        left = functools.partial(self._left, progress)
        self._taken.tell_the_rest(left)
        found = self._taken.results(self._resources.journal, left)
        results = tuple(where_it_lies_now(result, self._settings.download_dir) for result in found)
        stopped_early = self._trouble or progress.stopped_early
        if self._trouble:
            status = SessionStatus.FAILED
        elif self._stop_text:
            status = SessionStatus.CANCELLED
        else:
            status = SessionStatus.FAILED if stopped_early else SessionStatus.COMPLETED
        return Outcome(
            rows=tuple(results[index] for index in self._rows),
            orders=results,
            progress=attrs.evolve(progress, workers=self.workers_of_batch(progress)),
            status=status,
            fallback=self._fallback,
            stopped_early=stopped_early,
            resumed=sum(map(self._batch.has_ended, self._batch.rows)),
            removed=self._removed,
            left=sum(was_given_up(one) and not self._batch.has_ended(at) for at, one in enumerate(results)),
        )

    def _left(self, progress: Progress, order: Order, handle: TaskHandle | None) -> POResult:
        why = progress.stopped_early or self._trouble or self._stop_text
        code = progress.stopped_code or self._trouble_code
        return left_open(order, handle, why, code, resumes=self._resources.journal.resumes)
