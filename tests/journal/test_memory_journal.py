"""The journal in memory against a simple model of it, and its promises one by one."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.journal import MemoryJournal
from contracts.errors import StaleEpochError
from contracts.ports import (
    BatchBegun,
    JournalEntry,
    JournalledTask,
    Lease,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PublishStarted,
    TaskAccepted,
)
from contracts.tasks import Order, POResult, POTask, TaskHandle, TaskStatus


def order(sequence: int, retry_count: int = 0) -> Order:
    """Make an order."""
    task = POTask(f"PO{sequence}", retry_count=retry_count)
    return Order(TaskHandle(sequence, f"PO{sequence}"), task, "", "https://portal.example", "portal.example")


def lease(sequence: int, attempt: int = 1, epoch: int = 1) -> Lease:
    """Make a lease."""
    return Lease(TaskHandle(sequence, f"PO{sequence}"), attempt, "w1", 1, epoch)


def outcome(sequence: int, status: TaskStatus = TaskStatus.COMPLETED) -> OutcomeRecorded:
    """Make an outcome."""
    return OutcomeRecorded(POResult(TaskHandle(sequence, f"PO{sequence}"), status))


def begun(count: int = 3) -> tuple[MemoryJournal, int]:
    """A journal with a batch of open tasks, and its epoch."""
    journal = MemoryJournal()
    epoch = journal.open_epoch()
    accepted = tuple(TaskAccepted(order(sequence)) for sequence in range(count))
    journal.append(epoch, (BatchBegun(0, count), *accepted))
    return journal, epoch


def test_each_dispatcher_gets_a_new_epoch_and_the_older_ones_are_refused() -> None:
    journal, first = begun()
    second = journal.open_epoch()
    assert second > first
    before = journal.replay()
    with pytest.raises(StaleEpochError):
        journal.append(first, (outcome(0),))
    assert journal.replay() == before
    with pytest.raises(StaleEpochError):
        journal.append(second + 1, ())


def test_entries_about_a_task_that_has_ended_bring_it_not_back_and_break_no_transaction() -> None:
    journal, epoch = begun(2)
    late = (LeaseGranted(lease(0)), PublishStarted(lease(0), outcome(0).result), LeaseEnded(lease(0), "late", 1, 1))
    journal.append(epoch, (outcome(0), *late, outcome(1)))
    assert journal.replay().open_tasks == ()
    assert len(journal.results(0, 2)) == 2


def test_an_ended_task_is_no_longer_open_and_its_outcome_can_be_read() -> None:
    journal, epoch = begun()
    journal.append(epoch, (outcome(1, TaskStatus.FAILED),))
    assert [task.order.handle.sequence for task in journal.replay().open_tasks] == [0, 2]
    assert [result.status for result in journal.results(0, 3)] == [TaskStatus.FAILED]


def test_a_publish_that_began_is_remembered_until_the_lease_ends() -> None:
    journal, epoch = begun(1)
    started = PublishStarted(lease(0), outcome(0).result)
    journal.append(epoch, (LeaseGranted(lease(0)), started))
    assert journal.replay().open_tasks[0].publishing == started
    journal.append(epoch, (LeaseEnded(lease(0), "the disk is full", 1, 0),))
    assert journal.replay().open_tasks[0] == JournalledTask(order(0), 1, 0)


def test_what_is_kept_in_memory_is_not_resumed_by_another_process() -> None:
    assert MemoryJournal().resumes is False


def test_an_empty_journal_knows_nothing() -> None:
    state = MemoryJournal().replay()
    assert (state.open_tasks, state.batch_total, state.next_sequence) == ((), 0, 0)


@attrs.define
class ModelTask:
    """What the model knows of a task."""

    order: Order
    attempts: int
    crashes: int = 0
    publishing: PublishStarted | None = None
    result: POResult | None = None


class JournalMachine(RuleBasedStateMachine):
    """Random entries of any epoch, checked against a list."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = MemoryJournal()
        self.epochs = [self.journal.open_epoch()]
        self.tasks: list[ModelTask] = []
        self.batch = BatchBegun(0, 0)

    def _write(self, *entries: JournalEntry) -> None:
        self.journal.append(self.epochs[-1], entries)

    def _open(self) -> list[ModelTask]:
        return [task for task in self.tasks if task.result is None]

    def _pick(self, pick: int) -> ModelTask:
        tasks = self._open()
        return tasks[pick % len(tasks)]

    @rule(total=st.integers(0, 5))
    def begin_batch(self, total: int) -> None:
        """A batch begins; the one before has ended."""
        for task in self._open():
            self._end(task, TaskStatus.CANCELLED)
        self.batch = BatchBegun(len(self.tasks), total)
        self._write(self.batch)

    @rule(count=st.integers(1, 4), retries=st.integers(0, 2))
    def accept(self, count: int, retries: int) -> None:
        """Tasks are accepted in one transaction."""
        fresh = [ModelTask(order(len(self.tasks) + number, retries), retries) for number in range(count)]
        self.tasks += fresh
        self._write(*(TaskAccepted(task.order) for task in fresh))

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 20), attempts=st.integers(0, 3), crashes=st.integers(0, 3))
    def lease_ends(self, pick: int, attempts: int, crashes: int) -> None:
        """A lease is granted and ends."""
        task = self._pick(pick)
        one = lease(task.order.handle.sequence)
        self._write(LeaseGranted(one), LeaseEnded(one, "so it was", attempts, crashes))
        task.attempts, task.crashes, task.publishing = attempts, crashes, None

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 20))
    def publish(self, pick: int) -> None:
        """A publish begins."""
        task = self._pick(pick)
        sequence = task.order.handle.sequence
        task.publishing = PublishStarted(lease(sequence), outcome(sequence).result)
        self._write(task.publishing)

    def _end(self, task: ModelTask, status: TaskStatus) -> None:
        ended = outcome(task.order.handle.sequence, status)
        task.result = ended.result
        self._write(ended)

    @precondition(lambda self: self._open())
    @rule(pick=st.integers(0, 20), status=st.sampled_from([one for one in TaskStatus if one.is_terminal]))
    def end(self, pick: int, status: TaskStatus) -> None:
        """A task ends."""
        self._end(self._pick(pick), status)

    @rule()
    def new_epoch(self) -> None:
        """A new dispatcher takes over."""
        self.epochs.append(self.journal.open_epoch())

    @precondition(lambda self: len(self.epochs) > 1 and self._open())
    @rule(pick=st.integers(0, 20), old=st.integers(0, 20))
    def an_old_dispatcher_writes(self, pick: int, old: int) -> None:
        """It is refused."""
        entry = outcome(self._pick(pick).order.handle.sequence)
        with pytest.raises(StaleEpochError):
            self.journal.append(self.epochs[old % (len(self.epochs) - 1)], (entry,))

    @invariant()
    def epochs_grow(self) -> None:
        """Each is new."""
        assert self.epochs == sorted(set(self.epochs))

    @invariant()
    def the_books_match(self) -> None:
        """What is replayed is what was written."""
        state = self.journal.replay()
        known = [JournalledTask(one.order, one.attempts, one.crashes, one.publishing) for one in self._open()]
        assert list(state.open_tasks) == known
        assert state.next_sequence == len(self.tasks)
        assert state.batch_total == self.batch.total
        results = [task.result for task in self.tasks[self.batch.first :] if task.result is not None]
        assert state.batch_succeeded == sum(result.status.is_success for result in results)
        assert state.batch_failed == sum(not result.status.is_success for result in results)

    @invariant()
    def outcomes_come_in_their_order(self) -> None:
        """Any stretch of them can be read."""
        for first in (0, len(self.tasks) // 2):
            known = [one.result for one in self.tasks[first : first + 3] if one.result is not None]
            assert list(self.journal.results(first, 3)) == known


TestMemoryJournal = JournalMachine.TestCase
