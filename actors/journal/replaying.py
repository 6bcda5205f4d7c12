"""What a journal knows, read back: the open orders with their files, and every order of a run with how it ended."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from actors.journal.coding import bound, decoded, handle_of, kept_file, open_task, payload_of
from actors.journal.payloads import Payloads
from actors.journal.rows import DamagedRowError, UnknownKindError, check_result, reading, text, whole
from contracts.ports import JournalledTask, KeptFile, KnownTask
from contracts.tasks import POResult, TaskHandle, TaskStatus


def require_known_kinds(db: sqlite3.Connection, payloads: Payloads) -> None:
    """Return when each task that has not ended can be read back.

    Raises:
        UnknownKindError: One is of a kind that has no coding.
    """
    with reading("the kind of a task"):
        for row in db.execute("SELECT DISTINCT kind FROM tasks WHERE status IS NULL"):
            if text(row["kind"], "kind") not in payloads:
                raise UnknownKindError(row["kind"])


def open_tasks(db: sqlite3.Connection, run: int, payloads: Payloads) -> tuple[JournalledTask, ...]:
    """Return the tasks of a run that have not ended, in their order.

    Raises:
        DamagedRowError: A row does not hold what this program writes.
        UnknownKindError: A task is of a kind that has no coding.
    """
    files: dict[int, list[KeptFile]] = {}
    with reading("a file that is kept"):
        for row in db.execute("SELECT sequence, file FROM files"):
            files.setdefault(row["sequence"], []).append(kept_file(row))
    with reading("an order"):
        found = db.execute("SELECT * FROM tasks WHERE status IS NULL AND run = ? ORDER BY sequence", (run,))
        return tuple(open_task(row, tuple(files.get(row["sequence"], ())), payloads) for row in found)


def tasks_of(db: sqlite3.Connection, run: int, payloads: Payloads) -> tuple[KnownTask, ...]:
    """Return every task of a run, in their order. Raises as `open_tasks`."""
    with reading("an order"):
        found = db.execute("SELECT * FROM tasks WHERE run = ? ORDER BY sequence", (run,))
        return tuple(KnownTask(handle_of(row), payload_of(row, payloads), _has_ended(row)) for row in found)


def _has_ended(row: Any) -> bool:
    return row["status"] is not None and bool(TaskStatus(row["status"]))


def handles_in(db: sqlite3.Connection, key: str) -> tuple[TaskHandle, ...]:
    """Return the tasks of a submission, in their order; none when it is not known. Raises `DamagedRowError`."""
    with reading("a submission"):
        found = db.execute("SELECT first, count FROM submissions WHERE key = ?", (bound(key),)).fetchone()
        if found is None:
            return ()
        first, count = whole(found, "first"), whole(found, "count")
        rows = db.execute(
            "SELECT sequence, po_number FROM tasks WHERE sequence BETWEEN ? AND ? ORDER BY sequence",
            (first, first + count - 1),
        )
        handles = tuple(map(handle_of, rows))
        if len(handles) != count:
            raise DamagedRowError("a submission has other tasks than those that are there")
        return handles


def results_of(db: sqlite3.Connection, first: int, count: int) -> tuple[POResult, ...]:
    """Return the outcomes among `count` orders from number `first` in line on. Raises as `open_tasks`."""
    found = db.execute(
        "SELECT sequence, result FROM tasks WHERE sequence BETWEEN ? AND ? AND status IS NOT NULL ORDER BY sequence",
        (first, first + count - 1),
    )
    with reading("an outcome"):
        return tuple(_result(row) for row in found)


def _result(row: Any) -> POResult:
    result = decoded(text(row["result"], "result"), POResult)
    check_result(result, row["sequence"])
    return result


def plan_in(stored: Any) -> Any:
    """Return how a run is set up, from what was stored. Raises as `open_tasks`."""
    with reading("how the run is set up"):
        return json.loads(text(stored, "plan"))
