"""How values become text in the database and come back: JSON by field names, and a task's columns.

Only plain values cross: no secret is in any of them, and the addresses of attachments are kept as hashes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cattrs.preconf.json import JsonConverter, make_converter

from contracts.ports import JournalledTask, KeptFile, PublishStarted
from contracts.tasks import Order, POResult, POTask, TaskHandle

T = TypeVar("T")

TASK_COLUMNS = (
    "sequence", "run", "po_number", "priority", "timeout", "retries", "metadata", "supplier", "url", "amount",
    "base_url", "host", "fault", "attempts",
)  # fmt: skip
"""The columns that `task_row` fills, in its order."""


@cache
def _converter() -> JsonConverter:
    converter = make_converter(omit_if_default=True)
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    return converter


def encoded(value: POResult | PublishStarted | KeptFile) -> str:
    """Return a value as JSON; fields at their defaults are left out."""
    return json.dumps(_converter().unstructure(value), separators=(",", ":"))


def decoded(text: str, kind: type[T]) -> T:
    """Return the value that `encoded` wrote."""
    return _converter().structure(json.loads(text), kind)


def task_row(order: Order, run: int) -> tuple[Any, ...]:
    """Return an order as a row of `tasks`. Metadata that JSON does not know becomes its text."""
    task = order.task
    return (
        order.handle.sequence, run, task.po_number, task.priority, task.timeout_override, task.retry_count,
        json.dumps(task.metadata, default=str) if task.metadata else "{}", task.supplier, task.url, task.amount,
        order.base_url, order.host, order.fault, task.retry_count,
    )  # fmt: skip


def order_of(row: Mapping[str, Any]) -> Order:
    """Return the order that a row of `tasks` holds."""
    task = POTask(
        row["po_number"],
        priority=row["priority"],
        timeout_override=row["timeout"],
        retry_count=row["retries"],
        metadata=json.loads(row["metadata"]),
        supplier=row["supplier"],
        url=row["url"],
        amount=row["amount"],
    )
    handle = TaskHandle(row["sequence"], row["po_number"])
    fault = row["fault"]
    return Order(handle, task, "" if fault else row["url"], row["base_url"], row["host"], fault)


def open_task(row: Mapping[str, Any], kept: tuple[KeptFile, ...]) -> JournalledTask:
    """Return an open task from its row and its verified files."""
    publishing = row["publishing"]
    return JournalledTask(
        order_of(row),
        row["attempts"],
        row["crashes"],
        decoded(publishing, PublishStarted) if publishing else None,
        kept,
        row["interruptions"],
    )


def stamp(when: datetime) -> str:
    """Return a time as it is written."""
    return when.isoformat(timespec="milliseconds")


def history_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one lease of a task as the manifest tells it."""
    names = ("attempt", "worker", "granted", "ended", "reason", "blame")
    return {name: row[name] for name in names if row[name] is not None}
