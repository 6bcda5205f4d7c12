"""One simulated run of the sequential engine: the real one, on the hub, with stops at any moment and a crew before it.

A stop of the program is a word that somebody leaves while the engine is at any step; here it is left after the n-th
event, or amid one. What the engine may then do is watched: no event amid another, nothing begun after the stop was
taken up, an end within its bound, one outcome for each order.
"""

from __future__ import annotations

import functools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import greenlet  # type: ignore[import-untyped]  # it brings no types

from actors.dispatch.submissions import Submission, Submissions
from actors.journal import MemoryJournal
from actors.logins.core import LoginBook
from actors.monitor.actor import MemoryView
from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Latest
from actors.session.crew_of_one import WORKER
from actors.session.sequential import SequentialEngine
from actors.session.tree import DISPATCHER, TreeParts
from contracts.config import Settings
from contracts.ports import JournalEntry, LeaseEnded, LeaseGranted, OutcomeRecorded, Owner
from contracts.status import Progress
from contracts.supervision import ChildEvent
from contracts.tasks import Order, POResult, POTask, TaskStatus
from tests.simulation.faults import Fault, Step
from tests.simulation.findings import Findings, Violation
from tests.simulation.hub import Hub, SimTimer
from tests.simulation.one_life import OneLife
from tests.simulation.outside import BASE
from tests.simulation.run import SIM_SETTINGS, NoCredentialsNeeded, SimRun
from tests.simulation.seeded import chooser
from tests.simulation.world import SimWorld

ORDERS = 4
EVENTS = range(1, 30)
ENTRIES = range(1, 27)
MOST_EVENTS = 5_000
LONGEST = 3600.0
"""Virtual seconds in which a run without an end to it must have come to one."""


class SimNotifier:
    """The program's notifier, in virtual time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sleepers: list[Any] = []
        self._in_vain = 0

    def notify(self) -> None:
        """Wake everybody who waits."""
        for sleeper in self._sleepers:
            self._hub.wake(sleeper)

    def wait_for(self, happened: Callable[[], bool], timeout: float) -> bool:
        """As `actors.runtime.Notifier`."""

        deadline = self._hub.clock.time + timeout
        me = greenlet.getcurrent()
        self._in_vain += 1
        if self._in_vain > MOST_EVENTS:
            raise Violation(15, "the engine looks again and again, and lets nobody else go on")
        while not happened():
            if self._hub.clock.time >= deadline:
                return False
            timer: SimTimer = self._hub.set_timer(deadline - self._hub.clock.time, lambda: self._hub.wake(me))
            self._sleepers.append(me)
            self._hub.park()
            self._in_vain = 0
            self._sleepers.remove(me)
            timer.cancel()
        return True


class OwnEnvironment:
    """The engine's part of the hub: what it closes is not the hub, on which the world lives, too."""

    def __init__(self, hub: Hub) -> None:
        self.clock = hub.clock
        self.run_job = hub.run_job

    def close(self) -> None:
        """The engine sets no timers."""


class WatchedJournal(MemoryJournal):
    """A journal that tells of each entry."""

    def __init__(self, watch: Callable[[JournalEntry], None], before: MemoryJournal | None = None) -> None:
        super().__init__()
        self._watch = watch
        if before is not None:
            vars(self).update({name: value for name, value in vars(before).items() if name in vars(self)})
            self._watch = watch

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        """Write, then tell."""
        super().append(epoch, entries)
        for entry in entries:
            self._watch(entry)


class OneBrowserRun:
    """The sequential engine in the simulated world.

    Args:
        world: The outside.
        settings: What the program runs with.
        crew: One that has ended before, or None.
    """

    def __init__(self, world: SimWorld, settings: Settings = SIM_SETTINGS, crew: SimRun | None = None) -> None:
        self.world, self.settings, self.hub = world, settings, world.hub
        self.at_event: dict[int, Callable[[], None]] = {}
        """What happens after the n-th event, counted from 1."""
        self.at_entry: dict[int, Callable[[], None]] = {}
        """What happens amid an event, when its n-th entry of the journal has been written."""
        self.events = 0
        self.entries = 0
        self.error: BaseException | None = None
        self.ended = False
        self.stopped_at: float | None = None
        self.forced_at: float | None = None
        self.was_forced = False
        self.ended_at = 0.0
        self.outcomes: Counter[int] = Counter()
        self.leases: Counter[int] = Counter()
        self._stop_is_old = False
        self._inside = False
        self.progress: Latest[Progress] = Latest(Progress(finished=True))
        self.journal = WatchedJournal(self._on_entry, crew.journal if crew is not None else None)
        self.heard: Counter[int] = Counter()
        self._submissions: list[Submission] = []
        if crew is not None:
            self.heard.update(crew.auditor.books.heard)
            self._submissions = crew.submissions
            crew.on_heard = lambda _who, _key, result: self._hear(result)
        self.parts = TreeParts(
            workers=1,
            settings=self.settings,
            run_resources=self.world,
            journal=self.journal,
            progress=self.progress,
            memory=Latest(MemoryView()),
            callbacks=CallbackRunner(self.hub),
            make_progress=lambda: {"completed": self.progress.read().completed},
            credentials=NoCredentialsNeeded(),
            logins=LoginBook(),
            seed=7,
            submissions=crew.parts.submissions if crew is not None else Submissions(),
        )
        self.parts.submissions.withdraw()
        self.engine = SequentialEngine(self.parts, OwnEnvironment(self.hub), SimNotifier(self.hub))  # type: ignore[arg-type]  # stand-ins
        self.life = OneLife(world, settings)
        self._watch_core()
        self._watch_monitor()

    @property
    def checked(self) -> Counter[int]:
        """How often each invariant was looked at."""
        return self.world.findings.checked

    @property
    def _findings(self) -> Findings:
        return self.world.findings

    # ------------------------------------------------------------------------------------------------------- watching

    def _watch_core(self) -> None:
        tell = self.engine._tell_core

        def tell_alone(event: Any) -> None:
            require = self._findings.require
            require(4, not self._inside, f"{event} is taken up amid another event")
            require(15, self.events < MOST_EVENTS, "the engine wakes its core without end")
            self._inside, self._stop_is_old = True, self.stopped_at is not None
            if isinstance(event, ChildEvent):
                self.life.told(event)
            try:
                tell(event)
            finally:
                self._inside = False
            self.events += 1
            self.at_event.pop(self.events, lambda: None)()

        self.engine._tell_core = tell_alone  # type: ignore[method-assign]

    def _watch_monitor(self) -> None:
        monitor = self.engine._browser._user._monitor  # type: ignore[attr-defined]  # its user is a `CrewOfOne`
        take = monitor.take

        def take_and_tell(event: Any, now: float) -> None:
            self.life.told_monitor(event)
            take(event, now)

        monitor.take = take_and_tell

    def _on_entry(self, entry: JournalEntry) -> None:
        require = self._findings.require
        match entry:
            case LeaseGranted(lease):
                require(13, not self._stop_is_old, f"{lease} is given after the stop")
                require(3, not +self.leases, f"{lease} is given beside {+self.leases}")
                newest = self.world.launched[-1] == Owner(lease.worker, lease.generation)
                require(3, newest, f"{lease} goes to another than {self.world.launched[-1]}")
                self.leases[lease.task.sequence] += 1
            case LeaseEnded(lease):
                self.leases[lease.task.sequence] = 0
            case OutcomeRecorded(result):
                self.leases[result.handle.sequence] = 0
                self.outcomes[result.handle.sequence] += 1
                require(1, self.outcomes[result.handle.sequence] == 1, f"{result.handle} has ended twice")
            case _:
                pass
        self.entries += 1
        self.at_entry.pop(self.entries, lambda: None)()

    # ---------------------------------------------------------------------------------------------------------- acting

    def stop(self, *, force: bool = False) -> None:
        """Ask for the end, as the session does at an interrupt."""
        now = self.hub.clock.time
        self.stopped_at = now if self.stopped_at is None else self.stopped_at
        if force and self.forced_at is None:
            self.forced_at, self.was_forced = now, True
        self.engine.request_stop("interrupted", force=force)

    def _hear(self, result: POResult) -> None:
        sequence = result.handle.sequence
        self.heard[sequence] += 1
        self._findings.require(1, self.heard[sequence] == 1, f"{result.handle} is told twice")
        found = self.journal.results(sequence, 1)
        self._findings.require(1, found == (result,), f"{result} is told, {found} is written down")

    def begin(self, orders: tuple[Order, ...], parts: int = 1) -> None:
        """Let the session's thread work on a batch, in so many submissions, or on that of a crew that has ended."""

        self.ended, self._stop_is_old = False, False
        if not self._submissions:
            self.parts.submissions.begin_batch()
            key = f"one browser {self.journal.replay().next_sequence}"
            self._submissions = [Submission(f"{key}, {part}", orders[part::parts], self._hear) for part in range(parts)]
        submissions = self._submissions
        has_begun = any(submission.handles is not None for submission in submissions)

        def work() -> None:
            try:
                self.engine.begin(len(orders), continues=has_begun)
                for submission in submissions:
                    self.engine.put(submission)
                self.engine.wait()
            except Exception as error:  # noqa: BLE001 - looked at by the test
                self.error = error
            self.ended, self.ended_at = True, self.hub.clock.time

        self.hub.start_loop("session", work)

    def finish(self, orders: tuple[Order, ...]) -> dict[int, POResult]:
        """Let it come to its end, close the engine, and check what must hold; return the outcomes."""
        require, hub = self._findings.require, self.hub
        hub.run(until=lambda: self.ended, deadline=hub.clock.time + LONGEST)
        self._findings.raise_first()
        require(18, self.ended, f"no end after {LONGEST:g} s: {self.progress.read()}")
        if self.error is not None:
            raise self.error
        timeouts = self.settings.timeouts
        if self.forced_at is not None:
            late = self.ended_at - self.forced_at
            require(12, late <= 3 * timeouts.force, f"forced, and over {late:g} s later")
        if self.stopped_at is not None:
            late = self.ended_at - self.stopped_at
            require(12, late <= timeouts.shutdown + 3 * timeouts.force, f"stopped, and over {late:g} s later")
        progress = self.progress.read()
        require(2, progress.total == len(orders), f"{len(orders)} orders were given: {progress}")
        require(2, progress.completed + progress.failed == progress.total, progress)
        handles = [handle for submission in self._submissions for handle in submission.handles or ()]
        self._submissions = []
        require(1, [one.po_number for one in handles] == [one.po_number for one in orders], f"accepted: {handles}")
        found = {one.handle.sequence: one for one in self.journal.results(handles[0].sequence, len(orders))}
        missing = [handle for handle in handles if handle.sequence not in found or not self.heard[handle.sequence]]
        require(1, not missing, f"without an outcome, or it was told to nobody: {missing}")
        allowed = {TaskStatus.COMPLETED} if self.stopped_at is None else {TaskStatus.COMPLETED, TaskStatus.CANCELLED}
        require(1, {one.status for one in found.values()} <= allowed, found)
        require(1, self.journal.replay().batch_total == len(orders), self.journal.replay())
        return found

    def close(self) -> None:
        """End the engine; nothing is left."""
        closed: list[bool] = []
        self.life.is_closing = True
        self.hub.start_loop("session", lambda: closed.append(self.engine.close()))
        self.hub.run(until=lambda: bool(closed), deadline=self.hub.clock.time + LONGEST)
        require = self._findings.require
        self._findings.raise_first()
        require(12, bool(closed), "the engine does not close")
        require(9, not self.world.live_owners(), f"alive after the end: {self.world.live_owners()}")
        left = [owner for owner in self.world.folders if owner.worker == WORKER]
        require(9, not left, f"profiles are left: {left}")
        # What was in hand at a forced end is swept with the resources of the run.
        require(9, self.was_forced or not self.world.staged, f"staging is left: {self.world.staged}")


def orders_from(first: int, count: int) -> tuple[Order, ...]:
    """Orders with the numbers from `first` on."""
    return tuple(Order(POTask(f"PO{number}"), "", BASE, "portal.test") for number in range(first, first + count))


def new_run(name: object, settings: Settings = SIM_SETTINGS) -> OneBrowserRun:
    """A run in a world of its own."""
    return OneBrowserRun(SimWorld(Hub(chooser(random.Random(f"one browser {name}"))), settings), settings)


def crew_that_died(name: object, turns: int, count: int) -> tuple[OneBrowserRun, tuple[Order, ...]]:
    """A run that takes over from a crew which was handed `count` orders, and died after so many turns more."""
    crew = SimRun(chooser(random.Random(f"crew before {name}")))
    crew.until(lambda: crew.system.is_alive(DISPATCHER), 60.0)
    hub = crew.hub

    def end_the_crew() -> None:
        for _ in range(20):
            if crew.auditor.root_down:
                return
            crew.kill_actor(DISPATCHER)
            generation = crew.system.last_generation(DISPATCHER)
            hub.run(
                until=lambda: crew.auditor.root_down or crew.system.last_generation(DISPATCHER) > generation,  # noqa: B023 - asked at once
                deadline=hub.clock.time + 100.0,
            )

    if turns >= 0:
        crew.submit(count)
        crew.take_turns(turns)
    end_the_crew()
    if turns < 0:
        crew.orders = list(orders_from(crew.journal.replay().next_sequence, count))
    hub.run(until=lambda: crew.auditor.root_down, deadline=hub.clock.time + 300.0)
    assert crew.auditor.root_down, "the crew lives"
    return OneBrowserRun(crew.world, crew.settings, crew), tuple(crew.orders)


# ------------------------------------------------------------------------------------------------------- what is played


def play_to_the_end(run: OneBrowserRun) -> None:
    """The batch that was begun ends as it should, the engine works through another, and nothing is left."""
    run.finish(orders_from(0, ORDERS))
    again = orders_from(ORDERS, ORDERS)
    run.stopped_at = run.forced_at = None
    run.begin(again)
    run.finish(again)
    run.close()
    run.hub.bury()


def stop_after(events: range, *, force: bool, again: int | None = None) -> None:
    """Stop after each of these events; `again` events later the user loses patience."""
    for event in events:
        run = new_run((force, event, again))
        run.at_event[event] = functools.partial(run.stop, force=force)
        if again is not None:
            run.at_event[event + again] = functools.partial(run.stop, force=True)
        run.begin(orders_from(0, ORDERS))
        play_to_the_end(run)


def stop_amid(entries: range, *, force: bool) -> None:
    """Stop amid an event, when each of these entries has just been written."""
    for entry in entries:
        run = new_run((force, entry, "amid"))
        run.at_entry[entry] = functools.partial(run.stop, force=force)
        run.begin(orders_from(0, ORDERS))
        play_to_the_end(run)


def stop_while_held_up(step: Step, fault: Fault) -> None:
    """Stop a run in which something goes wrong or takes long; then lose patience, soon or late."""
    for seconds in (0.0, 0.5, 3.0, 45.0):
        run = new_run((step, fault, seconds))
        run.world.arm(step, fault)
        run.begin(orders_from(0, ORDERS))
        run.hub.run_for(2.0)
        run.stop()
        run.hub.run_for(seconds)
        if not run.ended:
            run.stop(force=True)
        run.world.disarm()
        run.finish(orders_from(0, ORDERS))
        if fault is not Fault.HANG_FOR_EVER:
            run.close()
        run.hub.bury()


def take_over(turns: int) -> None:
    """Finish what a crew left that died after so many turns."""
    for count in (1, 6):
        run, orders = crew_that_died((turns, count), turns, count)
        run.begin(orders)
        found = run.finish(orders)
        require = run.world.findings.require
        require(1, {one.status for one in found.values()} == {TaskStatus.COMPLETED}, found)
        require(1, all(len(folders) == 1 for folders in run.world.published.values()), run.world.published)
        run.hub.bury()
