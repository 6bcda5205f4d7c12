"""Work that comes one by one: a batch that is open, with several who submit, in both modes and through every end."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from actors import FolderJournal, ProcessingSession
from actors.session.open_batch import OpenBatch
from actors.session.orders import prepare
from contracts.config import HeadlessConfiguration
from contracts.errors import AuthenticationError, DownloadFolderError, JournalError, PoolShutdownError, SessionBusyError
from contracts.ports import BatchBegun, OutcomeRecorded, SubmissionAccepted
from contracts.status import SessionStatus
from contracts.tasks import POResult, POTask, TaskStatus
from tests.session.conftest import BASE, TIMEOUTS, Ground, MakeSession, NoEntry, accepted, orders, until

MODES = pytest.mark.parametrize("parallel", [True, False], ids=["parallel", "sequential"])


class Heard:
    """What was told of outcomes."""

    def __init__(self) -> None:
        self.results: list[POResult] = []
        self.threads: set[int] = set()

    def __call__(self, result: POResult) -> None:
        self.results.append(result)
        self.threads.add(threading.get_ident())

    @property
    def handles(self) -> Counter[Any]:
        """How often each handle was told of."""
        return Counter(result.handle for result in self.results)


@MODES
def test_each_handle_is_told_of_once_and_the_report_is_of_all_that_came(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    heard, session = Heard(), make_session(parallel)
    batch = session.open_batch(heard)
    first = batch.submit(orders(2))
    until(lambda: len(heard.results) == 2, "both have ended before the third comes")
    progress = session.snapshot()
    assert (progress.total, progress.completed, progress.finished, progress.is_open) == (2, 2, False, True)
    assert session.get_progress()["estimated_remaining"] is None, "nobody knows what is to come"
    assert session.validate_session_state() == []
    assert session.get_progress()["session_status"] is SessionStatus.RUNNING
    second = batch.submit([POTask("PO9")])
    successful, failed, report = batch.close()
    assert (successful, failed, report["total_pos"]) == (3, 0, 3)
    assert heard.handles == Counter((*first, *second))
    assert len(heard.threads) == 1
    assert [one.handle for one in session.results] == [*first, *second]
    assert [handle.po_number for handle in (*first, *second)] == ["PO1", "PO2", "PO9"]
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed
    assert batch.close() == (successful, failed, report), "closing it again changes nothing"


@MODES
def test_several_submit_at_once_and_each_order_is_done_once(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    heard, session = Heard(), make_session(parallel)
    with session.open_batch(heard) as batch, ThreadPoolExecutor(4) as pool:
        given = list(pool.map(lambda who: batch.submit(orders(5, first=5 * who + 1)), range(4)))
    handles = [handle for some in given for handle in some]
    assert len(set(handles)) == 20
    assert heard.handles == Counter(handles)
    assert {handle.po_number for handle in handles} == {f"PO{number}" for number in range(1, 21)}
    assert sorted(Counter(ground.visits).values()) == [1] * 20
    assert session.validate_session_state() == []


@MODES
def test_an_order_that_is_open_is_not_done_twice_and_one_that_has_ended_is_done_again(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    heard, session = Heard(), make_session(parallel)
    ground.gate.clear()
    with session.open_batch(heard) as batch:
        (first,) = batch.submit(orders(1))
        assert batch.submit([*orders(1), {"po_number": "PO1", "url": f"{BASE}/PO1"}]) == (first, first)
        ground.gate.set()
        until(lambda: heard.handles[first] == 1, "it has ended")
        (again,) = batch.submit(orders(1))
    assert again != first
    assert heard.handles == Counter((first, again))
    assert len(ground.visits) == 2


@MODES
def test_orders_are_cancelled_whether_they_wait_or_are_worked_on(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    heard, session = Heard(), make_session(parallel)
    ground.gate.clear()
    batch = session.open_batch(heard)
    handles = batch.submit(orders(6))
    until(lambda: session.snapshot().active > 0, "one is worked on")
    batch.cancel((handles[0], handles[5]), "not wanted")
    until(lambda: len(heard.results) == 2, "both have ended, though the gate is closed")
    ground.gate.set()
    assert batch.close()[:2] == (4, 2)
    assert heard.handles == Counter(handles)
    told = {one.handle: one for one in heard.results}
    for handle in (handles[0], handles[5]):
        assert (told[handle].status, told[handle].error_message) == (TaskStatus.CANCELLED, "not wanted")
    assert session.validate_session_state() == []


@MODES
def test_a_stop_ends_the_batch_each_handle_is_told_of_and_nothing_more_is_taken(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    heard, session = Heard(), make_session(parallel)
    ground.gate.clear()
    batch = session.open_batch(heard)
    handles = batch.submit(orders(8))
    until(lambda: session.snapshot().active > 0, "one is worked on")
    session.request_stop()
    with pytest.raises(PoolShutdownError, match="stopped by the user"):
        batch.submit(orders(1, first=20))
    until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
    ground.gate.set()
    successful, failed, report = batch.close()
    assert successful + failed == report["total_pos"] == 8
    assert failed > 0
    assert heard.handles == Counter(handles)
    assert {one.status for one in heard.results} == {TaskStatus.NO_ATTACHMENTS, TaskStatus.CANCELLED}
    assert session.get_progress()["session_status"] is SessionStatus.CANCELLED
    assert session.validate_session_state() == []


@MODES
def test_an_open_batch_without_any_order_ends_when_it_is_closed(make_session: MakeSession, parallel: bool) -> None:
    session = make_session(parallel)
    batch = session.open_batch()
    assert not session.snapshot().finished
    assert batch.close()[:2] == (0, 0)
    with pytest.raises(PoolShutdownError, match="closed"):
        batch.submit(orders(1))
    assert session.validate_session_state() == []


@MODES
def test_a_warm_session_works_through_open_and_closed_batches_in_turn(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    with make_session(parallel) as session:
        for turn in range(2):
            with session.open_batch() as batch:
                batch.submit(orders(3, first=10 * turn))
            assert len(session.results) == 3
            assert session.process_pos(orders(3, first=100 + 10 * turn))[:2] == (3, 0)
            assert session.validate_session_state() == []
        assert ground.opened == 1


def test_the_session_is_taken_as_long_as_a_batch_is_open(make_session: MakeSession) -> None:
    session = make_session(False)
    with session.open_batch():
        with pytest.raises(SessionBusyError):
            session.process_pos(orders(1))
        with pytest.raises(SessionBusyError):
            session.open_batch()
    assert session.process_pos(orders(1))[:2] == (1, 0)


def test_rows_that_cannot_be_visited_fail_and_lose_no_other(make_session: MakeSession) -> None:
    heard, session = Heard(), make_session(True)
    with session.open_batch(heard) as batch:
        handles = batch.submit([{"po_number": ""}, *orders(1), {"po_number": "X", "url": "ftp://x"}])
    assert heard.handles == Counter(handles)
    assert [one.status for one in session.results] == [
        TaskStatus.FAILED,
        TaskStatus.NO_ATTACHMENTS,
        TaskStatus.FAILED,
    ]


def test_a_function_for_outcomes_that_raises_or_closes_the_batch_harms_nothing(make_session: MakeSession) -> None:
    session, opened = make_session(False), list[OpenBatch]()
    reports: list[Any] = []

    def close(result: POResult) -> None:
        if result.po_number == "PO1":
            raise ValueError("the user's own")
        reports.append(opened[0].close())

    opened.append(session.open_batch(close))
    opened[0].submit(orders(2))
    until(lambda: bool(reports), "it was closed by the function")
    assert opened[0].close() == reports[0]
    assert reports[0][:2] == (2, 0)


def test_what_cannot_be_called_is_refused_before_anything_is_opened(make_session: MakeSession, ground: Ground) -> None:
    with pytest.raises(TypeError):
        make_session(False).open_batch(7)  # type: ignore[arg-type]  # what is refused
    assert ground.opened == 0


def test_a_crew_that_fails_leaves_the_open_batch_to_one_browser(make_session: MakeSession, ground: Ground) -> None:
    ground.may_launch = lambda owner: not owner.worker.startswith("worker-")
    heard, session = Heard(), make_session(True)
    with session.open_batch(heard) as batch:
        first = batch.submit(orders(3))
        until(lambda: len(heard.results) == 3, "one browser does them")
        second = batch.submit(orders(2, first=10))
    assert heard.handles == Counter((*first, *second))
    assert all(one.status is TaskStatus.NO_ATTACHMENTS for one in heard.results)
    assert session.get_session_report()["total_pos"] == 5
    assert session.validate_session_state() == []


def test_what_an_open_batch_left_in_a_journal_is_resumed_and_refuses_another(ground: Ground, tmp_path: Path) -> None:
    def make() -> ProcessingSession:
        return ProcessingSession(
            HeadlessConfiguration(), enable_parallel=False, base_url=BASE, timeouts=TIMEOUTS, journal=folder_journal,
            download_dir=tmp_path / "dl", open_resources=ground.open,
        )  # fmt: skip

    heard = Heard()
    ground.gate.clear()
    with FolderJournal(tmp_path / "dl") as folder_journal:
        session = make()
        batch = session.open_batch(heard)
        handles = batch.submit(orders(4))
        until(lambda: session.snapshot().active > 0, "the first is worked on")
        session.request_stop()
        until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
        ground.gate.set()
        assert batch.close()[:2] == (1, 3)
        assert heard.handles == Counter(handles)
        assert [one.status for one in session.results] == [TaskStatus.NO_ATTACHMENTS, *[TaskStatus.INTERRUPTED] * 3]
        assert session.validate_session_state() == []
    with FolderJournal(tmp_path / "dl") as folder_journal:
        with pytest.raises(JournalError, match="unfinished run"):
            make().open_batch()
        session = make()
        assert session.resume()[:2] == (4, 0)
        assert [one.handle for one in session.results] == list(handles)
        assert not folder_journal.journal.is_unfinished() or session.validate_session_state() == []
        with make().open_batch() as batch:
            batch.submit(orders(1, first=50))


def test_what_lets_nothing_begin_is_raised_at_the_opening(ground: Ground, make_session: MakeSession) -> None:
    ground.instead = DownloadFolderError("nothing can be opened")
    with pytest.raises(DownloadFolderError):
        make_session(False).open_batch()


@pytest.mark.parametrize("ended", [0, 1, 3])
def test_what_a_killed_program_left_of_an_open_batch_is_done_and_closed(
    ground: Ground, tmp_path: Path, ended: int
) -> None:
    """The journal stays open until somebody goes on with it: nobody else will put anything into that batch."""
    known = accepted(prepare(orders(3), BASE).orders)
    outcomes = (OutcomeRecorded(POResult(one.handle, TaskStatus.NO_ATTACHMENTS)) for one in known[:ended])
    with FolderJournal(tmp_path / "dl") as folder_journal:
        journal = folder_journal.journal
        journal.append(
            journal.open_epoch(),
            (BatchBegun(0, 0, is_open=True), *known, SubmissionAccepted("key", 0, 3), BatchBegun(0, 3, is_open=True)),
        )
        journal.append(journal.open_epoch(), tuple(outcomes))
    with FolderJournal(tmp_path / "dl") as folder_journal:
        assert folder_journal.journal.is_unfinished()
        session = ProcessingSession(
            HeadlessConfiguration(), enable_parallel=False, base_url=BASE, timeouts=TIMEOUTS, journal=folder_journal,
            download_dir=tmp_path / "dl", open_resources=ground.open,
        )  # fmt: skip
        assert session.resume()[:2] == (3, 0)
        assert len(ground.visits) == 3 - ended
        assert folder_journal.journal.tasks_in_hand() == ()
        assert not folder_journal.journal.replay().batch_is_open
        assert session.validate_session_state() == []


@MODES
def test_a_session_that_is_left_with_an_open_batch_leaves_no_thread(make_session: MakeSession, parallel: bool) -> None:
    before = set(threading.enumerate())
    heard = Heard()
    with make_session(parallel) as session:
        batch = session.open_batch(heard)
        handles = batch.submit(orders(2))
        until(lambda: len(heard.results) == 2, "both have ended")
    until(lambda: not {one for one in threading.enumerate() if "outcomes" in one.name} - before, "its thread has ended")
    assert heard.handles == Counter(handles)
    assert batch.close()[:2] == (2, 0)


def test_a_function_for_outcomes_that_ends_the_program_does_not_hold_the_batch(make_session: MakeSession) -> None:
    told: list[str] = []

    def leave(result: POResult) -> None:
        told.append(result.po_number)
        raise SystemExit(1)

    with make_session(False).open_batch(leave) as batch:
        batch.submit(orders(2))
    assert told == ["PO1", "PO2"]


def test_what_a_batch_ended_with_is_raised_at_each_closing(make_session: MakeSession, ground: Ground) -> None:
    ground.portal = NoEntry()
    batch = make_session(False).open_batch()
    batch.submit(orders(1))
    for _ in range(2):
        with pytest.raises(AuthenticationError):
            batch.close()


@pytest.mark.parametrize("count", [0, 2])
def test_a_stop_when_all_has_ended_leaves_nothing_to_go_on_with(ground: Ground, tmp_path: Path, count: int) -> None:
    with FolderJournal(tmp_path / "dl") as folder_journal:
        session = ProcessingSession(
            HeadlessConfiguration(), enable_parallel=False, base_url=BASE, timeouts=TIMEOUTS, journal=folder_journal,
            download_dir=tmp_path / "dl", open_resources=ground.open,
        )  # fmt: skip
        batch = session.open_batch()
        batch.submit(orders(count))
        until(lambda: session.snapshot().completed == count, "all has ended")
        assert session.stop_processing()
        assert batch.close()[:2] == (count, 0)
        assert folder_journal.journal.tasks_in_hand() == ()
        assert not folder_journal.journal.replay().batch_is_open
        assert session.process_pos(orders(1, first=50))[:2] == (1, 0)
