"""One generation of a worker without an actor: the worker's shell on the threads of errands, one at a time.

It does what the worker actor does, and is driven by the session's thread, which calls `look` between two waits: its
start and its duties are errands; when nothing is in hand it looks now and then whether the browser lives. It goes down
once, on whatever path, or is left behind.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from actors.runtime import Notifier, ThreadEnvironment
from actors.session.call_queue import CallQueue
from actors.session.errand import Errand
from actors.worker.shell import SECONDS_BETWEEN_LOOKS, Reports, Shell, Visits
from contracts.durations import spoken
from contracts.errors import (
    ConfigurationError,
    CrewFailedError,
    ParallelProcessingError,
    ProfileCorruptionError,
    SessionCorruptionError,
)
from contracts.ports import Owner
from contracts.supervision import ExitKind, Reason

log = logging.getLogger("purser.session")

D = TypeVar("D")
T = TypeVar("T")


@attrs.frozen
class Threads:
    """What errands run on.

    Args:
        environment: Where their threads and the time come from.
        notifier: Notified when one comes back.
        calls: What they leave for the session's thread.
        patience: Seconds that a machine without a thread is waited for.
    """

    environment: ThreadEnvironment
    notifier: Notifier
    calls: CallQueue
    patience: float


class ErrandWorker(Generic[D, T]):
    """One generation, from its start on.

    Args:
        owner: The generation.
        start: Starts it, on a thread of its own.
        reports: Called in the session's thread, as long as it is neither down nor left behind.
        on_down: Told why it went down.
        name_of: Says what a duty asks for, as in "to do this".
        threads: What its errands run on.
    """

    def __init__(
        self,
        owner: Owner,
        start: Callable[[], Visits[D, T]],
        reports: Reports[T],
        on_down: Callable[[Reason], object],
        name_of: Callable[[D], str],
        threads: Threads,
    ) -> None:
        self.owner = owner
        self._on_down = on_down
        self._name_of = name_of
        self._threads = threads
        self._shell: Shell[D, T] = Shell(
            start,
            Reports(
                ready=lambda: self._in_its_life(self._be_ready(reports)),
                stable=lambda: self._in_its_life(reports.stable),
                tell=lambda told: self._in_its_life(lambda: reports.tell(told)),
            ),
        )
        self._duties: deque[D] = deque()
        self._is_started = False
        self._is_over = False
        self._ending: str | None = None
        """Why it is to end as soon as nothing is in hand, or None."""
        self._next_look = 0.0
        self._is_threadless = False
        self._errand: Errand | None = self._make_errand("start the browser", self._shell.start)

    def _be_ready(self, reports: Reports[T]) -> Callable[[], None]:
        def be_ready() -> None:
            self._is_started = True
            reports.ready()

        return be_ready

    def _in_its_life(self, call: Callable[[], object]) -> None:
        """Have the session's thread make a call, if this generation counts by then."""
        self._threads.calls.put(lambda: None if self._is_over else call())

    # ---------------------------------------------------------------------------------------------------------- looking

    @property
    def errand(self) -> Errand | None:
        """What is in hand, or None."""
        return self._errand

    @property
    def has_duties(self) -> bool:
        """Whether it was given something that it has not begun."""
        return bool(self._duties)

    @property
    def lacks_a_thread(self) -> bool:
        """Whether what is in hand waits for a thread."""
        return self._is_threadless

    def next_time(self, now: float) -> float:
        """Return the monotonic time at which it wants to be looked at."""
        if self._is_over or self._errand is not None:
            return float("inf")
        return now if self._duties else self._next_look

    # ----------------------------------------------------------------------------------------------------------- acting

    def give(self, duty: D) -> None:
        """Give it something to do, after all that it was given before."""
        self._duties.append(duty)

    def end(self, text: str) -> None:
        """Have it go down as soon as nothing is in hand."""
        self._ending = text
        if self._errand is not None and not self._errand.is_started:
            self._errand = None
        if self._errand is None:
            self._go_down(ExitKind.SHUTDOWN, text)

    def leave(self) -> None:
        """Go on without it. What it holds is closed when its thread comes back; what it still brings is dropped."""
        errand, self._errand, self._is_over = self._errand, None, True
        if errand is not None:
            text = f"the thread that was to {errand.name} did not come back after its browser was killed"
            log.error("%s. It is left behind, and whatever it may still bring is dropped.", text[0].upper() + text[1:])
            errand.leave()

    def look(self) -> None:
        """Take up that an errand came back, and begin what can be begun. It does not block.

        Raises:
            CrewFailedError: The machine has had no thread left for too long.
            ConfigurationError, ProfileCorruptionError: No start can help.
        """
        errand = self._errand
        if errand is not None and errand.is_over and self._threads.calls.is_empty:  # what it reported comes first
            self._errand = None
            self._finish(errand)
        if self._is_over:
            return
        if self._errand is None and self._duties:
            duty = self._duties.popleft()
            self._errand = self._make_errand(self._name_of(duty), functools.partial(self._shell.perform, duty))
        if self._errand is not None:
            self._begin(self._errand)
        else:
            self._look_whether_it_lives()

    def _now(self) -> float:
        return self._threads.environment.clock.monotonic()

    def _make_errand(self, name: str, work: Callable[[], None]) -> Errand:
        return Errand(self.owner, name, work, closes=self._shell, asked_at=self._now())

    def _begin(self, errand: Errand) -> None:
        """Begin it. A machine that has no thread left is waited for, as long as a browser may take to start."""
        try:
            errand.start(self._threads.environment, self._threads.notifier)
        except RuntimeError as error:
            if not self._is_threadless:
                log.warning("There is no thread to %s (%s). It is tried again.", errand.name, error)
            self._is_threadless = True
            if self._now() - errand.asked_at >= self._threads.patience:
                self._errand, self._is_threadless = None, False
                hint = "End other programs, or raise its limit of threads."
                text = f"The machine had no thread left for {spoken(self._threads.patience)}. {hint}"
                raise CrewFailedError(text) from error
        else:
            self._is_threadless = False

    def _finish(self, errand: Errand) -> None:
        error = errand.error
        if error is None:
            if self._ending is not None:
                self._go_down(ExitKind.SHUTDOWN, self._ending)
        elif self._is_its_own(error):
            self._fail(error)
        elif self._ending is not None:  # it ends anyway; what nobody expects is told all the same
            log.error("While it ended, to %s raised %s.", errand.name, type(error).__name__, exc_info=error)
            self._fail(error)
        else:
            raise error

    def _is_its_own(self, error: BaseException) -> bool:
        """Whether an error is this generation's, so that another may fare better."""
        if isinstance(error, (ConfigurationError, ProfileCorruptionError)):
            return False
        return isinstance(error, SessionCorruptionError if self._is_started else ParallelProcessingError)

    def _look_whether_it_lives(self) -> None:
        now = self._now()
        if now < self._next_look:
            return
        self._next_look = now + SECONDS_BETWEEN_LOOKS
        try:
            self._shell.look()
        except SessionCorruptionError as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._is_started:
            log.warning("The browser did not start: %s", error)
        kind = ExitKind.CRASHED if self._is_started else ExitKind.START_FAILED
        self._go_down(kind, str(error), type(error).__name__)

    def _go_down(self, kind: ExitKind, text: str, error: str = "") -> None:
        self._is_over = True
        self._shell.close()
        self._on_down(Reason(kind, text, error))
