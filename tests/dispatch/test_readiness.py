"""A worker may say that it is ready before its supervisor has said that it was started: both orders end the same."""

from __future__ import annotations

import itertools

import pytest

from actors.dispatch.core import health_of
from actors.leasing import WorkerView
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent


@pytest.mark.parametrize("ready_first", list(itertools.product([True, False], repeat=3)))
def test_a_ready_worker_stays_ready_whoever_tells_first(ready_first: tuple[bool, ...]) -> None:
    """Over several generations: the slot is free for work, and each restart is counted once."""
    worker = WorkerView("worker-1")
    for generation, first in enumerate(ready_first, start=1):
        started = ChildEvent("crew", "worker-1", generation, ChildChange.STARTED)
        if first:
            worker.become_ready(generation, 1.0)
            worker.follow(started)
        else:
            worker.follow(started)
            assert worker.state is WorkerState.STARTING
            worker.become_ready(generation, 1.0)
        assert worker.is_free
        assert (worker.generation, health_of(worker, 1.0).restarts) == (generation, generation - 1)
        worker.follow(ChildEvent("crew", "worker-1", generation, ChildChange.DOWN))
        assert not worker.is_free


def test_a_dispatcher_that_came_back_counts_the_restarts_before_it() -> None:
    """It meets the third browser of a slot first, so two were replaced."""
    worker = WorkerView("worker-1")
    worker.follow(ChildEvent("crew", "worker-1", 3, ChildChange.STARTED))
    assert health_of(worker, 1.0).restarts == 2
