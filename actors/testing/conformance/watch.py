"""A lease's watch that never ends, for calls that ask for one."""

from __future__ import annotations

import threading


class EndlessWatch:
    """Implements `contracts.ports.LeaseWatch`; counts what it is told.

    Args:
        seconds: What is left of the lease, whenever it is asked for.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self.touches = 0
        self._seconds = seconds

    def touch(self) -> None:
        """Count it."""
        self.touches += 1

    def check(self) -> None:
        """The lease may always go on."""

    def wait(self, seconds: float) -> None:
        """Wait so long."""
        threading.Event().wait(seconds)

    def remaining(self) -> float:
        """Always the same."""
        return self._seconds
