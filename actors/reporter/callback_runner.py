"""One callback at a time, on a thread of its own, always with the latest progress only."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any

from actors.runtime import Environment, Notifier
from contracts.durations import spoken

log = logging.getLogger("purser.reporter")

ProgressCallback = Callable[[dict[str, Any]], object]


class CallbackRunner:
    """Calls the user's callback beside everything else.

    Args:
        environment: Where the thread of a call comes from.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._notifier = Notifier()
        self._callback: ProgressCallback | None = None
        self._taken = threading.Lock()
        self.failures = 0
        """Calls that raised."""
        self.skipped = 0
        """Reports that were left out because the call before had not returned."""

    def set_callback(self, callback: ProgressCallback | None) -> None:
        """Set or replace the callback; the next report goes to it."""
        self._callback = callback

    def offer(self, make_progress: Callable[[], dict[str, Any]]) -> None:
        """Report now, unless the last call is still running."""
        callback = self._callback
        if callback is None:
            return
        if not (self._take() and self._start(callback, make_progress)):
            self.skipped += 1

    def finish(self, make_progress: Callable[[], dict[str, Any]], timeout: float) -> bool:
        """Make the final call; waits for it and the one before it up to `timeout` seconds in all, else says False."""
        callback = self._callback
        if callback is None:
            return True
        deadline = self._environment.clock.monotonic() + timeout
        if not self._notifier.wait_for(self._take, timeout):
            log.warning("The progress callback has not returned for %s; its final call is left out.", spoken(timeout))
            return False
        if not self._start(callback, make_progress):
            log.warning("No thread can be started for the progress callback; its final call is left out.")
            return False
        left = deadline - self._environment.clock.monotonic()
        if not self._notifier.wait_for(lambda: not self._taken.locked(), left):
            log.warning("The final call of the progress callback did not return within %s.", spoken(timeout))
            return False
        return True

    def _take(self) -> bool:
        """Take the turn if it is free."""
        return self._taken.acquire(blocking=False)

    def _start(self, callback: ProgressCallback, make_progress: Callable[[], dict[str, Any]]) -> bool:
        """Make the call on a thread of its own; say whether there is one. The turn must have been taken."""
        try:
            self._environment.run_job("callback", lambda: self._call(callback, make_progress))
        except RuntimeError:  # the machine has no thread left; the next report tries again
            self._taken.release()
            return False
        return True

    def _call(self, callback: ProgressCallback, make_progress: Callable[[], dict[str, Any]]) -> None:
        try:
            answer = callback(make_progress())
            if inspect.iscoroutine(answer):
                answer.close()
                self.failures += 1
                log.error("The progress callback is asynchronous: it was not awaited. Give a plain function.")
        except BaseException:  # boundary: the user's code may raise what it likes, SystemExit too
            self.failures += 1
            log.exception("The progress callback raised; processing goes on.")
        finally:
            self._taken.release()
            self._notifier.notify()
