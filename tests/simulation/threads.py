"""Real threads in place of the hub: the same surface, the program's own `ThreadEnvironment`, and time that runs faster.

One simulated second lasts a tenth of a real one, so the program's own deadlines need no other values here. The
simulated world and the watchers were written for one thread; `TurnTaking` lets one thread at a time into them, and who
sleeps in there lets others in. The actors themselves run as they do in earnest.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pykka._envelope import Envelope

from actors.runtime import SystemClock, ThreadEnvironment, Timer
from actors.runtime.threads import ClosingInbox
from tests.simulation.hub import Nap

PACE = 10.0
"""Simulated seconds in a real one."""
LONGEST_SLEEP = 600.0
SECONDS_FOR_NEWS = 0.05
LOOK_AGAIN = 0.05


class PacedClock(SystemClock):
    """The machine's clock, running faster. The wall clock may jump."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self.wall_offset = 0.0

    @property
    def time(self) -> float:
        return (time.monotonic() - self._start) * PACE

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.wall_offset)


class CountingInbox(ClosingInbox):
    """The program's inbox, with somebody counting."""

    def __init__(self, hub: ThreadHub) -> None:
        super().__init__()
        self._hub = hub

    def put(self, envelope: Envelope[Any], /) -> None:
        super().put(envelope)
        self._hub.count("put", 1)

    def close(self) -> tuple[Envelope[Any], ...]:
        left = super().close()
        self._hub.count("left over", len(left))
        return left


class ThreadHub(ThreadEnvironment):
    """What `Hub` offers, on threads."""

    def __init__(self) -> None:
        super().__init__()
        self._paced = PacedClock()
        self.turn = threading.RLock()
        self.steps = 0
        self.letters: Counter[str] = Counter()
        self.longest_wait: dict[str, float] = {}
        self.running: Counter[str] = Counter()
        """Loops and jobs that have not returned."""
        self._news = threading.Condition(self.turn)
        self._events = 0
        self._asleep: dict[Nap, threading.Condition] = {}
        self._over = False

    # ------------------------------------------------------------------------------------------------- Environment

    @property
    def clock(self) -> PacedClock:
        return self._paced

    def inbox(self) -> ClosingInbox:
        return CountingInbox(self)

    def start_loop(self, name: str, loop: Callable[[], None]) -> None:
        super().start_loop(name, self._counted(name, loop))

    def run_job(self, name: str, job: Callable[[], None]) -> None:
        super().run_job(name, self._counted(f"job-{name}", job))

    def set_timer(self, delay: float, fire: Callable[[], None]) -> Any:
        timer: Timer = super().set_timer(delay / PACE, fire)
        return timer

    def _counted(self, name: str, target: Callable[[], None]) -> Callable[[], None]:
        with self.turn:
            self.running[name] += 1

        def body() -> None:
            try:
                target()
            finally:
                with self.turn:
                    self.running[name] -= 1
                    self.tell_news()

        return body

    # ------------------------------------------------------------------------------------------------------ the turn

    def count(self, what: str, number: int) -> None:
        with self.turn:
            self.letters[what] += number

    def tell_news(self) -> None:
        """Wake whoever waits for something to happen. Call it with the turn."""
        self._events += 1
        self._news.notify_all()

    def current_name(self) -> str:
        return threading.current_thread().name.removeprefix("purser-")

    def sleep(self, seconds: float, nap: Nap | None = None) -> None:
        """Give up the turn for so long, or until the nap is cut short."""
        self.wait_in_nap(nap or Nap(), lambda: False, seconds)

    def wait_in_nap(self, nap: Nap, happened: Callable[[], bool], seconds: float) -> None:
        """Give up the turn until something has happened, it is late enough, or the nap is cut short."""
        with self.turn:
            if self._over:
                return
            woken = self._asleep[nap] = threading.Condition(self.turn)
            woken.wait_for(lambda: nap not in self._asleep or happened(), min(seconds / PACE, LONGEST_SLEEP))
            self._asleep.pop(nap, None)

    def stir(self, nap: Nap) -> None:
        """Let who naps look whether what it waits for has happened."""
        if nap in self._asleep:
            self._asleep[nap].notify_all()

    def cut_short(self, nap: Nap) -> None:
        woken = self._asleep.pop(nap, None)
        if woken is not None:
            woken.notify_all()

    def let_go(self) -> None:
        """End every sleep, and let nobody sleep again: what hung for ever comes back."""
        with self.turn:
            self._over = True
            for nap in tuple(self._asleep):
                self.cut_short(nap)

    # ---------------------------------------------------------------------------------------------------- running

    def step(self) -> bool:
        """Wait until something more has happened, but not for long."""
        self.steps += 1
        before = self._events
        with self._news:
            self._news.wait_for(lambda: self._events > before, SECONDS_FOR_NEWS)
        return True

    def run(self, *, until: Callable[[], bool], deadline: float) -> bool:
        """Wait until the condition holds, or until that time; return whether it holds."""
        with self._news:
            while not until():
                left = (deadline - self.clock.time) / PACE
                if left <= 0:
                    return False
                # What a process does of itself is not news here, so look now and then.
                self._news.wait(min(left, LOOK_AGAIN))
            return True

    def run_for(self, seconds: float) -> None:
        self.run(until=lambda: False, deadline=self.clock.time + seconds)


class TurnTaking:
    """Lets one thread at a time into what it wraps, and tells the news of every call."""

    def __init__(self, inner: object, hub: ThreadHub) -> None:
        self._inner = inner
        self._hub = hub

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **named: Any) -> Any:
            with self._hub.turn:
                try:
                    return value(*args, **named)
                finally:
                    self._hub.tell_news()

        return call
