"""A disk that is full, at each write of the database: a clear error, and everything as it was before."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.journal import SqliteJournal, database
from contracts.errors import MachineError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    JournalEntry,
    LeaseEnded,
    LeaseGranted,
    PauseBegan,
    PauseEnded,
)
from contracts.tasks import TaskStatus
from tests.journal.entries import Place, accepted, kept_file, lease, outcome, started, submitted
from tests.journal.test_upgrading import PRESENT, make, require_same, rows_in, version

FULL = "database or disk is full"
READING = ("SELECT", "PRAGMA user_version", "PRAGMA application_id", "PRAGMA quick_check", "ROLLBACK")


class Disk:
    """Has room for so many writing statements."""

    def __init__(self) -> None:
        self.room = 10**9

    def take(self, statement: str) -> None:
        """Count a statement, or say that the disk is full."""
        if statement.lstrip().startswith(READING):
            return
        if not self.room:
            error = sqlite3.OperationalError(FULL)
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        self.room -= 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk under every database that is opened in this test."""
    made = Disk()
    connect = sqlite3.connect

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            made.take(sql)
            return super().execute(sql, *parameters)

        def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            made.take(sql)
            return super().executemany(sql, *parameters)

        def executescript(self, sql_script: str) -> sqlite3.Cursor:
            made.take(sql_script)
            return super().executescript(sql_script)

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=Connection, **kwargs))
    return made


def grow_room(disk: Disk, act: Callable[[], object], check: Callable[[], None]) -> int:
    """Give the disk room for ever more writes until `act` succeeds; check after each failure. Return how many."""
    for room in range(200):
        disk.room = room
        try:
            act()
        except MachineError as error:
            assert FULL in str(error)  # noqa: PT017 - what is expected is either of two ends
            assert "Free some disk space" in str(error)  # noqa: PT017
        else:
            disk.room = 10**9
            return room
        disk.room = 10**9
        check()
    raise AssertionError("200 writes were not enough")


ENTRIES: dict[str, tuple[JournalEntry, ...]] = {
    "a batch": (outcome(0), outcome(1), outcome(2), BatchBegun(3, 2), *accepted(2, first=3)),
    "more orders": accepted(2, first=3),
    "a submission": submitted("a", 2, first=3),
    "a batch that is opened": (BatchBegun(0, 5, is_open=True), *submitted("a", 2, first=3)),
    "a lease": (LeaseGranted(lease(0)),),
    "a lease's end": (LeaseGranted(lease(0)), LeaseEnded(lease(0), "so it was", 1, 0)),
    "a file": (FileVerified(kept_file(lease(0))),),
    "a publish": (started(0),),
    "an outcome": (outcome(0, TaskStatus.FAILED),),
    "a pause": (PauseBegan("disk", "the disk is full"), PauseEnded("disk")),
}


@pytest.mark.parametrize("entries", ENTRIES.values(), ids=ENTRIES)
def test_entries_are_written_whole_or_not_at_all(tmp_path: Path, disk: Disk, entries: tuple[JournalEntry, ...]) -> None:
    place = Place(tmp_path)
    journal = place.open()
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, 3), *accepted(3)))
    before, lines = journal.replay(), place.manifest.read_bytes()

    def is_as_before() -> None:
        assert journal.replay() == before
        assert journal.handles_of("a") == ()
        assert place.manifest.read_bytes() == lines

    writes = grow_room(disk, lambda: journal.append(epoch, entries), is_as_before)
    assert writes >= 2, "a begin, an entry and a commit at least"
    journal.close()
    place.open().close()


@pytest.mark.parametrize(
    "act",
    [SqliteJournal.open_epoch, lambda j: j.note_plan({"csv": "b.csv"}), lambda j: j.reopen([TaskStatus.COMPLETED])],
    ids=["a new epoch", "a plan", "a retry"],
)
def test_so_is_everything_else(tmp_path: Path, disk: Disk, act: Callable[[SqliteJournal], object]) -> None:
    journal = Place(tmp_path).open()
    journal.append(journal.open_epoch(), (BatchBegun(0, 2), *accepted(2), outcome(0)))
    before, plan, known = journal.replay(), journal.plan(), journal.tasks_in_hand()

    def is_as_before() -> None:
        assert (journal.replay(), journal.plan(), journal.tasks_in_hand()) == (before, plan, known)

    assert grow_room(disk, lambda: act(journal), is_as_before) >= 3
    journal.close()


def test_a_journal_that_cannot_be_made_or_opened_is_made_and_opened_once_there_is_room(
    tmp_path: Path, disk: Disk
) -> None:
    place = Place(tmp_path)
    assert grow_room(disk, lambda: place.open().close(), lambda: None) >= 5
    place.write(BatchBegun(0, 1), *accepted(1), LeaseGranted(lease(0)))
    before = place.content()

    def is_as_before() -> None:
        assert place.content() == before

    assert grow_room(disk, lambda: place.open().close(), is_as_before) >= 5


def test_a_migration_waits_for_room(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path)
    scripts = database.migrations()
    monkeypatch.setattr(database, "migrations", lambda: scripts[:1])
    database.connect(place.database).close()
    monkeypatch.setattr(database, "migrations", lambda: scripts)
    assert grow_room(disk, lambda: place.open().close(), lambda: None) >= 5
    place.write(BatchBegun(0, 1), *accepted(1))


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Let the system refuse every write beyond `size` bytes of a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("closed", [False, True], ids=["written in the log", "written at the end"])
def test_a_write_that_the_system_refuses_leaves_what_was_written_before(tmp_path: Path, *, closed: bool) -> None:
    place = Place(tmp_path)
    place.write(BatchBegun(0, 200), *accepted(100), outcome(0))
    journal = place.open()
    epoch = journal.open_epoch()
    before, log = journal.replay(), place.database.with_name("journal.db-wal")
    refused = 0
    for size in range(log.stat().st_size, log.stat().st_size + 40 * 4096, 2048):
        with no_file_longer_than(size):
            try:
                journal.append(epoch, (*accepted(100, first=100), outcome(1)))
            except MachineError as error:
                assert "Free some disk space" in str(error)  # noqa: PT017 - it may also succeed
                refused += 1
                assert journal.replay() == before
                continue
        break
    assert refused >= 3
    assert len(journal.replay().open_tasks) == 198
    if closed:
        journal.close()
        journal = place.open()
        assert len(journal.replay().open_tasks) == 198
    journal.close()


def test_a_migration_that_the_system_refuses_leaves_the_older_version_whole(tmp_path: Path) -> None:
    place = Place(tmp_path)
    rows = make(place, PRESENT - 1, [{"po_number": f"PO{number}", "supplier": "x" * 500} for number in range(300)])
    before, refused = rows_in(place.database), 0
    for size in range(200_000, 10**7, 50_000):
        with no_file_longer_than(size):
            try:
                journal = place.open()
            except MachineError as error:
                assert "Free some disk space" in str(error)  # noqa: PT017 - it may also succeed
                refused += 1
                assert (version(place.database), rows_in(place.database)) == (PRESENT - 1, before)
                continue
        break
    assert refused >= 3
    require_same(journal, rows)
    journal.close()
