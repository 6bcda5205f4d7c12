"""The sequential engine in the simulation: a stop between any two events, amid any, and what a crew left before it."""

from __future__ import annotations

import functools

import pytest

from contracts.tasks import TaskStatus
from tests.simulation.faults import POINTS, Fault, Step
from tests.simulation.one_browser import OneBrowserRun, crew_that_died, new_run, orders_from

ORDERS = 4
EVENTS = range(1, 30)
ENTRIES = range(1, 26)


def _finish(run: OneBrowserRun) -> None:
    """It ends as it should, works through another batch, and leaves nothing."""
    orders = orders_from(0, ORDERS)
    run.finish(orders)
    again = orders_from(ORDERS, ORDERS)
    run.stopped_at = run.forced_at = None
    run.begin(again)
    run.finish(again)
    run.close()
    run.hub.bury()


def test_a_calm_run_does_every_order_and_has_as_many_events_as_are_struck_below() -> None:
    run = new_run("calm")
    run.begin(orders_from(0, ORDERS))
    found = run.finish(orders_from(0, ORDERS))
    assert {one.status for one in found.values()} == {TaskStatus.COMPLETED}
    assert (run.events >= EVENTS[-1], run.entries) == (True, ENTRIES[-1])
    _finish_warm(run)


def _finish_warm(run: OneBrowserRun) -> None:
    run.close()
    run.hub.bury()


@pytest.mark.parametrize("again", [None, 0, 1, 2, 5])
@pytest.mark.parametrize("force", [False, True], ids=["drain", "force"])
def test_a_stop_after_any_event_ends_the_batch_and_not_the_engine(force: bool, again: int | None) -> None:
    """And a second interrupt, so many events later."""
    for event in EVENTS:
        run = new_run((force, event, again))
        run.at_event[event] = functools.partial(run.stop, force=force)
        if again is not None:
            run.at_event[event + again + (again == 0)] = functools.partial(run.stop, force=True)
        run.begin(orders_from(0, ORDERS))
        _finish(run)


@pytest.mark.parametrize("force", [False, True], ids=["drain", "force"])
def test_a_stop_amid_any_event_is_taken_up_after_it(force: bool) -> None:
    for entry in ENTRIES:
        run = new_run((force, entry, "amid"))
        run.at_entry[entry] = functools.partial(run.stop, force=force)
        run.begin(orders_from(0, ORDERS))
        _finish(run)


HELD_UP = [point for point in POINTS if point[1] in (Fault.HANG, Fault.HANG_FOR_EVER, Fault.SLOW, Fault.CRASH)]


@pytest.mark.parametrize(("step", "fault"), HELD_UP)
def test_a_second_interrupt_ends_whatever_is_in_hand_within_its_bound(step: Step, fault: Fault) -> None:
    for seconds in (0.0, 0.5, 3.0, 45.0):
        run = new_run((step, fault, seconds))
        run.world.arm(step, fault)
        run.begin(orders_from(0, ORDERS))
        run.hub.run_for(2.0)
        run.stop()
        run.hub.run_for(seconds)
        if not run.ended:
            run.stop(force=True)
        run.world.disarm()
        run.finish(orders_from(0, ORDERS))
        if fault is not Fault.HANG_FOR_EVER:
            run.close()
        run.hub.bury()


@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3, 4, 5, 8, 13, 30, 60, 100, 150])
def test_what_a_crew_left_is_finished_whenever_it_died(turns: int) -> None:
    """Before the batch was begun, before an order was accepted, amid the first visits, after the last."""
    for count in (1, 6):
        run, orders = crew_that_died((turns, count), turns, count)
        run.begin(orders)
        found = run.finish(orders)
        assert {one.status for one in found.values()} == {TaskStatus.COMPLETED}
        assert all(len(folders) == 1 for folders in run.world.published.values())
        run.hub.bury()
