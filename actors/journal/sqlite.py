"""The journal on disk: SQLite in WAL mode with one writer, written ahead of every effect.

What a batch costs here does not grow with what is done: open tasks are found by an index of their own, and counts are
kept as they change. Publishing and outcomes are on the disk before anything else happens (`synchronous=FULL`).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.evidence.chain import BEFORE_THE_FIRST
from actors.journal import database
from actors.journal.coding import stamp
from actors.journal.lines import LinesInDatabase
from actors.journal.manifest import ManifestFile
from actors.journal.marks import ANNOUNCED, OWES, Marks
from actors.journal.payloads import ORDERS, Payloads
from actors.journal.reopening import reopen_tasks
from actors.journal.replaying import handles_in, open_tasks, plan_in, require_known_kinds, results_of, tasks_of
from actors.journal.rows import reading, whole
from actors.journal.writing import EntryWriter
from contracts.errors import Blame, StaleEpochError
from contracts.ports import (
    JournalEntry,
    JournalState,
    KnownTask,
    OutcomeRecorded,
    PublishStarted,
    TaskAccepted,
)
from contracts.tasks import POResult, TaskHandle, TaskStatus

_PROGRAM_ENDED = "the program ended"


class SqliteJournal:
    """Implements `contracts.ports.Journal` in a file. Thread-safe.

    Args:
        path: Where the database lies; made when it is missing.
        manifest: Where the manifest lies.
        root: The download folder, to which the manifest's paths are relative.
        now: The wall clock.
        owner: Whose the database's files must be; None asks for no owner.
        manifest_owner: Whose the manifest must be, as `owner`.
        payloads: How what tasks ask for is kept, by its kind.

    Raises:
        JournalError: Journal or manifest cannot be used; the message says why and what to do.
        MachineError: One of them cannot be written.
    """

    resumes = True

    def __init__(
        self,
        path: Path,
        manifest: Path,
        root: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        owner: int | None = None,
        manifest_owner: int | None = None,
        payloads: Payloads = ORDERS,
    ) -> None:
        self.path = path
        self._root = root
        self._now = now
        self._payloads = payloads
        self._lock = threading.Lock()
        self._has_announced = False
        self._writer = database.WriterLock(path, owner)
        try:
            self._db = database.connect(path, owner)
            self._marks = Marks(self._db)
            self._entries = EntryWriter(self._db, root, now, payloads)
            try:
                self._fully = False
                with database.explained(path):
                    require_known_kinds(self._db, payloads)
                    self._epoch = self._last_epoch()
                    self._manifest = ManifestFile(manifest, LinesInDatabase(self._db), root, manifest_owner)
                try:
                    self._end_what_a_dead_program_left()
                except BaseException:
                    self._manifest.close()
                    raise
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._writer.release()
            raise

    def close(self) -> None:
        """Let go of the files. A run that was announced here and could not begin is not announced any more."""
        with self._lock, database.explained(self.path), contextlib.ExitStack() as files:
            for close in (self._writer.release, self._db.close, self._manifest.close):
                files.callback(close)
            if self._has_announced:
                self._marks.drop(ANNOUNCED)

    def _end_what_a_dead_program_left(self) -> None:
        """End the leases of a program that died, and count it for the orders that were in work."""
        with self._transaction():
            self._db.execute(
                "UPDATE tasks SET interruptions = interruptions + 1 WHERE status IS NULL AND publishing IS NULL "
                "AND sequence IN (SELECT sequence FROM leases WHERE ended IS NULL)"
            )
            self._end_leases(_PROGRAM_ENDED, Blame.PROGRAM)
            self._db.execute("UPDATE pauses SET ended = ? WHERE ended IS NULL", (stamp(self._now()),))

    def _end_leases(self, reason: str, blame: Blame) -> None:
        self._db.execute(
            "UPDATE leases SET ended = ?, reason = ?, blame = ? WHERE ended IS NULL",
            (stamp(self._now()), reason, blame.value),
        )

    @contextlib.contextmanager
    def _transaction(self, *, fully: bool = False) -> Iterator[None]:
        """Run what is inside as one transaction; with `fully`, it is on the disk before this returns."""
        with database.explained(self.path):
            if fully is not self._fully:
                self._db.execute(f"PRAGMA synchronous={'FULL' if fully else 'NORMAL'}")
                self._fully = fully
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # ------------------------------------------------------------------------------------------------- the dispatcher

    def open_epoch(self) -> int:
        """Begin a new dispatcher's time; leases of the one before it are void."""
        with self._lock, self._transaction():
            self._epoch = self._last_epoch() + 1
            self._marks.set("epoch", str(self._epoch))
            self._end_leases("a new dispatcher began", Blame.PROGRAM)
            return self._epoch

    def _last_epoch(self) -> int:
        with reading("the epoch"):
            return int(self._marks.get("epoch", "0"))

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        """Write entries in one transaction, then bring the manifest up to date.

        Raises:
            StaleEpochError: A newer epoch was opened.
            MachineError: The disk is full or the file cannot be written.
        """
        with self._lock:
            if epoch != self._epoch:
                raise StaleEpochError(f"Epoch {epoch} is over; the journal belongs to epoch {self._epoch}.")
            fully = any(isinstance(entry, PublishStarted | OutcomeRecorded) for entry in entries)
            with self._transaction(fully=fully):
                for kind, group in itertools.groupby(entries, type):
                    if kind is TaskAccepted:
                        self._entries.accept([entry for entry in group if isinstance(entry, TaskAccepted)])
                    else:
                        for entry in group:
                            self._entries.write(entry)
            if fully:
                self._manifest.catch_up()

    # -------------------------------------------------------------------------------------------------------- reading

    def replay(self) -> JournalState:
        """Read the journal."""
        with self._lock, database.explained(self.path):
            run = self._entries.run(or_last=True)
            return JournalState(
                open_tasks=open_tasks(self._db, run["run"] if run is not None else 0, self._payloads),
                batch_first=whole(run, "first") if run is not None else 0,
                batch_total=whole(run, "total") if run is not None else 0,
                batch_succeeded=whole(run, "succeeded") if run is not None else 0,
                batch_failed=whole(run, "failed") if run is not None else 0,
                next_sequence=self._next_sequence(),
                batch_is_open=bool(whole(run, "is_open")) if run is not None else False,
            )

    def _next_sequence(self) -> int:
        highest = self._db.execute("SELECT max(sequence) FROM tasks").fetchone()[0]
        return 0 if highest is None else int(highest) + 1

    def tasks_in_hand(self) -> tuple[KnownTask, ...]:
        """Every task of the run in hand, in order; none when it has ended."""
        with self._lock, database.explained(self.path):
            run = self._entries.run()
            return tasks_of(self._db, run["run"], self._payloads) if run is not None else ()

    def handles_of(self, key: str) -> tuple[TaskHandle, ...]:
        """The tasks that were accepted with the submission of this key, in order; none when it is not known."""
        with self._lock, database.explained(self.path):
            return handles_in(self._db, key)

    def results(self, first: int, count: int) -> tuple[POResult, ...]:
        """Return the outcomes of `count` tasks from sequence `first` on, in order, where there is one."""
        with self._lock, database.explained(self.path):
            return results_of(self._db, first, count)

    @property
    def head(self) -> str:
        """The hash of the manifest's last line; of no line when there is none."""
        with self._lock, database.explained(self.path):
            last = self._db.execute("SELECT hash FROM manifest ORDER BY number DESC LIMIT 1").fetchone()
            return str(last["hash"]) if last is not None else BEFORE_THE_FIRST

    # ---------------------------------------------------------------------------------------------- across the runs

    def note_plan(self, plan: Mapping[str, Any]) -> None:
        """Remember how a run is set up, so that a later process can go on with it. It must hold no secret.

        Args:
            plan: In terms of JSON. It belongs to the run in hand, else to the next one, which is announced by it.
        """
        text = json.dumps(plan)
        with self._lock, self._transaction():
            self._marks.set("plan", text)
            run = self._entries.run()
            if run is not None:
                self._db.execute("UPDATE runs SET plan = ? WHERE run = ?", (text, run["run"]))
                self._marks.set(OWES, str(run["run"]))
            elif not self._marks.get(ANNOUNCED):
                self._marks.set(ANNOUNCED, "1")
                self._has_announced = True

    def is_unfinished(self) -> bool:
        """Whether there is something to go on with: a run in hand, one that is announced, or results to be written."""
        with self._lock, database.explained(self.path):
            return self._entries.run() is not None or bool(self._marks.get(ANNOUNCED)) or self._owing() is not None

    def take_up(self) -> None:
        """Take the last run in hand again if its orders have all ended and its results were never written."""
        with self._lock, self._transaction():
            if (run := self._owing()) is not None:
                self._db.execute("UPDATE runs SET ended = NULL WHERE run = ?", (run,))

    def note_reported(self) -> None:
        """Note that the results of the last run are written."""
        with self._lock, self._transaction():
            self._marks.drop(OWES)

    def _owing(self) -> int | None:
        """Return the last run when it was begun with a plan, has ended, and its results are not written."""
        run = self._entries.run(or_last=True)
        owes = run is not None and run["ended"] is not None and self._marks.get(OWES) == str(run["run"])
        return int(run["run"]) if run is not None and owes else None

    def forget_files_in_work(self) -> None:
        """Forget every file that was verified and every publish that had begun: their orders are visited again."""
        with self._lock, self._transaction(fully=True):
            self._db.execute("UPDATE tasks SET publishing = NULL WHERE publishing IS NOT NULL")
            self._db.execute("DELETE FROM files")

    def run_name(self) -> str:
        """Return the name of the run in hand, or a new one for the next run: all who go on with a run get the same."""
        with self._lock, self._transaction():
            name = self._marks.get("run") if self._entries.run() is not None else ""
            if not name:
                name = secrets.token_hex(4)
                self._marks.set("run", name)
            return name

    def is_empty(self) -> bool:
        """Whether no run has begun here."""
        with self._lock, database.explained(self.path):
            return self._entries.run(or_last=True) is None

    def plan(self) -> Any:
        """Return how the last run is set up, in terms of JSON."""
        with self._lock, database.explained(self.path):
            run = self._entries.run(or_last=True)
            return plan_in(run["plan"]) if run is not None else {}

    def announced_plan(self) -> Any:
        """Return how the run is set up that was to begin when the program was killed; None when there is none."""
        with self._lock, database.explained(self.path):
            return plan_in(self._marks.get("plan")) if self._marks.get(ANNOUNCED) else None

    def reopen(self, statuses: Collection[TaskStatus], blames: Collection[Blame] = ()) -> int:
        """Open ended tasks of the last run again, their charges forgotten; their history stays.

        Args:
            statuses: How they ended.
            blames: Whose fault it was; any, when empty.

        Returns:
            How many.
        """
        with self._lock, self._transaction():
            run = self._entries.run(or_last=True)
            count = reopen_tasks(self._db, run["run"], statuses, blames) if run is not None else 0
            if run is not None and count and run["plan"] != "{}":
                self._marks.set(OWES, str(run["run"]))
            return count
