"""Submitting, journalling, replaying: what is written, when, and what a dispatcher that came back knows."""

from __future__ import annotations

from actors.dispatch.effects import Record, TellWorker
from contracts.errors import Blame
from contracts.messages import BeginBatch
from contracts.ports import BatchBegun, LeaseGranted, OutcomeRecorded, PublishStarted, SubmissionAccepted, TaskAccepted
from contracts.supervision import ExitKind
from contracts.tasks import TaskHandle, TaskStatus
from tests.dispatch.driving import Drive, accepted, order, orders


def again(drive: Drive) -> Drive:
    """A new dispatcher over the same journal."""
    return Drive(journal=drive.journal, resumes=drive.resumes, now=drive.now, submissions=drive.submissions)


def test_orders_are_accepted_in_one_transaction_and_only_once() -> None:
    drive = Drive()
    drive.send(BeginBatch(3))
    batch = orders(3)
    effects = drive.submit(batch)
    key = drive.submitted[0].key
    assert effects[0] == Record((*(accepted(place) for place in range(3)), SubmissionAccepted(key, 0, 3)))
    drive.send(drive.submitted[0].message)
    drive.send(drive.submitted[0].message)
    assert sum(isinstance(entry, TaskAccepted) for entry in drive.entries) == 3
    assert drive.submitted[0].handles == tuple(TaskHandle(place, f"PO{place}") for place in range(3))
    assert drive.progress.pending == 3


def test_no_order_is_dropped_because_of_its_number() -> None:
    drive = Drive()
    drive.send(BeginBatch(4))
    drive.submit(orders(2))
    drive.submit(orders(2))
    assert [entry.handle.sequence for entry in drive.entries if isinstance(entry, TaskAccepted)] == [0, 1, 2, 3]


def test_an_order_that_cannot_be_visited_fails_at_once_and_loses_no_other() -> None:
    drive = Drive()
    drive.begin((order(0, fault="This row has no PO number."), order(1)))
    assert (drive.outcomes[0].status, drive.outcomes[0].blame) == (TaskStatus.FAILED, Blame.ITEM)
    assert drive.outcomes[0].error_message == "This row has no PO number."
    assert drive.outcomes[0].attempts == 0
    drive.ready("w1")
    drive.complete("w1")
    assert drive.progress.finished
    assert (drive.progress.completed, drive.progress.failed) == (1, 1)


def test_a_lease_is_journalled_before_its_worker_is_told() -> None:
    drive = Drive()
    drive.ready("w1")
    drive.send(BeginBatch(1))
    effects = drive.submit(orders(1))
    granted = next(place for place, one in enumerate(effects) if isinstance(one, Record) and _grants(one))
    told = next(place for place, one in enumerate(effects) if isinstance(one, TellWorker))
    assert granted < told


def _grants(record: Record) -> bool:
    return any(isinstance(entry, LeaseGranted) for entry in record.entries)


def test_a_publish_is_journalled_before_it_begins_and_its_outcome_after() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.ready("w1")
    drive.complete("w1")
    kinds = [type(entry) for entry in drive.entries]
    assert kinds == [BatchBegun, TaskAccepted, SubmissionAccepted, LeaseGranted, PublishStarted, OutcomeRecorded]
    assert len(drive.ended) == 1


def test_attempts_made_elsewhere_count() -> None:
    drive = Drive()
    drive.begin((order(0, retry_count=2),))
    drive.ready("w1")
    drive.fail("w1")
    assert (drive.outcomes[0].status, drive.outcomes[0].attempts) == (TaskStatus.FAILED, 3)


def test_a_new_dispatcher_goes_on_with_the_open_orders_in_their_order() -> None:
    drive = Drive()
    drive.begin((order(0), order(1, priority=3), order(2)))
    drive.ready("w1")
    drive.complete("w1")
    after = again(drive)
    assert after.progress.completed == 1
    assert after.progress.pending == 2
    after.ready("w1")
    assert after.number("w1") == 0
    after.complete("w1")
    assert after.number("w1") == 2
    after.complete("w1")
    assert after.progress.finished


def test_a_new_dispatcher_remembers_attempts_and_charges() -> None:
    drive = Drive()
    drive.begin(orders(2))
    drive.ready("w1")
    drive.fail("w1")
    drive.crash("w1")
    drive.crash("w1")
    after = again(drive)
    known = {task.handle.sequence: task for task in after.journal.replay().open_tasks}
    assert (known[0].attempts, known[0].crashes) == (1, 0)
    assert (known[1].attempts, known[1].crashes) == (0, 2)
    after.ready("w1", "w2")
    assert after.number("w1") == 0
    assert after.is_idle("w2"), "an order that cost two browsers still waits to run alone"
    after.complete("w1")
    after.touch("w2")
    after.down("w2")
    assert after.outcomes[1].status is TaskStatus.QUARANTINED


def test_a_lease_of_the_dispatcher_before_is_void() -> None:
    drive = Drive()
    drive.begin(orders(1))
    drive.ready("w1")
    old = drive.visit("w1").lease
    after = again(drive)
    after.ready("w1")
    assert after.visit("w1").lease.epoch == old.epoch + 1
    assert after.visit("w1").lease != old
    assert after.visit("w1").lease.folder_name != old.folder_name


def test_a_new_dispatcher_takes_the_same_submission_again_without_harm() -> None:
    drive = Drive()
    drive.begin(orders(3))
    after = again(drive)
    after.send(drive.submitted[0].message)
    assert after.journal.replay().next_sequence == 3
    assert after.progress.pending == 3


def test_a_faulty_order_whose_outcome_was_not_written_fails_after_a_replay_too() -> None:
    drive = Drive()
    drive.send(BeginBatch(1))
    drive.journal.append(drive.epoch, (accepted(0, fault="no number"),))
    after = again(drive)
    after.ready("w1")
    assert after.is_idle("w1"), "nobody visits an order that cannot be visited"
    assert after.outcomes[0].status is TaskStatus.FAILED


def test_no_two_leases_have_the_same_name() -> None:
    drive = Drive()
    drive.begin(orders(2))
    drive.ready("w1", "w2")
    for _ in range(3):
        for worker in ("w1", "w2"):
            drive.down(worker, ExitKind.SHUTDOWN, requested=True)
            drive.ready(worker)
    names = [entry.lease.folder_name for entry in drive.entries if isinstance(entry, LeaseGranted)]
    assert len(set(names)) == len(names) >= 8


def test_a_second_batch_counts_from_none() -> None:
    drive = Drive()
    drive.begin(orders(2))
    drive.ready("w1")
    drive.complete("w1")
    drive.fail("w1", Blame.ITEM)
    assert (drive.progress.completed, drive.progress.failed, drive.progress.finished) == (1, 1, True)
    drive.begin(orders(1, first=2))
    assert (drive.progress.total, drive.progress.completed, drive.progress.failed) == (1, 0, 0)
    drive.complete("w1")
    assert drive.progress.finished
