"""Looks at the memory now and then for the sequential mode, as the monitor does for a crew."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.monitor.actor import take_reading, view_of
from actors.runtime import ThreadEnvironment
from actors.session.tree import TreeParts, gauges_of
from contracts.messages import MemoryRead

log = logging.getLogger("purser.session")


class MemoryLooks:
    """Takes readings beside the session's thread, one at a time.

    Args:
        parts: Whose memory is read, and where the last reading is shown.
        environment: Where the looks' threads come from.
        heard: Told each reading, on the look's own thread.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, heard: Callable[[MemoryRead], object]) -> None:
        self._parts = parts
        self._environment = environment
        self._heard = heard
        self._is_looking = False
        self._next = 0.0

    def look(self, now: float) -> None:
        """Begin a look if one is due. It never blocks."""
        if now >= self._next and not self._is_looking:
            self._is_looking = True
            self._next = now + self._parts.settings.limits.check_interval
            try:
                self._environment.run_job("memory", self._read)
            except RuntimeError as error:  # the machine has no thread left; the next look tries again
                self._is_looking = False
                log.debug("no look at the memory: %s", error)

    def _read(self) -> None:
        try:
            read = take_reading(gauges_of(self._parts))
            self._parts.memory.publish(view_of(read, self._parts.memory.read()))
            self._heard(read)
        finally:
            self._is_looking = False
