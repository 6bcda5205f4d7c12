"""The journal as others may read it, also while a run is going on: how a run stands, and the manifest's head."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from actors.evidence.chain import BEFORE_THE_FIRST
from actors.journal import database
from actors.journal.coding import unbound
from actors.journal.marks import ANNOUNCED, OWES, Marks
from actors.journal.replaying import plan_in
from actors.journal.rows import reading, text, whole


@attrs.frozen(kw_only=True)
class LeaseInHand:
    """Who works on what, since when, and how many browsers the order has cost so far."""

    po_number: str
    worker: str
    granted: str
    crashes: int


@attrs.frozen(kw_only=True)
class RunStatus:
    """How the last run stands.

    Args:
        number: Which run of this folder, counted from 1.
        began: When it began.
        ended: When its last order ended; empty while it is unfinished.
        total: Orders.
        succeeded: Ended as successes.
        failed: Ended otherwise.
        by_status: Ended orders by status.
        by_blame: Failed orders by whose fault it was.
        interrupted: Open orders that saw the program end while they were in work.
        in_hand: Leases that have not ended.
        pauses: What dispatch waits for.
        waited_for: What it has waited for, with seconds.
        plan: How the run is set up.
        is_open: Whether more orders may come: `total` is what has come so far.
    """

    number: int
    began: str
    ended: str
    total: int
    succeeded: int
    failed: int
    by_status: Mapping[str, int]
    by_blame: Mapping[str, int]
    interrupted: int
    in_hand: tuple[LeaseInHand, ...]
    pauses: tuple[str, ...]
    waited_for: Mapping[str, float]
    plan: Mapping[str, Any]
    is_open: bool = False

    @property
    def open(self) -> int:
        """Orders that have not ended."""
        return self.total - self.succeeded - self.failed


class JournalReader:
    """Reads a journal that may be in use.

    Args:
        path: Where it lies.

    Raises:
        JournalError: There is none, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = database.connect_to_read(path)
        self._marks = Marks(self._db)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def status(self) -> RunStatus | None:
        """Return how the last run stands; None when there was none."""
        with database.explained(self._path), reading("how the run stands"):
            run = self._db.execute("SELECT * FROM runs ORDER BY run DESC LIMIT 1").fetchone()
            if run is None:
                return None
            number = run["run"]
            in_hand = self._db.execute(
                "SELECT po_number, worker, granted, crashes FROM leases JOIN tasks USING (sequence) "
                "WHERE ended IS NULL AND status IS NULL AND run = ? ORDER BY worker",
                (number,),
            )
            lasting = self._db.execute("SELECT text FROM pauses WHERE run = ? AND ended IS NULL", (number,))
            waited = self._db.execute(
                "SELECT text, sum((julianday(coalesce(ended, 'now')) - julianday(began)) * 86400) AS seconds "
                "FROM pauses WHERE run = ? GROUP BY text ORDER BY text",
                (number,),
            )
            return RunStatus(
                number=number,
                began=text(run["began"], "began"),
                ended=text(run["ended"] or "", "ended"),
                total=whole(run, "total"),
                succeeded=whole(run, "succeeded"),
                failed=whole(run, "failed"),
                by_status=self._counts("status", number),
                by_blame=self._counts("blame", number),
                interrupted=self._db.execute(
                    "SELECT count(*) FROM tasks WHERE run = ? AND status IS NULL AND interruptions > 0", (number,)
                ).fetchone()[0],
                in_hand=tuple(_in_hand(row) for row in in_hand),
                pauses=tuple(text(unbound(row["text"]), "pause") for row in lasting),
                waited_for={text(unbound(row["text"]), "pause"): round(row["seconds"] or 0, 1) for row in waited},
                plan=plan_in(run["plan"]),
                is_open=_is_open(run),
            )

    def plans(self) -> tuple[Any, ...]:
        """Return how the runs are set up, in terms of JSON, oldest first."""
        with database.explained(self._path):
            return tuple(plan_in(row["plan"]) for row in self._db.execute("SELECT plan FROM runs ORDER BY run"))

    def is_announced(self) -> bool:
        """Whether a run was set up that has not begun."""
        with database.explained(self._path):
            return bool(self._marks.get(ANNOUNCED))

    def owes_results(self, status: RunStatus) -> bool:
        """Whether a run has ended and its results were never written."""
        with database.explained(self._path):
            return bool(status.ended) and self._marks.get(OWES) == str(status.number)

    def _counts(self, column: str, run: int) -> dict[str, int]:
        found = self._db.execute(
            f"SELECT {column}, count(*) FROM tasks WHERE run = ? AND {column} IS NOT NULL "  # noqa: S608 - our own names
            f"GROUP BY {column} ORDER BY {column}",
            (run,),
        )
        return {text(row[0], column): row[1] for row in found}

    def head(self) -> str:
        """Return the hash of the manifest's last line."""
        with database.explained(self._path):
            last = self._db.execute("SELECT hash FROM manifest ORDER BY number DESC LIMIT 1").fetchone()
            return str(last["hash"]) if last is not None else BEFORE_THE_FIRST


def _is_open(run: sqlite3.Row) -> bool:
    columns = run.keys()  # the version before had no such runs
    return "is_open" in columns and bool(whole(run, "is_open"))


def _in_hand(row: Any) -> LeaseInHand:
    return LeaseInHand(
        po_number=text(unbound(row["po_number"]), "po_number"),
        worker=text(unbound(row["worker"]), "worker"),
        granted=text(row["granted"], "granted"),
        crashes=whole(row, "crashes"),
    )
