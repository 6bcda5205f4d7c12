"""A batch that orders are put into one by one. What the session knows of it is the same as of a list's."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from actors.dispatch.submissions import Hear, Submission
from actors.session.apart import Apart, run_apart, wait_for
from actors.session.batch import BatchRun
from actors.session.orders import Batch, Key, OrderKeys
from contracts.errors import InsufficientResourcesError
from contracts.tasks import Order, POResult, POTask, TaskHandle

log = logging.getLogger("purser.session")

Report = tuple[int, int, dict[str, Any]]


class OutcomeCalls:
    """Calls the user's function with one outcome after the other, on a thread of its own.

    Args:
        run_job: Runs work beside all else.
        call: The function, or None for nobody.
    """

    def __init__(self, run_job: Callable[[str, Callable[[], None]], None], call: Hear | None) -> None:
        self._run_job = run_job
        self._call = call
        self._told: queue.SimpleQueue[POResult | None] = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._thread = 0

    def begin(self) -> None:
        """Start the thread."""
        if self._call is None:
            self._is_over.set()
        else:
            self._run_job("outcomes", self._run)

    def tell(self, result: POResult) -> None:
        """Leave an outcome for the thread, and return at once."""
        if self._call is not None:
            self._told.put(result)

    def finish(self) -> None:
        """Say that no outcome follows, and return at once."""
        self._told.put(None)

    def wait(self) -> None:
        """Wait until the last call has returned; called from within one, do not."""
        if threading.get_ident() != self._thread:
            self._is_over.wait()

    def _run(self) -> None:
        self._thread = threading.get_ident()
        while (result := self._told.get()) is not None and self._call is not None:
            try:
                self._call(result)
            except BaseException:  # boundary: the user's code may raise what it likes, SystemExit too
                log.exception("The function for outcomes raised at %s; the batch goes on.", result.po_number)
        self._is_over.set()


class OpenBatch:
    """A batch that is open: `submit` as often as there is something to do, then `close`.

    `ProcessingSession.open_batch` makes one. Every method may be called from any thread. Used with `with`, it is closed
    at the end, and stopped when the block raises.

    Args:
        batch: What runs.
        work: Runs it.
        orders_from: Makes orders of rows.
        keys: Returns by what orders are told to be one.
        calls: Told each outcome.
    """

    def __init__(
        self,
        batch: BatchRun,
        work: Apart[Report],
        orders_from: Callable[[tuple[Mapping[str, Any] | POTask, ...]], Batch],
        keys: Callable[[], OrderKeys],
        calls: OutcomeCalls,
    ) -> None:
        self._batch = batch
        self._work = work
        self._orders_from = orders_from
        self._keys = keys
        self._calls = calls
        self._lock = threading.Lock()
        self._open: dict[Key, tuple[Submission, int]] = {}
        """Where an order that has not ended was submitted, by each of its keys."""
        self._report: Report | None = None
        self._error: BaseException | None = None
        """What the work raised, for whoever closes it again."""

    def submit(self, po_list: Iterable[Mapping[str, Any] | POTask]) -> tuple[TaskHandle, ...]:
        """Put orders into the batch; return when they are written down.

        An order that was submitted before and has not ended is not done twice: its row gets the handle it has.

        Args:
            po_list: Rows, as `process_pos` takes them.

        Returns:
            A handle for each row, in order. The outcome with that handle is its.

        Raises:
            PoolShutdownError: The batch is closed, has ended, or is being stopped.
            TypeError: A row is neither a mapping nor a `POTask`.
        """
        rows = tuple(po_list)
        prepared, keys = self._orders_from(rows), self._keys()
        with self._lock:
            places = self._put(prepared.orders, [keys.of(order.task, order.fault) for order in prepared.orders])
        handles = [self._batch.wait_accepted(submission)[index] for submission, index in places]
        return tuple(handles[at] for at in prepared.rows)

    def _put(self, orders: tuple[Order, ...], keys: list[tuple[Key, ...]]) -> list[tuple[Submission, int]]:
        """Submit those orders that are not open already; return where each one was."""
        known = [next((self._open[key] for key in own if key in self._open), None) for own in keys]
        fresh = [index for index, place in enumerate(known) if place is None]
        if not fresh:
            return [place for place in known if place is not None]
        new = {index: at for at, index in enumerate(fresh)}
        made: list[Submission] = []

        def hear(result: POResult) -> None:
            with self._lock:  # which the submitting thread holds until `made` is filled, or an interrupt struck it
                handles = made[0].handles if made else None
                if handles is not None:
                    for key in keys[fresh[result.handle.sequence - handles[0].sequence]]:
                        self._open.pop(key, None)
            self._calls.tell(result)

        submission = self._batch.put(tuple(orders[index] for index in fresh), hear)
        made.append(submission)
        for index, at in new.items():
            self._open.update(dict.fromkeys(keys[index], (submission, at)))
        return [place if place is not None else (submission, new[index]) for index, place in enumerate(known)]

    def cancel(self, handles: Iterable[TaskHandle], text: str = "cancelled by the user") -> None:
        """Take orders out, whether they wait or are worked on; return at once.

        They end as CANCELLED, unless they have ended before that is taken up.

        Args:
            handles: Which.
            text: Why, for people; the outcome says it.
        """
        self._batch.entrance.cancel(tuple(handles), text)

    def close(self) -> Report:
        """Take no more orders, and wait until those that were submitted have ended. May be called again.

        Returns:
            As `process_pos`, of every order that was submitted.

        Raises:
            AuthenticationError: No order could be visited, because the portal let nobody in.
            KeyboardInterrupt: After an orderly end, when the user asked for it.
        """
        run_apart(self._batch.entrance.close, on_interrupt=self._batch.interrupt)
        if self._error is not None:
            raise self._error
        if self._report is None:
            try:
                self._report = wait_for(self._work, on_interrupt=self._batch.interrupt)
            except BaseException as error:
                self._error = error
                raise
            finally:
                self._calls.wait()
        return self._report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._batch.request_stop(f"the program raised {type(error).__name__}")
        if error is None or error is not self._error:
            self.close()


def begin_open_batch(
    batch: BatchRun,
    work: Apart[Report],
    orders_from: Callable[[tuple[Mapping[str, Any] | POTask, ...]], Batch],
    keys: Callable[[], OrderKeys],
    calls: OutcomeCalls,
) -> OpenBatch:
    """Start the work on a batch, and return it when orders can be submitted. Arguments as `OpenBatch`.

    Raises:
        InsufficientResourcesError: The machine has no thread left.
        BaseException: What the work raised before it had begun, or what struck the caller's thread meanwhile.
    """
    opened = OpenBatch(batch, work, orders_from, keys, calls)
    try:
        calls.begin()
        work.start()
        has_begun = run_apart(batch.wait_begun, on_interrupt=batch.interrupt)
    except RuntimeError as error:
        raise InsufficientResourcesError(f"There is no thread for the outcomes ({error}).") from error
    except BaseException:  # nobody is left who could close it
        if work.is_started:
            opened.close()
        calls.finish()
        raise
    if not has_begun:
        opened.close()
    return opened
