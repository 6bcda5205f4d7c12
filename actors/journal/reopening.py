"""Opening ended tasks again, for a retry that somebody asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

from contracts.errors import Blame
from contracts.tasks import TaskStatus


def reopen_tasks(db: sqlite3.Connection, run: int, statuses: Collection[TaskStatus], blames: Collection[Blame]) -> int:
    """Open the tasks of a run that ended so; return how many. Call it inside a transaction.

    Args:
        db: The journal.
        run: Which run.
        statuses: How they ended.
        blames: Whose fault it was; any, when empty.
    """
    where = f"run = ? AND status IN ({', '.join('?' * len(statuses))})"
    chosen: list[Any] = [status.value for status in statuses]
    if blames:
        where += f" AND blame IN ({', '.join('?' * len(blames))})"
        chosen += [blame.value for blame in blames]
    found = db.execute(
        f"UPDATE tasks SET status = NULL, result = NULL, blame = NULL, attempts = 0, crashes = 0, "  # noqa: S608 - only marks
        f"interruptions = 0 WHERE {where} RETURNING sequence",
        (run, *chosen),
    ).fetchall()
    if found:
        good = {status for status in TaskStatus if status.is_success}
        succeeded, ended = db.execute(
            f"SELECT count(*) FILTER (WHERE status IN ({', '.join('?' * len(good))})), count(status) "  # noqa: S608 - only marks
            "FROM tasks WHERE run = ?",
            (*(status.value for status in good), run),
        ).fetchone()
        db.execute(
            "UPDATE runs SET ended = NULL, succeeded = ?, failed = ? WHERE run = ?",
            (succeeded, ended - succeeded, run),
        )
    return len(found)
