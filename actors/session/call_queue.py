"""What other threads leave for the session's thread: calls, which it makes one after the other, between two waits.

So all that the sequential mode knows belongs to one thread, and no call comes amid another.
"""

from __future__ import annotations

import queue
from collections.abc import Callable

from actors.runtime import Notifier


class CallQueue:
    """Calls in the order in which they were left.

    Args:
        notifier: Notified of each.
    """

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()

    def put(self, call: Callable[[], object]) -> None:
        """Leave a call. Callable from any thread."""
        self._calls.put(call)
        self._notifier.notify()

    @property
    def is_empty(self) -> bool:
        """Whether no call is left."""
        return self._calls.empty()

    def make_all(self) -> None:
        """Make every call that has been left, also those that are left meanwhile."""
        while not self._calls.empty():  # nobody else takes any
            self._calls.get()()
