"""Time as a port: the one thing of the outside world that actors of any kind need."""

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
