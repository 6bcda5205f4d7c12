"""One run on real threads and real processes, with the surface of `SimRun` and watched by the same watchers.

Checked are the invariants that hold at any pace: those that compare a moment with a moment of the program's own clock
are left to the simulation.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

from actors.processes.ledger import ProcessLedger
from actors.runtime import System, Timer
from actors.session.tree import ROOT
from contracts.config import ResourceLimits, RestartIntensity, RetryPolicy, Settings, Timeouts
from contracts.supervision import Exit
from tests.simulation.auditor import AuditedSystem, Auditor
from tests.simulation.findings import Findings, Violation
from tests.simulation.hub import Hub
from tests.simulation.outside import BASE
from tests.simulation.run import LONGEST_HANG, SimRun
from tests.simulation.stubs import StubProcess, StubResources, ThreadWorld
from tests.simulation.threads import ThreadHub, TurnTaking

AT_ANY_PACE = frozenset({1, 2, 3, 4, 7, 8, 9, 12, 13, 14, 18})
THREAD_SETTINGS = Settings(
    base_url=BASE,
    timeouts=Timeouts(
        inactivity=15.0, task=30.0, worker_ready=20.0, login=20.0, shutdown=20.0, force=10.0, circuit_open=60.0,
        circuit_probe_max=10.0,
    ),
    limits=ResourceLimits(recycle_after_tasks=7, check_interval=2.0, max_restart_attempts=3),
    intensity=RestartIntensity(max_delay=4.0),
    retry=RetryPolicy(max_attempts=3, max_delay=4.0),
    seed=7,
)  # fmt: skip
SECONDS_TO_COME_BACK = 200.0
SECONDS_OF_A_PAUSE = 20.0


class ThreadFindings(Findings):
    """Notes what can be told at any pace only, and raises it in the test's own thread only."""

    def require(self, invariant: int, holds: bool, what: object) -> None:
        if invariant not in AT_ANY_PACE:
            return
        try:
            super().require(invariant, holds, what)
        except Violation:
            if threading.current_thread() is threading.main_thread():
                raise


class ThreadSystem(AuditedSystem):
    """The system, with somebody listening to many threads."""

    def __init__(self, hub: ThreadHub, auditor: Auditor) -> None:
        super().__init__(cast("Hub", hub), auditor)
        self._threads = hub

    def tell(self, name: str, message: Any, *, generation: int | None = None) -> bool:
        with self._threads.turn:
            self._auditor.told(name, message)
            self._told += 1
            self._threads.tell_news()
        return System.tell(self, name, message, generation=generation)

    def ask(self, name: str, message: Any, timeout: float) -> Any:
        with self._threads.turn:
            self._told += 1
        return System.ask(self, name, message, timeout)

    def set_timer(self, name: str, generation: int, delay: float, message: Any) -> Timer:
        return System.set_timer(self, name, generation, delay, message)

    def check(self) -> None:
        """Compare only when nobody is about to tell or to count."""
        if not +self._threads.running:
            super().check()


class ThreadedRun(SimRun):
    """The real tree on threads, over stub processes.

    Args:
        folder: Where the ledger keeps its state and its temporary folder.
        settings: The settings the program runs with.
    """

    def __init__(self, folder: Path, settings: Settings = THREAD_SETTINGS) -> None:
        self.threads = ThreadHub()
        self.ledger = ProcessLedger(
            folder / "state", temp_dir=folder, watchdog=False, monotonic=self.threads.clock.monotonic
        )
        self.ledger.open()
        self.stubs = ThreadWorld(self.threads, settings, self.ledger)
        self.stubs.findings = ThreadFindings()
        self._settling = False
        super().__init__(lambda _names: 0, settings, self.stubs)

    def make_run_resources(self) -> Any:
        return StubResources(self.stubs)

    def make_auditor(self) -> Auditor:
        auditor = super().make_auditor()
        auditor.lives = cast("Any", TurnTaking(auditor.lives, self.threads))
        auditor.books = cast("Any", TurnTaking(auditor.books, self.threads))
        return auditor

    def make_system(self) -> AuditedSystem:
        return ThreadSystem(self.threads, self.auditor)

    # -------------------------------------------------------------------------------------------------------- waiting

    def pass_time(self, seconds: float) -> None:
        """Wait until all is done, at most so long; so long that all comes back, what hangs for ever does as well."""
        if seconds >= LONGEST_HANG:
            self.threads.let_go()
            self.stubs.lost_threads = 0
            self.until(lambda: not +self.threads.running, SECONDS_TO_COME_BACK)
        else:
            self.until(self._is_done, seconds if self._settling else min(seconds, SECONDS_OF_A_PAUSE))

    def take_turns(self, count: int) -> None:
        """Wait until so many more things have happened, but not for long."""
        for _ in range(count):
            self.threads.step()

    def _is_done(self) -> bool:
        return self.auditor.root_down or (self.progress.read().finished and self._all_ended())

    def live(self) -> list[StubProcess]:
        """Return the stub processes that run now."""
        with self.threads.turn:
            return [process for process in self.stubs.every if process.alive]

    # ------------------------------------------------------------------------------------------------------- checking

    def check(self) -> None:
        with self.threads.turn:
            super().check()

    def settle(self) -> None:
        """Faults cease, time passes: everything comes to its end, each start has one end, and no process is left."""
        with self.threads.turn:
            self._settling = True
            self.stubs.disarm()
        super().settle()
        require = self.auditor.require
        left = [process.owner for process in self.live()]
        require(9, not left, f"processes are left after the shutdown: {left}")
        folders = sorted(path.name for path in self.ledger.root.iterdir() if path.is_dir())
        require(9, not folders, f"folders are left after the shutdown: {folders}")
        require(9, not self.ledger.live_owners(), f"the ledger still has {self.ledger.live_owners()}")

    def bury(self) -> None:
        """End what is left, so that an example leaves nothing behind."""
        self.threads.let_go()
        if not self.auditor.root_down:
            self.system.tell(ROOT, Exit("the example is over", force=True))
            self.until(lambda: self.auditor.root_down, SECONDS_TO_COME_BACK)
        left = self.ledger.close()
        gone = self.until(lambda: not +self.threads.running and all(one.gone for one in self.stubs.every), 100.0)
        self.threads.close()
        assert not left, f"these could not be ended: {left}"
        assert gone, f"these have not come back: {+self.threads.running}"
