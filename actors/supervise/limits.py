"""The two limits of restarting: how many within a sliding window, and how long to wait before the next."""

from __future__ import annotations

import random
from collections import deque

from contracts.backoff import backoff
from contracts.durations import spoken
from contracts.supervision import RestartIntensity


class RestartWindow:
    """Counts restarts within a sliding window of monotonic time (invariant 10)."""

    def __init__(self, intensity: RestartIntensity) -> None:
        self._intensity = intensity
        self._times: deque[float] = deque()

    def __str__(self) -> str:
        """Say that the limit was passed."""
        return f"more than {self._intensity.max_restarts:g} restarts within {spoken(self._intensity.window)}"

    def admits(self, now: float) -> bool:
        """Count a restart at `now` if the limit allows it; say whether it did."""
        while self._times and self._times[0] <= now - self._intensity.window:
            self._times.popleft()
        if len(self._times) >= self._intensity.max_restarts:
            return False
        self._times.append(now)
        return True


def restart_delay(intensity: RestartIntensity, failures: int, chance: random.Random) -> float:
    """Return the seconds to wait before the next start, after `failures` ends in a row.

    None after the first, then `first_delay` doubling up to `max_delay`. Jitter only lengthens, by less than the next
    doubling, so the waits never shrink (invariant 11).
    """
    first, most = intensity.first_delay, intensity.max_delay
    return backoff(failures - 1, first=first, most=most, spread=0.25, chance=chance)
