"""Rows that hold something else than this program writes: one error that says what to do, and nothing is changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from actors.journal import JournalReader, SqliteJournal
from contracts.errors import JournalError
from contracts.ports import BatchBegun, FileVerified, LeaseGranted
from contracts.tasks import TaskStatus
from tests.journal.entries import Place, kept_file, lease, outcome, started, submitted

DEEP = "[" * 100_000


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A journal of four orders: one has ended, one is being published, one has a file, one waits."""
    made = Place(tmp_path)
    journal = made.open()
    journal.note_plan({"csv": "a.csv"})
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 4), *submitted("key", 4), outcome(0, TaskStatus.FAILED)))
    journal.append(epoch, (LeaseGranted(lease(1)), started(1)))
    journal.append(epoch, (LeaseGranted(lease(2)), FileVerified(kept_file(lease(2)))))
    journal.close()
    return made


def change(place: Place, statement: str) -> None:
    """Change the database by hand."""
    with closing(sqlite3.connect(place.database)) as db:
        db.execute("PRAGMA writable_schema=ON")
        db.execute(statement)
        db.commit()


def read_everything(journal: SqliteJournal) -> None:
    """Ask for all that a later process wants to know."""
    journal.replay()
    journal.tasks_in_hand()
    journal.results(0, 10)
    journal.plan()
    journal.announced_plan()
    journal.handles_of("key")


def told(place: Place) -> tuple[str, bool]:
    """Open a journal and read it; return the error, and whether it could be opened."""
    try:
        journal = place.open()
    except JournalError as error:
        return str(error), False
    with closing(journal), pytest.raises(JournalError) as caught:
        read_everything(journal)
    return str(caught.value), True


def stored(payload: str, kind: str = "order") -> str:
    """Return the statement that stores a text as what the last order asks for."""
    return f"UPDATE tasks SET payload = '{payload}', kind = '{kind}' WHERE sequence = 3"  # noqa: S608 - our own texts


def given(**facts: str) -> str:
    """Return the statement that stores an order with fields of its own, each as it stands in the text."""
    fields = {
        "priority": "0", "timeout": "null", "retries": "0", "metadata": "{}", "supplier": '""', "url": '""',
        "amount": "null", "base_url": '"https://portal.example"', "host": '"portal.example"', "fault": '""',
    }  # fmt: skip
    return stored("{" + ",".join(f'"{name}":{value}' for name, value in {**fields, **facts}.items()) + "}")


TEXTS = ("supplier", "url", "base_url", "host", "fault")
NUMBERS = ("timeout", "amount")
COUNTS = ("priority", "retries")
WRONG: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(TEXTS, ("null", "1", "true", "[]", '{"a":1}')),
    **dict.fromkeys(NUMBERS, ('"1"', "true", "[1]", "NaN", "Infinity", "-1e999", "9" * 400)),
    **dict.fromkeys(COUNTS, ("null", '"1"', "true", "1.0", "NaN", "9223372036854775808", "9" * 400, "[]")),
    "metadata": ("null", "1", '"text"', "[]", "true"),
}
ROWS = {
    "no payload": stored(""),
    "a payload that is not JSON": stored("{"),
    "a payload that is bytes": "UPDATE tasks SET payload = x'00ff' WHERE sequence = 3",
    "a payload that is a number": "UPDATE tasks SET payload = 5, kind = 'order' WHERE sequence = 3",
    **{f"a payload that is {one}": stored(one) for one in ("[]", "null", "1", '"text"', "{}", "NaN")},
    "a payload that is nested deeply": stored(DEEP),
    "a payload that is a very long number": stored("9" * 10_000),
    "a payload without a field": "UPDATE tasks SET payload = json_remove(payload, '$.url') WHERE sequence = 3",
    "a payload with another field": "UPDATE tasks SET payload = json_set(payload, '$.more', 1) WHERE sequence = 3",
    "a kind that is bytes": "UPDATE tasks SET kind = x'ff' WHERE sequence = 3",
    "a number of an order that is bytes": "UPDATE tasks SET po_number = x'ff' WHERE sequence = 3",
    "metadata that is not JSON": given(metadata="{"),
    "metadata that is nested deeply": given(metadata=DEEP),
    "metadata with a very long number": given(metadata="9" * 10_000),
    "a time of nothing": given(timeout="-1"),
    "attempts below zero": given(retries="-1"),
    **{f"{name} that is {one[:9]}": given(**{name: one}) for name, values in WRONG.items() for one in values},
    "a status that is none": "UPDATE tasks SET status = 'DONE' WHERE sequence = 3",
    "a status that is none of an order that has ended": "UPDATE tasks SET status = 'DONE' WHERE sequence = 0",
    "no attempts": "UPDATE tasks SET attempts = 'x' WHERE sequence = 3",
    "an outcome that is not JSON": "UPDATE tasks SET result = 'x' WHERE sequence = 0",
    "an outcome that is missing": "UPDATE tasks SET result = NULL WHERE sequence = 0",
    "an outcome of the wrong kind": "UPDATE tasks SET result = '[]' WHERE sequence = 0",
    "an outcome with an unknown status": """UPDATE tasks SET result = '{"handle":{"sequence":0,"po_number":"PO0"},
                                            "status":"DONE"}' WHERE sequence = 0""",
    "an outcome of another order": """UPDATE tasks SET result = '{"handle":{"sequence":7,"po_number":"PO0"},
                                      "status":"FAILED"}' WHERE sequence = 0""",
    "a publish that is not JSON": "UPDATE tasks SET publishing = '{' WHERE sequence = 1",
    "a publish without a lease": "UPDATE tasks SET publishing = '{}' WHERE sequence = 1",
    "a publish of another order": "UPDATE tasks SET publishing = (SELECT publishing FROM tasks WHERE sequence = 1) "
    "WHERE sequence = 3",
    "a publish under a lease of another order": "UPDATE tasks SET "
    "publishing = json_set(publishing, '$.lease.task.sequence', 3) WHERE sequence = 1",
    "a submission from no place": "UPDATE submissions SET first = 'x'",
    "a submission of bytes": "UPDATE submissions SET count = x'04'",
    "a submission beyond counting": "UPDATE submissions SET first = 9223372036854775807",
    "a submission of more tasks than there are": "UPDATE submissions SET count = 9223372036854775807",
    "a submission of fewer than none": "UPDATE submissions SET count = -1",
    "a submission of tasks that are not there": "UPDATE submissions SET first = 2",
    "a file that is not JSON": "UPDATE files SET file = 'x'",
    "a file with an infinite size": 'UPDATE files SET file = replace(file, \'"size":\', \'"size":1e999,"x":\')',
    "a file of another order": "UPDATE files SET sequence = 3",
    "a plan that is not JSON": "UPDATE runs SET plan = '{'",
    "a plan that is nested deeply": f"UPDATE runs SET plan = '{DEEP}'",  # noqa: S608
    "a count that is none": "UPDATE runs SET total = 'many'",
    "a run that is open in no way": "UPDATE runs SET is_open = 'yes'",
    "a line of the manifest that is bytes": "UPDATE manifest SET line = x'ff'",
    "a line of the manifest that ends nowhere": "UPDATE manifest SET \"end\" = 'x'",
    "a line of the manifest that ends before it begins": 'UPDATE manifest SET "end" = -1',
    "a line of the manifest with a number beyond counting": "UPDATE manifest SET number = 9223372036854775807",
    "an epoch that is none": "UPDATE meta SET value = 'x' WHERE name = 'epoch'",
}


@pytest.mark.parametrize("statement", ROWS.values(), ids=ROWS)
def test_a_damaged_row_is_one_error_that_says_what_to_do(place: Place, statement: str) -> None:
    change(place, statement)
    before = place.content()
    said, opened = told(place)
    assert f"The journal {place.database} is damaged (" in said
    assert "It is left as it is. Put a copy of it back, or start anew with --fresh, which keeps it aside." in said
    assert "\n" not in said
    assert len(said) < 1000
    if not opened:
        assert place.content() == before


STANDINGS = {
    "a count that is none": "UPDATE runs SET succeeded = 'many'",
    "a run that is open in no way": "UPDATE runs SET is_open = 'yes'",
    "a time that is none": "UPDATE runs SET began = x'00'",
    "a lease from no time": "UPDATE leases SET granted = x'00', ended = NULL",
    "a plan that is not JSON": "UPDATE runs SET plan = '{'",
    "a status that is bytes": "UPDATE tasks SET status = x'01' WHERE sequence = 0",
}


@pytest.mark.parametrize("statement", STANDINGS.values(), ids=STANDINGS)
def test_so_it_is_for_whoever_only_reads(place: Place, statement: str) -> None:
    change(place, statement)
    with JournalReader(place.database) as reader, pytest.raises(JournalError, match="is damaged"):
        reader.status()


SCHEMAS = {
    "a table with more columns": "ALTER TABLE meta ADD COLUMN more TEXT",
    "a column under another name": "ALTER TABLE tasks RENAME COLUMN po_number TO number",
    "a table that is missing": "DROP TABLE pauses",
    "a view": "CREATE VIEW more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "a trigger that is called almost like a table of SQLite's": "CREATE TRIGGER sqlite0stat AFTER UPDATE ON tasks "
    "BEGIN DELETE FROM tasks; END",
    "a trigger": "CREATE TRIGGER more AFTER UPDATE ON tasks BEGIN DELETE FROM tasks; END",
    "a table of somebody else's": "CREATE TABLE more (x)",
}


@pytest.mark.parametrize("statement", SCHEMAS.values(), ids=SCHEMAS)
def test_a_database_with_other_tables_is_not_opened(place: Place, statement: str) -> None:
    """A view in place of a table would be asked without end, and a trigger would run whenever a row is written."""
    change(place, statement)
    before = place.content()
    for open_it in (place.open, lambda: JournalReader(place.database)):
        with pytest.raises(JournalError, match="its tables are not those that this program makes"):
            open_it()
    assert place.content() == before


def test_a_view_in_place_of_a_table_is_not_asked(place: Place) -> None:
    change(place, "ALTER TABLE manifest RENAME TO other")
    change(
        place,
        "CREATE VIEW manifest AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS number, 'x' AS line, 'x' AS hash, 1 AS \"end\" FROM n",
    )
    with pytest.raises(JournalError, match="its tables are not those"):
        JournalReader(place.database)


def test_what_sqlite_keeps_for_itself_is_no_damage(place: Place) -> None:
    change(place, "ANALYZE")
    journal = place.open()
    read_everything(journal)
    journal.close()


def test_good_rows_are_not_lost_with_a_damaged_one(place: Place) -> None:
    """What is damaged is mended by hand or from a copy; then everything is as it was."""
    with closing(place.open()) as journal:
        before = journal.replay()
    change(place, ROWS["metadata that is not JSON"])
    with suppress(JournalError), closing(place.open()) as journal:
        journal.replay()
    change(place, given())
    with closing(place.open()) as journal:
        assert journal.replay() == before


def test_a_hash_that_is_none_stops_the_next_line_with_the_same_error(place: Place) -> None:
    change(place, "UPDATE manifest SET hash = x'00'")
    with closing(place.open()) as journal, pytest.raises(JournalError, match="is damaged"):
        journal.append(journal.open_epoch(), (outcome(3),))
