"""The supervisor's decisions, without actors, threads or time of its own.

Where a child stands, and where it can go from there, is the table in `transitions.py`. Here is decided which of the
possible moves is made, and when.

`handle` takes one event and the time and returns effects. It never starts a generation before the one before it is
confirmed dead (invariant 8), starts nothing once it is closing (13), counts each abnormal end once against the sliding
window (10), and takes every event of an older generation for what it is: history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from actors.supervise.children import Children
from actors.supervise.effects import EndSelf, SuperviseEffect, SuperviseEvent
from actors.supervise.limits import RestartWindow
from actors.supervise.rules import ends_supervisor, next_to_start, next_to_stop, restarts
from actors.supervise.spec import ChildSpec, Restart, SupervisorSpec
from actors.supervise.transitions import FINAL, LIVE, SETTLED, ChildState, Event, Phase, count
from contracts.errors import ConfigurationError
from contracts.supervision import (
    Alarm,
    AlarmDue,
    Alive,
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


class SuperviseCore:
    """Decides for one supervisor.

    Args:
        spec: Its settings and children.
        last_generations: The highest generation each child's name has ever had, so that numbers are never reused.
    """

    def __init__(self, spec: SupervisorSpec, last_generations: Mapping[str, int] | None = None) -> None:
        self._spec = spec
        self._children = Children(spec, last_generations or {})
        self._by_id = self._children.children
        self._window = RestartWindow(spec.intensity)
        self._closing: Reason | None = None
        self._ended = False

    # ---------------------------------------------------------------------------------------------------------- looking

    def which_children(self) -> tuple[ChildInfo, ...]:
        """Return every child with its generation and phase, the first started first."""
        return tuple(ChildInfo(name, child.generation, child.phase.value) for name, child in self._by_id.items())

    def count_children(self) -> ChildCounts:
        """Return how many children there are in each state."""
        return count(self._by_id.values())

    @property
    def is_closing(self) -> bool:
        """Whether nothing will be started any more."""
        return self._closing is not None

    # ----------------------------------------------------------------------------------------------------------- acting

    def open(self, now: float) -> list[SuperviseEffect]:
        """Start the children. Call it once, before any event."""
        self._children.now = now
        return self._settle()

    def add(self, spec: ChildSpec, last_generation: int, now: float) -> list[SuperviseEffect]:
        """Add a dynamic child behind the others; start it when its turn comes.

        Raises:
            ConfigurationError: A child of that name is there, there are as many as there may be, or all are ending.
        """
        self._children.now = now
        if self._closing is not None:
            raise ConfigurationError(f"{spec.id} comes too late: {self._closing.text or self._closing.kind.value}.")
        self._children.add(spec, last_generation)
        return self._settle()

    def handle(self, event: SuperviseEvent, now: float) -> list[SuperviseEffect]:
        """Take one event at monotonic time `now` and return what is to be done, the first first."""
        self._children.now = now
        if isinstance(event, Exit):
            self._close(Reason(ExitKind.SHUTDOWN, event.text))
            if event.force:
                self._children.force(event.timeout)
            return self._settle()
        child = self._by_id.get(event.child)
        current = child is not None and (isinstance(event, RemoveChild) or event.generation == child.generation)
        if child is None or not current or self._ended:
            return []
        match event:
            case Ready():
                if child.phase is Phase.STARTING:
                    self._children.be_ready(child)
            case Stable():
                if child.phase is not Phase.BACKOFF:  # too late: a wait that has begun is not taken back
                    child.failures = 0
            case Alive():
                child.unanswered = False
            case Down():
                if child.phase in LIVE:
                    self._children.go_down(child, event.reason, Event.DOWN)
            case Cleared():
                if child.phase is Phase.CLEARING:
                    self._on_cleared(child, event.gone)
            case AlarmDue():
                self._on_alarm(child, event.alarm)
            case Verdict():
                self._on_verdict(child, event)
            case KillChild():
                if child.phase in (Phase.STARTING, Phase.RUNNING, Phase.STOPPING):
                    child.requested = child.requested or event.text
                    self._children.kill(child, event.text, Event.KILL)
            case RecycleChild():
                if child.phase is Phase.RUNNING:
                    self._children.stop(child, event.text)
            case RemoveChild():
                child.remove = True
            case _:
                assert_never(event)
        return self._settle()

    # ---------------------------------------------------------------------------------------------------- single events

    def _on_cleared(self, child: ChildState, gone: bool) -> None:
        child.gone = gone
        self._after_clearing(child)

    def _after_clearing(self, child: ChildState) -> None:
        reason = child.reason or Reason(ExitKind.NORMAL)
        if not child.gone:
            text = f"what it owned could not be cleared away ({reason.text})"
            self._retire(child, Reason(reason.kind, text), Event.LEFT_OVER)
            return
        if self._closing is not None or child.remove:
            self._children.end(child, Event.CLEARED)
            return
        if child.planned:
            self._after_a_planned_end(child, reason)
            return
        if not restarts(child.spec.restart, reason):
            self._children.end(child, Event.CLEARED)
            self._significant_end(child, reason)
            return
        if not self._window.admits(self._children.now):
            last = f"the last was {child.spec.id}: {reason.text or reason.kind.value}"
            self._close(Reason(ExitKind.GAVE_UP, f"{self._window}; {last}"))
            child.move(Event.CLEARED, Phase.ENDED)
            return
        self._children.share_fate(child)
        if child.spec.gate is None:
            self._children.back_off(child, Event.CLEARED)
        else:
            self._children.ask(child, reason, Event.CLEARED, planned=False)

    def _after_a_planned_end(self, child: ChildState, reason: Reason) -> None:
        if child.spec.restart is Restart.TEMPORARY:
            self._children.end(child, Event.CLEARED)
        elif child.spec.gate is not None:
            self._children.ask(child, reason, Event.CLEARED, planned=True)
        else:
            child.move(Event.CLEARED, Phase.IDLE)

    def _on_alarm(self, child: ChildState, alarm: Alarm) -> None:
        match alarm:
            case Alarm.READY_DEADLINE:
                if child.phase is Phase.STARTING:
                    child.not_ready = True
                    self._children.kill(child, "it did not become ready in time", Event.NOT_READY)
            case Alarm.STOP_DEADLINE:
                if child.phase is Phase.STOPPING:
                    self._children.kill(child, "it did not stop in time", Event.TOO_SLOW)
            case Alarm.DOWN_DEADLINE:
                if child.phase is Phase.KILLED:
                    self._children.give_up(child)
            case Alarm.CLEAR_DEADLINE:
                if child.phase is Phase.CLEARING:
                    self._on_cleared(child, gone=False)
            case Alarm.VERDICT_DEADLINE:
                if child.phase is Phase.ASKING:
                    self._resume(child, Event.NO_VERDICT)
            case Alarm.CHECK:
                self._children.check(child)
            case Alarm.ASK_AGAIN:
                if child.phase is Phase.HELD:
                    reason = child.reason or Reason(ExitKind.NORMAL)
                    self._children.ask(child, reason, Event.ASK_AGAIN, planned=child.planned)
            case Alarm.BACKOFF:
                if child.phase is Phase.BACKOFF:
                    child.move(Event.WAITED)
            case _:
                assert_never(alarm)

    def _on_verdict(self, child: ChildState, verdict: Verdict) -> None:
        if child.phase not in (Phase.ASKING, Phase.HELD):
            return
        match verdict.decision:
            case Decision.LET_GO:
                self._resume(child, Event.LET_GO)
            case Decision.HOLD:
                self._children.hold(child)
            case Decision.RETIRE:
                kind = child.reason.kind if child.reason is not None else ExitKind.CRASHED
                self._retire(child, Reason(kind, verdict.text), Event.REFUSE)
            case _:
                assert_never(verdict.decision)

    def _resume(self, child: ChildState, event: Event) -> None:
        if child.planned:
            child.move(event, Phase.IDLE)
        else:
            self._children.back_off(child, event)

    # --------------------------------------------------------------------------------------------------------- for good

    def _retire(self, child: ChildState, reason: Reason, event: Event) -> None:
        self._children.retire(child, reason, event)
        self._significant_end(child, reason)

    def _significant_end(self, child: ChildState, reason: Reason) -> None:
        if not child.spec.significant or child.remove or self._closing is not None:
            return
        if ends_supervisor(self._spec.auto_shutdown, self._by_id.values()):
            self._close(Reason(ExitKind.GAVE_UP, f"{child.spec.id} ended for good: {reason.text or reason.kind.value}"))

    def _close(self, reason: Reason) -> None:
        if self._closing is None:
            self._closing = reason

    # --------------------------------------------------------------------------------------------------------- the plan

    def _settle(self) -> list[SuperviseEffect]:
        """Bring the children to where they should be, as far as the present allows, and return all effects."""
        moved = True
        while moved and not self._ended:
            moved = self._clear_the_empty_handed() or self._stop_those_who_must() or self._start_those_who_may()
        if self._closing is not None and not self._ended:
            self._end_if_empty()
        return self._children.take_effects()

    def _clear_the_empty_handed(self) -> bool:
        for child in self._by_id.values():
            if child.phase is Phase.CLEARING and not child.spec.owns_something:
                self._after_clearing(child)
                return True
        return False

    def _stop_those_who_must(self) -> bool:
        for name in [name for name, one in self._by_id.items() if one.remove and one.phase in FINAL and one.gone]:
            del self._by_id[name]  # while what it owned may live, its name must not be used again
        child = next_to_stop(self._by_id.values(), self._spec, closing=self.is_closing)
        if child is None:
            return False
        if child.phase in (Phase.STARTING, Phase.RUNNING):
            self._children.stop(
                child, child.requested or (self._closing.text if self._closing is not None else "removed")
            )
        else:
            self._children.end(child, Event.LEAVE_DOWN)
        return True

    def _start_those_who_may(self) -> bool:
        child = None if self.is_closing else next_to_start(self._by_id.values(), self._spec)
        if child is not None:
            self._children.start(child)
        return child is not None

    def _end_if_empty(self) -> None:
        if self._closing is not None and all(child.phase in SETTLED for child in self._by_id.values()):
            self._ended = True
            self._children.effects.append(EndSelf(self._closing))
