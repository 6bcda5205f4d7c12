"""Time as a port, and the lease's watch: what the long steps of actors of any kind need of it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the actors see it."""

    def monotonic(self) -> float:
        """Seconds that never go backwards; only differences mean anything."""
        ...

    def now(self) -> datetime:
        """The wall clock, with a time zone. For reports only, never for decisions."""
        ...


class LeaseWatch(Protocol):
    """What a long step must do now and then, so that its lease can be renewed, cancelled and ended in time."""

    def touch(self) -> None:
        """Report activity: a page, a byte, a step."""
        ...

    def check(self) -> None:
        """Return at once while the lease may go on.

        Raises:
            NetworkError: The step's deadline has passed.
            SessionCorruptionError: The lease was revoked.
        """
        ...

    def wait(self, seconds: float) -> None:
        """Wait up to `seconds`, waking at once when the lease is revoked. Raises as `check` does."""
        ...

    def remaining(self) -> float:
        """Seconds until the lease's deadline, never below 0."""
        ...
