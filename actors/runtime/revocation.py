"""A word to one generation that it is to end, which wakes it while it waits."""

from __future__ import annotations

import threading


class Revocation:
    """Set once when a generation is to end; wakes whoever waits."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def revoke(self) -> None:
        """End every wait under this generation."""
        self._event.set()

    @property
    def is_revoked(self) -> bool:
        """Whether it was set."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; True as soon as it is set."""
        return self._event.wait(seconds)
