"""How many bytes have come and gone. Whoever moves some says so; whoever wants to know reads two numbers."""

from __future__ import annotations

import threading


class Traffic:
    """Counts bytes, from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        """Bytes that came."""
        self.sent = 0
        """Bytes that went."""

    def receive(self, count: int) -> None:
        """Count bytes that came."""
        with self._lock:
            self.received += count

    def send(self, count: int) -> None:
        """Count bytes that went."""
        with self._lock:
            self.sent += count
