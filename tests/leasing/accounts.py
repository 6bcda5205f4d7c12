"""The accounts that the world of `world.py` keeps by itself, to be compared with what leasing says after every move.

They are written from the promises, not from the code: what a task was charged, what a slot has in hand and what is to
become of it, whom a loss may be laid at, and how long work has waited for what.
"""

from __future__ import annotations

import attrs

from contracts.ports import Lease
from contracts.status import WorkerState

MOST_CAUSES = 5
"""Over so many different things in a row workers may be lost, and it is still laid at their doors."""
MOST_DISPROVED = 2
"""So many of the tasks that a slot lost workers over others may end, and it is still not the slot."""


@attrs.define
class Charges:
    """What should have been charged to one task, and what else must be remembered of it.

    Args:
        timeout: Seconds it may take at a time.
        attempts: Charged to it.
        crashes: The same.
        leases: How often it was given out.
        until: Until when it waits, if it does.
    """

    timeout: float
    attempts: int = 0
    crashes: int = 0
    leases: int = 0
    until: float | None = None


@attrs.define(eq=False)
class Slot:
    """One worker slot, as it should look from inside.

    Args:
        name: What it is called.
        generation: The newest that was started.
        is_alive: Whether that one really lives, whatever leasing has heard.
        rest: Its state while it is not up: not ready yet, down, or down for good; None while it is up.
        lease: What it holds.
        expires_at: When the lease ends, whatever happens.
        silent_at: When it does if nothing more is heard.
        is_alone: Whether nothing may run beside it.
        is_touched: Whether it was seen alive with it.
        duty: What it does besides tasks.
        duty_state: How that is called.
        duty_due: When that must be done.
        killed: Why it is being killed at a deadline, or empty.
        left: The lease that was taken away while it goes on with it.
        is_worn: Whether it gets nothing more.
        is_fresh: Whether this generation has had no work yet.
        ended: Tasks that it has ended, in all generations.
        error: Its last abnormal end.
    """

    name: str
    generation: int = 0
    is_alive: bool = False
    rest: WorkerState | None = WorkerState.STARTING
    lease: Lease | None = None
    expires_at: float = 0.0
    silent_at: float = 0.0
    is_alone: bool = False
    is_touched: bool = False
    duty: str = ""
    duty_state: WorkerState = WorkerState.PROBING
    duty_due: float = 0.0
    killed: str = ""
    left: Lease | None = None
    is_worn: bool = False
    is_fresh: bool = True
    ended: int = 0
    error: str = ""

    @property
    def is_known(self) -> bool:
        """Whether leasing can have heard of it."""
        return self.generation > 0

    @property
    def is_empty_handed(self) -> bool:
        """Whether it has nothing to do."""
        return self.lease is None and not self.duty and self.left is None

    @property
    def is_free(self) -> bool:
        """Whether it may get work."""
        return self.is_known and self.rest is None and self.is_empty_handed and not self.is_worn

    @property
    def is_coming(self) -> bool:
        """Whether a fresh worker is on its way here."""
        is_draining = self.rest is None and self.is_worn and self.is_empty_handed
        return self.is_known and (is_draining or self.rest in (WorkerState.STARTING, WorkerState.RESTARTING))

    @property
    def state(self) -> WorkerState:
        """What it should be shown as."""
        if self.rest is not None:
            return self.rest
        if self.duty:
            return self.duty_state
        if not self.is_empty_handed:
            return WorkerState.WORKING
        return WorkerState.DRAINING if self.is_worn else WorkerState.IDLE

    @property
    def due(self) -> float | None:
        """When it must be killed for what it has in hand; None while nothing is, or once it was."""
        if self.killed or (self.lease is None and not self.duty):
            return None
        return self.duty_due if self.duty else min(self.expires_at, self.silent_at)

    def take_away(self) -> None:
        """It goes on with a lease that counts no more."""
        self.left, self.lease, self.killed = self.lease, None, ""

    def rest_as(self, rest: WorkerState | None) -> None:
        """It has nothing in hand any more, and is ready, on its way, or down."""
        self.lease, self.left, self.duty, self.killed = None, None, "", ""
        self.is_worn, self.is_fresh, self.is_touched, self.is_alone = False, True, False, False
        self.rest = rest


class Excuses:
    """At whose door a loss is laid, told from the whole history each time."""

    def __init__(self) -> None:
        self._history: list[tuple[bool, str, int | str]] = []
        self.by_many_causes = 0
        self.by_disproof = 0

    def lose(self, worker: str, cause: int | str) -> bool:
        """A worker is lost over something; say whether it is that one's fault, and not the slot's."""
        self._history.append((False, worker, cause))
        last_end = max((place for place, (is_end, _, _) in enumerate(self._history) if is_end), default=-1)
        causes = {one for _, _, one in self._history[last_end + 1 :]}
        too_many, disproved = len(causes) > MOST_CAUSES, self.disproved(worker) > MOST_DISPROVED
        self.by_many_causes += too_many and not disproved
        self.by_disproof += disproved and not too_many
        return not too_many and not disproved

    def end(self, worker: str, cause: int | str) -> None:
        """A task came to its end at a slot."""
        self._history.append((True, worker, cause))

    def is_lost_at(self, worker: str, cause: int | str) -> bool:
        """Whether that slot has ever lost a worker over it."""
        return (False, worker, cause) in self._history

    def disproved(self, worker: str) -> int:
        """Count the tasks that it lost workers over since it ended one, and that others have ended after that."""
        own_ends = [place for place, (is_end, who, _) in enumerate(self._history) if is_end and who == worker]
        since = self._history[max(own_ends, default=-1) + 1 :]
        first: dict[int | str, int] = {}
        for place, (is_end, who, cause) in enumerate(since):
            if who == worker and not is_end:
                first.setdefault(cause, place)
        return sum(is_end and first.get(cause, place) < place for place, (is_end, _, cause) in enumerate(since))


@attrs.define
class Waits:
    """What work has waited for: each reason's times and seconds, and those that last."""

    times: dict[str, int] = attrs.field(factory=dict)
    seconds: dict[str, float] = attrs.field(factory=dict)
    lasting: set[str] = attrs.field(factory=set)

    def pass_time(self, seconds: float) -> None:
        """Let time pass while they last."""
        for key in self.lasting:
            self.seconds[key] += seconds

    def note(self, keys: set[str]) -> set[str]:
        """Take in what is waited for now; return what has changed."""
        changed = keys ^ self.lasting
        for key in keys - self.lasting:
            self.times[key] = self.times.get(key, 0) + 1
            self.seconds.setdefault(key, 0.0)
        self.lasting = set(keys)
        return changed

    def begin(self) -> None:
        """Begin a new account; what lasts counts from now."""
        self.times, self.seconds = dict.fromkeys(self.lasting, 1), dict.fromkeys(self.lasting, 0.0)
