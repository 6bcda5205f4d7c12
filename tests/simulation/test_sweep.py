"""Every fault once at every step, every system actor's death at every phase, an end at every moment.

The random schedules may miss a pair; this sweep does not. Each test first makes sure that what it armed really struck.
"""

from __future__ import annotations

import random

import pytest

from actors.session.tree import CREW, DISPATCHER
from tests.simulation import ledger
from tests.simulation.faults import POINTS, Fault, Step
from tests.simulation.lives import SYSTEM_ACTORS
from tests.simulation.run import SimRun
from tests.simulation.seeded import chooser

ORDERS = 6
PHASES = ("dispatch", "lease", "visit", "publish", "outcome")
MOMENTS = range(0, 400, 10)
TURNS_OF_A_START = range(0, 40, 2)
NEEDS = {
    Step.LOGIN: (Step.OPEN, Fault.LOGIN_PAGE),
    Step.ADOPT: (Step.OPEN, Fault.LOGIN_PAGE),
    Step.PROBE: (Step.OPEN, Fault.REFUSED),
    Step.KILL: (Step.OPEN, Fault.HANG),
    Step.CLEAN: (Step.OPEN, Fault.CRASH),
    Step.SCREENSHOT: (Step.OPEN, Fault.NOT_FOUND),
    Step.EVIDENCE: (Step.OPEN, Fault.NOT_FOUND),
    Step.DISCARD: (Step.OPEN, Fault.NOT_FOUND),
    Step.LOOK_FOR_LOGIN: (Step.OPEN, Fault.NOT_FOUND),
    Step.TEXT: (Step.OPEN, Fault.NOT_FOUND),
    Step.LOGIN_FORM: (Step.OPEN, Fault.LOGIN_PAGE),
}
"""What must go wrong first, so that a step is reached at all."""


def _begin(name: object, orders: int = ORDERS) -> SimRun:
    run = SimRun(chooser(random.Random(f"sweep {name}")))
    if orders:
        run.submit(orders)
    return run


def _end(run: SimRun) -> None:
    try:
        run.check()
        run.settle()
    finally:
        ledger.add(run)
        run.bury()


def _name(value: object) -> str:
    return value.value.replace(" ", "-") if isinstance(value, Step | Fault) else str(value)


@pytest.mark.parametrize(("step", "fault"), POINTS, ids=_name)
def test_a_fault_at_a_step_of_an_order_s_life_breaks_nothing(step: Step, fault: Fault) -> None:
    """Struck once in an otherwise calm run, everything comes to its end."""
    run = _begin((step, fault))
    if step in NEEDS:
        run.world.arm(*NEEDS[step])
    run.world.arm(step, fault)
    run.hub.run_for(200.0)
    struck = run.world.injected[step, fault]
    _end(run)
    assert struck >= 1, f"{fault.value} did not strike at: {step.value}"


def test_files_that_had_arrived_before_a_browser_was_lost_are_adopted() -> None:
    """The next lease takes them over; they are not fetched again."""
    run = _begin("adopting", orders=1)
    run.until(lambda: any(run.world.staged.values()), 60.0)
    run.world.arm(Step.PLACE, Fault.LATE_REPLY)
    run.hub.run_for(100.0)
    adopted, published, staged = run.world.adopted, dict(run.world.published), dict(run.world.staged)
    _end(run)
    assert adopted >= 1
    assert len(published) == 1
    assert not staged, "staging folders are left"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", [*SYSTEM_ACTORS, CREW])
def test_a_system_actor_s_death_at_a_phase_of_an_order_s_life_breaks_nothing(name: str, phase: str) -> None:
    """Each comes back with what it must remember."""
    run = _begin((name, phase))
    phases = run.auditor.books.phases
    reached = run.until(lambda: phases.count(phase) >= 2, 60.0)
    run.until(lambda: run.system.is_alive(name), 5.0)
    generation = run.system.last_generation(name)
    ledger.note(f"death of the {name}")
    run.kill_actor(name)
    run.hub.run_for(30.0)
    again = run.system.last_generation(name)
    _end(run)
    assert reached
    assert again > generation, f"{name} is not started again"


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", SYSTEM_ACTORS)
def test_a_system_actor_that_hangs_at_a_phase_of_an_order_s_life_is_replaced(name: str, phase: str) -> None:
    """One that does not come back is found by its silence, and one that comes back late changes nothing."""
    run = _begin((name, phase, "hangs"))
    phases = run.auditor.books.phases
    run.until(lambda: phases.count(phase) >= 2, 60.0)
    run.until(lambda: run.system.is_alive(name), 5.0)
    generation = run.system.last_generation(name)
    ledger.note(f"the {name} hangs")
    run.stall_actor(name, 100.0)
    run.hub.run_for(150.0)
    again = run.system.last_generation(name)
    _end(run)
    assert again > generation, f"{name} is not replaced"


@pytest.mark.parametrize("turns", MOMENTS)
@pytest.mark.parametrize("how", ["plain", "forced", "twice", "plain, then forced"])
def test_an_end_at_any_moment_is_an_end_within_its_bound(how: str, turns: int) -> None:
    """Amid starts, leases, publishing, with a fault or two in the way."""
    run = _begin((how, turns))
    run.world.arm(Step.OPEN, Fault.LOGIN_PAGE)
    run.world.arm(Step.FETCH, Fault.CRASH)
    run.world.arm(Step.READ, Fault.HANG)
    run.take_turns(turns)
    ledger.note(f"shutdown, {how}")
    run.shut_down(force=how == "forced")
    if how in ("twice", "plain, then forced"):
        run.take_turns(5)
        run.shut_down(force=how != "twice")
    _end(run)


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
@pytest.mark.parametrize("turns", TURNS_OF_A_START)
def test_an_end_during_the_start_starts_nothing_more(turns: int, force: bool) -> None:
    """Also when one browser hangs while it is launched."""
    run = _begin((turns, force), orders=0)
    run.world.arm(Step.LAUNCH, Fault.HANG)
    run.take_turns(turns)
    ledger.note("shutdown during the start")
    run.shut_down(force=force)
    _end(run)


@pytest.mark.parametrize("force", [False, True], ids=["plain", "forced"])
@pytest.mark.parametrize("spared", [None, *SYSTEM_ACTORS])
def test_an_end_while_the_system_actors_hang_is_an_end_within_its_bound(spared: str | None, force: bool) -> None:
    """Those who have to be given up share the time there is; they do not add up."""
    run = _begin((spared, force, "all hang"))
    run.until(lambda: run.auditor.books.phases.count("visit") >= 2, 60.0)
    for name in SYSTEM_ACTORS:
        if name != spared:
            run.stall_actor(name, 500.0)
    run.take_turns(10)
    ledger.note("shutdown while the system actors hang")
    run.shut_down(force=force)
    _end(run)


@pytest.mark.parametrize("phase", PHASES)
def test_an_end_amid_the_dispatcher_s_restart_is_an_end_within_its_bound(phase: str) -> None:
    """A restart in progress makes no supervisor deaf."""
    run = _begin((phase, "restart"))
    phases = run.auditor.books.phases
    run.until(lambda: phases.count(phase) >= 2, 60.0)
    run.kill_actor(DISPATCHER)
    run.take_turns(3)
    ledger.note("shutdown amid a restart")
    run.shut_down()
    _end(run)
