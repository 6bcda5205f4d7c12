"""An actor that raises while it is asked, by a message or a proxy, ends as one that raises while it is told."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pykka
import pytest
from hypothesis import given, strategies as st

from contracts.supervision import Exit, ExitKind
from tests.runtime.actors_under_test import PATIENCE, Gate, Note, Probe, Say, Stage, ending_of, stage


class Fatal(BaseException):
    """No `Exception`."""


class UntoldError(Exception):
    """Cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


class Obliging(Probe):
    """Has refusals, and something for a proxy to call."""

    refusals = (LookupError,)

    def fail(self) -> None:
        """Raise."""
        raise ValueError("no")

    @property
    def broken(self) -> int:
        """Raise too."""
        raise ValueError("no")

    @broken.setter
    def broken(self, value: int) -> None:
        raise ValueError("no")


def throw(error: BaseException) -> Say:
    """Return an order to raise."""

    def act() -> None:
        raise error

    return Say(act)


def one_crash(rooms: Stage, error: str) -> None:
    """Look that there was one end, by that error, and that the name is free."""
    rooms.wait_down()
    rooms.settle()
    assert [(down.child, down.reason.kind, down.reason.error) for down in rooms.downs] == [
        ("a", ExitKind.CRASHED, error)
    ]
    assert not rooms.system.is_alive("a")


def test_who_asks_gets_the_exception_and_the_actor_ends_with_one_down_of_that_reason() -> None:
    with stage() as rooms:
        rooms.spawn("bystander")
        probe = rooms.spawn("a")
        assert probe is not None
        error = ValueError("no")
        with pytest.raises(ValueError, match="no") as caught:
            rooms.system.ask("a", throw(error), PATIENCE)
        assert caught.value is error
        assert not rooms.system.is_alive("a"), "who has the answer can rely on the end"
        one_crash(rooms, "ValueError")
        assert rooms.downs[0].reason.text == "no"
        assert len(probe.exits) == 1


def test_what_waits_behind_the_question_is_counted_and_its_askers_are_freed() -> None:
    with stage() as rooms:
        gate = Gate()
        probe = rooms.spawn("a")
        assert probe is not None
        rooms.system.tell("a", Say(gate.wait))
        first = probe.actor_ref.ask(throw(ValueError("no")), block=False)
        others = [probe.actor_ref.ask(Note(number), block=False) for number in range(5)]
        rooms.system.tell("a", Note())
        gate.open()
        assert isinstance(ending_of(first), ValueError)
        assert [type(ending_of(other)) for other in others] == [pykka.ActorDeadError] * 5
        one_crash(rooms, "ValueError")
        assert rooms.system.dead_letters.by_kind == {"Note": 6}


@pytest.mark.parametrize("error", [Fatal("no"), SystemExit(1), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_what_is_no_exception_ends_the_actor_and_never_the_thread_that_asks(error: BaseException) -> None:
    with stage() as rooms:
        rooms.spawn("bystander")
        rooms.spawn("a")
        with pytest.raises(pykka.ActorDeadError) as caught:
            rooms.system.ask("a", throw(error), PATIENCE)
        assert caught.value.__cause__ is error
        one_crash(rooms, type(error).__name__)
        assert rooms.system.ask("bystander", Note(3), PATIENCE) == Note(3)


@pytest.mark.parametrize("asked", [False, True])
def test_an_error_that_cannot_be_shown_is_a_crash_all_the_same(asked: bool) -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None
        if asked:
            with pytest.raises(UntoldError):
                rooms.system.ask("a", throw(UntoldError()), PATIENCE)
        else:
            rooms.system.tell("a", throw(UntoldError()))
        one_crash(rooms, "UntoldError")
        assert "UntoldError" in rooms.downs[0].reason.text


def test_an_error_that_cannot_be_shown_is_a_failed_start_too() -> None:
    with stage() as rooms:

        def broken(_context: Any) -> Probe:
            raise UntoldError

        rooms.system.spawn("a", broken)
        assert [down.reason.kind for down in rooms.wait_down()] == [ExitKind.START_FAILED]


@pytest.mark.parametrize("way", ["call", "read", "write", "call and forget"])
def test_a_proxy_that_meets_a_raise_ends_the_actor(way: str) -> None:
    with stage() as rooms:
        rooms.system.spawn("a", Obliging)
        entry = rooms.system._directory.find("a")
        assert entry is not None
        proxy = entry.ref.proxy()
        match way:
            case "call":
                assert isinstance(ending_of(proxy.fail()), ValueError)
            case "read":
                assert isinstance(ending_of(proxy.broken), ValueError)
            case "write":
                with pytest.raises(ValueError, match="no"):
                    proxy.broken = 1
            case _:
                proxy.fail.defer()
        one_crash(rooms, "ValueError")


def test_a_refusal_is_an_answer_and_ends_nobody() -> None:
    with stage() as rooms:
        rooms.system.spawn("a", Obliging)
        with pytest.raises(KeyError):
            rooms.system.ask("a", throw(KeyError("unknown")), PATIENCE)
        rooms.system.tell("a", throw(KeyError("unknown")))
        assert rooms.system.ask("a", Note(1), PATIENCE) == Note(1)
        assert rooms.downs == []


def test_a_question_that_ends_the_actor_in_good_order_is_answered() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert probe is not None
        assert ending_of(probe.actor_ref.ask(Exit("enough"), block=False)) is None
        assert [down.reason.kind for down in rooms.wait_down()] == [ExitKind.SHUTDOWN]


@given(st.lists(st.tuples(st.sampled_from(["note", "error", "fatal", "exit"]), st.booleans()), min_size=1, max_size=12))
def test_of_any_line_of_messages_the_first_that_ends_the_actor_decides(line: list[tuple[str, bool]]) -> None:
    """Everything before it is handled, everything after it is counted, and everyone who asked hears of it."""
    with stage() as rooms:
        gate = Gate()
        probe = rooms.spawn("a")
        assert probe is not None
        rooms.system.tell("a", Say(gate.wait))
        answers: list[Any] = []
        made: dict[str, Callable[[], Any]] = {
            "note": Note,
            "error": lambda: throw(ValueError()),
            "fatal": lambda: throw(Fatal()),
            "exit": Exit,
        }
        for kind, asked in line:
            message = made[kind]()
            if asked:
                answers.append(probe.actor_ref.ask(message, block=False))
            else:
                probe.actor_ref.tell(message)
                answers.append(None)
        gate.open()
        last = next((place for place, (kind, _) in enumerate(line) if kind != "note"), len(line))
        own = {"note": None, "error": ValueError, "fatal": pykka.ActorDeadError, "exit": None}
        for place, ((kind, _), answer) in enumerate(zip(line, answers, strict=True)):
            if answer is not None:
                ending = ending_of(answer)
                wanted = own[kind] if place <= last else pykka.ActorDeadError
                assert (type(ending) if ending is not None else None) is wanted
        if last < len(line):
            kinds = [down.reason.kind for down in rooms.wait_down()]
            assert kinds == [ExitKind.SHUTDOWN if line[last][0] == "exit" else ExitKind.CRASHED]
        else:
            rooms.settle()
            assert rooms.downs == []
        assert rooms.system.dead_letters.total == max(0, len(line) - last - 1)


def test_in_a_storm_of_askers_and_tellers_the_raise_is_one_down_and_no_message_is_lost() -> None:
    """One question among hundreds raises; each of the others is handled or counted, and every asker hears of it."""
    chance, rounds, writers, each = random.Random(7), 12, 4, 120
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(rounds):
            with stage() as rooms:
                probe = rooms.spawn("a")
                assert probe is not None
                begin, fatal_at = threading.Barrier(writers), chance.randrange(each)
                endings: list[BaseException | None] = []
                told: list[bool] = []

                def write(
                    number: int,
                    rooms: Stage = rooms,
                    begin: threading.Barrier = begin,
                    fatal_at: int = fatal_at,
                    endings: list[BaseException | None] = endings,
                    told: list[bool] = told,
                ) -> None:
                    begin.wait(PATIENCE)
                    for turn in range(each):
                        if number % 2:
                            told.append(rooms.system.tell("a", Note(turn)))
                            continue
                        message = throw(ValueError("no")) if (number, turn) == (0, fatal_at) else Note(turn)
                        try:
                            rooms.system.ask("a", message, PATIENCE)
                            endings.append(None)
                        except (ValueError, pykka.ActorDeadError) as error:
                            endings.append(error)

                threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(PATIENCE)
                    assert not thread.is_alive(), "somebody waits for ever"
                rooms.wait_down()
                assert [down.reason.error for down in rooms.downs] == ["ValueError"]
                assert (len(endings), len(told)) == (writers // 2 * each, writers // 2 * each)
                assert [type(ending) for ending in endings].count(ValueError) == 1
                dead = rooms.system.dead_letters.by_kind.get("Note", 0)
                assert probe.handled - 1 + dead == writers * each - 1
    finally:
        sys.setswitchinterval(interval)
