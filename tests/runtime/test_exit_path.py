"""Exactly one `Down` for every start, on every path, and nobody else harmed by it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pykka
import pytest

from actors.runtime import Actor, Context, System, ThreadEnvironment
from contracts.supervision import Down, Exit, ExitKind, Reason
from tests.runtime.actors_under_test import PATIENCE, Gate, Note, Probe, Say, Stage, inject, stage


class Fatal(BaseException):
    """No `Exception`."""


def raiser(error: BaseException) -> Callable[[], Any]:
    """Return what raises."""

    def throw() -> None:
        raise error

    return throw


def one_down(rooms: Stage) -> ExitKind:
    """Wait for the first end, look that no second one follows, and return its kind."""
    rooms.wait_down()
    rooms.settle()
    assert len(rooms.downs) == 1
    assert not rooms.system.is_alive("a")
    return rooms.downs[0].reason.kind


def note_thread(threads: list[int]) -> None:
    """Note which thread this is."""
    threads.append(threading.get_ident())


@pytest.mark.parametrize("error", [ValueError("no"), Fatal("no"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_whatever_an_init_raises_is_a_failed_start_and_harms_nobody_who_starts_it(error: BaseException) -> None:
    class Broken(Probe):
        def __init__(self, context: Context) -> None:
            super().__init__(context)
            raise error

    with stage() as rooms:
        rooms.spawn("parent")
        rooms.system.tell("parent", Say(lambda: rooms.system.spawn("a", Broken)))
        assert one_down(rooms) is ExitKind.START_FAILED
        assert rooms.downs[0].reason.error == type(error).__name__
        assert rooms.system.is_alive("parent")


@pytest.mark.parametrize("wrong", ["none", "reference", "another context"])
def test_a_start_that_makes_no_actor_of_this_place_is_a_failed_start(wrong: str) -> None:
    with stage() as rooms:
        other = rooms.spawn("other")
        assert other is not None
        made = {"none": None, "reference": other.actor_ref, "another context": other}
        rooms.system.spawn("a", lambda _context: made[wrong])  # type: ignore[arg-type,return-value]  # that is the point
        assert one_down(rooms) is ExitKind.START_FAILED
        assert "must return an Actor" in rooms.downs[0].reason.text
        assert rooms.system.ask("other", Note(1), PATIENCE) == Note(1)


@pytest.mark.parametrize("error", [ValueError("no"), Fatal("no"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_whatever_on_start_raises_is_a_failed_start(error: BaseException) -> None:
    with stage() as rooms:
        rooms.spawn("bystander")
        rooms.spawn("a", raiser(error))
        assert one_down(rooms) is ExitKind.START_FAILED
        assert rooms.downs[0].reason.error == type(error).__name__
        assert rooms.system.is_alive("bystander")


@pytest.mark.parametrize("error", [ValueError("no"), Fatal("no"), SystemExit(1), GeneratorExit()], ids=repr)
def test_whatever_a_handler_raises_ends_this_actor_and_no_other(error: BaseException) -> None:
    with stage() as rooms:
        rooms.spawn("bystander")
        rooms.spawn("a")
        rooms.system.tell("a", Say(raiser(error)))
        assert one_down(rooms) is ExitKind.CRASHED
        assert rooms.downs[0].reason.error == type(error).__name__
        assert rooms.system.ask("bystander", Note(3), PATIENCE) == Note(3)


def test_pykkas_own_stop_is_a_normal_end() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None
        probe.actor_ref.stop(timeout=PATIENCE)
        assert one_down(rooms) is ExitKind.NORMAL


def test_an_exit_order_is_a_shutdown_that_comes_after_the_messages_before_it() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None
        rooms.system.tell("a", Note())
        rooms.system.tell("a", Exit("enough"))
        rooms.system.tell("a", Note())
        assert one_down(rooms) is ExitKind.SHUTDOWN
        assert rooms.downs[0].reason.text == "enough"
        assert probe.handled == 1
        assert rooms.system.dead_letters.by_kind["Note"] == 1


def test_what_an_actor_holds_is_released_once_on_every_path() -> None:
    with stage() as rooms:
        for number, end in enumerate((Exit("x"), Say(raiser(ValueError())), Say(raiser(Fatal())))):
            probe = rooms.spawn(f"a{number}")
            rooms.system.tell(f"a{number}", end)
            rooms.wait_down(number + 1)
            assert probe is not None
            assert len(probe.exits) == 1


@pytest.mark.parametrize("error", [OSError("could not close"), Fatal("no"), SystemExit(1)], ids=repr)
def test_a_failure_to_release_does_not_hide_the_end_and_is_not_tried_again(error: BaseException) -> None:
    tries: list[object] = []

    class Clumsy(Probe):
        def on_exit(self, reason: object) -> None:
            tries.append(reason)
            raise error

    with stage() as rooms:
        rooms.system.spawn("a", Clumsy)
        rooms.system.tell("a", Say(raiser(ValueError("the cause"))))
        assert one_down(rooms) is ExitKind.CRASHED
        assert rooms.downs[0].reason.text == "the cause"
        assert len(tries) == 1


@pytest.mark.parametrize("error", [OSError("no"), SystemExit(1)], ids=repr)
def test_whoever_is_told_of_an_end_and_fails_over_it_is_told_once(error: BaseException) -> None:
    told: list[str] = []

    def fail(down: Down) -> None:
        told.append(down.child)
        raise error

    environment = ThreadEnvironment()
    system = System(environment, fail)
    system.spawn("a", Probe)
    thread = next(thread for thread in threading.enumerate() if thread.name == "purser-a")
    system.tell("a", Exit("enough"))
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert told == ["a"]
    environment.close()


def test_the_reason_of_a_crash_is_not_covered_by_an_order_to_stop() -> None:
    with stage() as rooms:
        gate = Gate()
        rooms.spawn("a")
        rooms.system.tell("a", Say(gate.wait))
        rooms.system.tell("a", Say(raiser(ValueError("first"))))
        rooms.system.tell("a", Exit("later"))
        gate.open()
        assert one_down(rooms) is ExitKind.CRASHED


def test_of_two_reasons_to_end_the_first_one_is_told() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None

        def end_twice() -> None:
            probe.end(Reason(ExitKind.HUNG, "first"))
            probe.end(Reason(ExitKind.SHUTDOWN, "second"))
            raise ValueError("third")

        rooms.system.tell("a", Say(end_twice))
        assert one_down(rooms) is ExitKind.HUNG
        assert rooms.downs[0].reason.text == "first"


def test_a_thread_that_cannot_be_started_is_a_failed_start_and_leaves_nothing_registered() -> None:
    class NoThreads(ThreadEnvironment):
        def start_loop(self, name: str, loop: Callable[[], None]) -> None:
            raise RuntimeError("can't start new thread")

    rooms = Stage(NoThreads())
    known = len(pykka.ActorRegistry.get_all())
    probe = rooms.spawn("a")
    assert [down.reason.kind for down in rooms.downs] == [ExitKind.START_FAILED]
    assert len(pykka.ActorRegistry.get_all()) == known
    assert not rooms.system.is_alive("a")
    assert probe is not None
    with pytest.raises(pykka.ActorDeadError):
        probe.actor_ref.tell(Note())


def test_an_actor_told_something_it_does_not_know_crashes() -> None:
    class Deaf(Actor):
        """Handles nothing."""

    with stage() as rooms:
        rooms.system.spawn("a", Deaf)
        rooms.system.tell("a", Note())
        assert one_down(rooms) is ExitKind.CRASHED
        assert rooms.downs[0].reason.error == "TypeError"


@pytest.mark.parametrize("kind", [ValueError, Fatal, SystemExit, KeyboardInterrupt])
def test_an_exception_injected_from_outside_ends_an_actor_once_wherever_it_hits(kind: type[BaseException]) -> None:
    chance = random.Random(kind.__name__)
    rounds = 40
    with stage() as rooms:
        rooms.spawn("bystander")
        for number in range(rounds):
            name, at_work, steps = f"a{number}", threading.Event(), chance.randrange(0, 3000)

            def work(at_work: threading.Event = at_work) -> None:
                at_work.set()
                while True:
                    sum(range(50))

            ident: list[int] = []
            rooms.spawn(name, partial(note_thread, ident))
            rooms.system.ask(name, Note(), PATIENCE)
            rooms.system.tell(name, Say(work))
            assert at_work.wait(PATIENCE)
            for _ in range(steps):
                pass
            inject(ident[0], kind)
            rooms.wait_down(number + 1)
        rooms.settle()
        assert [down.child for down in rooms.downs] == [f"a{number}" for number in range(rounds)]
        assert {down.reason.kind for down in rooms.downs} == {ExitKind.CRASHED}
        assert rooms.system.names() == ("bystander",)


@pytest.mark.parametrize("kind", [ValueError, Fatal])
def test_an_exception_injected_while_messages_fly_loses_no_end_and_harms_no_bystander(
    kind: type[BaseException],
) -> None:
    rounds = 150
    with stage() as rooms:
        rooms.spawn("bystander")
        for number in range(rounds):
            name = f"a{number}"
            ident: list[int] = []
            rooms.spawn(name, partial(note_thread, ident))
            rooms.system.ask(name, Note(), PATIENCE)
            for _ in range(number % 20):
                rooms.system.tell(name, Note())
            inject(ident[0], kind)
            rooms.system.tell(name, Note())
            rooms.system.tell(name, Exit("enough"))
            rooms.wait_down(number + 1)
        rooms.settle()
        assert [down.child for down in rooms.downs] == [f"a{number}" for number in range(rounds)]
        assert rooms.system.names() == ("bystander",)
