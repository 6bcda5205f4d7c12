"""Work on a thread of its own, so that an interrupt of the caller's thread finds nothing half done.

Python raises KeyboardInterrupt, and whatever else a signal handler raises, between any two steps of the main thread:
amid a change of two things that belong together, or with a lock in hand. So a session's own work never runs there. The
caller's thread only waits, and an interrupt is a word to the work, which takes it up between two events of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from contracts.errors import InsufficientResourcesError

log = logging.getLogger("purser.session")

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS = 0.5
"""Where a wait cannot be interrupted (on Windows), an interrupt is seen after this time."""


class Apart(Generic[T]):
    """A call on a thread of its own.

    Args:
        work: Runs to its end, whatever strikes the caller's thread meanwhile.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._begun = threading.Lock()
        self._end = threading.Lock()
        self._end.acquire()
        self.is_started = False
        self._answer: list[T] = []
        self.error: BaseException | None = None
        self.is_over = False

    def start(self) -> None:
        """Start it, and return at once.

        Raises:
            InsufficientResourcesError: The machine has no thread left.
        """
        try:
            self._start()
        except RuntimeError as error:
            raise InsufficientResourcesError(f"There is no thread for the session's work ({error}).") from error

    def _start(self) -> None:
        threading.Thread(target=self._run, name="purser-session", daemon=True).start()
        self.is_started = True

    def wait(self) -> None:
        """Start it if need be, and wait until it is over. Nothing is lost when this is struck and called again."""
        if not self.is_started:
            try:
                self._start()
            except RuntimeError as error:
                log.warning("There is no thread for the session's work (%s). It runs in the caller's.", error)
                self._run()
                self.is_started = True
        while not self.is_over:
            self._end.acquire(timeout=SECONDS_BETWEEN_LOOKS)

    def _run(self) -> None:
        if not self._begun.acquire(blocking=False):
            return  # started twice, around an interrupt
        try:
            self._answer.append(self._work())
        except BaseException as error:  # noqa: BLE001 - boundary of a thread: raised again where it is waited for
            self.error = error
        self.is_over = True
        self._end.release()

    def result(self) -> T:
        """Return what came of it, or raise what it raised."""
        error, self.error = self.error, None  # not kept: its traceback holds this very call
        if error is not None:
            raise error
        return self._answer[0]


def run_apart(work: Callable[[], T], *, on_interrupt: Callable[[], Any]) -> T:
    """Do `work` on a thread of its own and wait for it.

    Args:
        work: Runs to its end, whatever strikes the caller's thread meanwhile.
        on_interrupt: Told of each interrupt, in the caller's thread; must only leave word and take no lock.

    Returns:
        What `work` returned.

    Raises:
        BaseException: What struck the caller's thread first, once the work is over. Otherwise what `work` raised.
    """
    return wait_for(Apart(work), on_interrupt=on_interrupt)


def wait_for(call: Apart[T], *, on_interrupt: Callable[[], Any]) -> T:
    """Wait for a call, as `run_apart` does; it is started if need be."""
    struck = list[BaseException]()
    while not call.is_over:
        # Twice, because the second interrupt may come while the first is being noted.
        try:
            while not call.is_over:
                try:
                    call.wait()
                except BaseException as error:  # noqa: BLE001 - boundary: raised again when the work is over
                    struck.append(error)
                    on_interrupt()
        except BaseException as error:  # noqa: BLE001 - boundary: as above
            struck.append(error)
            on_interrupt()
    if struck:
        raise struck[0] from call.error
    return call.result()
