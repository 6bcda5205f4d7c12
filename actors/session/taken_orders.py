"""The orders of one batch from being handed over to their outcomes: what was submitted, and what was heard of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from actors.dispatch.submissions import Submission, Submissions
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
        key, fresh = secrets.token_hex(8), batch.fresh
        self.submissions = tuple(
            Submission(f"{key}-{start}", fresh[start : start + CHUNK], self._hear)
            for start in range(0, len(fresh), CHUNK)
        )
        self._heard: dict[TaskHandle, POResult] = {}

    def _hear(self, result: POResult) -> None:
        self._heard[result.handle] = result

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
        batch, found = self._batch, self._heard | self._ended_before(journal)
        fresh = (handle for submission in self.submissions for handle in _handles(submission))
        handles = [batch.known[at].handle if at in batch.known else next(fresh) for at in range(len(batch.orders))]
        return tuple(
            (found.get(handle) if handle is not None else None) or left(order, handle)
            for order, handle in zip(batch.orders, handles, strict=True)
        )

    def _ended_before(self, journal: Journal) -> dict[TaskHandle, POResult]:
        places = [one.handle.sequence for one in self._batch.known.values() if one.has_ended]
        found = journal.results(min(places), max(places) - min(places) + 1) if places else ()
        return {result.handle: result for result in found}


def _handles(submission: Submission) -> tuple[TaskHandle | None, ...]:
    return submission.handles or (None,) * len(submission.orders)
