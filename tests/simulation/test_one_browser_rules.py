"""Every setting that rules a crew's restarts, waits, wear and deadlines rules those of the one browser."""

from __future__ import annotations

import attrs
import pytest

from actors.session.crew_of_one import WORKER
from actors.session.tree import CREW, ENGINE, crew_spec, root_spec
from actors.supervise import ChildSpec, SupervisorSpec
from tests.simulation import one_browser_rules as rules
from tests.simulation.one_browser import new_run


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_so_many_starts_are_tried_as_max_restart_attempts_says(most: int) -> None:
    rules.so_many_starts_are_tried(most)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_starts_that_hang_end_the_run_after_as_many_and_at_the_deadline_of_a_crew(most: int) -> None:
    rules.starts_that_hang_are_counted_too(most)


@pytest.mark.parametrize(("window", "is_retired"), [(10.0, False), (200.0, True)])
def test_the_limit_counts_within_restart_window(window: float, is_retired: bool) -> None:
    rules.the_limit_counts_within_its_window(window, is_retired=is_retired)


@pytest.mark.parametrize("most", [0, 1, 4])
def test_one_restart_more_than_the_intensity_allows_ends_the_run(most: int) -> None:
    rules.no_more_restarts_than_the_intensity_allows(most)


def test_restarts_outside_the_window_of_the_intensity_do_not_count() -> None:
    rules.restarts_outside_the_window_are_no_intensity()


def test_the_waits_between_restarts_double_up_to_their_cap() -> None:
    rules.the_waits_grow_up_to_their_cap()


@pytest.mark.parametrize(("stable_after", "waits"), [(10.0, False), (300.0, True)])
def test_a_browser_that_lived_long_enough_begins_the_waits_anew(stable_after: float, waits: bool) -> None:
    rules.a_browser_that_lived_begins_the_waits_anew(stable_after, waits=waits)


def test_a_browser_that_was_of_use_begins_the_waits_anew() -> None:
    rules.a_browser_that_was_of_use_begins_the_waits_anew()


def test_browsers_lost_over_one_bad_order_count_for_nothing() -> None:
    rules.a_bad_order_takes_no_run_down()


@pytest.mark.parametrize(("each", "orders"), [(1, 3), (1, 4), (2, 6), (2, 7)])
def test_a_browser_is_recycled_after_recycle_after_tasks(each: int, orders: int) -> None:
    rules.it_is_recycled_after_so_many_orders(each, orders)


def test_a_browser_is_recycled_after_recycle_after_seconds() -> None:
    rules.it_is_recycled_at_its_age()


@pytest.mark.parametrize("share", [0.80, 0.90])
def test_the_limits_of_memory_are_obeyed_and_hold_no_run_up(share: float) -> None:
    rules.memory_is_obeyed(share)


def test_a_drain_ends_after_shutdown_and_a_lost_thread_after_its_share_of_force() -> None:
    rules.a_drained_run_waits_no_longer_than_its_shutdown()


def test_a_browser_that_cannot_be_cleared_away_is_the_last_one() -> None:
    rules.a_browser_that_cannot_be_cleared_away_is_the_last()


def test_an_idle_browser_that_dies_is_replaced_at_once() -> None:
    rules.an_idle_browser_that_dies_is_replaced_at_once()


@pytest.mark.parametrize(("at", "seconds"), [(0.0, 20.0), (20.0, 15.0)])
def test_a_machine_without_threads_for_a_while_costs_nothing(at: float, seconds: float) -> None:
    rules.a_machine_without_threads_for_a_while_costs_nothing(at, seconds)


def test_a_profile_that_cannot_be_cloned_ends_the_run_and_not_its_end() -> None:
    rules.a_profile_that_cannot_be_cloned_ends_the_run_and_not_its_end()


def test_a_crew_and_the_one_browser_have_their_deadlines_and_limits_from_one_place() -> None:
    """The spec of a crew, as it stands in the tree, is the one browser's, but for the names."""
    parts = new_run("spec").parts

    def child(spec: SupervisorSpec, name: str) -> ChildSpec:
        return next(one for one in spec.children if one.id == name)

    def started(spec: ChildSpec) -> SupervisorSpec:
        (found,) = [cell.cell_contents for cell in spec.start.__closure__ or ()]
        assert isinstance(found, SupervisorSpec)
        return found

    crew = started(child(started(child(root_spec(parts), ENGINE)), CREW))
    one = crew_spec(parts, (WORKER,))
    for field in attrs.fields(SupervisorSpec):
        if field.name != "children":
            assert getattr(crew, field.name) == getattr(one, field.name), field.name
    (worker,), (browser,) = crew.children, one.children
    for field in attrs.fields(ChildSpec):
        if field.name not in ("id", "start", "kill", "confirm_dead", "cleanup"):
            assert getattr(worker, field.name) == getattr(browser, field.name), field.name
        elif field.name != "id":
            assert getattr(worker, field.name).__code__ is getattr(browser, field.name).__code__, field.name
    assert new_run("spec").engine._browser._child.ready_timeout == browser.ready_timeout
