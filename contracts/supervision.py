"""What a supervisor and its children tell each other. Generic: it knows actors and generations, whatever they do.

A child is named; each life of it is a *generation*, counted from 1 and never reused within a tree. Every start yields
exactly one `Down` (invariant 7).
"""

from __future__ import annotations

import enum

import attrs

from contracts import checks


@attrs.frozen(kw_only=True)
class RestartIntensity:
    """How many restarts a supervisor allows within a sliding window, and how it spaces them.

    Args:
        max_restarts: Restarts allowed within `window`; the next one makes the supervisor give up.
        window: Seconds of monotonic time.
        first_delay: Seconds before the second restart; the first one has no delay.
        max_delay: Seconds no wait exceeds.
        stable_after: Seconds of life after which the waits start from none again.
    """

    max_restarts: int = attrs.field(default=30, validator=checks.whole(0))
    window: float = attrs.field(default=60.0, validator=checks.number(0.001))
    first_delay: float = attrs.field(default=1.0, validator=checks.number(0.0))
    max_delay: float = attrs.field(default=30.0, validator=checks.number(0.0))
    stable_after: float = attrs.field(default=60.0, validator=checks.number(0.0))


class ExitKind(enum.Enum):
    """How a generation ended."""

    NORMAL = "normal"
    SHUTDOWN = "shutdown"
    GAVE_UP = "gave up"
    CRASHED = "crashed"
    START_FAILED = "start failed"
    NOT_READY = "not ready"
    KILLED = "killed"
    HUNG = "hung"

    @property
    def is_abnormal(self) -> bool:
        """Whether a transient child is restarted after it (as in OTP, a supervisor that gave up is not)."""
        return self not in (ExitKind.NORMAL, ExitKind.SHUTDOWN, ExitKind.GAVE_UP)


@attrs.frozen
class Reason:
    """Why a generation ended. `text` is for people, `error` the class name of what was raised, or empty."""

    kind: ExitKind
    text: str = ""
    error: str = ""


# ------------------------------------------------------------------------------------------------- told to any actor


@attrs.frozen
class Exit:
    """Asks an actor to stop: after the message in hand, or with `force` as soon as its owned process is killed.

    Args:
        text: Why.
        force: Wait for nothing in hand.
        timeout: With `force`, the seconds after which whoever asks waits no longer. A supervisor shares them out among
            its children. Without it each child has the seconds of its spec.
    """

    text: str = ""
    force: bool = False
    timeout: float | None = None


# ------------------------------------------------------------------------------------------------ told to a supervisor


@attrs.frozen
class Ready:
    """A generation has finished starting."""

    child: str
    generation: int


@attrs.frozen
class Ping:
    """Asks an actor for a sign of life; its base class answers."""


@attrs.frozen
class Alive:
    """The answer: this generation still takes messages."""

    child: str
    generation: int


@attrs.frozen
class Stable:
    """A generation has proved itself useful; its next restart has no delay."""

    child: str
    generation: int


@attrs.frozen
class Down:
    """A generation's actor has ended, on whatever path."""

    child: str
    generation: int
    reason: Reason


@attrs.frozen
class Cleared:
    """What a generation owned outside Python is confirmed gone and cleaned up, or (`gone` False) is not."""

    child: str
    generation: int
    gone: bool


class Alarm(enum.Enum):
    """What a supervisor's timers are for."""

    READY_DEADLINE = "ready deadline"
    STOP_DEADLINE = "stop deadline"
    DOWN_DEADLINE = "down deadline"
    CLEAR_DEADLINE = "clear deadline"
    VERDICT_DEADLINE = "verdict deadline"
    ASK_AGAIN = "ask again"
    CHECK = "check"
    BACKOFF = "backoff"


@attrs.frozen
class AlarmDue:
    """A timer set for one generation has run out."""

    child: str
    generation: int
    alarm: Alarm


class Decision(enum.Enum):
    """What a gate says about a restart."""

    LET_GO = "let go"
    HOLD = "hold"
    RETIRE = "retire"


@attrs.frozen
class Verdict:
    """The gate's answer. After `HOLD` another verdict must follow."""

    child: str
    generation: int
    decision: Decision
    text: str = ""


@attrs.frozen
class KillChild:
    """Asks for the end of one generation now, for instance because its deadline has passed."""

    child: str
    generation: int
    text: str


@attrs.frozen
class RecycleChild:
    """Asks for a planned restart of one generation. It is not counted as a failure."""

    child: str
    generation: int
    text: str


@attrs.frozen
class RemoveChild:
    """Ends a dynamic child for good."""

    child: str


@attrs.frozen
class WhichChildren:
    """Asks for a `tuple[ChildInfo, ...]`, the first started first."""


@attrs.frozen
class CountChildren:
    """Asks for a `ChildCounts`."""


SupervisorMessage = (
    Ready
    | Stable
    | Alive
    | Down
    | Cleared
    | AlarmDue
    | Verdict
    | KillChild
    | RecycleChild
    | RemoveChild
    | WhichChildren
    | CountChildren
)


# ----------------------------------------------------------------------------------------------- told by supervisors


class ChildChange(enum.Enum):
    """What happened to a child."""

    STARTED = "started"
    READY = "ready"
    DOWN = "down"
    RESTARTING = "restarting"
    RETIRED = "retired"
    STOPPED = "stopped"


@attrs.frozen
class ChildEvent:
    """Told to a supervisor's observers.

    Args:
        supervisor: Name of the supervisor.
        child: Name of the child.
        generation: Which life of it.
        change: What happened.
        reason: Why, for `DOWN` and `RETIRED`.
        requested: Whether the supervisor itself asked for this end.
        delay: Seconds until the next start, for `RESTARTING`.
    """

    supervisor: str
    child: str
    generation: int
    change: ChildChange
    reason: Reason | None = None
    requested: bool = False
    delay: float = 0.0


@attrs.frozen
class RestartAsked:
    """Told to a gate: may this child start again? Answer the supervisor with a `Verdict`."""

    supervisor: str
    child: str
    generation: int
    reason: Reason
    planned: bool


@attrs.frozen
class ChildInfo:
    """One child as `WhichChildren` tells it. `phase` is one of the core's phases, as a word."""

    child: str
    generation: int
    phase: str


@attrs.frozen
class ChildCounts:
    """Children by state: specified, active (an actor lives), restarting (waiting or being cleared), retired."""

    specs: int
    active: int
    restarting: int
    retired: int
