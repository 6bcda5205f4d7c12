"""Chaos: the main job on real Chromium while browsers, logins, the portal and the program itself are taken away.

Every second or so something goes wrong, as a seed decides; and at least five times the whole program is killed with
`kill -9` and gone on with. At the end it is checked from the portal's side and on the disk: nothing lost, nothing
twice, nothing fetched again that was done, nothing left behind.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from rich.console import Console

from actors.journal import JournalReader, RunStatus
from actors.session.folder_journal import journal_path
from actors.session.verification import verify_folder
from contracts.errors import ParallelProcessingError
from scripts.havoc.ledger import Moment, asked_again, failed_orders, remember
from scripts.havoc.mischief import Mischief
from scripts.havoc.program import Program, processes_of
from scripts.portal.child import DemoPortal
from scripts.supervision.checks import Check, check_files, none_left, tell_verdict
from scripts.supervision.place import Place

SECONDS_BETWEEN_DEEDS = (0.4, 1.6)
FIRST_DEEDS = 6
DEEDS_PER_ORDER = 2
"""How far mischief may run ahead of the orders that have ended: on a slow machine nothing would ever get done."""
SECONDS_UNTIL_NOTHING_IS_LEFT = 8.0


def standing(place: Place) -> RunStatus | None:
    """Return how the run stands, or None before it has begun."""
    try:
        with JournalReader(journal_path(place.downloads)) as reader:
            return reader.status()
    except ParallelProcessingError:  # not there yet, or being made
        return None


class Chaos:
    """One run.

    Args:
        options: The command line.
        place: Where.
        portal: A portal that is running.
    """

    def __init__(self, options: argparse.Namespace, place: Place, portal: DemoPortal) -> None:
        self._options = options
        self._place = place
        self._portal = portal
        self._chance = random.Random(options.seed)
        self._program = Program(place, portal.url, options.workers)
        self._mischief = Mischief(portal, place, self._chance)
        self._moments: list[Moment] = []
        self._clock = threading.Event()  # never set: waiting on it is how time passes here
        self._killed_at: list[float] = []

    @property
    def kills(self) -> int:
        """How often the whole program was killed."""
        return len(self._killed_at)

    def run(self) -> list[Check]:
        """Run it to its end and return what was found."""
        deadline = time.monotonic() + self._options.limit
        self._program.start()
        while time.monotonic() < deadline:
            self._clock.wait(self._chance.uniform(*SECONDS_BETWEEN_DEEDS))
            now = standing(self._place)
            if not self._program.is_running:
                self._program.codes.append(self._program.wait(1))
                if now is not None and now.ended:
                    break
                self._program.start()  # it gave up, and says that it can be gone on with
            elif now is not None and now.total:
                self._harm(now)
        if self._program.is_running:
            self._program.kill()
        return self._checks()

    def _harm(self, now: RunStatus) -> None:
        share = (now.succeeded + now.failed) / now.total
        if self.kills < self._options.kills and share >= (self.kills + 0.5) / (self._options.kills + 0.5):
            self._killed_at.append(time.time())
            self._program.kill()
            self._wait_until_nothing_is_left()
            self._moments.append(remember(journal_path(self._place.downloads), self._portal))
            self._program.start()
            self._mischief.logins_have_ended = False
        elif not now.ended and self._mischief.total < FIRST_DEEDS + DEEDS_PER_ORDER * (now.succeeded + now.failed):
            ended = self._moments[-1].ended if self._moments else {}
            self._mischief.do(now, [number for number in self._portal.numbers() if number not in ended])

    def _wait_until_nothing_is_left(self) -> None:
        deadline = time.monotonic() + SECONDS_UNTIL_NOTHING_IS_LEFT
        while processes_of(self._place.scratch) and time.monotonic() < deadline:
            self._clock.wait(0.05)

    # ------------------------------------------------------------------------------------------------------- the end

    def _checks(self) -> list[Check]:
        place, portal = self._place, self._portal
        self._wait_until_nothing_is_left()
        now = standing(place)
        orders_again, files_again = asked_again(self._moments, portal)
        verification = verify_folder(place.downloads)
        total = len(portal.numbers())
        ended = now.by_status if now is not None else {}
        good = ended.get("COMPLETED", 0) + ended.get("NO_ATTACHMENTS", 0)
        deeds = self._mischief.total
        return [
            Check("things that went wrong", "20 or one in four orders", str(deeds), deeds >= min(20, total // 4)),
            Check.equal("kill -9 of the whole program", self._options.kills, self.kills),
            Check.equal("orders with an outcome (none is lost)", total, sum(ended.values())),
            Check.equal("of these as they had to end", total, good),
            Check.equal("lines of the manifest (none ended twice)", total, verification.lines),
            none_left("folders replaced by a second publication", place.replaced_folders()),
            *check_files(portal.truth(), (), place.order_folders()),
            none_left("differences that purser verify names", verification.differences),
            none_left("orders asked for again after they had ended", orders_again),
            none_left("files asked for again after they were verified", files_again),
            none_left("processes left", processes_of(place.scratch)),
            none_left("temporary folders left", place.left_folders()),
            Check.equal("last exit code", 0, self._program.codes[-1] if self._program.codes else -1),
        ]

    def told(self) -> list[str]:
        """Return what went wrong how often, how long recovery took, and how orders came to fail."""
        lines = [f"{count:5}  {what}" for what, count in sorted(self._mischief.done.items())]
        seconds = sorted(self._recoveries())
        if seconds:
            p95 = seconds[min(len(seconds) - 1, int(0.95 * len(seconds)))]
            lines.append(
                f"recovery, from a kill to a browser that is ready: median {statistics.median(seconds):.2f} s, "
                f"p95 {p95:.2f} s, of {len(seconds)}"
            )
        return lines + failed_orders(journal_path(self._place.downloads))

    def _recoveries(self) -> list[float]:
        """Return the seconds from each loss of a browser to the next one of the same slot, unless the program ended."""
        ready = list(self._program.ready_times())
        found = []
        for worker, lost in self._mischief.losses:
            again = min((at for name, _, at in ready if name == worker and at > lost), default=None)
            if again is not None and not any(lost < killed < again for killed in self._killed_at):
                found.append(again - lost)
        return found


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Takes everything away from the main job, and checks what is left.")
    parser.add_argument("--pos", type=int, default=200, help="orders (default: %(default)s)")
    parser.add_argument("--workers", type=int, choices=range(1, 9), default=4, metavar="1..8")
    parser.add_argument("--seed", type=int, default=1, help="decides what goes wrong and when")
    parser.add_argument("--kills", type=int, default=5, help="how often the whole program is killed")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds after which it has failed")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 if everything that was checked holds, else 1."""
    options = read_arguments(arguments)
    console = Console(soft_wrap=False)
    with tempfile.TemporaryDirectory(prefix="purser-chaos-") as output:
        place = Place.make(Path(output))
        place.use(os.environ)
        os.environ |= {"PURSER_USERNAME": DemoPortal.username, "PURSER_PASSWORD": DemoPortal.password}
        began = time.monotonic()
        try:
            with DemoPortal(
                orders=options.pos, seed=options.seed, file_size=16_384, page_latency_ms=150, file_latency_ms=50
            ) as portal:
                place.write_orders(portal.truth())
                chaos = Chaos(options, place, portal)
                checks = chaos.run()
        finally:
            place.remove()
        told, log = chaos.told(), place.log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in told:
        console.print(line, highlight=False)
    what = f"seed {options.seed}: {options.pos} orders in {time.monotonic() - began:.0f} s"
    return tell_verdict(console, checks, what, log)


if __name__ == "__main__":
    sys.exit(main())
