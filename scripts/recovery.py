"""Measures recovery on real browsers: kills and stops them at work, and times what the crew does about it.

For each SIGKILL: how long until the order in hand is back in the queue, and until the slot has a new browser that takes
work. For a SIGSTOP: how long until it is acted on. At the end: how long the shutdown takes in the middle of a restart.
Prints the figures with the promises they are held against, and exits 1 if one is broken.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from actors import ProcessingSession
from contracts import HeadlessConfiguration, Timeouts
from scripts.demo_portal import DemoPortal
from scripts.supervision.news import PATIENCE, News, strike
from scripts.supervision.place import short_base
from scripts.supervision.processes import OwnProcesses

WORKERS = 4
INACTIVITY = 4.0


def measure(kills: int, seed: int) -> bool:
    """Run, strike, print; return whether every promise held."""
    chance = random.Random(seed)
    news = News()
    requeued: list[float] = []
    ready_again: list[float] = []
    with (
        news.listening(),
        tempfile.TemporaryDirectory(prefix="pr-", dir=short_base()) as scratch,
        DemoPortal(orders=kills * 30, files_per_order=2, page_latency_ms=300, file_latency_ms=100) as portal,
    ):
        os.environ.update(
            PURSER_USERNAME=portal.username, PURSER_PASSWORD=portal.password, PURSER_STATE_DIR=f"{scratch}/state"
        )
        # A place of its own, so that no other program's browsers are taken for this one's.
        place = Path(scratch, "t").resolve()
        place.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(place)
        own = OwnProcesses(place, [portal.pid])
        session = ProcessingSession(
            HeadlessConfiguration(),
            max_workers=WORKERS,
            base_url=portal.url,
            download_dir=f"{scratch}/download",
            timeouts=Timeouts(inactivity=INACTIVITY, shutdown=15.0),
        )
        began = time.monotonic()
        numbers = portal.numbers()
        batch = threading.Thread(target=lambda: session.process_pos([{"po_number": n} for n in numbers]), daemon=True)
        batch.start()
        cold = [news.wait_for(rf"crew: worker-{n} generation 1 ready", began) - began for n in range(1, WORKERS + 1)]
        while len(ready_again) < kills and batch.is_alive():
            news.wait_for("COMPLETED", time.monotonic(), 2.0)
            hit = strike(session, own, chance, signal.SIGKILL)
            if hit is None:
                continue
            at, worker, order, generation = hit
            back = news.wait_for(rf"{order} goes back: the browser was lost", at, 3.0)
            if back == float("inf") and news.wait_for(rf"^{order}: ", began, 0.0) < float("inf"):
                continue  # the order ended just before the kill, or over HTTP before its browser was missed
            requeued.append(back - at)
            ready_again.append(news.wait_for(rf"crew: {worker} generation {generation + 1} ready", at) - at)
        stop = None
        while stop is None and batch.is_alive():
            news.wait_for("COMPLETED", time.monotonic(), 2.0)
            stop = strike(session, own, chance, signal.SIGSTOP)
        acted = news.wait_for(rf"{stop[1]} generation {stop[3]} killed", stop[0]) - stop[0] if stop else float("inf")
        last = None
        while last is None and batch.is_alive():
            last = strike(session, own, chance, signal.SIGKILL)
        asked = time.monotonic()
        session.request_stop(force=True)
        batch.join(PATIENCE)
        ended = time.monotonic() - asked
        left = own.left(5.0)
    bound = 2 * max(cold) + 1
    rows = [
        ("kills that cost an order its browser", float(len(requeued)), float(kills), len(requeued) >= kills),
        ("order back in the queue, median s", statistics.median(requeued), 0.5, statistics.median(requeued) < 0.5),
        ("order back in the queue, longest s", max(requeued), 2.0, max(requeued) < 2.0),
        ("slowest cold start s", max(cold), float("nan"), True),
        ("slot ready again, median s", statistics.median(ready_again), bound, True),
        ("slot ready again, longest s", max(ready_again), bound, max(ready_again) <= bound),
        ("stopped browser acted on s", acted, INACTIVITY + 1, acted <= INACTIVITY + 1),
        ("forced shutdown amid a restart s", ended, 10.0, ended <= 10.0),
        ("processes left", float(len(left)), 0.0, not left),
    ]
    for name, value, promise, good in rows:
        print(f"{name:<40} {value:8.3f}   at most or at least {promise:7.2f}   {'ok' if good else 'BROKEN'}")
    return all(good for *_, good in rows)


def main() -> int:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description="Times what the crew does about killed and stopped browsers.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    return 0 if measure(chosen.kills, chosen.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
