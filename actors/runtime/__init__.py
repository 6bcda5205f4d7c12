"""What pykka lacks: an inbox that closes, one exit path with exactly one `Down`, names instead of refs, timers, jobs.

This room holds the only subclass of `pykka.Actor`, and the only threads, timers and waits of the actor tree.
"""

from __future__ import annotations

from actors.runtime.actor import Actor as Actor, Context as Context
from actors.runtime.environment import (
    Environment as Environment,
    Inbox as Inbox,
    Timer as Timer,
)
from actors.runtime.notifier import Latest as Latest, Notifier as Notifier
from actors.runtime.revocation import Revocation as Revocation
from actors.runtime.system import DeadLetters as DeadLetters, System as System
from actors.runtime.threads import SystemClock as SystemClock, ThreadEnvironment as ThreadEnvironment
