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

from actors.journal.payloads import Payloads, read, written
from actors.journal.rows import LARGEST, check_kept, check_started, text, whole
from contracts.ports import JournalledTask, KeptFile, PublishStarted, TaskAccepted
from contracts.tasks import Payload, POResult, TaskHandle

T = TypeVar("T")

TASK_COLUMNS = ("sequence", "run", "po_number", "kind", "payload", "attempts")
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


def task_row(task: TaskAccepted, run: int, payloads: Payloads) -> tuple[Any, ...]:
    """Return an accepted task as a row of `tasks`.

    Raises:
        JournalError: It is of a kind that cannot be kept.
    """
    handle, payload = task.handle, task.payload
    return (
        handle.sequence, run, bound(handle.po_number), payload.kind, written(payload, payloads),
        min(task.attempts, LARGEST),
    )  # fmt: skip


def handle_of(row: Any) -> TaskHandle:
    """Return the handle that a row of `tasks` holds. Call it inside `reading`: a row may hold anything."""
    return TaskHandle(whole(row, "sequence"), text(unbound(row["po_number"]), "po_number"))


def payload_of(row: Any, payloads: Payloads) -> Payload:
    """Return what a row of `tasks` asks for. Call it inside `reading`. Raises `UnknownKindError`."""
    return read(text(row["kind"], "kind"), text(row["payload"], "payload"), handle_of(row), payloads)


def kept_file(row: Any) -> KeptFile:
    """Return the file that a row of `files` holds. Call it inside `reading`."""
    kept = decoded(text(row["file"], "file"), KeptFile)
    check_kept(kept, row["sequence"])
    return kept


def open_task(row: Any, kept: tuple[KeptFile, ...], payloads: Payloads) -> JournalledTask:
    """Return an open task from its row and its verified files. Call it inside `reading`. Raises as `payload_of`."""
    handle = handle_of(row)
    started = decoded(text(row["publishing"], "publishing"), PublishStarted) if row["publishing"] else None
    if started is not None:
        check_started(started, handle.sequence)
    attempts, crashes, interruptions = (whole(row, name) for name in ("attempts", "crashes", "interruptions"))
    return JournalledTask(handle, payload_of(row, payloads), attempts, crashes, started, kept, interruptions)


def stamp(when: datetime) -> str:
    """Return a time as it is written."""
    return when.isoformat(timespec="milliseconds")


def history_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one lease of a task as the manifest tells it."""
    names = ("attempt", "worker", "granted", "ended", "reason", "blame")
    return {name: unbound(row[name]) for name in names if row[name] is not None}
