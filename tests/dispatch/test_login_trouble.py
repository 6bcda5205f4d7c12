"""A portal that is in trouble over its login is waited for; nobody is charged, and the wait has an end."""

from __future__ import annotations

from contracts.config import Timeouts
from contracts.errors import Blame
from contracts.messages import (
    DutyEnded,
    HostRefused,
    HostTroubled,
    LogIn,
    LoginNeeded,
    LoginWanted,
    ProbePortal,
    VisitOrder,
)
from contracts.ports import Credentials
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, Drive, orders

SECRET = Credentials("user", "secret")
TROUBLE = HostTroubled(HOST, "The login answered HTTP 502.")


def met(**options: object) -> Drive:
    """A core whose only worker has met the login page over the first of two orders, and was told to log in."""
    drive = Drive(**options)  # type: ignore[arg-type]  # passed on as given
    drive.begin(orders(2))
    drive.ready("w1")
    log_in(drive)
    return drive


def log_in(drive: Drive) -> None:
    """Meet the login page and be told to log in."""
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, SECRET))
    assert isinstance(drive.last["w1"].message, LogIn)


def end_in_trouble(drive: Drive) -> None:
    """End the login in hand: the portal is in trouble."""
    del drive.last["w1"]
    drive.send(TROUBLE)
    drive.send(DutyEnded("w1", 1))


def test_orders_wait_until_the_portal_answers_and_then_the_login_is_asked_for_again() -> None:
    drive = met()
    end_in_trouble(drive)
    assert drive.is_idle("w1")
    assert drive.progress.circuits_open == (HOST,)
    drive.advance(5.0)
    assert isinstance(drive.last["w1"].message, ProbePortal)
    drive.answer_probes(200)
    drive.send(DutyEnded("w1", 1))
    assert isinstance(drive.last["w1"].message, VisitOrder)
    drive.meet_login("w1")
    assert drive.login_broker == [LoginNeeded(HOST, 0)] * 2
    assert drive.outcomes == {}


def test_a_worker_that_meets_the_login_page_while_the_portal_is_in_trouble_asks_for_no_login() -> None:
    drive = Drive()
    drive.begin(orders(2))
    drive.ready("w1", "w2")
    drive.meet_login("w1")
    drive.send(LoginWanted(HOST, SECRET))
    end_in_trouble(drive)
    drive.meet_login("w2")
    assert drive.login_broker == [LoginNeeded(HOST, 0)]
    drive.advance(5.0)
    drive.answer_probes(200)
    for worker in ("w1", "w2"):
        drive.send(DutyEnded(worker, 1))
    drive.meet_login("w1")
    assert drive.login_broker == [LoginNeeded(HOST, 0)] * 2


def test_a_login_that_stays_in_trouble_while_the_base_answers_ends_the_run_after_the_limit() -> None:
    drive = met(timeouts=Timeouts(circuit_open=60.0))
    for _ in range(30):
        end_in_trouble(drive)
        if drive.progress.finished:
            break
        drive.advance(5.0)
        drive.answer_probes(200)
        drive.send(DutyEnded("w1", 1))
        log_in(drive)
    assert 60.0 <= drive.now - 100.0 <= 70.0
    assert "HTTP 502" in drive.progress.stopped_early
    assert {outcome.blame for outcome in drive.outcomes.values()} == {Blame.PORTAL}


def test_a_refusal_for_the_portals_trouble_is_no_wrong_password() -> None:
    drive = met()
    del drive.last["w1"]
    drive.send(HostRefused(HOST, "The portal is in trouble.", Blame.PORTAL))
    assert drive.progress.stopped_code == "NETWORK_ERROR"
    told = {(one.status, one.error_code, one.blame) for one in drive.outcomes.values()}
    assert told == {(TaskStatus.CANCELLED, "NETWORK_ERROR", Blame.PORTAL)}
