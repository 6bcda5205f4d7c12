"""Named values in the journal, and those among them by which the next program sees how far one came that was killed."""

from __future__ import annotations

import sqlite3

ANNOUNCED = "announced"
"""Set from when a plan is noted until its run begins."""
OWES = "owes"
"""The number of the run whose results somebody still has to write."""


class Marks:
    """The table `meta`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def get(self, name: str, default: str = "") -> str:
        """Return a value, or `default`."""
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(found["value"]) if found is not None else default

    def set(self, name: str, value: str) -> None:
        """Write a value."""
        self._db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))

    def drop(self, name: str) -> None:
        """Remove a value."""
        self._db.execute("DELETE FROM meta WHERE name = ?", (name,))
