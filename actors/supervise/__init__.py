"""Supervision for pykka actors: child specs, strategies, restart intensity, backoff, start and stop one by one.

The one public place of the supervisor and of what its actors run on: `from actors.supervise import ...`. Whatever a
user's own actors need is in `__all__`, and it knows nothing of what this package's own actors do. These names and their
meaning change only with a major version. See `docs/how-to/supervise-your-own-actors.md`.
"""

from __future__ import annotations

from actors.runtime import (
    Actor,
    Context,
    DeadLetters,
    Environment,
    Inbox,
    Latest,
    Notifier,
    Revocation,
    System,
    SystemClock,
    ThreadEnvironment,
    Timer,
)
from actors.supervise.actor import AddChild, Supervisor, supervisor
from actors.supervise.spec import AutoShutdown, ChildSpec, Restart, Strategy, SupervisorSpec
from contracts.clock import Clock
from contracts.errors import ConfigurationError
from contracts.supervision import (
    ChildChange,
    ChildCounts,
    ChildEvent,
    ChildInfo,
    CountChildren,
    Decision,
    Down,
    Exit,
    ExitKind,
    KillChild,
    Reason,
    RecycleChild,
    RemoveChild,
    RestartAsked,
    RestartIntensity,
    Verdict,
    WhichChildren,
)

__all__ = [
    # an actor, and what it knows of its place
    "Actor",
    "Context",
    # what actors run on
    "System",
    "ThreadEnvironment",
    "SystemClock",
    "DeadLetters",
    # between an actor and code outside the tree
    "Notifier",
    "Latest",
    "Revocation",
    # for an environment of one's own, such as one without threads
    "Environment",
    "Inbox",
    "Timer",
    "Clock",
    # a supervisor, and what it is told about its children
    "supervisor",
    "Supervisor",
    "SupervisorSpec",
    "ChildSpec",
    "Restart",
    "Strategy",
    "AutoShutdown",
    "RestartIntensity",
    "ConfigurationError",
    # told to a supervisor, or to any actor
    "Exit",
    "AddChild",
    "RemoveChild",
    "KillChild",
    "RecycleChild",
    "WhichChildren",
    "ChildInfo",
    "CountChildren",
    "ChildCounts",
    # told by a supervisor
    "ChildEvent",
    "ChildChange",
    "Down",
    "Reason",
    "ExitKind",
    # between a supervisor and a gate
    "RestartAsked",
    "Verdict",
    "Decision",
]
