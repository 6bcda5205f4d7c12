"""Puts small bugs into a room, one at a time, and lists those that its tests do not notice. No part of the suite.

    .venv/bin/python scripts/mutate.py supervise --count 40
    .venv/bin/python scripts/mutate.py browser --count 40 --marker "not chromium"
    .venv/bin/python scripts/mutate.py dispatch --again

A bug is a condition negated, an edge moved, a call, an assignment or a cleanup dropped, two steps swapped and the like,
chosen by the seed. Each is tried in a copy of the project; the working tree is never touched. What was tried is kept
beside the temporary files, so that the same call goes on where it was broken off, and `--again` tries only those that
lived. Each of them needs a test that fails with it, or a reason why nobody can meet it. Exits 1 when any lives.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from scripts.mutation.bugs import Bug, bugs_in
from scripts.mutation.trial import PROJECT, TestsFailError, Trial, Verdict, ground

SECONDS_WITHOUT_A_BUG = 900.0
TIMES_AS_LONG = 4.0
SECONDS_MORE = 30.0
"""A bug may make the tests take this many times as long, and this many seconds more, before they count as hanging."""


def bugs_of(room: str, seed: int, only: str) -> list[Bug]:
    """Return every bug of a room, shuffled by the seed.

    Args:
        room: Its folder below `actors`.
        seed: Decides their order.
        only: A part of the path that a file must have; empty for all.

    Raises:
        FileNotFoundError: There is no such room.
    """
    folder = PROJECT / "actors" / room
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no room called {room}: {folder} is not a folder.")
    files = [str(path.relative_to(PROJECT)) for path in sorted(folder.rglob("*.py"))]
    bugs = [
        bug for file in files if only in file for bug in bugs_in(file, (PROJECT / file).read_text(encoding="utf-8"))
    ]
    random.Random(f"{room} {seed}").shuffle(bugs)
    return bugs


class Results:
    """What has been tried so far, one line a bug, in a file that the next call goes on with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry["verdict"]

    def verdict(self, bug: Bug) -> Verdict | None:
        """Return how a bug fared the last time; None when it was never tried."""
        known = self._known.get(bug.key)
        return Verdict(known) if known is not None else None

    def note(self, bug: Bug, trial: Trial) -> None:
        """Write down how a bug fared."""
        self._known[bug.key] = trial.verdict.value
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": bug.key, "verdict": trial.verdict.value, "by": trial.by}) + "\n")


def run(chosen: argparse.Namespace) -> int:
    """Try the bugs, print a line for each and the figures; return the exit code."""
    path = chosen.results or Path(tempfile.gettempdir(), "purser-mutants", f"{chosen.room}-{chosen.seed}.jsonl")
    results = Results(path)
    bugs = bugs_of(chosen.room, chosen.seed, chosen.only)
    picked = bugs[: chosen.count]
    todo = [bug for bug in picked if results.verdict(bug) in ((Verdict.LIVES,) if chosen.again else (None,))]
    print(f"{len(bugs)} bugs fit into {chosen.room}; {len(picked)} are picked, {len(todo)} to be tried", flush=True)
    words = [*(chosen.tests or [f"tests/{chosen.room}"]), *(["-m", chosen.marker] if chosen.marker else [])]
    if todo and not chosen.list:
        with ground(words) as place:
            deadline = place.is_green(SECONDS_WITHOUT_A_BUG) * TIMES_AS_LONG + SECONDS_MORE
            for bug in todo:
                trial = place.try_out(bug, deadline)
                results.note(bug, trial)
                print(_line(bug, trial.verdict, trial.by, trial.seconds), flush=True)
    verdicts = {bug.key: results.verdict(bug) for bug in picked}
    living = [bug for bug in picked if verdicts[bug.key] is Verdict.LIVES]
    for bug in picked if chosen.list else living:
        print(f"\n{bug.file}:{bug.line}  {bug.kind}\n  - {bug.before}\n  + {' '.join(bug.text.split())}")
    counts = Counter(verdict.value if verdict is not None else "not tried" for verdict in verdicts.values())
    print(f"\n{chosen.room}, seed {chosen.seed}: {', '.join(f'{n} {what}' for what, n in counts.most_common())}")
    print(f"kept in {path}")
    return 1 if living else 0


def _line(bug: Bug, verdict: Verdict, by: str, seconds: float) -> str:
    where = f"{bug.file.removeprefix('actors/')}:{bug.line}"
    return f"{verdict.value:<8} {seconds:5.1f} s  {where:<32} {bug.kind:<28} {by}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("room", help="a folder below actors, such as supervise")
    parser.add_argument("--count", type=int, default=20, help="how many bugs at most (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which bugs (default: %(default)s)")
    parser.add_argument("--only", default="", help="a part of the path that a file must have, such as core.py")
    parser.add_argument("--tests", nargs="+", help="what pytest runs (default: the room's own tests)")
    parser.add_argument("--marker", default="", help='handed to pytest as -m, such as "not chromium"')
    parser.add_argument("--results", type=Path, help="where it is kept what was tried")
    parser.add_argument("--again", action="store_true", help="try only those that lived the last time")
    parser.add_argument("--list", action="store_true", help="show the bugs and try none")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the copy goes, and the tests that run in it
    try:
        return run(parser.parse_args(arguments))
    except KeyboardInterrupt:
        return 130
    except (FileNotFoundError, TestsFailError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
