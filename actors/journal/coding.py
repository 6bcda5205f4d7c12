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


_LARGEST = 2**63 - 1
"""Of the whole numbers that the database takes."""


def encoded(value: POResult | PublishStarted | KeptFile) -> str:
    """Return a value as JSON; fields at their defaults are left out."""
    return json.dumps(_converter().unstructure(value), separators=(",", ":"))


def decoded(text: str, kind: type[T]) -> T:
    """Return the value that `encoded` wrote."""
    return _converter().structure(json.loads(text), kind)


def bound(text: str) -> str | bytes:
    """Return a text as the database takes it: one that is no proper Unicode, as paths and numbers may be, as bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def unbound(value: Any) -> Any:
    """Return the text that `bound` made bytes of; anything else as it is."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def task_row(order: Order, run: int) -> tuple[Any, ...]:
    """Return an order as a row of `tasks`. Metadata that JSON does not know becomes its text."""
    task = order.task
    retries = min(task.retry_count, _LARGEST)
    return (
        order.handle.sequence, run, bound(task.po_number), max(-_LARGEST, min(task.priority, _LARGEST)),
        task.timeout_override, retries, _metadata(task.metadata), bound(task.supplier), bound(task.url), task.amount,
        bound(order.base_url), bound(order.host), bound(order.fault), retries,
    )  # fmt: skip


def _metadata(metadata: Mapping[str, Any]) -> str:
    if not metadata:
        return "{}"
    try:
        return json.dumps(metadata, default=str)
    except (TypeError, ValueError):  # a key that is no text, or what contains itself
        return json.dumps({str(key): repr(value) for key, value in metadata.items()})


def order_of(row: Mapping[str, Any]) -> Order:
    """Return the order that a row of `tasks` holds."""
    number, url = unbound(row["po_number"]), unbound(row["url"])
    task = POTask(
        number,
        priority=row["priority"],
        timeout_override=row["timeout"],
        retry_count=row["retries"],
        metadata=json.loads(row["metadata"]),
        supplier=unbound(row["supplier"]),
        url=url,
        amount=row["amount"],
    )
    fault = unbound(row["fault"])
    handle = TaskHandle(row["sequence"], number)
    return Order(handle, task, "" if fault else url, unbound(row["base_url"]), unbound(row["host"]), fault)


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
    return {name: unbound(row[name]) for name in names if row[name] is not None}
