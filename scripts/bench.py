"""Compares purser with a plain pool of Selenium browsers on the same portal, start included.

    python scripts/bench.py --pos 120 --workers 4 --runs 5 --page-ms 100 --file-ms 50 --at-least 2.0

    python scripts/bench.py --journal

Both sides run in turn, each run in a fresh process, against the demo portal in a process of its own. A run counts only
when every file is on disk with the hash that the portal serves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

sys.path.append(str(Path(__file__).resolve().parents[1]))  # run as a program, it finds its parts from the root

from scripts.demo_portal import DemoPortal, TrueOrder

_SIDES = ("baseline", "purser")
_RUN_SECONDS = 1800.0


@attrs.frozen
class Run:
    """One finished run of one side.

    Args:
        side: `baseline` or `purser`.
        seconds: From the call to its return: browsers started, orders done, browsers ended.
        orders: How many orders were asked for.
        right: Orders whose files are all on disk with the right hashes.
        files: Files on disk with the right hash.
        note: What went wrong, or empty.
    """

    side: str
    seconds: float
    orders: int
    right: int
    files: int
    note: str

    @property
    def rate(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds if self.seconds else 0.0

    @property
    def is_good(self) -> bool:
        """Whether every order is complete."""
        return self.right == self.orders and not self.note


def run_side(side: str, portal: DemoPortal, truth: Mapping[str, TrueOrder], workers: int) -> Run:
    """Run one side once in a fresh process and check what it left on disk."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "files"
        out.mkdir()
        task = {"side": side, "url": portal.url, "numbers": list(truth), "workers": workers, "out": str(out)}
        environment = {**os.environ, "PURSER_USERNAME": portal.username, "PURSER_PASSWORD": portal.password}
        # Driver manager and browsers find nothing of an earlier run: all they keep lies in this run's own folder.
        environment |= {"TMPDIR": folder, "SE_AVOID_STATS": "true"}
        log = Path(folder) / "log"
        with log.open("wb") as errors:
            done = subprocess.run(
                [sys.executable, str(Path(__file__).resolve()), "--child"],
                input=json.dumps(task).encode(),
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                timeout=_RUN_SECONDS,
                check=False,
            )
        last = done.stdout.decode(errors="replace").strip().rpartition("\n")[2]
        if done.returncode != 0 or not last:
            end = log.read_text(errors="replace").strip().rpartition("\n")[2]
            return Run(side, 0.0, len(truth), 0, 0, f"exit {done.returncode}: {end[:300]}")
        said = json.loads(last)
        right, files = check_files(side, out, truth)
        return Run(side, said["seconds"], len(truth), right, files, said["note"])


def check_files(side: str, out: Path, truth: Mapping[str, TrueOrder]) -> tuple[int, int]:
    """Compare what lies on disk with the portal's truth.

    Returns:
        The number of complete orders, and of files with the right hash.
    """
    # The plain pool names folders `<number>`, purser `<supplier>/<number>_COMPLETED`.
    folders = {
        folder.name.removesuffix("_COMPLETED"): folder
        for folder in out.glob("*" if side == "baseline" else "*/*_COMPLETED")
        if folder.is_dir() and not folder.name.startswith(".")
    }
    right = files = 0
    for number, order in truth.items():
        there = Counter(_digest(path) for path in folders[number].iterdir()) if number in folders else Counter[str]()
        wanted = Counter(file.sha256 for file in order.files)
        files += (there & wanted).total()
        right += there == wanted
    return right, files


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def child() -> None:
    """Do one run as standard input says, and print how long it took as one line of JSON."""
    task: dict[str, Any] = json.loads(sys.stdin.readline())
    if task["side"] == "baseline":
        from scripts.bench_sides.baseline import plain_pool as side  # noqa: PLC0415 - a run loads its own side only
    else:
        from scripts.bench_sides.purser import purser_run as side  # noqa: PLC0415 - a run loads its own side only
    seconds, note = side(task["url"], task["numbers"], task["workers"], Path(task["out"]))
    print(json.dumps({"seconds": seconds, "note": note}), flush=True)


def median_rate(runs: Sequence[Run], side: str) -> float:
    """Orders a second of the side's middle run; 0 when it has none."""
    rates = [run.rate for run in runs if run.side == side]
    return statistics.median(rates) if rates else 0.0


def print_run(place: int, run: Run) -> None:
    """Print one line of the table."""
    wanted = f"{run.right}/{run.orders}"
    print(f"{place:>4}  {run.side:<9} {run.seconds:>8.2f} {run.rate:>9.2f} {wanted:>11} {run.files:>6}  {run.note}")


def measure_journal(orders: int = 2_000, rows: int = 100_000) -> int:
    """Print what the journal costs; return 0 when that is at most 2 ms of CPU an order and 5 s for all rows, else 1."""
    from scripts.bench_sides.journal import journal_cost  # noqa: PLC0415 - a run loads its own side only

    cost = journal_cost(orders, rows)
    print(f"journal {cost.cpu_ms:.2f} ms of CPU an order of 2 files, over {cost.orders} orders (at most 2 wanted)")
    print(f"intake  {cost.intake_seconds:.2f} s for {cost.rows} rows (at most 5 wanted)")
    return 0 if cost.cpu_ms <= 2 and cost.intake_seconds <= 5 else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison.

    Returns:
        0 when every run was complete and the ratio is high enough, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pos", type=int, default=120, help="orders, each with two files of 64 KiB")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--runs", type=int, default=5, help="runs of each side")
    parser.add_argument("--page-ms", type=float, default=100.0, help="the portal's latency before a page")
    parser.add_argument("--file-ms", type=float, default=50.0, help="the portal's latency before a file")
    parser.add_argument("--at-least", type=float, default=2.0, help="lowest ratio of the medians that passes")
    parser.add_argument("--only", choices=_SIDES, help="run one side alone, without a ratio")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--journal", action="store_true", help="measure what the journal costs, and nothing else")
    given = parser.parse_args(arguments)
    if given.journal:
        return measure_journal()
    sides = [given.only] if given.only else list(_SIDES)
    runs: list[Run] = []
    with DemoPortal(
        orders=given.pos,
        files_per_order=2,
        file_size=64 * 1024,
        forms=(3, 4),
        dispositions=("plain",),
        floating_bar=False,
        page_latency_ms=given.page_ms,
        file_latency_ms=given.file_ms,
    ) as portal:
        truth = portal.truth()
        print(
            f"{given.pos} orders of 2 files of 64 KiB, {given.workers} workers, {given.page_ms:g} ms a page, "
            f"{given.file_ms:g} ms a file, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        print(f"{'run':>4}  {'side':<9} {'seconds':>8} {'orders/s':>9} {'complete':>11} {'files':>6}")
        for place in range(given.runs * len(sides)):
            runs.append(run_side(sides[place % len(sides)], portal, truth, given.workers))
            print_run(place + 1, runs[-1])
    medians = {side: median_rate(runs, side) for side in sides}
    for side, rate in medians.items():
        print(f"median  {side:<9} {rate:.2f} orders/s")
    complete = all(run.is_good for run in runs)
    ratio = medians["purser"] / medians["baseline"] if len(sides) == 2 and medians["baseline"] else None
    fast = given.only is not None or (ratio is not None and ratio >= given.at_least)
    if ratio is not None:
        print(f"ratio   {ratio:.2f} (at least {given.at_least:g} wanted)")
    if not complete:
        print("A run was not complete: see its note, and the number of complete orders.")
    if given.json is not None:
        figures = {
            "settings": {name: str(value) if isinstance(value, Path) else value for name, value in vars(given).items()},
            "runs": [{**attrs.asdict(run), "rate": run.rate} for run in runs],
            "medians": medians,
            "ratio": ratio,
            "passed": complete and fast,
        }
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if complete and fast else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--child"]:
        child()
    else:
        sys.exit(main())
