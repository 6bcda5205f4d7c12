"""The journal in memory and the one on disk are told the same and say the same, also after the disk's was reopened.

Only what a journal on disk is there for may differ: it counts the ends of the program.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.evidence.chain import BEFORE_THE_FIRST
from actors.journal import MemoryJournal
from actors.testing.conformance.journals import comparable
from contracts.errors import Blame, JournalError, StaleEpochError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    Journal,
    JournalEntry,
    KeptFile,
    Lease,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PauseBegan,
    PauseEnded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.tasks import Attachment, TaskHandle
from tests.evidence.chains import read_chain
from tests.journal.entries import Place
from tests.journal.random_entries import ATTACHMENTS, COUNTS, ORDERS, RESULTS, TEXTS, order_of, result_of

PICKS = st.integers(0, 30)
MOST_ENTRIES = 5


class TwoJournals(RuleBasedStateMachine):
    """Random entries of any kind and epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(Path(tempfile.mkdtemp(prefix="journals-")))
        self.memory, self.disk = MemoryJournal(), self.place.open()
        self.tasks: list[TaskHandle] = []
        self.ended: set[int] = set()
        self.batch_first = 0
        self.in_hand: set[int] = set()
        self.interruptions: dict[int, int] = {}
        self.keys: dict[str, list[TaskHandle]] = {}
        self.epochs = [(self.memory.open_epoch(), self.disk.open_epoch())]

    def teardown(self) -> None:
        """Leave nothing."""
        self.disk.close()
        shutil.rmtree(self.place.root)

    def _tell(self, *entries: JournalEntry) -> None:
        memory, disk = self.epochs[-1]
        self.memory.append(memory, entries)
        self.disk.append(disk, entries)
        for entry in entries:
            match entry:
                case LeaseGranted(one):
                    self.in_hand.add(one.task.sequence)
                case LeaseEnded(one):
                    self.in_hand.discard(one.task.sequence)
                case OutcomeRecorded(result) if result.handle.sequence not in self.ended:
                    self.ended.add(result.handle.sequence)
                    self.in_hand.discard(result.handle.sequence)

    def _lease(self, data: st.DataObject) -> Lease:
        handle = self.tasks[data.draw(PICKS, "task") % len(self.tasks)]
        return Lease(handle, data.draw(COUNTS), data.draw(TEXTS), data.draw(COUNTS), self.epochs[-1][1])

    # ------------------------------------------------------------------------------------------------------- writing

    @rule(total=COUNTS, facts=RESULTS, is_open=st.booleans())
    def begin_batch(self, total: int, facts: dict[str, Any], is_open: bool) -> None:
        """A batch begins; the one before has ended."""
        left = [task for task in self.tasks if task.sequence not in self.ended]
        self.batch_first = len(self.tasks)
        outcomes = (OutcomeRecorded(result_of(task, facts)) for task in left)
        self._tell(*outcomes, BatchBegun(self.batch_first, total, is_open))

    @rule(total=COUNTS, is_open=st.booleans())
    def go_on_with_batch(self, total: int, is_open: bool) -> None:
        """The batch in hand is found to be larger or smaller, is closed, or is opened."""
        known = self.memory.replay()
        if known.batch_is_open or (known.batch_total and len(self.tasks) > self.batch_first):
            self._tell(BatchBegun(self.batch_first, max(total, len(self.tasks) - self.batch_first), is_open))

    @rule(key=TEXTS, orders=st.lists(ORDERS, min_size=1, max_size=4), is_first=st.booleans())
    def submit(self, key: str, orders: list[dict[str, Any]], is_first: bool) -> None:
        """Tasks are accepted in one transaction as one submission; its key comes before them or after them."""
        if key in self.keys:
            self._submit_again(key)
            return
        fresh = self._fresh(orders)
        self.keys[key] = [one.handle for one in fresh]
        entry = SubmissionAccepted(key, fresh[0].handle.sequence, len(fresh))
        tasks: tuple[JournalEntry, ...] = tuple(fresh)
        self._tell(*((entry, *tasks) if is_first else (*tasks, entry)))

    def _submit_again(self, key: str) -> None:
        again = SubmissionAccepted(key, len(self.tasks), 1)
        journals: tuple[Journal, Journal] = (self.memory, self.disk)
        for journal, epoch in zip(journals, self.epochs[-1], strict=True):
            with pytest.raises(JournalError):
                journal.append(epoch, (again,))

    @rule(orders=st.lists(ORDERS, min_size=1, max_size=4))
    def accept(self, orders: list[dict[str, Any]]) -> None:
        """Tasks are accepted in one transaction."""
        self._tell(*self._fresh(orders))

    def _fresh(self, orders: list[dict[str, Any]]) -> list[TaskAccepted]:
        fresh = [order_of(facts) for facts in orders]
        handles = [TaskHandle(len(self.tasks) + number, one.po_number) for number, one in enumerate(fresh)]
        self.tasks += handles
        return [TaskAccepted(handle, one, one.task.retry_count) for handle, one in zip(handles, fresh, strict=True)]

    @precondition(lambda self: self.tasks)
    @rule(data=st.data(), count=st.integers(1, MOST_ENTRIES))
    def write(self, data: st.DataObject, count: int) -> None:
        """Any entries about any tasks, also about those that have ended, in one transaction."""
        self._tell(*(self._entry(data) for _ in range(count)))

    def _entry(self, data: st.DataObject) -> JournalEntry:
        lease = self._lease(data)
        kind = data.draw(st.sampled_from(["granted", "ended", "file", "publish", "outcome", "pause", "resume"]))
        match kind:
            case "granted":
                return LeaseGranted(lease)
            case "ended":
                blame = data.draw(st.one_of(st.none(), st.sampled_from(Blame)))
                return LeaseEnded(lease, data.draw(TEXTS), data.draw(COUNTS), data.draw(COUNTS), blame)
            case "file":
                attachment: Attachment = data.draw(ATTACHMENTS)
                address, size = data.draw(TEXTS), data.draw(st.one_of(st.none(), COUNTS))
                return FileVerified(KeptFile(lease, attachment, address, size))
            case "publish":
                return PublishStarted(lease, result_of(lease.task, data.draw(RESULTS)))
            case "outcome":
                return OutcomeRecorded(result_of(lease.task, data.draw(RESULTS)))
            case "pause":
                return PauseBegan(data.draw(TEXTS), data.draw(TEXTS))
            case _:
                return PauseEnded(data.draw(TEXTS))

    # -------------------------------------------------------------------------------------------------------- epochs

    @rule()
    def new_epoch(self) -> None:
        """A new dispatcher takes over."""
        self.epochs.append((self.memory.open_epoch(), self.disk.open_epoch()))
        self.in_hand.clear()

    @precondition(lambda self: len(self.epochs) > 1 and self.tasks)
    @rule(data=st.data(), old=PICKS)
    def an_old_dispatcher_writes(self, data: st.DataObject, old: int) -> None:
        """It is refused."""
        entry, epochs = self._entry(data), self.epochs[old % (len(self.epochs) - 1)]
        journals: tuple[Journal, Journal] = (self.memory, self.disk)
        for journal, epoch in zip(journals, epochs, strict=True):
            with pytest.raises(StaleEpochError):
                journal.append(epoch, (entry,))

    @rule()
    def the_program_ends_and_begins_anew(self) -> None:
        """The journal on disk is opened again; orders that were in work have seen one end more."""
        for task in self.memory.replay().open_tasks:
            sequence = task.handle.sequence
            if sequence in self.in_hand and task.publishing is None:
                self.interruptions[sequence] = self.interruptions.get(sequence, 0) + 1
        self.disk.close()
        self.disk = self.place.open()
        self.new_epoch()

    # ---------------------------------------------------------------------------------------------------- agreement

    @invariant()
    def they_replay_the_same(self) -> None:
        """Open tasks, counts and places are equal."""
        assert comparable(self.disk.replay()) == comparable(self.memory.replay())

    @invariant()
    def interruptions_are_counted_once_each(self) -> None:
        """An order that was in work when the program ended has one more, no other has."""
        for task in self.disk.replay().open_tasks:
            assert task.interruptions == self.interruptions.get(task.handle.sequence, 0)

    @invariant()
    def they_know_the_same_outcomes(self) -> None:
        """Any stretch of them is equal."""
        for first, count in ((0, len(self.tasks) + 1), (len(self.tasks) // 2, 3)):
            assert self.disk.results(first, count) == self.memory.results(first, count)

    @invariant()
    def they_know_the_same_submissions(self) -> None:
        """Each key leads to its tasks in order, ended or not."""
        for key in (*self.keys, "no key"):
            wanted = tuple(self.keys.get(key, ()))
            assert self.disk.handles_of(key) == self.memory.handles_of(key) == wanted

    @invariant()
    def the_run_in_hand_is_the_batch_until_it_has_ended(self) -> None:
        """Every task of the batch is known, with whether it has ended; none once the batch is over."""
        state = self.memory.replay()
        wanted = [(task, task.sequence in self.ended) for task in self.tasks[self.batch_first :]]
        known = [(one.handle, one.has_ended) for one in self.disk.tasks_in_hand()]
        counted = state.batch_succeeded + state.batch_failed
        over = not state.batch_is_open and counted >= state.batch_total and not state.open_tasks
        assert known == wanted or (over and not known)

    @invariant()
    def the_manifest_tells_each_outcome_once_in_a_chain_that_holds(self) -> None:
        """The file ends with the head that the journal knows."""
        with self.place.manifest.open("rb") as file:
            lines = list(read_chain(file))
        assert len(lines) == len(self.ended)
        assert self.disk.head == (lines[-1].hash if lines else BEFORE_THE_FIRST)


TestTwoJournals = TwoJournals.TestCase
TestTwoJournals.settings = settings(stateful_step_count=25)
