"""Where orders come into a batch: all of a list at its beginning, those of an open batch from any thread.

What is put in while there is no engine to take it, between a crew that failed and the one browser that goes on, waits
here for the next one.
"""

from __future__ import annotations

import threading

from actors.dispatch.submissions import Hear, Submission, Submissions
from actors.session.engine import Engine
from actors.session.taken_orders import TakenOrders
from contracts.errors import PoolShutdownError
from contracts.tasks import Order, TaskHandle


class Entrance:
    """Hands orders to whichever engine works on the batch.

    Args:
        submissions: Who waits for which task.
        is_open: Whether more orders may come than there are at the beginning.
    """

    def __init__(self, submissions: Submissions, *, is_open: bool) -> None:
        self._submissions = submissions
        self._lock = threading.Lock()
        """Held while orders are put in, so that none falls between two engines; never taken by a stop."""
        self._engine: Engine | None = None
        self._taken: TakenOrders | None = None
        self.is_open = is_open

    @property
    def has_begun(self) -> bool:
        """Whether an engine has begun the batch."""
        return self._taken is not None

    def begin(self, engine: Engine, taken: TakenOrders, total: int | None, *, continues: bool) -> None:
        """Let an engine begin the batch, and hand it what there is.

        Args:
            engine: Works on it from now on.
            taken: The orders.
            total: How many there will be, None while more may come.
            continues: Whether the journal knows the batch.
        """
        engine.begin(total, continues=continues)
        with self._lock:
            self._engine, self._taken = engine, taken
            for submission in taken.submissions:
                if submission.handles is None:
                    engine.put(submission)
            if total is None and not self.is_open:
                engine.close_batch()

    def leave(self) -> None:
        """Let go of an engine that is ending. What it did not take waits for the next one."""
        with self._lock:
            self._engine = None
            self._submissions.withdraw()

    def shut(self) -> None:
        """Take no more orders: nobody works on them."""
        with self._lock:
            self.is_open = False
        self.leave()

    def put(self, orders: tuple[Order, ...], hear: Hear, why_not: str) -> Submission:
        """Put orders into an open batch that has begun, and return at once.

        Args:
            orders: What to visit.
            hear: Told the outcome of each, once.
            why_not: Why no more are taken, or empty.

        Raises:
            PoolShutdownError: The batch is closed, has ended, or is being stopped.
        """
        with self._lock:
            if not self.is_open or self._taken is None or why_not:
                told = why_not or "it was closed, or has ended"
                raise PoolShutdownError(f"The batch takes no more orders: {told}. Open another one.")
            submission = self._taken.add(orders, hear)
            if self._engine is not None:
                self._engine.put(submission)
        return submission

    def cancel(self, handles: tuple[TaskHandle, ...], text: str) -> None:
        """Take orders out, whether they wait or are worked on, and return at once. Those that have ended stay so."""
        with self._lock:
            if self._engine is not None:
                self._engine.cancel(handles, text)
            else:
                self._submissions.cancel(handles, text)

    def close(self) -> None:
        """Say that nothing more will be put, and return at once."""
        with self._lock:
            self.is_open = False
            if self._engine is not None:  # also when it was told before: an interrupt may have come between
                self._engine.close_batch()
