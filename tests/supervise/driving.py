"""Drives a supervisor's core without actors: alarms on a clock of its own, and a list of who lives and owns what.

It checks at each effect what must hold always: no start while the generation before lives or owns something
(invariant 8), none after closing began (13), and one end of the supervisor at most.
"""

from __future__ import annotations

from typing import Any

from actors.supervise.core import SuperviseCore
from actors.supervise.effects import (
    Announce,
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
from actors.supervise.spec import ChildSpec, SupervisorSpec
from contracts.config import RestartIntensity
from contracts.supervision import (
    AlarmDue,
    ChildChange,
    Cleared,
    Down,
    Exit,
    ExitKind,
    Ready,
    Reason,
)

CRASH = Reason(ExitKind.CRASHED, "it broke")
NO_WAIT = RestartIntensity(max_restarts=30, first_delay=0.0)


def nobody(_context: object) -> Any:
    """Stand for the factory of an actor; a core never calls it."""
    raise AssertionError("a core starts nothing")


def owned(_generation: int) -> None:
    """Stand for the killing of something outside Python; a core never calls it."""


def child(name: str, *, owns: bool = False, **fields: Any) -> ChildSpec:
    """Make a child spec."""
    if owns:
        fields["kill"] = owned
    return ChildSpec(id=name, start=nobody, **fields)


class Tree:
    """A core at work. Children report ready at once unless told otherwise."""

    def __init__(self, *children: ChildSpec, ready: bool = True, **fields: Any) -> None:
        fields.setdefault("intensity", NO_WAIT)
        self.spec = SupervisorSpec(children=children, **fields)
        self.core = SuperviseCore(self.spec)
        self.now = 100.0
        self.alarms: list[tuple[float, int, AlarmDue]] = []
        self.log: list[str] = []
        self.effects: list[SuperviseEffect] = []
        self.alive: dict[str, int] = {}
        self.owning: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.reasons: dict[str, Reason] = {}
        self.asked: list[AskGate] = []
        self.delays: list[float] = []
        self.ended: Reason | None = None
        self._owns = {spec.id: spec.owns_something for spec in children}
        self._take(self.core.open(self.now))
        if ready:
            self.ready_all()

    def _take(self, effects: list[SuperviseEffect]) -> None:
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case StartChild(name, generation):
                    assert not self.core.is_closing, "nothing starts once closing has begun"
                    assert name not in self.alive, "a generation starts only when the one before is down"
                    assert name not in self.owning, "and when what it owned is confirmed gone"
                    assert generation == self.last.get(name, 0) + 1, "generations count up by one"
                    self.last[name] = generation
                    self.alive[name] = generation
                    self.log.append(f"start {name}")
                case AskToStop(name, generation, _, force, _):
                    if self.alive.get(name) == generation:
                        self.log.append(f"{'force' if force else 'stop'} {name}")
                case KillOwned(name):
                    self.log.append(f"kill {name}")
                case ClearOwned(name):
                    self.log.append(f"clear {name}")
                case SetAlarm(alarm, delay):
                    assert delay >= 0
                    self.alarms.append((self.now + delay, len(self.effects), alarm))
                case AskGate():
                    self.asked.append(effect)
                case Announce(name, generation, change, reason, _, delay):
                    if change is ChildChange.DOWN and reason is not None:
                        self.reasons[name] = reason
                        if self._owns.get(name):
                            self.owning[name] = generation
                        self.alive.pop(name, None)  # an abandoned thread counts as gone
                        self.log.append(f"down {name}")
                    elif change is ChildChange.RESTARTING:
                        self.delays.append(delay)
                    elif change in (ChildChange.RETIRED, ChildChange.STOPPED):
                        self.log.append(f"{change.value} {name}")
                case EndSelf(reason):
                    assert self.ended is None, "a supervisor ends once"
                    assert not self.alive, f"a supervisor ends after its children: {self.alive}"
                    self.ended = reason
                    self.log.append("end")

    def do(self, event: SuperviseEvent) -> None:
        """Give the core one event."""
        self._take(self.core.handle(event, self.now))

    def ready(self, *names: str) -> None:
        """Let these children report ready."""
        for name in names:
            self.do(Ready(name, self.last[name]))

    def ready_all(self) -> None:
        """Let every child that lives report ready, also those that start because of it."""
        for _ in range(20):
            for name in list(self.alive):
                self.do(Ready(name, self.last[name]))

    def down(self, name: str, reason: Reason = CRASH, *, cleared: bool = True) -> None:
        """Let a child's generation end, and what it owned be gone unless told otherwise."""
        generation = self.alive.pop(name)
        self.do(Down(name, generation, reason))
        if cleared and self._owns.get(name):
            self.clear(name)

    def clear(self, name: str, *, gone: bool = True) -> None:
        """Let what a child owned be confirmed gone, or not."""
        generation = self.owning.pop(name) if gone else self.owning[name]
        self.do(Cleared(name, generation, gone))

    def crash(self, name: str) -> None:
        """Let a child crash and its next generation report ready, if one starts at once."""
        self.down(name)
        self.ready_all()

    def obey(self) -> None:
        """Let every child that was asked to stop do so, until nobody is asked any more."""
        for _ in range(50):
            asked = [name for name in self.alive if self.phase(name) in ("stopping", "killed")]
            if not asked:
                return
            self.down(asked[0], Reason(ExitKind.SHUTDOWN))

    def exit(self, *, force: bool = False, timeout: float | None = None) -> None:
        """Ask the supervisor to end."""
        self.do(Exit("the end", force, timeout))

    def has_ended(self) -> bool:
        """Whether the supervisor has."""
        return self.ended is not None

    def advance(self, seconds: float) -> None:
        """Let time pass and alarms ring, in their order."""
        end = self.now + seconds
        while due := sorted((alarm for alarm in self.alarms if alarm[0] <= end), key=lambda alarm: alarm[:2]):
            self.alarms.remove(due[0])
            self.now = max(self.now, due[0][0])
            self.do(due[0][2])
        self.now = end

    def phase(self, name: str) -> str:
        """Return where a child stands."""
        return next((info.phase for info in self.core.which_children() if info.child == name), "unknown")

    def since(self, mark: int) -> list[str]:
        """Return what happened after the log had `mark` lines."""
        return self.log[mark:]
