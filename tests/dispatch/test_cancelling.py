"""Taking orders out of a batch: those that wait, and those that are worked on."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from actors.dispatch.settling import settle
from actors.dispatch.submissions import Submissions
from actors.journal import MemoryJournal
from actors.leasing import ExcuseLoss
from actors.monitor.core import MonitorCore, TellCrew
from contracts.config import ResourceLimits
from contracts.errors import Blame
from contracts.messages import BeginBatch, Cancel, Drain, LossExcused, VisitEnded, VisitFailed
from contracts.ports import BatchBegun, OutcomeRecorded
from contracts.supervision import ChildChange, ChildEvent, Decision, ExitKind, Reason, RestartAsked, Verdict
from contracts.tasks import TaskStatus
from tests.dispatch.driving import Drive, accepted, order, orders


def begun(count: int, *workers: str) -> Drive:
    """A batch whose first orders are worked on."""
    drive = Drive()
    drive.send(BeginBatch(count))
    drive.submit(orders(count))
    for worker in workers:
        drive.ready(worker)
    return drive


def test_an_order_that_waits_ends_as_cancelled_and_the_others_go_on() -> None:
    drive = begun(3, "w1")
    drive.send(Cancel((1,), "nobody wants it", "POOL_SHUTDOWN"))
    gone = drive.outcomes[1]
    assert (gone.status, gone.error_message, gone.error_code) == (
        TaskStatus.CANCELLED,
        "nobody wants it",
        "POOL_SHUTDOWN",
    )
    assert (gone.blame, gone.attempts) == (None, 0)
    drive.complete("w1")
    assert drive.visit("w1").lease.task.sequence == 2
    drive.complete("w1")
    assert drive.progress.finished
    assert (drive.progress.completed, drive.progress.failed) == (2, 1)


def test_an_order_that_is_worked_on_is_cancelled_at_once_and_its_browser_killed() -> None:
    drive = begun(2, "w1")
    lease = drive.visit("w1").lease
    drive.send(Cancel((0,), "nobody wants it", "POOL_SHUTDOWN"))
    assert drive.outcomes[0].status is TaskStatus.CANCELLED
    assert [(kill.worker, kill.text) for kill in drive.kills] == [("w1", "nobody wants it")]
    assert lease in {effect.lease for effect in drive.discarded}
    drive.send(VisitEnded(lease, VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="too late")))
    assert drive.progress.stale_outcomes == 1, "what still comes of it changes nothing"
    assert drive.progress.active == 0, "and the worker that is being killed gets nothing more"
    drive.down("w1", ExitKind.KILLED, requested=True)
    drive.ready("w1")
    assert drive.visit("w1").lease.task.sequence == 1
    assert drive.progress.crashes == 0, "nobody is charged for it"


def test_an_order_that_has_ended_or_never_was_is_passed_over() -> None:
    drive = begun(2, "w1")
    drive.complete("w1")
    entries = len(drive.entries)
    drive.send(Cancel((0, 77), "too late", "POOL_SHUTDOWN"))
    assert drive.outcomes[0].status is not TaskStatus.CANCELLED
    assert not [one for one in drive.entries[entries:] if isinstance(one, OutcomeRecorded)]


def test_many_are_cancelled_in_one_transaction() -> None:
    drive = begun(100)
    drive.send(Cancel(tuple(range(100)), "no more", "POOL_SHUTDOWN"))
    assert len(drive.outcomes) == 100
    assert drive.progress.finished


@pytest.mark.parametrize("how", ["delayed", "suspect"])
def test_wherever_it_waits_a_cancelled_order_is_never_given_out(how: str) -> None:
    drive = begun(2, "w1")
    for _ in range(2 if how == "suspect" else 0):
        drive.touch("w1")
        drive.down("w1")
        drive.ready("w1")
        if drive.visit("w1").lease.task.sequence:
            drive.complete("w1")
    if how == "delayed":
        drive.fail("w1", Blame.NETWORK, portal_up=True)
    leasing = drive.core._leasing
    assert leasing.tasks[0].lease is None, "it waits"
    assert (leasing.queue.next_due() is not None) is (how == "delayed")
    drive.send(Cancel((0,), "nobody wants it", "POOL_SHUTDOWN"))
    assert drive.outcomes[0].status is TaskStatus.CANCELLED
    assert leasing.queue.next_due() is None, "nobody waits for it any more"
    if how == "delayed":
        assert drive.visit("w1").lease.task.sequence == 1
        drive.complete("w1")
    drive.advance(3600)
    assert len(leasing.queue) == 0
    assert leasing.times() == (), "there is nothing left to wait for"
    assert drive.is_idle("w1")
    assert drive.progress.finished


def test_a_cancelled_order_is_not_given_back_by_a_stop() -> None:
    drive = begun(3)
    drive.send(Cancel((1,), "nobody wants it", "POOL_SHUTDOWN"))
    drive.send(Drain("the end"))
    assert {sequence: one.error_message for sequence, one in drive.outcomes.items()} == {
        0: "the end", 1: "nobody wants it", 2: "the end"
    }  # fmt: skip


def test_without_any_worker_a_list_that_became_shorter_is_written_down() -> None:
    journal = MemoryJournal()
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 3), *(accepted(place) for place in range(3))))
    settle(journal, Submissions(), (BeginBatch(2, continues=True), Cancel((1,), "taken out", "CONFIG_ERROR")))
    state = journal.replay()
    assert [task.handle.sequence for task in state.open_tasks] == [0, 2]
    assert (state.batch_total, state.batch_failed) == (2, 1)
    (gone,) = journal.results(1, 1)
    assert (gone.status, gone.error_message, gone.error_code) == (TaskStatus.CANCELLED, "taken out", "CONFIG_ERROR")


@pytest.mark.parametrize(
    "charged", [{"interruptions": 6}, {"crashes": 3}, {"payload": order(1, fault="no number")}], ids=" ".join
)
def test_what_is_taken_out_ends_as_cancelled_whatever_was_held_against_it(charged: dict[str, Any]) -> None:
    journal = MemoryJournal()
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 2), accepted(0), accepted(1)))
    journal._open[1] = attrs.evolve(journal._open[1], **charged)
    settle(journal, Submissions(), (BeginBatch(2, continues=True), Cancel((1,), "taken out", "CONFIG_ERROR")))
    (gone,) = journal.results(1, 1)
    assert (gone.status, gone.error_message) == (TaskStatus.CANCELLED, "taken out")


def test_orders_that_are_cancelled_again_and_again_cost_no_slot() -> None:
    """Whoever had one in hand is killed for it, and that is not held against him."""
    drive = begun(9, "w1")
    monitor = MonitorCore(ResourceLimits(max_restart_attempts=3))
    for place in range(6):
        generation = drive.generations["w1"]
        monitor.handle(ChildEvent("crew", "w1", generation, ChildChange.READY), drive.now)
        effects = drive.send(Cancel((place,), "not wanted"))
        excused = [one for one in effects if isinstance(one, ExcuseLoss)]
        assert excused == [ExcuseLoss("w1", generation)]
        reason = Reason(ExitKind.KILLED, "not wanted")
        asked = RestartAsked("crew", "w1", generation, reason, planned=False)
        monitor.handle(LossExcused("w1", generation), drive.now)
        (verdict,) = monitor.handle(asked, drive.now)
        assert isinstance(verdict, TellCrew)
        assert isinstance(verdict.message, Verdict)
        assert verdict.message.decision is Decision.LET_GO
        drive.down("w1", ExitKind.KILLED, requested=True)
        drive.ready("w1")
    assert drive.number("w1") == 6
