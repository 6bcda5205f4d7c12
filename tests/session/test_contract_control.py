"""`ProcessingSession` keeps its contract, line by line: stopping, settings, the test mode (15, 16, 22 to 25)."""

from __future__ import annotations

import functools
import logging
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.runtime.directory import Directory
from actors.session import figures
from actors.session.enough import require_memory
from actors.session.mode import MachineFigures
from actors.session.tree import DISPATCHER
from contracts.config import HeadlessConfiguration
from contracts.errors import InsufficientResourcesError
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import PATIENCE, Beside, GatedResources, Ground, MakeSession, orders, until

# ---------------------------------------------------------------------------------------------------- stopping: 15, 16


@pytest.mark.parametrize("parallel", [True, False])
def test_15_and_16_stopping_finishes_what_is_in_hand_and_cancels_the_rest(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 15, 16: from another thread; True when nothing was forced; everything is closed afterwards."""
    ground.gate.clear()
    session = make_session(parallel)
    batch = Beside(session, orders(20))
    until(lambda: session.get_progress()["active_tasks"] >= (2 if parallel else 1), "somebody at work")
    at_work = session.get_progress()["active_tasks"]
    answers: list[bool] = []
    stopper = threading.Thread(target=lambda: answers.append(session.stop_processing()))
    stopper.start()
    until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
    assert session.validate_session_state() == []
    ground.gate.set()
    successful, failed, report = batch.result()
    stopper.join(20)
    assert answers == [True]
    assert successful >= at_work
    assert successful + failed == 20
    assert failed > 0
    assert {result.status for result in session.results if not result.status.is_success} == {TaskStatus.CANCELLED}
    assert report["stopped_early"]
    assert session.get_progress()["session_status"] is SessionStatus.CANCELLED
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed


def test_15_a_stop_that_comes_while_the_orders_are_prepared_is_not_lost(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 15: a long list takes a while to prepare, and the user does not wait for it."""
    preparing, go_on = threading.Event(), threading.Event()
    machine = figures.machine

    def read_slowly() -> MachineFigures:
        preparing.set()
        go_on.wait(PATIENCE)
        return machine()

    monkeypatch.setattr(figures, "machine", read_slowly)
    session = make_session()
    batch = Beside(session, orders(200))
    assert preparing.wait(PATIENCE)
    session.request_stop()
    go_on.set()
    successful, failed, report = batch.result()
    assert successful + failed == 200
    assert failed > 100
    assert report["stopped_early"]
    assert session.get_progress()["session_status"] is SessionStatus.CANCELLED
    assert len(ground.visits) == successful


@pytest.mark.parametrize("parallel", [True, False])
def test_16_when_stopping_returns_everything_is_closed_counted_and_reported(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    """Contract 16: True means that browsers are gone and the final report is made, not that both are on their way."""
    closing, go_on = threading.Event(), threading.Event()
    close = GatedResources.close

    def close_slowly(run_resources: GatedResources) -> tuple[str, ...]:
        closing.set()
        go_on.wait(PATIENCE)
        return close(run_resources)

    monkeypatch.setattr(GatedResources, "close", close_slowly)
    session = make_session(parallel)
    ground.gate.clear()
    batch = Beside(session, orders(9))
    until(lambda: session.get_progress()["active_tasks"] >= 1, "somebody at work")
    seen: list[object] = []

    def stop() -> None:
        answer = session.stop_processing()
        reported = session.get_session_report()["total_pos"]
        seen.extend((answer, go_on.is_set(), session.get_progress()["session_status"], reported))

    stopper = threading.Thread(target=stop)
    stopper.start()
    until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
    ground.gate.set()
    assert closing.wait(PATIENCE)
    stopper.join(0.2)
    go_on.set()
    stopper.join(PATIENCE)
    batch.result()
    assert seen == [True, True, SessionStatus.CANCELLED, 9]


def test_15_stopping_from_the_callback_works_at_any_call(make_session: MakeSession, ground: Ground) -> None:
    """Contract 15: the final call included, after which the session is not left half stopped."""
    session: ProcessingSession

    def callback(_progress: dict[str, Any]) -> None:
        session.stop_processing()

    session = make_session(callback=callback)
    assert session.process_pos(orders(2))[:2] == (2, 0)
    assert session.get_progress()["session_status"] in (SessionStatus.COMPLETED, SessionStatus.CANCELLED)
    assert session.validate_session_state() == []
    ground.gate.clear()
    batch = Beside(session, orders(6, 10))
    until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "stopped by the callback")
    ground.gate.set()
    successful, failed, _ = batch.result()
    assert (successful + failed, failed > 0) == (6, True)
    assert session.validate_session_state() == []


def test_15_a_signal_handler_of_the_user_may_ask_for_a_stop_whatever_lock_is_held(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 15: it runs in the middle of anything, and must not have to wait for any of it."""
    find, struck, handled = Directory.find, list[str](), threading.Event()
    main = threading.main_thread()

    def find_amid_a_signal(self: Directory, name: str, generation: int | None = None) -> Any:
        if name == DISPATCHER and not struck:
            with self._lock:
                struck.append(name)
                signal.pthread_kill(main.ident or 0, signal.SIGUSR1)
                assert handled.wait(PATIENCE), "the handler waits for a lock"
        return find(self, name, generation)

    def handler(*_: object) -> None:
        session.request_stop()
        handled.set()

    monkeypatch.setattr(Directory, "find", find_amid_a_signal)
    session = make_session()
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        successful, failed, report = session.process_pos(orders(400))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert struck
    assert successful + failed == 400
    assert failed > 0
    assert report["stopped_early"]


def test_15_stopping_when_nothing_runs_is_done_at_once(make_session: MakeSession, ground: Ground) -> None:
    """Contract 15: and a stop is over with its batch; the next one runs."""
    session = make_session()
    assert session.stop_processing() is True
    assert session.process_pos(orders(3))[:2] == (3, 0)
    assert session.stop_processing() is True
    assert session.process_pos(orders(3, 10))[:2] == (3, 0)


@pytest.mark.parametrize("parallel", [True, False])
def test_16_after_the_shutdown_timeout_the_end_is_forced_and_said(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 16: a visit that does not come back cannot hold the stop; the answer is False then."""
    from contracts.config import Timeouts

    ground.gate.clear()
    session = make_session(parallel, timeouts=Timeouts(shutdown=0.3, force=1.0))
    batch = Beside(session, orders(4))
    until(lambda: session.get_progress()["active_tasks"] >= 1, "somebody at work")
    if not parallel:
        # In the caller's thread only the end of its browser frees a visit; the stub's gate stands for that.
        threading.Timer(1.0, ground.gate.set).start()
    answer = session.stop_processing()
    successful, failed, _ = batch.result()
    assert answer is False
    assert (successful, failed) == (0, 4)
    assert session.validate_session_state() == []


# -------------------------------------------------------------------------------------------------- settings: 22 to 25


def test_22_resources_are_told(make_session: MakeSession, ground: Ground, tmp_path: Path) -> None:
    """Contract 22: memory by worker and in all, CPU, disk of profiles and downloads, network."""
    ground.gate.clear()
    session = make_session()
    batch = Beside(session, orders(4))
    until(lambda: session.get_progress()["active_tasks"] == 2, "both workers at work")
    told = session._monitor_resources()
    ground.gate.set()
    batch.result()
    assert isinstance(told["memory_per_worker_mb"], dict)
    for key in ("memory_total_mb", "memory_percent", "cpu_percent", "disk_free_downloads", "disk_free_profiles"):
        assert isinstance(told[key], int | float), key
    assert told["network_bytes_received"] >= 0
    assert session._monitor_resources()["disk_free_profiles"] is None


def _crew_of(session: ProcessingSession, ground: Ground, first: int, wanted: int) -> set[str]:
    """Run a batch that waits until so many workers are at work; return which workers were started for it."""
    ground.launches.clear()
    ground.gate.clear()
    batch = Beside(session, orders(12, first))
    until(lambda: session.get_progress()["active_tasks"] == wanted, "everybody at work")
    ground.gate.set()
    assert batch.result()[:2] == (12, 0)
    return {owner.worker for owner in ground.launches}


def test_23_none_leaves_a_value_as_it_is(make_session: MakeSession, ground: Ground) -> None:
    """Contract 23."""
    session = make_session(workers=3)
    session.configure_parallel_processing(False)
    assert session.get_processing_mode(5) == "sequential"
    session.configure_parallel_processing(True)
    assert _crew_of(session, ground, 1, 3) == {"worker-1", "worker-2", "worker-3"}
    assert session._settings.timeouts.task == 300.0
    session.configure_parallel_processing(True, max_workers=2, worker_timeout=45)
    assert session._settings.timeouts.task == 45
    assert _crew_of(session, ground, 20, 2) == {"worker-1", "worker-2"}


@pytest.mark.parametrize("change", [{"max_workers": 0}, {"max_workers": 9}, {"worker_timeout": 0}])
def test_23_a_bad_value_changes_nothing(make_session: MakeSession, change: dict[str, int]) -> None:
    """Contract 3, 23."""
    session = make_session()
    with pytest.raises(ValueError, match="must be a"):
        session.configure_parallel_processing(False, **change)
    assert session.get_processing_mode(5) == "parallel"


@pytest.mark.parametrize("wrong", ["soon", -1, 0, float("nan"), True, "30"])
def test_23_a_bad_worker_timeout_is_called_so(make_session: MakeSession, wrong: Any) -> None:
    """Contract 23: by the name that the caller gave it."""
    with pytest.raises(ValueError, match=r"^worker_timeout must be"):
        make_session().configure_parallel_processing(True, worker_timeout=wrong)


def _any_callback() -> list[Any]:
    async def later(_progress: dict[str, Any]) -> None:
        """Never awaited."""

    class Later:
        async def __call__(self, _progress: dict[str, Any]) -> None:
            """Never awaited."""

    return [later, Later(), functools.partial(later), 3, "print"]


def test_17_what_cannot_be_called_or_would_have_to_be_awaited_is_refused(make_session: MakeSession) -> None:
    """Contract 17: at the constructor and later."""
    for wrong in _any_callback():
        with pytest.raises(TypeError, match="progress_callback must be"):
            make_session(callback=wrong)
        with pytest.raises(TypeError, match="progress_callback must be"):
            make_session().set_progress_callback(wrong)


@pytest.mark.parametrize("parallel", [True, False])
def test_18_a_callback_that_asks_for_the_end_of_the_program_ends_no_batch(
    make_session: MakeSession, ground: Ground, caplog: pytest.LogCaptureFixture, parallel: bool
) -> None:
    def leave(_progress: dict[str, Any]) -> None:
        raise SystemExit(3)

    with caplog.at_level(logging.ERROR, logger="purser.reporter"):
        assert make_session(parallel, callback=leave).process_pos(orders(3))[:2] == (3, 0)
    assert "The progress callback raised" in caplog.text


# --------------------------------------------------------------------------------------------- how large a machine is


@pytest.mark.parametrize("gigabytes", [0.5, 3.9])
def test_a_crew_on_too_small_a_machine_is_refused_and_one_browser_does_the_work(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, gigabytes: float
) -> None:
    """Contract part 1: `InsufficientResourcesError` at a crew's start; any such failure falls back, and says so."""
    raised: list[Exception] = []
    session = make_session()
    fall_back = session._handle_parallel_failure

    def note(error: Exception, *rest: Any) -> tuple[int, int]:
        raised.append(error)
        return fall_back(error, *rest)

    monkeypatch.setattr(figures, "memory", lambda: int(gigabytes * 10**9))
    monkeypatch.setattr("actors.session.resources.SessionResources.is_exempt", property(lambda _resources: False))
    monkeypatch.setattr(session, "_handle_parallel_failure", note)
    successful, failed, report = session.process_pos(orders(4))
    assert (successful, failed) == (4, 0)
    assert [type(error) for error in raised] == [InsufficientResourcesError]
    assert f"{gigabytes:.1f} GB" in report["fallback"]
    assert report["processing_mode"] == "sequential"
    assert {owner.worker for owner in ground.launches} == {"sequential"}


@pytest.mark.parametrize(("gigabytes", "warned"), [(4.0, True), (7.9, True), (8.0, False), (64, False)])
def test_a_crew_on_a_small_machine_is_started_with_a_warning(
    caplog: pytest.LogCaptureFixture, gigabytes: float, warned: bool
) -> None:
    with caplog.at_level(logging.WARNING, logger="purser.session"):
        require_memory(int(gigabytes * 10**9))
    assert ("does better with 8 GB" in caplog.text) is warned


def test_test_mode_needs_no_large_machine(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "memory", lambda: 10**9)
    assert make_session().process_pos(orders(4))[2]["processing_mode"] == "parallel"


@pytest.mark.parametrize("cores", [1, 4, 64])
@pytest.mark.parametrize("free", [100.0, 3_000.0, 100_000.0])
@pytest.mark.parametrize("load", [0.0, 100.0])
def test_24_the_recommendation_stays_in_its_range(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, cores: int, free: float, load: float
) -> None:
    """Contract 24: from 1 to the configured count, never more than there are orders, fewer without memory."""
    machine = MachineFigures(cores=cores, memory_free_mb=free, memory_fraction=0.2, cpu_percent=load)
    monkeypatch.setattr(figures, "machine", lambda: machine)
    session = make_session(workers=8)
    for count in (0, 1, 2, 5, 100, 10_000):
        assert 1 <= session.auto_configure_workers(count) <= max(1, min(8, count))
    if free == 100.0:
        assert session.auto_configure_workers(100) == 1


def test_24_more_orders_never_mean_fewer_workers(make_session: MakeSession, ground: Ground) -> None:
    """Contract 24: with and without the session's own history."""
    session = make_session(workers=8)
    for _ in range(2):
        told = [session.auto_configure_workers(count) for count in (1, 2, 4, 8, 32, 512)]
        assert told == sorted(told)
        session.process_pos(orders(5))


def test_25_test_mode_stands_in_every_report_and_can_be_left(make_session: MakeSession, ground: Ground) -> None:
    """Contract 25."""
    session = make_session()
    _, _, report = session.process_pos(orders(2))
    marked = {"mock_workers": True, "simulate_failures": False, "fixed_timing": True}
    assert report["test_mode"] == marked
    assert session.get_session_report()["test_mode"] == marked
    assert "test_mode" not in ProcessingSession(HeadlessConfiguration()).get_session_report()


def test_25_simulated_failures_are_the_same_ones_each_time(make_session: MakeSession, ground: Ground) -> None:
    """Contract 25: in another session, in the other mode and in another order of the rows."""
    told: list[dict[str, str]] = []
    for parallel, rows in ((True, orders(40)), (False, orders(40)), (True, orders(40)[::-1])):
        session = make_session(parallel, simulate_failures=True)
        session.process_pos(rows)
        told.append({result.po_number: result.status.value for result in session.results})
    assert told[0] == told[1] == told[2]
    assert len(set(told[0].values())) == 2


def test_25_test_mode_never_claims_a_file(make_session: MakeSession, ground: Ground, tmp_path: Path) -> None:
    """Contract 25: nothing is reported that is not on disk."""
    session = make_session()
    _, _, report = session.process_pos(orders(4))
    assert report["performance_metrics"]["files_downloaded"] == 0
    assert all(not result.attachments and result.folder is None for result in session.results)
    assert not (tmp_path / "dl").exists()
