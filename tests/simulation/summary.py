"""Prints, at the end of a test run, what the simulation did: schedules, faults, checks, and who caught which mutant.

A plugin, because under xdist the process that prints runs no test: the others write their counts into a folder.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.findings import PROMISES
from tests.simulation.ledger import COUNTS, Counts

_FOLDER = pytest.StashKey[Path]()
_KEY = "purser_simulation_counts"
_NARROW = 46


def pytest_configure(config: pytest.Config) -> None:
    """Find the folder that all processes share."""
    given = getattr(config, "workerinput", None)
    config.stash[_FOLDER] = Path(given[_KEY]) if given else Path(tempfile.mkdtemp(prefix="purser-simulation-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker process of xdist where the folder is."""
    node.workerinput[_KEY] = str(node.config.stash[_FOLDER])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what this process counted."""
    config = session.config
    name = getattr(config, "workerinput", {}).get("workerid", "alone")
    if COUNTS.schedules or COUNTS.mutants:
        COUNTS.save(config.stash[_FOLDER] / f"{name}.json")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables."""
    total = Counts()
    for file in sorted(config.stash[_FOLDER].glob("*.json")):
        total.add_saved(file)
    if total.schedules or total.mutants:
        terminalreporter.section("simulation")
        for line in tables(total):
            terminalreporter.write_line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder, if it is ours."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None and not hasattr(config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)


def tables(counts: Counts) -> list[str]:
    """Return the lines to print."""
    points = sum(1 for times in counts.points.values() if times)
    lines = [
        (
            f"{counts.schedules} schedules, {sum(counts.points.values())} faults at {points} fault points, "
            f"{sum(counts.faults.values())} other troubles, {sum(counts.checks.values())} checks of invariants"
        )
    ]
    lines += ["", "faults injected:", *_in_two_columns(counts.points + counts.faults)]
    lines += ["", "invariants checked:"]
    lines += [f"  {number:2}  {counts.checks[number]:>9}  {text}" for number, text in PROMISES.items()]
    if counts.mutants:
        lines += ["", f"mutants caught: {len(counts.mutants)}"]
        lines += [f"  {name:<{_NARROW}} {by}, {how}" for name, (by, how, _) in sorted(counts.mutants.items())]
    return lines


def _in_two_columns(counted: Counter[str]) -> list[str]:
    entries = [f"{times:6}  {what}" for what, times in sorted(counted.items())]
    half = (len(entries) + 1) // 2
    left, right = entries[:half], [*entries[half:], ""]
    return [f"  {first:<62}{second}".rstrip() for first, second in zip(left, right, strict=False)]
