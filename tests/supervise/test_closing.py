"""Shutdown from every state, and what a gate says about a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.supervise.effects import AskToStop
from actors.supervise.spec import Restart
from contracts.config import RestartIntensity
from contracts.supervision import Decision, ExitKind, KillChild, Reason, RecycleChild, Verdict
from tests.supervise.driving import Tree, child

SHUTDOWN = Reason(ExitKind.SHUTDOWN)
SLOW = RestartIntensity(max_restarts=30, first_delay=5.0)


# ------------------------------------------------------------------------------------------------------------ closing


def test_children_are_stopped_one_by_one_in_reverse_order() -> None:
    tree = Tree(child("a"), child("b"), child("c"))
    tree.exit()
    assert tree.log[3:] == ["stop c"]
    tree.obey()
    assert [line for line in tree.log[3:] if "stopped" not in line] == [
        "stop c", "down c", "stop b", "down b", "stop a", "down a", "end",
    ]  # fmt: skip
    assert tree.ended == Reason(ExitKind.SHUTDOWN, "the end")


def test_a_child_is_stopped_only_when_what_the_one_behind_it_owned_is_gone() -> None:
    tree = Tree(child("a"), child("b", owns=True))
    tree.exit()
    tree.down("b", SHUTDOWN, cleared=False)
    assert "stop a" not in tree.log
    tree.clear("b")
    assert tree.log[-1] == "stop a"


def test_parallel_children_are_stopped_side_by_side_under_one_time_limit() -> None:
    tree = Tree(child("a", shutdown=5.0), child("b", shutdown=5.0), parallel=True)
    tree.exit()
    assert sorted(tree.log[2:]) == ["stop a", "stop b"]
    tree.advance(5)
    assert sorted(tree.log[4:]) == ["force a", "force b", "kill a", "kill b"]


def test_a_child_that_does_not_stop_in_time_is_killed_and_then_abandoned() -> None:
    tree = Tree(child("a", shutdown=5.0, kill_timeout=10.0))
    tree.exit()
    tree.advance(4.9)
    assert "kill a" not in tree.log
    tree.advance(0.1)
    assert tree.log[-2:] == ["kill a", "force a"]
    tree.advance(9.9)
    assert not tree.has_ended()
    tree.advance(0.1)
    assert tree.has_ended()
    assert tree.reasons["a"].kind is ExitKind.HUNG


def test_a_child_with_no_time_to_stop_is_killed_at_once() -> None:
    tree = Tree(child("a", shutdown=0.0))
    tree.exit()
    assert tree.log[1:] == ["kill a", "force a"]


def test_a_forced_shutdown_kills_each_in_its_turn() -> None:
    tree = Tree(child("a"), child("b"), child("c"))
    tree.exit()
    tree.exit(force=True)
    assert [line for line in tree.log if line.startswith("kill")] == ["kill c"]
    tree.obey()
    assert [line for line in tree.log if line.startswith("kill")] == ["kill c", "kill b", "kill a"]
    assert tree.ended is not None


def test_children_that_hang_share_the_seconds_of_a_forced_shutdown() -> None:
    tree = Tree(child("a"), child("b"), child("c"))
    tree.exit(force=True, timeout=8.0)
    tree.advance(7.9)
    assert [line for line in tree.log if line.startswith("kill")] == ["kill c", "kill b", "kill a"]
    assert tree.ended is None
    tree.advance(0.1)
    assert tree.ended is not None


def test_a_child_that_goes_at_once_leaves_its_seconds_to_the_others() -> None:
    tree = Tree(child("a"), child("b"))
    tree.exit(force=True, timeout=8.0)
    tree.down("b", SHUTDOWN)
    tree.advance(7.9)
    assert tree.ended is None
    tree.advance(0.1)
    assert tree.ended is not None


def test_a_child_that_owns_something_leaves_time_to_clear_it_away() -> None:
    tree = Tree(child("a", owns=True))
    tree.exit(force=True, timeout=8.0)
    tree.advance(6.0)
    assert tree.log[-1] == "clear a"


def test_clearing_code_that_hangs_is_waited_for_no_longer_than_the_forced_shutdown_may_take() -> None:
    tree = Tree(child("a"), child("b", owns=True))
    tree.down("b", cleared=False)
    tree.exit()
    tree.exit(force=True, timeout=8.0)
    tree.advance(7.9)
    assert tree.ended is None
    tree.advance(0.1)
    assert tree.ended is not None


def test_clearing_code_that_hangs_keeps_no_plain_shutdown_from_its_end() -> None:
    tree = Tree(child("a", owns=True, confirm_timeout=4.0, cleanup_timeout=3.0))
    tree.exit()
    tree.down("a", SHUTDOWN, cleared=False)
    tree.advance(7.0)
    assert tree.ended is not None
    assert tree.phase("a") == "retired"


def test_a_child_killed_before_is_waited_for_no_longer_than_the_forced_shutdown_may_take() -> None:
    tree = Tree(child("a", shutdown=0.0, kill_timeout=60.0))
    tree.exit()
    tree.exit(force=True, timeout=3.0)
    tree.advance(3.0)
    assert tree.ended is not None


def test_a_killed_child_is_told_how_long_it_is_waited_for() -> None:
    tree = Tree(child("a", kill_timeout=10.0))
    tree.exit(force=True)
    asked = [effect for effect in tree.effects if isinstance(effect, AskToStop)]
    assert [effect.timeout for effect in asked] == [9.0]


def test_a_shutdown_asked_for_twice_is_one_shutdown() -> None:
    tree = Tree(child("a"))
    tree.exit()
    tree.exit()
    tree.obey()
    tree.exit()
    tree.exit(force=True)
    assert tree.log.count("stop a") == 1
    assert tree.log.count("end") == 1


@pytest.mark.parametrize("kind", list(ExitKind))
@pytest.mark.parametrize("restart", list(Restart))
def test_a_child_that_ends_by_itself_during_shutdown_is_not_restarted(restart: Restart, kind: ExitKind) -> None:
    tree = Tree(child("a", restart=restart), child("b"))
    tree.exit()
    tree.down("a", Reason(kind))
    tree.down("b", SHUTDOWN)
    assert tree.ended is not None
    assert tree.last == {"a": 1, "b": 1}


def test_a_supervisor_without_children_ends_at_once() -> None:
    tree = Tree()
    tree.exit()
    assert tree.ended is not None


def _starting() -> Tree:
    return Tree(child("a", shutdown=5.0, kill_timeout=10.0), child("b"), ready=False)


def _clearing() -> Tree:
    tree = Tree(child("a", owns=True), child("b"))
    tree.down("a", cleared=False)
    return tree


def _in_backoff() -> Tree:
    tree = Tree(child("a"), child("b"), intensity=SLOW)
    tree.crash("a")
    tree.down("a")
    return tree


def _asking() -> Tree:
    tree = Tree(child("a", gate="gate"), child("b"))
    tree.down("a")
    return tree


def _held() -> Tree:
    tree = _asking()
    tree.do(Verdict("a", 1, Decision.HOLD))
    return tree


def _recycling() -> Tree:
    tree = Tree(child("a"), child("b"))
    tree.do(RecycleChild("a", 1, "worn"))
    return tree


def _asking_for_a_planned_restart() -> Tree:
    tree = Tree(child("a", gate="gate"), child("b"))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", SHUTDOWN)
    return tree


def _killed() -> Tree:
    tree = Tree(child("a", kill_timeout=10.0), child("b"))
    tree.do(KillChild("a", 1, "too slow"))
    return tree


def _retired() -> Tree:
    tree = _asking()
    tree.do(Verdict("a", 1, Decision.RETIRE, "enough"))
    return tree


_STATES = [
    (_starting, "starting"),
    (_clearing, "clearing"),
    (_in_backoff, "backoff"),
    (_asking, "asking"),
    (_held, "held"),
    (_recycling, "stopping"),
    (_asking_for_a_planned_restart, "asking"),
    (_killed, "killed"),
    (_retired, "retired"),
]


@pytest.mark.parametrize(("make", "phase"), _STATES, ids=[make.__name__ for make, _ in _STATES])
@pytest.mark.parametrize("force", [False, True])
def test_shutdown_ends_within_its_bound_from_any_state_and_starts_nothing(
    make: Callable[[], Tree], phase: str, force: bool
) -> None:
    tree = make()
    assert tree.phase("a") == phase
    started = tree.last.copy()
    tree.exit(force=force)
    for name in list(tree.owning):
        tree.clear(name)
    tree.advance(5 + 10 + 5 + 10)
    assert tree.ended is not None
    tree.advance(1000)
    assert tree.last == started


# --------------------------------------------------------------------------------------------------------------- gates


def gated(**fields: Any) -> Tree:
    """A child whose restarts a gate allows, down for the first time."""
    tree = Tree(child("a", gate="gate"), child("b"), **fields)
    tree.down("a")
    return tree


def test_the_gate_is_asked_before_a_restart_and_may_let_go() -> None:
    tree = gated()
    assert [(ask.gate, ask.child, ask.generation, ask.planned) for ask in tree.asked] == [("gate", "a", 1, False)]
    assert "a" not in tree.alive
    tree.do(Verdict("a", 1, Decision.LET_GO))
    assert tree.alive["a"] == 2


def test_the_gate_may_hold_and_let_go_later() -> None:
    tree = gated()
    tree.do(Verdict("a", 1, Decision.HOLD))
    tree.advance(0.9)
    assert "a" not in tree.alive
    assert tree.phase("a") == "held"
    tree.do(Verdict("a", 1, Decision.LET_GO))
    assert tree.alive["a"] == 2


def test_the_gate_may_retire() -> None:
    tree = gated()
    tree.do(Verdict("a", 1, Decision.RETIRE, "three fruitless browsers"))
    tree.advance(100)
    assert tree.phase("a") == "retired"
    assert tree.core.count_children().retired == 1
    assert "retired a" in tree.log


def test_the_gate_may_retire_what_it_held() -> None:
    tree = gated()
    tree.do(Verdict("a", 1, Decision.HOLD))
    tree.do(Verdict("a", 1, Decision.RETIRE))
    assert tree.phase("a") == "retired"


def test_without_an_answer_in_time_the_supervisors_own_rule_applies() -> None:
    tree = gated(verdict_timeout=1.0)
    tree.advance(0.99)
    assert "a" not in tree.alive
    tree.advance(0.01)
    assert tree.alive["a"] == 2


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    tree = gated()
    tree.advance(1)
    tree.ready_all()
    tree.do(Verdict("a", 1, Decision.RETIRE))
    tree.do(Verdict("a", 2, Decision.RETIRE))
    assert tree.alive["a"] == 2
    assert tree.phase("a") == "running"


def test_a_gate_that_held_and_forgot_is_asked_again() -> None:
    tree = gated()
    tree.do(Verdict("a", 1, Decision.HOLD))
    tree.advance(60)
    assert len(tree.asked) > 1 or "a" in tree.alive, "a gate that died with its list must not hold for ever"


def test_the_gate_is_asked_about_a_planned_restart_too_and_the_child_comes_back() -> None:
    tree = Tree(child("a", gate="gate"), child("b"))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", SHUTDOWN)
    assert [(ask.child, ask.planned) for ask in tree.asked] == [("a", True)]
    tree.do(Verdict("a", 1, Decision.LET_GO))
    assert tree.alive["a"] == 2


def test_a_planned_restart_may_be_held_too() -> None:
    tree = Tree(child("a", gate="gate"), child("b"))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", SHUTDOWN)
    tree.do(Verdict("a", 1, Decision.HOLD))
    assert tree.phase("a") == "held"
    tree.do(Verdict("a", 1, Decision.LET_GO))
    assert tree.alive["a"] == 2


def test_backoff_follows_the_gates_leave() -> None:
    tree = gated(intensity=SLOW)
    tree.do(Verdict("a", 1, Decision.LET_GO))
    tree.ready_all()
    tree.down("a")
    tree.do(Verdict("a", 2, Decision.LET_GO))
    assert tree.phase("a") == "backoff"
    tree.advance(10)
    assert tree.alive["a"] == 3
