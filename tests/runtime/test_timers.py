"""Timers: in order, cancellable, told to one generation only, and none after the end."""

from __future__ import annotations

import threading

import pytest

from actors.runtime import ThreadEnvironment
from contracts.supervision import Exit
from tests.runtime.actors_under_test import PATIENCE, Note, Say, stage


def test_timers_fire_in_the_order_of_their_times() -> None:
    environment = ThreadEnvironment()
    fired: list[int] = []
    done = threading.Event()

    def last() -> None:
        fired.append(3)
        done.set()

    environment.set_timer(0.03, last)
    environment.set_timer(0.01, lambda: fired.append(1))
    environment.set_timer(0.02, lambda: fired.append(2))
    assert done.wait(PATIENCE)
    assert fired == [1, 2, 3]
    environment.close()


def test_a_cancelled_timer_does_not_fire() -> None:
    environment = ThreadEnvironment()
    fired: list[str] = []
    done = threading.Event()
    timer = environment.set_timer(0.01, lambda: fired.append("cancelled"))
    timer.cancel()
    timer.cancel()
    environment.set_timer(0.02, done.set)
    assert done.wait(PATIENCE)
    assert fired == []
    environment.close()


@pytest.mark.parametrize("delay", [float("inf"), 1e12])
def test_a_timer_that_is_set_for_ever_keeps_no_other_from_firing(delay: float) -> None:
    environment = ThreadEnvironment()
    environment.set_timer(delay, lambda: None)
    for _ in range(20):
        fired = threading.Event()
        environment.set_timer(0.0, fired.set)
        assert fired.wait(PATIENCE)
    environment.close()


def test_no_timer_fires_after_the_environment_was_closed() -> None:
    environment = ThreadEnvironment()
    fired: list[int] = []
    environment.set_timer(0.0, lambda: None)
    environment.set_timer(0.01, lambda: fired.append(1))
    environment.close()
    environment.set_timer(0.0, lambda: fired.append(2))
    other, done = ThreadEnvironment(), threading.Event()
    other.set_timer(0.03, done.set)
    assert done.wait(PATIENCE)
    other.close()
    assert fired == []


def test_a_timer_is_told_to_its_own_generation_and_to_no_later_one() -> None:
    with stage() as rooms:
        first = rooms.spawn("a")
        assert first is not None
        first.context.set_timer(0.01, Note(1))
        rooms.system.tell("a", Exit("enough"))
        rooms.wait_down()
        second = rooms.spawn("a")
        assert second is not None
        done = threading.Event()
        second.context.set_timer(0.03, Say(done.set))
        assert done.wait(PATIENCE)
        rooms.settle()
        assert second.handled == 2
        assert "Note" not in rooms.system.dead_letters.by_kind, "a timer of an ended generation is not a lost message"


def test_a_timer_reaches_a_generation_that_lives() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None
        done = threading.Event()
        probe.context.set_timer(0.0, Say(done.set))
        assert done.wait(PATIENCE)


def test_timers_work_again_after_their_thread_could_not_be_started_once(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = ThreadEnvironment()

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            environment.set_timer(0.0, lambda: None)
    done = threading.Event()
    environment.set_timer(0.0, done.set)
    assert done.wait(1.0)
    environment.close()
