"""How what a task asks for becomes text in the journal, and comes back: one coding for each kind of work.

The journal keeps the kind beside the text. Only plain values cross. Whatever is read back was looked at value by value:
the text may be damaged, or somebody else's work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from actors.journal.rows import LARGEST, DamagedRowError, UnknownKindError, number, text, whole
from contracts.checks import shown
from contracts.errors import JournalError
from contracts.tasks import Order, Payload, POTask, TaskHandle


@attrs.frozen
class PayloadCoding:
    """How one kind of payload is kept.

    Args:
        write: Given a payload of the kind, return it as a JSON object.
        read: Given what such an object holds, and the handle of its task, return the payload. It may raise
            `DamagedRowError`, or what making sense of odd values raises: then the row is damaged.
    """

    write: Callable[[Any], str]
    read: Callable[[Mapping[str, Any], TaskHandle], Payload]


Payloads = Mapping[str, PayloadCoding]
"""The codings by kind."""


def written(payload: Payload, payloads: Payloads) -> str:
    """Return a payload as JSON.

    Raises:
        JournalError: There is no coding of its kind.
    """
    coding = payloads.get(payload.kind)
    if coding is None:
        raise JournalError(f"The journal cannot keep a task of the kind {shown(payload.kind)}.")
    return coding.write(payload)


def read(kind: str, stored: str, handle: TaskHandle, payloads: Payloads) -> Payload:
    """Return the payload that `written` wrote. Call it inside `reading`: the text may hold anything.

    Raises:
        UnknownKindError: There is no coding of its kind.
    """
    coding = payloads.get(kind)
    if coding is None:
        raise UnknownKindError(kind)
    facts = json.loads(stored)
    if not isinstance(facts, dict):
        raise DamagedRowError("payload should be an object")
    return coding.read(facts, handle)


# ------------------------------------------------------------------------------------------------------------- orders

_FIELDS = frozenset(
    {"priority", "timeout", "retries", "metadata", "supplier", "url", "amount", "base_url", "host", "fault"}
)


def _told(value: object, tell: Callable[[object], str] = str) -> str:
    """Return a value as text. One that cannot be told costs itself alone, not the batch that is written with it."""
    try:
        return tell(value)
    except Exception:  # noqa: BLE001 - boundary: the value may be of a class of the caller's own
        return f"<{type(value).__name__}>"


_JSON = json.JSONEncoder(default=_told, separators=(",", ":"))  # in ASCII, so that half a surrogate pair survives


def _write_order(order: Order) -> str:
    """Return an order as JSON, without its number, which its handle has. Metadata unknown to JSON becomes its text."""
    task = order.task
    facts = {
        "priority": max(-LARGEST, min(task.priority, LARGEST)),
        "timeout": task.timeout_override,
        "retries": min(task.retry_count, LARGEST),
        "metadata": task.metadata,
        "supplier": task.supplier,
        "url": task.url,
        "amount": task.amount,
        "base_url": order.base_url,
        "host": order.host,
        "fault": order.fault,
    }
    try:
        return _JSON.encode(facts)
    except (RecursionError, TypeError, ValueError):  # a key that is not text, or what contains itself
        plain = {_told(key): _told(value, repr) for key, value in task.metadata.items()}
        return _JSON.encode({**facts, "metadata": plain})


def _read_order(facts: Mapping[str, Any], handle: TaskHandle) -> Order:
    if facts.keys() != _FIELDS:
        raise DamagedRowError("the payload of an order has other fields")
    task = POTask(
        handle.po_number,
        priority=whole(facts, "priority"),
        timeout_override=number(facts, "timeout"),
        retry_count=whole(facts, "retries"),
        metadata=facts["metadata"],
        supplier=text(facts["supplier"], "supplier"),
        url=text(facts["url"], "url"),
        amount=number(facts, "amount"),
    )
    fault = text(facts["fault"], "fault")
    base_url, host = text(facts["base_url"], "base_url"), text(facts["host"], "host")
    return Order(task, "" if fault else task.url, base_url, host, fault)


ORDERS: Payloads = {"order": PayloadCoding(_write_order, _read_order)}
"""Purchase orders alone."""
