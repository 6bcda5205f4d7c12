"""The life of the one browser of the sequential mode: started, killed, confirmed gone, cleared away, started again.

Who decides is the supervisor's core, by the same spec as for a crew: one set of deadlines, limits and waits. Here its
effects are performed without actors, by the session's thread, which calls `look` between two waits.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, assert_never

from actors.session.errand_worker import ErrandWorker, Threads
from actors.supervise import SupervisorSpec
from actors.supervise.clearing import clear_up
from actors.supervise.core import SuperviseCore
from actors.supervise.effects import (
    Abandon,
    Announce,
    AskAlive,
    AskGate,
    AskToStop,
    ClearOwned,
    EndSelf,
    KillOwned,
    SetAlarm,
    StartChild,
    SuperviseEffect,
    SuperviseEvent,
)
from actors.supervise.transitions import Phase
from actors.worker.shell import Reports, Visits
from contracts.ports import Owner
from contracts.supervision import (
    Alarm,
    AlarmDue,
    Alive,
    ChildChange,
    ChildEvent,
    Cleared,
    Down,
    Exit,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    RestartAsked,
    Stable,
    Verdict,
)

log = logging.getLogger("purser.session")

_AT_REST = frozenset({Phase.IDLE, Phase.RUNNING, Phase.HELD, Phase.BACKOFF, Phase.RETIRED, Phase.ENDED})
"""Phases in which nothing is on its way that has to be waited for."""

D = TypeVar("D")
T = TypeVar("T")
D_contra = TypeVar("D_contra", contravariant=True)


class BrowserUser(Protocol[D_contra, T]):
    """Whoever has the browser. All of it is called in the session's thread."""

    def visits(self, owner: Owner) -> Callable[[], Visits[D_contra, T]]:
        """Return what starts a generation, on a thread of its own."""
        ...

    def name_of(self, duty: D_contra) -> str:
        """Say what a duty asks for, as in "to do this"."""
        ...

    def on_told(self, told: T) -> None:
        """Something came of a duty of the present generation."""
        ...

    def on_child_event(self, event: ChildEvent) -> None:
        """Something has become of it."""
        ...

    def may_restart(self, asked: RestartAsked) -> Verdict:
        """Say whether it may start again; asked again after each end and, if it was held, when it is wanted."""
        ...


class OneBrowser(Generic[D, T]):
    """Performs what a supervisor's core decides for its one child.

    Args:
        spec: The rules of a crew of one.
        user: Whoever has it.
        threads: What its errands run on.
    """

    def __init__(self, spec: SupervisorSpec, user: BrowserUser[D, T], threads: Threads) -> None:
        (self._child,) = spec.children
        self._user = user
        self._threads = threads
        self._core = SuperviseCore(spec)
        self._is_open = False
        self._events: deque[SuperviseEvent] = deque()
        self._effects: deque[SuperviseEffect] = deque()
        self._alarms: dict[Alarm, tuple[float, AlarmDue]] = {}
        self._worker: ErrandWorker[D, T] | None = None
        """The generation that counts, until it is down."""
        self._retired = ""
        self._ended: Reason | None = None
        self.is_left = False
        """Whether something that a generation owned may be alive. What merely lies around is swept with the run."""

    # ---------------------------------------------------------------------------------------------------------- looking

    @property
    def is_busy(self) -> bool:
        """Whether something is in hand or on its way, so that it must be waited for."""
        on_its_way = self._is_open and self._phase not in _AT_REST
        return on_its_way or self._is_at_work or bool(self._events or self._effects)

    @property
    def has_news(self) -> bool:
        """Whether there is something to take up at once."""
        errand = self._worker.errand if self._worker is not None else None
        return bool(self._events or self._effects) or (errand is not None and errand.is_over)

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing of it, or nothing any more."""
        return not self._is_open or self._ended is not None

    @property
    def why_it_ended(self) -> str:
        """Why it has ended for good, or empty."""
        if self._ended is None:
            return ""
        return self._retired or self._ended.text or self._ended.kind.value

    def next_time(self) -> float:
        """Return the monotonic time at which it wants to be looked at."""
        times = [due for due, _ in self._alarms.values()]
        if self._worker is not None:
            times.append(self._worker.next_time(self._now()))
        return min(times, default=float("inf"))

    @property
    def _phase(self) -> Phase:
        return Phase(self._core.which_children()[0].phase)

    @property
    def _is_at_work(self) -> bool:
        return self._worker is not None and self._worker.errand is not None

    # ----------------------------------------------------------------------------------------------------------- acting

    def want(self) -> None:
        """Start it, unless it has been started or waits for something else than to be wanted."""
        if not self._is_open:
            self._is_open = True
            self._effects.extend(self._core.open(self._now()))
        elif self._phase is Phase.HELD:
            self.tell(AlarmDue(self._child.id, self._core.which_children()[0].generation, Alarm.ASK_AGAIN))

    def give(self, generation: int, duty: D) -> None:
        """Give a generation something to do. One that is no more is given nothing."""
        if self._worker is not None and self._worker.owner.generation == generation:
            self._worker.give(duty)

    def tell(self, event: SuperviseEvent) -> None:
        """Tell the supervisor's core something. It is taken up at the next look, never amid anything else."""
        self._events.append(event)

    def kill_what_is_in_hand(self, text: str) -> int | None:
        """Take its browser away from whatever is at work with it; an idle one stays.

        One that was given something and has not begun it goes down before it does: nobody waits for that any more.

        Returns:
            The generation that ends for it, or None.
        """
        worker = self._worker
        if worker is None or not (self._is_at_work or worker.has_duties):
            return None
        end = KillChild if self._is_at_work else RecycleChild
        self.tell(end(self._child.id, worker.owner.generation, text))
        return worker.owner.generation

    def close(self, text: str, timeout: float | None) -> None:
        """Begin to end it for good, whatever is in hand; within `timeout` seconds, if there is such a bound."""
        if not self.is_closed:
            self.tell(Exit(text, force=True, timeout=timeout))

    def look(self) -> None:
        """Take up what has come, and begin what can be begun. It does not block.

        Raises:
            CrewFailedError, ConfigurationError, ProfileCorruptionError: As the worker does.
        """
        self._settle()
        if self._worker is not None:
            self._worker.look()
        self._ring_alarms()
        self._settle()

    def _now(self) -> float:
        return self._threads.environment.clock.monotonic()

    def _settle(self) -> None:
        # What is left over when somebody who is told raises is performed at the next look.
        while self._effects or self._events:
            if self._effects:
                self._perform(self._effects.popleft())
            else:
                event = self._events.popleft()
                self.is_left = self.is_left or self._is_late_to_be_cleared(event)
                self._effects.extend(self._core.handle(event, self._now()))

    def _is_late_to_be_cleared(self, event: SuperviseEvent) -> bool:
        """Whether this is the moment at which the core goes on without what the present generation owned."""
        child = self._core.which_children()[0]
        deadline = AlarmDue(child.child, child.generation, Alarm.CLEAR_DEADLINE)
        return event == deadline and self._phase is Phase.CLEARING

    def _ring_alarms(self) -> None:
        now = self._now()
        for alarm, (due, event) in tuple(self._alarms.items()):
            if now < due:
                continue
            del self._alarms[alarm]
            if alarm is Alarm.READY_DEADLINE and self._worker is not None and self._worker.lacks_a_thread:
                self._alarms[alarm] = (now + (self._child.ready_timeout or 0.0), event)  # it has not begun to start
            else:
                self.tell(event)

    # --------------------------------------------------------------------------------------- what the core has decided

    def _perform(self, effect: SuperviseEffect) -> None:
        match effect:
            case StartChild(child, generation):
                self._start(Owner(child, generation))
            case AskToStop(_, _, text):
                if self._worker is not None:
                    self._worker.end(text)
            case AskAlive(child, generation):
                self.tell(Alive(child, generation))  # whoever performs this is alive
            case KillOwned(_, generation, text):
                log.info("The browser, generation %d, is killed: %s", generation, text)
                self._kill_beside(generation)
            case Abandon():
                if self._worker is not None:
                    self._worker.leave()
                    self._worker = None
            case ClearOwned(_, generation):
                self._clear_beside(generation)
            case SetAlarm(alarm, delay):
                self._alarms[alarm.alarm] = (self._now() + delay, alarm)
            case AskGate(_, child, generation, reason, planned):
                self.tell(self._user.may_restart(RestartAsked(child, child, generation, reason, planned)))
            case Announce():
                self._announce(effect)
            case EndSelf(reason):
                self._ended = reason
                self._alarms.clear()
            case _:
                assert_never(effect)

    def _start(self, owner: Owner) -> None:
        def be_ready() -> None:
            self.tell(Ready(owner.worker, owner.generation))

        def go_down(reason: Reason) -> None:
            self._worker = None
            self.tell(Down(owner.worker, owner.generation, reason))

        self._worker = ErrandWorker(
            owner,
            self._user.visits(owner),
            Reports(be_ready, lambda: self.tell(Stable(owner.worker, owner.generation)), self._user.on_told),
            go_down,
            self._user.name_of,
            self._threads,
        )

    def _kill_beside(self, generation: int) -> None:
        """Kill what a generation owns, on a thread if there is one: the place where it lives may be slow to answer."""
        try:
            self._threads.environment.run_job("kill", lambda: self._child.kill(generation))
        except RuntimeError as error:  # the machine has no thread left
            log.warning("There is no thread to kill the browser with (%s). All else waits for it.", error)
            self._child.kill(generation)

    def _clear_beside(self, generation: int) -> None:
        def tell(gone: bool) -> None:
            self._threads.calls.put(lambda: self._on_cleared(generation, gone))

        try:
            self._threads.environment.run_job("clear", lambda: clear_up(self._child, generation, tell))
        except RuntimeError as error:  # the machine has no thread left
            log.warning("There is no thread to clear up with (%s). All else waits for it.", error)
            clear_up(self._child, generation, tell)

    def _on_cleared(self, generation: int, gone: bool) -> None:
        self.is_left = self.is_left or not gone
        self.tell(Cleared(self._child.id, generation, gone))

    def _announce(self, news: Announce) -> None:
        why = (news.reason.text or news.reason.kind.value) if news.reason is not None else ""
        log.info("The browser, generation %d: %s %s", news.generation, news.change.value, why)
        if news.change is ChildChange.RETIRED:
            self._retired = why
        self._user.on_child_event(
            ChildEvent(news.child, news.child, news.generation, news.change, news.reason, news.requested, news.delay)
        )
