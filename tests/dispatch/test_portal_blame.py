"""The table of blame for orders and portals: what ends at once, what is tried again, when a circuit opens."""

from __future__ import annotations

import pytest

from contracts.config import RetryPolicy, Timeouts
from contracts.errors import Blame
from contracts.messages import (
    ProbeEnded,
    ProbePortal,
)
from contracts.ports import Credentials
from contracts.tasks import TaskStatus
from tests.dispatch.driving import HOST, OTHER, Drive, order, orders

SECRET = Credentials("user", "secret")


def driven(count: int = 1, workers: int = 1, **options: object) -> Drive:
    """A core with `count` orders and ready workers."""
    drive = Drive(**options)  # type: ignore[arg-type]  # passed on as given
    drive.begin(orders(count))
    drive.ready(*(f"w{number}" for number in range(1, workers + 1)))
    return drive


# ---------------------------------------------------------------------------------------------------------------- item


def test_an_order_that_is_itself_at_fault_ends_at_once() -> None:
    drive = driven()
    drive.fail("w1", Blame.ITEM, code="WORKER_ERROR")
    assert drive.outcomes[0].status is TaskStatus.FAILED
    assert (drive.outcomes[0].attempts, drive.outcomes[0].blame) == (1, Blame.ITEM)
    assert drive.progress.finished


def test_an_order_that_the_portal_does_not_know_ends_as_not_found() -> None:
    drive = driven()
    drive.fail("w1", Blame.ITEM, code="PO_NOT_FOUND", not_found=True)
    assert drive.outcomes[0].status is TaskStatus.PO_NOT_FOUND
    assert drive.outcomes[0].error_code == "PO_NOT_FOUND"


# ------------------------------------------------------------------------------------------------------ portal, network


@pytest.mark.parametrize("blame", [Blame.PORTAL, Blame.NETWORK])
def test_a_failure_while_the_portal_is_up_is_charged_and_retried_three_times_in_all(blame: Blame) -> None:
    drive = driven(retry=RetryPolicy(jitter=False, base_delay=2.0, backoff_factor=3.0))
    drive.fail("w1", blame)
    assert drive.is_idle("w1")
    drive.advance(1.99)
    assert drive.is_idle("w1"), "the second visit waits for the first delay"
    drive.advance(0.01)
    drive.fail("w1", blame)
    drive.advance(5.99)
    assert drive.is_idle("w1"), "the third visit waits three times as long"
    drive.advance(0.01)
    drive.fail("w1", blame)
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.FAILED, 3)
    assert drive.outcomes[0].blame is blame
    assert len(drive.told) == 3


def test_jitter_only_shortens_a_wait_and_by_no_more_than_half() -> None:
    drive = driven(20, workers=20, retry=RetryPolicy(base_delay=8.0))
    for number in range(1, 5):
        drive.fail(f"w{number}")
    due = drive.wake_at
    assert due is not None
    assert 4.0 <= due - drive.now < 8.0


def test_a_failure_while_the_portal_is_down_opens_the_circuit_and_charges_nobody() -> None:
    drive = driven(3)
    drive.fail("w1", portal_up=False)
    assert drive.progress.circuits_open == (HOST,)
    assert drive.ends_of(0)[-1].attempts == 0
    drive.advance(4.9)
    assert drive.is_idle("w1"), "nothing is handed out while the circuit is open, and the first probe waits 5 s"
    drive.advance(0.1)
    assert drive.last["w1"].message == ProbePortal(HOST, f"https://{HOST}")


def test_a_portal_that_was_not_asked_counts_as_down() -> None:
    drive = driven()
    drive.fail("w1", portal_up=None)
    assert drive.progress.circuits_open == (HOST,)


def test_an_answer_below_500_closes_the_circuit_and_an_order_it_interrupted_is_charged_once() -> None:
    drive = driven()
    drive.fail("w1", portal_up=False)
    for status in (None, 503, 500):
        drive.advance(40)
        drive.last.pop("w1")
        drive.send(ProbeEnded("w1", 1, HOST, status))
        assert drive.progress.circuits_open == (HOST,)
    drive.advance(40)
    drive.last.pop("w1")
    drive.send(ProbeEnded("w1", 1, HOST, 404))
    assert drive.progress.circuits_open == ()
    drive.complete("w1")
    assert drive.outcomes[0].attempts == 1


def test_probes_wait_5_10_20_then_30_seconds() -> None:
    drive = driven()
    drive.fail("w1", portal_up=False)
    for wait in (5, 10, 20, 30, 30):
        drive.last.pop("w1", None)
        drive.advance(wait - 0.001)
        assert drive.is_idle("w1")
        drive.advance(0.001)
        assert isinstance(drive.last["w1"].message, ProbePortal)
        drive.send(ProbeEnded("w1", 1, HOST, None))


def test_a_worker_that_dies_in_a_probe_leaves_the_circuit_open_and_another_probe_follows() -> None:
    drive = driven(workers=2)
    drive.fail("w1", portal_up=False)
    drive.advance(5)
    prober = next(iter(drive.last))
    drive.down(prober)
    assert drive.progress.circuits_open == (HOST,)
    drive.advance(10)
    assert isinstance(next(iter(drive.last.values())).message, ProbePortal)


def test_five_orders_in_a_row_open_the_circuit_though_the_portal_answers() -> None:
    drive = driven(5, workers=5)
    for number in range(1, 5):
        drive.fail(f"w{number}")
    assert list(drive.progress.circuits_open) == []
    drive.fail("w5")
    assert list(drive.progress.circuits_open) == [HOST]
    assert [drive.ends_of(task)[-1].attempts for task in range(5)] == [1, 1, 1, 1, 0]


def test_an_order_that_was_read_in_between_keeps_the_circuit_closed() -> None:
    drive = driven(6, workers=6)
    for number in range(1, 5):
        drive.fail(f"w{number}")
    drive.complete("w5")
    drive.fail("w6")
    assert drive.progress.circuits_open == ()


def test_one_order_that_fails_again_and_again_does_not_open_the_circuit() -> None:
    drive = driven(1, retry=RetryPolicy(max_attempts=10, jitter=False))
    for _ in range(9):
        drive.fail("w1")
        drive.advance(60)
    assert drive.progress.circuits_open == ()


def test_a_circuit_open_for_too_long_ends_the_run_resumable() -> None:
    drive = driven(3, resumes=True, timeouts=Timeouts(circuit_open=100.0))
    drive.fail("w1", portal_up=False)
    drive.advance(99)
    assert not drive.is_finished()
    drive.advance(1)
    assert drive.is_finished()
    assert "did not recover" in drive.progress.stopped_early
    assert drive.outcomes == {}
    assert len(drive.journal.replay().open_tasks) == 3


def test_a_circuit_open_for_too_long_cancels_what_no_journal_keeps() -> None:
    drive = driven(2, timeouts=Timeouts(circuit_open=100.0))
    drive.fail("w1", portal_up=False)
    drive.advance(100)
    assert [drive.outcomes[task].status for task in (0, 1)] == [TaskStatus.CANCELLED] * 2
    assert drive.outcomes[0].blame is Blame.PORTAL


def test_another_hosts_circuit_holds_up_nobody() -> None:
    drive = Drive()
    drive.begin((order(0), order(1, host=OTHER), order(2, host=OTHER)))
    drive.ready("w1")
    drive.fail("w1", portal_up=False)
    assert drive.number("w1") == 1
    drive.complete("w1")
    assert drive.number("w1") == 2


def test_retry_after_is_obeyed() -> None:
    drive = driven(2)
    drive.fail("w1", retry_after=70.0)
    drive.advance(69.9)
    assert drive.is_idle("w1"), "nothing of that host is handed out before"
    drive.advance(0.1)
    assert not drive.is_idle("w1")
    assert len(drive.told) == 2


def test_the_outcome_names_the_evidence_of_the_visit_that_ended_the_order() -> None:
    drive = driven(2)
    drive.fail("w1", Blame.ITEM, evidence=("of the first",))
    for visit in ("one", "two", "three"):
        drive.advance(10.0)
        drive.fail("w1", evidence=(visit,))
    assert [drive.outcomes[task].evidence for task in (0, 1)] == [("of the first",), ("three",)]


def test_a_shorter_retry_after_does_not_shorten_a_longer_one() -> None:
    drive = driven(2, workers=2)
    drive.fail("w1", retry_after=70.0)
    drive.fail("w2", retry_after=10.0)
    drive.advance(69.9)
    assert drive.is_idle("w1")
    assert drive.is_idle("w2")
    drive.advance(0.1)
    assert {drive.number("w1"), drive.number("w2")} == {0, 1}
