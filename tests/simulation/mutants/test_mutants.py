"""The simulation is tested too: it catches every one of many small bugs, and none where there is none."""

from __future__ import annotations

import pytest

from tests.simulation import ledger
from tests.simulation.mutants import in_dispatch, in_one_browser, in_supervise, in_the_rest, scenarios
from tests.simulation.mutants.hunt import TURNS, hunt, play
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.seeded import Schedule

MUTANTS = (*in_dispatch.MUTANTS, *in_supervise.MUTANTS, *in_the_rest.MUTANTS, *in_one_browser.MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_mutant_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of one function does not pass the invariants."""
    good = vars(mutant.place)[mutant.attribute]
    monkeypatch.setattr(mutant.place, mutant.attribute, mutant.build(good))
    with ledger.hushed():
        catch = hunt(mutant)
    assert catch is not None, f"'{mutant.name}' survives: {mutant.breaks}, and nobody notices"
    how = catch.by if catch.after == 0 else f"{catch.by}, after {catch.after}"
    ledger.COUNTS.mutants[mutant.name] = (catch.invariant, how, catch.after)


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_the_program_passes_each_scenario(scenario: scenarios.Scenario) -> None:
    """No mutant is caught only because a scenario is broken."""
    for turn in range(TURNS):
        ledger.add(play(scenario, turn))


def test_the_program_passes_each_pinned_seed_and_check() -> None:
    """The same for seeds and checks."""
    for seed in sorted({seed for mutant in MUTANTS for seed in mutant.seeds}):
        Schedule(seed).play()
    for mutant in MUTANTS:
        if mutant.check is not None:
            mutant.check()


def test_there_are_enough_mutants_and_each_has_its_own_name() -> None:
    """The table shows every one."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25
