"""Counts over all schedules of a test run: which fault struck how often, which invariant was checked how often.

Each process counts for itself and writes its counts down at its end; `summary.py` adds them up and prints them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from tests.simulation.run import SimRun

PARTS = 20
SCHEDULES = {"quick": 400, "default": 2_000, "soak": 100_000}
SCHEDULES_ON_THREADS = {"quick": 6, "default": 18, "soak": 18}
PROFILE = "PURSER_SIMULATION"


@attrs.define
class Counts:
    """What has been counted."""

    schedules: int = 0
    faults: Counter[str] = attrs.field(factory=Counter)
    points: Counter[str] = attrs.field(factory=Counter)
    checks: Counter[int] = attrs.field(factory=Counter)
    mutants: dict[str, tuple[str, str, int]] = attrs.field(factory=dict)

    def add(self, run: SimRun) -> None:
        """Count a schedule that has ended."""
        self.schedules += 1
        self.checks.update(run.auditor.checked)
        for (step, fault), times in run.world.injected.items():
            self.points[f"{fault.value}, at: {step.value}"] += times

    def save(self, file: Path) -> None:
        """Write it down."""
        counts = attrs.asdict(self)
        file.write_text(json.dumps(counts), encoding="utf-8")

    def add_saved(self, file: Path) -> None:
        """Add what another process wrote down."""
        other = json.loads(file.read_text(encoding="utf-8"))
        self.schedules += other["schedules"]
        self.faults.update(other["faults"])
        self.points.update(other["points"])
        self.checks.update({int(number): times for number, times in other["checks"].items()})
        self.mutants.update({name: (catch[0], catch[1], catch[2]) for name, catch in other["mutants"].items()})


_hushed: list[bool] = []

COUNTS = Counts()
"""The counts of this process."""


def profile() -> str:
    """Return the profile in force: `quick`, `default` or `soak`."""
    return os.environ.get(PROFILE, "default")


def examples_per_part() -> int:
    """Return how many schedules each part of a test runs."""
    return SCHEDULES[profile()] // PARTS


def is_derandomized() -> bool:
    """Whether the same schedules run each time; a soak looks for new ones."""
    return profile() != "soak"


def note(what: str) -> None:
    """Count something that went wrong on purpose."""
    if not _hushed:
        COUNTS.faults[what] += 1


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Count no troubles: what happens to a mutant is not what happens to the program."""
    _hushed.append(True)
    try:
        yield
    finally:
        _hushed.pop()


def add(run: SimRun) -> None:
    """Count a schedule that has ended."""
    COUNTS.add(run)
