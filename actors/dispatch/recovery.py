"""Finishing what a dispatcher before this one was about to publish when it ended."""

from __future__ import annotations

import logging

import attrs

from contracts.errors import AttachmentError, Blame, MachineError
from contracts.ports import Filing, Journal, LeaseEnded, OutcomeRecorded

log = logging.getLogger("purser.dispatch")


def finish_publishes(journal: Journal, filing: Filing, epoch: int) -> None:
    """Finish every publish that had begun. One whose files are gone is given up; its order is visited again, uncharged.

    Args:
        journal: What is written down.
        filing: The download folder.
        epoch: The new dispatcher's epoch.
    """
    for known in journal.replay().open_tasks:
        if known.publishing is None:
            continue
        lease, result = known.publishing.lease, known.publishing.result
        try:
            folder = filing.publish(lease, result)
        except (AttachmentError, MachineError) as error:
            journal.append(epoch, (LeaseEnded(lease, str(error), known.attempts, known.crashes, Blame.MACHINE),))
        except Exception as error:
            # Boundary: the folder. Raised here it would end every dispatcher to come at the same entry.
            log.exception("Finishing the publish of %s raised %s.", lease.task.po_number, type(error).__name__)
            text = f"its files could not be moved to their place ({type(error).__name__})"
            journal.append(epoch, (LeaseEnded(lease, text, known.attempts, known.crashes, Blame.MACHINE),))
        else:
            journal.append(epoch, (OutcomeRecorded(attrs.evolve(result, folder=folder)),))
