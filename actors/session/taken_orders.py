"""The orders of one batch from being handed over to their outcomes: what was submitted, and what was heard of it.

Of a closed batch all is there when it begins. Into an open one more may be added as long as it lasts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from actors.dispatch.submissions import Hear, Submission, Submissions
from actors.session.orders import Batch
from contracts.ports import Journal
from contracts.tasks import Order, POResult, TaskHandle

CHUNK = 1000
"""Orders that are accepted at once."""


class TakenOrders:
    """Submits the orders of a batch and collects their outcomes.

    Args:
        batch: Whose.
    """

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._key = secrets.token_hex(8)
        self._heard: dict[TaskHandle, POResult] = {}
        self._added: list[tuple[Submission, Hear]] = []
        fresh = batch.fresh
        self.submissions = [
            Submission(f"{self._key}-{start}", fresh[start : start + CHUNK], self._hear)
            for start in range(0, len(fresh), CHUNK)
        ]
        self._of_list = len(self.submissions)
        """How many submissions there were before anything was added."""

    def _hear(self, result: POResult) -> bool:
        """Note what became of an order, unless something was noted before; say whether it was not."""
        return self._heard.setdefault(result.handle, result) is result

    def add(self, orders: tuple[Order, ...], hear: Hear) -> Submission:
        """Add orders to a batch that nothing was known of before.

        Args:
            orders: What to visit.
            hear: Told the outcome of each, once.
        """

        def hear_too(result: POResult) -> None:
            if self._hear(result):
                hear(result)

        submission = Submission(f"{self._key}-added-{len(self.submissions)}", orders, hear_too)
        self.submissions.append(submission)
        self._added.append((submission, hear))
        return submission

    def tell_the_rest(self, left: Callable[[Order, TaskHandle | None], POResult]) -> None:
        """Tell whoever added orders what has become of those of which nothing was heard; nothing more will be.

        Args:
            left: Makes the outcome of such an order.
        """
        for submission, hear in self._added:
            for order, handle in zip(submission.orders, _handles(submission), strict=True):
                result = left(order, handle)
                if handle is None or self._hear(result):
                    hear(result)
        self._added.clear()

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order of the batch, those that were added last."""
        added = self.submissions[self._of_list :]
        return (*self._batch.orders, *(order for submission in added for order in submission.orders))

    def follow(self, submissions: Submissions) -> None:
        """Hear also of the orders that the journal knows and that have not ended."""
        submissions.follow((one.handle for one in self._batch.known.values() if not one.has_ended), self._hear)

    @property
    def has_begun(self) -> bool:
        """Whether an order of the batch was accepted, so that whoever goes on with it does not begin it."""
        return any(submission.handles is not None for submission in self.submissions)

    def results(self, journal: Journal, left: Callable[[Order, TaskHandle | None], POResult]) -> tuple[POResult, ...]:
        """Return the outcome of each order of the batch, in order.

        Args:
            journal: Asked for the orders that had ended before this batch.
            left: Makes the outcome of an order of which nothing was heard.
        """
        known, orders, found = self._batch.known, self.orders, self._heard | self._ended_before(journal)
        fresh = (handle for submission in self.submissions for handle in _handles(submission))
        handles = [known[at].handle if at in known else next(fresh) for at in range(len(orders))]
        return tuple(
            (found.get(handle) if handle is not None else None) or left(order, handle)
            for order, handle in zip(orders, handles, strict=True)
        )

    def _ended_before(self, journal: Journal) -> dict[TaskHandle, POResult]:
        places = [one.handle.sequence for one in self._batch.known.values() if one.has_ended]
        found = journal.results(min(places), max(places) - min(places) + 1) if places else ()
        return {result.handle: result for result in found}


def _handles(submission: Submission) -> tuple[TaskHandle | None, ...]:
    return submission.handles or (None,) * len(submission.orders)
