"""A host that never answers anything: held at once, given up soon, and no burden to the orders of other hosts."""

from __future__ import annotations

import pytest

from actors.dispatch.first_answer import FirstAnswer
from actors.dispatch.silent_hosts import MOST_QUESTIONS
from actors.journal import MemoryJournal
from contracts.config import Timeouts
from contracts.errors import Blame
from contracts.messages import BeginBatch, Drain, FileArrived, LoginMet, PortalAsked
from contracts.ports import KeptFile
from contracts.tasks import TaskStatus
from tests.dispatch.driving import FILE, HOST, OTHER, Drive, order, orders

REFUSED = {
    "message": "The portal could not be reached while opening the page: ERR_CONNECTION_REFUSED.",
    "portal_up": False,
}


def beside(count: int = 2, **options: object) -> Drive:
    """A core with `count` orders of a silent host, then as many of one that answers, and one ready worker."""
    drive = Drive(**options)  # type: ignore[arg-type]  # passed on as given
    drive.silent.add(HOST)
    drive.begin((*orders(count), *orders(count, first=count, host=OTHER)))
    drive.ready("w1")
    return drive


def refuse(drive: Drive, host: str = HOST) -> None:
    """Let the last question to a host come back at once, without an answer."""
    asked = [one for one in drive.asked if one.host == host][-1]
    drive.send(PortalAsked(host, asked.question, None))


def refuse_for(drive: Drive, seconds: float) -> None:
    """Let time pass, and let every question to the silent host come back at once without an answer."""
    end = drive.now + seconds
    while drive.now < end:
        known = len(drive.asked)
        drive.advance(min(0.25, end - drive.now))
        if len(drive.asked) > known:
            refuse(drive)


def test_no_order_of_a_host_is_visited_before_the_host_was_asked() -> None:
    drive = beside()
    assert [(one.host, one.base_url) for one in drive.asked] == [(HOST, f"https://{HOST}"), (OTHER, f"https://{OTHER}")]
    assert drive.number("w1") == 2, "the worker is at the other host's first order"


def test_whoever_asks_is_no_worker_so_that_nobody_else_waits() -> None:
    drive = beside(3)
    for sequence in (3, 4, 5):
        assert drive.number("w1") == sequence
        drive.advance(4.0)
        drive.complete("w1")
    assert drive.is_idle("w1")
    assert [told.message.order.host for told in drive.told] == [OTHER] * 3  # type: ignore[union-attr]


def test_after_a_quick_no_one_order_is_visited_all_the_same_and_no_second_one() -> None:
    drive = beside()
    drive.ready("w2", "w3")
    refuse(drive)
    assert sorted(drive.number(worker) for worker in ("w1", "w2", "w3")) == [0, 2, 3]
    assert drive.progress.circuits_open == ()


def test_a_host_that_a_browser_reaches_all_the_same_is_visited_like_any_other() -> None:
    drive = Drive()
    drive.silent.add(HOST)
    drive.begin(orders(2))
    drive.ready("w1", "w2")
    refuse(drive)
    drive.complete("w1")
    assert drive.number("w2" if drive.is_idle("w1") else "w1") == 1
    assert drive.progress.pauses == ()


@pytest.mark.parametrize("resumes", [True, False])
def test_a_host_that_refuses_is_given_up_after_its_time_and_its_orders_fail_with_their_reason(resumes: bool) -> None:
    drive = Drive(resumes=resumes)
    drive.silent.add(HOST)
    drive.begin((*orders(2), *orders(2, first=2, host=OTHER)))
    drive.ready("w1")
    refuse(drive)
    assert drive.number("w1") == 2
    drive.complete("w1")
    assert drive.number("w1") == 0, "an order that may be visited keeps its place"
    drive.fail("w1", Blame.NETWORK, **REFUSED)
    assert drive.number("w1") == 3
    drive.complete("w1")
    refuse_for(drive, 29.9)
    assert not drive.is_finished()
    refuse_for(drive, 0.2)
    assert drive.is_finished()
    for sequence in (0, 1):
        told = drive.outcomes[sequence]
        assert (told.status, told.error_code, told.blame) == (TaskStatus.FAILED, "NETWORK_ERROR", Blame.NETWORK)
        assert "within 30 seconds" in told.error_message
        assert "ERR_CONNECTION_REFUSED" in told.error_message
        assert "Check the address" in told.error_message
        assert "purser retry" in told.error_message
    assert (drive.progress.stopped_early, drive.progress.stopped_code) == ("", "")
    assert drive.journal.replay().open_tasks == ()
    assert drive.progress.circuits_open == ()


def test_a_host_from_which_nothing_comes_back_is_given_up_without_a_visit() -> None:
    drive = beside(1)
    drive.complete("w1")
    drive.advance(2.0)
    assert drive.progress.circuits_open == (HOST,)
    drive.advance(29.9)
    assert not drive.progress.finished
    drive.advance(0.2)
    assert drive.outcomes[0].status is TaskStatus.FAILED
    assert f"No answer came from https://{HOST}, which was asked 4 times" in drive.outcomes[0].error_message
    assert drive.told[0].message.order.host == OTHER  # type: ignore[union-attr]
    assert len(drive.told) == 1


def test_a_dispatcher_that_was_held_up_gives_nobody_up_before_it_has_read_what_came_meanwhile() -> None:
    drive = beside(1)
    asked = next(one for one in drive.asked if one.host == HOST)
    drive.now += 100.0
    drive.complete("w1")
    assert not drive.progress.finished
    drive.send(PortalAsked(HOST, asked.question, 200))
    assert drive.number("w1") == 0


def test_a_question_that_is_lost_is_put_again_and_its_answer_counts_whenever_it_comes() -> None:
    drive = beside(1)
    drive.complete("w1")
    drive.advance(10.0)
    first, second = (one for one in drive.asked if one.host == HOST)
    assert first.question != second.question
    drive.send(PortalAsked(HOST, first.question, None))
    assert drive.is_idle("w1"), "what an older question did not bring says nothing of the newer one"
    drive.send(PortalAsked(HOST, first.question, 404))
    assert drive.number("w1") == 0


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_host_that_comes_up_is_noticed_within_seconds_and_never_given_up_afterwards(status: int) -> None:
    drive = Drive(resumes=True, timeouts=Timeouts(circuit_open=100.0))
    drive.silent.add(HOST)
    drive.begin(orders(2))
    drive.ready("w1")
    refuse(drive)
    drive.fail("w1", Blame.NETWORK, **REFUSED)
    refuse_for(drive, 20.0)
    waits = [later - sooner for sooner, later in zip(drive.ask_times[1:], drive.ask_times[2:], strict=False)]
    assert waits
    assert all(1.0 <= wait <= 5.3 for wait in waits)
    drive.advance(5.0)
    drive.send(PortalAsked(HOST, drive.asked[-1].question, status))
    assert drive.number("w1") == 0
    drive.fail("w1", Blame.NETWORK, **REFUSED)
    drive.advance(99.0)
    assert not drive.progress.finished, "an outage is waited for"
    drive.advance(1.0)
    assert "did not recover within 1 minute 40 seconds" in drive.progress.stopped_early
    assert drive.outcomes == {}


@pytest.mark.parametrize("seen", ["page", "login page", "status", "file"])
def test_whatever_came_from_a_host_makes_its_trouble_an_outage(seen: str) -> None:
    drive = Drive(resumes=True)
    drive.silent.add(HOST)
    drive.begin(orders(3))
    drive.ready("w1")
    refuse(drive)
    if seen == "page":
        drive.complete("w1")
    elif seen == "login page":
        drive.end("w1", LoginMet(0, "the login form"))
    elif seen == "status":
        drive.fail("w1", Blame.PORTAL, portal_up=False, answered=True)
    else:
        drive.send(FileArrived(KeptFile(drive.visit("w1").lease, FILE, "")))
    drive.down("w1")
    drive.advance(60.0)
    assert [result.status for result in drive.outcomes.values()] in ([], [TaskStatus.COMPLETED])
    assert HOST in drive.answered


def test_later_orders_of_a_host_that_was_given_up_fail_at_once_and_the_next_batch_tries_again() -> None:
    drive = Drive()
    drive.silent.add(HOST)
    drive.send(BeginBatch(2))
    drive.submit(orders(1))
    drive.ready("w1")
    drive.advance(33.0)
    assert drive.outcomes[0].status is TaskStatus.FAILED
    drive.submit(orders(1, first=1))
    assert drive.outcomes[1].error_message == drive.outcomes[0].error_message
    assert drive.progress.finished
    known = len(drive.asked)
    drive.begin(orders(1, first=2))
    assert len(drive.asked) == known + 1
    drive.send(PortalAsked(HOST, drive.asked[-1].question, 200))
    assert drive.number("w1") == 2


def test_a_visit_that_is_under_way_when_its_host_is_given_up_fails_with_it() -> None:
    drive = Drive()
    drive.silent.add(HOST)
    drive.begin(orders(2))
    drive.ready("w1")
    refuse(drive)
    drive.advance(40.0)
    drive.fail("w1", Blame.NETWORK, **REFUSED)
    assert [drive.outcomes[task].status for task in (0, 1)] == [TaskStatus.FAILED] * 2


def test_a_stop_asks_nobody_any_more_and_fails_nothing() -> None:
    drive = Drive(resumes=True)
    drive.silent.add(HOST)
    drive.begin(orders(2))
    drive.ready("w1")
    refuse(drive)
    drive.send(Drain("stopped"))
    known = len(drive.asked)
    drive.advance(40.0)
    drive.fail("w1", Blame.NETWORK, **REFUSED)
    assert len(drive.asked) == known
    assert drive.outcomes == {}
    assert drive.progress.stopped_early == "stopped"


def test_a_host_for_which_nothing_waits_is_not_asked() -> None:
    drive = Drive()
    drive.silent.add(HOST)
    drive.begin(orders(1))
    drive.advance(30.0)
    known = len(drive.asked)
    drive.advance(600.0)
    assert len(drive.asked) == known


def test_only_so_many_hosts_are_asked_at_once() -> None:
    drive = Drive()
    batch = tuple(order(n, host=f"host{n}.example") for n in range(MOST_QUESTIONS + 5))
    drive.silent |= {one.host for one in batch}
    drive.begin(batch)
    assert len(drive.asked) == MOST_QUESTIONS
    drive.send(PortalAsked(drive.asked[0].host, drive.asked[0].question, 200))
    assert len(drive.asked) == MOST_QUESTIONS + 1


@pytest.mark.parametrize("known_by", ["a charged visit", "the session"])
def test_a_dispatcher_that_comes_back_knows_who_had_answered(known_by: str) -> None:
    journal = MemoryJournal()
    first = Drive(journal=journal)
    first.begin(orders(2))
    first.ready("w1")
    if known_by == "a charged visit":
        first.fail("w1", Blame.NETWORK)
    second = Drive(journal=journal, answered=first.answered if known_by == "the session" else ())
    second.silent.add(HOST)
    second.ready("w1")
    assert second.asked == []
    assert second.number("w1") == 0


def test_one_question_in_vain_gives_nobody_up_however_late_it_is_noticed() -> None:
    answer = FirstAnswer(unreachable=1.0)
    answer.note_answer(answer.ask(0.0), None, 0.1)
    answer.note_failed_visit("refused", 0.2)
    assert not answer.is_given_up(100.0)
    answer.note_answer(answer.ask(100.0), None, 100.1)
    assert answer.is_given_up(100.1)


def test_a_dispatcher_that_was_busy_for_long_gives_up_no_host_whose_answer_has_come_meanwhile() -> None:
    drive = Drive()
    drive.silent.add(HOST)
    drive.begin(orders(1))
    drive.now += 60.0  # it hangs, and what came is taken in afterwards, in its order
    drive.ready("w1")
    assert drive.outcomes == {}
    drive.send(PortalAsked(HOST, drive.asked[0].question, 200))
    assert drive.number("w1") == 0
