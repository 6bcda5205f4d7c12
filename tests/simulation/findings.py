"""What the watchers of a simulated run have found, and how often they looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

PROMISES = {
    1: "one terminal outcome for each accepted order",
    2: "queued + leased + ended = accepted",
    3: "one lease a worker, one owner a lease",
    4: "outcomes are fenced by their lease",
    5: "charges keep their limits and hit the right one",
    6: "work goes by priority and sequence",
    7: "one Down for each start",
    8: "no start before the old group is gone",
    9: "processes and profiles have a living owner",
    10: "restarts keep the intensity, then one escalation",
    11: "backoff does not shrink, and keeps its cap",
    12: "shutdown ends within its bound",
    13: "after shutdown began nothing starts",
    14: "stop order is reversed; a fate is shared as named",
    15: "nobody but a worker blocks",
    16: "a hang or a memory breach is acted on",
    17: "undelivered messages are counted, questions answered",
    18: "when faults cease, all goes on",
}
"""The eighteen invariants, in a few words each."""


class Violation(AssertionError):  # noqa: N818 - it names what it is: an invariant that does not hold
    """Something was seen that must never happen."""

    def __init__(self, invariant: int, what: object) -> None:
        super().__init__(f"invariant {invariant}: {what}")
        self.invariant = invariant


class Findings:
    """Counts each look at an invariant and remembers each violation.

    Most looks happen inside an actor, whose supervisor takes the exception for one more crash. So a violation is kept
    here as well, and the run raises it again outside.
    """

    def __init__(self) -> None:
        self.checked: Counter[int] = Counter()
        self.violations: list[Violation] = []
        self.say: Callable[[str], None] = lambda _text: None

    def require(self, invariant: int, holds: bool, what: object) -> None:
        """Note that an invariant was checked; raise when it does not hold."""
        self.checked[invariant] += 1
        if not holds:
            self.violations.append(Violation(invariant, what))
            self.say(f"VIOLATION: {self.violations[-1]}")
            raise self.violations[-1]

    def raise_first(self) -> None:
        """Raise the first violation again, if there was one."""
        if self.violations:
            raise self.violations[0]
