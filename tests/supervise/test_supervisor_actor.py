"""The supervisor as an actor, on real threads, over small actors that know nothing of browsers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.runtime import Actor, Context, System, ThreadEnvironment
from actors.supervise import ChildSpec, Restart, Strategy, SupervisorSpec, supervisor
from actors.supervise.actor import AddChild
from contracts.config import RestartIntensity
from contracts.errors import ConfigurationError
from contracts.supervision import (
    ChildChange,
    ChildCounts,
    CountChildren,
    Exit,
    ExitKind,
    RecycleChild,
    RemoveChild,
    WhichChildren,
)
from tests.supervise.acting import PATIENCE, Child, Do, World, crash


def test_someone_elses_actor_is_supervised_in_twenty_lines() -> None:
    started: queue.Queue[int] = queue.Queue()
    greeted: queue.Queue[tuple[str, int]] = queue.Queue()

    class Greeter(Actor):
        def on_start(self) -> None:
            started.put(self.context.generation)

        def on_receive(self, message: str) -> None:
            if message == "crash":
                raise RuntimeError(message)
            greeted.put((message, self.context.generation))

    environment, over = ThreadEnvironment(), threading.Event()
    system = System(environment, on_end=lambda _down: over.set())
    system.spawn("top", supervisor(SupervisorSpec(children=(ChildSpec(id="greeter", start=Greeter),))))
    assert started.get(timeout=PATIENCE) == 1
    system.tell("greeter", "crash")
    assert started.get(timeout=PATIENCE) == 2
    system.tell("greeter", "hello")
    assert greeted.get(timeout=PATIENCE) == ("hello", 2)
    system.tell("top", Exit("done"))
    assert over.wait(PATIENCE)
    environment.close()


def test_children_start_in_order_and_stop_in_reverse(world: World) -> None:
    world.start(*(ChildSpec(id=name, start=lambda context: Child(context, world)) for name in "abc"))
    world.wait(lambda: len(world.log) == 3)
    assert world.end().reason.kind is ExitKind.SHUTDOWN
    assert world.log == ["a 1 starts", "b 1 starts", "c 1 starts", "c 1 ends", "b 1 ends", "a 1 ends"]


def test_a_crash_is_followed_by_a_new_generation_and_told_to_observers(world: World) -> None:
    world.start(ChildSpec(id="a", start=lambda context: Child(context, world)))
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: "a 2 starts" in world.log)
    world.wait(lambda: len(world.news) >= 6)
    changes = [(one.generation, one.change) for one in world.news]
    assert changes == [
        (1, ChildChange.STARTED),
        (1, ChildChange.READY),
        (1, ChildChange.DOWN),
        (1, ChildChange.RESTARTING),
        (2, ChildChange.STARTED),
        (2, ChildChange.READY),
    ]
    assert world.news[2].reason is not None
    assert world.news[2].reason.text == "on purpose"
    world.end()


def test_rest_for_one_on_real_threads(world: World) -> None:
    world.start(
        *(ChildSpec(id=name, start=lambda context: Child(context, world)) for name in "abc"),
        strategy=Strategy.REST_FOR_ONE,
    )
    world.wait(lambda: len(world.log) == 3)
    world.system.tell("b", Do(crash))
    world.wait(lambda: "c 2 starts" in world.log)
    assert world.log[3:] == ["b 1 ends", "c 1 ends", "b 2 starts", "c 2 starts"]
    world.end()


def test_too_many_crashes_end_the_supervisor_and_its_children(world: World) -> None:
    world.start(
        ChildSpec(id="a", start=lambda context: Child(context, world)),
        ChildSpec(id="b", start=lambda context: Child(context, world)),
        intensity=RestartIntensity(max_restarts=2, first_delay=0.0),
    )

    def has_started(generation: int) -> Callable[[], bool]:
        return lambda: f"a {generation} starts" in world.log

    for generation in (1, 2, 3):
        world.wait(has_started(generation))
        world.wait(lambda: world.system.tell("a", Do(crash)))
    world.wait(lambda: bool(world.ended))
    assert world.ended[0].reason.kind is ExitKind.GAVE_UP
    assert world.log[-1] == "b 1 ends"
    assert world.system.names() == ("witness",)


def test_what_a_child_owns_is_killed_confirmed_and_cleaned_before_the_next_generation(world: World) -> None:
    def confirm(generation: int, _timeout: float) -> bool:
        world.note(f"confirm {generation}")
        return True

    world.start(
        ChildSpec(
            id="a",
            start=lambda context: Child(context, world),
            kill=lambda generation: world.note(f"kill {generation}"),
            confirm_dead=confirm,
            cleanup=lambda generation: world.note(f"clean {generation}"),
        )
    )
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: "a 2 starts" in world.log)
    assert world.log == ["a 1 starts", "a 1 ends", "kill 1", "confirm 1", "clean 1", "a 2 starts"]
    world.end()
    assert world.log[-4:] == ["a 2 ends", "kill 2", "confirm 2", "clean 2"]


@pytest.mark.parametrize("broken", ["kill", "confirm_dead", "cleanup"])
def test_clearing_code_that_raises_retires_the_child_or_goes_on_but_never_hangs(world: World, broken: str) -> None:
    def fail(*_arguments: object) -> bool:
        raise OSError("broken clearing code")

    broken_code: dict[str, Any] = {broken: fail}
    spec = attrs.evolve(ChildSpec(id="a", start=lambda context: Child(context, world)), **broken_code)
    world.start(spec)
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: len(world.news) > 3 and world.news[-1].change in (ChildChange.RETIRED, ChildChange.READY))
    assert world.end().reason.kind is ExitKind.SHUTDOWN


def test_clearing_code_that_calls_exit_still_gives_an_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)

    def leave(_generation: int) -> None:
        raise SystemExit(1)

    world.start(ChildSpec(id="a", start=lambda context: Child(context, world), cleanup=leave))
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: len(world.news) > 3)
    assert world.end().reason.kind is ExitKind.SHUTDOWN


def test_a_supervisor_answers_while_a_child_is_being_cleared(world: World) -> None:
    clearing = threading.Event()

    def confirm(_generation: int, _timeout: float) -> bool:
        return clearing.wait(PATIENCE)

    world.start(ChildSpec(id="a", start=lambda context: Child(context, world), confirm_dead=confirm))
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: any(one.change is ChildChange.DOWN for one in world.news))
    assert world.system.ask("top", CountChildren(), PATIENCE) == ChildCounts(1, 0, 1, 0)
    world.system.tell("top", Exit("the end"))
    clearing.set()
    world.wait(lambda: bool(world.ended))
    assert "a 2 starts" not in world.log


def test_a_child_that_never_becomes_ready_is_killed_and_replaced(world: World) -> None:
    stuck = threading.Event()

    class Slow(Child):
        ready_after_start = False

        def on_start(self) -> None:
            super().on_start()
            if self.context.generation == 1:
                stuck.wait(PATIENCE)
            else:
                self.context.ready()

    world.start(
        ChildSpec(id="a", start=lambda context: Slow(context, world), ready_timeout=0.05, kill=lambda _one: stuck.set())
    )
    world.wait(lambda: "a 2 starts" in world.log)
    world.wait(lambda: any(one.change is ChildChange.READY for one in world.news))
    ends = [one for one in world.news if one.change is ChildChange.DOWN]
    assert [one.reason.kind for one in ends if one.reason is not None] == [ExitKind.NOT_READY]
    world.end()


def test_a_thread_that_never_comes_back_is_abandoned_and_its_name_goes_on(world: World) -> None:
    stuck = threading.Event()
    world.start(ChildSpec(id="a", start=lambda context: Child(context, world), shutdown=0.01, kill_timeout=0.01))
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(lambda: stuck.wait(PATIENCE)))
    world.system.tell("top", RecycleChild("a", 1, "worn"))
    world.wait(lambda: "a 2 starts" in world.log)
    assert "a 1 ends" not in world.log
    stuck.set()
    world.wait(lambda: "a 1 ends" in world.log)
    assert world.system.ask("a", Do(lambda: "here"), PATIENCE) == "here", "the late end takes no name away"
    world.end()


def test_children_can_be_added_and_listed(world: World) -> None:
    world.start()
    world.system.ask("top", AddChild(ChildSpec(id="a", start=lambda context: Child(context, world))), PATIENCE)
    world.wait(lambda: "a 1 starts" in world.log)
    assert [(one.child, one.generation) for one in world.system.ask("top", WhichChildren(), PATIENCE)] == [("a", 1)]
    world.end()


def test_a_child_that_cannot_be_added_ends_nobody_and_whoever_asked_is_told_why(world: World) -> None:
    spec = ChildSpec(id="a", start=lambda context: Child(context, world))
    world.start(spec)
    world.system.tell("top", AddChild(spec))
    with pytest.raises(ConfigurationError, match="called a already"):
        world.system.ask("top", AddChild(spec), PATIENCE)
    assert [(one.child, one.generation) for one in world.system.ask("top", WhichChildren(), PATIENCE)] == [("a", 1)]
    world.end()


def test_a_supervisor_becomes_ready_when_the_child_it_waits_for_is_removed(world: World) -> None:
    class Slow(Child):
        ready_after_start = False

    inner = SupervisorSpec(children=(ChildSpec(id="slow", start=lambda context: Slow(context, world)),))
    world.start(ChildSpec(id="inner", start=supervisor(inner)))
    world.wait(lambda: "slow 1 starts" in world.log)
    world.system.tell("inner", RemoveChild("slow"))
    world.wait(lambda: any(one.change is ChildChange.READY for one in world.news))
    world.end()


def test_a_supervisor_that_can_start_no_job_keeps_the_other_children(world: World) -> None:
    def no_thread(name: str, job: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    owner = ChildSpec(id="a", start=lambda context: Child(context, world), kill=lambda _generation: None)
    world.start(owner, ChildSpec(id="b", start=lambda context: Child(context, world)))
    world.wait(lambda: "b 1 starts" in world.log)
    world.environment.run_job = no_thread  # type: ignore[method-assign]
    world.system.tell("a", Do(crash))
    world.wait(lambda: any(one.change is ChildChange.RETIRED for one in world.news))
    assert world.system.ask("b", Do(lambda: "here"), PATIENCE) == "here"
    world.end()


def test_a_supervisor_that_crashes_takes_its_children_along_and_what_they_own(world: World) -> None:
    def owner(name: str) -> ChildSpec:
        return ChildSpec(
            id=name,
            start=lambda context: Child(context, world),
            cleanup=lambda generation: world.note(f"{name} {generation} cleaned"),
        )

    inner = SupervisorSpec(children=(owner("a"), owner("b")))
    world.start(ChildSpec(id="inner", start=supervisor(inner)))
    world.wait(lambda: "b 1 starts" in world.log)
    world.system.tell("inner", "what no supervisor handles")
    gone = {"a 1 ends", "b 1 ends", "a 1 cleaned", "b 1 cleaned", "a 2 starts", "b 2 starts"}
    world.wait(lambda: gone <= set(world.log))
    assert world.end().reason.kind is ExitKind.SHUTDOWN


def test_a_supervisor_that_hangs_while_it_starts_is_replaced_and_leaves_no_child_behind(world: World) -> None:
    stuck = threading.Event()

    def slow(context: Context) -> Actor:
        if context.generation == 1:
            stuck.wait(PATIENCE)
        return Child(context, world)

    inner = SupervisorSpec(
        children=(
            ChildSpec(id="leaf", start=lambda context: Child(context, world)),
            ChildSpec(id="slow", start=slow),
        )
    )
    world.start(ChildSpec(id="inner", start=supervisor(inner), ready_timeout=0.2, kill_timeout=0.05))
    world.wait(lambda: "leaf 1 ends" in world.log)
    world.wait(lambda: "slow 2 starts" in world.log)
    stuck.set()
    world.wait(lambda: "slow 1 ends" in world.log)
    assert world.system.ask("slow", Do(lambda: "here"), PATIENCE) == "here", "the late one takes no name away"
    assert world.end().reason.kind is ExitKind.SHUTDOWN
    assert {"leaf 2 ends", "slow 2 ends"} <= set(world.log)


def test_without_a_gates_answer_the_supervisor_goes_on_by_its_own_rule(world: World) -> None:
    world.start(ChildSpec(id="a", start=lambda context: Child(context, world), gate="witness"), verdict_timeout=0.05)
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: "a 2 starts" in world.log)
    assert [(one.child, one.planned) for one in world.asked] == [("a", False)]
    world.end()


def test_a_tree_of_supervisors_ends_from_the_leaves_up(world: World) -> None:
    inner = SupervisorSpec(children=(ChildSpec(id="leaf", start=lambda context: Child(context, world)),))
    world.start(
        ChildSpec(id="inner", start=supervisor(inner), restart=Restart.TRANSIENT),
        ChildSpec(id="b", start=lambda context: Child(context, world)),
    )
    world.wait(lambda: "b 1 starts" in world.log)
    assert world.log == ["leaf 1 starts", "b 1 starts"], "a supervisor is ready when its children are"
    world.end()
    assert world.log[2:] == ["b 1 ends", "leaf 1 ends"]
