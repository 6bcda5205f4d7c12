"""Waiting for news with a deadline: the one way in which code outside the actors waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bell:
    """Rung when something changed. Whoever waits looks at the state again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, happened: Callable[[], bool], timeout: float) -> bool:
        """Wait until `happened()` is true, looking after each ring; return its last answer."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not happened():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, threading.TIMEOUT_MAX))  # a caller may wait for ever
            return True


class Slot(Generic[T]):
    """Holds one immutable value that one side replaces and anyone reads, without a lock on the reader's side."""

    def __init__(self, value: T, bell: Bell | None = None) -> None:
        self._value = value
        self._bell = bell

    def read(self) -> T:
        """Return the latest value."""
        return self._value

    def publish(self, value: T, *, wake: bool = False) -> None:
        """Replace the value, and with `wake` ring the bell."""
        self._value = value
        if wake and self._bell is not None:
            self._bell.ring()
