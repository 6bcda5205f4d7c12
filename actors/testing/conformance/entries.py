"""Orders, leases, outcomes and files to write into a journal, the same ones each time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from actors.journal.payloads import ORDERS, PayloadCoding, Payloads
from contracts.ports import KeptFile, Lease, OutcomeRecorded, PublishStarted, SubmissionAccepted, TaskAccepted
from contracts.tasks import Attachment, MissingAttachment, Order, POResult, POTask, TaskHandle, TaskStatus

BASE = "https://portal.example"
NOON = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)


def order(sequence: int, retry_count: int = 0) -> Order:
    """Make an order."""
    task = POTask(f"PO{sequence}", retry_count=retry_count)
    return Order(task, "", BASE, "portal.example")


def handle(sequence: int) -> TaskHandle:
    """The handle of an order."""
    return TaskHandle(sequence, f"PO{sequence}")


@attrs.frozen
class Note:
    """A payload of another kind than orders, with one text of any kind."""

    says: str

    @property
    def kind(self) -> str:
        """What a journal knows it by."""
        return "note"


def _read_note(facts: Mapping[str, Any], _handle: TaskHandle) -> Note:
    says = facts["says"]
    if not isinstance(says, str):
        raise TypeError("A note says a text.")
    return Note(says)


NOTES_TOO: Payloads = {**ORDERS, "note": PayloadCoding(lambda note: json.dumps({"says": note.says}), _read_note)}
"""Orders and notes, for a `SqliteJournal`."""


def accepted(count: int, first: int = 0) -> tuple[TaskAccepted, ...]:
    """Accept so many orders."""
    return tuple(TaskAccepted(handle(sequence), order(sequence)) for sequence in range(first, first + count))


def submitted(key: str, count: int, first: int = 0) -> tuple[SubmissionAccepted | TaskAccepted, ...]:
    """Accept so many orders as one submission."""
    return (SubmissionAccepted(key, first, count), *accepted(count, first))


def lease(sequence: int, attempt: int = 1, epoch: int = 1) -> Lease:
    """Make a lease."""
    return Lease(handle(sequence), attempt, "w1", 1, epoch)


def kept_file(of: Lease, name: str = "a.pdf") -> KeptFile:
    """A verified file of a lease."""
    return KeptFile(of, Attachment(name, 3, "ab" * 32, f"{BASE}/{name}", "application/pdf", name), f"<{name}>", 3)


def outcome(sequence: int, status: TaskStatus = TaskStatus.COMPLETED, root: Path | None = None) -> OutcomeRecorded:
    """Make an outcome; one with files when a root is given."""
    if root is None:
        return OutcomeRecorded(POResult(handle(sequence), status))
    return OutcomeRecorded(
        POResult(
            handle(sequence),
            status,
            supplier="Nordwind",
            url=f"{BASE}/order_headers/{sequence}",
            attachments_found=2,
            attachments=(kept_file(lease(sequence)).attachment,),
            missing=(MissingAttachment("b.pdf", f"{BASE}/b.pdf", "NETWORK_ERROR", "it broke off"),),
            folder=root / "Nordwind" / f"PO{sequence}_{status.value}",
            attempts=1,
            started_at=NOON,
            finished_at=NOON,
        )
    )


def started(sequence: int) -> PublishStarted:
    """A publish that begins."""
    return PublishStarted(lease(sequence), outcome(sequence).result)
