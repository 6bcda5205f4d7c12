"""The children of one supervisor, and what is to be done at each move of one: the effects, the alarms, the news.

Which moves there are says `transitions.py`; who makes which, and when, is decided in `core.py`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from actors.supervise.effects import (
    Abandon,
    Announce,
    AskAlive,
    AskGate,
    AskToStop,
    ClearOwned,
    KillOwned,
    SetAlarm,
    StartChild,
    SuperviseEffect,
)
from actors.supervise.limits import restart_delay
from actors.supervise.rules import share_of, sharing_fate, why_it_ended
from actors.supervise.spec import ChildSpec, SupervisorSpec
from actors.supervise.transitions import LIVE, WAITING, ChildState, Event, Phase
from contracts.durations import spoken
from contracts.errors import ConfigurationError
from contracts.supervision import Alarm, AlarmDue, ChildChange, ExitKind, Reason

SECONDS_BETWEEN_QUESTIONS = 10.0
"""A gate that holds a restart is asked again after this time, since it may have died and forgotten."""
SHARE_OF_THE_THREAD = 0.75
"""Of a child's seconds in a forced shutdown, what its thread may take; the rest is for what it owns."""
SHARE_PASSED_ON = 0.9
"""Of the seconds a killed supervisor is waited for, what it may share out itself; the rest is for its own end."""


class Children:
    """The children, the time, and the effects that have come up.

    Args:
        spec: The supervisor's settings and children.
        last_generations: The highest generation each child's name has ever had, so that numbers are never reused.
    """

    def __init__(self, spec: SupervisorSpec, last_generations: Mapping[str, int]) -> None:
        self.spec = spec
        self.children = {child.id: ChildState(child, last_generations.get(child.id, 0)) for child in spec.children}
        self.now = 0.0
        self.effects: list[SuperviseEffect] = []
        self._random = random.Random(spec.seed)  # noqa: S311 - jitter, no secret
        self._forced = False
        self._force_by = float("inf")

    def add(self, spec: ChildSpec, last_generation: int) -> None:
        """Put a dynamic child behind the others.

        Raises:
            ConfigurationError: A child of that name is there, or there are as many as there may be.
        """
        most = self.spec.max_children
        if spec.id in self.children:
            raise ConfigurationError(f"There is a child called {spec.id} already.")
        if most is not None and len(self.children) >= most:
            raise ConfigurationError(f"There are {most} children already, as many as there may be.")
        self.children[spec.id] = ChildState(spec, last_generation)

    def take_effects(self) -> list[SuperviseEffect]:
        """Return what is to be done since the last call, the first first."""
        effects, self.effects = self.effects, []
        return effects

    # --------------------------------------------------------------------------------------------------------------- up

    def start(self, child: ChildState) -> None:
        """Start the next generation."""
        child.move(Event.TURN)
        child.generation += 1
        child.requested, child.planned, child.not_ready, child.reason = "", False, False, None
        child.unanswered = False
        child.ready_at, child.gone = None, True
        self.announce(child, ChildChange.STARTED)  # observers hear of it before the child can speak for itself
        self.effects.append(StartChild(child.spec.id, child.generation))
        if child.spec.ready_timeout is not None:
            self._alarm(child, Alarm.READY_DEADLINE, child.spec.ready_timeout)

    def be_ready(self, child: ChildState) -> None:
        """Take a child that said it is ready for what it says."""
        child.move(Event.READY)
        child.was_ready = True
        child.ready_at = self.now
        self.announce(child, ChildChange.READY)
        if child.spec.heartbeat_timeout is not None:
            self._alarm(child, Alarm.CHECK, child.spec.heartbeat_timeout / 2)

    def check(self, child: ChildState) -> None:
        """Ask a running child whether it is alive; one that has not answered the last time hangs."""
        if child.phase is not Phase.RUNNING or child.spec.heartbeat_timeout is None:
            return
        if child.unanswered:
            child.requested = f"no answer for {spoken(child.spec.heartbeat_timeout / 2)}"
            self.kill(child, child.requested, Event.SILENT)
            return
        child.unanswered = True
        self.effects.append(AskAlive(child.spec.id, child.generation))
        self._alarm(child, Alarm.CHECK, child.spec.heartbeat_timeout / 2)

    # ------------------------------------------------------------------------------------------------------------- down

    def stop(self, child: ChildState, text: str) -> None:
        """Have a child finish what it has in hand and end, as planned."""
        child.planned = True
        child.requested = child.requested or text
        # One that is starting has nothing in hand to finish, and what it starts may keep it from hearing of the stop.
        starting = child.phase is Phase.STARTING and child.spec.owns_something
        if child.spec.shutdown <= 0 or self._forced or starting:
            self.kill(child, text, Event.STOP)
            return
        child.move(Event.STOP, Phase.STOPPING)
        self.effects.append(AskToStop(child.spec.id, child.generation, text))
        self._alarm(child, Alarm.STOP_DEADLINE, child.spec.shutdown)

    def kill(self, child: ChildState, text: str, event: Event) -> None:
        """Kill what a child owns, and have its thread end."""
        child.move(event, Phase.KILLED)
        self.effects.append(KillOwned(child.spec.id, child.generation, text))
        self._await_down(child, text)

    def give_up(self, child: ChildState) -> None:
        """Go on without the thread of a child that was killed and does not come back."""
        self.effects.append(Abandon(child.spec.id, child.generation))
        self.go_down(child, Reason(ExitKind.HUNG, "its thread did not come back after it was killed"), Event.GIVEN_UP)

    def go_down(self, child: ChildState, reason: Reason, event: Event) -> None:
        """Note a child's end, and begin to clear away what it owned."""
        child.reason = why_it_ended(child, reason)
        child.lived = self.now - child.ready_at if child.ready_at is not None else 0.0
        self.announce(child, ChildChange.DOWN, child.reason)
        child.move(event)
        if child.spec.owns_something:
            self.effects.append(ClearOwned(child.spec.id, child.generation))
            self._await_cleared(child)
        else:
            child.gone = True

    def force(self, timeout: float | None) -> None:
        """Wait for nothing in hand any more, and be done within so many seconds, whoever hangs."""
        self._forced = True
        force_by = self.now + timeout if timeout is not None else float("inf")
        sooner = force_by < self._force_by
        self._force_by = min(force_by, self._force_by)
        for child in self.children.values():
            # The others follow one by one, each killed at once when its turn comes.
            if child.phase is Phase.STOPPING:
                self.kill(child, child.requested, Event.FORCE)
            elif child.phase is Phase.KILLED and sooner:
                self._await_down(child, child.requested)
            elif child.phase is Phase.CLEARING and child.spec.owns_something and sooner:
                self._await_cleared(child)

    def _await_down(self, child: ChildState, text: str) -> None:
        """Tell a killed child to end, and give it up when it has not in time."""
        seconds = self._share_of(child)
        if child.spec.owns_something:
            seconds *= SHARE_OF_THE_THREAD
        seconds = min(child.spec.kill_timeout, seconds)
        timeout = seconds * SHARE_PASSED_ON
        self.effects.append(AskToStop(child.spec.id, child.generation, text, force=True, timeout=timeout))
        self._alarm(child, Alarm.DOWN_DEADLINE, seconds)

    def _await_cleared(self, child: ChildState) -> None:
        """Give up clearing away what a child owned when it takes too long: the code that does it may hang."""
        seconds = child.spec.confirm_timeout + child.spec.cleanup_timeout
        self._alarm(child, Alarm.CLEAR_DEADLINE, min(seconds, self._share_of(child)))

    def _share_of(self, child: ChildState) -> float:
        return share_of(child, self.children.values(), self.spec, self._force_by - self.now)

    # ------------------------------------------------------------------------------------------------- up again, or not

    def ask(self, child: ChildState, reason: Reason, event: Event, *, planned: bool) -> None:
        """Ask the gate whether a child may start again."""
        child.move(event, Phase.ASKING)
        assert child.spec.gate is not None  # noqa: S101 - the callers looked
        self.effects.append(AskGate(child.spec.gate, child.spec.id, child.generation, reason, planned))
        self._alarm(child, Alarm.VERDICT_DEADLINE, self.spec.verdict_timeout)

    def hold(self, child: ChildState) -> None:
        """Wait with a restart, as the gate wishes, and ask again."""
        child.move(Event.HOLD)
        self._alarm(child, Alarm.ASK_AGAIN, SECONDS_BETWEEN_QUESTIONS)

    def back_off(self, child: ChildState, event: Event) -> None:
        """Wait as long as the failures in a row demand, then start again."""
        if child.lived >= self.spec.intensity.stable_after > 0:
            child.failures = 0
        child.failures += 1
        delay = restart_delay(self.spec.intensity, child.failures, self._random)
        self.announce(child, ChildChange.RESTARTING, child.reason, delay=delay)
        if delay > 0:
            child.move(event, Phase.BACKOFF)
            self._alarm(child, Alarm.BACKOFF, delay)
        else:
            child.move(event, Phase.IDLE)

    def share_fate(self, child: ChildState) -> None:
        """Plan the end of those who go down with a child that ended, as the strategy says."""
        for name in sharing_fate(self.spec.strategy, list(self.children), child.spec.id):
            sibling = self.children[name]
            sibling.was_ready = False
            if sibling.phase in LIVE or sibling.phase is Phase.CLEARING:
                sibling.planned = True
                sibling.requested = sibling.requested or f"{child.spec.id} ended, which it depends on"
            elif sibling.phase in WAITING:
                sibling.move(Event.SIBLING_DOWN)
        child.was_ready = False

    def end(self, child: ChildState, event: Event) -> None:
        """Leave a child down, as it should be."""
        child.move(event, Phase.ENDED)
        self.announce(child, ChildChange.STOPPED, child.reason)

    def retire(self, child: ChildState, reason: Reason, event: Event) -> None:
        """Leave a child down for good, since it cannot be started again."""
        child.move(event)
        self.announce(child, ChildChange.RETIRED, reason)

    # ------------------------------------------------------------------------------------------------------------------

    def announce(self, child: ChildState, change: ChildChange, reason: Reason | None = None, delay: float = 0) -> None:
        """Tell the observers of a change."""
        requested = change is ChildChange.DOWN and bool(child.requested)
        self.effects.append(Announce(child.spec.id, child.generation, change, reason, requested, delay))

    def _alarm(self, child: ChildState, alarm: Alarm, delay: float) -> None:
        self.effects.append(SetAlarm(AlarmDue(child.spec.id, child.generation, alarm), delay))
