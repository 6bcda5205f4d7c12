"""Who gets what and when: priority, places kept, hosts, stale news, recycling, pauses."""

from __future__ import annotations

import random

import attrs
import pytest

from actors.dispatch.core import DispatchCore
from contracts.errors import Blame
from contracts.messages import (
    DutyEnded,
    LeaseTouched,
    Pause,
    ProbeEnded,
    Recycle,
    Resume,
    VisitEnded,
    VisitFailed,
)
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, Drive, order, orders


def driven(count: int = 1, workers: int = 1) -> Drive:
    """A core with `count` orders and ready workers."""
    drive = Drive()
    drive.begin(orders(count))
    drive.ready(*(f"w{number}" for number in range(1, workers + 1)))
    return drive


def order_of_work(drive: Drive, worker: str = "w1") -> list[int]:
    """Complete one order after the other and return their sequence numbers."""
    worked: list[int] = []
    while not drive.is_idle(worker):
        worked.append(drive.number(worker))
        drive.complete(worker)
    return worked


def test_higher_priority_goes_first_and_equals_go_in_line() -> None:
    drive = Drive()
    drive.begin((order(0), order(1, priority=5), order(2, priority=-1), order(3, priority=5), order(4)))
    drive.ready("w1")
    assert order_of_work(drive) == [1, 3, 0, 4, 2]


def test_a_requeued_order_goes_back_to_its_own_place() -> None:
    drive = driven(4)
    drive.down("w1", ExitKind.SHUTDOWN, requested=True)
    drive.ready("w1")
    assert order_of_work(drive) == [0, 1, 2, 3]


def test_a_delayed_order_goes_before_those_behind_it_once_its_delay_is_over() -> None:
    drive = driven(4)
    drive.fail("w1")
    assert drive.number("w1") == 1
    drive.advance(1.0)
    drive.complete("w1")
    assert order_of_work(drive) == [0, 2, 3]


def test_a_late_order_of_higher_priority_goes_before_those_that_wait() -> None:
    drive = driven(3)
    drive.submit((order(3, priority=1),))
    drive.complete("w1")
    assert order_of_work(drive) == [3, 1, 2]


def test_one_worker_never_holds_two_leases() -> None:
    drive = driven(5, workers=2)
    assert [told.worker for told in drive.told] == ["w1", "w2"]
    assert (drive.progress.active, drive.progress.pending) == (2, 3)


def test_work_spreads_over_the_workers_that_have_ended_least() -> None:
    drive = driven(2, workers=2)
    drive.complete("w1")
    drive.complete("w2")
    drive.submit(orders(1, first=2))
    drive.complete("w1")
    drive.submit(orders(1, first=3))
    assert drive.number("w2") == 3


# --------------------------------------------------------------------------------------------------- stale news


def test_an_outcome_of_a_void_lease_changes_nothing_and_is_counted() -> None:
    drive = driven(1)
    old = drive.visit("w1").lease
    drive.down("w1", ExitKind.KILLED, requested=True)
    drive.ready("w1")
    drive.send(VisitEnded(old, VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="too late")))
    assert drive.outcomes == {}
    assert drive.progress.stale_outcomes == 1
    assert drive.discarded[-1].lease == old, "what it staged is dropped"
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_an_outcome_told_twice_counts_once() -> None:
    drive = driven(2)
    lease = drive.visit("w1").lease
    drive.fail("w1", Blame.ITEM)
    drive.send(VisitEnded(lease, VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="again")))
    assert (drive.progress.failed, drive.progress.stale_outcomes) == (1, 1)
    assert drive.number("w1") == 1


def test_activity_of_a_void_lease_renews_nothing() -> None:
    drive = driven(1)
    old = drive.visit("w1").lease
    drive.down("w1", ExitKind.KILLED, requested=True)
    drive.ready("w1")
    drive.send(LeaseTouched(old, "still here"))
    drive.down("w1")
    assert drive.ends_of(0)[-1].crashes == 0


def test_the_end_of_an_older_generation_takes_no_lease_away() -> None:
    drive = driven(1)
    drive.down("w1", ExitKind.KILLED, requested=True)
    drive.ready("w1")
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.DOWN))
    assert drive.progress.active == 1


def test_an_older_generation_that_reports_ready_late_takes_no_lease_away() -> None:
    drive = driven(1)
    drive.down("w1", ExitKind.HUNG)
    drive.ready("w1")
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.READY))
    drive.complete("w1")
    assert drive.progress.finished


def test_a_generation_that_reports_ready_twice_keeps_its_lease() -> None:
    drive = driven(1)
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.READY))
    assert drive.progress.active == 1
    drive.complete("w1")
    assert drive.progress.finished


def test_a_worker_that_is_ready_before_the_news_of_its_start_still_gets_work() -> None:
    drive = Drive()
    drive.generations["w1"] = 1
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.READY))
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.STARTED))
    drive.begin(orders(1))
    assert drive.number("w1") == 0


def test_a_stale_end_of_duty_frees_nobody() -> None:
    drive = driven(2)
    drive.send(DutyEnded("w1", 1))
    drive.send(DutyEnded("w1", 7))
    assert drive.number("w1") == 0
    assert drive.progress.active == 1


def test_the_answer_of_an_older_generations_probe_closes_no_circuit() -> None:
    drive = driven(1)
    drive.fail("w1", portal_up=False)
    drive.advance(5)
    drive.down("w1", ExitKind.HUNG)
    drive.ready("w1")
    drive.advance(10)
    drive.send(ProbeEnded("w1", 1, HOST, 200))
    assert drive.progress.circuits_open == (HOST,)


# ------------------------------------------------------------------------------------------------- recycling and pauses


def test_a_busy_worker_is_recycled_after_its_task_and_gets_no_other() -> None:
    drive = driven(2)
    drive.send(Recycle("w1", 1, "worn"))
    assert drive.recycles == []
    drive.complete("w1")
    assert [(recycle.worker, recycle.generation, recycle.text) for recycle in drive.recycles] == [("w1", 1, "worn")]
    assert drive.is_idle("w1")
    assert drive.progress.workers[0].state is WorkerState.DRAINING


def test_an_idle_worker_is_recycled_at_once_and_only_once() -> None:
    drive = driven(0)
    drive.send(Recycle("w1", 1, "worn"))
    drive.send(Recycle("w1", 1, "worn"))
    assert len(drive.recycles) == 1


def test_an_order_to_recycle_an_older_generation_is_ignored() -> None:
    drive = driven(1)
    drive.down("w1", ExitKind.SHUTDOWN, requested=True)
    drive.ready("w1")
    drive.send(Recycle("w1", 1, "worn"))
    drive.complete("w1")
    assert drive.recycles == []


def test_nothing_is_handed_out_while_any_reason_to_pause_lasts() -> None:
    drive = driven(2)
    drive.send(Pause("memory", "memory is short"))
    drive.send(Pause("disk", "the disk is full"))
    drive.complete("w1")
    assert set(drive.progress.pauses) == {"memory is short", "the disk is full"}
    drive.send(Resume("memory"))
    assert drive.is_idle("w1")
    drive.send(Resume("disk"))
    assert drive.number("w1") == 1


def test_the_snapshot_says_who_does_what() -> None:
    drive = driven(1)
    drive.touch("w1", "reading PO0")
    health = drive.progress.workers[0]
    assert (health.worker_id, health.state, health.po_number, health.activity) == (
        "w1",
        WorkerState.WORKING,
        "PO0",
        "reading PO0",
    )


@pytest.mark.parametrize("change", [ChildChange.RETIRED, ChildChange.STOPPED])
def test_a_slot_that_ended_for_good_gets_nothing(change: ChildChange) -> None:
    drive = driven(1, workers=2)
    drive.down("w1")
    drive.send(ChildEvent("crew", "w1", 1, change))
    assert drive.number("w2") == 0
    assert drive.progress.workers[0].state.name == change.name


def test_an_order_that_saw_the_program_end_three_times_goes_behind_all_others_but_not_alone() -> None:
    """Each such end may have been its fault; it must not keep the others from their turn."""
    before = Drive()
    before.begin(orders(3))
    state = before.journal.replay()
    first, *others = state.open_tasks
    suspected = attrs.evolve(state, open_tasks=(attrs.evolve(first, interruptions=3), *others))
    core = DispatchCore(
        epoch=2, state=suspected, resumes=True, retry=before.retry, timeouts=before.timeouts, chance=random.Random(1)
    )
    after = Drive()
    after.core, after.journal, after.epoch = core, before.journal, before.journal.open_epoch()
    after.ready("w1", "w2")
    assert [after.number("w1"), after.number("w2")] == [1, 2]
    after.complete("w1")
    assert after.number("w1") == 0
    assert not after.is_idle("w2"), "it runs beside others"


def test_the_snapshot_says_why_a_slot_was_retired() -> None:
    drive = Drive()
    drive.ready("w1")
    reason = Reason(ExitKind.CRASHED, "three browsers ended without a finished order")
    drive.send(ChildEvent("crew", "w1", 1, ChildChange.RETIRED, reason))
    assert [worker.last_error for worker in drive.progress.workers] == [reason.text]


def test_a_lease_says_where_the_list_sends_its_order() -> None:
    """The folder of an order is told by it from those of orders with the same number."""
    drive = Drive()
    drive.begin((attrs.evolve(order(0), url=f"https://{HOST}/orders/PO0?view=2"), order(1)))
    drive.ready("w1", "w2")
    assert [drive.visit(worker).lease.address for worker in ("w1", "w2")] == [f"https://{HOST}/orders/PO0?view=2", ""]
