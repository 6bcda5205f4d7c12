"""`purser status` reads the journal while a run writes it, and where nothing may be written. It takes no lock."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from actors.evidence.chain import BEFORE_THE_FIRST
from actors.journal import JournalReader, SqliteJournal, database
from contracts.errors import Blame
from contracts.ports import (
    BatchBegun,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PauseBegan,
    PauseEnded,
)
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.journal.entries import NOON, Place, accepted, lease, outcome

NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


@pytest.fixture
def journal(place: Place) -> Iterator[SqliteJournal]:
    """The journal of a run that goes on."""
    made = place.open()
    yield made
    made.close()


def begin(journal: SqliteJournal, count: int = 4) -> int:
    """Begin a run and return its epoch."""
    epoch = journal.open_epoch()
    journal.append(epoch, (BatchBegun(0, count), *accepted(count)))
    return epoch


def test_a_run_s_standing_is_seen_from_outside_at_each_step(place: Place, journal: SqliteJournal) -> None:
    with JournalReader(place.database) as reader:
        assert reader.status() is None
        assert reader.head() == BEFORE_THE_FIRST
        journal.note_plan({"csv": "a.csv"})
        epoch = begin(journal)
        status = reader.status()
        assert status is not None
        assert (status.number, status.total, status.open, status.ended) == (1, 4, 4, "")
        assert status.plan == {"csv": "a.csv"}
        failed = POResult(TaskHandle(1, "PO1"), TaskStatus.FAILED, blame=Blame.PORTAL)
        journal.append(epoch, (LeaseGranted(lease(0)), outcome(3), OutcomeRecorded(failed), PauseBegan("k", "full")))
        status = reader.status()
        assert status is not None
        assert (status.succeeded, status.failed, status.open) == (1, 1, 2)
        assert (status.by_status, status.by_blame) == ({"COMPLETED": 1, "FAILED": 1}, {"portal": 1})
        assert [(one.po_number, one.worker) for one in status.in_hand] == [("PO0", "w1")]
        assert status.pauses == ("full",)
        journal.append(epoch, (PauseEnded("k"), LeaseEnded(lease(0), "so", 1, 0), outcome(0), outcome(2)))
        status = reader.status()
        assert status is not None
        assert (status.open, status.in_hand, status.pauses) == (0, (), ())
        assert status.waited_for == {"full": 0.0}
        assert status.ended == NOON.isoformat(timespec="milliseconds")
        assert reader.head() == journal.head


def test_a_reader_in_the_middle_of_reading_keeps_no_writer_waiting(place: Place, journal: SqliteJournal) -> None:
    epoch = begin(journal)
    with JournalReader(place.database) as reader:
        reader._db.execute("BEGIN")
        assert reader.head() == BEFORE_THE_FIRST
        journal.append(epoch, (outcome(0), outcome(1)))
        assert reader.head() == BEFORE_THE_FIRST, "it sees the journal as it was when it began"
        reader._db.execute("COMMIT")
        assert reader.head() == journal.head


def test_a_reader_keeps_no_other_writer_out(place: Place) -> None:
    journal = place.open()
    begin(journal)
    with JournalReader(place.database) as reader:
        journal.close()
        other = place.open()
        other.append(other.open_epoch(), (outcome(0),))
        assert reader.head() == other.head
        other.close()


def test_a_reader_cannot_write(place: Place, journal: SqliteJournal) -> None:
    begin(journal)
    with JournalReader(place.database) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("UPDATE tasks SET status = 'COMPLETED'")


def test_a_reader_reads_what_a_killed_run_left_in_its_log(place: Place) -> None:
    journal = place.open()
    begin(journal)
    place.leave_as_killed(journal)
    with JournalReader(place.database) as reader:
        status = reader.status()
        assert status is not None
        assert status.total == 4


# ------------------------------------------------------------------------------------------------------ read-only


def as_nobody(act: Callable[[], None]) -> None:
    """Do something in a child process as a user without rights, and fail as it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which the child does not touch
        child = os.fork()
    if not child:
        code = 1
        try:
            os.setuid(NOBODY)
            act()
            code = 0
        except BaseException:  # noqa: BLE001 - the boundary of the child process
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture
def shown() -> Iterator[Place]:
    """A folder that others may look into but not write."""
    with tempfile.TemporaryDirectory(prefix="shown-") as name:
        root = Path(name)
        yield Place(root)
        for folder in (root, *(path for path in root.rglob("*") if path.is_dir())):
            folder.chmod(0o755)


def let_others_read(place: Place) -> None:
    for path in (place.root, *place.root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else; the next test needs no root")
@pytest.mark.parametrize("in_order", [True, False], ids=["a run that was closed", "a run that goes on or was killed"])
def test_a_folder_that_may_only_be_read_is_read(
    shown: Place, monkeypatch: pytest.MonkeyPatch, *, in_order: bool
) -> None:
    journal = shown.open()
    begin(journal)
    if in_order:
        journal.close()
    let_others_read(shown)
    scripts = database.migrations()
    monkeypatch.setattr(database, "migrations", lambda: scripts)

    def read() -> None:
        with JournalReader(shown.database) as reader:
            status = reader.status()
            assert status is not None
            assert status.total == 4

    as_nobody(read)
    if not in_order:
        journal.close()


def test_a_journal_beside_which_nothing_can_be_made_is_read(place: Place) -> None:
    journal = place.open()
    begin(journal)
    journal.close()
    place.database.with_name("journal.db-shm").mkdir()
    before = place.content()
    with JournalReader(place.database) as reader:
        status = reader.status()
        assert status is not None
        assert status.total == 4
    assert place.content() == before


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists a process's open files so")
def test_a_reader_lets_go_of_the_journal(place: Place) -> None:
    place.write(BatchBegun(0, 1), *accepted(1))
    with JournalReader(place.database) as reader:
        reader.status()
        assert place.database in open_files()
    assert place.database not in open_files()


def open_files() -> set[Path]:
    """Return what this process holds open."""
    held = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own is gone by now
            held.add(entry.readlink())
    return held
