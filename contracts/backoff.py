"""How long to wait before something is tried again: what the settings of waiting mean, for tasks, restarts and probes.

It stands here because leasing and the supervisor both go by it, and neither may know the other.
"""

from __future__ import annotations

import random

_STEPS = 62
"""Beyond so many doublings every wait is at its limit, and a power would be no float any more."""


def backoff(
    step: int,
    *,
    first: float,
    most: float,
    factor: float = 2.0,
    spread: float = 0.0,
    chance: random.Random | None = None,
) -> float:
    """Return the seconds of one wait: `first`, then `factor` times as long each time, never more than `most`.

    Args:
        step: Which wait it is, counted from 1; none before that.
        first: Seconds of the first one.
        most: Seconds that none exceeds.
        factor: How much longer each is than the one before, at least 1.
        spread: Largest share that is added by chance, or taken away when negative. Up to `factor - 1` the waits never
            shrink.
        chance: Where chance comes from; without it nothing is added.
    """
    if step < 1:
        return 0.0
    delay = min(most, first * factor ** min(step - 1, _STEPS))
    if chance is not None and spread:
        delay *= 1 + spread * chance.random()
    return min(most, delay)
