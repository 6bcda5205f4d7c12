"""What every `Journal` keeps of batches and submissions: how much there is, whether more may come, and which tasks."""

from __future__ import annotations

import functools
from unittest import SkipTest

from actors.testing.conformance.entries import accepted, handle, outcome, submitted
from actors.testing.conformance.raising import raised
from contracts.errors import JournalError
from contracts.ports import BatchBegun, Journal, JournalEntry, SubmissionAccepted
from contracts.tasks import TaskStatus


def begin(journal: Journal, count: int = 3) -> int:
    """Begin a batch of open tasks and return the epoch."""
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, count), *accepted(count)))
    return epoch


class JournalBatchTests:
    """A part of `JournalSuite`."""

    def reopen(self, journal: Journal) -> Journal:
        """Close a journal, and return it as the next process finds it."""
        raise SkipTest("nothing is resumed from this journal")

    # ------------------------------------------------------------------------------------------------------ batches

    def test_the_same_batch_written_again_changes_its_total_and_nothing_else(self, journal: Journal) -> None:
        epoch = begin(journal, 2)
        journal.append(epoch, (outcome(0), outcome(1, TaskStatus.FAILED)))
        journal.append(epoch, (BatchBegun(0, 3), *accepted(1, first=2)))
        state = journal.replay()
        assert (state.batch_first, state.batch_total, state.batch_succeeded, state.batch_failed) == (0, 3, 1, 1)
        journal.append(epoch, (outcome(2),))
        assert journal.replay().batch_succeeded == 2

    def test_another_batch_counts_anew(self, journal: Journal) -> None:
        epoch = begin(journal, 1)
        journal.append(epoch, (outcome(0), BatchBegun(1, 2), *accepted(2, first=1)))
        state = journal.replay()
        assert (state.batch_first, state.batch_total, state.batch_succeeded, state.next_sequence) == (1, 2, 0, 3)

    def test_the_batch_in_hand_is_known_until_it_has_ended_where_it_can_be_resumed(self, journal: Journal) -> None:
        epoch = begin(journal)
        journal.append(epoch, (outcome(1),))
        known = [(one.handle.sequence, one.has_ended) for one in journal.tasks_in_hand()]
        assert known == ([(0, False), (1, True), (2, False)] if journal.resumes else [])
        journal.append(epoch, (outcome(0), outcome(2)))
        assert journal.tasks_in_hand() == ()

    def test_a_batch_that_is_open_grows_and_goes_on_until_it_is_closed(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 0, is_open=True),))
        assert journal.replay().batch_is_open, "also before its first task"
        journal.append(epoch, (BatchBegun(0, 2, is_open=True), *submitted("a", 2)))
        journal.append(epoch, (outcome(0), outcome(1, TaskStatus.FAILED)))
        journal.append(epoch, (BatchBegun(0, 3, is_open=True), *submitted("b", 1, first=2), outcome(2)))
        state = journal.replay()
        assert state.batch_is_open
        assert (state.batch_first, state.batch_total, state.batch_succeeded, state.batch_failed) == (0, 3, 2, 1)
        in_hand = [(one.handle, one.has_ended) for one in journal.tasks_in_hand()]
        assert in_hand == ([(handle(0), True), (handle(1), True), (handle(2), True)] if journal.resumes else [])
        journal.append(epoch, (BatchBegun(0, 3),))
        state = journal.replay()
        assert not state.batch_is_open
        assert (state.batch_first, state.batch_total, state.batch_succeeded, state.batch_failed) == (0, 3, 2, 1)
        assert journal.tasks_in_hand() == (), "it has ended"

    def test_an_open_batch_may_be_closed_before_its_tasks_have_ended_and_without_any(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 0, is_open=True), BatchBegun(0, 0)))
        state = journal.replay()
        assert (state.batch_is_open, state.batch_total, state.open_tasks) == (False, 0, ())
        journal.append(epoch, (BatchBegun(0, 1, is_open=True), *accepted(1), BatchBegun(0, 1)))
        state = journal.replay()
        assert (state.batch_is_open, state.batch_total, len(state.open_tasks)) == (False, 1, 1)
        journal.append(epoch, (outcome(0),))
        assert (journal.replay().batch_succeeded, journal.tasks_in_hand()) == (1, ())

    def test_what_ended_in_an_open_batch_is_counted_also_when_its_total_is_told_later(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 0, is_open=True), *accepted(1), outcome(0)))
        journal.append(epoch, (BatchBegun(0, 1),))
        state = journal.replay()
        assert (state.batch_total, state.batch_succeeded, state.batch_is_open) == (1, 1, False)
        assert journal.tasks_in_hand() == ()

    def test_a_batch_may_be_opened_again_and_another_one_is_open_only_by_its_own_word(self, journal: Journal) -> None:
        epoch = begin(journal, 1)
        journal.append(epoch, (outcome(0), BatchBegun(0, 1, is_open=True)))
        state = journal.replay()
        assert (state.batch_is_open, state.batch_succeeded) == (True, 1)
        journal.append(epoch, (BatchBegun(1, 1), *accepted(1, first=1)))
        state = journal.replay()
        assert (state.batch_is_open, state.batch_first, state.batch_succeeded) == (False, 1, 0)

    # -------------------------------------------------------------------------------------------------- submissions

    def test_a_submission_is_known_by_its_key_with_its_tasks_in_order_also_when_they_have_ended(
        self, journal: Journal
    ) -> None:
        epoch, odd = journal.open_epoch(), "a lone \udcff, and \0"
        journal.append(epoch, (BatchBegun(0, 6), *submitted("a", 2), *submitted(odd, 3, first=2)))
        journal.append(epoch, (*accepted(1, first=5), SubmissionAccepted("after its task", 5, 1)))
        wanted = {"a": [0, 1], odd: [2, 3, 4], "after its task": [5], "b": [], "": [], "A": []}
        entries: list[JournalEntry] = [*map(outcome, range(6)), BatchBegun(6, 1)]
        for left in entries:
            for key, places in wanted.items():
                assert journal.handles_of(key) == tuple(map(handle, places)), f"of {key!r}, before {left}"
            journal.append(epoch, (left,))
        assert journal.handles_of(odd) == (handle(2), handle(3), handle(4)), "also when another batch has begun"

    def test_a_key_that_is_written_twice_is_refused_with_all_that_comes_with_it(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 3), *submitted("a", 2)))
        before = journal.replay()
        twice: list[tuple[JournalEntry, ...]] = [
            (outcome(0), *submitted("a", 1, first=2)),
            (*accepted(2, first=2), SubmissionAccepted("b", 2, 1), SubmissionAccepted("b", 3, 1)),
        ]
        for entries in twice:
            raised(JournalError, functools.partial(journal.append, epoch, entries), "a key that is there already")
            assert journal.replay() == before
            assert journal.handles_of("a") == (handle(0), handle(1))
            assert journal.handles_of("b") == ()
        journal.append(epoch, submitted("b", 1, first=2))
        assert journal.handles_of("b") == (handle(2),)

    # ---------------------------------------------------------------------------------- over the end of a process

    def test_a_batch_that_is_open_stays_so_for_a_later_process_until_it_is_closed(self, journal: Journal) -> None:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 2, is_open=True), *submitted("a", 2), outcome(0), outcome(1)))
        before, in_hand = journal.replay(), journal.tasks_in_hand()
        later = self.reopen(journal)
        assert (later.replay(), later.tasks_in_hand(), len(in_hand)) == (before, in_hand, 2)
        assert later.replay().batch_is_open
        assert later.handles_of("a") == (handle(0), handle(1))
        epoch = later.open_epoch()
        later.append(epoch, (BatchBegun(0, 3, is_open=True), *submitted("b", 1, first=2)))
        later.append(epoch, (BatchBegun(0, 3),))
        again = self.reopen(later)
        state = again.replay()
        assert (state.batch_is_open, state.batch_total, state.batch_succeeded) == (False, 3, 2)
        assert [task.handle for task in state.open_tasks] == [handle(2)]
        assert again.handles_of("b") == (handle(2),)
