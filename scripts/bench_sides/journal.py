"""What the journal on disk costs: CPU for each order's way through it, and seconds until a large file is taken in."""

from __future__ import annotations

import csv
import secrets
import tempfile
import time
from itertools import islice
from pathlib import Path

import attrs

from actors.journal import SqliteJournal
from actors.session.orders import prepare
from actors.tables import read_orders
from contracts.ports import (
    BatchBegun,
    FileVerified,
    KeptFile,
    Lease,
    LeaseGranted,
    OutcomeRecorded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.tasks import Attachment, Order, POResult, TaskHandle, TaskStatus

_BASE = "https://portal.example"
_CHUNK = 1000


@attrs.frozen
class JournalCost:
    """What was measured.

    Args:
        orders: Orders that went all the way.
        cpu_ms: CPU of one order, all its entries and its manifest line, in milliseconds.
        rows: Rows that were taken in.
        intake_seconds: From the file of rows to the journal that knows them all.
    """

    orders: int
    cpu_ms: float
    rows: int
    intake_seconds: float


def journal_cost(orders: int, rows: int) -> JournalCost:
    """Measure both in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        root = Path(name)
        sheet = root / "orders.csv"
        with sheet.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(
                [("po_number", "supplier", "url"), *((f"PO{n}", "Nordwind", f"{_BASE}/{n}") for n in range(rows))]
            )
        journal = SqliteJournal(root / "journal.db", root / "manifest.jsonl", root)
        epoch = journal.open_epoch()
        began = time.perf_counter()
        orders_read = prepare([row.task for row in read_orders(sheet).to_visit], "").orders
        known = [TaskAccepted(TaskHandle(place, one.po_number), one) for place, one in enumerate(orders_read)]
        journal.append(epoch, (BatchBegun(0, len(known)),))
        waiting = iter(known)
        while chunk := tuple(islice(waiting, _CHUNK)):
            submission = SubmissionAccepted(secrets.token_hex(8), chunk[0].handle.sequence, len(chunk))
            journal.append(epoch, (submission, *chunk))
        seconds = time.perf_counter() - began
        worked = orders_read[:orders]
        used = time.process_time()
        for task, order in zip(known, worked, strict=False):
            _work(journal, epoch, task.handle, order, root)
        used = time.process_time() - used
        journal.close()
    return JournalCost(len(worked), 1000 * used / max(1, len(worked)), len(known), seconds)


def _work(journal: SqliteJournal, epoch: int, handle: TaskHandle, order: Order, root: Path) -> None:
    """Write down an order with two files, as the dispatcher does."""
    lease = Lease(handle, 1, "worker-1", 1, epoch)
    files = tuple(
        Attachment(f"{n}.pdf", 65_536, "ab" * 32, f"{order.url}/{n}", "application/pdf", f"{n}.pdf") for n in (1, 2)
    )
    result = POResult(handle, TaskStatus.COMPLETED, "Nordwind", order.url, 2, files, attempts=1)
    journal.append(epoch, (LeaseGranted(lease),))
    for file in files:
        journal.append(epoch, (FileVerified(KeptFile(lease, file, f"address of {file.name}", file.size)),))
    journal.append(epoch, (PublishStarted(lease, result),))
    folder = root / "Nordwind" / f"{order.po_number}_COMPLETED"
    journal.append(epoch, (OutcomeRecorded(attrs.evolve(result, folder=folder)),))
