"""Ends sessions on real browsers from every state they may be in, plainly and by force, and times it.

Prints each end with the bound it is held against, and what is left of processes and folders; exits 1 if a bound is
broken or something is left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import attrs
import psutil

from actors import ProcessingSession
from contracts import HeadlessConfiguration, RestartIntensity, Timeouts
from scripts.demo_portal import DemoPortal
from scripts.supervision.news import PATIENCE, News, strike
from scripts.supervision.place import short_base
from scripts.supervision.processes import OwnProcesses

WORKERS = 2
TIMEOUTS = Timeouts(shutdown=8.0, force=5.0)
LONG_WAIT = RestartIntensity(first_delay=25.0, max_delay=25.0)
ORDERS = 40


@attrs.frozen(eq=False)
class Scene:
    """One session at work, and what is needed to bring it into a state.

    Args:
        session: The session.
        portal: Its portal.
        own: Its processes.
        news: What it logs.
        began: When its batch began, in monotonic seconds.
        chance: Chooses whom to strike.
    """

    session: ProcessingSession
    portal: DemoPortal
    own: OwnProcesses
    news: News
    began: float
    chance: random.Random

    def hears(self, pattern: str, after: float | None = None) -> bool:
        """Wait until a line is logged; False if it never is."""
        return self.news.wait_for(pattern, self.began if after is None else after) < float("inf")

    def strikes(self, what: signal.Signals) -> tuple[float, str, str, int] | None:
        """Send a signal to a browser at work, as soon as there is one."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if hit := strike(self.session, self.own, self.chance, what):
                return hit
            self.news.wait_for("COMPLETED", time.monotonic(), 0.1)
        return None

    def drivers(self) -> frozenset[int]:
        """Return the process ids of the drivers there are."""
        return frozenset(process.pid for process in self.own.look() if _is_driver(process))

    def sees_a_driver_beside(self, known: frozenset[int]) -> bool:
        """Wait until there is a driver that is none of the known ones."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.drivers() - known:
                return True
            self.news.wait_for("ready", time.monotonic(), 0.01)
        return False

    def kills_the_browser_of(self, worker: str) -> float:
        """Kill one worker's browser, whatever it does; return when."""
        browser = self.own.browser_of(worker)
        if browser is not None:
            browser.kill()
        return time.monotonic()


def _is_driver(process: psutil.Process) -> bool:
    try:
        return "chromedriver" in "".join(process.cmdline()[:1])
    except psutil.Error:
        return False


def _starting(scene: Scene) -> bool:
    return scene.sees_a_driver_beside(frozenset())


def _logging_in(scene: Scene) -> bool:
    scene.portal.set_latency(page_ms=3000, file_ms=0)
    return scene.hears("goes back: the portal showed its login page")


def _working(scene: Scene) -> bool:
    return scene.hears("COMPLETED")


def _frozen(scene: Scene) -> bool:
    return scene.hears("COMPLETED") and scene.strikes(signal.SIGSTOP) is not None


def _restarting(scene: Scene) -> bool:
    if not scene.hears("COMPLETED"):
        return False
    known = scene.drivers()
    return scene.strikes(signal.SIGKILL) is not None and scene.sees_a_driver_beside(known)


def _backing_off(scene: Scene) -> bool:
    if not scene.hears("COMPLETED"):
        return False
    at = scene.kills_the_browser_of("worker-1")
    if not scene.hears("worker-1 generation 2 ready", at):
        return False
    return scene.hears("worker-1 generation 2 restarting", scene.kills_the_browser_of("worker-1"))


def _all_gone(scene: Scene) -> bool:
    if not scene.hears("COMPLETED"):
        return False
    for number in range(1, WORKERS + 1):
        scene.kills_the_browser_of(f"worker-{number}")
    return True


def _outage(scene: Scene) -> bool:
    if not scene.hears("COMPLETED"):
        return False
    scene.portal.set_down()
    return scene.hears("goes back: .*HTTP 503", time.monotonic())


STATES: dict[str, Callable[[Scene], bool]] = {
    "while browsers start": _starting,
    "amid a login": _logging_in,
    "at work": _working,
    "with a stopped browser": _frozen,
    "amid a restart": _restarting,
    "in the wait before a restart": _backing_off,
    "with all browsers killed": _all_gone,
    "while the portal is down": _outage,
}


@attrs.frozen
class End:
    """How one end went.

    Args:
        seconds: From the wish until `process_pos` came back.
        bound: What it is held against, in seconds.
        trouble: What was wrong, or empty.
    """

    seconds: float
    bound: float
    trouble: str

    @property
    def is_good(self) -> bool:
        """Whether all is as promised."""
        return not self.trouble and self.seconds <= self.bound


@contextmanager
def _temporary_folders_in(place: Path) -> Iterator[None]:
    before, tempfile.tempdir = tempfile.tempdir, str(place)
    try:
        yield
    finally:
        tempfile.tempdir = before


def end_from(state: str, *, force: bool, seed: int = 1, timeouts: Timeouts = TIMEOUTS) -> End:
    """Bring a session into a state, end it, and look at what is left.

    Args:
        state: One of `STATES`.
        force: Whether nothing in hand is waited for.
        seed: Decides which browser is struck.
        timeouts: The session's.
    """
    bound = timeouts.force if force else timeouts.shutdown + timeouts.force
    with (
        tempfile.TemporaryDirectory(prefix="pr-", dir=short_base()) as scratch,
        DemoPortal(orders=ORDERS, page_latency_ms=200) as portal,
    ):
        place = Path(scratch, "t").resolve()
        place.mkdir()
        os.environ.update(
            PURSER_USERNAME=portal.username, PURSER_PASSWORD=portal.password, PURSER_STATE_DIR=f"{scratch}/state",
            TMPDIR=str(place),
        )  # fmt: skip
        session = ProcessingSession(
            HeadlessConfiguration(), max_workers=WORKERS, base_url=portal.url, download_dir=f"{scratch}/download",
            timeouts=timeouts, intensity=LONG_WAIT,
        )  # fmt: skip
        own, news, orders = OwnProcesses(place, [portal.pid]), News(), [{"po_number": n} for n in portal.numbers()]
        counts: list[int] = []
        batch = threading.Thread(target=lambda: counts.extend(session.process_pos(orders)[:2]), daemon=True)
        began = time.monotonic()
        with news.listening(), _temporary_folders_in(place):
            batch.start()
            reached = STATES[state](Scene(session, portal, own, news, began, random.Random(seed)))
            asked = time.monotonic()
            session.request_stop(force=force)
            batch.join(PATIENCE + bound)
            seconds = time.monotonic() - asked
        troubles = [] if reached else ["the state was not reached"]
        troubles += [] if sum(counts) == ORDERS else [f"{sum(counts)} of {ORDERS} orders accounted for"]
        troubles += [f"left: process {process.pid}" for process in own.left(2.0)]
        troubles += [f"left: {path.name}" for path in place.iterdir()]
    return End(seconds, bound, "; ".join(troubles))


def main() -> int:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description="Times the end of a session from every state it may be in.")
    parser.add_argument("--state", action="append", choices=sorted(STATES), help="only from this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="decides which browser is struck")
    chosen = parser.parse_args()
    good = True
    print(f"{'':<32} {'plain':>8}    bound {'forced':>9}    bound")
    for state in chosen.state or STATES:
        ends = [end_from(state, force=force, seed=chosen.seed) for force in (False, True)]
        figures = "  ".join(f"{end.seconds:8.2f} {end.bound:8.2f}" for end in ends)
        print(f"{state:<32} {figures}   {'ok' if all(end.is_good for end in ends) else 'BROKEN'}", flush=True)
        for end in ends:
            good &= end.is_good
            if end.trouble:
                print(f"  {end.trouble}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
