"""One simulated run: the real tree over the simulated world, watched from outside."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import pykka

from actors.dispatch.submissions import Submission
from actors.logins.core import LoginBook
from actors.monitor.actor import MemoryView
from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Latest
from actors.session.run_resources import RunResources
from actors.session.tree import CREW, DISPATCHER, HEARTBEAT_TIMEOUT, ROOT, TreeParts, root_spec
from actors.supervise import Supervisor
from actors.supervise.transitions import Phase
from contracts.config import ResourceLimits, RetryPolicy, Settings, Timeouts
from contracts.messages import BeginBatch, CloseBatch
from contracts.ports import Cookie, Credentials, Owner
from contracts.status import Progress, WorkerState
from contracts.supervision import CountChildren, Exit
from contracts.tasks import Order, POResult, POTask
from tests.simulation.auditor import AuditedJournal, AuditedSystem, Auditor
from tests.simulation.hub import Hub
from tests.simulation.lives import SYSTEM_ACTORS
from tests.simulation.mischief import Poison, stall_for
from tests.simulation.outside import BASE
from tests.simulation.world import SimWorld

WORKERS = 3
SIM_SETTINGS = Settings(
    base_url=BASE,
    timeouts=Timeouts(inactivity=30.0, task=60.0, shutdown=40.0, circuit_open=600.0),
    limits=ResourceLimits(recycle_after_tasks=7, check_interval=2.0, max_restart_attempts=3),
    retry=RetryPolicy(max_attempts=3),
    seed=7,
)
WHO = ("the first", "the second")
"""Who submits to an open batch."""
LONGEST_HANG = 2000.0
SECONDS_TO_GATHER = 300.0
"""Until a crew without faults is whole again: the longest backoff, starts, and questions asked again."""
SECONDS_TO_ANSWER = 5.0


class NoCredentialsNeeded:
    """Credentials that are always there."""

    def credentials(self, host: str) -> Credentials | None:
        return Credentials("user", "password")

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        return ()


@attrs.define(eq=False)
class Callback:
    """The user's callback, which may misbehave."""

    hub: Hub
    raises: int = 0
    blocks: int = 0
    calls: int = 0

    def __call__(self, progress: dict[str, Any]) -> None:
        self.calls += 1
        if self.raises:
            self.raises -= 1
            raise ValueError("simulated: the user's callback raises")
        if self.blocks:
            self.blocks -= 1
            self.hub.sleep(300.0)


class SimRun:
    """The real tree in the simulated world.

    Args:
        choose: Picks who goes on next.
        settings: The settings the program runs with.
        world: The outside; by default a simulated one on a hub of its own.
    """

    def __init__(
        self,
        choose: Callable[[Sequence[str]], int],
        settings: Settings = SIM_SETTINGS,
        world: SimWorld | None = None,
    ) -> None:
        self.world = world if world is not None else SimWorld(Hub(choose), settings)
        self.hub = self.world.hub
        self.settings = settings
        self.auditor = self.make_auditor()
        self.journal = AuditedJournal(self.auditor)
        self.progress: Latest[Progress] = Latest(Progress(finished=True))
        self.callbacks = CallbackRunner(self.hub)
        self.callback = Callback(self.hub)
        self.callbacks.set_callback(self.callback)
        self.parts = TreeParts(
            workers=WORKERS,
            settings=settings,
            run_resources=self.make_run_resources(),
            journal=self.journal,
            progress=self.progress,
            memory=Latest(MemoryView()),
            callbacks=self.callbacks,
            make_progress=lambda: {"completed": self.progress.read().completed},
            credentials=NoCredentialsNeeded(),
            logins=LoginBook(),
            seed=random.Random(7).randrange(2**32),
        )
        self.system = self.make_system()
        self.orders: list[Order] = []
        self.on_heard: Callable[[str, str, POResult], object] = self.auditor.books.hears
        self.first = 0
        self.submissions: list[Submission] = []
        self.is_open = False
        self._has_begun = True
        self._to_come: list[tuple[str, list[Order]]] = []
        self.exit_told_at: float | None = None
        self.forced_at: float | None = None
        spec = root_spec(self.parts)
        self.system.spawn(ROOT, lambda context: Supervisor(context, spec))

    def make_auditor(self) -> Auditor:
        """Return who watches."""
        return Auditor(self.world, self.settings)

    def make_run_resources(self) -> RunResources:
        """Return what the program works with."""
        return self.world

    def make_system(self) -> AuditedSystem:
        """Return the system of actors."""
        return AuditedSystem(self.hub, self.auditor)

    # ---------------------------------------------------------------------------------------------------- the session

    def submit(
        self,
        count: int,
        priorities: Sequence[int] = (),
        elsewhere: Mapping[int, str] | None = None,
        *,
        is_open: bool = False,
    ) -> None:
        """Begin a batch of `count` orders, as the session does; some may be of another host than the portal's.

        Into an open one, two submitters put them one after the other (`put_more`), and it is closed at the end.
        """
        hosts = elsewhere or {}
        first = self.first = self.journal.replay().next_sequence
        self.orders = [
            Order(
                POTask(f"PO{first + index}", priorities[index] if index < len(priorities) else 0),
                "",
                f"http://{hosts[index]}" if index in hosts else BASE,
                hosts.get(index, "portal.test"),
            )
            for index in range(count)
        ]
        self.submissions, self._has_begun, self.is_open = [], False, is_open
        self._to_come = _in_parts(self.orders) if is_open else [(WHO[0], self.orders)] if count else []
        self.parts.submissions.begin_batch()
        self.auditor.books.call_when_begun(self._on_begun)
        self.until(lambda: self.system.is_alive(DISPATCHER), 60.0)
        self._ask_to_begin()

    def _ask_to_begin(self) -> None:
        self.system.tell(DISPATCHER, BeginBatch(None if self.is_open else len(self.orders)))

    def _on_begun(self) -> None:
        """Submit the first orders, as the session does when it is answered that the batch has begun."""
        if not self._has_begun:
            self._has_begun = True
            self.put_more()

    def put_more(self) -> None:
        """Let the next of those who submit to the batch do so, once it has begun."""
        if not self._has_begun or not self._to_come:
            return
        (who, orders), *self._to_come = self._to_come
        key = f"{who}-{self.first}-{len(self.submissions)}"
        submission = Submission(key, tuple(orders), lambda result: self.on_heard(who, key, result))
        self.submissions.append(submission)
        self.parts.submissions.put(submission)
        self.system.tell(DISPATCHER, submission.message)

    def go_on_as_the_session(self) -> None:
        """Ask again for a beginning that a dispatcher died over, and at last close what is open."""
        if not self._has_begun:
            self._ask_to_begin()
        while self._has_begun and self._to_come:
            self.put_more()
        if self.progress.read().is_open:
            self.system.tell(DISPATCHER, CloseBatch())

    def ping(self) -> None:
        """Ask the root a question, as the session does each second; it answers soon or is gone."""
        try:
            self.system.ask(ROOT, CountChildren(), SECONDS_TO_ANSWER)
        except pykka.ActorDeadError:
            answered = not self.system.is_alive(ROOT)
        except pykka.Timeout:
            answered = False
        else:
            answered = True
        self.auditor.require(17, answered, f"the root has not answered within {SECONDS_TO_ANSWER:g} s")

    def shut_down(self, *, force: bool = False) -> None:
        """Ask the root to end."""
        if self.exit_told_at is None:
            self.exit_told_at = self.hub.clock.time
        if force and self.forced_at is None:
            self.forced_at = self.hub.clock.time
        within = 0.9 * self.settings.timeouts.force if force else None
        self.system.tell(ROOT, Exit("the test ends it", force, within))

    def kill_actor(self, name: str) -> None:
        """Let a system actor end by a message that it cannot handle."""
        self.system.tell(name, Poison())

    def stall_actor(self, name: str, seconds: float) -> None:
        """Keep a system actor busy with one message for so long."""
        self.auditor.lives.zombies.add(name)
        self.world.lost_threads += seconds > LONGEST_HANG
        self.system.tell(name, stall_for(name, lambda: self.hub.sleep(seconds)))

    def until(self, happened: Callable[[], bool], seconds: float) -> bool:
        """Let it run until something has happened or virtual time has passed; return whether it has."""
        return self.hub.run(until=happened, deadline=self.hub.clock.time + seconds)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.hub.run_for(seconds)

    def take_turns(self, count: int) -> None:
        """Let so many turns be taken, as long as there is anything to do."""
        for _ in range(count):
            due = self.hub.next_time()
            if due is None or due > self.hub.clock.time + LONGEST_HANG:
                return
            self.hub.step()

    # ------------------------------------------------------------------------------------------------------- checking

    def check(self) -> None:
        """Check what must hold at every step."""
        auditor, world = self.auditor, self.world
        auditor.findings.raise_first()
        require, progress = auditor.require, self.progress.read()
        parts = progress.completed + progress.failed + progress.active + progress.pending
        require(2, progress.total == parts, progress)
        require(2, min(progress.completed, progress.failed, progress.active, progress.pending) >= 0, progress)
        require(2, not (progress.is_open and progress.finished), f"more may come, and it is finished: {progress}")
        for number, folders in world.published.items():
            require(1, len(folders) == 1, f"{number} is published {len(folders)} times")
        auditor.lives.check()
        self.system.check()
        self._check_hangs()
        self.put_more()

    def _check_hangs(self) -> None:
        timeouts, killed = self.settings.timeouts, self.world.killed
        bound = max(timeouts.task, timeouts.login, timeouts.worker_ready) + timeouts.force
        lives = self.auditor.lives
        if lives.generations.get(DISPATCHER, 1) > 1 or lives.downs[DISPATCHER, 1]:
            bound += timeouts.shutdown  # who keeps the deadlines has died; the hung one is killed last
        if DISPATCHER in lives.zombies:
            bound += HEARTBEAT_TIMEOUT + timeouts.shutdown  # it must be found to hang first
        for owner, since in self.world.hangs.items():
            waited = self.hub.clock.time - since
            acted = owner in killed or waited <= bound
            self.auditor.require(16, acted, f"{owner} has hung for {waited:g} s, nobody acted")

    def settle(self) -> None:
        """Faults cease, time passes: everything must come to its end (invariants 12 and 18)."""
        self.world.disarm()
        require = self.auditor.require
        if self.exit_told_at is None:
            for _ in range(60):
                if self.auditor.root_down or (self.progress.read().finished and self._all_ended()):
                    break
                if self.system.is_alive(DISPATCHER):
                    self.go_on_as_the_session()
                self.pass_time(60.0)
                self.check()
            done = self.auditor.root_down or self._all_ended()
            require(18, done, f"after an hour without faults: {self.progress.read()}, {self._open()}")
            self._check_all_heard()
            shown = self.progress.read()
            require(18, self.auditor.root_down or shown.finished, f"all has ended, and is not shown so: {shown}")
            self.until(lambda: self.auditor.root_down or self._is_whole(), SECONDS_TO_GATHER)
            self.auditor.findings.raise_first()
            whole = self.auditor.root_down or self._is_whole()
            require(18, whole, f"without faults the crew is not whole: {self._where_all_are()}")
            if not self.auditor.root_down:
                self._check_staging()
                self.shut_down()
        self._wait_for_the_end()
        self._check_after()
        self.check()

    def _check_staging(self) -> None:
        """Nothing is left of what was staged, nor of a pause, once all orders have ended and nobody is in the way."""
        books, require = self.auditor.books, self.auditor.require
        require(16, not books.pauses, f"these pauses never ended: {sorted(books.pauses)}")
        if DISPATCHER not in self.auditor.lives.zombies and not self.world.lost_threads:
            left = books.left_in_staging()
            require(9, not left, f"staging folders are left: {left}")

    def _wait_for_the_end(self) -> None:
        timeouts, now = self.settings.timeouts, self.hub.clock.time
        told = self.exit_told_at if self.exit_told_at is not None else now
        end = told + timeouts.shutdown + 3 * timeouts.force + 25.0
        if self.forced_at is not None:
            end = min(end, self.forced_at + 3 * timeouts.force)
        self.until(lambda: self.auditor.root_down, max(0.0, end - now))
        self.auditor.findings.raise_first()
        text = f"told to end at {told:g} s, not down at {self.hub.clock.time:g} s: {self.system.names()}"
        self.auditor.require(12, self.auditor.root_down, text)

    def _check_all_heard(self) -> None:
        """Whoever submitted knows how each of his tasks ended, unless the crew is gone and no dispatcher is left."""
        books = self.auditor.books
        unheard = set(books.outcomes) & set(self._places()) - set(books.heard)
        told = not unheard or self.auditor.root_down or self.world.lost_threads > 0
        self.auditor.require(1, told, f"written down and told to nobody: {sorted(unheard)}")

    def _places(self) -> range:
        return range(self.first, self.first + len(self.orders))

    def _all_ended(self) -> bool:
        return all(place in self.auditor.books.outcomes for place in self._places())

    def _open(self) -> list[int]:
        return [place for place in self._places() if place not in self.auditor.books.outcomes]

    def _is_whole(self) -> bool:
        """Whether every actor is there, every slot works or is given up, and nothing keeps the dispatcher."""
        crew, progress = self.auditor.lives.live.get(CREW), self.progress.read()
        if not isinstance(crew, Supervisor) or not all(map(self.system.is_alive, (CREW, *SYSTEM_ACTORS))):
            return False
        idle = {health.worker_id for health in progress.workers if health.state is WorkerState.IDLE}
        return not progress.pauses and all(
            info.phase in (Phase.RETIRED.value, Phase.ENDED.value)
            or (
                info.phase == Phase.RUNNING.value
                and info.child in idle
                and self.world.is_running(Owner(info.child, info.generation))
            )
            for info in crew._core.which_children()
        )

    def _where_all_are(self) -> str:
        crew = self.auditor.lives.live.get(CREW)
        slots = crew._core.which_children() if isinstance(crew, Supervisor) else ()
        return f"{self.system.names()}, {slots}, {self.progress.read()}"

    def _check_after(self) -> None:
        require, lives, books, world = self.auditor.require, self.auditor.lives, self.auditor.books, self.world
        launched, granted = len(world.launched), len(books.leased_once)
        self.pass_time(LONGEST_HANG)
        require(13, len(world.launched) == launched, "a browser was started after the shutdown")
        # A dispatcher that was given up finishes the message in hand, should it ever come back.
        none_given = len(books.leased_once) == granted or DISPATCHER in lives.zombies
        require(13, none_given, "a lease was given after the shutdown")
        require(9, not world.live_owners(), f"alive after the shutdown: {world.live_owners()}")
        left = world.folders - lives.given_up
        require(9, not left, f"profiles are left after the shutdown: {left}")
        missing = [start for start in lives.starts if lives.downs[start] != 1]
        require(7, len(missing) <= world.lost_threads, f"these never went down: {missing}")
        lives.check_stop_order()

    def bury(self) -> None:
        """Leave nothing behind."""
        self.auditor.trace = None
        self.hub.bury()


def _in_parts(orders: list[Order]) -> list[tuple[str, list[Order]]]:
    """Divide orders among those who submit them, three at a time."""
    return [(WHO[start // 3 % len(WHO)], orders[start : start + 3]) for start in range(0, len(orders), 3)]
