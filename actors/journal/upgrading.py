"""What the scripts in `schema/` call to bring older rows along: SQL functions. They stay as their script was written.

A row that was damaged before is damaged after it: what it held is carried over, and refused where it is read.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from actors.journal.coding import unbound

_COLUMNS_OF_ORDERS = (
    "priority", "timeout", "retries", "metadata", "supplier", "url", "amount", "base_url", "host", "fault",
)  # fmt: skip


def add_functions(connection: sqlite3.Connection) -> None:
    """Let a connection run the scripts."""
    connection.create_function("order_payload", len(_COLUMNS_OF_ORDERS), _order_payload, deterministic=True)


def _order_payload(*cells: Any) -> str:
    """Return as the payload of 0003 what the columns of an order held before it."""
    facts = {name: _carried(cell) for name, cell in zip(_COLUMNS_OF_ORDERS, cells, strict=True)}
    if isinstance(metadata := cells[_COLUMNS_OF_ORDERS.index("metadata")], str):
        try:
            return _json({**facts, "metadata": json.loads(metadata)})
        except (RecursionError, ValueError):
            pass  # it stays the text that it is
    return _json(facts)


def _carried(cell: Any) -> Any:
    try:
        return unbound(cell)
    except UnicodeDecodeError:
        return [cell.hex()]


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, separators=(",", ":"))
