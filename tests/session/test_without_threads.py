"""A machine without a thread for a moment costs no order, whichever thread it is; without a crew one browser works."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from actors.journal import MemoryJournal
from actors.session import tree
from contracts.config import RestartIntensity, Timeouts
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import Ground, MakeSession, orders, until

QUICK = RestartIntensity(first_delay=0.01, max_delay=0.02)
Refuses = Callable[[str], bool]


@pytest.fixture(autouse=True)
def few_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Supervisors give up soon."""
    monkeypatch.setattr(tree, "_SYSTEM_INTENSITY", RestartIntensity(max_restarts=2, first_delay=0.01, max_delay=0.02))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Refuses]]:
    """Names of the program's threads as they are started, and what refuses one."""
    names: list[str] = []
    refusing: list[Refuses] = []
    start = threading.Thread.start

    def start_or_not(thread: threading.Thread) -> None:
        if thread.name.startswith("purser"):
            names.append(thread.name)
            if any(refuses(thread.name) for refuses in refusing):
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_not)
    return names, refusing


@pytest.mark.parametrize(
    ("parallel", "nth"), [*((True, nth) for nth in range(1, 17)), *((False, nth) for nth in range(1, 12))]
)
def test_one_thread_that_cannot_be_started_costs_no_order(
    make_session: MakeSession, ground: Ground, started: tuple[list[str], list[Refuses]], parallel: bool, nth: int
) -> None:
    names, refusing = started
    refusing.append(lambda _name: len(names) == nth)
    session = make_session(parallel, intensity=QUICK, callback=lambda _progress: None)
    successful, failed, report = session.process_pos(orders(6))
    assert len(names) >= nth
    assert (successful, failed) == (6, 0), names
    assert {one.status for one in session.results} == {TaskStatus.NO_ATTACHMENTS}
    assert report["processing_mode"] == ("sequential" if report["fallback"] or not parallel else "parallel")
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert sorted(ground.visits) == sorted({order["url"] for order in orders(6)})
    assert ground.opened == ground.closed
    until(lambda: session.validate_session_state() == [], "all is in order")


@pytest.mark.parametrize("name", ["root", "engine", "dispatcher", "crew", "worker"])
@pytest.mark.parametrize("before", [0, 3])
def test_a_crew_that_dies_before_it_has_taken_the_batch_loses_none_of_it(
    make_session: MakeSession, ground: Ground, started: tuple[list[str], list[Refuses]], name: str, before: int
) -> None:
    """The sequential engine begins the batch where nobody has, the session's first and a later one."""
    _, refusing = started
    journal = MemoryJournal()
    with make_session(True, intensity=QUICK, journal=journal) as session:
        if before:
            assert session.process_pos(orders(1, 100))[:2] == (1, 0)
        refusing.append(lambda thread: thread.startswith(f"purser-{name}"))
        successful, failed, report = session.process_pos(orders(6))
        assert (successful, failed) == (6, 0)
        assert report["fallback"]
        assert report["processing_mode"] == "sequential"
        assert session.get_progress()["total_tasks"] == 6
        assert journal.replay().batch_total == 6
        assert session.validate_session_state() == []
    assert sorted(set(ground.visits)) == sorted(order["url"] for order in orders(6) + orders(1, 100) * bool(before))
    assert len(set(ground.visits)) == len(ground.visits)


def test_orders_that_nobody_took_are_cancelled_without_a_journal_and_the_session_has_failed(
    make_session: MakeSession, ground: Ground, started: tuple[list[str], list[Refuses]]
) -> None:
    """No thread at all but the session's own: it says so, and claims nothing."""
    _, refusing = started
    refusing.append(lambda thread: thread != "purser-session")
    session = make_session(True, intensity=QUICK, timeouts=Timeouts(worker_ready=0.3, shutdown=1, force=1))
    successful, failed, report = session.process_pos(orders(6))
    assert (successful, failed) == (0, 6)
    assert {one.status for one in session.results} == {TaskStatus.CANCELLED}
    assert "no thread left" in report["stopped_early"]
    assert report["fallback"]
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert ground.opened == ground.closed
    refusing.clear()
    assert session.process_pos(orders(6))[:2] == (6, 0)
