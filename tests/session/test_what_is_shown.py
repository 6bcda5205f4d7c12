"""Progress, report, results and status are of one instant, agree with one another, and belong to who asked for them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import pytest

from actors import ProcessingSession
from actors.testing import StubFetcher
from contracts.errors import (
    BrowserNotFoundError,
    DownloadFolderError,
    ParallelProcessingError,
    PortalUnreachableError,
    ProfileCorruptionError,
)
from contracts.ports import Owner
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import Beside, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
LOOKS = 25_000


def counted(session: ProcessingSession) -> tuple[int, int, int, int]:
    """The session's report as total, successful, failed and open."""
    report = session.get_session_report()
    return report["total_pos"], report["successful_pos"], report["failed_pos"], report["open_pos"]


@both_modes
def test_a_batch_in_work_counts_in_the_report_and_has_no_end(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    session = make_session(parallel)
    session.process_pos(orders(5))
    first = session.get_session_report()
    assert first["end_time"] is not None
    ground.gate.clear()
    batch = Beside(session, orders(4, 11))
    until(lambda: session.get_progress()["active_tasks"] > 0, "an order is in work")
    report = session.get_session_report()
    assert report["end_time"] is None
    assert counted(session) == (9, 5, 0, 4)
    until(
        lambda: (
            session.get_session_report()["performance_metrics"]["elapsed_seconds"]
            > first["performance_metrics"]["elapsed_seconds"]
        ),
        "the batch's time counts",
    )
    ground.gate.set()
    batch.result()
    assert counted(session) == (9, 9, 0, 0)
    assert session.get_session_report()["end_time"] >= first["end_time"]


@both_modes
def test_what_has_ended_counts_at_once(make_session: MakeSession, ground: Ground, parallel: bool) -> None:
    """Orders that cannot be visited have ended before the first one that can has."""
    ground.gate.clear()
    session = make_session(parallel)
    bad = [{"po_number": f"PO{number}", "url": "htp://x"} for number in (7, 8)]
    batch = Beside(session, [*orders(3), *bad])
    until(lambda: session.get_progress()["failed_tasks"] == 2, "the bad rows have ended")
    assert counted(session) == (5, 0, 2, 3)
    ground.gate.set()
    batch.result()
    assert counted(session) == (5, 3, 2, 0)


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_given: Any, **_named: Any) -> Any:
        raise error

    return fail


@both_modes
@pytest.mark.parametrize(
    "error",
    [
        BrowserNotFoundError("No browser was found."),
        DownloadFolderError("The folder is in use."),
        ProfileCorruptionError("The base profile is damaged."),
        PortalUnreachableError("The portal does not answer: http://127.0.0.1:9. Check the address and the network."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_a_start_that_failed_all_say_the_same(
    make_session: MakeSession,
    ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    parallel: bool,
    error: ParallelProcessingError,
) -> None:
    session = make_session(parallel)
    session.process_pos(orders(2))
    with monkeypatch.context() as patched:
        if isinstance(error, PortalUnreachableError):
            patched.setattr(StubFetcher, "probe", lambda *_given: None)
        else:
            patched.setattr(ground, "instead", error)
        with pytest.raises(type(error)):
            session.process_pos(orders(3, 11))
    agree(session, SessionStatus.FAILED, failed=3)
    assert counted(session) == (5, 2, 3, 0)
    assert {one.status for one in session.results} == {TaskStatus.CANCELLED}
    assert {one.error_message for one in session.results} == {str(error)}
    (entry,) = session.get_session_report()["error_summary"]
    assert (entry["count"], entry["message"]) == (3, str(error))
    assert session.validate_session_state() == []
    assert session.process_pos(orders(2, 21))[:2] == (2, 0)
    agree(session, SessionStatus.COMPLETED, successful=2)


@both_modes
def test_after_a_profile_that_no_browser_starts_from_all_say_the_same(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    def refuse(_owner: Owner) -> bool:
        raise ProfileCorruptionError("The base profile is damaged.")

    ground.may_launch = refuse
    session = make_session(parallel)
    try:
        session.process_pos(orders(3))
    except ParallelProcessingError:
        agree(session, SessionStatus.FAILED, failed=3)
    else:
        raise AssertionError("nothing was raised")
    assert counted(session) == (3, 0, 3, 0)


def agree(session: ProcessingSession, status: SessionStatus, *, successful: int = 0, failed: int = 0) -> None:
    """Everything that a session says of its last batch is the same."""
    progress = session.get_progress()
    assert progress["session_status"] is status
    assert (progress["completed_tasks"], progress["failed_tasks"]) == (successful, failed)
    assert (progress["total_tasks"], progress["active_tasks"], progress["pending_tasks"]) == (successful + failed, 0, 0)
    told = [one.status.is_success for one in session.results]
    assert (told.count(True), told.count(False)) == (successful, failed)
    assert session.snapshot().finished


@both_modes
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_each_of_many_looks_sees_one_batch_and_never_half_of_it(
    make_session: MakeSession, ground: Ground, parallel: bool, warm: bool
) -> None:
    """A look sees the batch before or the batch in work: never the state of one with the counts of the other."""
    session = make_session(parallel, simulate_failures=True)
    wrong: list[tuple[str, Any]] = []
    looks, over = 0, threading.Event()
    last_over = 0  # orders of the last batch that was seen to be over; each batch has more than the one before

    def look() -> None:
        nonlocal looks, last_over
        progress = session.get_progress()
        looks += 1
        total = progress["total_tasks"]
        if total != sum(progress[f"{part}_tasks"] for part in ("completed", "failed", "active", "pending")):
            wrong.append(("does not add up", progress))
        if progress["session_status"] is SessionStatus.RUNNING:
            if total <= last_over:
                wrong.append(("runs with the counts of a batch that is over", progress))
        elif progress["active_tasks"] or progress["pending_tasks"]:
            wrong.append(("is over with open orders", progress))
        else:
            last_over = max(last_over, total)
        report = session.get_session_report()
        if report["total_pos"] != report["successful_pos"] + report["failed_pos"] + report["open_pos"]:
            wrong.append(("the report does not add up", report))

    def look_on() -> None:
        while not over.is_set() or looks < LOOKS:
            look()

    sampler = threading.Thread(target=look_on)
    sampler.start()
    try:
        if warm:
            session.__enter__()
        for count in range(2, 14):
            session.process_pos(orders(count, 100 * count))
    finally:
        over.set()
        if warm:
            session.__exit__(None, None, None)
        sampler.join()
    assert wrong[:1] == []


def wreck(value: Any) -> None:
    """Change everything in it that can be changed."""
    if isinstance(value, dict):
        for inner in value.values():
            wreck(inner)
        value.clear()
        value["wrecked"] = True
    elif isinstance(value, list):
        for inner in value:
            wreck(inner)
        value.clear()
        value.append("wrecked")


@both_modes
def test_whatever_a_caller_does_to_what_it_got_changes_nothing_in_the_session(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    def all_that_is_told() -> list[Any]:
        return [session.get_progress(), session.get_session_report(), list(session.results)]

    given: list[Any] = []

    def callback(progress: dict[str, Any]) -> None:
        given.append(copy.deepcopy(progress))
        wreck(progress)

    session = make_session(parallel, callback=callback, simulate_failures=True)
    _, _, report = session.process_pos(orders(20))
    assert report["error_summary"], "some orders must have failed"
    wreck(report)
    before = copy.deepcopy(all_that_is_told())
    for told in all_that_is_told():
        wreck(told)
    wreck(session._monitor_resources())
    wreck(session.validate_session_state())
    assert all_that_is_told() == before
    session.process_pos(orders(20, 101))
    assert session.get_session_report()["total_pos"] == 40
    assert all("wrecked" not in progress for progress in given)


@both_modes
def test_orders_given_twice_are_one_order_in_progress_and_two_rows_in_the_report(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    session = make_session(parallel)
    session.process_pos([*orders(3), *orders(2)])
    assert session.get_progress()["total_tasks"] == 3
    assert counted(session) == (5, 5, 0, 0)
    assert session.validate_session_state() == []


def test_between_batches_the_workers_of_a_warm_crew_are_shown_as_they_are_now(
    make_session: MakeSession, ground: Ground
) -> None:
    with make_session() as session:
        session.process_pos(orders(4))
        victim = session._resources.live_owners()[0]
        run_resources = session._resources._run_resources
        assert run_resources is not None
        run_resources.browsers.kill(victim)
        until(
            lambda: {one.generation for one in session.snapshot().workers if one.worker_id == victim.worker} == {2},
            "the browser that was lost is replaced",
        )
        agree(session, SessionStatus.COMPLETED, successful=4)


def test_orders_of_the_test_mode_are_told_apart_from_real_ones(make_session: MakeSession, ground: Ground) -> None:
    session = make_session()
    session.process_pos(orders(3))
    session.enable_test_mode()
    report = session.get_session_report()
    assert "test_mode" not in report
    assert report["simulated_pos"] == 3
