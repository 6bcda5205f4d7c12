"""The real environment: one daemon thread an actor, one for all timers, one a job, and the machine's clock.

All threads are daemons, because a thread lost in a user's adapter must not keep the interpreter from exiting.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import attrs
from pykka import ActorDeadError, Future, ThreadingFuture
from pykka._envelope import Envelope  # see environment.py


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)


class ClosingInbox:
    """A FIFO of one reader and many writers that closes atomically.

    Only C code runs while the lock is held or a reader waits, so an exception injected into a thread from outside
    cannot leave the lock locked.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Envelope[Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, envelope: Envelope[Any], /) -> None:
        """Add a message, or raise `pykka.ActorDeadError` when the inbox is closed."""
        with self._lock:
            if not self._closed:
                self._waiting.put(envelope)
                return
        raise ActorDeadError("The actor has ended and its inbox is closed.")

    def get(self) -> Envelope[Any]:
        """Wait for the next message and take it."""
        return self._waiting.get()

    def empty(self) -> bool:
        """Whether nothing is waiting."""
        return self._waiting.empty()

    def close(self) -> tuple[Envelope[Any], ...]:
        """Refuse further messages and return the unhandled ones."""
        with self._lock:
            self._closed = True
        left: list[Envelope[Any]] = []
        while not self._waiting.empty():  # nobody adds any more, and the one reader is who closes
            left.append(self._waiting.get())
        return tuple(left)


@attrs.define(eq=False)
class _ThreadTimer:
    fire: Callable[[], None] | None

    def cancel(self) -> None:
        self.fire = None


_LONGEST_WAIT = 3600.0
"""Seconds after which the timers' thread looks again. A timer may be set for ever; no lock waits that long."""


class _Timers:
    """One thread that fires timers, the earliest first. Started with the first timer."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._waiting: list[tuple[float, int, _ThreadTimer]] = []
        self._count = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(self, delay: float, fire: Callable[[], None]) -> _ThreadTimer:
        timer = _ThreadTimer(fire)
        with self._changed:
            if self._closed:
                return timer
            heapq.heappush(self._waiting, (time.monotonic() + max(0.0, delay), next(self._count), timer))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="purser-timers", daemon=True)
                thread.start()
                self._thread = thread  # only now: a start that failed is tried again with the next timer
            self._changed.notify()
        return timer

    @property
    def thread(self) -> threading.Thread | None:
        return self._thread

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._waiting or self._waiting[0][0] > time.monotonic()):
                    left = self._waiting[0][0] - time.monotonic() if self._waiting else _LONGEST_WAIT
                    self._changed.wait(min(left, _LONGEST_WAIT))
                if self._closed:
                    return
                _, _, timer = heapq.heappop(self._waiting)
                fire, timer.fire = timer.fire, None
            if fire is not None:
                fire()


class ThreadEnvironment:
    """Runs an actor system on threads and real time. Build one a system."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._timers = _Timers()
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._threads_lock = threading.Lock()

    @property
    def clock(self) -> SystemClock:
        """The machine's clocks."""
        return self._clock

    def inbox(self) -> ClosingInbox:
        """Return a new, open inbox."""
        return ClosingInbox()

    def future(self) -> Future[Any]:
        """Return a new future."""
        return ThreadingFuture()

    def start_loop(self, name: str, loop: Callable[[], None]) -> None:
        """Run an actor's loop on a daemon thread of its own."""
        self._start(name, loop)

    def run_job(self, name: str, job: Callable[[], None]) -> None:
        """Run blocking work on a daemon thread of its own."""
        self._start(f"job-{name}", job)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=f"purser-{name}", daemon=True)
        thread.start()
        with self._threads_lock:
            self._threads.add(thread)

    def set_timer(self, delay: float, fire: Callable[[], None]) -> _ThreadTimer:
        """Call `fire` on the timer thread after `delay` seconds."""
        return self._timers.set(delay, fire)

    def close(self) -> None:
        """Fire no more timers and end their thread."""
        self._timers.close()

    def threads(self) -> tuple[threading.Thread, ...]:
        """Return its threads that have not ended, but for the calling one."""
        with self._threads_lock:
            known = (*self._threads, self._timers.thread)
        here = threading.current_thread()
        return tuple(one for one in known if one is not None and one is not here and one.is_alive())
