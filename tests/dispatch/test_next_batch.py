"""What one batch leaves to the next of the same session: a host given up is tried again, as if nothing had been."""

from __future__ import annotations

from contracts.messages import HostRefused
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, OTHER, Drive, order, orders


def test_a_host_that_was_given_up_is_tried_again_in_the_next_batch() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.send(HostRefused(HOST, "no password"))
    assert drive.outcomes[0].status is TaskStatus.CANCELLED
    drive.begin(orders(1, first=1))
    drive.ready("w1")
    drive.complete("w1")
    assert drive.outcomes[1].status is TaskStatus.COMPLETED


def test_orders_that_arrive_after_their_host_was_given_up_are_given_back_at_once() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.send(HostRefused(HOST, "no password"))
    drive.submit((order(1), order(2, host=OTHER)))
    assert (drive.outcomes[1].status, drive.outcomes[1].error_code) == (TaskStatus.CANCELLED, "AUTH_ERROR")
    assert drive.outcomes[1].error_message == "no password"
    assert 2 not in drive.outcomes, "another host's order waits for its worker"


def test_the_circuit_of_a_host_that_was_given_up_is_closed_for_the_next_batch() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.ready("w1")
    drive.fail("w1", portal_up=False)
    drive.advance(drive.timeouts.circuit_open)
    assert drive.progress.stopped_code == "NETWORK_ERROR"
    assert drive.progress.circuits_open == ()
    assert drive.progress.pauses == ()
    drive.ready("w2")
    drive.begin(orders(1, first=1))
    assert drive.number("w2") == 1


def test_a_browser_killed_at_a_deadline_counts_as_lost_in_its_batch_alone() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.ready("w1")
    drive.advance(drive.timeouts.inactivity)
    assert len(drive.kills) == 1
    drive.down("w1", requested=True)
    assert drive.progress.crashes == 1
    drive.begin(orders(1, first=1))
    assert drive.progress.crashes == 0
