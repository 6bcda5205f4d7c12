"""A page that was not recognised is looked at once more, later, before its order fails."""

from __future__ import annotations

import pytest

from contracts.config import RetryPolicy
from contracts.errors import Blame
from contracts.messages import Drain, GiveUp
from contracts.tasks import TaskStatus
from tests.dispatch.driving import Drive, order, orders


def driven(count: int = 1, **options: object) -> Drive:
    """A core with `count` orders and one ready worker."""
    drive = Drive(**options)  # type: ignore[arg-type]  # passed on as given
    drive.begin(orders(count))
    drive.ready("w1")
    return drive


def not_recognised(drive: Drive, evidence: tuple[str, ...] = ()) -> None:
    """Let the visit in hand end at a page that nobody knows."""
    drive.fail("w1", Blame.ITEM, code="WORKER_ERROR", look_again=True, evidence=evidence)


def test_the_order_goes_back_to_its_place_for_a_second_visit_after_the_delay() -> None:
    drive = driven(2, retry=RetryPolicy(jitter=False, base_delay=4.0))
    not_recognised(drive)
    assert (drive.ends_of(0)[-1].attempts, drive.ends_of(0)[-1].blame) == (1, Blame.ITEM)
    assert drive.number("w1") == 1
    drive.complete("w1")
    drive.advance(3.9)
    assert drive.is_idle("w1")
    drive.advance(0.1)
    assert drive.number("w1") == 0
    drive.complete("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.COMPLETED, 2)


def test_the_second_time_it_fails_with_the_evidence_of_that_time() -> None:
    drive = driven()
    not_recognised(drive, ("first",))
    drive.advance(60.0)
    not_recognised(drive, ("second",))
    outcome = drive.outcomes[0]
    assert (outcome.status, outcome.attempts, outcome.evidence) == (TaskStatus.FAILED, 2, ("second",))
    assert len(drive.told) == 2


def test_what_is_certain_is_not_looked_at_again() -> None:
    drive = driven()
    drive.fail("w1", Blame.ITEM, code="PO_NOT_FOUND", not_found=True)
    assert drive.outcomes[0].status is TaskStatus.PO_NOT_FOUND


def test_a_failure_of_the_portal_before_does_not_take_the_second_look_away() -> None:
    drive = driven()
    drive.fail("w1")
    drive.advance(60.0)
    not_recognised(drive)
    assert drive.outcomes == {}
    drive.advance(60.0)
    not_recognised(drive)
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.FAILED, 3)


def test_no_order_is_visited_more_often_than_the_limit_for_it() -> None:
    drive = Drive(retry=RetryPolicy(max_attempts=3, jitter=False))
    drive.begin((order(0, retry_count=2),))
    drive.ready("w1")
    not_recognised(drive)
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.FAILED, 3)


def test_the_first_look_is_remembered_by_a_dispatcher_that_comes_after() -> None:
    drive = driven()
    not_recognised(drive)
    after = Drive(journal=drive.journal, now=drive.now)
    after.ready("w1")
    not_recognised(after)
    assert (after.outcomes[0].status, after.outcomes[0].attempts) == (TaskStatus.FAILED, 2)


def test_while_the_run_drains_nothing_is_looked_at_again() -> None:
    drive = driven()
    drive.send(Drain("stopped"))
    not_recognised(drive)
    assert drive.outcomes[0].status is TaskStatus.FAILED


@pytest.mark.parametrize("event", [Drain("stopped"), GiveUp("stopped")])
def test_an_order_that_waits_for_its_second_look_when_the_run_stops_is_left_for_the_next_run(event: object) -> None:
    drive = driven(resumes=True)
    not_recognised(drive)
    drive.send(event)  # type: ignore[arg-type]  # one of the two
    assert drive.progress.finished
    assert drive.outcomes == {}
    assert [task.attempts for task in drive.journal.replay().open_tasks] == [1]
