"""One thread, virtual time: the environment in which the real actors run when they are simulated.

Each actor and each job is a greenlet. The hub runs one of those that can go on, chosen by a function it is given; when
none can, it moves the clock to the next timer. The same choices give the same run, so a failure replays from its seed
and Hypothesis can shrink a schedule like any other input.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import greenlet  # type: ignore[import-untyped]  # it brings no types
import pykka
from pykka._envelope import Envelope

EPOCH = datetime(2030, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Time that moves only when nobody can go on. The wall clock may jump; the monotonic one may not."""

    def __init__(self) -> None:
        self.time = 0.0
        self.wall_offset = 0.0

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time + self.wall_offset)


class SimTimer:
    def __init__(self, fire: Callable[[], None] | None) -> None:
        self.fire = fire

    def cancel(self) -> None:
        self.fire = None


class SimInbox:
    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: deque[Envelope[Any]] = deque()
        self._reader: greenlet.greenlet | None = None
        self._closed = False

    def put(self, envelope: Envelope[Any], /) -> None:
        if self._closed:
            raise pykka.ActorDeadError("The actor has ended and its inbox is closed.")
        self._hub.letters["put"] += 1
        self._waiting.append(envelope)
        if self._reader is not None:
            reader, self._reader = self._reader, None
            self._hub.wake(reader)

    def get(self) -> Envelope[Any]:
        while not self._waiting:
            self._reader = greenlet.getcurrent()
            self._hub.park()
        return self._waiting.popleft()

    def empty(self) -> bool:
        return not self._waiting

    def close(self) -> tuple[Envelope[Any], ...]:
        self._closed = True
        left = tuple(self._waiting)
        self._hub.letters["left over"] += len(left)
        self._waiting.clear()
        return left


class SimFuture(pykka.ThreadingFuture[Any]):
    """A future whose `get` lets the simulation run until it is answered or virtual time has passed."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._hub = hub

    def get(self, *, timeout: float | None = None) -> Any:
        deadline = self._hub.clock.time + (timeout if timeout is not None else float("inf"))
        self._hub.run(until=lambda: self._result is not None, deadline=deadline)
        return super().get(timeout=0)


class Nap:
    """A sleep in virtual time that may be cut short."""

    def __init__(self) -> None:
        self.sleeper: greenlet.greenlet | None = None
        self.timer: SimTimer | None = None


class Hub:
    """Implements `actors.runtime.Environment` in virtual time.

    Args:
        choose: Picks one of the named greenlets that can go on.
    """

    def __init__(self, choose: Callable[[Sequence[str]], int]) -> None:
        self.clock = VirtualClock()
        self._choose = choose
        self._hub = greenlet.getcurrent()
        self._names: dict[greenlet.greenlet, str] = {}
        self._ready: list[greenlet.greenlet] = []
        self._timers: list[tuple[float, int, SimTimer]] = []
        self._count = itertools.count()
        self._jobs = itertools.count(1)
        self._closed = False
        self.steps = 0
        self.letters: Counter[str] = Counter()
        """Messages put into an inbox, and those that were left over when one closed."""
        self.longest_wait: dict[str, float] = {}
        """The longest time each loop has blocked, by its name."""

    # ------------------------------------------------------------------------------------------------- Environment

    def inbox(self) -> SimInbox:
        return SimInbox(self)

    def future(self) -> SimFuture:
        return SimFuture(self)

    def start_loop(self, name: str, loop: Callable[[], None]) -> None:
        self._spawn(name, loop)

    def run_job(self, name: str, job: Callable[[], None]) -> None:
        self._spawn(f"job-{name}-{next(self._jobs)}", job)

    def set_timer(self, delay: float, fire: Callable[[], None]) -> SimTimer:
        timer = SimTimer(fire)
        if not self._closed:
            heapq.heappush(self._timers, (self.clock.time + max(0.0, delay), next(self._count), timer))
        return timer

    def close(self) -> None:
        self._closed = True
        self._timers.clear()

    # -------------------------------------------------------------------------------------------------- greenlets

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        def body() -> None:
            try:
                target()
            finally:
                self._names.pop(greenlet.getcurrent(), None)

        new = greenlet.greenlet(body, parent=self._hub)
        self._names[new] = name
        self._ready.append(new)

    def current_name(self) -> str:
        """Return the name of the loop or job that runs now, or of the test itself."""
        return self._names.get(greenlet.getcurrent(), "test")

    def park(self) -> None:
        """Give up the turn until somebody wakes this greenlet."""
        if greenlet.getcurrent() is self._hub:
            raise RuntimeError("The test itself must not wait; it runs the hub instead.")
        self._hub.switch()

    def wake(self, sleeper: greenlet.greenlet) -> None:
        if not sleeper.dead and sleeper not in self._ready:
            self._ready.append(sleeper)

    def sleep(self, seconds: float, nap: Nap | None = None) -> None:
        """Let `seconds` of virtual time pass for this greenlet; `cut_short` ends it early."""
        nap = nap or Nap()
        name = self.current_name()
        if not name.startswith("job-"):
            self.longest_wait[name] = max(seconds, self.longest_wait.get(name, 0.0))
        nap.sleeper = greenlet.getcurrent()
        done = [False]

        def fire() -> None:
            done[0] = True
            if nap.sleeper is not None:
                self.wake(nap.sleeper)

        nap.timer = self.set_timer(seconds, fire)
        self.park()
        if not done[0] and nap.timer is not None:
            nap.timer.cancel()
        nap.sleeper = None

    def cut_short(self, nap: Nap) -> None:
        if nap.sleeper is not None:
            self.wake(nap.sleeper)

    # ---------------------------------------------------------------------------------------------------- running

    def step(self) -> bool:
        """Run one greenlet until it parks, or move the clock to the next timer; False when nothing is left to do."""
        if self._ready:
            names = [self._names.get(one, "?") for one in self._ready]
            chosen = self._ready.pop(self._choose(names) % len(self._ready))
            self.steps += 1
            if not chosen.dead:
                chosen.switch()
            return True
        while self._timers:
            when, _, timer = heapq.heappop(self._timers)
            if timer.fire is None:
                continue
            self.clock.time = max(self.clock.time, when)
            fire, timer.fire = timer.fire, None
            fire()
            return True
        return False

    def next_time(self) -> float | None:
        """When the next timer fires, if nobody can go on before that."""
        if self._ready:
            return self.clock.time
        while self._timers and self._timers[0][2].fire is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def run(self, *, until: Callable[[], bool], deadline: float, most_steps: int = 200_000) -> bool:
        """Run until the condition holds or virtual time reaches `deadline`; return whether it holds."""
        for _ in range(most_steps):
            if until():
                return True
            due = self.next_time()
            if due is None or due > deadline:
                self.clock.time = max(self.clock.time, min(deadline, 1e12))
                return until()
            self.step()
        raise AssertionError(f"{most_steps} steps have not been enough: the actors tell each other without end")

    def run_for(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.run(until=lambda: False, deadline=self.clock.time + seconds)

    def bury(self) -> None:
        """End every greenlet that is left, so that an example leaves nothing behind."""
        self._timers.clear()
        for one in list(self._names):
            if not one.dead:
                one.throw(greenlet.GreenletExit)
        self._names.clear()
        self._ready.clear()
