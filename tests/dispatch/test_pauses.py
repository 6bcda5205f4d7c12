"""What dispatch waits for: shown while it lasts, written down when it begins and ends, added up for the report."""

from __future__ import annotations

from contracts.errors import Blame
from contracts.messages import BeginBatch, Pause, Resume
from contracts.ports import PauseBegan, PauseEnded
from contracts.status import PauseRecord
from tests.dispatch.driving import HOST, Drive, orders


def pauses(drive: Drive) -> list[PauseBegan | PauseEnded]:
    """Every beginning and end that was written down."""
    return [entry for entry in drive.entries if isinstance(entry, PauseBegan | PauseEnded)]


def test_a_pause_is_written_down_when_it_begins_and_when_it_ends() -> None:
    drive = Drive()
    drive.send(Pause("memory", "memory is short"))
    drive.send(Pause("memory", "memory is short"))
    drive.send(Resume("memory"))
    assert pauses(drive) == [PauseBegan("memory", "memory is short"), PauseEnded("memory")]
    assert drive.progress.pauses == ()


def test_pauses_of_one_reason_are_added_up() -> None:
    drive = Drive()
    for seconds in (2.0, 3.0):
        drive.send(Pause("memory", "memory is short"))
        drive.advance(seconds)
        drive.send(Resume("memory"))
        drive.advance(10.0)
    assert drive.progress.waited_for == (PauseRecord(text="memory is short", times=2, seconds=5.0),)


def test_a_pause_that_lasts_is_counted_up_to_now() -> None:
    drive = Drive()
    drive.send(Pause("memory", "memory is short"))
    drive.advance(4.0)
    assert drive.progress.waited_for[0].seconds == 4.0
    assert drive.progress.pauses == ("memory is short",)


def test_a_new_batch_begins_a_new_account() -> None:
    drive = Drive()
    drive.send(Pause("memory", "memory is short"))
    drive.send(Resume("memory"))
    drive.send(Pause("disk", "the disk is full"))
    drive.advance(5.0)
    drive.send(BeginBatch(1))
    drive.advance(1.0)
    assert drive.progress.waited_for == (PauseRecord(text="the disk is full", times=1, seconds=1.0),)


def test_a_login_a_circuit_and_a_portal_that_wants_to_be_left_alone_are_pauses_too() -> None:
    drive = Drive()
    drive.ready("w1", "w2", "w3")
    drive.begin(orders(3))
    drive.meet_login("w1")
    drive.fail("w2", Blame.PORTAL, retry_after=20.0)
    drive.fail("w3", Blame.NETWORK, portal_up=False)
    texts = drive.progress.pauses
    assert len(texts) == 3
    assert all(HOST in text for text in texts)
    assert {entry.key for entry in pauses(drive) if isinstance(entry, PauseBegan)} == {
        f"login {HOST}", f"hold {HOST}", f"circuit {HOST}",
    }  # fmt: skip


def test_a_portal_that_asked_to_be_left_alone_is_left_alone_that_long() -> None:
    drive = Drive()
    drive.ready("w1")
    drive.begin(orders(2))
    drive.fail("w1", Blame.PORTAL, retry_after=20.0)
    drive.advance(19.9)
    assert drive.is_idle("w1")
    assert drive.progress.pauses
    drive.advance(0.2)
    assert not drive.is_idle("w1")
    assert drive.progress.pauses == ()


def test_a_portal_that_is_down_for_a_minute_fails_no_order() -> None:
    drive = Drive()
    drive.ready("w1", "w2")
    drive.begin(orders(6))
    drive.fail("w1", Blame.NETWORK, portal_up=False)
    drive.fail("w2", Blame.NETWORK, portal_up=False)
    assert drive.progress.circuits_open == (HOST,)
    for _ in range(6):
        drive.advance(10.0)
        drive.answer_probes(503)
    drive.advance(30.0)
    drive.answer_probes(200)
    while not drive.progress.finished:
        drive.complete(next(worker for worker in ("w1", "w2") if not drive.is_idle(worker)))
    assert drive.progress.completed == 6
    assert {result.attempts for result in drive.outcomes.values()} == {1}
