"""One piece of blocking work on a thread of its own, so that whoever waits for it can be interrupted, and can leave.

A thread that does not come back cannot be ended. Its browser is killed, which frees it from whatever it asks of the
browser; one that hangs in a loop, such as a portal adapter of the user's, is left behind, and what it brings is late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from actors.runtime import Notifier, ThreadEnvironment
from contracts.ports import Owner


class Closable(Protocol):
    """Holds something that is to be let go of once."""

    def close(self) -> None:
        """Let go of it."""
        ...


class Errand:
    """Work of one generation.

    Args:
        owner: The generation.
        name: What it is, for the thread's name and for messages.
        work: Does it, and reports itself what comes of it. Runs on the errand's own thread.
        closes: What is closed when the work comes back after it was left behind.
        asked_at: Monotonic seconds.
    """

    def __init__(
        self, owner: Owner, name: str, work: Callable[[], object], *, closes: Closable, asked_at: float = 0.0
    ) -> None:
        self.owner = owner
        self.name = name
        self.asked_at = asked_at
        self._work = work
        self._closes = closes
        self._lock = threading.Lock()
        self._is_started = False
        self._is_left = False
        self._is_over = False
        self._error: BaseException | None = None

    @property
    def is_started(self) -> bool:
        """Whether it has a thread."""
        return self._is_started

    @property
    def is_over(self) -> bool:
        """Whether it came back."""
        return self._is_over

    def start(self, environment: ThreadEnvironment, notifier: Notifier) -> None:
        """Begin, if it has not begun. Raises `RuntimeError` when there is no thread; then it may be tried again."""
        if not self._is_started:
            environment.run_job(self.name, lambda: self._run(notifier))
            self._is_started = True

    @property
    def error(self) -> BaseException | None:
        """What it raised, once it came back."""
        return self._error

    def leave(self) -> None:
        """No longer wait for it. What it holds is closed when it comes back."""
        with self._lock:
            self._is_left = True
            too_late = self._is_over
        if too_late:
            self._closes.close()

    def _run(self, notifier: Notifier) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - boundary of a thread: judged where it is waited for
            self._error = error
        with self._lock:
            self._is_over = True
            is_left = self._is_left
        if is_left:
            self._closes.close()
        notifier.notify()
