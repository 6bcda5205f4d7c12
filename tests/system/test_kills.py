"""Whatever is killed or stopped, and whenever: no order is lost, none is published twice, and nothing is left."""

from __future__ import annotations

import random
import signal
import threading

import attrs
import psutil
import pytest

from contracts.tasks import TaskStatus
from tests.system.conftest import (
    TIMEOUTS,
    Beside,
    MakeSession,
    Sandbox,
    StartPortal,
    StartProgram,
    assert_files_are_true,
    kind_of,
    orders,
    superseded,
    until,
)

pytestmark = pytest.mark.chromium

KILLS = 10
SECONDS_BETWEEN_KILLS = 0.8


@pytest.mark.timeout(180)
def test_chaos_costs_no_order_and_leaves_nothing(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """SIGKILL to a random browser, driver or renderer of a worker, again and again, until ten have hit."""
    chance = random.Random(20_240_611)
    portal = start_portal(orders=36, files_per_order=2, file_size=16_384, page_latency_ms=250, file_latency_ms=100)
    # A driver whose browser is killed while it starts waits for it in silence, up to the deadline of a start.
    session = make_session(portal, 4, timeouts=attrs.evolve(TIMEOUTS, worker_ready=15, shutdown=10))
    batch = Beside(session, orders(portal.numbers()))
    until(lambda: session.get_progress()["completed_tasks"] >= 2, "the crew is at work")
    hit: list[str] = []
    pulse = threading.Event()
    while len(hit) < KILLS and not batch.is_over:
        kind = chance.choice(["browser", "driver", "renderer"])
        victims = sorted(sandbox.browsers(kind), key=lambda process: process.pid)
        if victims:
            chance.choice(victims).kill()
            hit.append(kind)
        pulse.wait(SECONDS_BETWEEN_KILLS)
    successful, failed, report = batch.result()
    assert len(hit) >= KILLS, f"the batch was over after {len(hit)} kills"
    assert set(hit) == {"browser", "driver", "renderer"}
    assert (successful, failed) == (36, 0), report["error_summary"]
    assert {result.status for result in session.results} == {TaskStatus.COMPLETED}
    assert report["fallback"] == ""
    assert report["performance_metrics"]["worker_restarts"] >= 1
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert superseded(sandbox.downloads) == []
    assert portal.counters().logins == 1
    assert session.validate_session_state() == []


@pytest.mark.parametrize("parallel", [True, False])
def test_a_browser_that_hangs_is_killed_and_its_order_done_by_another(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, parallel: bool
) -> None:
    """SIGSTOP is what a hang looks like from outside: no error, no answer, for ever."""
    portal = start_portal(orders=6, page_latency_ms=400)
    # Only the limit on inactivity can help: all others lie beyond the patience of this test.
    timeouts = attrs.evolve(TIMEOUTS, inactivity=2.5, page_load=300, driver_command=300, task=300)
    session = make_session(portal, 2, parallel=parallel, timeouts=timeouts)
    batch = Beside(session, orders(portal.numbers()))
    until(lambda: session.get_progress()["completed_tasks"] >= 1, "the first order is done")
    victim = sandbox.browsers()[0]
    victim.send_signal(signal.SIGSTOP)
    assert batch.result()[:2] == (6, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert not victim.is_running() or victim.status() == psutil.STATUS_ZOMBIE
    assert session.get_session_report()["performance_metrics"]["worker_restarts"] == 1
    assert superseded(sandbox.downloads) == []


def test_sequential_mode_replaces_a_browser_that_was_killed(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """Browser, driver and renderer, one after the other, each in the middle."""
    portal = start_portal(orders=8, page_latency_ms=300)
    session = make_session(portal, parallel=False)
    batch = Beside(session, orders(portal.numbers()))
    for done, kind in ((1, "browser"), (3, "driver"), (5, "renderer")):
        until(lambda done=done: session.get_progress()["completed_tasks"] >= done, "some orders are done")  # type: ignore[misc] # bound now
        until(lambda kind=kind: bool(sandbox.browsers(kind)), f"there is a {kind}")  # type: ignore[misc] # bound now
        for process in sandbox.browsers(kind):
            process.kill()
    assert batch.result()[:2] == (8, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert superseded(sandbox.downloads) == []


_PROGRAM = """
import sys
from pathlib import Path
from actors import ProcessingSession
from contracts.config import HeadlessConfiguration
if __name__ == "__main__":
    session = ProcessingSession(HeadlessConfiguration(), True, 2, base_url=sys.argv[1], download_dir=sys.argv[2])
    ok, failed, _ = session.process_pos([{"po_number": number} for number in sys.argv[3:]])
    print(ok, failed)
"""


def test_kill_9_of_the_program_leaves_no_browser_and_the_next_run_works(
    start_portal: StartPortal, start_program: StartProgram, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """The watchdog ends what the program cannot; the next run finds the folder free and finishes the work."""
    portal = start_portal(orders=12, page_latency_ms=300)
    numbers = portal.numbers()
    program = start_program(portal.url, sandbox.downloads, *numbers, code=_PROGRAM)
    until(lambda: sum(portal.counters().files.values()) >= 3, "the program is in the middle")
    kinds = {kind_of(process) for process in sandbox.processes()}
    assert kinds >= {"browser", "driver", "renderer"}
    program.process.kill()
    assert program.code() == -signal.SIGKILL
    until(lambda: not [p for p in sandbox.processes() if kind_of(p)], "no browser is alive", 5)
    until(lambda: sandbox.folders() == [], "the temporary folder is gone", 5)
    session = make_session(portal, 2)
    assert session.process_pos(orders(numbers))[:2] == (12, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
