"""What `validate_session_state` sees, and that it sees nothing where all is well (contract 26)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.filing.lock import FolderLock
from actors.session.resources import SessionResources
from actors.session.state_checks import SeenState, inconsistencies
from actors.session.view import Look, SessionView
from contracts.errors import BrowserNotFoundError
from contracts.ports import Owner
from contracts.status import Progress, SessionStatus
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.session.conftest import Beside, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
LOOKS = 10_000
DONE = tuple(POResult(TaskHandle(number, f"PO{number}"), TaskStatus.NO_ATTACHMENTS) for number in range(3))


def seen(view: dict[str, Any] | None = None, progress: dict[str, Any] | None = None, **fields: Any) -> SeenState:
    """A session after a batch of three orders, all of them done, unless told otherwise."""
    counted = {"total": 3, "completed": 3, "finished": True, **(progress or {})}
    known = {
        "status": SessionStatus.COMPLETED,
        "given": 3,
        "results": DONE,
        "orders": 3,
        "successful": 3,
        **(view or {}),
    }
    shown: Any = SessionView(totals=None, **known)  # type: ignore[arg-type] # nobody looks at the totals here
    look = Look(view=shown, progress=Progress(**counted), status=shown.status, elapsed=1.0)
    usual: dict[str, Any] = {
        "is_taken": False, "is_warm": False, "live": (), "has_engine": False, "has_run_resources": False, "threads": ()
    }  # fmt: skip
    return SeenState(look=look, **{**usual, **fields})


def test_a_batch_that_is_over_is_consistent() -> None:
    assert inconsistencies(seen()) == []


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (seen(has_run_resources=True), "download folder is held"),
        (seen(has_engine=True), "an engine is there"),
        (seen(live=(Owner("worker-1", 2),)), "worker-1/2"),
        (seen(threads=("purser-dispatcher",)), "1 threads did not end with their engine: purser-dispatcher"),
        (seen(threads=("purser-dispatcher",), is_warm=True), "did not end"),
        (seen({"results": ()}), "3 rows were given, but 0 have an outcome"),
        (seen({"results": DONE[:2]}), "3 rows were given, but 2 have an outcome"),
        (seen({"left": 2}), "completed, but 2 orders of it were not done"),
        (seen({"status": SessionStatus.RUNNING}), "running, but no batch is in work"),
        (seen({"orders": 2}), "3 orders have ended, but there are outcomes of 2"),
        (seen({"successful": 2}), "3 orders succeeded, but the results say 2"),
        (seen(progress={"completed": 2, "failed": 1}), "2 orders succeeded, but the results say 3"),
        (seen(progress={"completed": 2, "pending": 1, "finished": False}), "not every order has an outcome"),
        (seen(progress={"total": 4}), "add up to 3"),
        (seen(progress={"completed": 4, "pending": -1}), "negative"),
    ],
)
def test_what_is_wrong_between_batches_is_said(found: SeenState, word: str) -> None:
    told = inconsistencies(found)
    assert any(word in line for line in told), told


@pytest.mark.parametrize(
    "found",
    [
        seen(is_warm=True, has_run_resources=True, has_engine=True, live=(Owner("worker-1", 1),)),
        seen(is_taken=True, has_run_resources=True, has_engine=True, live=(Owner("worker-1", 1),)),
        seen({"status": SessionStatus.RUNNING, "results": ()}, {"completed": 1, "active": 2}, is_taken=True),
        seen({"status": SessionStatus.CANCELLED, "left": 2, "successful": 1}, {"completed": 1, "failed": 2}),
        seen({"removed": 2}, {"total": 5, "completed": 4, "failed": 1}),
        seen({"given": 4, "results": (*DONE, DONE[0])}),
    ],
    ids=["warm", "in work", "just begun", "stopped", "orders taken out of the list", "an order given twice"],
)
def test_what_is_right_is_not_taken_for_wrong(found: SeenState) -> None:
    assert inconsistencies(found) == []


def says(session: ProcessingSession, word: str) -> bool:
    return any(word in line for line in session.validate_session_state())


@both_modes
def test_what_a_batch_leaves_open_outside_with_is_seen(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    session = make_session(parallel)
    with monkeypatch.context() as patched:
        patched.setattr(SessionResources, "close", lambda _resources: True)
        session.process_pos(orders(3))
    assert says(session, "an engine is there")
    assert says(session, "the download folder is held")
    assert says(session, "browsers are alive")
    session._resources.close()
    assert session.validate_session_state() == []


@both_modes
def test_threads_that_outlive_their_engine_are_seen_until_they_end(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    monkeypatch.setattr("actors.session.resources.SECONDS_TO_END", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def look(_folder: Any) -> int:
        asked.set()
        go_on.wait(60)
        return 2**40

    monkeypatch.setattr("actors.testing.StubFolder.free_bytes", look)
    session = make_session(parallel)
    ground.gate.clear()
    batch = Beside(session, orders(3))
    try:
        assert asked.wait(30)
        ground.gate.set()
        batch.result()
        assert says(session, "threads did not end with their engine: purser-job-memory")
    finally:
        go_on.set()
    until(lambda: session.validate_session_state() == [], "the threads have ended")


@both_modes
def test_nothing_is_wrong_in_ten_thousand_looks_while_batches_begin_run_fail_and_end(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    session = make_session(parallel, simulate_failures=True)
    faults: list[list[str]] = []
    looks, over = 0, threading.Event()

    def look_on() -> None:
        nonlocal looks
        while not over.is_set() or looks < LOOKS:
            faults.append(session.validate_session_state())
            looks += 1

    sampler = threading.Thread(target=look_on)
    sampler.start()
    try:
        for first in (1, 101, 201):
            session.process_pos([*orders(6, first), *orders(2, first)])
        with session:
            session.process_pos(orders(5, 301))
            session.process_pos([])
            session.process_pos(orders(7, 401))
        session.enable_test_mode(mock_workers=True)
        with monkeypatch.context() as patched:
            patched.setattr(ground, "instead", BrowserNotFoundError("There is none."))
            with pytest.raises(BrowserNotFoundError):
                session.process_pos(orders(3, 501))
        session.process_pos(orders(3, 601))
    finally:
        over.set()
        sampler.join()
    assert [fault for fault in faults if fault][:1] == []


def test_a_lock_that_is_kept_on_the_journal_s_folder_is_seen(
    make_session: MakeSession, ground: Ground, tmp_path: Path
) -> None:
    session = make_session(journal=tmp_path / "dl" / ".purser" / "journal.sqlite")
    session.enable_test_mode()
    session._resources.open_folder_journal(session._settings)
    try:
        assert FolderLock(tmp_path / "dl").is_taken()
        assert says(session, "the download folder is held")
    finally:
        session._resources.close()
    assert session.validate_session_state() == []


def test_a_completed_batch_whose_orders_were_given_up_is_seen(make_session: MakeSession, ground: Ground) -> None:
    session = make_session()
    session.process_pos(orders(3))
    view = session._shown.view
    for changes, word in (
        ({"results": ()}, "3 rows were given"),
        ({"left": 1}, "were not done"),
        ({"successful": 2}, "succeeded"),
    ):
        session._shown.change(**changes)
        assert says(session, word)
        session._shown.change(**{name: getattr(view, name) for name in changes})
    assert session.validate_session_state() == []
