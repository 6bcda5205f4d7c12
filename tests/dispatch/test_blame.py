"""The table of blame for logins, browsers and the machine: what each failure costs, and whom."""

from __future__ import annotations

import pytest

from actors.logins.core import LoginBook, LoginBrokerCore
from contracts.errors import Blame
from contracts.messages import (
    DutyEnded,
    HostOpened,
    HostRefused,
    HostSession,
    LogIn,
    LoginAbandoned,
    LoginEnded,
    LoginNeeded,
    LoginResult,
    LoginWanted,
    ProbePortal,
    PublishFailed,
    SessionProved,
)
from contracts.ports import Credentials
from contracts.supervision import ExitKind
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, OTHER, Drive, order, orders
from tests.dispatch.world import KnownUser

SECRET = Credentials("user", "secret")


def driven(count: int = 1, workers: int = 1, **options: object) -> Drive:
    """A core with `count` orders and ready workers."""
    drive = Drive(**options)  # type: ignore[arg-type]  # passed on as given
    drive.begin(orders(count))
    drive.ready(*(f"w{number}" for number in range(1, workers + 1)))
    return drive


# ---------------------------------------------------------------------------------------------------------------- auth


def test_the_login_page_costs_no_attempt_and_asks_for_one_login() -> None:
    drive = driven(3, workers=3)
    for worker in ("w1", "w2", "w3"):
        drive.meet_login(worker)
    assert drive.login_broker == [LoginNeeded(HOST, 0)]
    assert [drive.ends_of(task)[-1].attempts for task in range(3)] == [0, 0, 0]
    assert all(drive.is_idle(worker) for worker in ("w1", "w2", "w3")), "dispatch for that host waits"


def test_one_idle_worker_gets_the_login_and_all_go_on_with_its_session() -> None:
    drive = driven(2, workers=2)
    drive.meet_login("w1")
    drive.meet_login("w2")
    drive.send(LoginWanted(HOST, SECRET))
    busy = [told for told in drive.last.values() if isinstance(told.message, LogIn)]
    assert len(busy) == 1
    assert busy[0].message == LogIn(HOST, f"https://{HOST}", SECRET, 30.0)
    drive.open_host(1)
    idle = "w2" if busy[0].worker == "w1" else "w1"
    assert drive.visit(idle).session.version == 1
    assert drive.number(idle) == 0


def test_a_login_on_one_host_pauses_no_other() -> None:
    drive = Drive()
    drive.begin((order(0), order(1, host=OTHER)))
    drive.ready("w1")
    drive.meet_login("w1")
    assert drive.number("w1") == 1


def test_a_login_page_seen_with_an_old_session_asks_for_no_second_login() -> None:
    drive = driven(2, workers=2)
    drive.meet_login("w1")
    drive.open_host(1)
    drive.meet_login("w2")
    assert drive.login_broker == [LoginNeeded(HOST, 0)]
    assert drive.visit("w2").session.version == 1


def test_the_first_login_of_a_run_may_end_over_an_order_without_failing_it() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.open_host(1)
    drive.meet_login("w1")
    assert drive.login_broker == [LoginNeeded(HOST, 0), LoginNeeded(HOST, 1)]
    drive.open_host(2)
    drive.complete("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.COMPLETED, 1)


def test_a_saved_login_that_has_expired_is_not_held_against_an_order() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.send(HostOpened(HostSession(HOST, 1, (), verified=False)))
    drive.meet_login("w1")
    drive.open_host(2)
    drive.meet_login("w1")
    drive.open_host(3)
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_the_login_page_after_two_verified_logins_fails_the_order() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.open_host(1)
    drive.meet_login("w1")
    drive.open_host(2)
    drive.meet_login("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].error_code) == (TaskStatus.FAILED, "AUTH_ERROR")
    assert drive.outcomes[0].attempts == 0


def test_an_order_that_has_been_read_may_meet_two_more_logins_that_end() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.open_host(1)
    drive.meet_login("w1")
    drive.open_host(2)
    drive.complete("w1", TaskStatus.PARTIAL, retry_worthwhile=True)
    drive.advance(60.0)
    drive.meet_login("w1")
    assert drive.login_broker[-1] == LoginNeeded(HOST, 2)
    drive.open_host(3)
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_two_orders_without_rights_fail_and_stop_nobody_else() -> None:
    """A host is given up after some logins that prove nothing; these orders alone must not get it there."""
    drive, login_broker, without_rights = driven(6), LoginBrokerCore(KnownUser(), LoginBook()), {0, 1}
    while not drive.progress.finished:
        while drive.login_broker:
            for answer in login_broker.handle(drive.login_broker.pop(0)):
                drive.send(answer)
        message = drive.last["w1"].message
        if isinstance(message, LogIn):
            del drive.last["w1"]
            drive.login_broker.append(LoginEnded(HOST, LoginResult.LOGGED_IN))
            drive.send(DutyEnded("w1", drive.generations["w1"]))
        elif drive.visit("w1").session.version == 0 or drive.number("w1") in without_rights:
            drive.meet_login("w1")
        else:
            drive.complete("w1")
    ended = [drive.outcomes[number].status for number in range(6)]
    assert ended == [TaskStatus.FAILED] * 2 + [TaskStatus.COMPLETED] * 4


def test_a_refused_host_gives_back_its_orders_and_no_others() -> None:
    drive = Drive()
    drive.begin((order(0), order(1), order(2, host=OTHER)))
    drive.ready("w1")
    drive.meet_login("w1")
    drive.send(HostRefused(HOST, "no password"))
    assert [drive.outcomes[task].status for task in (0, 1)] == [TaskStatus.CANCELLED] * 2
    assert (drive.outcomes[0].error_code, drive.outcomes[0].error_message) == ("AUTH_ERROR", "no password")
    drive.complete("w1")
    assert drive.progress.finished
    assert drive.progress.stopped_early == "no password"


def test_orders_submitted_for_a_refused_host_are_given_back() -> None:
    drive = driven(1)
    drive.send(HostRefused(HOST, "no password"))
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED, "what was in work may end"


@pytest.mark.parametrize("how", ["portal", "browser", "machine", "some files", "login"])
def test_an_order_in_work_when_its_host_is_refused_still_ends(how: str) -> None:
    drive = driven(1)
    drive.send(HostRefused(HOST, "no password"))
    match how:
        case "portal":
            drive.fail("w1")
        case "browser":
            drive.crash("w1")
        case "machine":
            drive.fail("w1", Blame.MACHINE)
        case "some files":
            drive.complete("w1", TaskStatus.PARTIAL, retry_worthwhile=True)
        case _:
            drive.meet_login("w1")
    drive.advance(100)
    assert drive.progress.finished
    assert drive.outcomes[0].status in (TaskStatus.CANCELLED, TaskStatus.PARTIAL)


def test_a_worker_that_dies_in_a_login_gives_it_back_to_the_login_broker() -> None:
    drive = driven(1, workers=1)
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, SECRET))
    drive.down("w1")
    assert drive.login_broker[-1] == LoginAbandoned(HOST)


def test_a_login_that_dies_while_another_worker_probes_the_same_host_is_given_back_too() -> None:
    drive = driven(2, workers=2)
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, SECRET))
    drive.fail("w2", portal_up=False)
    drive.advance(5)
    assert isinstance(drive.last["w2"].message, ProbePortal)
    drive.down("w1")
    assert drive.login_broker[-1] == LoginAbandoned(HOST)


def test_a_login_that_takes_too_long_has_its_browser_killed_once() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, SECRET))
    drive.advance(34.9)
    assert drive.kills == []
    drive.advance(100)
    assert [kill.worker for kill in drive.kills] == ["w1"]


def test_the_login_broker_is_told_once_that_a_login_works() -> None:
    drive = driven(3)
    drive.complete("w1")
    assert drive.login_broker == [], "without a login nothing is proved"
    drive.meet_login("w1")
    drive.open_host(1)
    drive.complete("w1")
    drive.complete("w1")
    assert drive.login_broker.count(SessionProved(HOST, 1)) == 1


# ------------------------------------------------------------------------------------------------------------- browser


def test_a_browser_that_dies_by_itself_is_charged_to_the_order_it_was_seen_alive_with() -> None:
    drive = driven(1)
    drive.crash("w1")
    assert drive.ends_of(0)[-1].crashes == 1
    assert drive.number("w1") == 0, "the order went back to its place"
    assert drive.progress.crashes == 1


def test_a_browser_that_was_not_seen_alive_with_the_order_charges_nothing() -> None:
    drive = driven(1)
    drive.down("w1")
    assert drive.ends_of(0)[-1].crashes == 0


@pytest.mark.parametrize("kind", [ExitKind.SHUTDOWN, ExitKind.KILLED, ExitKind.CRASHED])
def test_an_end_that_a_supervisor_ordered_charges_nothing(kind: ExitKind) -> None:
    drive = driven(1)
    drive.touch("w1")
    drive.down("w1", kind, requested=True)
    assert drive.ends_of(0)[-1].crashes == 0
    assert drive.progress.crashes == 0


def test_an_end_at_a_deadline_is_charged_although_it_was_ordered() -> None:
    drive = driven(1)
    drive.touch("w1")
    drive.advance(90)
    assert [kill.text for kill in drive.kills] == ["no activity for 1 minute 30 seconds"]
    drive.down("w1", ExitKind.KILLED, requested=True)
    assert drive.ends_of(0)[-1].crashes == 1


def test_an_order_that_cost_two_browsers_runs_alone_on_a_fresh_one_after_everything_else() -> None:
    drive = driven(4)
    drive.crash("w1")
    drive.crash("w1")
    for expected in (1, 2, 3):
        assert drive.number("w1") == expected
        drive.complete("w1")
    assert drive.is_idle("w1")
    assert [recycle.worker for recycle in drive.recycles] == ["w1"], "the browser that has worked is replaced first"
    drive.down("w1", ExitKind.SHUTDOWN, requested=True)
    drive.ready("w1")
    assert drive.number("w1") == 0
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_nothing_runs_beside_an_order_that_runs_alone() -> None:
    drive = driven(1)
    drive.crash("w1")
    drive.crash("w1")
    assert drive.number("w1") == 0
    drive.ready("w2")
    drive.submit(orders(2, first=1))
    assert drive.is_idle("w2")
    drive.complete("w1")
    assert {drive.number("w1"), drive.number("w2")} == {1, 2}


def test_an_order_does_not_start_alone_while_another_lease_is_in_hand() -> None:
    drive = driven(2, workers=2)
    drive.crash("w1")
    drive.crash("w1")
    assert drive.is_idle("w1"), "w2 still works"
    drive.complete("w2")
    assert drive.number("w1") == 0


def test_a_third_lost_browser_quarantines_the_order() -> None:
    drive = driven(1)
    for _ in range(3):
        drive.crash("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].error_code) == (TaskStatus.QUARANTINED, "SESSION_ERROR")
    assert drive.outcomes[0].blame is Blame.BROWSER
    assert drive.is_idle("w1")


@pytest.mark.parametrize("blame", [Blame.BROWSER, Blame.PROGRAM])
def test_failures_blamed_on_the_browser_end_in_quarantine_too(blame: Blame) -> None:
    drive = driven(1)
    for _ in range(3):
        drive.fail("w1", blame, code="SESSION_ERROR")
        if drive.is_idle("w1"):
            drive.down("w1", ExitKind.SHUTDOWN, requested=True)
            drive.ready("w1")
    assert drive.outcomes[0].status is TaskStatus.QUARANTINED


# ---------------------------------------------------------------------------------------------------------------- host


def test_trouble_of_the_machine_pauses_dispatch_and_charges_nobody() -> None:
    drive = driven(2)
    drive.fail("w1", Blame.MACHINE, code="RESOURCE_ERROR", message="the disk is full")
    assert list(drive.progress.pauses) == ["the disk is full"]
    assert drive.is_idle("w1")
    assert (drive.ends_of(0)[-1].attempts, drive.ends_of(0)[-1].crashes) == (0, 0)
    drive.advance(5)
    assert list(drive.progress.pauses) == []
    assert drive.number("w1") == 0


def test_files_that_could_not_be_moved_are_the_machines_fault() -> None:
    drive = driven(1)
    drive.publish_failures.append(PublishFailed(drive.visit("w1").lease, "the disk is full"))
    drive.complete("w1")
    assert drive.outcomes == {}
    assert drive.ends_of(0)[-1].attempts in (0, 1)
    drive.advance(5)
    drive.complete("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.COMPLETED, 1)


def test_the_attempt_is_given_back_in_the_journal_when_files_could_not_be_moved() -> None:
    drive = driven(1)
    drive.publish_failures.append(PublishFailed(drive.visit("w1").lease, "the disk is full"))
    drive.complete("w1")
    assert drive.ends_of(0)[-1].attempts == 0
    assert drive.journal.replay().open_tasks[0].attempts == 0


# ---------------------------------------------------------------------------------------------- some of the files only


def test_a_visit_that_may_bring_more_is_repeated_and_the_last_one_counts() -> None:
    drive = driven(1)
    for _ in range(2):
        drive.complete("w1", TaskStatus.PARTIAL, retry_worthwhile=True)
        assert drive.published == []
        drive.advance(60)
    drive.complete("w1", TaskStatus.PARTIAL, retry_worthwhile=True)
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.PARTIAL, 3)
    assert len(drive.published) == 1


def test_an_order_without_attachments_is_recorded_without_publishing() -> None:
    drive = driven(1)
    drive.complete("w1", TaskStatus.NO_ATTACHMENTS)
    assert drive.published == []
    assert drive.progress.completed == 1


def test_a_login_with_the_number_of_the_one_before_it_lets_dispatch_go_on() -> None:
    """A login broker that came back counts anew, and may give a number again that a saved login had."""
    drive = driven(1)
    drive.meet_login("w1")
    drive.send(HostOpened(HostSession(HOST, 1, (), verified=False)))
    drive.meet_login("w1")
    assert drive.is_idle("w1")
    drive.open_host(1)
    assert drive.visit("w1").session == HostSession(HOST, 1)
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_two_login_pages_with_one_login_fail_no_order() -> None:
    drive = driven(1)
    drive.meet_login("w1")
    for _ in range(3):
        drive.open_host(1)
        drive.meet_login("w1")
    assert drive.outcomes == {}
    drive.open_host(2)
    drive.complete("w1")
    assert drive.outcomes[0].status is TaskStatus.COMPLETED


def test_an_order_that_cost_two_browsers_waits_for_those_that_wait_for_their_retry() -> None:
    drive = driven(2)
    drive.crash("w1")
    drive.crash("w1")
    assert drive.number("w1") == 1
    drive.fail("w1")
    assert drive.is_idle("w1")
    drive.advance(drive.retry.base_delay)
    assert drive.number("w1") == 1
    drive.complete("w1")
    drive.ready("w1")
    assert drive.number("w1") == 0
