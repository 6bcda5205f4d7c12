"""The manifest's lines as the database keeps them: written here first, in the transaction of their outcome."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from actors.evidence.chain import BEFORE_THE_FIRST, hash_of, line_of
from actors.journal.manifest import StoredLine
from actors.journal.rows import DamagedRowError, reading, text, whole

_MOST = 2**62
"""More than there can be of lines or bytes, and less than SQLite can count to."""


class LinesInDatabase:
    """Implements `StoredLines`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def after(self, number: int) -> Iterable[StoredLine]:
        """Return every line behind the one with this number.

        Raises:
            DamagedRowError: A row is not what was written; on the way, when it is reached.
        """
        found = self._db.execute('SELECT number, line, "end" FROM manifest WHERE number > ? ORDER BY number', (number,))
        return (_stored(row) for row in found)


def add_line(db: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    """Add a line that follows from the last one."""
    last = db.execute('SELECT number, line, hash, "end" FROM manifest ORDER BY number DESC LIMIT 1').fetchone()
    number, previous, end = (_stored(last).number, _hash(last), _stored(last).end) if last else (0, BEFORE_THE_FIRST, 0)
    line = line_of(entry, number + 1, previous)
    db.execute(
        'INSERT INTO manifest (number, line, hash, "end") VALUES (?, ?, ?, ?)',
        (number + 1, line, hash_of(line.encode()), end + len(line) + 1),
    )


def _stored(row: sqlite3.Row) -> StoredLine:
    with reading("a line of the manifest"):
        number, line, end = whole(row, "number"), text(row["line"], "line"), whole(row, "end")
        if not 0 < number < _MOST or not len(line.encode()) < end < _MOST:
            raise DamagedRowError(f"line {number} of the manifest ends nowhere")
        return StoredLine(number, line, end)


def _hash(row: sqlite3.Row) -> str:
    with reading("a line of the manifest"):
        return text(row["hash"], "hash")
