"""The rules of OTP's supervisor, each as one function: who is restarted, who shares whose fate, when it all ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from actors.supervise.child import FINAL, ChildState
from actors.supervise.spec import AutoShutdown, Restart, Strategy
from contracts.durations import spoken
from contracts.supervision import ExitKind, Reason


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
    """Return who is restarted with the child `ended`, in start order and without it."""
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
    """Return the reason for a child's end as its supervisor sees it: its own order comes before what the actor says."""
    if child.not_ready:
        return Reason(ExitKind.NOT_READY, f"not ready within {spoken(child.spec.ready_timeout or 0.0)}")
    if child.requested and not child.planned and reason.kind is not ExitKind.HUNG:
        return Reason(ExitKind.KILLED, child.requested, reason.error)
    return reason
