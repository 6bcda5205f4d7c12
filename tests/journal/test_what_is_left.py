"""What is on the disk when, what an ended order leaves behind, and in which order the files are let go of."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.journal import JournalReader, SqliteJournal
from contracts.ports import BatchBegun, FileVerified, JournalEntry, LeaseEnded, LeaseGranted
from contracts.tasks import TaskStatus
from tests.journal.entries import Place, accepted, kept_file, lease, outcome, started

NORMAL, FULL = 1, 2
"""What SQLite calls its `synchronous`."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A download folder."""
    return Place(tmp_path)


@pytest.fixture
def journal(place: Place) -> Iterator[SqliteJournal]:
    """The journal of a run with two orders."""
    made = place.open()
    made.append(made.open_epoch(), (BatchBegun(0, 2), *accepted(2)))
    yield made
    with contextlib.suppress(sqlite3.ProgrammingError):
        made.close()


@pytest.mark.parametrize(
    ("entry", "how"),
    [
        pytest.param(started(0), FULL, id="a publish begins"),
        pytest.param(outcome(0), FULL, id="an order ends"),
        pytest.param(LeaseGranted(lease(0)), NORMAL, id="a lease is granted"),
        pytest.param(LeaseEnded(lease(0), "so", 1, 0), NORMAL, id="a lease ends"),
    ],
)
def test_a_publish_and_an_outcome_are_forced_to_the_disk_and_the_rest_is_not(
    journal: SqliteJournal, entry: JournalEntry, how: int
) -> None:
    other = LeaseGranted(lease(1)) if how == FULL else started(1)
    journal.append(1, (other,))
    journal.append(1, (entry,))
    assert journal._db.execute("PRAGMA synchronous").fetchone()[0] == how


def test_a_file_that_is_verified_after_its_order_ended_is_offered_to_nobody(journal: SqliteJournal) -> None:
    journal.append(1, (outcome(0, TaskStatus.FAILED), FileVerified(kept_file(lease(0)))))
    assert journal.reopen([TaskStatus.FAILED]) == 1
    (task,) = (task for task in journal.replay().open_tasks if task.handle.sequence == 0)
    assert task.kept == ()


def test_an_order_that_saw_the_program_end_once_is_told_as_interrupted(place: Place, journal: SqliteJournal) -> None:
    journal.append(1, (LeaseGranted(lease(0)),))
    place.leave_as_killed(journal)
    place.open().close()
    with JournalReader(place.database) as reader:
        status = reader.status()
    assert status is not None
    assert status.interrupted == 1


def test_the_writers_lock_is_given_back_last(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    release, seen = journal._writer.release, []

    def look_and_release() -> None:
        with pytest.raises(sqlite3.ProgrammingError):
            journal._db.execute("SELECT 1")
        seen.append(journal._manifest)
        release()

    monkeypatch.setattr(journal._writer, "release", look_and_release)
    journal.close()
    assert len(seen) == 1
