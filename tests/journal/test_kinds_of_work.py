"""Tasks of more than one kind in one journal: each is read back by the coding of its kind, and by no other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest
from hypothesis import given

from actors.journal import JournalReader
from actors.journal.payloads import ORDERS, read, written
from contracts.errors import JournalError
from contracts.ports import BatchBegun, JournalledTask, KnownTask, LeaseEnded, LeaseGranted, TaskAccepted
from contracts.tasks import Order, POTask, TaskHandle, TaskStatus
from tests.journal.entries import NOTES_TOO, Note, Place, accepted, handle, lease, order, outcome, submitted
from tests.journal.random_entries import ORDERS as FACTS_OF_ORDERS, TEXTS, order_of

SAYS = "look \udcff, \0 and \U0001f4ce"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A journal of an order, a note, and an order, written by who knows both kinds."""
    made = Place(tmp_path, NOTES_TOO)
    note = TaskAccepted(handle(1), Note(SAYS), 1)
    made.write(BatchBegun(0, 3), *accepted(1), note, *accepted(1, first=2))
    return made


def test_another_kind_is_kept_charged_and_ended_like_orders_over_the_ends_of_programs(place: Place) -> None:
    with closing(place.open()) as journal:
        assert journal.replay().open_tasks[1] == JournalledTask(handle(1), Note(SAYS), 1)
        assert journal.tasks_in_hand()[1] == KnownTask(handle(1), Note(SAYS), has_ended=False)
        epoch = journal.open_epoch()
        journal.append(epoch, (LeaseGranted(lease(1)), LeaseEnded(lease(1), "it broke off", 2, 1)))
        journal.append(epoch, (LeaseGranted(lease(1, 2)),))
        place.leave_as_killed(journal)
    with closing(place.open()) as journal:
        found = JournalledTask(handle(1), Note(SAYS), 2, 1, interruptions=1)
        assert journal.replay().open_tasks[1] == found
        journal.append(journal.open_epoch(), (outcome(1, TaskStatus.FAILED),))
    with closing(place.open()) as journal:
        assert [task.payload for task in journal.replay().open_tasks] == [order(0), order(2)]
        assert journal.tasks_in_hand()[1] == KnownTask(handle(1), Note(SAYS), has_ended=True)
        assert [result.handle for result in journal.results(0, 3)] == [handle(1)]
        assert journal.reopen([TaskStatus.FAILED]) == 1
        assert journal.replay().open_tasks[1] == JournalledTask(handle(1), Note(SAYS))


def test_who_does_not_know_a_kind_refuses_the_journal_and_changes_nothing(place: Place) -> None:
    before, older = place.content(), Place(place.root)
    for _ in range(2):
        with pytest.raises(JournalError, match=r"newer version of purser .*'note'.*Use that version.*--fresh"):
            older.open()
    assert place.content() == before
    with closing(place.open()) as journal:
        assert journal.replay().open_tasks[1].payload == Note(SAYS)


def test_so_it_is_where_a_killed_program_left_work_in_hand(place: Place) -> None:
    with closing(place.open()) as journal:
        journal.append(journal.open_epoch(), (LeaseGranted(lease(0)),))
        place.leave_as_killed(journal)
    with pytest.raises(JournalError, match="newer version"):
        Place(place.root).open()
    with closing(sqlite3.connect(place.database)) as db:
        assert db.execute("SELECT count(*) FROM leases WHERE ended IS NULL").fetchone()[0] == 1
        assert db.execute("SELECT sum(interruptions) FROM tasks").fetchone()[0] == 0


def test_work_of_an_unknown_kind_that_has_ended_keeps_no_later_run_out(place: Place) -> None:
    place.write(outcome(1))
    with closing(Place(place.root).open()) as journal:
        assert [task.payload for task in journal.replay().open_tasks] == [order(0), order(2)]
        with pytest.raises(JournalError, match="newer version"):
            journal.tasks_in_hand()
        journal.append(journal.open_epoch(), (outcome(0), outcome(2), BatchBegun(3, 1), *submitted("a", 1, first=3)))
        assert [task.handle for task in journal.tasks_in_hand()] == [handle(3)]


def test_whoever_only_reads_how_a_run_stands_needs_to_know_no_kind(place: Place) -> None:
    with JournalReader(place.database) as reader:
        status = reader.status()
    assert status is not None
    assert status.open == 3


def test_a_kind_that_cannot_be_kept_is_refused_with_all_that_comes_with_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with closing(place.open()) as journal:
        epoch = journal.open_epoch()
        journal.append(epoch, (BatchBegun(0, 3), *accepted(1)))
        before = journal.replay()
        with pytest.raises(JournalError, match="'note'"):
            journal.append(epoch, (outcome(0), *submitted("a", 1, first=1), TaskAccepted(handle(2), Note("x"))))
        assert journal.replay() == before
        assert journal.handles_of("a") == ()
        journal.append(epoch, (outcome(0),))


@pytest.mark.parametrize("stored", ['{"says":1}', "{}", "[]", "{"])
def test_what_a_coding_makes_no_sense_of_is_a_damaged_row(place: Place, stored: str) -> None:
    with closing(sqlite3.connect(place.database)) as db:
        db.execute("UPDATE tasks SET payload = ? WHERE sequence = 1", (stored,))
        db.commit()
    with closing(place.open()) as journal, pytest.raises(JournalError, match="is damaged"):
        journal.replay()


def test_a_payload_under_another_kind_is_a_damaged_row(place: Place) -> None:
    with closing(sqlite3.connect(place.database)) as db:
        db.execute("UPDATE tasks SET kind = 'order' WHERE sequence = 1")
        db.commit()
    with closing(place.open()) as journal, pytest.raises(JournalError, match="is damaged"):
        journal.replay()


@given(facts=FACTS_OF_ORDERS, number=TEXTS)
def test_an_order_comes_back_as_it_was(facts: dict[str, object], number: str) -> None:
    given_order = order_of(facts)
    stored = written(given_order, ORDERS)
    assert stored.isascii()
    assert read("order", stored, TaskHandle(0, given_order.po_number), ORDERS) == given_order


@pytest.mark.parametrize("amount", [10**300, 5, -0.5, None])
def test_an_amount_is_kept_to_the_last_digit(amount: float | None) -> None:
    given_order = Order(POTask("PO1", amount=amount), "", "", "")
    found = read("order", written(given_order, ORDERS), handle(1), ORDERS)
    assert found == attrs.evolve(given_order, task=attrs.evolve(given_order.task, po_number="PO1"))
