"""What every `Journal` keeps: one writer at a time, one outcome a task, and nothing forgotten that is still open.

The journal in memory is the plainest of them; what it says of random entries, every other one says, too.
"""

from __future__ import annotations

import functools
import random
from datetime import date
from typing import Any

import attrs

from actors.journal import MemoryJournal
from actors.testing.conformance.entries import (
    Note,
    accepted,
    handle,
    kept_file,
    lease,
    order,
    outcome,
    started,
    submitted,
)
from actors.testing.conformance.journal_batches import JournalBatchTests, begin
from actors.testing.conformance.raising import raised
from contracts.errors import Blame, StaleEpochError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    Journal,
    JournalEntry,
    JournalledTask,
    JournalState,
    LeaseEnded,
    LeaseGranted,
    PauseBegan,
    PauseEnded,
    TaskAccepted,
)
from contracts.tasks import Payload, POTask, TaskStatus

CIRCULAR: dict[str, Any] = {}
CIRCULAR["itself"] = CIRCULAR
ODD_FACTS: tuple[dict[str, Any], ...] = (
    {"priority": 2**70},
    {"priority": -(2**70)},
    {"retry_count": 2**70},
    {"metadata": {(1, 2): "a key that is not text"}},
    {"metadata": {"day": date(2025, 1, 1)}},
    {"metadata": CIRCULAR},
)
"""What callers write into their orders."""
DEPTH = 100_000


class Silent:
    """A value of a caller's that tells nothing of itself."""

    def __str__(self) -> str:
        """Refuse."""
        raise RuntimeError("no text")

    __repr__ = __str__


def comparable(state: JournalState) -> Any:
    """Return what any two journals agree on: all but the interruptions, and the files of a task in any order."""
    tasks = [(attrs.evolve(task, interruptions=0, kept=()), frozenset(task.kept)) for task in state.open_tasks]
    return attrs.evolve(state, open_tasks=()), tasks


class JournalSuite(JournalBatchTests):
    """Tests of a `contracts.ports.Journal`.

    Fixtures to give:
        journal: A journal without entries, new for each test. Close it when the test has ended.

    Override `reopen` for a journal that a later process goes on from, and `other_payload` for one that knows no `Note`.
    """

    other_payload: Payload = Note("a lone \udcff, and \0")
    """Work of another kind than an order, which the journal keeps."""

    # ------------------------------------------------------------------------------------------------------- epochs

    def test_each_dispatcher_gets_a_new_epoch_and_the_older_ones_are_refused(self, journal: Journal) -> None:
        first = begin(journal)
        second = journal.open_epoch()
        assert second > first, "each dispatcher gets a larger epoch"
        before = journal.replay()
        for epoch in (first, second + 1):
            write = functools.partial(journal.append, epoch, (outcome(0), *accepted(1, first=3)))
            raised(StaleEpochError, write, "an entry of another epoch")
        assert journal.replay() == before, "what is refused is not written"
        journal.append(second, (outcome(0),))
        assert journal.replay().batch_succeeded == 1

    # ----------------------------------------------------------------------------------------------- tasks and outcomes

    def test_an_empty_journal_knows_nothing(self, journal: Journal) -> None:
        state = journal.replay()
        assert (state.open_tasks, state.batch_total, state.next_sequence) == ((), 0, 0)
        assert journal.results(0, 5) == ()
        assert journal.tasks_in_hand() == ()
        assert not state.batch_is_open
        assert journal.handles_of("any key") == ()

    def test_what_was_charged_elsewhere_is_charged_to_a_task_from_its_beginning(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 2), TaskAccepted(handle(0), order(0), 2), *accepted(1, first=1)))
        assert [task.attempts for task in journal.replay().open_tasks] == [2, 0]

    def test_work_of_another_kind_is_kept_beside_orders_until_it_ends(self, journal: Journal) -> None:
        epoch, other = journal.open_epoch(), TaskAccepted(handle(1), self.other_payload, 1)
        journal.append(epoch, (BatchBegun(0, 3), *submitted("k", 1), other, *accepted(1, first=2)))
        wanted = [(handle(0), order(0)), (handle(1), self.other_payload), (handle(2), order(2))]
        tasks = journal.replay().open_tasks
        assert [(task.handle, task.payload) for task in tasks] == wanted
        raised(TypeError, lambda: tasks[1].order, "an order of what is none")
        known = [(task.handle, task.payload) for task in journal.tasks_in_hand()]
        assert known == (wanted if journal.resumes else [])
        journal.append(epoch, (LeaseGranted(lease(1)), LeaseEnded(lease(1), "it broke off", 2, 1)))
        journal.append(epoch, (FileVerified(kept_file(lease(1))), started(1)))
        again = journal.replay().open_tasks[1]
        assert again == JournalledTask(handle(1), self.other_payload, 2, 1, started(1), (kept_file(lease(1)),))
        journal.append(epoch, (outcome(1),))
        assert [task.handle for task in journal.replay().open_tasks] == [handle(0), handle(2)]
        assert [result.handle for result in journal.results(0, 3)] == [handle(1)]

    def test_entries_about_a_task_that_has_ended_bring_it_not_back_and_break_no_transaction(
        self, journal: Journal
    ) -> None:
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

    def test_the_first_outcome_of_a_task_is_its_only_one_and_is_counted_once(self, journal: Journal) -> None:
        epoch = begin(journal)
        journal.append(epoch, (outcome(0), outcome(0, TaskStatus.FAILED)))
        journal.append(epoch, (outcome(0, TaskStatus.FAILED), outcome(99)))
        state = journal.replay()
        assert (state.batch_succeeded, state.batch_failed) == (1, 0)
        assert [result.status for result in journal.results(0, 100)] == [TaskStatus.COMPLETED]

    def test_an_ended_task_is_no_longer_open_and_its_outcome_can_be_read(self, journal: Journal) -> None:
        epoch = begin(journal)
        journal.append(epoch, (outcome(1, TaskStatus.FAILED),))
        assert [task.handle.sequence for task in journal.replay().open_tasks] == [0, 2]
        assert [result.status for result in journal.results(0, 3)] == [TaskStatus.FAILED]

    def test_outcomes_come_in_the_order_of_their_tasks_and_only_those_asked_for(self, journal: Journal) -> None:
        epoch = begin(journal, 5)
        journal.append(epoch, (outcome(4), outcome(2), outcome(0), outcome(1)))
        assert [result.handle.sequence for result in journal.results(0, 5)] == [0, 1, 2, 4]
        assert [result.handle.sequence for result in journal.results(1, 3)] == [1, 2]

    def test_a_publish_that_began_is_remembered_until_the_lease_ends(self, journal: Journal) -> None:
        epoch = begin(journal, 1)
        journal.append(epoch, (LeaseGranted(lease(0)), started(0)))
        assert journal.replay().open_tasks[0].publishing == started(0)
        journal.append(epoch, (LeaseEnded(lease(0), "the disk is full", 1, 0),))
        assert journal.replay().open_tasks[0] == JournalledTask(handle(0), order(0), 1, 0)

    def test_a_publish_that_had_begun_still_knows_where_its_order_was_sent(self, journal: Journal) -> None:
        epoch = begin(journal)
        begun, address = started(0), "https://portal.example/orders/PO0?view=2"
        journal.append(epoch, (attrs.evolve(begun, lease=attrs.evolve(begun.lease, address=address)),))
        (publishing,) = [one.publishing for one in journal.replay().open_tasks if one.publishing is not None]
        assert publishing.lease.address == address, "whoever finishes it gives the folder the same name"
        assert publishing.lease == begun.lease, "the lease is the same with and without it"

    def test_a_verified_file_is_remembered_over_the_end_of_its_lease_and_replaced_by_its_next_copy(
        self, journal: Journal
    ) -> None:
        epoch = begin(journal, 1)
        first, second = lease(0, 1), lease(0, 2)
        journal.append(epoch, (FileVerified(kept_file(first)), FileVerified(kept_file(first, "b.pdf"))))
        journal.append(epoch, (LeaseEnded(first, "the browser died", 0, 1), FileVerified(kept_file(second))))
        kept = journal.replay().open_tasks[0].kept
        assert set(kept) == {kept_file(first, "b.pdf"), kept_file(second)}

    # ------------------------------------------------------------------------------------------- what callers hand in

    def test_an_order_is_taken_whatever_its_caller_wrote_into_it(self, journal: Journal) -> None:
        epoch = begin(journal, 1)
        odd = [
            attrs.evolve(order(place), task=POTask(f"PO{place}", **facts)) for place, facts in enumerate(ODD_FACTS, 1)
        ]
        last = len(odd) + 1
        for place, one in enumerate(odd, 1):
            journal.append(epoch, (TaskAccepted(handle(place), one, one.task.retry_count),))
        journal.append(epoch, accepted(1, first=last))
        handles = [handle(place) for place in range(last + 1)]
        assert [task.handle for task in journal.replay().open_tasks] == handles
        journal.append(epoch, tuple(outcome(place) for place in range(1, last)))
        assert [result.po_number for result in journal.results(0, last + 1)] == [f"PO{n}" for n in range(1, last)]

    def test_metadata_that_cannot_be_told_costs_no_other_order(self, journal: Journal) -> None:
        circle: list[Any] = []
        circle.append(circle)
        deep: list[Any] = []
        for _ in range(DEPTH):
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
        written = (TaskAccepted(handle(place), task) for place, task in enumerate(tasks))
        journal.append(journal.open_epoch(), (BatchBegun(0, len(odd)), *written))
        assert [one.handle.sequence for one in journal.replay().open_tasks] == list(range(len(odd)))

    # ---------------------------------------------------------------------------------------------------- agreement

    def test_it_says_of_random_entries_what_the_journal_in_memory_says(self, journal: Journal) -> None:
        chance, model = random.Random(7), MemoryJournal()  # noqa: S311 - the same entries each time
        epochs = model.open_epoch(), journal.open_epoch()
        count = 0
        for round_number in range(60):
            if round_number % 20 == 19:
                epochs = model.open_epoch(), journal.open_epoch()
            entries: tuple[JournalEntry, ...]
            if round_number % 15 == 0:
                left = tuple(outcome(task.handle.sequence) for task in model.replay().open_tasks)
                batch = BatchBegun(count, 4, is_open=chance.random() < 0.5)
                entries = (*left, batch, *submitted(f"key {count}", 4, first=count))
                count += 4
            elif round_number % 5 == 0:
                state = model.replay()
                entries = (BatchBegun(state.batch_first, state.batch_total, is_open=not state.batch_is_open),)
            else:
                entries = tuple(_any_entry(chance, chance.randrange(count)) for _ in range(chance.randint(1, 3)))
            model.append(epochs[0], entries)
            journal.append(epochs[1], entries)
            assert comparable(journal.replay()) == comparable(model.replay()), f"after {entries}"
            assert journal.results(0, count) == model.results(0, count), f"after {entries}"
            for key in (f"key {place}" for place in range(count + 1)):
                assert journal.handles_of(key) == model.handles_of(key), f"after {entries}"

    # ---------------------------------------------------------------------------------- over the end of a process

    def test_a_later_process_goes_on_where_the_one_before_has_ended(self, journal: Journal) -> None:
        epoch = begin(journal, 4)
        journal.append(epoch, (outcome(0), LeaseGranted(lease(1)), FileVerified(kept_file(lease(1)))))
        journal.append(epoch, (LeaseGranted(lease(2)), started(2)))
        before, results, in_hand = journal.replay(), journal.results(0, 4), journal.tasks_in_hand()
        later = self.reopen(journal)
        assert comparable(later.replay()) == comparable(before)
        assert later.results(0, 4) == results
        assert later.tasks_in_hand() == in_hand
        interruptions = {one.handle.sequence: one.interruptions for one in later.replay().open_tasks}
        assert interruptions == {1: 1, 2: 0, 3: 0}, "who was in work has seen one end more"
        assert later.open_epoch() > epoch, "a later process gets a larger epoch"
        raised(StaleEpochError, lambda: later.append(epoch, (outcome(1),)), "an entry of an earlier process")


def _any_entry(chance: random.Random, sequence: int) -> JournalEntry:
    """Make an entry about a task, which may have ended."""
    of = lease(sequence, chance.randint(1, 3))
    kinds: tuple[JournalEntry, ...] = (
        LeaseGranted(of),
        LeaseEnded(of, "it broke off", chance.randint(0, 3), chance.randint(0, 2), chance.choice([None, *Blame])),
        FileVerified(kept_file(of, chance.choice(["a.pdf", "b.pdf"]))),
        started(sequence),
        outcome(sequence, chance.choice([TaskStatus.COMPLETED, TaskStatus.FAILED])),
        PauseBegan("disk", "there is no room"),
        PauseEnded("disk"),
    )
    return chance.choice(kinds)
