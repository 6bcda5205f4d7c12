"""The sequential engine in the simulation: a stop between any two events, amid any, and what a crew left before it."""

from __future__ import annotations

import functools

import pytest

from contracts.tasks import TaskStatus
from tests.simulation.faults import POINTS, Fault, Step
from tests.simulation.one_browser import (
    ENTRIES,
    EVENTS,
    ORDERS,
    new_run,
    orders_from,
    stop_after,
    stop_amid,
    stop_while_held_up,
    take_over,
)

HELD_UP = [
    (step, fault)
    for step, fault in POINTS
    if fault in (Fault.HANG, Fault.HANG_FOR_EVER, Fault.SLOW, Fault.CRASH, Fault.LATE_REPLY)
    and step not in (Step.PUBLISH, Step.PUBLISHED)  # what strikes there ends a dispatcher, and here the batch
]


def test_a_calm_run_does_every_order_and_has_as_many_events_and_entries_as_are_struck_below() -> None:
    run = new_run("calm")
    run.begin(orders_from(0, ORDERS))
    found = run.finish(orders_from(0, ORDERS))
    assert {one.status for one in found.values()} == {TaskStatus.COMPLETED}
    assert run.events >= EVENTS[-1]
    assert run.entries == ENTRIES[-1]
    run.close()
    run.hub.bury()


@pytest.mark.parametrize("again", [None, 1, 2, 5])
@pytest.mark.parametrize("force", [False, True], ids=["drain", "force"])
def test_a_stop_after_any_event_ends_the_batch_and_not_the_engine(force: bool, again: int | None) -> None:
    stop_after(EVENTS, force=force, again=again)


@pytest.mark.parametrize("force", [False, True], ids=["drain", "force"])
def test_a_stop_amid_any_event_is_taken_up_after_it(force: bool) -> None:
    stop_amid(ENTRIES, force=force)


@pytest.mark.parametrize("event", range(1, 12))
def test_what_was_given_and_not_begun_when_a_stop_is_forced_is_not_begun_any_more(event: int) -> None:
    """A warm engine hands out an order at once when it comes, and the stop may be taken up before it is begun."""
    run = new_run(("given", event))
    run.begin(orders_from(0, ORDERS))
    run.finish(orders_from(0, ORDERS))
    run.at_event[run.events + event] = functools.partial(run.stop, force=True)
    run.world.arm(Step.OPEN, Fault.HANG)
    orders = orders_from(ORDERS, 2)
    run.begin(orders, parts=2)
    run.finish(orders)
    run.close()
    run.hub.bury()


@pytest.mark.parametrize(("step", "fault"), HELD_UP)
def test_a_second_interrupt_ends_whatever_is_in_hand_within_its_bound(step: Step, fault: Fault) -> None:
    stop_while_held_up(step, fault)


@pytest.mark.parametrize("turns", [-1, 0, 1, 2, 3, 4, 5, 8, 13, 30, 60, 100, 150])
def test_what_a_crew_left_is_finished_whenever_it_died(turns: int) -> None:
    """Before the batch was begun, before an order was accepted, amid the first visits, after the last."""
    take_over(turns)
