"""Journals that lie in a folder, and the entries of the conformance suite for the other tests of journals."""

from __future__ import annotations

from pathlib import Path

from actors.journal import SqliteJournal
from actors.journal.payloads import ORDERS, Payloads
from actors.testing.conformance.entries import (
    BASE as BASE,
    NOON as NOON,
    NOTES_TOO as NOTES_TOO,
    Note as Note,
    accepted as accepted,
    handle as handle,
    kept_file as kept_file,
    lease as lease,
    order as order,
    outcome as outcome,
    started as started,
    submitted as submitted,
)
from contracts.ports import JournalEntry

LOCKS = ("-lock", "-lock-journal", "-shm")


class Place:
    """A download folder with a journal in it, as `actors.session.folder_journal` lays it out."""

    def __init__(self, root: Path, payloads: Payloads = ORDERS) -> None:
        self.root = root
        self.payloads = payloads
        self.database = root / ".purser" / "journal.db"
        self.manifest = root / ".purser" / "evidence" / "manifest.jsonl"
        self.manifest.parent.mkdir(parents=True, exist_ok=True)

    def open(self) -> SqliteJournal:
        """Open the journal."""
        return SqliteJournal(self.database, self.manifest, self.root, lambda: NOON, payloads=self.payloads)

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
