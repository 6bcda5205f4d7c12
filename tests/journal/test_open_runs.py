"""A run that is open takes more orders: it has not ended until somebody says that no more will come."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.journal import JournalReader
from contracts.errors import JournalError
from contracts.ports import BatchBegun, JournalEntry
from contracts.tasks import TaskStatus
from tests.journal.entries import Place, accepted, outcome, submitted


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


def killed(place: Place, *entries: JournalEntry) -> None:
    """Leave the journal as a process does that opened it, wrote, and ended without a word."""
    journal = place.open()
    journal.append(journal.open_epoch(), entries)
    place.leave_as_killed(journal)


def is_open_to_readers(place: Place) -> bool:
    with JournalReader(place.database) as reader:
        status = reader.status()
    assert status is not None
    assert not (status.is_open and status.ended), "what is open has not ended"
    return status.is_open


def test_an_open_run_is_unfinished_over_the_ends_of_programs_until_somebody_closes_it(place: Place) -> None:
    killed(place, BatchBegun(0, 0, is_open=True))
    assert is_open_to_readers(place), "also without any order"
    killed(place, BatchBegun(0, 2, is_open=True), *submitted("a", 2), outcome(0), outcome(1))
    journal = place.open()
    assert journal.is_unfinished()
    assert is_open_to_readers(place)
    journal.take_up()
    assert journal.replay().batch_is_open, "as it was"
    assert len(journal.tasks_in_hand()) == 2
    journal.append(journal.open_epoch(), (BatchBegun(0, 2),))
    assert not journal.is_unfinished()
    assert not is_open_to_readers(place)
    assert journal.tasks_in_hand() == ()
    journal.close()


def test_an_open_run_without_orders_ends_when_it_is_closed(place: Place) -> None:
    place.write(BatchBegun(0, 0, is_open=True))
    place.write(BatchBegun(0, 0))
    journal = place.open()
    assert not journal.is_unfinished()
    assert not is_open_to_readers(place)
    journal.close()


def test_a_run_with_a_plan_owes_its_results_from_when_it_is_closed_and_ended(place: Place) -> None:
    journal = place.open()
    journal.note_plan({"csv": "a.csv"})
    journal.append(journal.open_epoch(), (BatchBegun(0, 1, is_open=True), *accepted(1), outcome(0)))
    journal.note_plan({"csv": "b.csv"})
    assert journal.plan() == {"csv": "b.csv"}, "it is the run in hand"
    journal.append(1, (BatchBegun(0, 1),))
    assert journal.is_unfinished(), "its results are not written"
    journal.note_reported()
    assert not journal.is_unfinished()
    journal.close()


def test_an_open_run_is_over_when_another_begins(place: Place) -> None:
    place.write(BatchBegun(0, 2, is_open=True), *accepted(2), outcome(0))
    place.write(BatchBegun(2, 1), *accepted(1, first=2))
    journal = place.open()
    assert not journal.replay().batch_is_open
    assert not is_open_to_readers(place)
    rows = [tuple(row) for row in journal._db.execute("SELECT is_open, ended IS NULL FROM runs ORDER BY run")]
    assert rows == [(0, 0), (0, 1)]
    journal.append(journal.open_epoch(), (outcome(2),))
    assert not journal.is_unfinished()
    journal.close()


def test_a_retry_in_an_open_run_leaves_it_open(place: Place) -> None:
    place.write(BatchBegun(0, 1, is_open=True), *accepted(1), outcome(0, TaskStatus.FAILED))
    journal = place.open()
    assert journal.reopen([TaskStatus.FAILED]) == 1
    epoch = journal.open_epoch()
    journal.append(epoch, (outcome(0),))
    state = journal.replay()
    assert (state.batch_is_open, state.batch_succeeded, state.batch_failed) == (True, 1, 0)
    assert journal.is_unfinished()
    journal.append(epoch, (BatchBegun(0, 1),))
    assert not journal.is_unfinished()
    journal.close()


def test_orders_that_come_to_a_run_that_was_closed_and_ended_open_it_for_themselves_alone(place: Place) -> None:
    place.write(BatchBegun(0, 1, is_open=True), *accepted(1), outcome(0), BatchBegun(0, 1))
    place.write(*submitted("a", 1, first=1))
    journal = place.open()
    assert (journal.is_unfinished(), is_open_to_readers(place)) == (True, False)
    journal.append(journal.open_epoch(), (outcome(1),))
    assert not journal.is_unfinished()
    journal.close()


def test_a_submission_that_is_written_twice_is_said_to_be_so_and_not_called_damage(place: Place) -> None:
    place.write(BatchBegun(0, 1), *submitted("a\udcff", 1))
    with pytest.raises(JournalError, match=r"^The submission 'a\\udcff' is written down already\.$"):
        place.write(*submitted("a\udcff", 1, first=1))
    journal = place.open()
    assert journal.replay().next_sequence == 1
    journal.close()
