"""What goes wrong: browsers, drivers and tabs are killed or stopped, logins end, pages and files fail."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

import attrs
import psutil

from actors.journal import RunStatus
from actors.session.folder_journal import journal_path
from scripts.havoc.ledger import browsers_lost
from scripts.havoc.program import processes_of
from scripts.portal.child import DemoPortal
from scripts.supervision.place import Place

_FAULTS = ("page-500:1", "page-503:1", "page-429:1:1", "file-stall:1", "file-truncated:1", "file-500:1", "page-204:1")
_KINDS = ("browser", "driver", "renderer")
_MOST_LOST = 1
"""While an open order has lost more browsers, all are spared: a third loss would be its quarantine, and rightly so."""


@attrs.define(eq=False)
class Mischief:
    """Does one thing at a time, as a seed decides.

    Args:
        portal: Whose logins end and whose answers fail.
        place: Where the browsers are.
        chance: The seeded choice.
    """

    portal: DemoPortal
    place: Place
    chance: random.Random
    done: Counter[str] = attrs.field(factory=Counter)
    losses: list[tuple[str, float]] = attrs.field(factory=list)
    """Each worker whose browser was taken away, and when (seconds since the epoch)."""
    faulty: set[str] = attrs.field(factory=set)
    logins_have_ended: bool = False

    @property
    def total(self) -> int:
        """How many things went wrong."""
        return sum(self.done.values())

    def do(self, standing: RunStatus, numbers: list[str]) -> None:
        """Do one thing.

        Args:
            standing: How the run stands.
            numbers: Orders that may be made faulty still.
        """
        deed = self.chance.choices((self._kill, self._stop, self._expire, self._spoil), (10, 1, 1, 5))[0]
        deed(standing, numbers)

    def _victim(self, standing: RunStatus, kind: str) -> tuple[str, psutil.Process] | None:
        """Return a worker and a process of its browser, of a worker whose order may lose it."""
        lost = browsers_lost(journal_path(self.place.downloads))
        if lost > _MOST_LOST:
            return None
        # What is taken from an idle one is lost to whichever order comes next, maybe to one that has lost some already.
        busy = {lease.worker for lease in standing.in_hand}
        found = []
        for process in processes_of(self.place.scratch):
            worker = _worker_of(process)
            if worker and (lost == 0 or worker in busy) and _kind_of(process) == kind:
                found.append((worker, process))
        return self.chance.choice(sorted(found, key=lambda one: one[1].pid)) if found else None

    def _kill(self, standing: RunStatus, _numbers: list[str]) -> None:
        kind = self.chance.choice(_KINDS)
        victim = self._victim(standing, "browser" if kind == "driver" else kind)
        if victim is None:
            return
        worker, process = victim
        try:
            if kind == "driver":
                process = process.parent() or process
            process.kill()
        except psutil.NoSuchProcess:
            return
        self.done[f"SIGKILL of a {kind}"] += 1
        self.losses.append((worker, time.time()))

    def _stop(self, standing: RunStatus, _numbers: list[str]) -> None:
        victim = self._victim(standing, "browser")
        if victim is None:
            return
        try:
            victim[1].send_signal(signal.SIGSTOP)
        except psutil.NoSuchProcess:
            return
        self.done["SIGSTOP of a browser"] += 1

    def _expire(self, _standing: RunStatus, _numbers: list[str]) -> None:
        # Once in a life: an order that meets the login page after two logins fails, and rightly so.
        if self.logins_have_ended:
            return
        self.logins_have_ended = True
        self.portal.expire_logins()
        self.done["end of all logins"] += 1

    def _spoil(self, _standing: RunStatus, numbers: list[str]) -> None:
        well = [number for number in numbers if number not in self.faulty]
        if not well:
            return
        number, fault = self.chance.choice(well), self.chance.choice(_FAULTS)
        self.portal.set_faults({number: fault})
        self.faulty.add(number)  # one each: three failures by the portal's fault are a failure for good, and rightly so
        self.done[fault.partition(":")[0]] += 1


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _worker_of(process: psutil.Process) -> str:
    for word in _command(process):
        if word.startswith("--user-data-dir="):
            return next((part.partition(".")[0] for part in word.split("/") if part.startswith("worker-")), "")
    return ""


def _kind_of(process: psutil.Process) -> str:
    types = [word.removeprefix("--type=") for word in _command(process) if word.startswith("--type=")]
    return types[0] if types else "browser"
