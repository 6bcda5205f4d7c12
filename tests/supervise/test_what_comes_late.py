"""What comes late or comes twice: news of a child on its way down, a second order to be quick, a long silence."""

from __future__ import annotations

import pytest

from actors.supervise.effects import Announce
from contracts.config import RestartIntensity
from contracts.supervision import Alive, ChildChange, ExitKind, KillChild, Ready, RecycleChild, RemoveChild
from tests.supervise.driving import Tree, child

ONE_RESTART = RestartIntensity(max_restarts=1, first_delay=0.0)


def test_the_crash_of_a_child_that_was_removed_meanwhile_takes_no_restart_from_the_others() -> None:
    tree = Tree(child("a", owns=True), child("b"), intensity=ONE_RESTART)
    tree.down("a", cleared=False)
    tree.do(RemoveChild("a"))
    tree.clear("a")
    assert tree.phase("a") == "unknown"
    assert tree.delays == []
    tree.crash("b")
    assert tree.ended is None
    assert tree.alive == {"b": 2}


@pytest.mark.parametrize("message", [RecycleChild, KillChild])
def test_a_child_on_its_way_down_that_reports_ready_goes_on_its_way(message: type[RecycleChild | KillChild]) -> None:
    tree = Tree(child("a", shutdown=5.0, kill_timeout=10.0))
    tree.do(message("a", 1, "worn"))
    before = tree.phase("a")
    told = len(tree.effects)
    tree.do(Ready("a", 1))
    assert tree.phase("a") == before
    assert tree.effects[told:] == [], "no observer may take it for one that can be given work"
    tree.advance(5.0 + 10.0)
    assert tree.alive == {"a": 2}


def test_a_child_that_gives_no_sign_of_life_is_killed_when_its_silence_is_over() -> None:
    tree = Tree(child("a", heartbeat_timeout=10.0))
    tree.advance(9.9)
    assert "kill a" not in tree.log
    tree.advance(0.1)
    assert "kill a" in tree.log


def test_a_child_that_falls_silent_after_an_answer_is_killed_half_its_silence_after_the_next_question() -> None:
    tree = Tree(child("a", heartbeat_timeout=10.0, kill_timeout=1.0))
    tree.advance(5.0)
    tree.do(Alive("a", 1))
    tree.advance(9.9)
    assert "kill a" not in tree.log
    tree.advance(0.1)
    assert "kill a" in tree.log
    tree.advance(1.0)
    assert tree.reasons["a"].kind is ExitKind.HUNG


def test_a_second_order_to_be_quick_with_more_time_gives_no_more_than_the_first() -> None:
    tree = Tree(child("a", kill_timeout=60.0), child("b", kill_timeout=60.0))
    tree.exit(force=True, timeout=4.0)
    tree.exit(force=True, timeout=100.0)
    tree.advance(4.0)
    assert tree.ended is not None


def test_a_generation_is_not_killed_for_the_silence_of_the_one_before_it() -> None:
    tree = Tree(child("a", heartbeat_timeout=10.0, kill_timeout=1.0))
    tree.advance(5.0)
    tree.down("a")
    tree.ready_all()
    assert tree.alive == {"a": 2}
    tree.advance(9.9)
    assert "kill a" not in tree.log, "it was asked once, and has half its silence to answer"
    tree.do(Alive("a", 2))
    tree.advance(5.0)
    assert "kill a" not in tree.log


def test_a_child_that_is_being_recycled_keeps_no_sibling_from_coming_back_that_shares_no_fate_with_it() -> None:
    tree = Tree(child("a"), child("b"))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.crash("b")
    assert tree.alive == {"a": 1, "b": 2}
    assert tree.phase("a") == "stopping"


def test_a_child_may_be_given_no_time_at_all() -> None:
    spec = child("a", shutdown=0.0, kill_timeout=0.0, confirm_timeout=0.0, cleanup_timeout=0.0, ready_timeout=0.0)
    assert (spec.kill_timeout, spec.confirm_timeout, spec.cleanup_timeout) == (0.0, 0.0, 0.0)


def test_observers_hear_once_that_a_generation_is_ready_however_often_it_says_so() -> None:
    tree = Tree(child("a"), ready=False)
    tree.ready("a", "a")
    news = [effect.change for effect in tree.effects if isinstance(effect, Announce)]
    assert news == [ChildChange.STARTED, ChildChange.READY]
