"""What a supervisor owes when something of it broke: to finish its clearing, and to become ready without the lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actors.runtime import Context
from actors.supervise import ChildSpec, SupervisorSpec, supervisor
from contracts.supervision import ChildChange
from tests.supervise.acting import Child, Do, World, crash


def test_a_supervisor_that_crashes_over_a_clearing_it_could_not_begin_begins_it_at_its_end(world: World) -> None:
    owner = ChildSpec(
        id="a",
        start=lambda context: Child(context, world),
        cleanup=lambda generation: world.note(f"{generation} cleaned"),
    )
    world.start(ChildSpec(id="inner", start=supervisor(SupervisorSpec(children=(owner,)))))
    world.wait(lambda: "a 1 starts" in world.log)
    run_job = world.environment.run_job

    def no_memory(name: str, job: Callable[[], None]) -> None:
        world.environment.run_job = run_job  # type: ignore[method-assign]
        raise MemoryError(name)

    world.environment.run_job = no_memory  # type: ignore[method-assign]
    world.system.tell("a", Do(crash))
    world.wait(lambda: "1 cleaned" in world.log)
    world.wait(lambda: "a 2 starts" in world.log)
    world.end()


def test_a_supervisor_becomes_ready_without_a_child_that_was_retired(world: World) -> None:
    class Broken(Child):
        def on_start(self) -> None:
            raise RuntimeError("on purpose")

    def still_there(_generation: int, _timeout: float) -> bool:
        return False

    def start(context: Context) -> Child:
        return Broken(context, world)

    inner = SupervisorSpec(children=(ChildSpec(id="lost", start=start, confirm_dead=still_there),))
    world.start(ChildSpec(id="inner", start=supervisor(inner)))
    world.wait(lambda: any((one.child, one.change) == ("inner", ChildChange.READY) for one in world.news))
    world.end()


@pytest.mark.parametrize("parallel", [False, True])
def test_a_supervisor_without_children_is_ready_at_once(world: World, parallel: bool) -> None:
    world.start(ChildSpec(id="inner", start=supervisor(SupervisorSpec(children=(), parallel=parallel))))
    world.wait(lambda: any((one.child, one.change) == ("inner", ChildChange.READY) for one in world.news))
    world.end()
