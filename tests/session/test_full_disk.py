"""A disk that is full under the journal while a batch is in work: both modes wait, and go on when there is room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from actors import ProcessingSession
from actors.journal import JournalReader, SqliteJournal
from contracts.config import HeadlessConfiguration
from contracts.errors import DiskFullError
from contracts.ports import JournalEntry, OutcomeRecorded
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, TIMEOUTS, Beside, Ground, orders, until


@attrs.define
class Disk:
    """Takes so many outcomes, and nothing more until it is cleared."""

    room: int
    refused: int = 0


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk under every journal of the test."""
    made = Disk(3)
    append, open_epoch = SqliteJournal.append, SqliteJournal.open_epoch

    def check() -> None:
        if made.room <= 0:
            made.refused += 1
            raise DiskFullError("The journal cannot be written: no room")

    def limited(journal: SqliteJournal, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        check()
        append(journal, epoch, entries)
        made.room -= sum(isinstance(entry, OutcomeRecorded) for entry in entries)

    def limited_epoch(journal: SqliteJournal) -> int:
        check()
        return open_epoch(journal)

    monkeypatch.setattr(SqliteJournal, "append", limited)
    monkeypatch.setattr(SqliteJournal, "open_epoch", limited_epoch)
    return made


@pytest.fixture
def session(tmp_path: Path, ground: Ground, request: Any) -> ProcessingSession:
    """A session with a journal on disk over stub browsers, in one of the modes."""

    return ProcessingSession(
        HeadlessConfiguration(), request.param, 2, base_url=BASE, download_dir=tmp_path / "dl", timeouts=TIMEOUTS,
        seed=1, journal=tmp_path / "dl" / ".purser" / "journal.db", open_resources=ground.open,
    )  # fmt: skip


both_modes = pytest.mark.parametrize("session", [True, False], ids=["a crew", "sequential"], indirect=True)


@both_modes
def test_a_full_disk_pauses_the_run_until_there_is_room(session: ProcessingSession, disk: Disk, ground: Ground) -> None:
    batch = Beside(session, orders(12))
    until(lambda: disk.refused >= 3, "the disk is full, and it is looked again")
    progress = session.snapshot()
    assert progress.completed in (2, 3), "what is shown is not ahead of what is written"
    assert (progress.failed, progress.finished) == (0, False)
    assert any("no room on the disk" in text for text in progress.pauses)
    disk.room = 10**9
    ok, failed, report = batch.result()
    assert (ok, failed, report["fallback"], report["stopped_early"]) == (12, 0, "", "")
    assert len(ground.visits) == 12, "no order was visited twice"
    assert session.snapshot().pauses == ()


@both_modes
def test_a_stop_while_the_disk_is_full_ends_with_a_clear_word_and_the_next_run_goes_on(
    session: ProcessingSession, disk: Disk, ground: Ground, tmp_path: Path
) -> None:
    batch = Beside(session, orders(12))
    until(lambda: disk.refused >= 2, "the disk is full")
    session.request_stop()
    ok, failed, report = batch.result()
    assert (ok, failed) == (3, 9)
    assert "no room" in report["stopped_early"]
    assert {result.status for result in session.results} == {TaskStatus.NO_ATTACHMENTS, TaskStatus.INTERRUPTED}
    assert ground.opened == ground.closed
    with JournalReader(tmp_path / "dl" / ".purser" / "journal.db") as reader:
        status = reader.status()
    assert status is not None
    assert (status.succeeded, status.open) == (3, 9)
    disk.room = 10**9
    ok, failed, report = session.process_pos(orders(12))
    assert (ok, failed, report["resumed_pos"]) == (12, 0, 3)


@pytest.mark.parametrize("session", [True], ids=["a crew"], indirect=True)
def test_a_crew_that_begins_on_a_full_disk_begins_when_there_is_room(
    session: ProcessingSession, disk: Disk, ground: Ground
) -> None:
    disk.room = 0
    batch = Beside(session, orders(4))
    until(lambda: disk.refused >= 2, "the disk is full from the beginning")
    assert ground.visits == []
    disk.room = 10**9
    assert batch.result()[:2] == (4, 0)
