"""What is written of a run without any worker: a dispatcher that lives for some events, and does nothing but write.

Only a dispatcher writes the journal. Where a run needs no browser, its list being shorter than before or its end having
come before its beginning, this is the one.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import Record, TellOutcome
from actors.dispatch.submissions import Submissions
from contracts.config import RetryPolicy, Timeouts
from contracts.messages import BeginBatch, Cancel
from contracts.ports import Journal, JournalState


def settle(journal: Journal, submissions: Submissions, events: Iterable[BeginBatch | Cancel]) -> None:
    """Write down what comes of these events. No other dispatcher may be at work on the journal.

    Args:
        journal: What is written.
        submissions: Who waits for which task.
        events: What happens, in order.

    Raises:
        MachineError: The disk is full or the journal cannot be written.
    """
    events = tuple(events)
    gone = {sequence for event in events if isinstance(event, Cancel) for sequence in event.sequences}
    epoch = journal.open_epoch()
    submissions.begin_epoch(epoch)
    core = DispatchCore(
        epoch=epoch,
        state=_unjudged(journal.replay(), gone),
        given_back=submissions.given_back,
        resumes=journal.resumes,
        retry=RetryPolicy(),
        timeouts=Timeouts(),
        chance=random.Random(0),  # noqa: S311 - nothing is decided by it here
    )
    for event in events:
        for effect in core.handle(event, 0.0):
            match effect:  # there are no workers to be told anything; staging is swept with the run
                case Record(entries):
                    journal.append(epoch, entries)
                case TellOutcome(result):
                    submissions.end(epoch, result)


def _unjudged(state: JournalState, gone: Collection[int]) -> JournalState:
    """Return the state with nothing held against those that are about to be taken out: that alone is how they end."""
    return attrs.evolve(
        state,
        open_tasks=tuple(
            attrs.evolve(task, crashes=0, interruptions=0, payload=attrs.evolve(task.order, fault=""))
            if task.handle.sequence in gone
            else task
            for task in state.open_tasks
        ),
    )
