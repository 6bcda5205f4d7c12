"""Who shares whose fate, in which order all start and stop, and what happens when it goes wrong in between."""

from __future__ import annotations

from typing import Any

import pytest

from actors.supervise.spec import AutoShutdown, Restart, Strategy
from contracts.config import RestartIntensity
from contracts.errors import ConfigurationError
from contracts.supervision import ExitKind, Reason, RecycleChild, RemoveChild
from tests.supervise.driving import NO_WAIT, Tree, child

SHUTDOWN = Reason(ExitKind.SHUTDOWN)
SLOW = RestartIntensity(max_restarts=30, first_delay=5.0)


def three(strategy: Strategy, **fields: Any) -> Tree:
    """A supervisor of a, b and c."""
    return Tree(child("a"), child("b"), child("c"), strategy=strategy, **fields)


# ----------------------------------------------------------------------------------------------------------- starting


def test_children_start_one_after_the_other_in_their_order() -> None:
    tree = Tree(child("a"), child("b"), child("c"), ready=False)
    assert tree.log == ["start a"]
    tree.ready("a")
    assert tree.log == ["start a", "start b"]
    tree.ready("b")
    assert tree.log == ["start a", "start b", "start c"]


def test_parallel_children_start_at_once() -> None:
    tree = Tree(child("a"), child("b"), ready=False, parallel=True)
    assert tree.log == ["start a", "start b"]


def test_children_are_listed_in_start_order_and_counted_by_state() -> None:
    tree = three(Strategy.ONE_FOR_ONE, intensity=RestartIntensity(first_delay=5.0))
    assert [info.child for info in tree.core.which_children()] == ["a", "b", "c"]
    counts = tree.core.count_children()
    assert (counts.specs, counts.active, counts.restarting, counts.retired) == (3, 3, 0, 0)
    tree.crash("b")
    tree.down("b")
    counts = tree.core.count_children()
    assert (counts.specs, counts.active, counts.restarting, counts.retired) == (3, 2, 1, 0), "a waiting child counts"


# --------------------------------------------------------------------------------------------------------- strategies


def test_one_for_one_touches_only_the_child_that_ended() -> None:
    tree = three(Strategy.ONE_FOR_ONE)
    mark = len(tree.log)
    tree.down("b")
    assert tree.since(mark) == ["down b", "start b"]
    assert tree.alive == {"a": 1, "b": 2, "c": 1}


def test_one_for_all_stops_all_in_reverse_and_starts_all_in_order() -> None:
    tree = three(Strategy.ONE_FOR_ALL)
    mark = len(tree.log)
    tree.down("b")
    tree.obey()
    tree.ready_all()
    assert tree.since(mark) == [
        "down b", "stop c", "down c", "stop a", "down a", "start a", "start b", "start c",
    ]  # fmt: skip


def test_rest_for_one_touches_those_started_after_it() -> None:
    tree = three(Strategy.REST_FOR_ONE)
    mark = len(tree.log)
    tree.down("b")
    tree.obey()
    tree.ready_all()
    assert tree.since(mark) == ["down b", "stop c", "down c", "start b", "start c"]
    assert tree.alive == {"a": 1, "b": 2, "c": 2}


@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_strategy_touches_exactly_the_siblings_it_names(strategy: Strategy, name: str) -> None:
    tree = three(strategy)
    tree.down(name)
    tree.obey()
    tree.ready_all()
    touched = {
        Strategy.ONE_FOR_ONE: {name},
        Strategy.ONE_FOR_ALL: {"a", "b", "c"},
        Strategy.REST_FOR_ONE: set("abc"["abc".index(name) :]),
    }[strategy]
    assert tree.alive == {one: 2 if one in touched else 1 for one in "abc"}


@pytest.mark.parametrize("strategy", list(Strategy))
def test_each_strategy_escalates_when_its_limit_is_passed(strategy: Strategy) -> None:
    tree = three(strategy, intensity=RestartIntensity(max_restarts=2, first_delay=0.0))
    for _ in range(3):
        tree.down("a")
        tree.obey()
        tree.ready_all()
    assert tree.ended is not None
    assert tree.ended.kind is ExitKind.GAVE_UP


def test_siblings_that_share_a_fate_are_counted_as_one_restart() -> None:
    tree = three(Strategy.ONE_FOR_ALL, intensity=RestartIntensity(max_restarts=1, first_delay=0.0))
    tree.down("b")
    tree.obey()
    tree.ready_all()
    assert tree.alive == {"a": 2, "b": 2, "c": 2}


def test_a_temporary_sibling_that_was_stopped_with_the_others_stays_down() -> None:
    tree = Tree(child("a"), child("b", restart=Restart.TEMPORARY), strategy=Strategy.ONE_FOR_ALL)
    tree.down("a")
    tree.obey()
    tree.ready_all()
    assert tree.alive == {"a": 2}


def test_nothing_starts_before_all_who_share_a_fate_are_down_and_cleared() -> None:
    tree = Tree(child("a", owns=True), child("b", owns=True), strategy=Strategy.ONE_FOR_ALL)
    tree.down("a")
    tree.down("b", SHUTDOWN, cleared=False)
    assert tree.alive == {}
    tree.clear("b")
    assert tree.alive == {"a": 2}


def test_a_sibling_that_crashes_while_it_is_being_stopped_is_part_of_the_same_restart() -> None:
    tree = three(Strategy.ONE_FOR_ALL, intensity=RestartIntensity(max_restarts=1, first_delay=0.0))
    tree.down("a")
    tree.down("c", Reason(ExitKind.CRASHED))
    tree.obey()
    tree.ready_all()
    assert tree.alive == {"a": 2, "b": 2, "c": 2}
    assert tree.ended is None


@pytest.mark.parametrize("strategy", [Strategy.ONE_FOR_ALL, Strategy.REST_FOR_ONE])
def test_a_sibling_that_fails_to_start_again_during_the_restart_starts_it_anew(strategy: Strategy) -> None:
    tree = three(strategy)
    tree.down("a")
    tree.obey()
    tree.ready("a")
    assert tree.alive == {"a": 2, "b": 2}
    tree.down("b", Reason(ExitKind.START_FAILED))
    tree.obey()
    tree.ready_all()
    assert set(tree.alive) == {"a", "b", "c"}
    assert tree.alive["a"] == (3 if strategy is Strategy.ONE_FOR_ALL else 2)
    assert tree.last["c"] == 2, "c was not started before b was ready"


def test_a_sibling_that_keeps_failing_during_the_restart_escalates() -> None:
    tree = three(Strategy.ONE_FOR_ALL, intensity=RestartIntensity(max_restarts=3, first_delay=0.0))
    tree.down("a")
    tree.obey()
    for _ in range(3):
        tree.ready("a")
        tree.down("b", Reason(ExitKind.START_FAILED))
        tree.obey()
    assert tree.ended is not None
    assert tree.alive == {}


def test_a_sibling_waiting_for_its_own_restart_joins_that_of_the_others() -> None:
    tree = Tree(child("a"), child("b"), child("c"), strategy=Strategy.REST_FOR_ONE, intensity=SLOW)
    tree.crash("c")
    tree.down("c")
    assert tree.phase("c") == "backoff"
    tree.down("a")
    tree.obey()
    tree.ready_all()
    assert tree.alive == {"a": 2, "b": 2, "c": 3}, "its own delay is over with the restart of all"
    tree.advance(60)
    assert tree.alive == {"a": 2, "b": 2, "c": 3}


def test_those_behind_a_child_in_backoff_wait_for_it() -> None:
    tree = three(Strategy.REST_FOR_ONE, intensity=RestartIntensity(first_delay=5.0))
    tree.down("a")
    tree.obey()
    tree.ready_all()
    tree.down("a")
    tree.obey()
    assert tree.phase("a") == "backoff"
    assert tree.alive == {}
    tree.advance(7)
    tree.ready_all()
    assert set(tree.alive) == {"a", "b", "c"}


# ----------------------------------------------------------------------------------------------------- dynamic children


def test_a_child_that_is_added_starts_behind_the_others_and_one_that_is_removed_stays_away() -> None:
    tree = Tree(child("a"))
    tree._take(tree.core.add(child("b"), 0, tree.now))
    tree.ready_all()
    assert tree.alive == {"a": 1, "b": 1}
    tree.do(RemoveChild("b"))
    assert tree.log[-1] == "stop b"
    tree.down("b", Reason(ExitKind.CRASHED))
    assert tree.phase("b") == "unknown"
    assert tree.alive == {"a": 1}
    tree._take(tree.core.add(child("b"), 1, tree.now))
    assert tree.alive == {"a": 1, "b": 2}


def test_a_child_removed_while_it_waits_never_starts() -> None:
    tree = Tree(child("a"), child("b"), intensity=RestartIntensity(first_delay=5.0))
    tree.crash("a")
    tree.down("a")
    tree.do(RemoveChild("a"))
    tree.advance(100)
    assert tree.phase("a") == "unknown"
    assert tree.alive == {"b": 1}


def test_a_removed_child_that_owns_something_keeps_its_name_until_that_is_gone() -> None:
    tree = Tree(child("a"), child("b", owns=True))
    tree.do(RemoveChild("b"))
    tree.down("b", cleared=False)
    with pytest.raises(ConfigurationError):
        tree.core.add(child("b", owns=True), 1, tree.now)
    tree.clear("b", gone=False)
    assert tree.phase("b") == "retired"
    with pytest.raises(ConfigurationError):
        tree.core.add(child("b", owns=True), 1, tree.now)


def test_a_removed_child_is_said_to_have_stopped_and_ends_no_supervisor() -> None:
    tree = Tree(child("a", significant=True), child("b"), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    tree.do(RemoveChild("a"))
    tree.down("a", Reason(ExitKind.SHUTDOWN))
    assert "stopped a" in tree.log
    assert tree.ended is None


def test_nothing_can_be_added_to_a_supervisor_that_is_closing() -> None:
    tree = Tree(child("a"))
    tree.exit()
    with pytest.raises(ConfigurationError, match="too late: the end"):
        tree.core.add(child("b"), 0, tree.now)
    tree.obey()
    assert tree.ended is not None
    assert tree.log.count("start b") == 0


# ------------------------------------------------------------------------------------------------ significant children


def significant(auto: AutoShutdown, restart: Restart = Restart.TRANSIENT) -> Tree:
    """Two significant children and one that is not."""
    return Tree(
        child("a", restart=restart, significant=True),
        child("b", restart=restart, significant=True),
        child("c"),
        auto_shutdown=auto,
    )


def test_the_end_of_any_significant_child_ends_the_supervisor() -> None:
    tree = significant(AutoShutdown.ANY_SIGNIFICANT)
    tree.down("a", Reason(ExitKind.NORMAL))
    tree.obey()
    assert tree.ended is not None


def test_only_the_end_of_all_significant_children_ends_it_when_so_set() -> None:
    tree = significant(AutoShutdown.ALL_SIGNIFICANT)
    tree.down("a", Reason(ExitKind.NORMAL))
    tree.obey()
    assert tree.ended is None
    tree.down("b", Reason(ExitKind.NORMAL))
    tree.obey()
    assert tree.ended is not None


def test_significant_children_end_nothing_by_default() -> None:
    tree = significant(AutoShutdown.NEVER)
    tree.down("a", Reason(ExitKind.NORMAL))
    tree.down("b", Reason(ExitKind.NORMAL))
    assert tree.ended is None


def test_a_significant_child_that_is_restarted_ends_nothing() -> None:
    tree = significant(AutoShutdown.ANY_SIGNIFICANT)
    tree.crash("a")
    assert tree.ended is None
    assert tree.alive["a"] == 2


def test_a_significant_temporary_child_ends_the_supervisor_by_a_crash_too() -> None:
    tree = significant(AutoShutdown.ANY_SIGNIFICANT, Restart.TEMPORARY)
    mark = len(tree.log)
    tree.down("b")
    tree.obey()
    assert [line for line in tree.since(mark) if "stopped" not in line] == [
        "down b", "stop c", "down c", "stop a", "down a", "end",
    ]  # fmt: skip


def test_a_significant_child_that_is_retired_has_ended_for_good() -> None:
    tree = Tree(child("a", owns=True, significant=True), child("b"), auto_shutdown=AutoShutdown.ANY_SIGNIFICANT)
    tree.down("a", cleared=False)
    tree.clear("a", gone=False)
    tree.obey()
    assert tree.ended is not None
    assert tree.ended.kind is ExitKind.GAVE_UP


def test_a_planned_end_of_a_significant_child_ends_nothing() -> None:
    tree = significant(AutoShutdown.ANY_SIGNIFICANT)
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", SHUTDOWN)
    assert tree.ended is None
    assert tree.alive["a"] == 2


def test_another_child_that_ends_ends_nothing() -> None:
    tree = Tree(
        child("a", significant=True),
        child("b", restart=Restart.TEMPORARY),
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        intensity=NO_WAIT,
    )
    tree.down("b")
    assert tree.ended is None
