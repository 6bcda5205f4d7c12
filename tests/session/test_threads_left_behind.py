"""A thread of ours that does not come back, in an adapter, a login or a start, holds up neither run nor stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors import ProcessingSession
from actors.session.crew_of_one import WORKER
from actors.testing import StubFetcher, StubPortal
from contracts.config import RestartIntensity, Timeouts
from contracts.ports import Owner, PageReading, PageSnapshot
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import PATIENCE, Beside, GatedHost, Ground, MakeSession, orders, until

QUICK = RestartIntensity(first_delay=0.01, max_delay=0.02)
SHORT = Timeouts(shutdown=20, force=1, inactivity=0.3, worker_ready=5)
both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])


class Hole:
    """Whoever falls in stays until the test is over, whatever is done to its browser."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.fallen: list[str] = []
        self.left: list[str] = []

    def swallow(self, name: str) -> None:
        self.fallen.append(name)
        self.over.wait(10 * PATIENCE)
        self.left.append(name)


@pytest.fixture
def hole() -> Iterator[Hole]:
    made = Hole()
    yield made
    made.over.set()
    until(lambda: len(made.left) == len(made.fallen), "every thread came back")


def swallowing(hole: Hole, number: str = "PO2") -> Callable[[StubPortal, PageSnapshot, str], PageReading]:
    """Return an adapter's `read` that does not come back from one order."""
    read = StubPortal.read

    def slow(self: StubPortal, page: PageSnapshot, po_number: str) -> PageReading:
        if po_number == number:
            hole.swallow(po_number)
        return read(self, page, po_number)

    return slow


def ended(session: ProcessingSession) -> dict[str, TaskStatus]:
    return {result.po_number: result.status for result in session.results}


@both_modes
def test_a_visit_that_does_not_come_back_is_left_behind_and_the_run_goes_on(
    make_session: MakeSession, ground: Ground, hole: Hole, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    monkeypatch.setattr(StubPortal, "read", swallowing(hole))
    session = make_session(parallel, workers=2, intensity=QUICK, timeouts=SHORT)
    successful, failed, report = session.process_pos(orders(6))
    assert (successful, failed) == (5, 1)
    assert ended(session)["PO2"] is TaskStatus.QUARANTINED
    assert len(hole.fallen) == 3
    assert (report["stopped_early"], report["fallback"]) == ("", "")
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.validate_session_state() == []


@both_modes
def test_what_comes_back_too_late_changes_nothing(
    make_session: MakeSession, ground: Ground, hole: Hole, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    monkeypatch.setattr(StubPortal, "read", swallowing(hole))
    session = make_session(parallel, workers=2, intensity=QUICK, timeouts=SHORT)
    session.process_pos(orders(3))
    before = session.results
    hole.over.set()
    until(lambda: len(hole.left) == 3, "every thread came back")
    assert session.results == before
    assert session.validate_session_state() == []


@both_modes
def test_a_forced_stop_does_not_wait_for_a_visit_that_does_not_come_back(
    make_session: MakeSession, ground: Ground, hole: Hole, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    monkeypatch.setattr(StubPortal, "read", swallowing(hole, "PO1"))
    session = make_session(parallel, workers=1, timeouts=Timeouts(shutdown=20, force=1))
    batch = Beside(session, orders(3))
    until(lambda: bool(hole.fallen), "the visit hangs")
    session.request_stop()
    session.request_stop(force=True)
    batch.result()
    assert ended(session)["PO1"] is TaskStatus.CANCELLED
    assert not hole.left
    assert session.validate_session_state() == []


def test_a_start_that_does_not_come_back_is_left_behind(
    make_session: MakeSession, ground: Ground, hole: Hole, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = GatedHost.launch

    def slow(self: GatedHost, owner: Owner) -> Any:
        if owner == Owner(WORKER, 1):
            hole.swallow("start")
        return launch(self, owner)

    monkeypatch.setattr(GatedHost, "launch", slow)
    session = make_session(False, timeouts=Timeouts(shutdown=20, force=1, worker_ready=0.2))
    assert session.process_pos(orders(3))[:2] == (3, 0)
    assert hole.fallen == ["start"]
    assert session.validate_session_state() == []


def test_what_a_thread_holds_that_was_left_behind_is_closed_when_it_comes_back(
    make_session: MakeSession, ground: Ground, hole: Hole, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[StubFetcher] = []

    def close(self: StubFetcher) -> None:
        closed.append(self)

    monkeypatch.setattr(StubPortal, "read", swallowing(hole))
    monkeypatch.setattr(StubFetcher, "close", close)
    session = make_session(False, timeouts=SHORT)
    session.process_pos(orders(3))
    before = len(closed)
    hole.over.set()
    until(lambda: len(closed) == before + 3, "the fetcher of each is closed")
