"""The supervisor's decisions, without actors, threads or time of its own.

A child is in one phase at a time:

    IDLE --start--> STARTING --ready--> RUNNING
    STARTING / RUNNING --asked to stop--> STOPPING --too slow--> KILLED --still there--> (abandoned)
    any of them --Down--> CLEARING --Cleared--> ASKING (a gate) / BACKOFF / IDLE / ENDED
    CLEARING --not gone, or not cleared in time--> RETIRED
    ASKING --hold--> HELD;  ASKING, HELD --retire--> RETIRED;  BACKOFF --timer--> IDLE

`handle` takes one event and the time and returns effects. It never starts a generation before the one before it is
confirmed dead (invariant 8), starts nothing once it is closing (13), counts each abnormal end once against the sliding
window (10), and takes every event of an older generation for what it is: history.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import assert_never

from actors.supervise.child import FINAL, LIVE, SETTLED, WAITING, ChildState, Phase, count
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
from actors.supervise.limits import RestartWindow, backoff
from actors.supervise.plan import next_to_start, next_to_stop, share_of
from actors.supervise.rules import ends_supervisor, restarts, sharing_fate, why_it_ended
from actors.supervise.spec import ChildSpec, Restart, SupervisorSpec
from contracts.errors import ConfigurationError
from contracts.supervision import (
    Alarm,
    AlarmDue,
    Alive,
    ChildChange,
    ChildCounts,
    ChildInfo,
    Cleared,
    Decision,
    Down,
    Exit,
    ExitKind,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    RemoveChild,
    Stable,
    Verdict,
)

SECONDS_BETWEEN_QUESTIONS = 10.0
"""A gate that holds a restart is asked again after this time, since it may have died and forgotten."""
SHARE_OF_THE_THREAD = 0.75
"""Of a child's seconds in a forced shutdown, what its thread may take; the rest is for what it owns."""
SHARE_PASSED_ON = 0.9
"""Of the seconds a killed supervisor is waited for, what it may share out itself; the rest is for its own end."""


class SuperviseCore:
    """Decides for one supervisor.

    Args:
        spec: Its settings and children.
        last_generations: The highest generation each child's name has ever had, so that numbers are never reused.
    """

    def __init__(self, spec: SupervisorSpec, last_generations: Mapping[str, int] | None = None) -> None:
        known = last_generations or {}
        self._spec = spec
        self._random = random.Random(spec.seed)  # noqa: S311 - jitter, no secret
        self._children = {child.id: ChildState(child, known.get(child.id, 0)) for child in spec.children}
        self._window = RestartWindow(spec.intensity)
        self._now = 0.0
        self._closing: Reason | None = None
        self._forced = False
        self._force_by = float("inf")
        self._ended = False
        self._effects: list[SuperviseEffect] = []

    # ------------------------------------------------------------------------------------------------------- looking

    def which_children(self) -> tuple[ChildInfo, ...]:
        """Return every child with its generation and phase, in start order."""
        return tuple(ChildInfo(name, child.generation, child.phase.value) for name, child in self._children.items())

    def count_children(self) -> ChildCounts:
        """Return how many children there are in each state."""
        return count(self._children.values())

    @property
    def is_closing(self) -> bool:
        """Whether nothing will be started any more."""
        return self._closing is not None

    # --------------------------------------------------------------------------------------------------------- acting

    def open(self, now: float) -> list[SuperviseEffect]:
        """Start the children. Call it once, before any event."""
        self._now = now
        return self._settle()

    def add(self, spec: ChildSpec, last_generation: int, now: float) -> list[SuperviseEffect]:
        """Add a dynamic child behind the others; start it when its turn comes.

        Raises:
            ConfigurationError: A child of that name is there, there are as many as there may be, or all are ending.
        """
        self._now = now
        most = self._spec.max_children
        if spec.id in self._children:
            raise ConfigurationError(f"There is a child called {spec.id} already.")
        if most is not None and len(self._children) >= most:
            raise ConfigurationError(f"There are {most} children already, as many as there may be.")
        if self._closing is not None:
            raise ConfigurationError(f"{spec.id} comes too late: {self._closing.text or self._closing.kind.value}.")
        self._children[spec.id] = ChildState(spec, last_generation)
        return self._settle()

    def handle(self, event: SuperviseEvent, now: float) -> list[SuperviseEffect]:
        """Take one event at monotonic time `now` and return what is to be done, in order."""
        self._now = now
        if isinstance(event, Exit):
            self._close(Reason(ExitKind.SHUTDOWN, event.text))
            if event.force:
                self._force(event.within)
            return self._settle()
        child = self._children.get(event.child)
        current = child is not None and (isinstance(event, RemoveChild) or event.generation == child.generation)
        if child is None or not current or self._ended:
            return []
        match event:
            case Ready():
                self._on_ready(child)
            case Stable():
                child.failures = 0
            case Alive():
                child.unanswered = False
            case Down():
                if child.phase in LIVE:
                    self._on_down(child, event.reason)
            case Cleared():
                if child.phase is Phase.CLEARING:
                    self._on_cleared(child, event.gone)
            case AlarmDue():
                self._on_alarm(child, event.alarm)
            case Verdict():
                self._on_verdict(child, event)
            case KillChild():
                if child.phase in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING):
                    child.ordered = child.ordered or event.text
                    self._kill(child, event.text)
            case RecycleChild():
                if child.phase is Phase.RUNNING:
                    self._stop(child, event.text)
            case RemoveChild():
                child.remove = True
            case _:
                assert_never(event)
        return self._settle()

    # -------------------------------------------------------------------------------------------------- single events

    def _on_ready(self, child: ChildState) -> None:
        if child.phase is Phase.STARTING:
            child.phase = Phase.RUNNING
            child.was_ready = True
            child.ready_at = self._now
            self._announce(child, ChildChange.READY)
            if child.spec.silence is not None:
                self._alarm(child, Alarm.CHECK, child.spec.silence / 2)

    def _on_down(self, child: ChildState, reason: Reason) -> None:
        child.reason = reason = why_it_ended(child, reason)
        child.lived = self._now - child.ready_at if child.ready_at is not None else 0.0
        self._announce(child, ChildChange.DOWN, reason)
        child.phase = Phase.CLEARING
        if child.spec.owns_something:
            self._effects.append(ClearOwned(child.spec.id, child.generation))
            self._await_cleared(child)
        else:
            child.gone = True

    def _on_cleared(self, child: ChildState, gone: bool) -> None:
        child.gone = gone
        self._after_clearing(child)

    def _after_clearing(self, child: ChildState) -> None:
        reason = child.reason or Reason(ExitKind.NORMAL)
        if not child.gone:
            self._retire(child, Reason(reason.kind, f"what it owned could not be cleared away ({reason.text})"))
            return
        if self._closing is not None or child.remove:
            self._end(child)
            return
        if child.planned:
            if child.spec.restart is Restart.TEMPORARY:
                self._end(child)
            elif child.spec.gate is not None:
                self._ask(child, reason, planned=True)
            else:
                child.phase = Phase.IDLE
            return
        if not restarts(child.spec.restart, reason):
            self._end(child)
            self._significant_end(child, reason)
            return
        if not self._window.admits(self._now):
            self._close(
                Reason(
                    ExitKind.GAVE_UP,
                    f"{self._window}; the last was {child.spec.id}: {reason.text or reason.kind.value}",
                )
            )
            child.phase = Phase.ENDED
            return
        self._share_fate(child)
        if child.spec.gate is None:
            self._back_off(child)
        else:
            self._ask(child, reason, planned=False)

    def _ask(self, child: ChildState, reason: Reason, *, planned: bool) -> None:
        child.phase = Phase.ASKING
        assert child.spec.gate is not None  # noqa: S101 - the callers looked
        self._effects.append(AskGate(child.spec.gate, child.spec.id, child.generation, reason, planned))
        self._alarm(child, Alarm.VERDICT_DEADLINE, self._spec.verdict_within)

    def _on_alarm(self, child: ChildState, alarm: Alarm) -> None:
        match alarm:
            case Alarm.READY_DEADLINE:
                if child.phase is Phase.STARTING:
                    child.not_ready = True
                    self._kill(child, "it did not become ready in time")
            case Alarm.STOP_DEADLINE:
                if child.phase is Phase.STOPPING:
                    self._kill(child, "it did not stop in time")
            case Alarm.DOWN_DEADLINE:
                if child.phase is Phase.KILLED:
                    self._effects.append(Abandon(child.spec.id, child.generation))
                    self._on_down(child, Reason(ExitKind.HUNG, "its thread did not come back after it was killed"))
            case Alarm.CLEAR_DEADLINE:
                if child.phase is Phase.CLEARING:
                    self._on_cleared(child, gone=False)
            case Alarm.VERDICT_DEADLINE:
                if child.phase is Phase.ASKING:
                    self._resume(child)
            case Alarm.CHECK:
                self._check(child)
            case Alarm.ASK_AGAIN:
                if child.phase is Phase.HELD:
                    self._ask(child, child.reason or Reason(ExitKind.NORMAL), planned=child.planned)
            case Alarm.BACKOFF:
                if child.phase is Phase.BACKOFF:
                    child.phase = Phase.IDLE
            case _:
                assert_never(alarm)

    def _check(self, child: ChildState) -> None:
        """Ask a running child whether it is alive; one that has not answered the last time hangs."""
        if child.phase is not Phase.RUNNING or child.spec.silence is None:
            return
        if child.unanswered:
            child.ordered = f"no answer for {child.spec.silence / 2:g} s"
            self._kill(child, child.ordered)
            return
        child.unanswered = True
        self._effects.append(AskAlive(child.spec.id, child.generation))
        self._alarm(child, Alarm.CHECK, child.spec.silence / 2)

    def _on_verdict(self, child: ChildState, verdict: Verdict) -> None:
        if child.phase not in (Phase.ASKING, Phase.HELD):
            return
        match verdict.decision:
            case Decision.LET_GO:
                self._resume(child)
            case Decision.HOLD:
                child.phase = Phase.HELD
                self._alarm(child, Alarm.ASK_AGAIN, SECONDS_BETWEEN_QUESTIONS)
            case Decision.RETIRE:
                kind = child.reason.kind if child.reason is not None else ExitKind.CRASHED
                self._retire(child, Reason(kind, verdict.text))
            case _:
                assert_never(verdict.decision)

    def _resume(self, child: ChildState) -> None:
        if child.planned:
            child.phase = Phase.IDLE
        else:
            self._back_off(child)

    # --------------------------------------------------------------------------------------------------- their pieces

    def _share_fate(self, child: ChildState) -> None:
        affected = sharing_fate(self._spec.strategy, list(self._children), child.spec.id)
        for name in affected:
            sibling = self._children[name]
            sibling.was_ready = False
            if sibling.phase in LIVE or sibling.phase is Phase.CLEARING:
                sibling.planned = True
                sibling.ordered = sibling.ordered or f"{child.spec.id} ended, which it depends on"
            elif sibling.phase in WAITING:
                sibling.phase = Phase.IDLE
        child.was_ready = False

    def _back_off(self, child: ChildState) -> None:
        if child.lived >= self._spec.intensity.stable_after > 0:
            child.failures = 0
        child.failures += 1
        delay = backoff(self._spec.intensity, child.failures, self._random)
        self._announce(child, ChildChange.RESTARTING, child.reason, delay=delay)
        if delay > 0:
            child.phase = Phase.BACKOFF
            self._alarm(child, Alarm.BACKOFF, delay)
        else:
            child.phase = Phase.IDLE

    def _end(self, child: ChildState) -> None:
        child.phase = Phase.ENDED
        self._announce(child, ChildChange.STOPPED, child.reason)

    def _retire(self, child: ChildState, reason: Reason) -> None:
        child.phase = Phase.RETIRED
        self._announce(child, ChildChange.RETIRED, reason)
        self._significant_end(child, reason)

    def _significant_end(self, child: ChildState, reason: Reason) -> None:
        if not child.spec.significant or child.remove or self._closing is not None:
            return
        if ends_supervisor(self._spec.auto_shutdown, self._children.values()):
            self._close(Reason(ExitKind.GAVE_UP, f"{child.spec.id} ended for good: {reason.text or reason.kind.value}"))

    def _start(self, child: ChildState) -> None:
        child.generation += 1
        child.phase = Phase.STARTING
        child.ordered, child.planned, child.not_ready, child.reason = "", False, False, None
        child.unanswered = False
        child.ready_at, child.gone = None, True
        self._announce(child, ChildChange.STARTED)  # observers hear of it before the child can speak for itself
        self._effects.append(StartChild(child.spec.id, child.generation))
        if child.spec.ready_within is not None:
            self._alarm(child, Alarm.READY_DEADLINE, child.spec.ready_within)

    def _stop(self, child: ChildState, text: str) -> None:
        child.planned = True
        child.ordered = child.ordered or text
        # One that is starting has nothing in hand to finish, and what it starts may keep it from hearing of the stop.
        starting = child.phase is Phase.STARTING and child.spec.owns_something
        if child.spec.shutdown <= 0 or self._forced or starting:
            self._kill(child, text)
            return
        child.phase = Phase.STOPPING
        self._effects.append(AskToStop(child.spec.id, child.generation, text))
        self._alarm(child, Alarm.STOP_DEADLINE, child.spec.shutdown)

    def _kill(self, child: ChildState, text: str) -> None:
        child.phase = Phase.KILLED
        self._effects.append(KillOwned(child.spec.id, child.generation, text))
        self._await_down(child, text)

    def _await_down(self, child: ChildState, text: str) -> None:
        """Tell a killed child to end, and give it up when it has not in time."""
        seconds = self._share_of(child)
        if child.spec.owns_something:
            seconds *= SHARE_OF_THE_THREAD
        seconds = min(child.spec.force, seconds)
        within = seconds * SHARE_PASSED_ON
        self._effects.append(AskToStop(child.spec.id, child.generation, text, force=True, within=within))
        self._alarm(child, Alarm.DOWN_DEADLINE, seconds)

    def _await_cleared(self, child: ChildState) -> None:
        """Give up clearing away what a child owned when it takes too long: the code that does it may hang."""
        seconds = child.spec.confirm_within + child.spec.cleanup_within
        self._alarm(child, Alarm.CLEAR_DEADLINE, min(seconds, self._share_of(child)))

    def _share_of(self, child: ChildState) -> float:
        return share_of(child, self._children.values(), self._spec, self._force_by - self._now)

    def _close(self, reason: Reason) -> None:
        if self._closing is None:
            self._closing = reason

    def _force(self, within: float | None) -> None:
        """Wait for nothing in hand any more, and be done within so many seconds, whoever hangs."""
        self._forced = True
        force_by = self._now + within if within is not None else float("inf")
        sooner = force_by < self._force_by
        self._force_by = min(force_by, self._force_by)
        for child in self._children.values():
            # The others follow in their order, each killed at once when its turn comes.
            if child.phase is Phase.STOPPING:
                self._kill(child, child.ordered)
            elif child.phase is Phase.KILLED and sooner:
                self._await_down(child, child.ordered)
            elif child.phase is Phase.CLEARING and child.spec.owns_something and sooner:
                self._await_cleared(child)

    def _alarm(self, child: ChildState, alarm: Alarm, delay: float) -> None:
        self._effects.append(SetAlarm(AlarmDue(child.spec.id, child.generation, alarm), delay))

    def _announce(self, child: ChildState, change: ChildChange, reason: Reason | None = None, delay: float = 0) -> None:
        ordered = change is ChildChange.DOWN and bool(child.ordered)
        self._effects.append(Announce(child.spec.id, child.generation, change, reason, ordered, delay))

    # ------------------------------------------------------------------------------------------------------- the plan

    def _settle(self) -> list[SuperviseEffect]:
        """Bring the children to where they should be, as far as the present allows, and return all effects."""
        moved = True
        while moved and not self._ended:
            moved = self._clear_the_empty_handed() or self._stop_those_who_must() or self._start_those_who_may()
        if self._closing is not None and not self._ended:
            self._end_if_empty()
        effects, self._effects = self._effects, []
        return effects

    def _clear_the_empty_handed(self) -> bool:
        for child in self._children.values():
            if child.phase is Phase.CLEARING and not child.spec.owns_something:
                self._after_clearing(child)
                return True
        return False

    def _stop_those_who_must(self) -> bool:
        for name in [name for name, one in self._children.items() if one.remove and one.phase in FINAL and one.gone]:
            del self._children[name]  # while what it owned may live, its name must not be used again
        child = next_to_stop(self._children.values(), self._spec, closing=self.is_closing)
        if child is None:
            return False
        if child.phase in (Phase.STARTING, Phase.RUNNING):
            self._stop(child, child.ordered or (self._closing.text if self._closing is not None else "removed"))
        else:
            self._end(child)
        return True

    def _start_those_who_may(self) -> bool:
        child = None if self.is_closing else next_to_start(self._children.values(), self._spec)
        if child is not None:
            self._start(child)
        return child is not None

    def _end_if_empty(self) -> None:
        if self._closing is not None and all(child.phase in SETTLED for child in self._children.values()):
            self._ended = True
            self._effects.append(EndSelf(self._closing))
