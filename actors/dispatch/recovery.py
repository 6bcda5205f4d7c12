"""Finishing what a dispatcher before this one was about to publish when it ended."""

from __future__ import annotations

import attrs

from contracts.errors import AttachmentError, Blame, HostResourceError
from contracts.ports import Filing, Journal, LeaseEnded, OutcomeRecorded


def finish_publishes(journal: Journal, filing: Filing, epoch: int) -> None:
    """Finish every publish that had begun. One whose files are gone is given up; its order is visited again, uncharged.

    Args:
        journal: The books.
        filing: The download folder.
        epoch: The new dispatcher's epoch.
    """
    for known in journal.replay().open_tasks:
        if known.publishing is None:
            continue
        lease, result = known.publishing.lease, known.publishing.result
        try:
            folder = filing.publish(lease, result)
        except (AttachmentError, HostResourceError) as error:
            journal.append(epoch, (LeaseEnded(lease, str(error), known.attempts, known.crashes, Blame.HOST),))
        else:
            journal.append(epoch, (OutcomeRecorded(attrs.evolve(result, folder=folder)),))
