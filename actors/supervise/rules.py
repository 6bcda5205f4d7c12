"""The rules of OTP's supervisor, each as one function: who is restarted, who shares whose fate, when it all ends; then
who is to stop and who may start next, and how the seconds of a forced end are shared out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import assert_never

from actors.supervise.spec import AutoShutdown, Restart, Strategy, SupervisorSpec
from actors.supervise.transitions import FINAL, LIVE, SETTLED, WAITING, ChildState, Phase
from contracts.durations import spoken
from contracts.supervision import ExitKind, Reason

SHARE_OF_THE_FIRST = 0.9
"""Of the seconds there are, what each child may take as seen from the one behind it."""


def restarts(restart: Restart, reason: Reason) -> bool:
    """Whether a child that ended by itself is started again."""
    match restart:
        case Restart.PERMANENT:
            return True
        case Restart.TRANSIENT:
            return reason.kind.is_abnormal
        case Restart.TEMPORARY:
            return False
        case _:
            assert_never(restart)


def sharing_fate(strategy: Strategy, names: Sequence[str], ended: str) -> tuple[str, ...]:
    """Return who is restarted with the child `ended`, the first started first and without it."""
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return ()
        case Strategy.ONE_FOR_ALL:
            return tuple(name for name in names if name != ended)
        case Strategy.REST_FOR_ONE:
            return tuple(names[names.index(ended) + 1 :])
        case _:
            assert_never(strategy)


def ends_supervisor(auto_shutdown: AutoShutdown, children: Iterable[ChildState]) -> bool:
    """Whether the supervisor ends now that a significant child has ended for good."""
    match auto_shutdown:
        case AutoShutdown.NEVER:
            return False
        case AutoShutdown.ANY_SIGNIFICANT:
            return True
        case AutoShutdown.ALL_SIGNIFICANT:
            return all(child.phase in FINAL for child in children if child.spec.significant)
        case _:
            assert_never(auto_shutdown)


def why_it_ended(child: ChildState, reason: Reason) -> Reason:
    """Return the reason for a child's end as its supervisor sees it: its own wish comes before what the actor says."""
    if child.not_ready:
        return Reason(ExitKind.NOT_READY, f"not ready within {spoken(child.spec.ready_timeout or 0.0)}")
    if child.requested and not child.planned and reason.kind is not ExitKind.HUNG:
        return Reason(ExitKind.KILLED, child.requested, reason.error)
    return reason


# --------------------------------------------------------------------------------------------------------- the plan


def must_stop(child: ChildState, *, closing: bool) -> bool:
    """Whether a child has to go down: for good, or to be started again as planned."""
    return child.remove or closing or (child.planned and bool(child.requested))


def next_to_stop(children: Collection[ChildState], spec: SupervisorSpec, *, closing: bool) -> ChildState | None:
    """Return the next child to stop or to give up waiting for, last started first.

    None while one is on its way down, and when there is nobody left to stop.
    """
    for child in reversed(tuple(children)):
        if not must_stop(child, closing=closing):
            continue
        stays_down = child.remove or closing
        if child.phase in (Phase.STARTING, Phase.RUNNING):
            return child
        if stays_down and (child.phase in WAITING or child.phase is Phase.IDLE):
            return child
        if (child.phase in LIVE or child.phase is Phase.CLEARING) and not spec.parallel:
            return None  # one by one: the ones before it wait until this one is down and cleared
    return None


def next_to_start(children: Collection[ChildState], spec: SupervisorSpec) -> ChildState | None:
    """Return the next child to start, the first first; None while one that it has to wait for is not there."""
    one_by_one = not spec.parallel
    alone = spec.strategy is Strategy.ONE_FOR_ONE
    if not alone and any(must_stop(child, closing=False) and child.phase not in SETTLED for child in children):
        return None  # all who share a fate are down before the first of them starts again
    for child in children:
        if child.phase is Phase.IDLE:
            return child
        settled = child.phase is Phase.RUNNING or child.phase in FINAL or (child.was_ready and alone)
        if one_by_one and not settled:
            return None
    return None


def share_of(child: ChildState, children: Collection[ChildState], spec: SupervisorSpec, left: float) -> float:
    """Return how many of the `left` seconds of a forced shutdown one child may take to go down and be cleared away.

    Children that go down side by side may each take them all. One by one, one that hangs leaves something for each of
    those whose turn is still to come.
    """
    seconds = max(0.0, left)
    if not spec.parallel:
        waiting = sum(one is not child and one.phase in (Phase.STARTING, Phase.RUNNING) for one in children)
        seconds *= SHARE_OF_THE_FIRST**waiting
    return seconds
