"""Every journal keeps the promises of `Journal`: in memory, on disk, and those that other tests read along with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from actors.journal import MemoryJournal, SqliteJournal
from actors.testing.conformance import JournalSuite
from contracts.errors import Blame, StaleEpochError
from contracts.ports import (
    BatchBegun,
    Journal,
    JournalEntry,
    JournalState,
    LeaseEnded,
    OutcomeRecorded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.tasks import POResult, TaskHandle
from scripts.supervision.pretence import CountingJournal
from tests.conformance.bugs import falls
from tests.dispatch.test_full_disk import Journal as JournalWithRoom
from tests.journal.entries import NOON, NOTES_TOO, Place, order
from tests.simulation.one_browser import WatchedJournal


class TestMemoryJournal(JournalSuite):
    """The journal in memory."""

    @pytest.fixture
    def journal(self) -> Journal:
        """An empty one."""
        return MemoryJournal()


class TestSqliteJournal(JournalSuite):
    """The journal on disk."""

    place: Place
    opened: SqliteJournal

    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[Journal]:
        """An empty one."""
        self.place = Place(tmp_path, NOTES_TOO)
        self.opened = self.place.open()
        yield self.opened
        self.opened.close()

    def reopen(self, journal: Journal) -> Journal:
        """Open it again."""
        self.opened.close()
        self.opened = self.place.open()
        return self.opened


class TestJournalsOfOtherTests(JournalSuite):
    """Those that count, watch, or have no room for a while."""

    @pytest.fixture(params=[CountingJournal, JournalWithRoom, lambda: WatchedJournal(lambda _entry: None)])
    def journal(self, request: pytest.FixtureRequest) -> Journal:
        """An empty one."""
        made: Journal = request.param()
        return made


def test_only_what_lies_on_disk_is_resumed_by_another_process() -> None:
    assert MemoryJournal.resumes is False
    assert SqliteJournal.resumes is True


# ---------------------------------------------------------------------------------------------- journals with a bug


class TakesAnyEpoch(MemoryJournal):
    """It has two writers."""

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        super().append(self._epoch, entries)


class RefusesAfterwards(MemoryJournal):
    """It writes, then refuses."""

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        super().append(self._epoch, entries)
        if epoch != self._epoch:
            raise StaleEpochError("too late")


class LastOutcomeWins(MemoryJournal):
    """It takes a second outcome."""

    def _write(self, entry: JournalEntry) -> None:
        super()._write(entry)
        if isinstance(entry, OutcomeRecorded) and entry.result.handle.sequence in self._results:
            self._results[entry.result.handle.sequence] = entry.result


class ForgetsFiles(MemoryJournal):
    """It forgets the files of a lease that ended."""

    def _write(self, entry: JournalEntry) -> None:
        super()._write(entry)
        if isinstance(entry, LeaseEnded) and entry.lease.task.sequence in self._open:
            task = self._open[entry.lease.task.sequence]
            self._open[entry.lease.task.sequence] = type(task)(task.handle, task.payload, task.attempts, task.crashes)


class ForgetsPublishing(MemoryJournal):
    """It forgets that files were being moved."""

    def _write(self, entry: JournalEntry) -> None:
        if not isinstance(entry, PublishStarted):
            super()._write(entry)


class ForgetsWhoWasLost(MemoryJournal):
    """It forgets a lease that a browser cost."""

    def _write(self, entry: JournalEntry) -> None:
        if not isinstance(entry, LeaseEnded) or entry.blame is not Blame.BROWSER:
            super()._write(entry)


class MixesResultsUp(MemoryJournal):
    """It tells outcomes as they came."""

    def results(self, first: int, count: int) -> tuple[POResult, ...]:
        return tuple(one for one in self._results.values() if first <= one.handle.sequence < first + count)


class CountsOnAndOn(MemoryJournal):
    """It counts the outcomes of every batch."""

    def replay(self) -> JournalState:
        state = super().replay()
        good = sum(one.status.is_success for one in self._results.values())
        return attrs.evolve(state, batch_succeeded=good)


class ForgetsSubmissionsThatEnded(MemoryJournal):
    """It knows the handles of open tasks alone."""

    def handles_of(self, key: str) -> tuple[TaskHandle, ...]:
        return tuple(one for one in super().handles_of(key) if one.sequence in self._open)


class MixesSubmissionsUp(MemoryJournal):
    """It tells their tasks backwards."""

    def handles_of(self, key: str) -> tuple[TaskHandle, ...]:
        return tuple(reversed(super().handles_of(key)))


class TakesAKeyTwice(MemoryJournal):
    """It forgets the first submission over the second."""

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        for entry in entries:
            if isinstance(entry, SubmissionAccepted):
                self._submissions.pop(entry.key, None)
        super().append(epoch, entries)


class IsNeverOpen(MemoryJournal):
    """It does not keep that more may come."""

    def _write(self, entry: JournalEntry) -> None:
        super()._write(attrs.evolve(entry, is_open=False) if isinstance(entry, BatchBegun) else entry)


class StaysOpen(MemoryJournal):
    """It takes no word of its end."""

    def replay(self) -> JournalState:
        return attrs.evolve(super().replay(), batch_is_open=self._batch.is_open or bool(self._results))


class ForgetsCountsOfOpenBatches(MemoryJournal):
    """It counts anew when an open batch grows."""

    def _write(self, entry: JournalEntry) -> None:
        if isinstance(entry, BatchBegun) and entry.is_open:
            self._succeeded = self._failed = 0
        super()._write(entry)


class ChargesNothing(MemoryJournal):
    """It forgets attempts made elsewhere."""

    def _write(self, entry: JournalEntry) -> None:
        super()._write(attrs.evolve(entry, attempts=0) if isinstance(entry, TaskAccepted) else entry)


class KnowsOrdersAlone(MemoryJournal):
    """It takes everything for an order."""

    def _write(self, entry: JournalEntry) -> None:
        if isinstance(entry, TaskAccepted) and entry.payload.kind != "order":
            entry = attrs.evolve(entry, payload=order(entry.handle.sequence))
        super()._write(entry)


@pytest.mark.parametrize(
    "kind",
    [
        TakesAnyEpoch, RefusesAfterwards, LastOutcomeWins, ForgetsFiles, ForgetsPublishing, ForgetsWhoWasLost,
        MixesResultsUp, CountsOnAndOn, ForgetsSubmissionsThatEnded, MixesSubmissionsUp, TakesAKeyTwice, IsNeverOpen,
        StaysOpen, ForgetsCountsOfOpenBatches, ChargesNothing, KnowsOrdersAlone,
    ],
)  # fmt: skip
def test_a_journal_with_a_bug_falls(kind: type[MemoryJournal]) -> None:
    assert falls(JournalSuite(), lambda: {"journal": kind()})


class NeverInterrupted(SqliteJournal):
    """It does not count the ends of the program."""

    def _end_what_a_dead_program_left(self) -> None:
        pass


class CarelessPlace(Place):
    """Where it lies."""

    def open(self) -> SqliteJournal:
        return NeverInterrupted(self.database, self.manifest, self.root, lambda: NOON)


def test_a_journal_on_disk_that_does_not_count_the_ends_of_the_program_falls(tmp_path: Path) -> None:
    suite = TestSqliteJournal()
    suite.place = CarelessPlace(tmp_path)
    suite.opened = suite.place.open()
    with contextlib.closing(suite.opened), pytest.raises(AssertionError, match="one end more"):
        suite.test_a_later_process_goes_on_where_the_one_before_has_ended(suite.opened)
    suite.opened.close()
