"""Clearing up after a generation: what keeps a child down is what may live, never what merely lies around."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.runtime import Actor, Context
from actors.supervise import ChildChange, ChildSpec
from actors.supervise.clearing import clear_up
from tests.supervise.acting import Child, Do, World, crash


def no_start(_context: Context) -> Actor:
    raise AssertionError("nothing is started here")


def child_that_notes(log: list[str], **broken: Callable[..., Any]) -> ChildSpec:
    """A child whose steps of clearing are written down; some are other ones."""

    def confirm(_generation: int, _timeout: float) -> bool:
        log.append("confirm")
        return True

    spec = ChildSpec(
        id="a",
        start=no_start,
        kill=lambda _generation: log.append("kill"),
        confirm_dead=confirm,
        cleanup=lambda _generation: log.append("clean up"),
    )
    return attrs.evolve(spec, **broken)  # type: ignore[arg-type]  # by name


def fail(*_arguments: object) -> bool:
    raise OSError("on purpose")


def leave(*_arguments: object) -> bool:
    raise SystemExit(1)


def test_it_kills_confirms_and_cleans_up_in_this_order() -> None:
    log: list[Any] = []
    clear_up(child_that_notes(log), 3, log.append)
    assert log == ["kill", "confirm", "clean up", True]


def test_what_is_not_seen_to_be_gone_is_not_cleaned_up() -> None:
    log: list[Any] = []
    clear_up(child_that_notes(log, confirm_dead=lambda _generation, _timeout: False), 3, log.append)
    assert log == ["kill", False]


@pytest.mark.parametrize(("broken", "gone"), [("kill", False), ("confirm_dead", False), ("cleanup", True)])
def test_code_that_raises_is_logged_and_tells_what_may_live(
    caplog: pytest.LogCaptureFixture, broken: str, gone: bool
) -> None:
    told: list[bool] = []
    with caplog.at_level(logging.ERROR, "purser.supervise"):
        clear_up(child_that_notes([], **{broken: fail}), 3, told.append)
    assert told == [gone]
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "a generation 3" in record.getMessage()
    assert ("may be alive" in record.getMessage()) is not gone


@pytest.mark.parametrize(("broken", "gone"), [("kill", False), ("confirm_dead", False), ("cleanup", True)])
def test_code_that_ends_its_thread_still_gives_an_answer(broken: str, gone: bool) -> None:
    told: list[bool] = []
    with pytest.raises(SystemExit):
        clear_up(child_that_notes([], **{broken: leave}), 3, told.append)
    assert told == [gone]


def test_a_supervisor_restarts_a_child_whose_clean_up_raises_each_time(world: World) -> None:
    def stay(_generation: int) -> None:
        raise OSError("on purpose")

    world.start(ChildSpec(id="a", start=lambda context: Child(context, world), cleanup=stay))
    for generation in (1, 2, 3):
        world.wait(lambda: world.log[-1:] == [f"a {generation} starts"])  # noqa: B023 - asked at once
        world.wait(lambda: world.system.tell("a", Do(crash)))
    world.wait(lambda: "a 4 starts" in world.log)
    assert ChildChange.RETIRED not in {one.change for one in world.news}
    world.end()


@pytest.mark.parametrize("broken", ["kill", "confirm_dead"])
def test_a_supervisor_starts_nothing_beside_what_may_live(world: World, broken: str) -> None:
    spec = attrs.evolve(ChildSpec(id="a", start=lambda context: Child(context, world)), **{broken: fail})  # type: ignore[arg-type]
    world.start(spec)
    world.wait(lambda: "a 1 starts" in world.log)
    world.system.tell("a", Do(crash))
    world.wait(lambda: any(one.change is ChildChange.RETIRED for one in world.news))
    world.end()
    assert "a 2 starts" not in world.log
