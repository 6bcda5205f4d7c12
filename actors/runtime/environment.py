"""What an actor system runs on, as Protocols: real threads and time, or a simulation of both.

Actors, supervisors and the system are the same classes in either; only what is described here is exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pykka import Future
from pykka._envelope import Envelope  # the type of what an inbox carries; pykka offers no public name for it

from contracts.clock import Clock


class Inbox(Protocol):
    """An actor's queue. It closes atomically: after `close`, every `put` raises and nothing can be left behind."""

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message. Raises `pykka.ActorDeadError` once closed."""
        ...

    def get(self) -> Envelope[Any]:
        """Wait for the next message and take it."""
        ...

    def empty(self) -> bool:
        """Whether nothing is waiting."""
        ...

    def close(self) -> tuple[Envelope[Any], ...]:
        """Refuse further messages and return those that nobody has handled. Calling it again returns nothing."""
        ...


class Timer(Protocol):
    """A timer that was set."""

    def cancel(self) -> None:
        """Do not fire. Nothing happens if it has fired."""
        ...


class Environment(Protocol):
    """Threads, time and waiting, real or simulated."""

    @property
    def clock(self) -> Clock:
        """The time everything here runs on."""
        ...

    def inbox(self) -> Inbox:
        """Return a new, open inbox."""
        ...

    def future(self) -> Future[Any]:
        """Return a new future for an answer."""
        ...

    def start_loop(self, name: str, loop: Callable[[], None]) -> None:
        """Run an actor's loop. Raises `RuntimeError` when no thread can be started."""
        ...

    def run_job(self, name: str, job: Callable[[], None]) -> None:
        """Run blocking work beside the actors. The job tells its result itself."""
        ...

    def set_timer(self, delay: float, fire: Callable[[], None]) -> Timer:
        """Call `fire` after `delay` seconds. `fire` must only tell."""
        ...

    def close(self) -> None:
        """Fire no more timers. Invariant 13 rests on it."""
        ...
