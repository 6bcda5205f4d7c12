"""Orders, leases, outcomes and files for the journal's tests, and journals that lie in a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from actors.journal import SqliteJournal
from contracts.ports import JournalEntry, KeptFile, Lease, OutcomeRecorded, PublishStarted, TaskAccepted
from contracts.tasks import Attachment, MissingAttachment, Order, POResult, POTask, TaskHandle, TaskStatus

BASE = "https://portal.example"
LOCKS = ("-lock", "-lock-journal", "-shm")
NOON = dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)


def order(sequence: int, retry_count: int = 0) -> Order:
    """Make an order."""
    task = POTask(f"PO{sequence}", retry_count=retry_count)
    return Order(TaskHandle(sequence, f"PO{sequence}"), task, "", BASE, "portal.example")


def accepted(count: int, first: int = 0) -> tuple[TaskAccepted, ...]:
    """Accept so many orders."""
    return tuple(TaskAccepted(order(sequence)) for sequence in range(first, first + count))


def lease(sequence: int, attempt: int = 1, epoch: int = 1) -> Lease:
    """Make a lease."""
    return Lease(TaskHandle(sequence, f"PO{sequence}"), attempt, "w1", 1, epoch)


def kept_file(of: Lease, name: str = "a.pdf") -> KeptFile:
    """A verified file of a lease."""
    return KeptFile(of, Attachment(name, 3, "ab" * 32, f"{BASE}/{name}", "application/pdf", name), f"<{name}>", 3)


def outcome(sequence: int, status: TaskStatus = TaskStatus.COMPLETED, root: Path | None = None) -> OutcomeRecorded:
    """Make an outcome; one with files when a root is given."""
    handle = TaskHandle(sequence, f"PO{sequence}")
    if root is None:
        return OutcomeRecorded(POResult(handle, status))
    return OutcomeRecorded(
        POResult(
            handle,
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


class Place:
    """A download folder with a journal in it, as `actors.session.folder_journal` lays it out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / ".purser" / "journal.db"
        self.manifest = root / ".purser" / "evidence" / "manifest.jsonl"
        self.manifest.parent.mkdir(parents=True, exist_ok=True)

    def open(self) -> SqliteJournal:
        """Open the journal."""
        return SqliteJournal(self.database, self.manifest, self.root, lambda: NOON)

    def write(self, *entries: JournalEntry) -> None:
        """Open the journal, write as a new dispatcher, and close it."""
        journal = self.open()
        try:
            journal.append(journal.open_epoch(), entries)
        finally:
            journal.close()

    def content(self) -> dict[str, bytes]:
        """Every file that holds anything, with its content; not the lock, and not what readers share."""
        found = (path for path in self.root.rglob("*") if path.is_file())
        kept = {str(path.relative_to(self.root)): path.read_bytes() for path in found if not path.name.endswith(LOCKS)}
        return {name: content for name, content in kept.items() if content or not name.endswith("-wal")}

    def leave_as_killed(self, journal: SqliteJournal) -> None:
        """Close the journal, and put its files back as they were: as a process leaves them that is killed now."""
        left = self.content()
        journal.close()
        for name in self.content():
            (self.root / name).unlink()
        for name, content in left.items():
            (self.root / name).write_bytes(content)
