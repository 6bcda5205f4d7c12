"""Runs one batch beside the main thread, which stays free for signals and for the display.

The first SIGINT, SIGTERM or SIGHUP drains, the second forces, and a drain that takes too long is forced as well. Only
the command installs handlers, and it puts the old ones back.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import attrs

from actors.cli.display import Display
from actors.processes.stop_pipe import Bounds, StopPipe
from actors.runtime import Notifier, ThreadEnvironment
from contracts.config import HeadlessConfiguration, Settings, Timeouts
from contracts.errors import ParallelProcessingError
from contracts.status import Progress
from contracts.tasks import POResult, POTask

if TYPE_CHECKING:  # see run.py
    from actors.session.folder_journal import FolderJournal

_LOOK_EVERY = 0.2
_CLEAN_UP = 10.0
_GRACE = 5.0
"""Seconds that the program may be late before the watchdog ends it."""


class Session(Protocol):
    """What the command needs of a `ProcessingSession`."""

    @property
    def results(self) -> tuple[POResult, ...]:
        """Outcomes in the order of the input."""
        ...

    def process_pos(self, po_list: Sequence[POTask]) -> tuple[int, int, dict[str, Any]]:
        """Work through the orders."""
        ...

    def snapshot(self) -> Progress:
        """Return the batch as it is now."""
        ...

    def request_stop(self, force: bool = False) -> None:
        """Drain, or with `force` end now."""
        ...

    def get_session_report(self) -> dict[str, Any]:
        """Return the report so far."""
        ...


class SessionFactory(Protocol):
    """Makes a session; `ProcessingSession` itself is one."""

    def __call__(
        self,
        headless_config: HeadlessConfiguration,
        enable_parallel: bool,
        max_workers: int,
        *,
        settings: Settings,
        journal: FolderJournal,
    ) -> Session:
        """Return a session that has started nothing yet."""
        ...


class StopSignals:
    """Counts the signals that ask to stop, while it is entered in the main thread.

    A handler only counts: it runs between any two steps of the main thread, where taking a lock could never end. The
    watchdog hears of them as well, and kills a program that does not come to count them.
    """

    NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}
        self._pipe: StopPipe | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in self.NAMES:
                number = getattr(signal, name, None)
                if number is not None:
                    self._before[number] = signal.signal(number, self._note)
            if os.name == "posix":
                self._pipe = StopPipe()
                self._pipe.listen()
        return self

    def bound(self, timeouts: Timeouts) -> None:
        """Say how long the program may take to end when it is asked to; a watchdog that is started then sees to it."""
        if self._pipe is not None:
            last = timeouts.force + _CLEAN_UP + _GRACE
            self._pipe.bounds = Bounds(timeouts.shutdown + last, last)

    def note_end(self) -> None:
        """Say that the batch is over, so that what is left is to write down what came of it."""
        if self._pipe is not None:
            self._pipe.tell_end()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before.clear()
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Give signals their old meaning for a while: whoever waits for a person's answer must be able to leave."""
        held = bool(self._before)
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            if held:
                self.__enter__()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1


@attrs.frozen(kw_only=True)
class BatchEnd:
    """How a batch came back.

    Args:
        report: What `process_pos` returned last, or None.
        error: What it raised, or None.
        interrupted: A signal asked it to stop.
        abandoned: It did not come back in time and was left behind.
        elapsed: Seconds it took.
    """

    report: dict[str, Any] | None = None
    error: Exception | None = None
    interrupted: bool = False
    abandoned: bool = False
    elapsed: float = 0.0


@attrs.define
class _Running:
    report: dict[str, Any] | None = None
    error: Exception | None = None
    done: bool = False


def run_batch(
    session: Session, tasks: Sequence[POTask], display: Display, signals: StopSignals, timeouts: Timeouts
) -> BatchEnd:
    """Run `tasks` to their end, showing progress and passing signals on.

    Args:
        session: Runs them, in a thread of its own.
        tasks: The orders.
        display: Shown several times a second.
        signals: Entered by the caller.
        timeouts: How long a drain and a forced end may take.

    Returns:
        How it ended. Nothing the session raises escapes.
    """
    environment = ThreadEnvironment()
    notifier, running = Notifier(), _Running()

    def job() -> None:
        try:
            _, _, running.report = session.process_pos(tasks)
        except ParallelProcessingError as error:
            running.error = error
        except Exception as error:  # noqa: BLE001 - the boundary of the thread: the main thread judges what it was
            running.error = error
        finally:
            running.done = True
            notifier.notify()

    monotonic = environment.clock.monotonic
    started, passed_on, deadline = monotonic(), 0, float("inf")
    abandoned = False
    signals.bound(timeouts)
    display.open()
    try:
        environment.run_job("batch", job)
        while not notifier.wait_for(lambda: running.done, _LOOK_EVERY):
            now = monotonic()
            wanted = min(2, signals.count)
            if now >= deadline:
                if passed_on == 2:
                    abandoned = True
                    break
                wanted = 2
            if wanted > passed_on:
                passed_on = wanted
                session.request_stop(force=wanted == 2)
                deadline = now + (timeouts.shutdown if wanted == 1 else timeouts.force + _CLEAN_UP)
            display.show(session.snapshot(), now - started)
        last = session.snapshot()
        if running.error is None or last.completed:  # of a batch that never began there is nothing to show
            display.show(last, monotonic() - started)
    finally:
        signals.note_end()
        display.close()
        environment.close()
    return BatchEnd(
        report=running.report,
        error=running.error,
        interrupted=passed_on > 0,
        abandoned=abandoned,
        elapsed=monotonic() - started,
    )
