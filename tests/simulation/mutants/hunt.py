"""Hunts a mutant: its directed scenarios first, then pinned seeds, then random ones up to a bound."""

from __future__ import annotations

import random

import attrs

from tests.simulation.findings import Violation
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.scenarios import Scenario
from tests.simulation.run import SimRun
from tests.simulation.seeded import Schedule, chooser

TURNS = 3
"""How often a scenario is played, each time with other turns."""
MOST_RANDOM = 150
"""Random schedules that are tried before a mutant counts as a survivor."""


@attrs.frozen
class Catch:
    """How a mutant was caught: which invariant broke, by what, after how many schedules."""

    invariant: str
    by: str
    after: int


def play(scenario: Scenario, turn: int = 0) -> SimRun:
    """Play a scenario to its end.

    Raises:
        Violation: An invariant does not hold.
    """
    run = SimRun(chooser(random.Random(f"{scenario.name} {turn}")), scenario.settings)
    try:
        scenario.act(run)
        run.check()
        run.settle()
    finally:
        run.bury()
    return run


def hunt(mutant: Mutant) -> Catch | None:
    """Look for the mutant, which has been put into the code already; return None when it survives."""
    tries: list[tuple[str, Scenario | int, int]] = []
    tries += [(f"scenario '{scenario.name}'", scenario, turn) for turn in range(TURNS) for scenario in mutant.scenarios]
    tries += [(f"seed {seed}", seed, 0) for seed in (*mutant.seeds, *range(MOST_RANDOM))]
    if mutant.check is not None:
        caught = _strike(mutant.check)
        return Catch(caught, f"check '{mutant.check.__name__.replace('_', ' ')}'", 0) if caught else None
    for after, (by, what, turn) in enumerate(tries, start=1):
        if isinstance(what, Scenario):
            caught = _strike(lambda scenario=what, turn=turn: play(scenario, turn))
        else:
            caught = _strike(lambda seed=what: Schedule(seed).play())
        if caught:
            return Catch(caught, by, after)
    return None


def _strike(attempt: object) -> str:
    """Return what broke, or nothing."""
    assert callable(attempt)
    try:
        attempt()
    except Violation as violation:
        return f"invariant {violation.invariant:2}"
    except Exception as error:  # noqa: BLE001 - a bug may end in any way, and each is seen
        return type(error).__name__
    return ""
