"""Waiting for news with a deadline: the one way in which code outside the actors waits for them.

It may be notified from anywhere, from a signal handler in the middle of a wait for the same one too, and an exception
that strikes whoever notifies or waits leaves nothing locked: there is no lock that anybody holds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Notifier:
    """Notified when something changed. Whoever waits looks at the state again."""

    def __init__(self) -> None:
        self._gates: list[threading.Lock] = []
        """One a waiter; it is locked until the next notification."""

    def notify(self) -> None:
        """Wake everybody who waits."""
        for gate in self._gates.copy():
            with contextlib.suppress(RuntimeError):  # another notification has opened it
                gate.release()

    def wait_for(self, happened: Callable[[], bool], timeout: float) -> bool:
        """Wait until `happened()` is true, looking after each notification; return its last answer.

        Args:
            happened: Asked once at least, also when there is no time.
            timeout: Seconds.
        """
        deadline = time.monotonic() + timeout
        gate = threading.Lock()
        gate.acquire()
        self._gates.append(gate)
        try:
            while not happened():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                gate.acquire(timeout=min(left, threading.TIMEOUT_MAX))  # a caller may wait for ever
            return True
        finally:
            self._gates.remove(gate)


class Latest(Generic[T]):
    """Holds one immutable value that one side replaces and anyone reads, without a lock on the reader's side."""

    def __init__(self, value: T, notifier: Notifier | None = None) -> None:
        self._value = value
        self._notifier = notifier

    def read(self) -> T:
        """Return the latest value."""
        return self._value

    def publish(self, value: T, *, wake: bool = False) -> None:
        """Replace the value, and with `wake` notify whoever waits."""
        self._value = value
        if wake and self._notifier is not None:
            self._notifier.notify()
