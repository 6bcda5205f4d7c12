"""Kills a small run at each of its crash points in turn, goes on with it, and checks what is left.

    python -m tests.crash.driver FOLDER SHARE SHARES

A program of its own, because only a process with one thread is forked safely. Prints what it found as one line of JSON.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import random
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import attrs

from actors import ProcessingSession
from actors.filing import DownloadFolder
from actors.filing.lock import FolderLock
from actors.journal import JournalReader, SqliteJournal
from actors.journal.coding import decoded
from actors.session import figures
from actors.session.folder_journal import JOURNAL, manifest_path
from actors.session.mode import MachineFigures
from actors.session.run_resources import open_resources
from contracts.config import HeadlessConfiguration, RetryPolicy, Settings
from contracts.ports import KeptFile
from tests.crash.inspection import differences
from tests.crash.points import KILLED, CrashPoints
from tests.crash.world import EARLIER, ORDERS, CrashResources, NobodysCredentials, Portal, TrueOrder

RETRY = RetryPolicy(max_attempts=2, base_delay=0.0)
ROOM = MachineFigures(cores=2, memory_free_mb=8_000, memory_fraction=0.2, cpu_percent=10)


@attrs.frozen
class Place:
    """The folders of one run."""

    folder: Path

    @property
    def root(self) -> Path:
        """The download folder."""
        return self.folder / "download"

    @property
    def database(self) -> Path:
        """The journal."""
        return self.root / ".purser" / JOURNAL

    def portal(self, orders: tuple[TrueOrder, ...] = ORDERS) -> Portal:
        """The portal."""
        return Portal(self.folder / "portal", orders)

    def open(self) -> SqliteJournal:
        """Open the journal."""
        return SqliteJournal(self.database, manifest_path(self.root), self.root)


def work(place: Place, orders: tuple[TrueOrder, ...]) -> None:
    """Begin the run, or go on with it; what `purser run` does."""
    CrashResources.the_portal = place.portal(orders)
    figures.machine = lambda: ROOM
    session = ProcessingSession(
        HeadlessConfiguration(),
        enable_parallel=False,
        settings=Settings(download_dir=place.root, retry=RETRY, seed=1),
        journal=place.database,
        credentials=NobodysCredentials(),
        open_resources=functools.partial(open_resources, local=CrashResources),
    )
    session.process_pos([order.task for order in orders])


def has_ended(place: Place) -> bool:
    """Whether the run that is killed here has come to its end."""
    with JournalReader(place.database) as reader:
        standing = reader.status()
    return standing is not None and standing.number > 1 and bool(standing.ended)


def in_a_process(act: Callable[[], object], place: Place, kill_at: int | None) -> tuple[int, int]:
    """Do something in a child process that is killed at a crash point.

    Returns:
        How it ended, and how many points it passed when it was not killed.
    """
    told = place.folder / "told"
    child = os.fork()
    if not child:
        code = 1
        try:
            points = CrashPoints(str(place.root), kill_at)
            points.watch()
            act()
            points.last = None
            told.write_text(str(points.passed), encoding="utf-8")
            code = 0
        except BaseException:  # noqa: BLE001 - the boundary of the child process
            traceback.print_exc()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, int(told.read_text(encoding="utf-8")) if code == 0 else 0


@attrs.frozen
class Before:
    """What was certain when a process began: it must not be done again."""

    ended: frozenset[str]
    kept: frozenset[str]


def look(place: Place) -> Before:
    """Look at what a killed process left, without changing it."""
    with JournalReader(place.database) as reader:
        rows = reader._db.execute(
            "SELECT json_extract(payload, '$.url') AS url, status FROM tasks "
            "WHERE run = (SELECT max(run) FROM runs) AND run > 1"
        ).fetchall()
        kept = reader._db.execute("SELECT file FROM files").fetchall()
    ended = frozenset(f"visit {row['url']}" for row in rows if row["status"] is not None)
    return Before(ended, _certain(place, [row["file"] for row in kept]))


def _certain(place: Place, files: list[str]) -> frozenset[str]:
    """Name the files that are verified, written down and where the journal says: none of them is fetched again."""
    certain = set()
    for text in files:
        kept = decoded(text, KeptFile)
        staged = place.root / ".purser" / "staging" / kept.lease.folder_name / "files" / kept.attachment.name
        if staged.is_file() and sha256(staged.read_bytes()).hexdigest() == kept.attachment.sha256:
            certain.add(f"file {kept.attachment.source}")
    return frozenset(certain)


def run_to_the_end(place: Place, kills: list[int]) -> list[str]:
    """Run, killed at each of these points in turn, until the run has ended; return what is wrong."""
    wrong: list[str] = []
    for kill_at in [*kills, None]:
        if has_ended(place):
            break
        before, noted = look(place), len(place.portal().noted())
        code, _ = in_a_process(lambda: work(place, ORDERS), place, kill_at)
        if code not in (0, KILLED):
            wrong.append(f"a process ended with {code}")
        again = Counter(place.portal().noted()[noted:])
        wrong += [f"{what} again, though it had its outcome" for what in before.ended if again[what]]
        wrong += [f"{what} fetched again, though it was kept" for what in before.kept if again[what]]
    # What the next start of the program does first.
    with FolderLock(place.root), contextlib.closing(place.open()) as journal:
        assert not journal.replay().open_tasks, "the run has not ended"
        DownloadFolder(place.root, "after").sweep()
        wrong += differences(place.root, journal)
    return wrong


def prepared(folder: Path) -> Place:
    """Make the folder that every run begins with: an earlier run has filed the first order."""
    place = Place(folder / "template")
    place.root.mkdir(parents=True)
    code, _ = in_a_process(lambda: work(place, (EARLIER,)), place, None)
    assert code == 0, "the earlier run did not end well"
    place.portal().note("the earlier run is over")
    return place


def main() -> None:
    """Take every point of this share; print what there was and what was wrong."""
    gc.freeze()  # what is there already is shared with the children
    folder, share, shares = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    template = prepared(folder)

    def copied(name: str) -> Place:
        place = Place(folder / name)
        shutil.copytree(template.folder, place.folder)
        return place

    whole = copied("whole")
    code, points = in_a_process(lambda: work(whole, ORDERS), whole, None)
    assert code == 0, "the run without a kill did not end well"
    wrong = [f"not killed: {text}" for text in run_to_the_end(whole, [])]
    kills = 0
    for point in range(1 + share, points + 1, shares):
        chance = random.Random(point)
        # Whoever goes on is killed as well, somewhere.
        place, then = copied(f"point-{point}"), chance.randint(1, points)
        wrong += [f"killed at {point}, then at {then}: {text}" for text in run_to_the_end(place, [point, then])]
        kills += 1
        shutil.rmtree(place.folder)
    sys.stdout.write(json.dumps({"points": points, "kills": kills, "wrong": wrong}) + "\n")


if __name__ == "__main__":
    main()
