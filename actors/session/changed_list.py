"""A list that is given again for an unfinished run and has changed: what that means is written down before any work."""

from __future__ import annotations

import logging

from actors.dispatch.settling import settle
from actors.dispatch.submissions import Submissions
from actors.session.orders import Batch
from actors.session.outcome import cancel
from contracts.errors import ConfigurationError
from contracts.messages import BeginBatch
from contracts.ports import Journal

log = logging.getLogger("purser.session")

REMOVED_SHOWN = 5


def settle_changes(batch: Batch, journal: Journal, submissions: Submissions) -> tuple[str, ...]:
    """Record an outcome for orders that are no longer in the list; files on their way to their place get there.

    Args:
        batch: The list, and what the journal knows of it.
        journal: What is written down. No dispatcher may be at work on it.
        submissions: Who waits for which task.

    Returns:
        The numbers of the orders that were taken out.
    """
    on_their_way = {one.handle for one in journal.replay().open_tasks if one.publishing is not None}
    left = [one.handle for one in batch.removed if not one.has_ended and one.handle not in on_their_way]
    # With the new total, so that the run does not end with the last order known while new ones are to come.
    begun = BeginBatch(len(batch.orders) + len(batch.removed), continues=True)
    if left:
        numbers = [handle.po_number for handle in left]
        shown = ", ".join(numbers[:REMOVED_SHOWN]) + (", ..." if len(left) > REMOVED_SHOWN else "")
        log.warning("%d orders of the unfinished run are no longer in the list and are cancelled: %s", len(left), shown)
        gone = ConfigurationError("This order was taken out of the list before it was done.")
        settle(journal, submissions, (begun, cancel(left, gone)))
    elif batch.continues and not batch.to_do:
        settle(journal, submissions, (begun,))  # no engine will: there is nothing left to do
    return tuple(handle.po_number for handle in left)


def is_publishing(batch: Batch, journal: Journal) -> bool:
    """Whether an order that is known has files that are only to be moved to their place."""
    return batch.continues and any(one.publishing for one in journal.replay().open_tasks)
