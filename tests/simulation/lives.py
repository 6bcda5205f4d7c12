"""Watches the lives of a run's actors: each start, each end, every restart and every order to end.

Like the books, it rests on what crosses the seams: spawns, `Down`s, messages; never on a supervisor's own account.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from actors.runtime import Actor
from actors.session.tree import (
    _SYSTEM_INTENSITY as SYSTEM_INTENSITY,
    CREW,
    DISPATCHER,
    ENGINE,
    LOGIN_BROKER,
    MONITOR,
    REPORTER,
    ROOT,
)
from actors.supervise import Supervisor
from contracts.config import Settings
from contracts.messages import LossExcused, OrderEnded
from contracts.ports import Owner
from contracts.supervision import ChildChange, ChildEvent, Down, ExitKind, KillChild, RecycleChild, RestartAsked, Stable
from tests.simulation.faults import ADAPTER_STEPS, Fault, Step
from tests.simulation.world import SimWorld

SYSTEM_ACTORS = (DISPATCHER, MONITOR, LOGIN_BROKER, REPORTER)
SUPERVISORS = (ROOT, ENGINE, CREW)
EARLIER_SIBLINGS = {CREW: (DISPATCHER,), MONITOR: (DISPATCHER, CREW)}
"""Whose death a child of the engine shares."""
INJECTED = frozenset({"BrowserDiedError", "ProfileCorruptionError", "DispatcherDeath"})
"""Errors that only the simulated world raises. Any other that ends an actor is a fault of the program."""
UNEXPECTED = "SessionCorruptionError"
"""What becomes of an error that nobody expects out of a browser."""
POISON = "Poison"
"""In the name of every message that nobody can handle."""
DEAF = (
    (Step.LAUNCH, Fault.HANG_FOR_EVER),
    (Step.OPEN, Fault.HANG_FOR_EVER),
    (Step.LOGIN, Fault.HANG_FOR_EVER),
    (Step.FETCH, Fault.HANG_FOR_EVER),
    (Step.FETCH, Fault.LATE_REPLY),
    (Step.FETCH, Fault.SLOW),
    (Step.PLACE, Fault.LATE_REPLY),
    (Step.PROBE, Fault.HANG),
    (Step.PROBE, Fault.SLOW),
    (Step.KILL, Fault.SURVIVES_KILL),
)
"""Faults that keep a thread though its browser is killed, or the browser though it is killed."""
SECONDS_TO_CLEAR = 25.0
"""How long a process may outlive its actor: confirming its death, twice over, and a slow removal."""


class Lives:
    """The account of one run's actors (invariants 7 to 11, 13, 14).

    Args:
        world: What really happened.
        settings: The settings the program runs with.
        orders_ended: Tells how many orders a generation of a worker has ended.
    """

    def __init__(self, world: SimWorld, settings: Settings, orders_ended: Callable[[Owner], int]) -> None:
        self.starts: Counter[tuple[str, int]] = Counter()
        self.downs: Counter[tuple[str, int]] = Counter()
        self.down_order: list[tuple[str, ExitKind]] = []
        self.live: dict[str, Actor] = {}
        self.generations: dict[str, int] = {}
        self.root_down = False
        self.zombies: set[str] = set()
        """Actors that a test has stalled; they may wake after their replacement has begun."""
        self.given_up: set[Owner] = set()
        """The last generations of retired slots. What survives every kill is left to the reaper of the next run."""
        self._abandoned: set[Owner] = set()
        """Generations that their supervisor went on without; their threads may end at any later time."""
        self._counted: set[Owner] = set()
        """Generations whose death was counted against their supervisor's limit."""
        self._world = world
        self._require = world.findings.require
        self._intensity = settings.intensity
        self._limits = settings.limits
        self._orders_ended = orders_ended
        self._parents: dict[tuple[str, int], str | None] = {}
        self._down_at: dict[Owner, float] = {}
        self._deaths: dict[tuple[str, int], deque[float]] = {}
        self._restarts: deque[float] = deque()
        self._delays: dict[str, float] = {}
        self._ready_at: dict[str, float] = {}
        self._reset: set[str] = set()
        self._recycled: set[Owner] = set()
        self._killed: set[Owner] = set()
        self._planned: set[Owner] = set()
        self._useless: dict[str, list[tuple[float, Owner]]] = {}
        self._asked: dict[str, dict[int, float]] = {}
        """When the monitor was first asked whether the generation after this one may start."""
        self._last_ready: dict[str, int] = {}
        """The last generation of each worker that became ready."""
        self._unready: dict[str, list[Owner]] = {}
        """Generations of each worker, in a row, that ended before they were ready."""
        self._known: set[Owner] = set()
        """Generations of which the monitor can know that they were never ready."""
        self._unexpected = 0
        self._excused: set[Owner] = set()
        self._told_of: set[Owner] = set()
        """Generations of which the monitor was told that they had ended an order."""
        self._of_use: dict[str, frozenset[Owner]] = {}
        """What the monitor had been told when it was last asked about a worker."""
        self._proved: set[str] = set()
        """Workers that have proved useful since their last restart: the next one has no delay."""
        self._owed: dict[str, Owner] = {}
        """Workers whose last death must be counted as a restart before they start again."""

    def is_closing(self, name: str) -> bool:
        """Whether a supervisor is ending, or is not there."""
        supervisor = self.live.get(name)
        return not isinstance(supervisor, Supervisor) or supervisor._core.is_closing or not self.is_up(name)

    def is_up(self, name: str) -> bool:
        """Whether the newest generation of a name has not gone down."""
        generation = self.generations.get(name)
        return generation is not None and not self.downs[name, generation]

    # ------------------------------------------------------------------------------------------------- starts and ends

    def started(self, name: str, generation: int, parent: str | None) -> None:
        """Look at a start just before it happens."""
        require, world = self._require, self._world
        self.starts[name, generation] += 1
        self.generations[name] = generation
        self._parents[name, generation] = parent
        require(7, self.starts[name, generation] == 1, f"{name} generation {generation} is started twice")
        require(13, not self.root_down, f"{name} is started after the root has ended")
        if parent is not None:
            require(13, not self.is_closing(parent), f"{name} is started while {parent} is closing")
            self._check_intensity(name, parent)
        older = [owner for owner in world.live_owners() if owner.worker == name]
        require(8, not older, f"{name} generation {generation} starts while {older} live")
        left = [owner for owner in world.folders if owner.worker == name and owner not in self.given_up]
        left = left if self.generations.get(CREW, 1) == 1 else []  # a crew that died is cleared up after, side by side
        require(9, not left, f"{name} generation {generation} starts while profiles are left: {left}")
        if name == DISPATCHER:
            sharing = [other for other in (CREW, MONITOR) if self.is_up(other) and other not in self.zombies]
            require(14, not sharing, f"the dispatcher starts again, and {sharing} did not share its fate")
        if name == CREW:
            self._restarts.clear()
            self._delays.clear()
            self._owed.clear()
            self._proved.clear()

    def _check_intensity(self, name: str, parent: str) -> None:
        if parent == CREW:
            return  # its restarts are announced, and counted there
        # Of one that falls at this very moment the supervisor has yet to read.
        deaths = self._recent_deaths(parent, before=self._world.hub.clock.time)
        most = SYSTEM_INTENSITY.max_restarts
        self._require(10, deaths <= most, f"{name} is started after {deaths} deaths below {parent} within its window")

    def _note_death(self, parent: str) -> None:
        deaths = self._deaths.setdefault((parent, self.generations[parent]), deque())
        deaths.append(self._world.hub.clock.time)

    def _recent_deaths(self, parent: str, before: float = float("inf")) -> int:
        deaths = self._deaths.setdefault((parent, self.generations[parent]), deque())
        # A worker's restart is counted once it is cleared, some time after its death.
        window = self._intensity.window + SECONDS_TO_CLEAR if parent == CREW else SYSTEM_INTENSITY.window
        while deaths and deaths[0] <= self._world.hub.clock.time - window:
            deaths.popleft()
        return sum(death < before for death in deaths)

    def abandoned(self, name: str, generation: int) -> None:
        """Look at a supervisor that goes on without a thread: to it, that is a death like any other."""
        self._count_death(Owner(name, generation))
        self._abandoned.add(Owner(name, generation))

    def _count_death(self, owner: Owner) -> None:
        parent = self._parents[owner.worker, owner.generation]
        if parent is None or parent == CREW or owner in self._counted | self._abandoned:
            return
        earlier = EARLIER_SIBLINGS.get(owner.worker, ())
        if all(self.is_up(one) and Owner(one, self.generations[one]) not in self._abandoned for one in earlier):
            self._counted.add(owner)
            self._note_death(parent)  # one that falls while it is to share a fate counts no second time

    def ended(self, down: Down) -> None:
        """Look at an end."""
        require, child, kind = self._require, down.child, down.reason.kind
        self.root_down = self.root_down or child == ROOT
        self.downs[child, down.generation] += 1
        times = self.downs[child, down.generation]
        require(7, times == 1, f"{child} generation {down.generation} is down {times} times")
        require(7, self.starts[child, down.generation] == 1, f"{child} is down but was not started")
        self.down_order.append((child, kind))
        owner = Owner(child, down.generation)
        self._down_at[owner] = self._world.hub.clock.time
        self._check_reason(down)
        parent = self._parents[child, down.generation]
        if kind.is_abnormal:
            self._count_death(owner)
        if kind is ExitKind.SHUTDOWN and owner in self._recycled:
            self._planned.add(owner)
        if kind is ExitKind.GAVE_UP and down.reason.text.startswith("more than"):
            deaths = self._recent_deaths(child)
            most = (self._intensity if child == CREW else SYSTEM_INTENSITY).max_restarts
            require(10, deaths > most, f"{child} gave up after {deaths} deaths: {down.reason.text}")
        if kind is ExitKind.SHUTDOWN and parent is not None and self.generations[child] == down.generation:
            earlier = EARLIER_SIBLINGS.get(child, ())
            shared = any(not self.is_up(sibling) or sibling in self.zombies for sibling in earlier)
            late = child in self.zombies or down.reason.text == "it did not become ready in time"
            requested = parent == CREW or shared or late or self.is_closing(parent)
            require(14, requested, f"{child} was stopped, though its supervisor stays and nobody before it died")

    def _check_reason(self, down: Down) -> None:
        reason = down.reason
        if reason.kind not in (ExitKind.CRASHED, ExitKind.START_FAILED):
            return
        too_late = reason.error == "StaleEpochError" and down.generation < self.generations[down.child]
        if reason.error == UNEXPECTED:
            self._unexpected += 1
            raised = self._raised_outside_the_adapter()
            text = f"{down.child} is lost for what its browser did not raise: {reason.text}"
            self._require(5, self._unexpected <= raised, text)
            return
        injected = reason.error in INJECTED or POISON in reason.text or too_late
        self._require(18, injected, f"{down.child} ended by a fault of its own: {reason.error}: {reason.text}")

    def _raised_outside_the_adapter(self) -> int:
        points = self._world.injected.items()
        return sum(times for (step, fault), times in points if fault is Fault.RAISES and step not in ADAPTER_STEPS)

    # --------------------------------------------------------------------------------------------------------- the crew

    def told(self, name: str, message: object, sender: str) -> None:
        """Read a message that is about to be delivered."""
        if name == MONITOR and type(message) is LossExcused:
            self._excused.add(Owner(message.worker, message.generation))
            self._told_of.add(Owner(message.worker, message.generation))
        if name == MONITOR and type(message) is OrderEnded:  # not the kind that makes its reader wait
            self._told_of.add(Owner(message.worker, message.generation))
        if name == MONITOR and isinstance(message, RestartAsked) and not message.planned:
            self._asked.setdefault(message.child, {}).setdefault(message.generation, self._world.hub.clock.time)
            self._of_use[message.child] = frozenset(self._told_of)
            if message.reason.kind is ExitKind.NOT_READY:
                self._known.add(Owner(message.child, message.generation))
        match message:
            case ChildEvent(_, child, generation, ChildChange.STARTED) if name == MONITOR and self.is_up(MONITOR):
                self._known.add(Owner(child, generation))
            case _:
                pass
        if name != CREW:
            return
        match message:
            case Stable(child, generation):
                self._reset.add(child)
                # What a worker says of itself is read before its end is; what the dispatcher says may come too late.
                if generation == self.generations[child] and sender == child:
                    self._proved.add(child)
            case RecycleChild(child, generation) if child in self._ready_at:
                if Owner(child, generation) not in self._killed:
                    self._recycled.add(Owner(child, generation))
            case KillChild(child, generation):
                self._recycled.discard(Owner(child, generation))
                self._killed.add(Owner(child, generation))
            case _:
                pass

    def child_event(self, event: ChildEvent) -> None:
        """Read what the crew's supervisor announces."""
        owner = Owner(event.child, event.generation)
        match event.change:
            case ChildChange.READY:
                self._ready_at[event.child] = self._world.hub.clock.time
                self._last_ready[event.child] = event.generation
                self._unready.pop(event.child, None)
            case ChildChange.DOWN:
                lived = self._world.hub.clock.time - self._ready_at.pop(event.child, float("inf"))
                if lived >= self._intensity.stable_after:
                    self._reset.add(event.child)
                if event.reason is not None and event.reason.kind.is_abnormal:
                    self._note_death(CREW)
                    if owner not in self._recycled and not event.requested:
                        self._owed[event.child] = owner
                if owner not in self._planned:
                    self._useless.setdefault(event.child, []).append((self._world.hub.clock.time, owner))
                    if self._last_ready.get(event.child) != event.generation:
                        self._unready.setdefault(event.child, []).append(owner)
                given_up = event.reason is not None and event.reason.kind is ExitKind.HUNG
                hurried = self._is_deaf() or self.is_closing(CREW)
                self._require(16, not given_up or hurried, f"{owner} is given up; a kill would have freed it")
            case ChildChange.STARTED:
                owed = self._owed.pop(event.child, None)
                self._require(10, owed is None, f"{event.child} starts again, and the end of {owed} was not counted")
            case ChildChange.RETIRED:
                self._owed.pop(event.child, None)
                self._check_retired(event)
            case ChildChange.RESTARTING:
                self._require(10, owner not in self._planned, f"{owner} was recycled, and is counted as a failure")
                self._on_restart(event)
            case _:
                pass

    def _check_retired(self, event: ChildEvent) -> None:
        self.given_up.add(Owner(event.child, event.generation))
        most, text = self._limits.max_restart_attempts, event.reason.text if event.reason is not None else ""
        if "did not become ready" in text:
            unready = len(self._unready.get(event.child, ()))
            self._require(10, unready >= most, f"{event.child} is retired after {unready} that did not become ready")
        if "without a finished order" not in text:
            return
        if self.generations[MONITOR] > 1:
            return  # it has forgotten which generations had ended orders, and may count one too many
        since = self._world.hub.clock.time - self._limits.restart_window - SECONDS_TO_CLEAR
        ends = self._useless.get(event.child, [])
        of_use = self._of_use.get(event.child, frozenset())
        recent = sum(time >= since and owner not in of_use for time, owner in ends)
        text = f"{event.child} is retired after {recent} generations without a finished order"
        self._require(10, recent >= most, text)

    def _is_deaf(self) -> bool:
        """Whether some thread may wait for what no kill of a browser ends."""
        return any(self._world.injected[point] for point in DEAF)

    def _on_restart(self, event: ChildEvent) -> None:
        require, now, limit = self._require, self._world.hub.clock.time, self._intensity
        self._owed.pop(event.child, None)
        self._check_may_restart(event.child)
        proved = event.child in self._proved
        require(11, not proved or event.delay == 0, f"{event.child} was of use, and waits for {event.delay:g} s")
        self._proved.discard(event.child)
        self._restarts.append(now)
        while self._restarts[0] <= now - limit.window:
            self._restarts.popleft()
        require(10, len(self._restarts) <= limit.max_restarts, f"{len(self._restarts)} restarts in a window")
        before = None if event.child in self._reset else self._delays.get(event.child)
        shrinks = before is not None and (event.delay < before or event.delay == 0)
        require(11, not shrinks, f"backoff of {event.child} shrinks: {before} -> {event.delay}")
        require(11, event.delay <= limit.max_delay, f"backoff of {event.child} is {event.delay} s")
        self._delays[event.child] = event.delay
        self._reset.discard(event.child)

    def _check_may_restart(self, child: str) -> None:
        if self.generations.get(MONITOR) != 1 or not self.is_up(MONITOR) or MONITOR in self.zombies:
            return  # it has forgotten, or says nothing
        most, since = self._limits.max_restart_attempts, self._world.hub.clock.time - self._limits.restart_window
        asked = {Owner(child, generation): at for generation, at in self._asked.get(child, {}).items()}
        counted = [one for one in asked if not self._orders_ended(one) and one not in self._excused]
        useless = sum(asked[one] > since for one in counted)
        self._require(10, useless < most, f"{child} restarts after {useless} generations without a finished order")
        unready = len(self._known.intersection(counted, self._unready.get(child, ())))
        self._require(10, unready < most, f"{child} restarts after {unready} in a row that did not become ready")

    # ------------------------------------------------------------------------------------------------------- any moment

    def check(self) -> None:
        """Check what must hold at every step."""
        require, world = self._require, self._world
        now = world.hub.clock.time
        live = Counter(owner.worker for owner in world.live_owners())
        require(9, all(count == 1 for count in live.values()), f"browsers alive: {dict(live)}")
        down_at = {owner: self._down_at.get(owner, now) for owner in world.live_owners()}
        late = [o for o, at in down_at.items() if now - at > SECONDS_TO_CLEAR and o not in self.given_up]
        require(9, not late, f"alive {SECONDS_TO_CLEAR:g} s after their actors: {late}")
        for name in (*SYSTEM_ACTORS, *SUPERVISORS):
            blocked = 0.0 if name in self.zombies else world.hub.longest_wait.get(name, 0.0)
            require(15, blocked <= 0.1, f"{name} has blocked for {blocked:g} s")

    def check_stop_order(self) -> None:
        """Check, once all is down, that the last ends came in reverse order of the starts."""
        final = {name: (index, kind) for index, (name, kind) in enumerate(self.down_order)}
        last = {name: index for name, (index, kind) in final.items() if kind is ExitKind.SHUTDOWN}
        pairs = ((CREW, DISPATCHER), (ENGINE, LOGIN_BROKER), (LOGIN_BROKER, REPORTER), (MONITOR, CREW))
        for first, second in pairs:
            if first in last and second in last and not self.zombies & {first, second}:
                self._require(14, last[first] < last[second], f"{second} was stopped before {first}: {last}")
