"""When a child is started again, after what, how often, and after how long."""

from __future__ import annotations

from typing import Any

import pytest

from actors.supervise.core import SuperviseCore
from actors.supervise.effects import Announce, StartChild
from actors.supervise.spec import ChildSpec, Restart, Strategy, SupervisorSpec
from contracts.config import RestartIntensity
from contracts.errors import ConfigurationError
from contracts.supervision import (
    Alarm,
    AlarmDue,
    ChildChange,
    Cleared,
    Down,
    ExitKind,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    Stable,
)
from tests.supervise.driving import Tree, child, nobody

NORMAL = Reason(ExitKind.NORMAL)
SHUTDOWN = Reason(ExitKind.SHUTDOWN)


# ------------------------------------------------------------------------------------------- restart type x reason


@pytest.mark.parametrize("kind", list(ExitKind))
def test_a_permanent_child_is_always_restarted(kind: ExitKind) -> None:
    tree = Tree(child("a"))
    tree.down("a", Reason(kind))
    assert tree.alive == {"a": 2}


@pytest.mark.parametrize("kind", list(ExitKind))
def test_a_transient_child_is_restarted_after_an_abnormal_end_only(kind: ExitKind) -> None:
    tree = Tree(child("a", restart=Restart.TRANSIENT))
    tree.down("a", Reason(kind))
    abnormal = kind not in (ExitKind.NORMAL, ExitKind.SHUTDOWN, ExitKind.GAVE_UP)
    assert ("a" in tree.alive) == abnormal
    assert tree.phase("a") == ("starting" if abnormal else "ended")


@pytest.mark.parametrize("kind", list(ExitKind))
def test_a_temporary_child_is_never_restarted(kind: ExitKind) -> None:
    tree = Tree(child("a", restart=Restart.TEMPORARY))
    tree.down("a", Reason(kind))
    assert tree.alive == {}
    assert tree.phase("a") == "ended"
    assert tree.ended is None, "the supervisor stays"


def test_a_child_that_ends_normally_again_and_again_uses_up_the_intensity_too() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=2, first_delay=0.0))
    for _ in range(3):
        tree.down("a", NORMAL)
    assert tree.ended is not None
    assert tree.ended.kind is ExitKind.GAVE_UP


# ---------------------------------------------------------------------------------------------------- faulty specs


def test_two_children_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="share a name"):
        SupervisorSpec(children=(child("a"), child("a")))


def test_parallel_children_cannot_share_a_fate() -> None:
    with pytest.raises(ConfigurationError, match="one_for_one"):
        SupervisorSpec(children=(), parallel=True, strategy=Strategy.ONE_FOR_ALL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 7},
        {"start": None},
        {"restart": "permanent"},
        {"ready_timeout": -1.0},
        {"shutdown": float("nan")},
        {"shutdown": "5"},
        {"kill_timeout": -1},
        {"confirm_timeout": None},
        {"cleanup_timeout": True},
        {"heartbeat_timeout": 0.0},
        {"gate": ""},
        {"kill": 9},
        {"confirm_dead": True},
        {"cleanup": "rm"},
    ],
    ids="-".join,
)
def test_a_faulty_child_spec_is_refused_where_it_is_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        ChildSpec(**{"id": "a", "start": nobody, **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"children": [child("a")]},
        {"children": ("a",)},
        {"strategy": "one_for_all"},
        {"intensity": 3},
        {"auto_shutdown": True},
        {"max_children": -1},
        {"max_children": 0},
        {"verdict_timeout": -1.0},
    ],
    ids="-".join,
)
def test_a_faulty_supervisor_spec_is_refused_where_it_is_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        SupervisorSpec(**{"children": (child("a"),), **wrong})


def test_what_has_no_limit_may_say_so_with_infinity() -> None:
    forever = float("inf")
    spec = ChildSpec(id="a", start=nobody, shutdown=forever, kill_timeout=forever, confirm_timeout=forever)
    assert spec.shutdown == forever
    for nonsense in (float("nan"), -forever, True, "5"):
        with pytest.raises(ConfigurationError, match=r"^shutdown must be a number of at least 0, not"):
            ChildSpec(id="a", start=nobody, shutdown=nonsense)  # type: ignore[arg-type]  # what is proved


def test_a_child_that_owns_nothing_needs_no_clearing() -> None:
    assert not ChildSpec(id="a", start=nobody).owns_something
    assert child("a", owns=True).owns_something


def test_adding_a_child_whose_name_is_taken_is_refused() -> None:
    tree = Tree(child("a"))
    with pytest.raises(ConfigurationError):
        tree.core.add(child("a"), 0, tree.now)


def test_a_child_that_fails_to_start_is_an_end_like_any_other() -> None:
    tree = Tree(child("a"), child("b"), ready=False, intensity=RestartIntensity(max_restarts=2, first_delay=0.0))
    for generation in (1, 2, 3):
        assert tree.alive == {"a": generation}, "b waits until a has started"
        tree.down("a", Reason(ExitKind.START_FAILED, "no"))
    assert tree.ended is not None
    assert tree.ended.kind is ExitKind.GAVE_UP


# ------------------------------------------------------------------------------------------------------- intensity


def test_exactly_as_many_restarts_as_allowed_are_made_and_the_next_escalates_once() -> None:
    tree = Tree(child("a"), child("b"), intensity=RestartIntensity(max_restarts=3, window=10.0, first_delay=0.0))
    for _ in range(3):
        tree.crash("a")
    assert not tree.has_ended()
    assert tree.alive == {"a": 4, "b": 1}
    tree.crash("b")
    tree.obey()
    assert tree.log.count("end") == 1
    assert tree.ended is not None
    assert tree.ended.kind is ExitKind.GAVE_UP
    assert "more than 3 restarts within 10 seconds" in tree.ended.text


def test_no_restart_is_allowed_with_an_intensity_of_none() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=0))
    tree.down("a")
    assert tree.ended is not None


def test_restarts_that_left_the_sliding_window_do_not_count() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=2, window=10.0, first_delay=0.0))
    tree.crash("a")
    tree.advance(6)
    tree.crash("a")
    tree.advance(4)
    tree.crash("a")
    assert tree.ended is None, "the first restart is exactly as old as the window"
    tree.advance(5.9)
    tree.down("a")
    assert tree.ended is not None, "two of the last three lie within it"


@pytest.mark.parametrize("age", [0.0, 5.0, 9.999])
def test_restarts_within_the_window_count_however_they_are_spread(age: float) -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=1, window=10.0, first_delay=0.0))
    tree.crash("a")
    tree.advance(age)
    tree.down("a")
    assert tree.ended is not None


# --------------------------------------------------------------------------------------------------------- backoff


def test_the_first_restart_has_no_delay_and_the_next_ones_grow_up_to_a_cap() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=30, first_delay=1.0, max_delay=30.0))
    for _ in range(12):
        tree.down("a")
        tree.advance(31)
        tree.ready_all()
    assert tree.delays[0] == 0.0
    assert all(1.0 * 2**power <= delay <= 30.0 for power, delay in enumerate(tree.delays[1:6]))
    assert tree.delays[1:] == sorted(tree.delays[1:])
    assert tree.delays[-1] == 30.0


def test_a_stable_time_brings_the_delay_back_to_none() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(first_delay=1.0, stable_after=60.0))
    tree.crash("a")
    tree.down("a")
    tree.advance(2)
    tree.ready_all()
    tree.advance(59.9)
    tree.down("a")
    assert tree.delays[-1] > tree.delays[-2], "59.9 s are not enough"
    tree.advance(10)
    tree.ready_all()
    tree.advance(60)
    tree.down("a")
    assert tree.delays[-1] == 0.0


def test_time_before_it_was_ready_is_no_stable_time() -> None:
    tree = Tree(child("a", ready_timeout=None), ready=False, intensity=RestartIntensity(first_delay=1.0))
    tree.down("a")
    tree.advance(100)
    tree.down("a")
    assert tree.delays == [0.0, tree.delays[1]]
    assert tree.delays[1] >= 1.0


def test_a_child_that_says_it_proved_useful_starts_again_without_delay() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(first_delay=1.0))
    tree.crash("a")
    tree.do(Stable("a", 2))
    tree.down("a")
    assert tree.delays == [0.0, 0.0]


def test_a_wait_that_has_begun_is_not_taken_back_by_praise_that_comes_late() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(first_delay=1.0))
    tree.crash("a")
    tree.down("a")
    tree.do(Stable("a", 2))
    tree.advance(100)
    tree.down("a")
    assert tree.delays[2] > tree.delays[1] > 0.0


def test_no_generation_starts_before_its_delay_is_over() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(first_delay=4.0))
    tree.crash("a")
    tree.down("a")
    tree.advance(3.99)
    assert tree.alive == {}
    assert tree.phase("a") == "backoff"
    tree.advance(1.02)
    assert tree.alive == {"a": 3}


# ------------------------------------------------------------------------------------------------ readiness, killing


def test_a_child_that_is_not_ready_in_time_is_killed_and_counted() -> None:
    tree = Tree(child("a", ready_timeout=5.0), ready=False, intensity=RestartIntensity(max_restarts=1, first_delay=0.0))
    tree.advance(4.9)
    assert "kill a" not in tree.log
    tree.advance(0.1)
    assert tree.log == ["start a", "kill a", "force a"]
    tree.down("a", Reason(ExitKind.CRASHED))
    assert tree.reasons["a"].kind is ExitKind.NOT_READY
    tree.advance(5)
    tree.down("a", Reason(ExitKind.NORMAL))
    assert tree.ended is not None, "two failed starts, one restart allowed"


def test_a_child_that_is_ready_in_time_is_left_alone() -> None:
    tree = Tree(child("a", ready_timeout=5.0))
    tree.advance(100)
    assert tree.log == ["start a"]


def test_a_child_without_a_limit_may_take_its_time() -> None:
    tree = Tree(child("a", ready_timeout=None), ready=False)
    tree.advance(10_000)
    assert tree.log == ["start a"]


def test_a_thread_that_does_not_come_back_after_the_kill_is_abandoned_and_fenced_off() -> None:
    tree = Tree(child("a", kill_timeout=10.0))
    tree.do(KillChild("a", 1, "too slow"))
    tree.advance(9.9)
    assert tree.alive == {"a": 1}
    tree.advance(0.1)
    assert tree.reasons["a"].kind is ExitKind.HUNG
    assert tree.alive == {"a": 2}
    tree.do(Down("a", 1, Reason(ExitKind.CRASHED)))
    assert tree.alive == {"a": 2}, "the late end of the abandoned generation changes nothing"


def test_an_ordered_kill_is_counted_as_a_failure_and_said_to_be_ordered() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=0))
    tree.do(KillChild("a", 1, "its deadline passed"))
    tree.down("a", Reason(ExitKind.CRASHED, "chrome not reachable", "BrowserDiedError"))
    assert tree.reasons["a"] == Reason(ExitKind.KILLED, "its deadline passed", "BrowserDiedError")
    assert tree.ended is not None


def test_a_child_is_killed_once_however_often_it_is_ordered() -> None:
    tree = Tree(child("a"))
    tree.do(KillChild("a", 1, "one"))
    tree.do(KillChild("a", 1, "two"))
    assert tree.log.count("kill a") == 1


def test_a_planned_restart_is_not_counted_and_has_no_delay() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=0, first_delay=9.0))
    for generation in range(1, 6):
        tree.do(RecycleChild("a", generation, "worn"))
        assert tree.log[-1] == "stop a"
        tree.down("a", SHUTDOWN)
        tree.ready_all()
    assert tree.alive == {"a": 6}
    assert tree.ended is None


def test_a_planned_restart_that_ends_badly_is_still_planned() -> None:
    tree = Tree(child("a"), intensity=RestartIntensity(max_restarts=0))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", Reason(ExitKind.CRASHED))
    assert tree.alive == {"a": 2}


def test_a_transient_child_that_is_recycled_starts_again() -> None:
    tree = Tree(child("a", restart=Restart.TRANSIENT))
    tree.do(RecycleChild("a", 1, "worn"))
    tree.down("a", SHUTDOWN)
    assert tree.alive == {"a": 2}


def test_only_a_running_child_is_recycled() -> None:
    tree = Tree(child("a"), ready=False)
    tree.do(RecycleChild("a", 1, "worn"))
    assert tree.log == ["start a"]


# --------------------------------------------------------------------------------------------- what it owns, fencing


def test_no_generation_starts_before_what_the_one_before_owned_is_gone() -> None:
    tree = Tree(child("a", owns=True))
    tree.down("a", cleared=False)
    tree.advance(39)
    assert tree.alive == {}
    assert tree.phase("a") == "clearing"
    tree.clear("a")
    assert tree.alive == {"a": 2}


def test_a_child_whose_clearing_code_hangs_is_retired_and_what_that_says_later_is_history() -> None:
    tree = Tree(child("a", owns=True, confirm_timeout=4.0, cleanup_timeout=3.0), child("b"))
    tree.down("a", cleared=False)
    tree.advance(6.9)
    assert tree.phase("a") == "clearing"
    tree.advance(0.1)
    assert tree.phase("a") == "retired"
    tree.clear("a")
    tree.advance(100)
    assert tree.alive == {"b": 1}


def test_a_child_whose_processes_cannot_be_ended_is_retired() -> None:
    tree = Tree(child("a", owns=True), child("b"))
    tree.down("a", cleared=False)
    tree.clear("a", gone=False)
    tree.advance(100)
    assert tree.phase("a") == "retired"
    assert tree.alive == {"b": 1}
    assert "retired a" in tree.log


@pytest.mark.parametrize(
    "event",
    [
        Ready("a", 1),
        Stable("a", 1),
        Down("a", 1, Reason(ExitKind.CRASHED)),
        Cleared("a", 1, gone=True),
        Cleared("a", 1, gone=False),
        KillChild("a", 1, "late"),
        RecycleChild("a", 1, "late"),
        *(AlarmDue("a", 1, alarm) for alarm in Alarm),
        Down("stranger", 1, Reason(ExitKind.CRASHED)),
    ],
    ids=repr,
)
def test_news_of_an_older_generation_or_of_a_stranger_changes_nothing(event: Ready) -> None:
    tree = Tree(child("a", owns=True))
    tree.crash("a")
    before, counts = list(tree.effects), tree.core.which_children()
    tree.do(event)
    assert tree.effects == before
    assert tree.core.which_children() == counts


def test_an_end_told_twice_counts_once() -> None:
    tree = Tree(child("a", owns=True), intensity=RestartIntensity(max_restarts=1))
    tree.down("a", cleared=False)
    tree.do(Down("a", 1, Reason(ExitKind.CRASHED)))
    tree.clear("a")
    assert tree.alive == {"a": 2}
    assert tree.log.count("down a") == 1


def test_observers_hear_of_a_start_before_the_child_can_speak_for_itself() -> None:
    tree = Tree(child("a"), ready=False)
    kinds = [type(effect) for effect in tree.effects]
    assert kinds.index(Announce) < kinds.index(StartChild)
    assert tree.effects[kinds.index(Announce)].change is ChildChange.STARTED  # type: ignore[union-attr]  # it is one


def test_numbers_go_on_where_an_earlier_supervisor_of_that_name_left_off() -> None:
    core = SuperviseCore(SupervisorSpec(children=(child("a"),)), {"a": 7})
    assert StartChild("a", 8) in core.open(0.0)
