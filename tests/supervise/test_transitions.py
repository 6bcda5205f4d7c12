"""A child's table: it is the only way to another phase, it has no dead row, and its picture is drawn from it."""

from __future__ import annotations

import ast
import importlib
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import actors.supervise
from actors.supervise.core import SuperviseCore
from actors.supervise.spec import AutoShutdown, Restart, Strategy, SupervisorSpec
from actors.supervise.transitions import (
    FINAL,
    TRANSITIONS,
    ChildState,
    Choice,
    Event,
    ImpossibleMoveError,
    Phase,
    arrows,
)
from contracts.supervision import Decision, Down, ExitKind, Ready
from tests.supervise.arrows_taken import noted
from tests.supervise.driving import CRASH, child
from tests.supervise.test_machine import NAMES, SuperviseMachine

WALKS = 500
"""After half of them every arrow was taken. The others look for a move that the table lacks."""
STEPS = 40
WORDS = ("ready", "ready", "end", "end", "end", "clear", "verdict", "verdict", "order", "time", "time", "alive", "exit")
INVARIANTS = (
    SuperviseMachine.each_start_had_one_end,
    SuperviseMachine.counted_restarts_keep_to_the_intensity,
    SuperviseMachine.waits_keep_to_their_cap,
    SuperviseMachine.what_was_given_up_stays_down,
    SuperviseMachine.an_ended_supervisor_has_nobody,
)
ROOM = Path(actors.supervise.__file__).parent


# ------------------------------------------------------------------------------------------------- no dead row


def walk(chance: random.Random) -> None:
    """Drive the state machine by its own rules, at random, to its end; its invariants hold after each step."""
    machine = SuperviseMachine()
    restarts = (Restart.PERMANENT, Restart.PERMANENT, Restart.PERMANENT, *Restart)
    machine.begin(
        children=tuple((chance.choice(restarts), *(chance.random() < 0.5 for _ in range(3))) for _ in NAMES),
        strategy=chance.choice(tuple(Strategy)),
        parallel=chance.random() < 0.2,
        auto=chance.choice(tuple(AutoShutdown)),
        heartbeats=chance.random() < 0.5,
    )
    for _ in range(STEPS):
        _step(machine, chance)
        for invariant in INVARIANTS:
            invariant(machine)
    machine.teardown()


def _step(machine: SuperviseMachine, chance: random.Random) -> None:
    pick, tree = chance.randrange(3), machine.tree
    match chance.choice(WORDS):
        case "ready":
            machine.all_are_ready()
        case "end" if tree.alive:
            machine.ends(pick, chance.choice((ExitKind.CRASHED, ExitKind.NORMAL)), chance.random() < 0.8)
        case "clear" if tree.owning:
            machine.is_cleared(pick, chance.random() < 0.8)
        case "verdict" if machine.waiting_for_the_gate():
            machine.the_gate_answers_one_who_waits(pick, chance.choice((Decision.HOLD, *Decision)))
        case "order" if tree.alive:
            machine.is_ordered_to_end(pick, chance.random() < 0.4)
        case "time":
            machine.time_passes(chance.choice((0.2, 0.2, 0.5, 11.0)))
        case "alive":
            machine.all_are_alive()
        case "exit":
            machine.is_asked_to_end(chance.randrange(8), chance.random() < 0.5)


def test_no_row_of_the_table_is_dead() -> None:
    """Every arrow is taken by a supervisor that does what its spec says. What is taken stands in the table anyway."""
    with noted() as taken:
        for seed in range(WALKS):
            walk(random.Random(seed))
    assert [arrow for arrow in arrows() if arrow not in taken] == []


def test_every_phase_but_the_last_ones_leads_on_and_every_event_means_something() -> None:
    assert {before for before, _ in TRANSITIONS} == set(Phase) - FINAL
    assert {event for _, event in TRANSITIONS} == set(Event)
    assert {arrow.after for arrow in arrows()} == set(Phase)


def test_every_choice_names_the_function_that_chooses_and_has_something_to_choose() -> None:
    for row in TRANSITIONS.values():
        if isinstance(row, Choice):
            module, *path = row.by.split(".")
            place = importlib.import_module(f"actors.supervise.{module}")
            for part in path:
                place = getattr(place, part)
            assert callable(place)
            assert len(row.when) > 1


def test_every_text_of_the_table_can_stand_in_a_picture() -> None:
    """A colon or a semicolon would end the line of a Mermaid diagram."""
    reasons = {why for row in TRANSITIONS.values() if isinstance(row, Choice) for why in row.when.values()}
    for text in reasons | {event.value for event in Event}:
        assert re.fullmatch(r"[a-z ,']+", text), text


# ------------------------------------------------------------------------------------------------- no way around it


def test_what_the_table_does_not_have_raises_and_moves_nothing() -> None:
    state = ChildState(child("a"), 0)
    with pytest.raises(ImpossibleMoveError, match="a is idle; READY does not lead"):
        state.move(Event.READY)
    assert state.phase is Phase.IDLE


@pytest.mark.parametrize("chosen", [None, Phase.RUNNING, Phase.RETIRED])
def test_a_choice_that_the_row_does_not_offer_raises(chosen: Phase | None) -> None:
    state = ChildState(child("a"), 0)
    state.move(Event.TURN)
    with pytest.raises(ImpossibleMoveError, match="a is starting; STOP does not lead"):
        state.move(Event.STOP, chosen)
    assert state.phase is Phase.STARTING


def test_a_row_with_one_answer_takes_no_other() -> None:
    state = ChildState(child("a"), 0)
    with pytest.raises(ImpossibleMoveError, match="a is idle; TURN does not lead to running"):
        state.move(Event.TURN, Phase.RUNNING)


def test_a_supervisor_that_makes_a_move_of_its_own_ends_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that would take a running child for started anew is an exception, not a second generation."""
    core = SuperviseCore(SupervisorSpec(children=(child("a"),)))
    core.open(0.0)
    core.handle(Ready("a", 1), 1.0)
    monkeypatch.setattr("actors.supervise.core.next_to_start", lambda children, _spec: next(iter(children)))
    with pytest.raises(ImpossibleMoveError, match="a is running; TURN"):
        core.handle(Ready("a", 1), 2.0)
    assert core.which_children()[0].generation == 1


def _assigned(tree: ast.AST) -> Iterator[ast.expr]:
    """Return whatever is assigned to, in any way that Python has."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign():
                yield from node.targets
            case ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr() | ast.For() | ast.comprehension():
                yield node.target
            case ast.withitem(optional_vars=ast.expr() as target):
                yield target
            case ast.Call(func=ast.Name(id="setattr") | ast.Attribute(attr="__setattr__" | "evolve")):
                yield from (arg for arg in node.args if isinstance(arg, ast.Constant))
                yield from (ast.Constant(word.arg) for word in node.keywords)


def _changes_a_phase(source: str) -> list[int]:
    targets = [one for target in _assigned(ast.parse(source)) for one in ast.walk(target)]
    return [
        getattr(one, "lineno", 0)
        for one in targets
        if (isinstance(one, ast.Attribute) and one.attr in ("phase", "_phase"))
        or (isinstance(one, ast.Constant) and one.value in ("phase", "_phase"))
    ]


def test_only_one_line_of_the_room_changes_a_phase() -> None:
    """It stands in `ChildState.move`."""
    found = {
        path.name: lines
        for path in sorted(ROOM.glob("*.py"))
        if (lines := _changes_a_phase(path.read_text(encoding="utf-8")))
    }
    assert list(found) == ["transitions.py"]
    (line,) = found["transitions.py"]
    (move,) = [
        node
        for node in ast.walk(ast.parse((ROOM / "transitions.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "move"
    ]
    assert move.lineno < line <= (move.end_lineno or 0)


@pytest.mark.parametrize(
    "source",
    [
        "child.phase = Phase.IDLE",
        "child._phase = Phase.IDLE",
        "self.children[name]._phase, other = Phase.IDLE, 1",
        "child._phase: Phase = Phase.IDLE",
        "setattr(child, '_phase', Phase.IDLE)",
        "object.__setattr__(child, '_phase', Phase.IDLE)",
        "attrs.evolve(child, phase=Phase.IDLE)",
        "for child.phase in Phase: pass",
    ],
)
def test_the_search_finds_every_way_to_change_a_phase(source: str) -> None:
    assert _changes_a_phase(source)


def test_the_core_still_takes_what_comes_late_for_history() -> None:
    """A second DOWN of the same generation is no move, so the table is not asked."""
    core = SuperviseCore(SupervisorSpec(children=(child("a", owns=True),)))
    core.open(0.0)
    core.handle(Down("a", 1, CRASH), 1.0)
    before = core.which_children()
    assert core.handle(Down("a", 1, CRASH), 2.0) == []
    assert core.which_children() == before
