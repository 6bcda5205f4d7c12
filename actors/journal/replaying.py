"""What a journal knows, read back: the open orders with their files, and every order of a run with how it ended."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from actors.journal.coding import decoded, kept_file, open_task, order_of
from actors.journal.rows import check_result, reading, text
from contracts.ports import JournalledTask, KeptFile, KnownTask
from contracts.tasks import POResult, TaskStatus


def open_tasks(db: sqlite3.Connection, run: int) -> tuple[JournalledTask, ...]:
    """Return the orders of a run that have not ended, in their order.

    Raises:
        DamagedRowError: A row does not hold what this program writes.
    """
    files: dict[int, list[KeptFile]] = {}
    with reading("a file that is kept"):
        for row in db.execute("SELECT sequence, file FROM files"):
            files.setdefault(row["sequence"], []).append(kept_file(row))
    with reading("an order"):
        found = db.execute("SELECT * FROM tasks WHERE status IS NULL AND run = ? ORDER BY sequence", (run,))
        return tuple(open_task(row, tuple(files.get(row["sequence"], ()))) for row in found)


def tasks_of(db: sqlite3.Connection, run: int) -> tuple[KnownTask, ...]:
    """Return every order of a run, in their order. Raises as `open_tasks`."""
    with reading("an order"):
        found = db.execute("SELECT * FROM tasks WHERE run = ? ORDER BY sequence", (run,))
        return tuple(KnownTask(order_of(row), _has_ended(row)) for row in found)


def _has_ended(row: Any) -> bool:
    return row["status"] is not None and bool(TaskStatus(row["status"]))


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
