"""Runs of the sequential engine in which a browser's restarts, waits and wear are ruled by a setting.

Each is a play of its own, for the tests and for the mutants; it raises `AssertionError` when a setting is not obeyed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from actors.session.crew_of_one import WORKER
from contracts.config import RestartIntensity, Settings, Timeouts
from contracts.errors import CrewFailedError, ProfileCorruptionError
from contracts.ports import Owner
from contracts.supervision import ExitKind
from contracts.tasks import TaskStatus
from tests.simulation.faults import Fault, Step
from tests.simulation.one_browser import LONGEST, ORDERS, OneBrowserRun, new_run, orders_from
from tests.simulation.run import SIM_SETTINGS

MANY = 1000
PATIENT = RestartIntensity(max_restarts=MANY)


def settings(
    limits: dict[str, Any] | None = None,
    intensity: RestartIntensity = PATIENT,
    timeouts: Timeouts = SIM_SETTINGS.timeouts,
) -> Settings:
    """The settings of the simulation, with others in place of some."""
    changed = attrs.evolve(SIM_SETTINGS.limits, **(limits or {}))
    return attrs.evolve(SIM_SETTINGS, limits=changed, intensity=intensity, timeouts=timeouts)


def run_to_its_end(run: OneBrowserRun, orders: int = ORDERS) -> str:
    """Let it work on orders; return why it could not go on, or nothing."""
    run.begin(orders_from(0, orders))
    run.hub.run(until=lambda: run.ended, deadline=run.hub.clock.time + LONGEST)
    run.world.findings.raise_first()
    assert run.ended, f"no end: {run.progress.read()}"
    assert run.error is None or isinstance(run.error, CrewFailedError), run.error
    told = str(run.error) if run.error is not None else ""
    run.error = None
    run.close()
    run.hub.bury()
    return told


def run_while_the_portal_is_down(run: OneBrowserRun, act: Callable[[], None]) -> str:
    """Let the browser be idle, with orders open, and do something to it; then let all come to an end."""
    run.world.portal_down = True
    run.begin(orders_from(0, ORDERS))
    run.hub.run_for(30.0)
    assert not run.ended
    act()
    run.world.portal_down = False
    run.hub.run(until=lambda: run.ended, deadline=run.hub.clock.time + LONGEST)
    run.world.findings.raise_first()
    told = str(run.error) if run.error is not None else ""
    run.error = None
    run.close()
    run.hub.bury()
    return told


def kill_idle(run: OneBrowserRun, times: int, seconds: float) -> Callable[[], None]:
    """Return what lets the idle browser die so often, so many seconds after each was ready."""

    def act() -> None:
        for _ in range(times):
            run.hub.run(until=lambda: run.world.is_ready(WORKER), deadline=run.hub.clock.time + 200.0)
            run.hub.run_for(seconds)
            if run.ended:
                return
            (owner,) = run.world.live_owners()
            run.world.die(run.world.processes_by_owner[owner])
            run.hub.run_for(1.0)  # until it is missed

    return act


# ------------------------------------------------------------------------------------------------------------ the plays


def so_many_starts_are_tried(most: int) -> None:
    """No browser starts: the run ends after `max_restart_attempts` of them, with the reason of the last."""
    run = new_run(("starts", most), settings({"max_restart_attempts": most}))
    run.world.arm(Step.LAUNCH, Fault.CRASH, MANY)
    told = run_to_its_end(run)
    assert len(run.world.launched) == most, f"{len(run.world.launched)} starts, {most} are allowed"
    assert f"{most} browser" in told, told
    assert "without a finished order" in told, told
    assert "the last: simulated: the browser died" in told, told


def starts_that_hang_are_counted_too(most: int) -> None:
    """None becomes ready, and each takes so long that no two of them fall into the window."""
    limits = {"max_restart_attempts": most, "restart_window": 20.0}
    run = new_run(("hang", most), settings(limits))
    run.world.arm(Step.LAUNCH, Fault.NEVER_READY, MANY)
    told = run_to_its_end(run)
    assert len(run.world.launched) == most, f"{len(run.world.launched)} starts, {most} are allowed"
    row = "1 browsers ended without a finished order" if most == 1 else f"{most} browsers in a row did not become ready"
    assert row in told, told
    assert "the last: not ready within" in told, told
    assert set(run.life.ends) == {ExitKind.NOT_READY}
    ready = run.settings.timeouts.worker_ready
    late = [at - start for start, (at, _) in zip(run.life.starts, _first_kills(run), strict=True)]
    assert all(abs(one - ready) < 1.0 for one in late), f"killed after {late}, and {ready:g} s are given"


def _first_kills(run: OneBrowserRun) -> list[tuple[float, Owner]]:
    """When each generation was killed first."""
    first: dict[Owner, float] = {}
    for at, owner in run.world.kills:
        first.setdefault(owner, at)
    return [(at, owner) for owner, at in first.items()]


def the_limit_counts_within_its_window(window: float, *, is_retired: bool) -> None:
    """Idle browsers that die 20 s after each other: in a short window none is one too many."""
    run = new_run(("window", window), settings({"max_restart_attempts": 3, "restart_window": window}))
    told = run_while_the_portal_is_down(run, kill_idle(run, 5, 20.0))
    assert bool(told) is is_retired, told
    assert len(run.world.launched) == (3 if is_retired else 6), run.world.launched


def no_more_restarts_than_the_intensity_allows(most: int) -> None:
    """The one restart too many ends the run, whatever the monitor says."""
    intensity = RestartIntensity(max_restarts=most, window=600.0, first_delay=0.5)
    run = new_run(("intensity", most), settings({"max_restart_attempts": MANY}, intensity))
    run.world.arm(Step.LAUNCH, Fault.CRASH, MANY)
    told = run_to_its_end(run)
    assert f"more than {most} restarts" in told, told
    assert len(run.world.launched) == most + 1


def restarts_outside_the_window_are_no_intensity() -> None:
    """As many as one likes, if they are far enough apart."""
    intensity = RestartIntensity(max_restarts=1, window=10.0)
    run = new_run("apart", settings({"max_restart_attempts": MANY}, intensity))
    assert not run_while_the_portal_is_down(run, kill_idle(run, 4, 20.0))
    assert len(run.world.launched) == 5


def the_waits_grow_up_to_their_cap() -> None:
    """None before the first restart, then `first_delay` doubling, up to `max_delay`."""
    intensity = RestartIntensity(max_restarts=MANY, first_delay=2.0, max_delay=10.0)
    run = new_run("waits", settings({"max_restart_attempts": 7}, intensity))
    run.world.arm(Step.LAUNCH, Fault.CRASH, MANY)
    run_to_its_end(run)
    pairs = zip(run.life.starts, run.life.starts[1:], strict=False)
    gaps = [after - before for before, after in pairs]
    low = [0.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert len(gaps) == len(low)
    # A start takes 0.8 s until it fails, clearing a little, and jitter a quarter at most.
    good = all(least <= gap <= min(10.0, least * 1.25) + 1.5 for least, gap in zip(low, gaps, strict=True))
    assert good, f"{gaps}"


def a_browser_that_lived_begins_the_waits_anew(stable_after: float, *, waits: bool) -> None:
    """Idle browsers die 20 s after they were ready."""
    intensity = RestartIntensity(max_restarts=MANY, stable_after=stable_after)
    run = new_run(("stable", stable_after), settings({"max_restart_attempts": MANY}, intensity))
    assert not run_while_the_portal_is_down(run, kill_idle(run, 4, 20.0))
    assert any(run.life.delays) is waits, run.life.delays


def a_browser_that_was_of_use_begins_the_waits_anew() -> None:
    """Each dies over an order, and has ended one before."""
    run = new_run("of use", settings({"max_restart_attempts": 3}))
    run.at_entry = {number: lambda: run.world.arm(Step.OPEN, Fault.CRASH) for number in (10, 24, 38)}
    assert not run_to_its_end(run, 8)
    assert len(run.life.delays) >= 2, run.life.delays
    assert set(run.life.delays) == {0.0}, run.life.delays


def a_bad_order_takes_no_run_down() -> None:
    """Three browsers die over the first order: it is quarantined, and the others are done, without a wait."""
    run = new_run("bad order", settings({"max_restart_attempts": 2}))
    run.world.poisoned.add("PO0")
    assert not run_to_its_end(run)
    found = {one.po_number: one.status for one in run.journal.results(0, ORDERS)}
    assert found.pop("PO0") is TaskStatus.QUARANTINED
    assert set(found.values()) == {TaskStatus.COMPLETED}
    assert set(run.life.delays) == {0.0}, run.life.delays


def it_is_recycled_after_so_many_orders(each: int, orders: int) -> None:
    """A planned end costs nothing, and no browser is started for no work.

    As in a crew, the order that is in hand when the dispatcher hears of it is finished: each browser ends one more.
    """
    run = new_run(("recycle", each), settings({"recycle_after_tasks": each, "max_restart_attempts": 1}))
    assert not run_to_its_end(run, orders)
    assert len(run.world.launched) == -(-orders // (each + 1)), run.world.launched
    assert set(run.life.ends) == {ExitKind.SHUTDOWN}
    assert not run.life.delays
    assert run.progress.read().crashes == 0


def it_is_recycled_at_its_age() -> None:
    """An idle one, too."""
    run = new_run("age", settings({"recycle_after_seconds": 50.0}))
    assert not run_while_the_portal_is_down(run, lambda: run.hub.run_for(100.0))
    assert len(run.world.launched) >= 2
    assert set(run.life.ends) == {ExitKind.SHUTDOWN}


def memory_is_obeyed(share: float) -> None:
    """Over the soft limit it is replaced after its order, over the hard one at once; the run goes on either way."""
    run = new_run(("memory", share), settings({"check_interval": 0.5, "max_restart_attempts": 3}))
    run.world.memory_fraction = share
    assert not run_to_its_end(run, 40)
    assert len(run.world.launched) > 1, "it was not replaced"
    expected = ExitKind.KILLED if share >= run.settings.limits.hard_memory_threshold else ExitKind.SHUTDOWN
    assert run.life.ends[0] is expected, run.life.ends
    assert {one.status for one in run.journal.results(0, 40)} == {TaskStatus.COMPLETED}


def a_drained_run_waits_no_longer_than_its_shutdown() -> None:
    """A page that hangs is ended by `shutdown`, and its thread waited for half of `force`."""
    timeouts = attrs.evolve(SIM_SETTINGS.timeouts, shutdown=10.0, force=4.0, inactivity=300.0, task=300.0)
    for fault, longest in ((Fault.HANG, 10.0 + 1.0), (Fault.HANG_FOR_EVER, 10.0 + 2.0 + 1.5)):
        run = new_run(("shutdown", fault), settings(timeouts=timeouts))
        run.world.arm(Step.OPEN, fault)
        run.begin(orders_from(0, ORDERS))
        run.hub.run_for(5.0)
        run.stop()
        asked = run.hub.clock.time
        run.hub.run(until=lambda run=run: run.ended, deadline=asked + LONGEST)  # type: ignore[misc]
        assert run.ended
        assert 10.0 <= run.ended_at - asked <= longest, f"{fault}: {run.ended_at - asked:g} s"
        run.was_forced = True
        run.close()
        run.hub.bury()


def a_browser_that_cannot_be_cleared_away_is_the_last() -> None:
    """Nobody starts one beside it; the run says so."""
    run = new_run("not cleared", settings())
    run.world.arm(Step.CLEAN, Fault.HANG_FOR_EVER)
    run.world.arm(Step.READY, Fault.CRASH)
    run.begin(orders_from(0, ORDERS))
    run.hub.run(until=lambda: run.ended, deadline=run.hub.clock.time + LONGEST)
    assert run.ended
    assert isinstance(run.error, CrewFailedError)
    assert "could not be cleared away" in str(run.error)
    assert len(run.world.launched) == 1
    assert run.ended_at <= run.settings.timeouts.force + 30.0 + 5.0, f"{run.ended_at:g} s"
    run.hub.bury()


def a_machine_without_threads_for_a_while_costs_nothing(at: float, seconds: float) -> None:
    """Neither a start nor a visit is counted that waits for a thread; nobody asks for one without a pause."""
    run = new_run(("no threads", at, seconds), settings({"max_restart_attempts": 1}))
    environment, refused = run.engine._environment, list[float]()
    run_job = environment.run_job

    def refuse(name: str, job: Callable[[], None]) -> None:
        if at <= run.hub.clock.time < at + seconds:
            refused.append(run.hub.clock.time)
            raise RuntimeError("can't start new thread")
        run_job(name, job)

    environment.run_job = refuse  # type: ignore[method-assign]
    run.world.arm(Step.OPEN, Fault.SLOW, MANY)
    assert not run_to_its_end(run)
    assert run.world.launched == [Owner(WORKER, 1)]
    assert 0 < len(refused) < 10 * seconds, f"asked {len(refused)} times within {seconds:g} s"


def a_profile_that_cannot_be_cloned_ends_the_run_and_not_its_end() -> None:
    """It is told where the run is waited for, once; whoever closes meanwhile hears nothing of it."""
    run = new_run("profile", settings())
    run.world.arm(Step.LAUNCH, Fault.CLONE_FAILS)
    run.begin(orders_from(0, ORDERS))
    run.hub.run(until=lambda: run.ended, deadline=LONGEST)
    assert isinstance(run.error, ProfileCorruptionError)
    run.close()
    assert not run.world.launched
    run.hub.bury()
    early = new_run("profile, and closed", settings())
    early.world.arm(Step.LAUNCH, Fault.CLONE_FAILS)
    early.engine._browser.want()
    early.engine._browser.look()
    early.hub.run_for(1.0)
    early.close()
    assert not early.world.launched
    assert early.life.ends == [ExitKind.START_FAILED]
    early.hub.bury()


def an_idle_browser_that_dies_is_replaced_at_once() -> None:
    """It is looked at while nothing is in hand."""
    run = new_run("idle", settings())

    def act() -> None:
        kill_idle(run, 1, 5.0)()
        run.hub.run_for(1.0)
        assert run.world.is_ready(WORKER), "it was not missed"

    assert not run_while_the_portal_is_down(run, act)
