"""Directed schedules, each made to bring one kind of fault to light at once. The program passes them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

from actors.session.tree import DISPATCHER, LOGIN_BROKER, MONITOR, REPORTER
from contracts.config import ResourceLimits, RestartIntensity, Settings
from contracts.messages import LoginMet
from contracts.tasks import TaskStatus
from tests.simulation.faults import Fault, Step
from tests.simulation.lives import SYSTEM_ACTORS
from tests.simulation.run import SIM_SETTINGS, WORKERS, SimRun

FEW_RESTARTS = attrs.evolve(
    SIM_SETTINGS,
    intensity=RestartIntensity(max_restarts=4, window=60.0, first_delay=0.1, max_delay=0.2),
    limits=ResourceLimits(max_restart_attempts=100),
)
NO_CREW_LIMIT = attrs.evolve(SIM_SETTINGS, intensity=RestartIntensity(max_restarts=1000))
LONG_BACKOFF = attrs.evolve(SIM_SETTINGS, limits=ResourceLimits(max_restart_attempts=100))
PATIENT = attrs.evolve(SIM_SETTINGS, timeouts=attrs.evolve(SIM_SETTINGS.timeouts, inactivity=200.0, task=300.0))
FOR_EVER = 1e15


@attrs.frozen
class Scenario:
    """A directed schedule.

    Args:
        name: What it brings about.
        act: Brings it about; afterwards faults cease and everything must come to its end.
        settings: The settings the program runs with.
    """

    name: str
    act: Callable[[SimRun], None]
    settings: Settings = SIM_SETTINGS


# ------------------------------------------------------------------------------------------------------- small pieces


def strike(*points: tuple[Step, Fault, int], orders: int = 6, seconds: float = 200.0) -> Callable[[SimRun], None]:
    """Return an act: some orders, armed faults, time."""

    def act(run: SimRun) -> None:
        for step, fault, times in points:
            run.world.arm(step, fault, times)
        run.submit(orders)
        run.hub.run_for(seconds)

    return act


def reach(run: SimRun, phase: str, times: int = 1) -> bool:
    """Go on until an order's life has reached a phase so often."""
    phases = run.auditor.books.phases
    return run.until(lambda: phases.count(phase) >= times, 300.0)


def kill_a_browser(run: SimRun, worker: str = "") -> None:
    """Let a browser end by itself: that worker's, or any."""
    run.until(lambda: any(owner.worker.startswith(worker) for owner in run.world.live_owners()), 120.0)
    for owner in run.world.live_owners():
        if owner.worker.startswith(worker):
            run.world.die(run.world.processes_by_owner[owner])
            return


def kill_the_holder(run: SimRun, sequence: int) -> None:
    """Let the browser end that works on this order, once the order is being read."""
    books = run.auditor.books
    run.until(lambda: books.is_in_work(sequence), 300.0)
    lease = books.lease_of(sequence)
    if lease is not None:
        owners = [owner for owner in run.world.live_owners() if owner.worker == lease.worker]
        run.world.die(run.world.processes_by_owner[owners[0]])
        run.until(lambda: books.lease_of(sequence) != lease, 60.0)


# -------------------------------------------------------------------------------------------------------------- acts


def _calm(run: SimRun) -> None:
    run.submit(12, [0, 1, -1, 1, 0])
    run.hub.run_for(30.0)


def _many_orders(run: SimRun) -> None:
    run.submit(30)
    run.hub.run_for(60.0)


def _submitted_twice(run: SimRun) -> None:
    run.submit(6)
    run.until(lambda: bool(run.submissions), 60.0)
    run.system.tell(DISPATCHER, run.submissions[0].message)
    run.hub.run_for(10.0)


def _a_dispatcher_dies_before_the_orders_come(run: SimRun) -> None:
    run.submit(6)
    run.kill_actor(DISPATCHER)
    run.hub.run_for(30.0)


def _two_submit_to_an_open_batch(run: SimRun) -> None:
    run.submit(7, is_open=True)
    run.hub.run_for(20.0)
    for _ in range(3):
        run.check()
        run.hub.run_for(20.0)


def _a_dispatcher_dies_when_some_have_ended(run: SimRun) -> None:
    run.submit(9)
    reach(run, "outcome", 3)
    run.kill_actor(DISPATCHER)
    run.hub.run_for(30.0)


def _a_browser_dies_amid_work(run: SimRun) -> None:
    run.submit(12)
    kill_the_holder(run, 0)
    run.hub.run_for(30.0)


def _two_browsers_lost_over_one_order(run: SimRun) -> None:
    run.submit(12)
    kill_the_holder(run, 0)
    kill_the_holder(run, 0)
    run.hub.run_for(60.0)


def _an_actor_dies_with_leases_out(run: SimRun) -> None:
    run.submit(9)
    reach(run, "lease", 3)
    run.kill_actor(DISPATCHER)
    run.hub.run_for(5.0)
    run.kill_actor(LOGIN_BROKER)
    run.hub.run_for(60.0)


def _the_login_broker_dies_over_a_question(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.LOGIN_PAGE)
    run.submit(6)
    run.until(lambda: run.auditor.books.has_met(LoginMet), 60.0)
    run.kill_actor(LOGIN_BROKER)
    run.hub.run_for(60.0)


def _one_login_serves_all(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.LOGIN_PAGE)
    run.submit(9)
    run.hub.run_for(60.0)
    run.auditor.require(18, run.world.logins == 1, f"{run.world.logins} logins after one had expired")


def _the_first_login_ends_over_the_order_that_asked_for_it(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.LOGIN_PAGE)
    run.submit(9)
    run.until(lambda: run.auditor.books.has_met(LoginMet), 60.0)
    run.world.arm(Step.OPEN, Fault.LOGIN_PAGE)
    run.hub.run_for(60.0)


def _the_monitor_dies_while_dispatch_is_paused(run: SimRun) -> None:
    run.submit(9)
    run.world.free_disk = 0
    paused = run.until(lambda: bool(run.progress.read().pauses), 10.0)
    run.auditor.require(16, paused, "the disk is full, and nobody says that dispatch waits")
    run.kill_actor(MONITOR)
    run.world.free_disk = 10**12
    run.hub.run_for(60.0)


def _the_monitor_dies_over_a_held_restart(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    run.world.memory_fraction = 0.8
    run.hub.run_for(3.0)
    kill_a_browser(run, "worker-1")
    run.hub.run_for(3.0)
    run.kill_actor(MONITOR)
    run.world.memory_fraction = 0.2
    run.hub.run_for(60.0)


def _the_monitor_hangs_over_a_question(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    run.stall_actor(MONITOR, FOR_EVER)
    kill_a_browser(run)
    run.hub.run_for(100.0)


def _memory_breach(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.SLOW, 3)
    run.submit(9)
    run.hub.run_for(1.5)
    run.world.memory_fraction = 0.9
    run.hub.run_for(10.0)
    ended = run.world.killed
    run.auditor.require(16, len(ended) == 1, f"a memory breach has ended {sorted(owner.worker for owner in ended)}")
    run.world.memory_fraction = 0.2
    run.hub.run_for(30.0)


def _recycled_for_memory_again_and_again(run: SimRun) -> None:
    run.submit(0)
    for _ in range(6):
        run.world.memory_fraction = 0.8
        run.hub.run_for(4.0)
        run.world.memory_fraction = 0.2
        run.hub.run_for(12.0)
    started = len(run.world.launched) - WORKERS
    run.auditor.require(16, started >= 4, f"memory was short six times, and {started} browsers were recycled")


def _more_deaths_than_the_crew_may_have(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    for _ in range(6):
        kill_a_browser(run)
        run.hub.run_for(4.0)


def _deaths_while_the_clock_jumps(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    for _ in range(6):
        kill_a_browser(run)
        run.hub.run_for(2.0)
        run.hub.clock.wall_offset += 3600.0
        run.hub.run_for(2.0)


def _as_many_deaths_as_the_crew_may_have(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    for _ in range(4):
        kill_a_browser(run)
        run.hub.run_for(4.0)
    run.hub.run_for(100.0)
    for _ in range(6):
        kill_a_browser(run)
        run.hub.run_for(20.0)


def _a_browser_dies_again_and_again(run: SimRun) -> None:
    run.submit(0)
    run.hub.run_for(5.0)
    for _ in range(6):
        kill_a_browser(run, "worker-1")
        run.hub.run_for(0.5)
        run.until(lambda: run.world.is_ready("worker-1"), 60.0)


def _no_browser_becomes_ready(run: SimRun) -> None:
    run.world.arm(Step.LAUNCH, Fault.NEVER_READY, 1000)
    run.submit(6)
    run.until(lambda: run.auditor.root_down, 300.0)
    run.auditor.findings.raise_first()
    run.auditor.require(18, run.auditor.root_down, "no browser becomes ready, and the crew goes on")
    starts, most = len(run.world.launched), WORKERS * run.settings.limits.max_restart_attempts
    run.auditor.require(10, starts == most, f"{starts} starts that hang, and the crew is due {most}")


def _starts_hang_between_good_ones(run: SimRun) -> None:
    run.submit(0)
    run.hub.run_for(5.0)
    for _ in range(4):
        run.world.arm(Step.LAUNCH, Fault.NEVER_READY)
        _lose_an_idle_one(run)
        run.hub.run_for(70.0)


def _starts_hang_after_the_monitor_died(run: SimRun) -> None:
    run.submit(0)
    run.hub.run_for(5.0)
    run.kill_actor(MONITOR)
    run.until(lambda: not run.system.is_alive(MONITOR), 5.0)
    run.until(lambda: run.system.is_alive(MONITOR), 40.0)
    run.world.arm(Step.LAUNCH, Fault.NEVER_READY, 2)
    _lose_an_idle_one(run)


def _lose_an_idle_one(run: SimRun) -> None:
    kill_a_browser(run, "worker-1")
    run.hub.run_for(0.5)
    run.until(lambda: run.world.is_ready("worker-1"), 120.0)
    ready = run.world.is_ready("worker-1")
    run.auditor.require(18, ready, "a browser was lost and some starts hung, and there is no other")


def _the_reporter_dies_again_and_again(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    for _ in range(7):
        run.until(lambda: run.system.is_alive(REPORTER) or run.auditor.root_down, 40.0)
        run.kill_actor(REPORTER)
        run.hub.run_for(0.5)


def _the_dispatcher_hangs(run: SimRun) -> None:
    run.submit(9)
    reach(run, "lease", 3)
    run.stall_actor(DISPATCHER, FOR_EVER)
    run.hub.run_for(200.0)


def _the_dispatcher_comes_back_from_a_hang(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.SERVER_ERROR, 3)
    run.submit(3)
    reach(run, "lease", 3)
    run.until(lambda: not run.progress.read().active, 10.0)
    run.stall_actor(DISPATCHER, 60.0)
    run.hub.run_for(200.0)


def _a_busy_dispatcher_comes_back_from_a_hang(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.SLOW, 3)
    run.submit(3)
    reach(run, "lease", 3)
    run.hub.run_for(0.1)
    run.stall_actor(DISPATCHER, 60.0)
    run.hub.run_for(200.0)


def _the_callback_blocks(run: SimRun) -> None:
    run.callback.blocks = 1
    run.submit(6)
    run.hub.run_for(30.0)


def _the_callback_raises(run: SimRun) -> None:
    run.callback.raises = 2
    run.submit(6)
    run.hub.run_for(30.0)


def _the_portal_is_down(run: SimRun) -> None:
    run.submit(9)
    run.hub.run_for(1.0)
    run.world.portal_down = True
    run.hub.run_for(100.0)
    run.world.portal_down = False
    run.hub.run_for(60.0)
    run.auditor.require(18, not run.progress.read().circuits_open, "the portal is back, and its circuit is open")


def _a_probe_raises_while_the_portal_is_down(run: SimRun) -> None:
    run.world.portal_down = True
    run.submit(3)
    run.until(lambda: bool(run.progress.read().circuits_open) and not run.progress.read().active, 60.0)
    run.world.arm(Step.PROBE, Fault.RAISES)
    run.hub.run_for(30.0)
    run.world.portal_down = False
    run.hub.run_for(60.0)


def _an_idle_browser_dies(run: SimRun) -> None:
    run.submit(1)
    run.hub.run_for(10.0)
    kill_a_browser(run)
    run.hub.run_for(30.0)


def _stopped_amid_a_restart(run: SimRun) -> None:
    run.submit(3)
    run.hub.run_for(5.0)
    run.kill_actor(DISPATCHER)
    run.until(lambda: not run.system.is_alive(DISPATCHER), 5.0)
    run.shut_down()


def _stopped_amid_a_hang(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.HANG, 3)
    run.submit(6)
    run.hub.run_for(3.0)
    run.shut_down()


def _forced_amid_a_hang(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.HANG, 3)
    run.submit(6)
    run.hub.run_for(3.0)
    run.shut_down()
    run.hub.run_for(1.0)
    run.shut_down(force=True)


def _forced_while_all_hang(run: SimRun) -> None:
    run.submit(6)
    reach(run, "visit", 2)
    for name in SYSTEM_ACTORS:
        run.stall_actor(name, 500.0)
    run.take_turns(10)
    run.shut_down(force=True)


def _files_are_kept(run: SimRun) -> None:
    """Let an order lose its browser when its first file has arrived."""
    run.submit(1)
    run.until(lambda: any(run.world.staged.values()), 60.0)
    run.world.arm(Step.PLACE, Fault.LATE_REPLY)


def _kept_files_are_adopted(run: SimRun) -> None:
    _files_are_kept(run)
    run.hub.run_for(100.0)
    run.auditor.require(18, run.world.adopted > 0, "a file that had arrived was fetched again")


def _kept_files_of_an_order_that_ends_otherwise(run: SimRun) -> None:
    _files_are_kept(run)
    run.world.arm(Step.OPEN, Fault.NOT_FOUND)
    run.hub.run_for(100.0)


def _a_recycled_worker_s_next_browser_dies(run: SimRun) -> None:
    run.submit(30)
    run.until(lambda: any(owner.generation > 1 for owner in run.world.launched), 120.0)
    owner = next(owner for owner in run.world.launched if owner.generation > 1)
    run.until(lambda: run.world.is_ready(owner.worker), 30.0)
    kill_a_browser(run, owner.worker)
    run.hub.run_for(30.0)


def _a_useful_browser_dies_after_useless_ones(run: SimRun) -> None:
    run.submit(0)
    run.hub.run_for(5.0)
    for name in ("worker-1", "worker-2", "worker-3"):
        for _ in range(2):
            kill_a_browser(run, name)
            run.hub.run_for(0.5)
            run.until(partial(run.world.is_ready, name), 60.0)
    run.submit(9)
    run.hub.run_for(20.0)
    for name in ("worker-1", "worker-2", "worker-3"):
        kill_a_browser(run, name)
        run.hub.run_for(5.0)


def _clearing_never_ends(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.CRASH)
    run.world.arm(Step.CLEAN, Fault.HANG_FOR_EVER)
    run.submit(6)
    run.hub.run_for(30.0)
    run.shut_down()


def _forced_amid_clearing(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.CRASH)
    run.world.arm(Step.CLEAN, Fault.SLOW)
    run.submit(6)
    run.until(lambda: run.world.injected[Step.CLEAN, Fault.SLOW] > 0, 60.0)
    run.shut_down(force=True)


def _two_hangs_and_silence(run: SimRun) -> None:
    run.world.arm(Step.OPEN, Fault.HANG)
    run.submit(2)
    reach(run, "lease", 2)
    run.hub.run_for(0.1)
    run.world.arm(Step.FETCH, Fault.LATE_REPLY)
    run.world.arm(Step.READ, Fault.HANG)
    run.hub.run_for(200.0)


def _orders_that_kill_browsers_come_first(run: SimRun) -> None:
    run.world.poisoned = {f"PO{number}" for number in range(5)}
    run.submit(10)
    outcomes = run.auditor.books.outcomes
    ended = run.until(lambda: len(outcomes) == 10, 300.0) and not run.auditor.root_down
    run.auditor.require(18, ended, f"orders that kill browsers keep the others from their turn: {run.progress.read()}")
    bad = [outcomes[number] for number in range(5)]
    run.auditor.require(5, all(one == [TaskStatus.QUARANTINED] for one in bad), f"they ended as {bad}")


def _every_browser_dies_over_every_order(run: SimRun) -> None:
    run.world.poisoned = {f"PO{number}" for number in range(60)}
    run.submit(60)
    run.until(lambda: run.auditor.root_down, 600.0)
    run.auditor.require(18, run.auditor.root_down, "every browser dies over every order, and the crew goes on")


CALM = Scenario("twelve orders of three priorities", _calm)
MANY = Scenario("thirty orders, so that browsers are recycled", _many_orders)
TWICE = Scenario("orders are submitted twice", _submitted_twice)
LOST_SUBMISSION = Scenario(
    "the dispatcher dies before it is handed the orders", _a_dispatcher_dies_before_the_orders_come
)
OPEN = Scenario("two submit to an open batch", _two_submit_to_an_open_batch)
TWO_DISPATCHERS = Scenario("the dispatcher dies when some orders have ended", _a_dispatcher_dies_when_some_have_ended)
LOSS = Scenario("a browser dies amid work", _a_browser_dies_amid_work)
SUSPECT = Scenario("two browsers are lost over one order", _two_browsers_lost_over_one_order)
POISONED = Scenario("an order kills each browser", strike((Step.OPEN, Fault.CRASH, 4), orders=1))
LATE = Scenario("an answer comes after the kill", strike((Step.FETCH, Fault.LATE_REPLY, 1), orders=30))
LATE_AMID_WORK = Scenario(
    "an answer comes after the kill, amid other work",
    strike((Step.FETCH, Fault.LATE_REPLY, 1), (Step.OPEN, Fault.SLOW, 60), orders=30, seconds=300.0),
)
BEFORE = Scenario("the dispatcher dies before it publishes", strike((Step.PUBLISH, Fault.CRASH, 1)))
AFTER = Scenario("the dispatcher dies after it published", strike((Step.PUBLISHED, Fault.CRASH, 1)))
DEATH = Scenario("dispatcher and login broker die amid work", _an_actor_dies_with_leases_out)
HANG = Scenario("a page hangs", strike((Step.OPEN, Fault.HANG, 1)))
HANGS = Scenario("two pages hang, one after the other", _two_hangs_and_silence)
LOST_THREAD = Scenario("a thread never comes back", strike((Step.OPEN, Fault.HANG_FOR_EVER, 1)))
SURVIVOR = Scenario(
    "a browser hangs and survives its kill",
    strike((Step.OPEN, Fault.HANG_FOR_EVER, 1), (Step.KILL, Fault.SURVIVES_KILL, 400)),
)
NEVER_READY = Scenario("a browser never becomes ready", strike((Step.LAUNCH, Fault.NEVER_READY, 1)))
NONE_READY = Scenario("no browser becomes ready", _no_browser_becomes_ready)
HUNG_STARTS = Scenario("starts hang between good ones", _starts_hang_between_good_ones)
FORGOTTEN_START = Scenario("starts hang after the monitor died", _starts_hang_after_the_monitor_died)
CLONE = Scenario("a profile cannot be cloned", strike((Step.LAUNCH, Fault.CLONE_FAILS, 1)))
SLOW_CLEAN = Scenario(
    "a profile takes long to remove", strike((Step.OPEN, Fault.CRASH, 1), (Step.CLEAN, Fault.SLOW, 1))
)
LOGIN_BROKER_DIES = Scenario("the login broker dies over a question", _the_login_broker_dies_over_a_question)
LOGIN = Scenario("one login serves all", _one_login_serves_all)
LOGIN_ENDS = Scenario("the first login ends", _the_first_login_ends_over_the_order_that_asked_for_it)
PAUSED = Scenario("the monitor dies while dispatch is paused", _the_monitor_dies_while_dispatch_is_paused)
HELD = Scenario("the monitor dies over a held restart", _the_monitor_dies_over_a_held_restart)
NO_VERDICT = Scenario("the monitor hangs over a question", _the_monitor_hangs_over_a_question)
BREACH = Scenario("memory runs short", _memory_breach)
RECYCLED = Scenario("memory is a little short, again and again", _recycled_for_memory_again_and_again)
TOO_MANY = Scenario("more deaths than the crew may have", _more_deaths_than_the_crew_may_have, FEW_RESTARTS)
JUMPS = Scenario("deaths while the wall clock jumps", _deaths_while_the_clock_jumps, FEW_RESTARTS)
ENOUGH = Scenario("as many deaths as the crew may have", _as_many_deaths_as_the_crew_may_have, FEW_RESTARTS)
BACKOFF = Scenario("one browser dies again and again", _a_browser_dies_again_and_again, LONG_BACKOFF)
REPORTERS = Scenario("the reporter dies again and again", _the_reporter_dies_again_and_again)
SILENT = Scenario("the dispatcher hangs", _the_dispatcher_hangs)
ZOMBIE = Scenario("the dispatcher comes back from a hang", _the_dispatcher_comes_back_from_a_hang)
BUSY_ZOMBIE = Scenario("a dispatcher comes back amid work", _a_busy_dispatcher_comes_back_from_a_hang)
CALLBACK = Scenario("the callback blocks", _the_callback_blocks)
RAISES = Scenario("the callback raises", _the_callback_raises)
OUTAGE = Scenario("the portal is down for a while", _the_portal_is_down)
ERRORS = Scenario("the portal answers HTTP 500", strike((Step.OPEN, Fault.SERVER_ERROR, 4), orders=1))
IDLE_DEATH = Scenario("an idle browser dies", _an_idle_browser_dies)
STALE = Scenario("the last order's page stays", strike((Step.OPEN, Fault.STALE_PAGE, 1)))
DISK = Scenario("the disk is full for a moment", strike((Step.PLACE, Fault.DISK_FULL, 1)))
STOPPED_EARLY = Scenario("an end amid a restart", _stopped_amid_a_restart)
STOPPED = Scenario("an end amid hangs", _stopped_amid_a_hang, PATIENT)
FORCED = Scenario("a forced end amid hangs", _forced_amid_a_hang, PATIENT)
FORCED_WHILE_ALL_HANG = Scenario("a forced end while the system actors hang", _forced_while_all_hang)
KEPT = Scenario("files that had arrived are adopted", _kept_files_are_adopted)
KEPT_FOR_NOBODY = Scenario(
    "files had arrived for an order that ends otherwise", _kept_files_of_an_order_that_ends_otherwise
)
RECYCLED_THEN_LOST = Scenario("a recycled worker's next browser dies", _a_recycled_worker_s_next_browser_dies)
USEFUL = Scenario("a useful browser dies after useless ones", _a_useful_browser_dies_after_useless_ones, LONG_BACKOFF)
USELESS = Scenario("a slot's browsers are of no use", strike((Step.LAUNCH, Fault.CLONE_FAILS, 12)))
BAD_FIRST = Scenario("orders that kill browsers come first", _orders_that_kill_browsers_come_first)
BROKEN = Scenario("every browser dies over every order", _every_browser_dies_over_every_order, NO_CREW_LIMIT)
UNREAD = Scenario("the adapter raises twice over one order", strike((Step.ADAPTER, Fault.RAISES, 2), orders=1))
DENIED = Scenario("there is no such order", strike((Step.OPEN, Fault.NOT_FOUND, 1)))
DRIVER_RAISES = Scenario("the driver raises", strike((Step.OPEN, Fault.RAISES, 2), (Step.PLACE, Fault.RAISES, 1)))
LOGIN_FORM_RAISES = Scenario(
    "the adapter raises at a login", strike((Step.OPEN, Fault.LOGIN_PAGE, 1), (Step.LOGIN_FORM, Fault.RAISES, 1))
)
PROBE_RAISES = Scenario("a probe raises", _a_probe_raises_while_the_portal_is_down)
PUBLISH_RAISES = Scenario("publishing raises", strike((Step.PUBLISH, Fault.RAISES, 1)))
DISCARD_RAISES = Scenario(
    "deleting what was staged raises", strike((Step.OPEN, Fault.NOT_FOUND, 1), (Step.DISCARD, Fault.RAISES, 1))
)
NEVER_CLEARED = Scenario("clearing up never ends", _clearing_never_ends)
FORCED_AMID_CLEARING = Scenario("a forced end while one is cleared up after", _forced_amid_clearing)

ALL = tuple(value for value in tuple(globals().values()) if isinstance(value, Scenario))
