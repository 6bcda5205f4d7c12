"""What the journal on disk remembers from one process to the next: ends of the program, plans, runs, retries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.journal import JournalReader, SqliteJournal
from contracts.errors import Blame
from contracts.ports import (
    BatchBegun,
    FileVerified,
    JournalEntry,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PauseBegan,
)
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.journal.entries import Place, accepted, kept_file, lease, outcome, started


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


def killed(place: Place, act: Callable[[SqliteJournal], object]) -> None:
    """Leave the journal as a process does that opened it, did something, and ended without a word."""
    journal = place.open()
    act(journal)
    place.leave_as_killed(journal)


def interruptions(place: Place) -> list[int]:
    journal = place.open()
    try:
        return [task.interruptions for task in journal.replay().open_tasks]
    finally:
        journal.close()


def test_a_killed_process_counts_one_interruption_for_each_order_that_was_in_work(place: Place) -> None:
    place.write(BatchBegun(0, 4), *accepted(4))

    def work(journal: SqliteJournal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (LeaseGranted(lease(0)), LeaseGranted(lease(1))))
        journal.append(epoch, (LeaseEnded(lease(1), "the browser died", 0, 1),))
        journal.append(epoch, (LeaseGranted(lease(3)), outcome(3)))

    killed(place, work)
    assert interruptions(place) == [1, 0, 0]
    assert interruptions(place) == [1, 0, 0], "counted once, however often the journal is opened"
    killed(place, work)
    killed(place, lambda journal: journal.append(journal.open_epoch(), (LeaseGranted(lease(2)),)))
    assert interruptions(place) == [2, 0, 1]


def test_an_orderly_end_counts_none(place: Place) -> None:
    place.write(BatchBegun(0, 2), *accepted(2), LeaseGranted(lease(0)), LeaseEnded(lease(0), "stopped", 0, 0))
    assert interruptions(place) == [0, 0]


def test_a_new_dispatcher_in_the_same_process_counts_none(place: Place) -> None:
    journal = place.open()
    journal.append(journal.open_epoch(), (BatchBegun(0, 1), *accepted(1), LeaseGranted(lease(0))))
    journal.open_epoch()
    journal.close()
    assert interruptions(place) == [0]


def test_an_order_whose_publish_had_begun_is_finished_not_interrupted(place: Place) -> None:
    place.write(BatchBegun(0, 1), *accepted(1))
    killed(place, lambda j: j.append(j.open_epoch(), (LeaseGranted(lease(0)), started(0))))
    journal = place.open()
    (task,) = journal.replay().open_tasks
    assert (task.interruptions, task.publishing) == (0, started(0))
    journal.close()


def test_the_history_tells_that_the_program_ended(place: Place) -> None:
    place.write(BatchBegun(0, 1), *accepted(1))
    killed(place, lambda j: j.append(j.open_epoch(), (LeaseGranted(lease(0)),)))
    place.write(LeaseGranted(lease(0, 1, 3)), outcome(0))
    line = place.manifest.read_text(encoding="utf-8")
    assert '"reason":"the program ended","blame":"program"' in line
    assert '"interruptions":1' in line


def test_verified_files_and_pauses_are_known_to_the_next_process(place: Place) -> None:
    file = kept_file(lease(0))
    place.write(BatchBegun(0, 1), *accepted(1))
    killed(
        place,
        lambda j: j.append(j.open_epoch(), (LeaseGranted(lease(0)), FileVerified(file), PauseBegan("k", "waiting"))),
    )
    with JournalReader(place.database) as reader:
        status = reader.status()
        assert status is not None
        assert status.pauses == ("waiting",)
    journal = place.open()
    assert [task.kept for task in journal.replay().open_tasks] == [(file,)]
    journal.close()
    with JournalReader(place.database) as reader:
        status = reader.status()
        assert status is not None
        assert (status.pauses, list(status.waited_for)) == ((), ["waiting"]), "a dead program waits for nothing"


def test_each_process_gets_newer_epochs_than_all_before(place: Place) -> None:
    seen = []
    for _ in range(3):
        journal = place.open()
        seen += [journal.open_epoch(), journal.open_epoch()]
        journal.close()
    assert seen == sorted(set(seen))


def test_the_run_in_hand_is_known_with_what_has_ended_until_its_last_order_ends(place: Place) -> None:
    place.write(BatchBegun(0, 3), *accepted(3), outcome(1))
    journal = place.open()
    assert [(one.handle.sequence, one.has_ended) for one in journal.tasks_in_hand()] == [
        (0, False),
        (1, True),
        (2, False),
    ]
    journal.append(journal.open_epoch(), (outcome(0), outcome(2)))
    assert journal.tasks_in_hand() == ()
    journal.close()


def test_a_batch_that_is_written_again_when_all_its_orders_have_ended_is_not_in_hand(place: Place) -> None:
    place.write(BatchBegun(0, 2), *accepted(2), outcome(0), outcome(1), BatchBegun(0, 2))
    journal = place.open()
    assert journal.tasks_in_hand() == ()
    journal.close()


def test_an_order_that_comes_when_all_others_have_ended_takes_their_run_in_hand_again(place: Place) -> None:
    place.write(BatchBegun(0, 2), *accepted(2), outcome(0), outcome(1), *accepted(1, first=2))
    journal = place.open()
    assert [one.has_ended for one in journal.tasks_in_hand()] == [True, True, False]
    journal.close()


def test_a_run_that_never_ended_is_over_when_another_begins(place: Place) -> None:
    place.write(BatchBegun(0, 2), *accepted(2), outcome(0))
    place.write(BatchBegun(2, 1), *accepted(1, first=2))
    journal = place.open()
    assert [one.handle.sequence for one in journal.tasks_in_hand()] == [2]
    assert [task.handle.sequence for task in journal.replay().open_tasks] == [2]
    journal.close()


def test_a_run_without_a_plan_is_unfinished_until_its_last_order_has_ended(place: Place) -> None:
    journal = place.open()
    epoch = journal.open_epoch()
    assert not journal.is_unfinished()
    journal.append(epoch, (BatchBegun(0, 1), *accepted(1)))
    assert journal.is_unfinished()
    journal.append(epoch, (outcome(0),))
    assert not journal.is_unfinished()
    journal.close()


# ------------------------------------------------------------------------------------------------------------- plans


def test_a_journal_is_empty_until_a_run_begins(place: Place) -> None:
    journal = place.open()
    assert journal.is_empty()
    journal.note_plan({"csv": "a.csv"})
    journal.open_epoch()
    assert journal.is_empty()
    assert journal.plan() == {}
    journal.append(journal.open_epoch(), (BatchBegun(0, 1), *accepted(1)))
    assert not journal.is_empty()
    journal.close()


def test_a_plan_belongs_to_the_run_in_hand_else_to_the_next_one(place: Place) -> None:
    journal = place.open()
    journal.note_plan({"csv": "a.csv"})
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 1), *accepted(1)))
    assert journal.plan() == {"csv": "a.csv"}
    journal.note_plan({"csv": "b.csv"})
    assert journal.plan() == {"csv": "b.csv"}
    journal.append(epoch, (outcome(0),))
    journal.note_plan({"csv": "c.csv"})
    assert journal.plan() == {"csv": "b.csv"}, "that run has ended"
    journal.append(journal.open_epoch(), (BatchBegun(1, 1), *accepted(1, first=1)))
    assert journal.plan() == {"csv": "c.csv"}
    journal.close()


def test_a_run_that_was_announced_and_could_not_begin_is_known_only_when_the_program_was_killed(place: Place) -> None:
    killed(place, lambda journal: journal.note_plan({"csv": "a.csv"}))
    journal = place.open()
    assert journal.is_unfinished()
    journal.close()
    place.write(BatchBegun(0, 1), *accepted(1), outcome(0))
    journal = place.open()
    journal.note_reported()
    journal.note_plan({"csv": "b.csv"})
    journal.close()
    journal = place.open()
    assert journal.announced_plan() is None
    assert not journal.is_unfinished()
    journal.close()


# ----------------------------------------------------------------------------------------------------------- retries


def failed(sequence: int, status: TaskStatus, blame: Blame) -> OutcomeRecorded:
    return OutcomeRecorded(POResult(TaskHandle(sequence, f"PO{sequence}"), status, blame=blame, attempts=3))


@pytest.fixture
def ended(place: Place) -> Place:
    """A run of five that has ended in several ways."""
    place.write(
        BatchBegun(0, 5),
        *accepted(5),
        LeaseGranted(lease(1)),
        LeaseEnded(lease(1), "it broke off", 1, 2),
        outcome(0),
        failed(1, TaskStatus.FAILED, Blame.PORTAL),
        failed(2, TaskStatus.PARTIAL, Blame.PORTAL),
        failed(3, TaskStatus.FAILED, Blame.ITEM),
        failed(4, TaskStatus.QUARANTINED, Blame.BROWSER),
    )
    return place


@pytest.mark.parametrize(
    ("statuses", "blames", "opened", "counts"),
    [
        ([TaskStatus.FAILED], [], [1, 3], (1, 2)),
        ([TaskStatus.FAILED, TaskStatus.PARTIAL], [Blame.PORTAL], [1, 2], (1, 2)),
        ([TaskStatus.COMPLETED], [], [0], (0, 4)),
        ([TaskStatus.COMPLETED], [Blame.PORTAL], [], (1, 4)),
        ([TaskStatus.CANCELLED], [], [], (1, 4)),
        (list(TaskStatus), [], [0, 1, 2, 3, 4], (0, 0)),
        ([], [], [], (1, 4)),
    ],
)
def test_a_retry_opens_what_was_asked_for_and_takes_it_out_of_the_counts(
    ended: Place, statuses: list[TaskStatus], blames: list[Blame], opened: list[int], counts: tuple[int, int]
) -> None:
    journal = ended.open()
    assert journal.reopen(statuses, blames) == len(opened)
    state = journal.replay()
    assert [task.handle.sequence for task in state.open_tasks] == opened
    assert (state.batch_succeeded, state.batch_failed) == counts
    assert [one.handle.sequence for one in journal.tasks_in_hand() if not one.has_ended] == opened
    left = [result.handle.sequence for result in journal.results(0, 5)]
    assert left == [sequence for sequence in range(5) if sequence not in opened]
    journal.close()


def test_a_retried_order_begins_without_charges_and_keeps_its_history_and_both_lines(ended: Place) -> None:
    journal = ended.open()
    journal.reopen([TaskStatus.FAILED], [Blame.PORTAL])
    (task,) = journal.replay().open_tasks
    assert (task.attempts, task.crashes, task.interruptions) == (0, 0, 0)
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 5), LeaseGranted(lease(1, 1, epoch)), outcome(1)))
    state = journal.replay()
    assert (state.batch_succeeded, state.batch_failed, state.batch_total) == (2, 3, 5)
    assert journal.tasks_in_hand() == (), "it has ended again"
    assert not journal.reopen([TaskStatus.FAILED], [Blame.PORTAL])
    journal.close()
    lines = [line for line in ended.manifest.read_text(encoding="utf-8").splitlines() if '"po_number":"PO1"' in line]
    assert [line.count('"attempt":') for line in lines] == [1, 2]


def test_a_run_that_was_retried_owes_its_results_again(place: Place) -> None:
    journal = place.open()
    journal.note_plan({"csv": "a.csv"})
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 1), *accepted(1), failed(0, TaskStatus.FAILED, Blame.PORTAL)))
    assert journal.is_unfinished()
    journal.note_reported()
    assert not journal.is_unfinished()
    assert journal.reopen((TaskStatus.FAILED,)) == 1
    journal.append(epoch, (outcome(0),))
    assert journal.is_unfinished(), "its results are not written"
    journal.take_up()
    assert [one.has_ended for one in journal.tasks_in_hand()] == [True]
    journal.close()


def test_only_the_last_run_is_retried(ended: Place) -> None:
    ended.write(BatchBegun(5, 1), *accepted(1, first=5), failed(5, TaskStatus.FAILED, Blame.ITEM))
    journal = ended.open()
    assert journal.reopen([TaskStatus.FAILED]) == 1
    assert [task.handle.sequence for task in journal.replay().open_tasks] == [5]
    journal.close()


def test_there_is_nothing_to_retry_where_no_run_was(place: Place) -> None:
    journal = place.open()
    assert journal.reopen(list(TaskStatus)) == 0
    journal.close()


# ------------------------------------------------------------------------------------------------------- run's names


def test_all_who_go_on_with_a_run_know_it_by_the_same_name_and_the_next_run_has_another(place: Place) -> None:
    names = []
    written: list[tuple[JournalEntry, ...]] = [
        (BatchBegun(0, 2), *accepted(2)), (outcome(0),), (outcome(1),), (BatchBegun(2, 1),),
    ]  # fmt: skip
    for entries in written:
        journal = place.open()
        names.append(journal.run_name())
        journal.append(journal.open_epoch(), entries)
        place.leave_as_killed(journal)
    assert names[0] == names[1] == names[2]
    assert names[3] != names[0]


def test_a_retry_goes_by_the_name_of_its_run(place: Place) -> None:
    journal = place.open()
    name = journal.run_name()
    journal.append(journal.open_epoch(), (BatchBegun(0, 1), *accepted(1), outcome(0, TaskStatus.FAILED)))
    journal.reopen([TaskStatus.FAILED])
    assert journal.run_name() == name
    journal.close()
