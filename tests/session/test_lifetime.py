"""How a session lives: warm and cold crews, a second caller, interrupts, the fallback, and starts that cannot be."""

from __future__ import annotations

import itertools
import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.journal import MemoryJournal
from actors.session import memory_looks
from actors.session.crew_of_one import WORKER
from actors.testing import StubBrowser, StubFetcher
from contracts.config import ResourceLimits, RestartIntensity
from contracts.errors import (
    AuthenticationError,
    BrowserDiedError,
    PortalUnreachableError,
    ProfileCorruptionError,
    SessionBusyError,
)
from contracts.journal import MachineMemory
from contracts.messages import MemoryRead
from contracts.ports import Cookie, Credentials, Owner, PageSnapshot
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import PATIENCE, TIMEOUTS, Beside, Ground, MakeSession, NoEntry, orders, until

ROOT = Path(__file__).resolve().parents[2]
QUICK = RestartIntensity(first_delay=0.01, max_delay=0.02)


# ------------------------------------------------------------------------------------------------------- two callers


def test_a_second_caller_is_refused_and_disturbs_nothing(make_session: MakeSession, ground: Ground) -> None:
    """Contract part 1: `SessionBusyError`; it never turns sequential."""
    ground.gate.clear()
    session = make_session()
    batch = Beside(session, orders(4))
    until(lambda: session.get_progress()["active_tasks"] == 2, "both workers at work")
    with pytest.raises(SessionBusyError, match="Wait for it, or use a second session"):
        session.process_pos(orders(2, 10))
    assert session.validate_session_state() == []
    ground.gate.set()
    assert batch.result()[:2] == (4, 0)
    assert session.process_pos(orders(2, 10))[:2] == (2, 0)


def test_two_sessions_work_side_by_side(make_session: MakeSession, ground: Ground) -> None:
    """Sessions share nothing."""
    ground.gate.clear()
    sessions = [make_session(), make_session(False)]
    batches = [Beside(session, orders(4)) for session in sessions]
    for session in sessions:
        until(lambda session=session: session.get_progress()["active_tasks"] >= 1, "at work")  # type: ignore[misc] # bound now
    ground.gate.set()
    assert [batch.result()[:2] for batch in batches] == [(4, 0), (4, 0)]


# ------------------------------------------------------------------------------------------------------ warm and cold


@pytest.mark.parametrize("parallel", [True, False])
def test_inside_with_the_same_browsers_serve_every_batch(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """One generation over two batches; none after the block."""
    with make_session(parallel) as session:
        assert session.process_pos(orders(4))[:2] == (4, 0)
        assert session.validate_session_state() == []
        assert session.process_pos(orders(4, 10))[:2] == (4, 0)
        assert sorted({owner.generation for owner in ground.launches}) == [1]
        assert len(ground.launches) == len({owner.worker for owner in ground.launches})
        assert ground.closed == 0
    assert (ground.opened, ground.closed) == (1, 1)
    assert session.validate_session_state() == []


@pytest.mark.parametrize("parallel", [True, False])
def test_warm_workers_are_counted_once(make_session: MakeSession, ground: Ground, parallel: bool) -> None:
    """Each report tells what its batch's workers did; the session's report adds them up."""
    with make_session(parallel, simulate_failures=True) as session:
        reports = [session.process_pos(orders(20, number * 100))[2] for number in range(3)]
    for report, total in [*((report, 20) for report in reports), (session.get_session_report(), 60)]:
        assert sum(worker["processed"] for worker in report["worker_performance"].values()) == total
    restarts = [report["performance_metrics"]["worker_restarts"] for report in reports]
    assert session.get_session_report()["performance_metrics"]["worker_restarts"] == sum(restarts)
    # A browser that is replaced just when the last batch ends is in no report.
    assert 0 <= len(ground.launches) - len({owner.worker for owner in ground.launches}) - sum(restarts) <= 2


def test_outside_with_each_batch_has_its_own(make_session: MakeSession, ground: Ground) -> None:
    """Everything is closed when `process_pos` returns."""
    session = make_session()
    for number in (1, 2):
        session.process_pos(orders(2, number * 10))
        assert (ground.opened, ground.closed) == (number, number)


def test_a_change_of_mode_inside_with_leaves_one_engine(make_session: MakeSession, ground: Ground) -> None:
    """The journal has one writer."""
    with make_session() as session:
        for count in (4, 1, 4):
            assert session.process_pos(orders(count, 10 * count))[:2] == (count, 0)
    assert session.get_session_report()["total_pos"] == 9
    assert (ground.opened, ground.closed) == (1, 1)


def test_a_crew_is_no_larger_than_its_batch_and_a_warm_one_makes_room_for_a_larger(
    make_session: MakeSession, ground: Ground
) -> None:
    """Nobody waits for browsers that find nothing to do. A crew that was too small once is not made anew each time."""
    with make_session(workers=4) as session:
        for count, first, crews in ((2, 10, [2]), (3, 20, [2, 4]), (4, 30, [2, 4]), (2, 40, [2, 4])):
            ground.gate.clear()
            batch = Beside(session, orders(count, first))
            until(lambda: session.get_progress()["active_tasks"] == count, "at work")  # noqa: B023 - asked at once
            until(lambda: len(ground.launches) == sum(crews), "all have started")  # noqa: B023 - asked at once
            ground.gate.set()
            assert batch.result()[:2] == (count, 0)
            assert len(ground.launches) == sum(crews)
    assert (ground.opened, ground.closed) == (1, 1)


def test_leaving_the_block_ends_a_batch_that_still_runs(make_session: MakeSession, ground: Ground) -> None:
    """What is in hand is finished, the rest is cancelled."""
    ground.gate.clear()
    with make_session() as session:
        batch = Beside(session, orders(10))
        until(lambda: session.get_progress()["active_tasks"] == 2, "both workers at work")
        session.request_stop()
        until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
        ground.gate.set()
    successful, failed, _ = batch.result()
    assert (successful + failed, failed > 0) == (10, True)
    assert ground.opened == ground.closed


@pytest.mark.parametrize("parallel", [True, False])
def test_a_warm_session_works_on_after_a_stop(make_session: MakeSession, ground: Ground, parallel: bool) -> None:
    """A stop is over with its batch."""
    with make_session(parallel) as session:
        ground.gate.clear()
        batch = Beside(session, orders(10))
        until(lambda: session.get_progress()["active_tasks"] >= 1, "somebody at work")
        session.request_stop()
        until(lambda: session.get_progress()["session_status"] is SessionStatus.STOPPING, "the stop is known")
        ground.gate.set()
        assert batch.result()[1] > 0
        assert session.process_pos(orders(4, 20))[:2] == (4, 0)
        assert session.get_progress()["session_status"] is SessionStatus.COMPLETED


# ------------------------------------------------------------------------------------------------------------ journal


def test_a_journal_of_the_callers_own_holds_every_outcome(make_session: MakeSession, ground: Ground) -> None:
    """The journal is a port; the one in memory shows what the session reports."""
    journal = MemoryJournal()
    session = make_session(journal=journal, simulate_failures=True)
    session.process_pos(orders(10))
    session.process_pos(orders(5, 20))
    kept = journal.results(0, 15)
    assert [result.po_number for result in kept] == [order["po_number"] for order in orders(10) + orders(5, 20)]
    assert kept[10:] == session.results
    assert not journal.replay().open_tasks


def test_a_warm_session_in_which_nothing_is_left_open_grows_no_queue(make_session: MakeSession, ground: Ground) -> None:
    """Many batches of one session: the journal forgets what has ended."""
    journal = MemoryJournal()
    with make_session(journal=journal) as session:
        for number in range(5):
            session.process_pos(orders(3, number * 10))
            assert not journal.replay().open_tasks


# ----------------------------------------------------------------------------------------------------------- fallback


def test_when_the_crew_cannot_start_one_browser_does_the_work_and_the_report_says_so(
    make_session: MakeSession, ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    """Contract 20, 21: fall back to sequential, and say so."""
    ground.may_launch = lambda owner: owner.worker == "sequential"
    session = make_session(intensity=QUICK)
    with caplog.at_level(logging.WARNING, logger="purser"):
        successful, failed, report = session.process_pos(orders(4))
    assert (successful, failed) == (4, 0)
    assert "could not be kept alive" in report["fallback"]
    assert report["processing_mode"] == "sequential"
    assert "The crew failed" in caplog.text
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.validate_session_state() == []


def test_the_fallback_keeps_what_the_crew_has_done(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 21: orders that have ended are not visited again; both phases are counted together."""
    opens = itertools.count(1)
    open_page = StubBrowser.open

    def open_or_die(browser: StubBrowser, url: str) -> PageSnapshot:
        if browser._owner.worker != "sequential" and next(opens) > 6:
            browser._host.kill(browser._owner)
            raise BrowserDiedError("The test takes every browser of the crew away.")
        return open_page(browser, url)

    monkeypatch.setattr(StubBrowser, "open", open_or_die)
    session = make_session(intensity=QUICK)
    successful, failed, report = session.process_pos(orders(20))
    assert (successful, failed, report["total_pos"]) == (20, 0, 20)
    assert report["fallback"]
    assert all(ground.visits.count(order["url"]) == 1 for order in orders(20))
    assert {result.worker_id for result in session.results} > {"sequential"}
    assert sum(worker["processed"] for worker in report["worker_performance"].values()) == 20


def test_the_fallback_fails_plainly_when_no_browser_starts_at_all(make_session: MakeSession, ground: Ground) -> None:
    """Contract 20: every row still has its outcome, and the report says why; no exception, nothing left."""
    ground.may_launch = lambda _owner: False
    session = make_session(intensity=QUICK)
    successful, failed, report = session.process_pos(orders(4))
    assert (successful, failed) == (0, 4)
    assert report["fallback"]
    assert report["stopped_early"]
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert session.validate_session_state() == []


def test_after_a_fallback_the_next_batch_tries_a_crew_again(make_session: MakeSession, ground: Ground) -> None:
    """A warm session is not sequential for ever."""
    ground.may_launch = lambda owner: owner.worker == "sequential"
    with make_session(intensity=QUICK) as session:
        session.process_pos(orders(2))
        ground.may_launch = lambda _owner: True
        _, _, report = session.process_pos(orders(4, 10))
    assert report["processing_mode"] == "parallel"
    assert report["fallback"] == ""


def test_a_warm_sequential_session_recovers_from_browsers_that_did_not_start(
    make_session: MakeSession, ground: Ground
) -> None:
    """Three starts without an order end a batch, not the session."""
    ground.may_launch = lambda _owner: False
    with make_session(False) as session:
        assert session.process_pos(orders(2))[:2] == (0, 2)
        assert "3 browsers in a row" in session.get_session_report()["stopped_early"]
        assert session.validate_session_state() == []
        ground.may_launch = lambda _owner: True
        assert session.process_pos(orders(2, 10))[:2] == (2, 0)


@pytest.mark.parametrize("most", [1, 5])
def test_in_one_browser_too_so_many_starts_are_tried_as_the_setting_says(
    make_session: MakeSession, ground: Ground, most: int
) -> None:
    ground.may_launch = lambda _owner: False
    session = make_session(False, intensity=QUICK, limits=ResourceLimits(max_restart_attempts=most))
    assert session.process_pos(orders(2))[:2] == (0, 2)
    assert [owner.generation for owner in ground.launches] == list(range(1, most + 1))
    assert f"{most} browsers in a row" in session.get_session_report()["stopped_early"] or most == 1
    assert "The test lets no browser start." in session.get_session_report()["stopped_early"]


@pytest.mark.parametrize("parallel", [True, False])
def test_20_the_fallback_called_by_hand_works_on_the_orders_it_is_given_before_and_after_batches(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 20: a batch of its own, in one browser, that leaves nothing open."""
    session = make_session(parallel)
    error = RuntimeError("no crew")
    for first in (1, 10, 20):
        ground.launches.clear()
        assert session._handle_parallel_failure(error, orders(3, first), (0, 0)) == (3, 0)
        assert {owner.worker for owner in ground.launches} == {"sequential"}
        assert [one.po_number for one in session.results] == [order["po_number"] for order in orders(3, first)]
        assert session.get_session_report()["fallback"] == "no crew"
        assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
        assert session.validate_session_state() == []
        assert ground.opened == ground.closed
        assert session.process_pos(orders(4, first * 100))[2]["fallback"] == ""
    with make_session(parallel) as warm:
        assert warm.process_pos(orders(2))[:2] == (2, 0)
        assert warm._handle_parallel_failure(error, orders(3, 50), (0, 0)) == (3, 0)
        assert warm.process_pos(orders(2, 60))[:2] == (2, 0)
    assert ground.opened == ground.closed


@pytest.mark.parametrize("parallel", [True, False])
def test_21_the_fallback_called_by_hand_visits_nothing_twice_and_counts_both_phases(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 21: what this session's last batch has ended is found by number and address."""
    session = make_session(parallel)
    error = RuntimeError("no crew")
    assert session.process_pos([*orders(2), {"po_number": "PO9", "url": "no address"}])[:2] == (2, 1)
    ground.visits.clear()
    given = [*orders(5), {"po_number": "PO9", "url": "no address"}]
    assert session._handle_parallel_failure(error, given, (2, 1)) == (5, 1)
    assert sorted(ground.visits) == [order["url"] for order in orders(3, 3)]
    ground.visits.clear()
    assert session._handle_parallel_failure(error, orders(3, 3), (3, 0)) == (3, 0)
    assert session._handle_parallel_failure(error, [], (0, 0)) == (0, 0)
    # Where all are said to have ended none is left, whether or not this session knows of them.
    assert session._handle_parallel_failure(error, orders(3, 70), (2, 1)) == (2, 1)
    assert ground.visits == []


def test_20_the_fallback_called_by_hand_amid_a_batch_is_a_second_caller(
    make_session: MakeSession, ground: Ground
) -> None:
    ground.gate.clear()
    session = make_session()
    batch = Beside(session, orders(4))
    until(lambda: session.get_progress()["active_tasks"] == 2, "both workers at work")
    with pytest.raises(SessionBusyError):
        session._handle_parallel_failure(RuntimeError("no crew"), orders(2, 10), (0, 0))
    ground.gate.set()
    assert batch.result()[:2] == (4, 0)


def test_a_corrupt_base_profile_stops_the_run_without_a_fallback(make_session: MakeSession, ground: Ground) -> None:
    """Contract part 1: sequential mode would use the same profile."""

    def refuse(_owner: Owner) -> bool:
        raise ProfileCorruptionError("The base profile cannot be read.")

    ground.may_launch = refuse
    session = make_session(intensity=QUICK)
    with pytest.raises(ProfileCorruptionError):
        session.process_pos(orders(4))
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert session.validate_session_state() == []
    ground.may_launch = lambda _owner: True
    assert session.process_pos(orders(2, 20))[:2] == (2, 0)
    assert sorted(ground.visits) == [order["url"] for order in orders(2, 20)]


# ----------------------------------------------------------------------------------------------- starts that cannot be


@pytest.mark.parametrize("parallel", [True, False])
def test_a_portal_that_does_not_answer_ends_the_run_before_the_first_order(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    """Bad input: one clear message, no browser, everything closed, the session usable afterwards."""
    monkeypatch.setattr(StubFetcher, "probe", lambda _self, _base: None)
    seen: list[Any] = []
    session = make_session(parallel, callback=seen.append)
    with pytest.raises(PortalUnreachableError, match="Check the address and the network"):
        session.process_pos(orders(3))
    assert not ground.launches
    assert ground.opened == ground.closed == 1
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert seen[-1]["session_status"] is SessionStatus.FAILED
    assert session.validate_session_state() == []
    monkeypatch.undo()


@pytest.mark.parametrize("parallel", [True, False])
def test_a_portal_that_answers_every_login_with_an_error_gets_the_password_three_times_in_all(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    """The run ends, says that it is the portal, and can be resumed."""
    ground.portal = NoEntry()
    sent: list[str] = []

    def submit(
        browser: StubBrowser, form: Any, credentials: Credentials, origins: tuple[str, ...], watch: Any
    ) -> PageSnapshot:
        sent.append(credentials.password)
        return PageSnapshot("", "", 502, 1.0, "")

    monkeypatch.setattr(StubBrowser, "submit_login", submit)
    quick = attrs.evolve(TIMEOUTS, circuit_probe_first=0.02)
    session = make_session(parallel, credentials=_Known(), timeouts=quick)
    _, failed, report = session.process_pos(orders(6))
    assert failed == 6
    assert len(sent) == 3
    assert "HTTP 502" in report["stopped_early"]
    assert {result.error_code for result in session.results} == {"NETWORK_ERROR"}


class _Known:
    """Credentials for every host, counted."""

    def __init__(self) -> None:
        self.asked = 0

    def credentials(self, host: str) -> Credentials | None:
        self.asked += 1
        return Credentials("demo", "wrong")

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        return ()


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("known", [_Known(), None])
def test_a_login_that_is_refused_or_missing_is_an_authentication_error_with_nothing_done(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool, known: _Known | None
) -> None:
    """A wrong password, and none at all: raised, since no order could be visited."""
    ground.portal = NoEntry()
    sent: list[str] = []

    def submit(
        browser: StubBrowser, form: Any, credentials: Credentials, origins: tuple[str, ...], watch: Any
    ) -> PageSnapshot:
        sent.append(credentials.password)
        return browser.read()

    monkeypatch.setattr(StubBrowser, "submit_login", submit)
    monkeypatch.setattr("actors.session.credentials.keyring.get_credential", lambda _service, _user: None)
    session = make_session(parallel, credentials=known)
    with pytest.raises(AuthenticationError, match="rejected the login" if known else "there is none"):
        session.process_pos(orders(6))
    assert sent == (["wrong"] if known else [])
    assert session.get_session_report()["successful_pos"] == 0
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed


# --------------------------------------------------------------------------------------------------------- interrupts

_INTERRUPTED = """
import json, signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
from actors import ProcessingSession
from actors.testing import StubBrowserHost, StubResources
from contracts.config import HeadlessConfiguration, Timeouts
told = threading.Event()
gate = threading.Event()
def take_time(owner, url):
    if not told.is_set():
        told.set()
        print("at work", flush=True)
    gate.wait(float(sys.argv[2]))
def open_stubs(asked):
    return StubResources(asked.settings, browsers=StubBrowserHost(take_time))
session = ProcessingSession(HeadlessConfiguration(), sys.argv[1] == "parallel", 2, base_url="http://127.0.0.1:9",
                            timeouts=Timeouts(shutdown=20, force=5), open_resources=open_stubs)
session.enable_test_mode(mock_workers=True)
try:
    session.process_pos([{"po_number": f"PO{n}"} for n in range(40)])
    raised = False
except KeyboardInterrupt:
    raised = True
print(json.dumps({"raised": raised, "statuses": [r.status.value for r in session.results],
                  "state": session.validate_session_state(),
                  "status": session.get_progress()["session_status"].value,
                  "threads": [t.name for t in threading.enumerate() if not t.daemon]}), flush=True)
"""


def _interrupted(mode: str, seconds: float, tmp_path: Path, signals: int = 1) -> dict[str, Any]:
    child = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, mode, str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PURSER_STATE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "at work\n"
        for _ in range(signals):
            child.send_signal(signal.SIGINT)
        answer, _ = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
        child.communicate()
    told: dict[str, Any] = json.loads(answer)
    return told


@pytest.mark.parametrize("mode", ["parallel", "sequential"])
def test_an_interrupt_drains_and_is_raised_again(mode: str, tmp_path: Path) -> None:
    """Ctrl-C in `process_pos`: what is in hand is finished, the rest cancelled, then `KeyboardInterrupt`."""
    told = _interrupted(mode, 0.3, tmp_path)
    assert told["raised"] is True
    assert len(told["statuses"]) == 40
    assert set(told["statuses"]) <= {TaskStatus.NO_ATTACHMENTS.value, TaskStatus.CANCELLED.value}
    assert TaskStatus.CANCELLED.value in told["statuses"]
    assert TaskStatus.NO_ATTACHMENTS.value in told["statuses"]
    assert told["state"] == []
    assert told["status"] == SessionStatus.CANCELLED.value
    assert told["threads"] == ["MainThread"]


# ------------------------------------------------------------------------------------------------------------- memory


def test_a_browser_that_fills_the_memory_is_replaced_in_sequential_mode_too(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 2**30
    seen: list[int] = []

    def full(*_given: object) -> MemoryRead:
        generation = len(ground.launches)
        seen.append(generation)
        return MemoryRead(
            MachineMemory(limit=size, used=size if generation == 1 else 0), ((WORKER, generation, size),), size
        )

    monkeypatch.setattr(memory_looks, "take_reading", full)
    ground.gate.clear()
    session = make_session(False, limits=ResourceLimits(check_interval=0.05, minimum_free_disk=0))
    batch = Beside(session, orders(3))
    until(lambda: sum(seen) >= 3, "the first reading was heard before the third was taken")
    ground.gate.set()
    assert batch.result()[:2] == (3, 0)
    assert [owner.generation for owner in ground.launches] == [1, 2]
    assert session.get_session_report()["performance_metrics"]["browser_crashes"] == 0
