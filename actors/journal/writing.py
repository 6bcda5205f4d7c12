"""Writes what the dispatcher tells into the tables, inside a transaction of the journal's.

Counts are kept as they change, so that no entry costs more when much is done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import assert_never

from actors.journal.coding import TASK_COLUMNS, bound, encoded, history_entry, stamp, task_row
from actors.journal.lines import add_line
from actors.journal.marks import ANNOUNCED, OWES, Marks
from actors.journal.outcomes import manifest_entry
from actors.journal.payloads import Payloads
from contracts.errors import Blame, JournalError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    JournalEntry,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PauseBegan,
    PauseEnded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.tasks import POResult

_ACCEPT = f"INSERT INTO tasks ({', '.join(TASK_COLUMNS)}) VALUES ({', '.join('?' * len(TASK_COLUMNS))})"  # noqa: S608


class EntryWriter:
    """Writes entries. Every call belongs inside a transaction.

    Args:
        db: The journal.
        root: The download folder, to which the manifest's paths are relative.
        now: The wall clock.
        payloads: How what tasks ask for is kept.
    """

    def __init__(self, db: sqlite3.Connection, root: Path, now: Callable[[], datetime], payloads: Payloads) -> None:
        self._db = db
        self._root = root
        self._now = now
        self._payloads = payloads
        self._marks = Marks(db)

    def run(self, *, or_last: bool = False) -> sqlite3.Row | None:
        """Return the run in hand; with `or_last` the last one when it has ended."""
        found = self._db.execute("SELECT * FROM runs ORDER BY run DESC LIMIT 1").fetchone()
        return found if found is not None and (or_last or found["ended"] is None) else None

    def accept(self, tasks: list[TaskAccepted]) -> None:
        """Write new tasks into the run in hand, or into the last one, which is then in hand again."""
        run = self.run(or_last=True)
        number = run["run"] if run is not None else self._begin_run(tasks[0].handle.sequence, 0, is_open=False)
        if run is not None and run["ended"] is not None:
            self._db.execute("UPDATE runs SET ended = NULL WHERE run = ?", (number,))
        self._db.executemany(_ACCEPT, (task_row(task, number, self._payloads) for task in tasks))

    def write(self, entry: JournalEntry) -> None:
        """Write one entry."""
        match entry:
            case BatchBegun():
                self._begin(entry)
            case TaskAccepted():
                self.accept([entry])
            case SubmissionAccepted():
                self._note_submission(entry)
            case LeaseGranted(lease):
                self._db.execute(
                    "INSERT INTO leases (sequence, attempt, worker, generation, epoch, granted) VALUES (?,?,?,?,?,?)",
                    (lease.task.sequence, lease.attempt, bound(lease.worker), lease.generation, lease.epoch,
                     stamp(self._now())),
                )  # fmt: skip
            case LeaseEnded(lease, reason, attempts, crashes, blame):
                sequence = lease.task.sequence
                self._db.execute(
                    "UPDATE tasks SET attempts = ?, crashes = ?, publishing = NULL "
                    "WHERE sequence = ? AND status IS NULL",
                    (attempts, crashes, sequence),
                )
                self._end_lease(sequence, reason, blame)
            case FileVerified(file):
                self._db.execute(
                    "INSERT OR REPLACE INTO files SELECT ?, ?, ?, ? WHERE EXISTS "
                    "(SELECT 1 FROM tasks WHERE sequence = ? AND status IS NULL)",
                    (file.lease.task.sequence, bound(file.address), bound(file.attachment.listed_as), encoded(file),
                     file.lease.task.sequence),
                )  # fmt: skip
            case PublishStarted(lease):
                self._db.execute(
                    "UPDATE tasks SET publishing = ? WHERE sequence = ? AND status IS NULL",
                    (encoded(entry), lease.task.sequence),
                )
            case OutcomeRecorded(result):
                self._record(result)
            case PauseBegan(key, text):
                self._db.execute(
                    "INSERT INTO pauses (run, name, text, began) VALUES ((SELECT max(run) FROM runs), ?, ?, ?)",
                    (bound(key), bound(text), stamp(self._now())),
                )
            case PauseEnded(key):
                self._db.execute(
                    "UPDATE pauses SET ended = ? WHERE name = ? AND ended IS NULL", (stamp(self._now()), bound(key))
                )
            case _:
                assert_never(entry)

    def _note_submission(self, entry: SubmissionAccepted) -> None:
        try:
            self._db.execute(
                "INSERT INTO submissions (key, first, count) VALUES (?, ?, ?)",
                (bound(entry.key), entry.first, entry.count),
            )
        except sqlite3.IntegrityError as error:
            raise JournalError(f"The submission {entry.key!r} is written down already.") from error

    def _begin(self, batch: BatchBegun) -> None:
        run = self.run(or_last=True)  # its last known order may just have ended, with new ones to come
        if run is not None and run["first"] == batch.first and (run["total"] or run["is_open"]):
            self._db.execute(
                "UPDATE runs SET total = ?, is_open = ?, ended = NULL WHERE run = ?",
                (batch.total, int(batch.is_open), run["run"]),
            )
            self._end_run_if_done(run["run"])
        else:
            self._begin_run(batch.first, batch.total, is_open=batch.is_open)

    def _begin_run(self, first: int, total: int, *, is_open: bool) -> int:
        # A run that was never finished and never resumed is over when another begins.
        self._db.execute("UPDATE runs SET ended = ?, is_open = 0 WHERE ended IS NULL", (stamp(self._now()),))
        is_announced = bool(self._marks.get(ANNOUNCED))
        plan = self._marks.get("plan", "{}") if is_announced else "{}"
        began = self._db.execute(
            "INSERT INTO runs (first, total, began, plan, is_open) VALUES (?, ?, ?, ?, ?)",
            (first, total, stamp(self._now()), plan, int(is_open)),
        )
        if is_announced:
            self._marks.drop(ANNOUNCED)
            self._marks.set(OWES, str(began.lastrowid))
        return int(began.lastrowid or 0)

    def _end_lease(self, sequence: int, reason: str, blame: Blame | None) -> None:
        self._db.execute(
            "UPDATE leases SET ended = ?, reason = ?, blame = ? WHERE sequence = ? AND ended IS NULL",
            (stamp(self._now()), bound(reason), blame.value if blame is not None else None, sequence),
        )

    def _record(self, result: POResult) -> None:
        sequence, now = result.handle.sequence, stamp(self._now())
        blame = result.blame.value if result.blame is not None else None
        changed = self._db.execute(
            "UPDATE tasks SET status = ?, blame = ?, result = ?, publishing = NULL, attempts = ? "
            "WHERE sequence = ? AND status IS NULL RETURNING run, interruptions",
            (result.status.value, blame, encoded(result), result.attempts, sequence),
        ).fetchone()
        if changed is None:
            return
        self._end_lease(sequence, result.status.value, result.blame)
        self._db.execute("DELETE FROM files WHERE sequence = ?", (sequence,))
        succeeded = int(result.status.is_success)
        self._db.execute(
            "UPDATE runs SET succeeded = succeeded + ?, failed = failed + ? WHERE run = ?",
            (succeeded, 1 - succeeded, changed["run"]),
        )
        self._end_run_if_done(changed["run"])
        rows = self._db.execute("SELECT * FROM leases WHERE sequence = ? ORDER BY lease", (sequence,))
        history = [history_entry(row) for row in rows]
        entry = manifest_entry(result, history, self._root, run=changed["run"], at=now)
        add_line(self._db, {**entry, "interruptions": changed["interruptions"]})

    def _end_run_if_done(self, run: int) -> None:
        self._db.execute(
            "UPDATE runs SET ended = ? WHERE run = ? AND NOT is_open AND succeeded + failed >= total "
            "AND NOT EXISTS (SELECT 1 FROM tasks WHERE status IS NULL AND tasks.run = runs.run)",
            (stamp(self._now()), run),
        )
