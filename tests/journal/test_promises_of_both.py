"""What every journal promises, in memory or on disk, one promise at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.journal import MemoryJournal, SqliteJournal
from contracts.errors import StaleEpochError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    Journal,
    JournalledTask,
    LeaseEnded,
    LeaseGranted,
    TaskAccepted,
)
from contracts.tasks import POTask, TaskStatus
from tests.journal.entries import Place, accepted, kept_file, lease, order, outcome, started


@pytest.fixture(params=["in memory", "on disk"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """One of the journals, empty."""
    if request.param == "in memory":
        yield MemoryJournal()
        return
    made = Place(tmp_path).open()
    yield made
    made.close()


def begin(journal: Journal, count: int = 3) -> int:
    """Begin a batch of open tasks and return the epoch."""
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, count), *accepted(count)))
    return epoch


def test_each_dispatcher_gets_a_new_epoch_and_the_older_ones_are_refused(journal: Journal) -> None:
    first = begin(journal)
    second = journal.open_epoch()
    assert second > first
    before = journal.replay()
    for epoch in (first, second + 1):
        with pytest.raises(StaleEpochError):
            journal.append(epoch, (outcome(0),))
    assert journal.replay() == before


def test_entries_about_a_task_that_has_ended_bring_it_not_back_and_break_no_transaction(journal: Journal) -> None:
    epoch = begin(journal, 2)
    late = (
        LeaseGranted(lease(0)),
        FileVerified(kept_file(lease(0))),
        started(0),
        LeaseEnded(lease(0), "late", 1, 1),
    )
    journal.append(epoch, (outcome(0), *late, outcome(1)))
    assert journal.replay().open_tasks == ()
    assert len(journal.results(0, 2)) == 2


def test_the_first_outcome_of_a_task_is_its_only_one_and_is_counted_once(journal: Journal) -> None:
    epoch = begin(journal)
    journal.append(epoch, (outcome(0), outcome(0, TaskStatus.FAILED)))
    journal.append(epoch, (outcome(0, TaskStatus.FAILED), outcome(99)))
    state = journal.replay()
    assert (state.batch_succeeded, state.batch_failed) == (1, 0)
    assert [result.status for result in journal.results(0, 100)] == [TaskStatus.COMPLETED]


def test_an_ended_task_is_no_longer_open_and_its_outcome_can_be_read(journal: Journal) -> None:
    epoch = begin(journal)
    journal.append(epoch, (outcome(1, TaskStatus.FAILED),))
    assert [task.order.handle.sequence for task in journal.replay().open_tasks] == [0, 2]
    assert [result.status for result in journal.results(0, 3)] == [TaskStatus.FAILED]


def test_a_publish_that_began_is_remembered_until_the_lease_ends(journal: Journal) -> None:
    epoch = begin(journal, 1)
    journal.append(epoch, (LeaseGranted(lease(0)), started(0)))
    assert journal.replay().open_tasks[0].publishing == started(0)
    journal.append(epoch, (LeaseEnded(lease(0), "the disk is full", 1, 0),))
    assert journal.replay().open_tasks[0] == JournalledTask(order(0), 1, 0)


def test_a_verified_file_is_remembered_over_the_end_of_its_lease_and_replaced_by_its_next_copy(
    journal: Journal,
) -> None:
    epoch = begin(journal, 1)
    first, second = lease(0, 1), lease(0, 2)
    journal.append(epoch, (FileVerified(kept_file(first)), FileVerified(kept_file(first, "b.pdf"))))
    journal.append(epoch, (LeaseEnded(first, "the browser died", 0, 1), FileVerified(kept_file(second))))
    kept = journal.replay().open_tasks[0].kept
    assert set(kept) == {kept_file(first, "b.pdf"), kept_file(second)}


def test_the_same_batch_written_again_changes_its_total_and_nothing_else(journal: Journal) -> None:
    epoch = begin(journal, 2)
    journal.append(epoch, (outcome(0), outcome(1, TaskStatus.FAILED)))
    journal.append(epoch, (BatchBegun(0, 3), TaskAccepted(order(2))))
    state = journal.replay()
    assert (state.batch_first, state.batch_total, state.batch_succeeded, state.batch_failed) == (0, 3, 1, 1)
    journal.append(epoch, (outcome(2),))
    assert journal.replay().batch_succeeded == 2


def test_another_batch_counts_anew(journal: Journal) -> None:
    epoch = begin(journal, 1)
    journal.append(epoch, (outcome(0), BatchBegun(1, 2), *accepted(2, first=1)))
    state = journal.replay()
    assert (state.batch_first, state.batch_total, state.batch_succeeded, state.next_sequence) == (1, 2, 0, 3)


def test_an_empty_journal_knows_nothing(journal: Journal) -> None:
    state = journal.replay()
    assert (state.open_tasks, state.batch_total, state.next_sequence) == ((), 0, 0)
    assert journal.results(0, 5) == ()
    assert journal.tasks_in_hand() == ()


def test_only_what_lies_on_disk_is_resumed_by_another_process() -> None:
    assert MemoryJournal.resumes is False
    assert SqliteJournal.resumes is True


CIRCULAR: dict[str, Any] = {}
CIRCULAR["itself"] = CIRCULAR


@pytest.mark.parametrize(
    "facts",
    [
        {"priority": 2**70},
        {"priority": -(2**70)},
        {"retry_count": 2**70},
        {"metadata": {(1, 2): "a key that is not text"}},
        {"metadata": {"day": date(2025, 1, 1)}},
        {"metadata": CIRCULAR},
    ],
    ids=["a large priority", "a small priority", "many retries", "a tuple as key", "a date", "metadata with itself"],
)
def test_an_order_is_taken_whatever_its_caller_wrote_into_it(journal: Journal, facts: dict[str, Any]) -> None:
    epoch = begin(journal, 1)
    odd = attrs.evolve(order(1), task=POTask("PO1", **facts))
    journal.append(epoch, (TaskAccepted(odd), TaskAccepted(order(2))))
    assert [task.order.handle for task in journal.replay().open_tasks] == [order(n).handle for n in range(3)]
    journal.append(epoch, (outcome(1),))
    assert [result.po_number for result in journal.results(0, 3)] == ["PO1"]


def test_a_publish_that_had_begun_still_knows_where_its_order_was_sent(journal: Journal) -> None:
    """Whoever finishes it gives the folder the name that the run would have given it."""
    epoch = begin(journal)
    begun = started(0)
    address = "https://portal.example/orders/PO0?view=2"
    journal.append(epoch, (attrs.evolve(begun, lease=attrs.evolve(begun.lease, address=address)),))
    (publishing,) = [one.publishing for one in journal.replay().open_tasks if one.publishing is not None]
    assert publishing.lease.address == address
    assert publishing.lease == begun.lease, "the lease is the same with and without it"


def test_metadata_that_cannot_be_told_costs_no_other_order(journal: Journal) -> None:
    class Silent:
        def __str__(self) -> str:
            raise RuntimeError("no text")

        __repr__ = __str__

    circle: list[Any] = []
    circle.append(circle)
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    odd: list[dict[Any, Any]] = [
        {"a": Silent()},
        {Silent(): 1},
        {"a": 10**5000},
        {"a": circle},
        {"a": deep},
        {"a": "\ud800"},
    ]
    tasks = [attrs.evolve(order(place), task=POTask(f"PO{place}", metadata=one)) for place, one in enumerate(odd)]
    journal.append(journal.open_epoch(), (BatchBegun(0, len(odd)), *map(TaskAccepted, tasks)))
    assert [one.order.handle.sequence for one in journal.replay().open_tasks] == list(range(len(odd)))
