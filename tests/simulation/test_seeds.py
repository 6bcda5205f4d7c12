"""Random schedules by seed: what fails here is played again by `python -m tests.simulation.replay SEED`."""

from __future__ import annotations

import random

import pytest

from tests.simulation import ledger
from tests.simulation.seeded import Schedule

SHARE = 4
"""One seeded schedule for so many of the state machine's."""


@pytest.mark.timeout(0)  # a soak takes its time
@pytest.mark.parametrize("part", range(ledger.PARTS))
def test_no_seed_breaks_an_invariant(part: int) -> None:
    """The same seeds each time, and in a soak fresh ones."""
    count = ledger.examples_per_part() // SHARE
    first = part * count if ledger.is_derandomized() else random.SystemRandom().randrange(10**9)
    for seed in range(first, first + count):
        schedule = Schedule(seed)
        try:
            schedule.play()
        except Exception as error:
            error.add_note(f"Play it again: python -m tests.simulation.replay {seed} --trace")
            raise
        ledger.add(schedule.run)


def test_a_seed_plays_the_same_each_time() -> None:
    """Every message, in the same order, at the same time: otherwise no failure could be replayed."""
    stories: list[list[str]] = []
    for _ in range(2):
        trace: list[str] = []
        Schedule(17, trace.append, trace).play()
        stories.append([line for line in trace if " object at 0x" not in line])
    assert stories[0] == stories[1]
    assert len(stories[0]) > 100
