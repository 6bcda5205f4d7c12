"""A journal of an older version holds the same after it was brought to the present one: each task, whatever was in it.

`written_before` was made by the version before this schema, and is as a killed program leaves it.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.journal import JournalReader, SqliteJournal, database, upgrading
from contracts.errors import JournalError
from contracts.ports import BatchBegun
from contracts.tasks import POTask, TaskStatus
from tests.journal.entries import Place, handle, outcome, submitted

WRITTEN_BEFORE = Path(__file__).parent / "written_before"
ROOT = Path(__file__).resolve().parents[2]
PRESENT = len(database.migrations())
Row = dict[str, Any]

COLUMNS = (
    "sequence", "run", "po_number", "priority", "timeout", "retries", "metadata", "supplier", "url", "amount",
    "base_url", "host", "fault", "attempts", "crashes", "interruptions", "status", "result",
)  # fmt: skip
ENDED = '{"handle":{"sequence":0,"po_number":"PO0"},"status":"COMPLETED"}'
LONE, HALVES = "a\udcffb", "\ud83d"
PLAIN: Row = {
    "run": 1, "po_number": "PO1", "priority": 0, "timeout": None, "retries": 0, "metadata": "{}",
    "supplier": "Nordwind", "url": "https://portal.example/1", "amount": None, "base_url": "https://portal.example",
    "host": "portal.example", "fault": "", "attempts": 0, "crashes": 0, "interruptions": 0,
    "status": None, "result": None,
}  # fmt: skip
TASKS: list[Row] = [
    {"po_number": "PO0", "status": "COMPLETED", "result": ENDED},
    {"priority": -7, "timeout": 30, "retries": 2, "attempts": 3, "crashes": 1, "interruptions": 2},
    {"priority": 2**63 - 1, "timeout": 0.1, "amount": 1e308},
    {"amount": -12, "metadata": json.dumps({"cost": [1.5, None, {"a": "\udcff"}], "n": 10**400, "x": float("nan")})},
    {name: LONE.encode("utf-8", "surrogatepass") for name in ("po_number", "supplier", "url", "base_url", "host")},
    {"supplier": HALVES.encode("utf-8", "surrogatepass"), "fault": LONE.encode("utf-8", "surrogatepass")},
    {"supplier": "na\u00efve \"'; --\n\x00\U0001f4ce", "url": "", "fault": "It has no address."},
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


def make(place: Place, version: int, tasks: list[Row] = TASKS) -> list[Row]:
    """Make a journal of an older version with these tasks; return their rows whole."""
    rows = [{**PLAIN, **facts, "sequence": sequence} for sequence, facts in enumerate(tasks)]
    with closing(sqlite3.connect(place.database)) as db:
        scripts = "; ".join(database.migrations()[:version])
        db.executescript(f"PRAGMA application_id={database.APPLICATION_ID}; {scripts}; PRAGMA user_version={version};")
        db.execute("INSERT INTO meta VALUES ('epoch', '7')")
        db.execute("INSERT INTO runs VALUES (1, 0, ?, 1, 0, '2025-01-01', NULL, '{\"csv\": \"a.csv\"}')", (len(rows),))
        marks = ", ".join(f":{name}" for name in COLUMNS)
        db.executemany(f"INSERT INTO tasks ({', '.join(COLUMNS)}) VALUES ({marks})", rows)  # noqa: S608 - our own names
        db.execute("INSERT INTO leases VALUES (1, 1, 1, 'w1', 1, 7, '2025-01-01', '2025-01-01', 'so', NULL)")
        db.commit()
    return rows


def rows_in(path: Path, of: str = "tasks") -> list[Row]:
    """Read a table as it is, without this program."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {of}")]  # noqa: S608 - our own names


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def text(cell: str | bytes) -> str:
    return cell.decode("utf-8", "surrogatepass") if isinstance(cell, bytes) else cell


def require_same(journal: SqliteJournal, rows: list[Row]) -> None:
    """Compare every task of the run in hand with what its columns held."""
    known = journal.tasks_in_hand()
    assert [task.handle.sequence for task in known] == [row["sequence"] for row in rows]
    for task, row in zip(known, rows, strict=True):
        number, url, fault = text(row["po_number"]), text(row["url"]), text(row["fault"])
        wanted = POTask(
            number, row["priority"], row["timeout"], row["retries"], supplier=text(row["supplier"]), url=url,
            amount=row["amount"],
        )  # fmt: skip
        assert (task.handle.po_number, task.has_ended) == (number, row["status"] is not None)
        order = task.order
        assert attrs.evolve(order.task, metadata={}) == wanted
        assert repr(order.task.metadata) == repr(json.loads(row["metadata"])), "NaN is not equal to itself"
        assert (order.url, order.fault) == ("" if fault else url, fault)
        assert (order.base_url, order.host) == (text(row["base_url"]), text(row["host"]))
    found = [(task.handle.sequence, task.attempts, task.crashes) for task in journal.replay().open_tasks]
    assert found == [(row["sequence"], row["attempts"], row["crashes"]) for row in rows if row["status"] is None]


KEPT = (
    "sequence",
    "run",
    "po_number",
    "attempts",
    "crashes",
    "interruptions",
    "publishing",
    "status",
    "blame",
    "result",
)


def columns_that_stay(rows: list[Row]) -> list[Row]:
    return [{name: row[name] for name in KEPT} for row in rows]


# ---------------------------------------------------------------------------------------------------- what it holds


@pytest.mark.parametrize("older", range(1, PRESENT))
def test_each_task_of_an_older_version_is_what_its_columns_said(place: Place, older: int) -> None:
    rows = make(place, older)
    before = rows_in(place.database)
    with closing(place.open()) as journal:
        require_same(journal, rows)
        state = journal.replay()
        assert (state.batch_total, state.batch_succeeded, state.batch_is_open) == (len(rows), 1, False)
        assert state.next_sequence == len(rows)
        assert journal.handles_of("PO0") == ()
    assert columns_that_stay(rows_in(place.database)) == columns_that_stay(before)
    assert version(place.database) == PRESENT
    with closing(place.open()) as journal:
        require_same(journal, rows)


def test_what_the_version_before_left_when_it_was_killed_is_known(place: Place) -> None:
    shutil.copy(WRITTEN_BEFORE / "journal.db", place.database)
    shutil.copy(WRITTEN_BEFORE / "manifest.jsonl", place.manifest)
    place.database.chmod(0o600)
    place.manifest.chmod(0o600)
    rows, files = rows_in(place.database), rows_in(place.database, "files")
    was_in_work = {lease["sequence"] for lease in rows_in(place.database, "leases") if lease["ended"] is None}
    with closing(place.open()) as journal:
        require_same(journal, rows)
    for row in rows:
        row["interruptions"] += row["sequence"] in was_in_work and row["status"] is None and row["publishing"] is None
    assert len(rows) == 8
    assert was_in_work
    assert columns_that_stay(rows_in(place.database)) == columns_that_stay(rows)
    assert rows_in(place.database, "files") == files
    with JournalReader(place.database) as reader:
        status = reader.status()
    assert status is not None
    assert (status.total, status.open, status.is_open) == (8, 5, False)


def test_whoever_only_reads_reads_the_version_before_too_and_leaves_it_as_it_is(place: Place) -> None:
    shutil.copy(WRITTEN_BEFORE / "journal.db", place.database)
    before = place.database.read_bytes()
    with JournalReader(place.database) as reader:
        status, plans, head = reader.status(), reader.plans(), reader.head()
    assert place.database.read_bytes() == before
    assert version(place.database) == PRESENT - 1 == database.OLDEST_TO_READ
    place.database.chmod(0o600)
    shutil.copy(WRITTEN_BEFORE / "manifest.jsonl", place.manifest)
    place.manifest.chmod(0o600)
    place.open().close()
    with JournalReader(place.database) as reader:
        after = reader.status()
        assert (reader.plans(), reader.head()) == (plans, head)
    assert status is not None
    assert after is not None
    found = attrs.evolve(
        after, in_hand=status.in_hand, interrupted=0, pauses=status.pauses, waited_for=status.waited_for
    )
    assert found == status, "but for what the next program ends"


def test_it_is_gone_on_with_in_the_new_way(place: Place) -> None:
    rows = make(place, PRESENT - 1, [{"po_number": f"PO{number}"} for number in range(3)])
    with closing(place.open()) as journal:
        epoch = journal.open_epoch()
        assert epoch == 8
        journal.append(epoch, (outcome(0), outcome(1), BatchBegun(0, 3, is_open=True), outcome(2)))
        journal.append(epoch, (BatchBegun(0, 5, is_open=True), *submitted("a", 2, first=len(rows))))
        assert journal.handles_of("a") == (handle(3), handle(4))
        journal.append(epoch, (outcome(3), outcome(4)))
        assert journal.is_unfinished()
        journal.append(epoch, (BatchBegun(0, 5),))
        assert not journal.is_unfinished()
    assert [row["status"] for row in rows_in(place.database)] == [TaskStatus.COMPLETED.value] * 5


def test_leases_and_files_still_belong_to_tasks(place: Place) -> None:
    make(place, PRESENT - 1)
    place.open().close()
    with closing(sqlite3.connect(place.database)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.execute("PRAGMA foreign_keys=ON")
        for statement in ("INSERT INTO files VALUES (99, 'a', 'b', '{}')", "DELETE FROM tasks WHERE sequence = 1"):
            with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
                db.execute(statement)
    with closing(place.open()) as journal:
        assert journal._db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


# --------------------------------------------------------------------------------------------------------- damaged

DAMAGED = {
    "a number that is none": "priority = 'high'",
    "a number beyond counting": "timeout = 9e999",
    "a count of bytes": "retries = x'05'",
    "a count below zero": "retries = -1",
    "bytes that are no text": "supplier = x'ff'",
    "a number of an order that is no text": "po_number = x'ff'",
    "metadata of bytes": "metadata = x'7b7d'",
    "metadata that is not JSON": "metadata = '{'",
    "metadata that is a list": "metadata = '[]'",
    "metadata that is nested deeply": f"metadata = '{'[' * 100_000}'",
    "metadata with a very long number": f"metadata = '{'9' * 10_000}'",
}


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_a_row_that_was_damaged_stays_so_and_costs_no_other_run(place: Place, change: str) -> None:
    make(place, PRESENT - 1, TASKS[:3])
    with closing(sqlite3.connect(place.database)) as db:
        db.execute(f"UPDATE tasks SET {change} WHERE sequence = 2")  # noqa: S608 - our own texts
        db.commit()
    for _ in range(2):
        with closing(place.open()) as journal:
            with pytest.raises(JournalError, match=r"is damaged.*Put a copy of it back"):
                journal.replay()
            with pytest.raises(JournalError, match="is damaged"):
                journal.tasks_in_hand()
    place.write(BatchBegun(3, 1), *submitted("a", 1, first=3))
    with closing(place.open()) as journal:
        assert [task.handle for task in journal.replay().open_tasks] == [handle(3)]


# ------------------------------------------------------------------------------------------------------ broken off

KILLED = """
import os, signal, sys
from pathlib import Path
from actors.journal import upgrading
from tests.journal.entries import Place
carry, met = upgrading._order_payload, []
def carry_some(*cells):
    met.append(cells)
    if len(met) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return carry(*cells)
upgrading._order_payload = carry_some
Place(Path(sys.argv[1])).open()
"""


@pytest.mark.parametrize("older", range(1, PRESENT))
def test_a_kill_amid_it_leaves_the_older_version_whole(place: Place, older: int) -> None:
    rows = make(place, older)
    before = rows_in(place.database)
    done = subprocess.run([sys.executable, "-c", KILLED, str(place.root)], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (version(place.database), rows_in(place.database)) == (older, before)
    with closing(place.open()) as journal:
        require_same(journal, rows)


@pytest.mark.parametrize("older", range(1, PRESENT))
def test_an_error_amid_it_leaves_the_older_version_whole(
    place: Place, older: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make(place, older)
    before = rows_in(place.database)
    carry = upgrading._order_payload

    def refuse_the_last(*cells: Any) -> str:
        if cells[-1]:
            raise ValueError("no")
        return carry(*cells)

    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "_order_payload", refuse_the_last)
        with pytest.raises(JournalError, match="is damaged"):
            place.open()
    assert (version(place.database), rows_in(place.database)) == (older, before)
    with closing(place.open()) as journal:
        require_same(journal, rows)
