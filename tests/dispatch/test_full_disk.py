"""A full disk under the journal: nothing is told before it is written, nothing is lost, no deadline runs meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from actors.dispatch.core import DispatchCore
from actors.dispatch.performer import Performer
from actors.dispatch.submissions import Submission, Submissions
from actors.journal import MemoryJournal
from contracts.config import RetryPolicy, Timeouts
from contracts.errors import DiskFullError
from contracts.messages import (
    BeginBatch,
    Drain,
    GiveUp,
    LeaseTouched,
    Visited,
    VisitEnded,
    VisitOrder,
    Wake,
)
from contracts.ports import Filing, JournalEntry, Lease, LeaseGranted, OutcomeRecorded
from contracts.status import Progress
from contracts.supervision import ChildChange, ChildEvent
from contracts.tasks import POResult, TaskStatus
from tests.dispatch.driving import HOST, orders

LIMITS = Timeouts(task=60.0, inactivity=20.0)


class Journal(MemoryJournal):
    """Has room, or has none."""

    room = True

    def __init__(self) -> None:
        super().__init__()
        self.written: list[JournalEntry] = []
        self.refused = 0

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        if not self.room:
            self.refused += 1
            raise DiskFullError("no room")
        super().append(epoch, entries)
        self.written += entries


class Folder:
    """Files everything."""

    def publish(self, lease: Lease, result: POResult) -> Path:
        return Path("there")

    def discard(self, lease: Lease) -> None:
        """Nothing is there."""


@attrs.define
class Shell:
    """A performer over such a journal, one worker, and a clock."""

    journal: Journal = attrs.field(factory=Journal)
    now: float = 100.0
    told: list[VisitOrder] = attrs.field(factory=list)
    kills: list[str] = attrs.field(factory=list)
    wake: float | None = None
    core: DispatchCore = attrs.field(init=False)
    performer: Performer = attrs.field(init=False)
    shown: Progress = attrs.field(factory=Progress)
    heard: list[POResult] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.core = DispatchCore(
            epoch=self.journal.open_epoch(), state=self.journal.replay(), resumes=True, retry=RetryPolicy(jitter=False),
            timeouts=LIMITS, chance=random.Random(1), answered=(HOST,),
        )  # fmt: skip
        self.performer = Performer(
            epoch=1,
            journal=self.journal,
            filing=cast("Filing", Folder()),
            submissions=Submissions(),
            tell_worker=self._tell,
            tell_login_broker=lambda _message: None,
            ask_portal=lambda *_told: None,
            note_answered=lambda *_told: None,
            kill=lambda _worker, _generation, text: self.kills.append(text),
            recycle=lambda *_told: None,
            order_ended=lambda *_told: None,
            loss_excused=lambda *_told: None,
            wake_at=self._wake_at,
        )

    def _tell(self, _worker: str, _generation: int, message: Any) -> None:
        assert isinstance(message, VisitOrder)
        assert LeaseGranted(message.lease) in self.journal.written, "a lease is written before it is told"
        self.told.append(message)

    def _wake_at(self, when: float | None) -> None:
        self.wake = when

    def send(self, event: Any) -> None:
        """Give it one event, and look at what people see."""
        self.performer.run(self.core, event, lambda: self.now)
        self.shown = self.performer.progress(self.core, self.shown, self.now)

    def begin(self, count: int) -> None:
        """Begin a batch with one worker."""
        self.send(BeginBatch(count))
        submission = Submission("key", orders(count), self.heard.append)
        self.performer.submissions.put(submission)
        self.send(submission.message)
        self.send(ChildEvent("crew", "w1", 1, ChildChange.STARTED))
        self.send(ChildEvent("crew", "w1", 1, ChildChange.READY))

    def end_visit(self) -> None:
        """The visit in hand brings nothing, and that is its outcome."""
        lease = self.told[-1].lease
        result = POResult(lease.task, TaskStatus.NO_ATTACHMENTS)
        self.send(VisitEnded(lease, Visited(result)))

    def outcomes(self) -> Iterator[str]:
        """Yield the numbers of orders with an outcome in the journal."""
        return (entry.result.po_number for entry in self.journal.written if isinstance(entry, OutcomeRecorded))


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_what_cannot_be_written_is_not_told_and_is_written_once_there_is_room(shell: Shell) -> None:
    shell.begin(2)
    shell.journal.room = False
    shell.end_visit()
    assert len(shell.told) == 1, "no order is handed out before the outcome of the one before is written"
    assert (shell.shown.completed, shell.shown.finished) == (0, False), "nobody hears of an outcome that is not written"
    assert "there is no room on the disk for the journal" in shell.shown.pauses
    for _ in range(3):
        assert shell.wake is not None
        shell.now = shell.wake
        shell.send(Wake())
    assert shell.journal.refused == 4
    shell.journal.room = True
    shell.send(Wake())
    assert list(shell.outcomes()) == ["PO0"]
    assert [visit.lease.task.po_number for visit in shell.told] == ["PO0", "PO1"]
    assert shell.shown.pauses == ()
    shell.end_visit()
    assert (shell.shown.completed, shell.shown.finished) == (2, True)
    assert list(shell.outcomes()) == ["PO0", "PO1"]


def test_the_last_outcome_is_no_end_before_it_is_written(shell: Shell) -> None:
    shell.begin(1)
    shell.journal.room = False
    shell.end_visit()
    assert not shell.shown.finished
    shell.journal.room = True
    shell.send(Wake())
    assert shell.shown.finished


def test_events_that_come_meanwhile_are_taken_in_their_order(shell: Shell) -> None:
    shell.journal.room = False
    shell.begin(2)
    assert shell.told == []
    assert shell.journal.written == []
    shell.journal.room = True
    shell.send(Wake())
    assert [visit.lease.task.po_number for visit in shell.told] == ["PO0"]
    shell.end_visit()
    shell.end_visit()
    assert list(shell.outcomes()) == ["PO0", "PO1"]


@pytest.mark.parametrize("waited", [30.0, 10_000.0])
def test_no_deadline_runs_while_it_waits_and_nobody_is_killed_for_it(shell: Shell, waited: float) -> None:
    shell.begin(2)
    first = shell.told[-1].lease
    shell.journal.room = False
    shell.end_visit()
    shell.send(LeaseTouched(first, "late"))
    shell.now += waited
    shell.journal.room = True
    shell.send(Wake())
    assert shell.kills == []
    assert len(shell.told) == 2
    assert shell.wake is not None
    assert shell.wake == pytest.approx(shell.now + LIMITS.inactivity), "the order's time begins when it is handed out"
    shell.now = shell.wake
    shell.send(Wake())
    assert shell.kills == ["no activity for 20 seconds"], "and deadlines hold again"


@pytest.mark.parametrize("stop", [Drain("stopped by the user"), GiveUp("stopped by the user")])
def test_whoever_asks_for_the_end_does_not_wait_for_room(shell: Shell, stop: Any) -> None:
    shell.begin(2)
    shell.journal.room = False
    shell.end_visit()
    shell.send(stop)
    assert (shell.shown.finished, shell.shown.stopped_early, shell.shown.stopped_code) == (
        True, "no room", "RESOURCE_ERROR",
    )  # fmt: skip
    assert (shell.shown.completed, shell.shown.failed, shell.shown.pauses) == (0, 2, ())
    shell.journal.room = True
    shell.send(Wake())
    assert shell.shown.finished, "what was said to be the end is the end"
    assert list(shell.outcomes()) == []


def test_a_batch_that_is_being_stopped_does_not_begin_to_wait(shell: Shell) -> None:
    shell.begin(2)
    shell.send(Drain("stopped by the user"))
    shell.journal.room = False
    shell.end_visit()
    assert shell.shown.stopped_early == "no room"


def test_the_next_batch_after_a_stop_waits_again(shell: Shell) -> None:
    shell.begin(1)
    shell.send(Drain("stopped by the user"))
    shell.end_visit()
    shell.journal.room = False
    shell.send(BeginBatch(1))
    assert shell.shown.pauses
