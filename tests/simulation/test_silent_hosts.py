"""Hosts that never answer, among the orders of a portal that does, while other things go wrong: all invariants hold."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from actors.session.tree import DISPATCHER
from contracts.tasks import TaskStatus
from tests.simulation.faults import Fault, Step
from tests.simulation.outside import MUTE, REFUSING
from tests.simulation.run import SimRun

ELSEWHERE = {0: REFUSING, 2: MUTE, 3: REFUSING, 6: MUTE}
LONGEST = 60.0
"""Seconds of virtual time within which every order of such a host must have failed, when nothing else goes wrong."""


def make_run(seed: int) -> SimRun:
    """A run whose turns a seed decides."""
    chance = random.Random(seed)

    def choose(names: Sequence[str]) -> int:
        return chance.randrange(len(names)) if len(names) > 1 else 0

    return SimRun(choose)


def statuses(run: SimRun) -> dict[int, TaskStatus]:
    """The outcome of each order, by its place."""
    return {sequence: known[-1] for sequence, known in run.auditor.books.outcomes.items()}


@pytest.mark.parametrize("seed", range(5))
def test_their_orders_fail_within_a_minute_and_all_others_come_home(seed: int) -> None:
    run = make_run(seed)
    try:
        run.submit(8, [], ELSEWHERE)
        run.pass_time(20.0)
        done = statuses(run)
        assert done == dict.fromkeys(set(range(8)) - set(ELSEWHERE), TaskStatus.COMPLETED), "nobody waits for them"
        run.pass_time(LONGEST - 20.0)
        assert {statuses(run)[place] for place in ELSEWHERE} == {TaskStatus.FAILED}
        assert run.progress.read().stopped_early == ""
        run.check()
        run.settle()
    finally:
        run.bury()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_else_goes_wrong_every_order_has_one_outcome(seed: int) -> None:
    run = make_run(seed)
    try:
        run.world.arm(Step.OPEN, Fault.CRASH, 2)
        run.world.arm(Step.PROBE, Fault.RAISES, 2)
        run.submit(8, [], ELSEWHERE)
        run.pass_time(5.0)
        run.kill_actor(DISPATCHER)
        run.pass_time(10.0)
        run.world.arm(Step.READ, Fault.HANG, 1)
        run.world.arm(Step.PROBE, Fault.HANG, 1)
        run.pass_time(30.0)
        run.settle()
        assert {statuses(run)[place] for place in ELSEWHERE} == {TaskStatus.FAILED}
    finally:
        run.bury()
