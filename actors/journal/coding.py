"""How values become text in the database and come back: JSON by field names, and a task's columns.

Only plain values cross: no secret is in any of them, and the addresses of attachments are kept as hashes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cattrs.preconf.json import JsonConverter, make_converter

from actors.journal.rows import check_kept, check_started, number, text, whole
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


def decoded(written: str, kind: type[T]) -> T:
    """Return the value that `encoded` wrote."""
    return _converter().structure(json.loads(written), kind)


def bound(value: str) -> str | bytes:
    """Return a text as the database takes it: one that is not proper Unicode, as paths and numbers may be, as bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


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
        return json.dumps(metadata, default=_told)
    except (RecursionError, TypeError, ValueError):  # a key that is not text, or what contains itself
        return json.dumps({_told(key): _told(value, repr) for key, value in metadata.items()})


def _told(value: object, tell: Callable[[object], str] = str) -> str:
    """Return a value as text. One that cannot be told costs itself alone, not the batch that is written with it."""
    try:
        return tell(value)
    except Exception:  # noqa: BLE001 - boundary: the value may be of a class of the caller's own
        return f"<{type(value).__name__}>"


def order_of(row: Any) -> Order:
    """Return the order that a row of `tasks` holds. Call it inside `reading`: a row may hold anything."""
    po_number, url = text(unbound(row["po_number"]), "po_number"), text(unbound(row["url"]), "url")
    task = POTask(
        po_number,
        priority=whole(row, "priority"),
        timeout_override=number(row, "timeout"),
        retry_count=whole(row, "retries"),
        metadata=json.loads(text(row["metadata"], "metadata")),
        supplier=text(unbound(row["supplier"]), "supplier"),
        url=url,
        amount=number(row, "amount"),
    )
    fault = text(unbound(row["fault"]), "fault")
    handle = TaskHandle(whole(row, "sequence"), po_number)
    base_url, host = text(unbound(row["base_url"]), "base_url"), text(unbound(row["host"]), "host")
    return Order(handle, task, "" if fault else url, base_url, host, fault)


def kept_file(row: Any) -> KeptFile:
    """Return the file that a row of `files` holds. Call it inside `reading`."""
    kept = decoded(text(row["file"], "file"), KeptFile)
    check_kept(kept, row["sequence"])
    return kept


def open_task(row: Any, kept: tuple[KeptFile, ...]) -> JournalledTask:
    """Return an open task from its row and its verified files. Call it inside `reading`."""
    order = order_of(row)
    started = decoded(text(row["publishing"], "publishing"), PublishStarted) if row["publishing"] else None
    if started is not None:
        check_started(started, order.handle.sequence)
    attempts, crashes, interruptions = (whole(row, name) for name in ("attempts", "crashes", "interruptions"))
    return JournalledTask(order, attempts, crashes, started, kept, interruptions)


def stamp(when: datetime) -> str:
    """Return a time as it is written."""
    return when.isoformat(timespec="milliseconds")


def history_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one lease of a task as the manifest tells it."""
    names = ("attempt", "worker", "granted", "ended", "reason", "blame")
    return {name: unbound(row[name]) for name in names if row[name] is not None}
