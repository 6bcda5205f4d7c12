"""`ProcessingSession` keeps its contract, line by line: progress and the callback (10, 14, 17, 18, 26)."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from contracts.status import SessionStatus
from tests.session.conftest import Beside, Ground, MakeSession, orders, until

PROGRESS_KEYS = {
    "session_status", "total_tasks", "completed_tasks", "failed_tasks", "active_tasks", "elapsed_time",
    "estimated_remaining", "processing_mode", "worker_details",
}  # fmt: skip
BEGAN = time.monotonic()
"""No session of these tests is older."""


# -------------------------------------------------------------------------------------------- progress: 10, 14, 17, 18


def _check_progress(progress: dict[str, Any]) -> None:
    assert set(progress) >= PROGRESS_KEYS
    assert isinstance(progress["session_status"], SessionStatus)
    for key in ("total_tasks", "completed_tasks", "failed_tasks", "active_tasks", "pending_tasks"):
        assert type(progress[key]) is int
        assert progress[key] >= 0
    assert isinstance(progress["elapsed_time"], float)
    assert 0 <= progress["elapsed_time"] <= time.monotonic() - BEGAN
    assert progress["estimated_remaining"] is None or progress["estimated_remaining"] >= 0.0
    assert progress["processing_mode"] in ("sequential", "parallel")
    assert all({"worker_id", "state", "po_number"} <= set(worker) for worker in progress["worker_details"])
    parts = ("completed_tasks", "failed_tasks", "active_tasks", "pending_tasks")
    assert progress["total_tasks"] == sum(progress[key] for key in parts)


@pytest.mark.parametrize("parallel", [True, False])
def test_14_and_26_progress_adds_up_and_the_state_is_valid_at_every_instant(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 14, 26: sampled all along from another thread and from the callback; two batches in one session."""
    seen: list[dict[str, Any]] = []
    faults: list[list[str]] = []
    over = threading.Event()
    session = make_session(parallel, 3, seen.append, simulate_failures=True)
    assert session.validate_session_state() == []

    def sample() -> None:
        while not over.is_set():
            seen.append(session.get_progress())
            faults.append(session.validate_session_state())

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        for first in (1, 101):
            session.process_pos(orders(60, first))
    finally:
        over.set()
        sampler.join()
    for progress in seen:
        _check_progress(progress)
    assert [fault for fault in faults if fault] == []
    assert session.validate_session_state() == []
    last = session.get_progress()
    assert last["session_status"] is SessionStatus.COMPLETED
    assert last["active_tasks"] == last["pending_tasks"] == 0
    assert last["estimated_remaining"] == 0.0


def test_14_progress_of_a_running_batch_names_workers_and_an_estimate(
    make_session: MakeSession, ground: Ground
) -> None:
    """Contract 14: what a caller sees in the middle."""
    ground.gate.clear()
    session = make_session(workers=2)
    batch = Beside(session, orders(6))
    until(lambda: session.get_progress()["active_tasks"] == 2, "both workers at work")
    progress = session.get_progress()
    _check_progress(progress)
    assert progress["session_status"] is SessionStatus.RUNNING
    assert progress["processing_mode"] == "parallel"
    assert {worker["worker_id"] for worker in progress["worker_details"]} == {"worker-1", "worker-2"}
    assert progress["estimated_remaining"] is None
    assert (progress["total_tasks"], progress["pending_tasks"]) == (6, 4)
    ground.gate.set()
    assert batch.result()[:2] == (6, 0)


@pytest.mark.parametrize("parallel", [True, False])
def test_10_and_18_the_callback_is_called_all_along_and_once_more_at_the_end(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 10, 18."""
    seen: list[dict[str, Any]] = []
    ground.gate.clear()
    session = make_session(parallel, callback=seen.append)
    batch = Beside(session, orders(4))
    until(lambda: len(seen) >= 2, "two calls while nothing moves")
    running = list(seen)
    ground.gate.set()
    batch.result()
    assert all(progress["session_status"] is SessionStatus.RUNNING for progress in running)
    assert seen[-1]["session_status"] is SessionStatus.COMPLETED
    assert seen[-1]["completed_tasks"] == 4
    assert all(before["elapsed_time"] <= after["elapsed_time"] for before, after in pairwise(seen))


@pytest.mark.parametrize("parallel", [True, False])
def test_18_the_final_call_comes_even_for_a_batch_that_is_over_at_once(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 18: once more at the end, always, also when nothing was to do."""
    seen: list[dict[str, Any]] = []
    session = make_session(parallel, callback=seen.append)
    session.process_pos([])
    session.process_pos(orders(1))
    assert [progress["completed_tasks"] for progress in seen if progress["session_status"] is SessionStatus.COMPLETED] \
        == [0, 1]  # fmt: skip


def test_18_a_callback_that_raises_harms_nobody(make_session: MakeSession, ground: Ground) -> None:
    """Contract 18."""
    calls: list[int] = []

    def callback(progress: dict[str, Any]) -> None:
        calls.append(progress["completed_tasks"])
        raise RuntimeError("the user's own trouble")

    assert make_session(callback=callback).process_pos(orders(4))[:2] == (4, 0)
    assert calls[-1] == 4


def test_18_a_callback_that_blocks_delays_nobody_but_its_own_final_call(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 18: the batch goes on beside it, and its end waits a bounded time."""
    blocked, release = threading.Event(), threading.Event()

    def callback(progress: dict[str, Any]) -> None:
        blocked.set()
        release.wait(60)

    ground.gate.clear()
    session = make_session(callback=callback)
    finish = session._resources.callbacks.finish
    monkeypatch.setattr(session._resources.callbacks, "finish", lambda make, timeout: finish(make, min(timeout, 0.2)))
    batch = Beside(session, orders(4))
    try:
        assert blocked.wait(20)
        ground.gate.set()
        assert batch.result()[:2] == (4, 0)
    finally:
        release.set()


def test_18_the_wait_for_a_blocked_callback_is_bounded_in_all() -> None:
    """Contract 18: waiting for the call before and for the final one shares one limit."""
    from actors.reporter.callback_runner import CallbackRunner
    from actors.runtime import ThreadEnvironment

    release = threading.Event()
    callbacks = CallbackRunner(ThreadEnvironment())
    waits: list[float] = []
    wait_for = callbacks._notifier.wait_for

    def noted(happened: Any, timeout: float) -> bool:
        waits.append(timeout)
        return wait_for(happened, timeout)

    callbacks._notifier.wait_for = noted  # type: ignore[method-assign] # listens in
    callbacks.set_callback(lambda _progress: release.wait(0.2))
    callbacks.offer(dict)
    assert callbacks.finish(dict, 1.0)
    assert sum(waits) <= 2.0
    assert waits[-1] < 1.0
    release.set()


def test_17_a_callback_that_cannot_be_called_is_refused_where_it_is_given(make_session: MakeSession) -> None:
    with pytest.raises(TypeError, match="progress_callback must be something to call, not 5"):
        make_session(callback=5)
    session = make_session()
    wrong: Any = "print"
    with pytest.raises(TypeError, match="something to call"):
        session.set_progress_callback(wrong)
    session.set_progress_callback(None)


def test_17_the_callback_can_be_replaced_while_a_batch_runs(make_session: MakeSession, ground: Ground) -> None:
    """Contract 17."""
    first: list[dict[str, Any]] = []
    second: list[dict[str, Any]] = []
    ground.gate.clear()
    session = make_session(callback=first.append)
    batch = Beside(session, orders(4))
    until(lambda: bool(first), "the first callback")
    session.set_progress_callback(second.append)
    until(lambda: bool(second), "the second callback")
    known = len(first)
    ground.gate.set()
    batch.result()
    assert second[-1]["completed_tasks"] == 4
    assert len(first) <= known + 1
    session.set_progress_callback(None)
    calls = len(second)
    session.process_pos(orders(2))
    assert len(second) == calls
