"""What goes wrong on purpose, one deed after the other in the middle of the work.

A browser is killed, memory runs short, every login ends, the dispatcher dies, a browser is stopped. Each deed waits
until the one before it has been dealt with, so that the log tells their stories one by one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import attrs
import psutil

from actors.session.tree import DISPATCHER
from contracts.status import Progress, WorkerHealth, WorkerState
from scripts.portal.child import DemoPortal
from scripts.supervision.pretence import PRETENDED, CountingJournal, PretendedMemory
from scripts.supervision.processes import OwnProcesses, lives

log = logging.getLogger("purser.demo")

ORDERS_LEFT_A_WORKER = 3
"""So many orders a worker are left at least, or nobody would miss a browser or a login."""
SECONDS_OF_SHORTAGE_AFTER_KILL = 2.0
"""The shortage outlasts the browser by this time, so that its restart is seen to be held."""
MOST_SECONDS_OF_SHORTAGE = 10.0
_MEMORY_MARK = "the machine's memory is"


@attrs.frozen
class Nonsense:
    """A message that no actor knows."""


@attrs.define
class Found:
    """What was done, and what became of it."""

    kills: int = 0
    victim_of_memory: str = ""
    """The worker whose browser was taken away for it, and is gone from the machine."""
    stopped_gone_after: float | None = None
    """Seconds from SIGSTOP until the machine had no such process any more."""


@attrs.frozen
class _Deed:
    """Done when `share` of the orders have ended; `do` tells whether it could be done, `settled` whether it is over."""

    share: float
    do: Callable[[Progress], bool]
    settled: Callable[[Progress], bool]


class Mischief:
    """Does every deed once, in turn.

    Args:
        portal: Where the logins are.
        processes: Where the browsers are.
        memory: What the monitor is told of the machine.
        journal: Tells the dispatcher's epoch.
        tell: Puts a message into the inbox of the actor of that name.
    """

    def __init__(
        self,
        portal: DemoPortal,
        processes: OwnProcesses,
        memory: PretendedMemory,
        journal: CountingJournal,
        tell: Callable[[str, object], object],
    ) -> None:
        self._portal = portal
        self._processes = processes
        self._memory = memory
        self._journal = journal
        self._tell = tell
        self._browser: psutil.Process | None = None
        self._browsers: dict[str, psutil.Process] = {}
        self._logins = 0
        self._began = 0.0
        self._cured_at: float | None = None
        self._deeds = [
            _Deed(0.15, self._kill, self._browser_is_gone),
            _Deed(0.30, self._shorten_memory, self._memory_is_back),
            _Deed(0.45, self._expire, self._is_logged_in_again),
            _Deed(0.55, self._end_dispatcher, self._dispatcher_is_back),
            _Deed(0.65, self._stop, self._stopped_is_gone),
        ]
        self._done: _Deed | None = None
        self.found = Found()

    def look(self, progress: Progress) -> None:
        """Do what is due, and see what became of what was done."""
        if self._done is not None and self._done.settled(progress):
            self._done = None
        if self._done is not None or not self._deeds or not progress.total or progress.finished:
            return
        ended = progress.completed + progress.failed
        latest = progress.total - ORDERS_LEFT_A_WORKER * len(progress.workers)
        deed = self._deeds[0]
        if ended >= min(deed.share * progress.total, latest) and deed.do(progress):
            self._done = self._deeds.pop(0)

    def _busy_browser(self, progress: Progress) -> tuple[WorkerHealth, psutil.Process] | None:
        for worker in progress.workers:
            browser = self._processes.browser_of(worker.worker_id) if worker.state is WorkerState.WORKING else None
            if browser is not None:
                return worker, browser
        return None

    # ------------------------------------------------------------------------------------------------ a browser dies

    def _kill(self, progress: Progress) -> bool:
        found = self._busy_browser(progress)
        if found is None:
            return False
        worker, self._browser = found
        log.warning("the demo sends SIGKILL to the browser of %s, process %d", worker.worker_id, self._browser.pid)
        self._browser.kill()
        self.found.kills += 1
        return True

    def _browser_is_gone(self, progress: Progress) -> bool:
        # Not before somebody took note of it, or the next deed could be taken for its cause.
        return any(worker.last_error or worker.generation > 1 for worker in progress.workers)

    # ------------------------------------------------------------------------------------------------- memory is short

    def _shorten_memory(self, progress: Progress) -> bool:
        if all(worker.state is not WorkerState.WORKING for worker in progress.workers):
            return False
        found = {worker.worker_id: self._processes.browser_of(worker.worker_id) for worker in progress.workers}
        self._browsers = {worker: browser for worker, browser in found.items() if browser is not None}
        size = PRETENDED.limit / 2**30
        log.warning("the demo pretends that the machine has %g GiB and %.0f%% in use", size, PRETENDED.fraction * 100)
        self._memory.short, self._began = True, time.monotonic()
        return True

    def _memory_is_back(self, progress: Progress) -> bool:
        now = time.monotonic()
        for worker in progress.workers:
            browser = self._browsers.get(worker.worker_id)
            told = _MEMORY_MARK in worker.last_error
            if self._cured_at is None and told and browser is not None and not lives(browser):
                self._cured_at = now
                self.found.victim_of_memory = worker.worker_id
        cured = self._cured_at is not None and now - self._cured_at >= SECONDS_OF_SHORTAGE_AFTER_KILL
        if cured or now - self._began >= MOST_SECONDS_OF_SHORTAGE:
            self._memory.short = False
            log.warning("the demo pretends no longer: memory is what it is")
        return not self._memory.short

    # ---------------------------------------------------------------------------------------------------- logins end

    def _expire(self, progress: Progress) -> bool:
        del progress
        self._logins = self._portal.counters().logins
        gone = self._portal.expire_logins()
        log.warning("the demo ends the login (%d valid until now)", gone)
        return True

    def _is_logged_in_again(self, progress: Progress) -> bool:
        # The login must have reached the dispatcher too, or the next one would have to ask for another.
        return self._portal.counters().logins > self._logins and not progress.pauses

    # --------------------------------------------------------------------------------------------- the dispatcher dies

    def _end_dispatcher(self, progress: Progress) -> bool:
        if not progress.active:
            return False
        self._began = self._journal.epoch
        log.warning("the demo sends the dispatcher a message it cannot handle; %d orders are in work", progress.active)
        self._tell(DISPATCHER, Nonsense())
        return True

    def _dispatcher_is_back(self, progress: Progress) -> bool:
        return self._journal.epoch > self._began and progress.active > 0

    # --------------------------------------------------------------------------------------------- a browser is stopped

    def _stop(self, progress: Progress) -> bool:
        found = self._busy_browser(progress)
        if found is None:
            return False
        worker, self._browser = found
        log.warning("the demo sends SIGSTOP to the browser of %s, process %d", worker.worker_id, self._browser.pid)
        self._browser.suspend()
        self._began = time.monotonic()
        return True

    def _stopped_is_gone(self, progress: Progress) -> bool:
        del progress
        if self._browser is None or lives(self._browser):
            return False
        self.found.stopped_gone_after = time.monotonic() - self._began
        return True
