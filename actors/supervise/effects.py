"""What a supervisor's core asks its shell to do, as values. Closed: match it with `assert_never`."""

from __future__ import annotations

import attrs

from contracts.supervision import (
    AlarmDue,
    Alive,
    ChildChange,
    Cleared,
    Down,
    Exit,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    RemoveChild,
    Stable,
    Verdict,
)


@attrs.frozen
class StartChild:
    """Start this generation."""

    child: str
    generation: int


@attrs.frozen
class AskToStop:
    """Ask the generation's actor to end; with `force` and `timeout`, it is waited for so many seconds."""

    child: str
    generation: int
    text: str
    force: bool = False
    timeout: float | None = None


@attrs.frozen
class AskAlive:
    """Ask the generation's actor for a sign of life."""

    child: str
    generation: int


@attrs.frozen
class KillOwned:
    """Kill what the generation owns, so that its actor comes free."""

    child: str
    generation: int
    text: str


@attrs.frozen
class Abandon:
    """Fence off the generation's actor, whose thread did not come back."""

    child: str
    generation: int


@attrs.frozen
class ClearOwned:
    """Kill, confirm dead and clean up; answer with `Cleared`."""

    child: str
    generation: int


@attrs.frozen
class SetAlarm:
    """Answer with this `AlarmDue` after `delay` seconds."""

    alarm: AlarmDue
    delay: float


@attrs.frozen
class AskGate:
    """Ask the gate whether this child may start again."""

    gate: str
    child: str
    generation: int
    reason: Reason
    planned: bool


@attrs.frozen
class Announce:
    """Tell the observers."""

    child: str
    generation: int
    change: ChildChange
    reason: Reason | None = None
    requested: bool = False
    delay: float = 0.0


@attrs.frozen
class EndSelf:
    """Everything is down; end the supervisor."""

    reason: Reason


SuperviseEffect = (
    StartChild | AskToStop | AskAlive | KillOwned | Abandon | ClearOwned | SetAlarm | AskGate | Announce | EndSelf
)
SuperviseEvent = (
    Ready | Stable | Alive | Down | Cleared | AlarmDue | Verdict | KillChild | RecycleChild | RemoveChild | Exit
)
