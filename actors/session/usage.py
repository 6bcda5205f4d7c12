"""What a session uses of processors and network, as rates (contract 22).

Rates are means from one reading to the next. Readings are at least a second apart, whoever asks: several callers who
ask at once see the same rates and shorten nobody's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import attrs

LEAST_SECONDS = 1.0
"""How far apart two readings are. Over less, a mean says nothing."""


@attrs.frozen(kw_only=True)
class Reading:
    """What a session had used at one instant.

    Args:
        at: Monotonic seconds.
        own: Processor seconds of this process.
        browsers: Processor seconds of each browser process that is alive, by a name that is its own.
        received: Bytes that had come.
        sent: Bytes that had gone.
    """

    at: float
    own: float = 0.0
    browsers: Mapping[str, float] = attrs.field(factory=dict)
    received: int = 0
    sent: int = 0


@attrs.frozen(kw_only=True)
class Rates:
    """Means over a while.

    Args:
        processors: How many processors were kept busy, by this process and its browsers.
        own_processors: How many of these by this process.
        received: Bytes a second that came.
        sent: Bytes a second that went.
    """

    processors: float = 0.0
    own_processors: float = 0.0
    received: float = 0.0
    sent: float = 0.0


def rates_between(before: Reading, now: Reading) -> Rates:
    """Return the rates from one reading to a later one.

    A browser process that ended between them is left out, and one that began counts with all it has used.
    """
    seconds = now.at - before.at
    if seconds <= 0:
        return Rates()
    own = max(0.0, now.own - before.own) / seconds
    browsers = sum(max(0.0, used - before.browsers.get(name, 0.0)) for name, used in now.browsers.items()) / seconds
    return Rates(
        processors=own + browsers,
        own_processors=own,
        received=max(0, now.received - before.received) / seconds,
        sent=max(0, now.sent - before.sent) / seconds,
    )


class UsageMeter:
    """Turns readings into rates. Thread-safe, and never waits: a signal handler may ask amid another's question.

    Args:
        read: Takes a reading.
        monotonic: The clock, in seconds.
    """

    def __init__(self, read: Callable[[], Reading], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._reading = threading.Lock()
        self._last = read()
        self._rates: Rates | None = None

    def begin(self) -> None:
        """Count from now on: a batch begins."""
        with self._reading:
            self._last, self._rates = self._read(), None

    def rates(self) -> Rates:
        """Return the means since the reading before, or since the beginning while it is the only one."""
        if not self._reading.acquire(blocking=False):
            return self._rates or Rates()
        try:
            before, known = self._last, self._rates
            is_due = self._monotonic() - before.at >= LEAST_SECONDS
            if known is not None and not is_due:
                return known
            now = self._read()
            rates = rates_between(before, now)
            if is_due:
                self._last, self._rates = now, rates
            return rates
        finally:
            self._reading.release()
