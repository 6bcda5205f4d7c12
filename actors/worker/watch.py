"""The watch over one long step: its deadline, its revocation, and the reports of activity that renew its lease."""

from __future__ import annotations

import threading
from collections.abc import Callable

from actors.runtime import Revocation
from contracts.errors import BrowserDiedError, NetworkError
from contracts.ports import Clock, Owner

SECONDS_BETWEEN_REPORTS = 0.5
"""Activity is reported at most this often; a lease is renewed in tens of seconds."""


class Revocations:
    """The revocation of each generation, made when first asked for. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Owner, Revocation] = {}

    def of(self, owner: Owner) -> Revocation:
        """Return the generation's revocation."""
        with self._lock:
            return self._known.setdefault(owner, Revocation())

    def revoke(self, owner: Owner) -> None:
        """End every wait of that generation."""
        self.of(owner).revoke()

    def owners(self) -> tuple[Owner, ...]:
        """Return every generation that may still be at work, one that has yet to begin included."""
        with self._lock:
            return tuple(self._known)

    def forget(self, owner: Owner) -> None:
        """Drop a generation that is gone."""
        with self._lock:
            self._known.pop(owner, None)


class Watch:
    """Implements `contracts.ports.LeaseWatch`.

    Args:
        clock: The time it runs on.
        seconds: Time until the deadline.
        revocation: Wakes and ends it early.
        report: Told the current activity, now and then.
    """

    def __init__(self, clock: Clock, seconds: float, revocation: Revocation, report: Callable[[str], None]) -> None:
        self._now = clock.monotonic
        self._deadline = self._now() + seconds
        self._revocation = revocation
        self._report = report
        self._activity = "opening"
        self._reported_at = float("-inf")

    def say(self, activity: str) -> None:
        """Report a new activity at once."""
        self._activity = activity
        self._reported_at = self._now()
        self._report(activity)

    def touch(self) -> None:
        """Report that the activity goes on, if the last report is old enough."""
        now = self._now()
        if now - self._reported_at >= SECONDS_BETWEEN_REPORTS:
            self._reported_at = now
            self._report(self._activity)

    def check(self) -> None:
        """Raise when revoked (`BrowserDiedError`) or past the deadline (`NetworkError`)."""
        if self._revocation.is_revoked:
            raise BrowserDiedError("The browser was taken away while it worked.")
        if self.remaining() <= 0:
            raise NetworkError("The portal was too slow: the time for this step is over.")

    def wait(self, seconds: float) -> None:
        """Wait up to `seconds`, no longer than the deadline, then check."""
        self._revocation.wait(min(seconds, self.remaining()))
        self.check()

    def remaining(self) -> float:
        """Seconds until the deadline, never below 0."""
        return max(0.0, self._deadline - self._now())
