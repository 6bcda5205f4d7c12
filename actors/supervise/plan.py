"""Who is to stop and who may start next: the order in which a supervisor settles its children."""

from __future__ import annotations

from collections.abc import Collection

from actors.supervise.child import FINAL, LIVE, SETTLED, WAITING, ChildState, Phase
from actors.supervise.spec import Strategy, SupervisorSpec

SHARE_OF_THE_FIRST = 0.9
"""Of the seconds there are, what each child may take as seen from the one behind it."""


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
            return None  # in order: the ones before it wait until this one is down and cleared
    return None


def next_to_start(children: Collection[ChildState], spec: SupervisorSpec) -> ChildState | None:
    """Return the next child to start, in order; None while one that it has to wait for is not there."""
    in_order = not spec.parallel
    alone = spec.strategy is Strategy.ONE_FOR_ONE
    if not alone and any(must_stop(child, closing=False) and child.phase not in SETTLED for child in children):
        return None  # all who share a fate are down before the first of them starts again
    for child in children:
        if child.phase is Phase.IDLE:
            return child
        settled = child.phase is Phase.RUNNING or child.phase in FINAL or (child.was_ready and alone)
        if in_order and not settled:
            return None
    return None


def share_of(child: ChildState, children: Collection[ChildState], spec: SupervisorSpec, left: float) -> float:
    """Return how many of the `left` seconds of a forced shutdown one child may take to go down and be cleared away.

    Children that go down side by side may each take them all. In order, one that hangs leaves something for each of
    those whose turn is still to come.
    """
    seconds = max(0.0, left)
    if not spec.parallel:
        waiting = sum(one is not child and one.phase in (Phase.STARTING, Phase.RUNNING) for one in children)
        seconds *= SHARE_OF_THE_FIRST**waiting
    return seconds
