"""Deadlines of a lease: the one for inactivity is renewed, the total never, and each kills once."""

from __future__ import annotations

from typing import Any

from contracts.config import Timeouts
from contracts.messages import FileArrived, Wake
from contracts.ports import KeptFile
from contracts.supervision import ExitKind
from tests.dispatch.driving import FILE, Drive, order


def driven(**fields: Any) -> Drive:
    """A worker with one order in hand."""
    drive = Drive(timeouts=Timeouts(inactivity=10.0, task=25.0))
    drive.begin((order(0, **fields),))
    drive.ready("w1")
    return drive


def test_a_lease_without_activity_has_its_browser_killed_once() -> None:
    drive = driven()
    drive.advance(9.9)
    assert drive.kills == []
    drive.advance(0.1)
    assert [(kill.worker, kill.generation) for kill in drive.kills] == [("w1", 1)]
    drive.touch("w1")
    drive.advance(1000)
    assert len(drive.kills) == 1


def test_activity_renews_the_first_limit_but_never_the_total() -> None:
    drive = driven()
    for _ in range(3):
        drive.advance(8)
        drive.touch("w1")
    assert drive.kills == []
    drive.advance(0.9)
    assert drive.kills == []
    drive.advance(0.1)
    assert [kill.text for kill in drive.kills] == ["not done within 25 seconds"]


def test_an_orders_own_limit_takes_the_place_of_the_general_one() -> None:
    drive = driven(timeout_override=3.0)
    assert drive.visit("w1").timeout == 3.0
    drive.advance(3.0)
    assert [kill.text for kill in drive.kills] == ["not done within 3 seconds"]


def test_a_kill_that_comes_after_the_visit_ended_charges_the_next_order_nothing() -> None:
    drive = Drive(timeouts=Timeouts(inactivity=10.0, task=25.0))
    drive.begin((order(0), order(1)))
    drive.ready("w1")
    drive.advance(10)
    assert len(drive.kills) == 1
    drive.complete("w1")
    drive.touch("w1")
    assert drive.number("w1") == 1
    drive.down("w1", ExitKind.KILLED, requested=True)
    assert drive.ends_of(1)[-1].crashes == 0


def test_an_idle_worker_has_no_deadline() -> None:
    drive = driven()
    drive.complete("w1")
    drive.advance(10_000)
    assert drive.kills == []
    assert drive.wake_at is None


def test_a_wake_up_that_comes_a_hair_early_is_asked_for_again() -> None:
    drive = driven()
    due = drive.wake_at
    assert due is not None
    drive.now, drive.wake_at = due - 1e-9, None
    drive.send(Wake())
    assert drive.kills or drive.wake_at is not None, "the deadline must not be forgotten"


def test_a_file_that_arrives_is_activity() -> None:
    drive = driven()
    drive.advance(9.0)
    lease = drive.visit("w1").lease
    drive.send(FileArrived(KeptFile(lease, FILE, "its address")))
    drive.advance(9.9)
    assert drive.kills == []
    drive.down("w1")
    assert drive.ends_of(0)[-1].crashes == 1, "its browser was seen alive"
