"""Who waits for which task. It outlives every dispatcher, so that nobody is left without an answer when one ends.

Whoever has work leaves a submission here and tells the dispatcher. A submission waits until its tasks are written down;
from then on each of its tasks is heard for, until its outcome is told, once. A dispatcher that begins compares what is
waited for with the journal, once: what the one before it wrote down and did not come to tell is told then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import attrs

from contracts.messages import Cancel, Submit
from contracts.ports import Journal, JournalState
from contracts.tasks import Order, POResult, TaskHandle

Hear = Callable[[POResult], object]
"""Told one outcome, in the dispatcher's thread. It must return at once and must not raise."""


@attrs.define(eq=False)
class Submission:
    """Tasks that somebody wants done.

    Args:
        key: Its own, as no other submission has it, in this journal or elsewhere.
        orders: What to visit.
        hear: Told the outcome of each task.
        handles: The tasks as they were accepted, in the order of `orders`; None until they are written down.
    """

    key: str
    orders: tuple[Order, ...]
    hear: Hear
    handles: tuple[TaskHandle, ...] | None = attrs.field(default=None, init=False)

    @property
    def message(self) -> Submit:
        """What the dispatcher is told."""
        return Submit(self.key, self.orders)


class Submissions:
    """What was submitted and has not come back. Thread-safe.

    Args:
        on_accepted: Called when a submission has its handles, in the dispatcher's thread.
    """

    def __init__(self, on_accepted: Callable[[], object] = lambda: None) -> None:
        self._on_accepted = on_accepted
        self._lock = threading.Lock()
        self._epoch = 0
        self._waiting: dict[str, Submission] = {}
        self._heard_for: dict[int, Hear] = {}
        self._given_back: set[int] = set()
        self._cancelled: dict[int, str] = {}

    # ------------------------------------------------------------------------------------------------ who has the work

    def clear(self) -> None:
        """Forget who waits: a batch is over, and nobody waits for anything of it any more."""
        with self._lock:
            self._waiting.clear()
            self._heard_for.clear()
            self._cancelled.clear()

    def begin_batch(self) -> None:
        """Forget all, what was given back too: it is another batch's, or this one goes on with it."""
        self.clear()
        with self._lock:
            self._given_back.clear()

    def put(self, submission: Submission) -> None:
        """Leave a submission, before the dispatcher is told of it. Nothing happens when it has its handles."""
        with self._lock:
            if submission.handles is None:
                self._waiting[submission.key] = submission

    def withdraw(self) -> None:
        """Take back what waits to be accepted. It can be put here again, and is accepted once all the same."""
        with self._lock:
            self._waiting.clear()

    def follow(self, handles: Iterable[TaskHandle], hear: Hear) -> None:
        """Hear of tasks that the journal knows, from now on. No dispatcher may be at work on them yet."""
        with self._lock:
            self._heard_for.update((handle.sequence, hear) for handle in handles)

    def cancel(self, handles: Iterable[TaskHandle], text: str) -> Cancel:
        """Want tasks taken out; those that have ended are passed by.

        Args:
            handles: Which.
            text: Why, for people.

        Returns:
            What the dispatcher is to be told.
        """
        with self._lock:
            sequences = tuple(handle.sequence for handle in handles if handle.sequence in self._heard_for)
            self._cancelled.update(dict.fromkeys(sequences, text))
        return _cancel(sequences, text)

    # ---------------------------------------------------------------------------------------------- the dispatchers

    def untold(self) -> tuple[Submit | Cancel, ...]:
        """Return what a dispatcher that begins must be told, since the one before it may have ended over it."""
        with self._lock:
            cancels = (_cancel((sequence,), text) for sequence, text in self._cancelled.items())
            return (*(submission.message for submission in self._waiting.values()), *cancels)

    @property
    def given_back(self) -> frozenset[int]:
        """Tasks that were told to be left for another run: no dispatcher of this one may work on them again."""
        with self._lock:
            return frozenset(self._given_back)

    def begin_epoch(self, epoch: int) -> None:
        """Listen to no dispatcher before this one any more."""
        with self._lock:
            self._epoch = max(self._epoch, epoch)

    def catch_up(self, epoch: int, journal: Journal, state: JournalState) -> None:
        """Tell what a dispatcher before this one wrote down, and ended before it told it.

        Args:
            epoch: The dispatcher that begins.
            journal: What is written down.
            state: The journal as that dispatcher finds it.
        """
        with self._lock:
            keys = tuple(self._waiting)
        for key in keys:
            handles = journal.handles_of(key)
            if handles:
                self.accept(epoch, key, handles)
        is_open = {task.handle.sequence for task in state.open_tasks}
        with self._lock:
            unheard = [sequence for sequence in self._heard_for if sequence not in is_open]
        for sequence in unheard:
            for result in journal.results(sequence, 1):
                self.end(epoch, result)

    def accept(self, epoch: int, key: str, handles: tuple[TaskHandle, ...]) -> None:
        """The tasks of a submission are written down."""
        with self._lock:
            if epoch < self._epoch:
                return
            submission = self._waiting.pop(key, None)
            if submission is None:
                return
            self._heard_for.update((handle.sequence, submission.hear) for handle in handles)
            submission.handles = handles
        self._on_accepted()

    def end(self, epoch: int, result: POResult) -> None:
        """A task has its outcome, or is left for another run. It is told once, whoever tells it again."""
        sequence = result.handle.sequence
        with self._lock:
            if epoch < self._epoch:
                return
            hear = self._heard_for.pop(sequence, None)
            self._cancelled.pop(sequence, None)
            if not result.status.is_terminal:
                self._given_back.add(sequence)
        if hear is not None:
            hear(result)


def _cancel(sequences: tuple[int, ...], text: str) -> Cancel:
    return Cancel(sequences, text)
