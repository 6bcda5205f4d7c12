"""Taking over from a dispatcher that ended: what it was about to publish, and what it had not told yet."""

from __future__ import annotations

import logging

import attrs

from actors.dispatch.submissions import Submissions
from contracts.errors import AttachmentError, Blame, MachineError
from contracts.ports import Filing, Journal, JournalState, LeaseEnded, OutcomeRecorded

log = logging.getLogger("purser.dispatch")


@attrs.frozen
class Beginning:
    """What a dispatcher begins with.

    Args:
        epoch: Its number in the journal.
        state: What the journal knows.
        given_back: Open tasks that this run is done with.
    """

    epoch: int
    state: JournalState
    given_back: frozenset[int]


def begin_epoch(journal: Journal, filing: Filing, submissions: Submissions) -> Beginning:
    """Take over from whoever dispatched before: finish what it was about to publish, tell what it did not come to tell.

    Args:
        journal: What is written down.
        filing: The download folder.
        submissions: Who waits for which task.

    Raises:
        MachineError: The disk is full or the journal cannot be written.
    """
    epoch = journal.open_epoch()
    submissions.begin_epoch(epoch)
    finish_publishes(journal, filing, epoch)
    state = journal.replay()
    submissions.catch_up(epoch, journal, state)
    return Beginning(epoch, state, submissions.given_back)


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
