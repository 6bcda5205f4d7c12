"""A worker is ready when its supervisor says so, and nobody else does; a start told late or again changes nothing."""

from __future__ import annotations

import itertools

import pytest

from actors.dispatch.core import health_of
from actors.leasing import WorkerView
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent
from tests.dispatch.driving import Drive, orders


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


def test_nobody_gets_work_before_the_supervisor_has_told_that_it_is_ready() -> None:
    """One of the two has been started and is not ready: it is told nothing, however much there is to do."""
    drive = Drive()
    drive.ready("w1")
    drive.send(ChildEvent("crew", "w2", 1, ChildChange.STARTED))
    drive.begin(orders(3))
    assert set(drive.last) == {"w1"}
    drive.generations["w2"] = 1
    drive.send(ChildEvent("crew", "w2", 1, ChildChange.READY))
    assert drive.number("w2") == 1


def test_what_an_older_generation_had_in_hand_is_free_again_with_the_readiness_of_the_next() -> None:
    """A supervisor that died has told nobody of the end of its children."""
    drive = Drive()
    drive.ready("w1")
    drive.begin(orders(1))
    assert drive.number("w1") == 0
    drive.last.clear()
    drive.generations["w1"] = 2
    drive.send(ChildEvent("crew", "w1", 2, ChildChange.READY))
    assert drive.number("w1") == 0
