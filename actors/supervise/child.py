"""One child as its supervisor's core sees it: the phase it is in, and what is known of its present generation."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import attrs

from actors.supervise.spec import ChildSpec
from contracts.supervision import ChildCounts, Reason


class Phase(enum.Enum):
    """Where a child stands."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    KILLED = "killed"
    CLEARING = "clearing"
    ASKING = "asking"
    HELD = "held"
    BACKOFF = "backoff"
    RETIRED = "retired"
    ENDED = "ended"


LIVE = frozenset({Phase.STARTING, Phase.RUNNING, Phase.STOPPING, Phase.KILLED})
WAITING = frozenset({Phase.ASKING, Phase.HELD, Phase.BACKOFF})
FINAL = frozenset({Phase.RETIRED, Phase.ENDED})
SETTLED = FINAL | {Phase.IDLE}


@attrs.define(eq=False)
class ChildState:
    """One child.

    Args:
        spec: Its spec.
        generation: Its present or last generation.
    """

    spec: ChildSpec
    generation: int
    phase: Phase = Phase.IDLE
    was_ready: bool = False
    ready_at: float | None = None
    lived: float = 0.0
    failures: int = 0
    requested: str = ""
    """Why this supervisor ordered the end of the generation in hand, or empty."""
    planned: bool = False
    """Whether that end is not a failure: a stop, a recycling, a sibling's fate."""
    not_ready: bool = False
    unanswered: bool = False
    """Whether it was asked for a sign of life and has given none since."""
    gone: bool = True
    reason: Reason | None = None
    remove: bool = False


def count(children: Iterable[ChildState]) -> ChildCounts:
    """Count children by where they stand."""
    phases = [child.phase for child in children]
    return ChildCounts(
        specs=len(phases),
        active=sum(phase in LIVE for phase in phases),
        restarting=sum(phase in WAITING or phase is Phase.CLEARING for phase in phases),
        retired=sum(phase is Phase.RETIRED for phase in phases),
    )
