"""Leasing in a world of faults: after every move its account is right, and once the faults cease every task ends."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from contracts.errors import Blame
from tests.leasing.schedules import MOVES, Move, play, schedule

moves = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 99)), max_size=120)


@given(moves)
@settings(max_examples=150)
def test_no_schedule_breaks_a_promise_of_leasing(moves: list[Move]) -> None:
    play(moves)


@pytest.mark.parametrize("tens", range(10))
def test_long_schedules_keep_them_too(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        play(schedule(seed))


def test_the_schedules_reach_every_kind_of_end() -> None:
    """A check that is never made proves nothing: tasks are quarantined, run alone, are cancelled and come late."""
    ends: Counter[str] = Counter()
    for seed in range(80):
        world = play(schedule(seed))
        ends.update(world.seen)
        ends["lost browsers"] += world.quarantined[Blame.BROWSER]
        ends["ended programs"] += world.quarantined[Blame.PROGRAM]
        ends["alone"] += world.ran_alone
        ends["stale"] += world.leasing.stale
        ends["killed"] += sum(world.kills.values())
        ends["too many causes in a row"] += world.excuses.by_many_causes
        ends["disproved by others"] += world.excuses.by_disproof
    assert set(ends) == {
        "lost browsers", "ended programs", "alone", "stale", "killed", "too many causes in a row",
        "disproved by others", "excused", "unseen, with a lease", "unseen, with a duty", "overdue duty",
        "stale, and free again", "cancelled in work", "cancelled too late",
    }  # fmt: skip
    assert min(ends.values()) > 0, ends
