"""What a database consists of, to tell one that this program made from one with more in it.

A view or a trigger in place of a table would run its maker's statements whenever a row is read or written.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3

from actors.journal.upgrading import add_functions

Schema = frozenset[tuple[str, str, str, str]]

_COMMENT = re.compile(r"--[^\n]*")


def schema_of(connection: sqlite3.Connection) -> Schema:
    """Return every table, index, view and trigger, with its kind and how it was made. Layout and comments do not count.

    What SQLite keeps for itself about the content of tables is left out.
    """
    found = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master "
        "WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4'))"
    )
    return frozenset((str(kind), str(name), str(table), _bare(sql)) for kind, name, table, sql in found)


@functools.lru_cache(maxsize=8)
def schema_at(scripts: tuple[str, ...]) -> Schema:
    """Return the schema that these scripts lead to from an empty database."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        add_functions(connection)
        for script in scripts:
            connection.executescript(script)
        return schema_of(connection)


def _bare(sql: object) -> str:
    return " ".join(_COMMENT.sub("", str(sql)).split())
