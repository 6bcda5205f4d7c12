"""The same schedules on real threads that switch all the time, and over real processes: no invariant breaks there.

Then each fault that is another thing on threads than in the simulation, once, on purpose.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from actors.session import tree
from actors.session.tree import _SYSTEM_INTENSITY, CREW, DISPATCHER
from contracts.supervision import ExitKind
from contracts.tasks import TaskStatus
from tests.simulation import lives
from tests.simulation.faults import POINTS, Fault, Step
from tests.simulation.ledger import SCHEDULES_ON_THREADS, profile
from tests.simulation.stubs import StubProcess
from tests.simulation.test_schedules import Schedules
from tests.simulation.threaded import ThreadedRun

LONG = 400.0
"""Simulated seconds within which anything here has happened."""


@pytest.fixture(autouse=True)
def _threads_switch_all_the_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    # A busy machine keeps a thread waiting for longer than an actor may be silent, and takes its time to end a process.
    monkeypatch.setattr(tree, "HEARTBEAT_TIMEOUT", 10 * LONG)
    monkeypatch.setattr(lives, "SECONDS_TO_CLEAR", LONG)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ThreadedRun]:
    one = ThreadedRun(tmp_path)
    try:
        yield one
    finally:
        one.bury()


class ThreadedSchedules(Schedules):
    """The same rules, on threads."""

    run: ThreadedRun | None

    def make_run(self, choose: Callable[[Sequence[str]], int]) -> ThreadedRun:
        self._folder = tempfile.TemporaryDirectory(prefix="purser-threads-")
        return ThreadedRun(Path(self._folder.name))

    @rule(points=st.lists(st.sampled_from(POINTS), min_size=2, max_size=6))
    def many_things_go_wrong(self, points: list[tuple[Step, Fault]]) -> None:
        for point in points:
            self.sim.world.arm(*point)

    @rule(index=st.integers(0, 7))
    def a_browser_is_stopped_from_outside(self, index: int) -> None:
        assert self.run is not None
        live = self.run.live()
        if live:
            live[index % len(live)].signal(signal.SIGSTOP)

    def teardown(self) -> None:
        if self.run is None:
            return
        try:
            self.run.settle()
        finally:
            self.run.bury()
            self._folder.cleanup()


def test_no_schedule_breaks_an_invariant_on_threads() -> None:
    """Faults at random moments on real threads: one outcome and one end for each start, and no process left."""
    run_state_machine_as_test(
        ThreadedSchedules,
        settings=settings(
            max_examples=SCHEDULES_ON_THREADS[profile()],
            stateful_step_count=15,
            deadline=None,
            database=None,
            derandomize=True,
            # Threads do not replay, so there is nothing to shrink.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def _at_work(run: ThreadedRun) -> StubProcess:
    """Wait until a browser works on an order, and return its process."""
    assert run.until(lambda: "visit" in run.auditor.books.phases, LONG)
    found: list[StubProcess] = []
    taking_turns: Any = run.auditor.books
    inner = taking_turns._inner

    def look() -> bool:
        leased = {lease.worker for lease in inner._leases.values()}
        found[:] = [one for one in run.stubs.every if one.alive and one.owner.worker in leased]
        return bool(found)

    assert run.until(look, LONG)
    return found[0]


def _statuses(run: ThreadedRun) -> list[TaskStatus]:
    return [run.auditor.books.outcomes[run.first + place][0] for place in range(len(run.orders))]


def test_orders_are_completed_on_threads_and_a_browser_is_one_real_process(run: ThreadedRun) -> None:
    """Without a fault all is done at the first attempt."""
    run.submit(9)
    assert run.until(run._is_done, LONG)
    assert len(run.live()) == 3
    run.settle()
    assert _statuses(run) == [TaskStatus.COMPLETED] * 9


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_real_signal_to_a_browser_at_work_costs_its_order_nothing_but_time(
    run: ThreadedRun, number: signal.Signals
) -> None:
    """A killed browser frees its worker at once, a stopped one at the deadline; the order goes to the next."""
    run.world.arm(Step.OPEN, Fault.SLOW, 3)
    run.submit(4)
    victim = _at_work(run)
    with run.threads.turn:
        run.world.ended_by_itself.add(victim.owner)
    victim.signal(number)
    assert run.until(lambda: not victim.alive, LONG)
    run.settle()
    assert _statuses(run) == [TaskStatus.COMPLETED] * 4
    ends = [kind for name, kind in run.auditor.lives.down_order if name == victim.owner.worker]
    assert len(ends) >= 2
    assert victim.popen.returncode == -signal.SIGKILL


def test_the_dispatcher_dies_in_the_middle_and_no_order_is_lost_or_doubled(run: ThreadedRun) -> None:
    """Its crew shares its fate; the next dispatcher goes on from the books."""
    run.world.arm(Step.OPEN, Fault.SLOW, 2)
    run.submit(6)
    victim = _at_work(run)
    run.kill_actor(DISPATCHER)
    assert run.until(lambda: not victim.alive, LONG)
    run.settle()
    assert _statuses(run) == [TaskStatus.COMPLETED] * 6
    assert run.auditor.lives.generations[DISPATCHER] >= 2
    assert run.auditor.lives.generations[CREW] >= 2


def _went_down(run: ThreadedRun, generation: int) -> bool:
    return run.auditor.lives.downs[DISPATCHER, generation] == 1


def test_the_dispatcher_dies_again_and_again_until_the_tree_gives_up_in_order(run: ThreadedRun) -> None:
    """One end for each start also when the limit of restarts is passed, and nothing is left alive."""
    run.submit(6)
    for _ in range(_SYSTEM_INTENSITY.max_restarts + 1):
        generation = run.auditor.lives.generations[DISPATCHER]
        if run.until(lambda: run.system.is_alive(DISPATCHER) or run.auditor.root_down, LONG):
            run.kill_actor(DISPATCHER)
        run.until(partial(_went_down, run, generation), LONG)
    run.settle()
    assert run.auditor.root_down


@pytest.mark.parametrize("stopped", [False, True])
def test_a_forced_shutdown_in_the_middle_leaves_no_process(run: ThreadedRun, stopped: bool) -> None:
    """Whether the browsers run or are stopped, all of them are gone when the root is down."""
    run.world.arm(Step.OPEN, Fault.SLOW, 6)
    run.submit(6)
    _at_work(run)
    if stopped:
        for process in run.live():
            process.signal(signal.SIGSTOP)
    run.shut_down(force=True)
    run.settle()
    assert len(run.auditor.books.outcomes) < 6


def test_a_shutdown_becomes_a_forced_one_when_it_is_asked_for_again(run: ThreadedRun) -> None:
    """A worker that hangs delays the orderly end; the second order ends it."""
    run.world.arm(Step.OPEN, Fault.HANG, 3)
    run.submit(3)
    _at_work(run)
    run.shut_down()
    run.shut_down(force=True)
    run.settle()


def test_a_thread_that_never_comes_back_is_replaced_and_its_late_return_changes_nothing(run: ThreadedRun) -> None:
    """Its slot works on; when the thread returns after all, it ends once and its answer is history."""
    run.world.arm(Step.FETCH, Fault.HANG_FOR_EVER)
    run.submit(5)
    assert run.until(lambda: run.world.lost_threads == 1, LONG)
    run.settle()
    assert _statuses(run) == [TaskStatus.COMPLETED] * 5
    kinds = [kind for name, kind in run.auditor.lives.down_order if name.startswith("worker")]
    assert len(kinds) >= 4
    assert ExitKind.SHUTDOWN in kinds
