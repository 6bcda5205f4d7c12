"""Cookies that the portal renews during an order reach the other workers with their next one."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from contracts.messages import HostOpened, HostSession, LoginNeeded, SessionRenewed, Visited
from contracts.ports import Cookie
from contracts.tasks import POResult, TaskStatus
from tests.dispatch.driving import HOST, Drive, orders

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
SID = Cookie("sid", "old", HOST)
TOKEN = Cookie("token", "t", HOST)


def driven(*workers: str) -> Drive:
    """Orders in work under a first login."""
    drive = Drive()
    drive.begin(orders(9))
    drive.ready("w1")
    drive.meet_login("w1")
    drive.send(HostOpened(HostSession(HOST, 1, (SID, TOKEN))))
    drive.ready(*workers)
    return drive


def renew(drive: Drive, worker: str, *cookies: Cookie) -> None:
    """End the worker's visit, during which the portal set these cookies."""
    result = POResult(drive.visit(worker).lease.task, TaskStatus.NO_ATTACHMENTS, finished_at=EPOCH)
    drive.end(worker, Visited(result, renewed=cookies))


def test_a_renewed_cookie_takes_the_place_of_the_old_one_for_the_next_visits() -> None:
    drive = driven("w2")
    fresh = attrs.evolve(SID, value="new")
    renew(drive, "w1", fresh)
    session = drive.visit("w1").session
    assert (session.version, session.renewals, set(session.cookies)) == (1, 1, {fresh, TOKEN})
    assert SessionRenewed(session) in drive.login_broker
    renew(drive, "w2")
    assert drive.visit("w2").session == session


def test_cookies_of_another_path_or_name_are_added_and_expired_ones_dropped() -> None:
    drive = driven()
    other = Cookie("sid", "x", HOST, "/files")
    gone = attrs.evolve(TOKEN, expires=EPOCH.timestamp() - 1)
    renew(drive, "w1", other, gone)
    assert set(drive.visit("w1").session.cookies) == {SID, other}


def test_what_changes_nothing_counts_for_nothing() -> None:
    drive = driven()
    renew(drive, "w1", SID)
    assert drive.visit("w1").session.renewals == 0
    assert not any(isinstance(one, SessionRenewed) for one in drive.login_broker)


def test_what_was_renewed_of_an_older_login_changes_nothing_and_a_new_login_begins_anew() -> None:
    drive = driven("w2")
    renew(drive, "w1", attrs.evolve(SID, value="renewed"))
    newer = HostSession(HOST, 2, (attrs.evolve(SID, value="second login"),))
    drive.send(HostOpened(newer))
    renew(drive, "w2", attrs.evolve(SID, value="late"))
    assert drive.visit("w2").session == newer


def test_a_login_broker_that_has_not_heard_of_it_takes_nothing_back() -> None:
    drive = driven()
    renew(drive, "w1", attrs.evolve(SID, value="new"))
    session = drive.visit("w1").session
    drive.send(HostOpened(HostSession(HOST, 1, (SID, TOKEN))))
    renew(drive, "w1")
    assert drive.visit("w1").session == session


def test_the_login_page_with_cookies_that_were_renewed_meanwhile_is_tried_once_with_the_new_ones() -> None:
    drive = driven("w2")
    asked = len(drive.login_broker)
    renew(drive, "w1", attrs.evolve(SID, value="new"))
    number = drive.number("w2")
    drive.meet_login("w2")
    assert not any(isinstance(one, LoginNeeded) for one in drive.login_broker[asked:])
    assert (drive.number("w2"), drive.visit("w2").session.renewals) == (number, 1)
    renew(drive, "w1", attrs.evolve(SID, value="newer"))
    drive.meet_login("w2")
    assert drive.login_broker[-1] == LoginNeeded(HOST, 1), "others may renew it for ever"
