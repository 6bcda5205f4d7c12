"""Leases, files and results for the filing tests."""

from __future__ import annotations

import hashlib
from pathlib import Path

from contracts.ports import DownloadedFile, Lease, ListedAttachment
from contracts.tasks import Attachment, POResult, TaskHandle, TaskStatus

PDF = b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n"
URL = "https://portal.example/order_headers/1"


def lease(po_number: str = "PO1", *, sequence: int = 0, attempt: int = 1, address: str = "") -> Lease:
    """The lease of one task of this run."""
    return Lease(TaskHandle(sequence, po_number), attempt, "worker-1", 1, 1, address)


def arrived(path: Path, content: bytes = PDF, **facts: object) -> DownloadedFile:
    """Write a file as a download leaves it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    whole = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} | facts
    return DownloadedFile(path=path, **whole)  # type: ignore[arg-type] # each test knows which facts it states


def listed(**facts: str) -> ListedAttachment:
    """An attachment as a page lists it."""
    whole = {"label": "listed.pdf"} | facts
    return ListedAttachment(**whole)  # type: ignore[arg-type] # the same


def result(
    of: Lease,
    *attachments: Attachment,
    supplier: str = "Nordwind",
    status: TaskStatus = TaskStatus.COMPLETED,
    url: str = URL,
) -> POResult:
    """The outcome of `of` with verified files."""
    return POResult(of.task, status, supplier=supplier, url=url, attachments=attachments)


def visible(root: Path) -> list[str]:
    """Every file below `root` that is meant for people."""
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if path.parts[0] != ".purser")
