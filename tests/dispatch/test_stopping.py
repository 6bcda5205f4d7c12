"""Drain and give up: what is in work, what is given back, and that a later batch starts clean."""

from __future__ import annotations

import pytest

from contracts.errors import Blame
from contracts.messages import Drain, GiveUp, PublishFailed, VisitEnded, VisitFailed
from contracts.tasks import TaskStatus
from tests.dispatch.driving import Drive, orders


def driven(count: int = 3, *, workers: int = 1, resumes: bool = False) -> Drive:
    """A core with orders and ready workers."""
    drive = Drive(resumes=resumes)
    drive.begin(orders(count))
    drive.ready(*(f"w{number}" for number in range(1, workers + 1)))
    return drive


def test_draining_lets_the_leases_in_hand_end_and_hands_out_nothing_more() -> None:
    drive = driven()
    drive.send(Drain("interrupted"))
    assert not drive.progress.finished
    drive.complete("w1")
    assert drive.is_idle("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED
    assert [drive.outcomes[task].status for task in (1, 2)] == [TaskStatus.CANCELLED] * 2
    assert drive.outcomes[1].error_code == "POOL_SHUTDOWN"
    assert (drive.progress.finished, drive.progress.stopped_early) == (True, "interrupted")


def test_draining_leaves_the_rest_open_in_a_journal_that_resumes() -> None:
    drive = driven(resumes=True)
    drive.send(Drain("interrupted"))
    drive.complete("w1")
    assert drive.progress.finished
    assert (drive.progress.completed, drive.progress.failed) == (1, 2)
    assert [task.handle.sequence for task in drive.journal.replay().open_tasks] == [1, 2]


def test_draining_twice_is_draining_once() -> None:
    drive = driven()
    drive.send(Drain("first"))
    drive.send(Drain("second"))
    drive.complete("w1")
    assert drive.progress.stopped_early == "first"


def test_giving_up_voids_every_lease_at_once() -> None:
    drive = driven(workers=2)
    late = drive.visit("w1").lease
    drive.send(GiveUp("forced"))
    assert drive.progress.finished
    assert drive.progress.active == 0
    assert {result.status for result in drive.outcomes.values()} == {TaskStatus.CANCELLED}
    drive.send(VisitEnded(late, VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="late")))
    assert len(drive.outcomes) == 3
    assert drive.progress.stale_outcomes == 1


def test_a_worker_whose_lease_was_given_up_works_again_in_the_next_batch() -> None:
    drive = driven(1)
    late = drive.visit("w1").lease
    drive.send(GiveUp("forced"))
    drive.last.clear()
    drive.send(VisitEnded(late, VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="late")))
    drive.begin(orders(1, first=1))
    assert drive.number("w1") == 1


def test_orders_that_come_while_draining_are_given_back() -> None:
    drive = driven(1)
    drive.send(Drain("interrupted"))
    drive.complete("w1")
    drive.submit(orders(2, first=1))
    assert [drive.outcomes[task].status for task in (1, 2)] == [TaskStatus.CANCELLED] * 2


@pytest.mark.parametrize("resumes", [True, False])
def test_a_browser_that_dies_while_draining_gives_its_order_back(resumes: bool) -> None:
    drive = driven(1, resumes=resumes)
    drive.send(Drain("interrupted"))
    drive.crash("w1")
    assert drive.progress.finished
    if resumes:
        assert drive.journal.replay().open_tasks[0].crashes == 1
    else:
        assert drive.outcomes[0].status is TaskStatus.CANCELLED


def test_a_portal_failure_while_draining_leaves_the_order_to_the_next_run() -> None:
    drive = driven(1, resumes=True)
    drive.send(Drain("interrupted"))
    drive.fail("w1")
    assert drive.progress.finished
    assert drive.journal.replay().open_tasks[0].attempts == 1


def test_the_next_batch_starts_clean_after_a_drain() -> None:
    drive = driven(1)
    drive.send(Drain("interrupted"))
    drive.complete("w1")
    drive.begin(orders(1, first=1))
    assert drive.progress.stopped_early == ""
    drive.complete("w1")
    assert drive.outcomes[1].status is TaskStatus.COMPLETED


def test_an_order_that_misses_some_files_ends_with_what_it_has_while_draining() -> None:
    drive = driven(1)
    drive.send(Drain("interrupted"))
    drive.complete("w1", TaskStatus.PARTIAL, retry_worthwhile=True)
    assert drive.outcomes[0].status is TaskStatus.PARTIAL
    assert drive.progress.finished


def test_a_folder_that_was_replaced_ends_the_run_and_loses_no_order() -> None:
    """No waiting puts it right; nobody is charged, and all orders can be resumed."""
    drive = driven(4, workers=2, resumes=True)
    drive.fail("w1", Blame.MACHINE, ends_run=True, message="another folder")
    assert drive.is_idle("w1"), "nothing more is handed out"
    drive.fail("w2", Blame.MACHINE, message="the same trouble, told as such")
    assert drive.progress.stopped_early == "another folder"
    drive.advance(60.0)
    assert drive.is_idle("w1")
    assert drive.is_idle("w2")
    assert not drive.outcomes, "all can be resumed"
    assert all(entry.attempts == 0 for place in range(2) for entry in drive.ends_of(place))


def test_files_that_find_their_folder_replaced_end_the_run() -> None:
    drive = driven(2, resumes=True)
    drive.publish_failures.append(PublishFailed(drive.visit("w1").lease, "another folder", ends_run=True))
    drive.complete("w1")
    assert drive.progress.stopped_early == "another folder"
    assert drive.is_idle("w1")
    assert not drive.outcomes
