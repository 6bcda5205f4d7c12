"""The manifest's lines as the database keeps them: written here first, in the transaction of their outcome."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from actors.evidence.chain import BEFORE_THE_FIRST, hash_of, line_of
from actors.journal.manifest import StoredLine


class LinesInDatabase:
    """Implements `StoredLines`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def after(self, number: int) -> Iterable[StoredLine]:
        """Return every line behind the one with this number."""
        found = self._db.execute('SELECT number, line, "end" FROM manifest WHERE number > ? ORDER BY number', (number,))
        return (StoredLine(row["number"], row["line"], row["end"]) for row in found)


def add_line(db: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    """Add a line that follows from the last one."""
    last = db.execute('SELECT number, hash, "end" FROM manifest ORDER BY number DESC LIMIT 1').fetchone()
    number, previous, end = (last["number"], last["hash"], last["end"]) if last else (0, BEFORE_THE_FIRST, 0)
    line = line_of(entry, number + 1, previous)
    db.execute(
        'INSERT INTO manifest (number, line, hash, "end") VALUES (?, ?, ?, ?)',
        (number + 1, line, hash_of(line.encode()), end + len(line) + 1),
    )
