"""Messages: none is lost without being counted, every asker gets an answer or an error."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pykka
import pytest
from pykka._envelope import Envelope

from actors.runtime import ThreadEnvironment
from actors.runtime.threads import ClosingInbox
from contracts.supervision import Exit
from tests.runtime.actors_under_test import PATIENCE, Gate, Note, Probe, Say, Stage, stage


def test_a_message_to_nobody_is_a_dead_letter() -> None:
    with stage() as rooms:
        assert rooms.system.tell("nobody", Note()) is False
        assert rooms.system.tell("nobody", Exit()) is False
        letters = rooms.system.dead_letters
        assert (letters.total, dict(letters.by_kind)) == (2, {"Note": 1, "Exit": 1})


def test_a_message_to_an_older_generation_is_a_dead_letter() -> None:
    with stage() as rooms:
        probe = rooms.spawn("a")
        assert rooms.system.tell("a", Note(), generation=2) is False
        assert rooms.system.tell("a", Note(), generation=1) is True
        rooms.settle()
        assert rooms.system.dead_letters.total == 1
        assert probe is not None


def test_what_was_waiting_when_an_actor_ends_is_counted_and_its_askers_are_freed() -> None:
    with stage() as rooms:
        gate = Gate()
        probe = rooms.spawn("a")
        assert probe is not None
        rooms.system.tell("a", Say(gate.wait))
        rooms.system.tell("a", Exit("enough"))
        answers = [probe.actor_ref.ask(Note(number), block=False) for number in range(5)]
        rooms.system.tell("a", Note())
        gate.open()
        for answer in answers:
            with pytest.raises(pykka.ActorDeadError):
                answer.get(timeout=PATIENCE)
        rooms.wait_down()
        assert rooms.system.dead_letters.by_kind["Note"] == 6


def test_a_question_to_nobody_fails_at_once_and_is_counted() -> None:
    with stage() as rooms:
        with pytest.raises(pykka.ActorDeadError):
            rooms.system.ask("nobody", Note(), PATIENCE)
        assert rooms.system.dead_letters.total == 1


def test_a_question_that_meets_a_closed_inbox_is_counted_too() -> None:
    class NoLoop(ThreadEnvironment):
        def start_loop(self, name: str, loop: Callable[[], None]) -> None:
            """Leave the actor as it is in the moment between closing its inbox and leaving the directory."""

    rooms = Stage(NoLoop())
    probe = rooms.spawn("a")
    assert probe is not None
    probe.close_inbox()
    with pytest.raises(pykka.ActorDeadError):
        rooms.system.ask("a", Note(), PATIENCE)
    assert rooms.system.tell("a", Note()) is False
    assert rooms.system.dead_letters.total == 2
    pykka.ActorRegistry.unregister(probe.actor_ref)


def test_a_question_without_an_answer_times_out() -> None:
    with stage() as rooms:
        gate = Gate()
        rooms.spawn("a")
        rooms.system.tell("a", Say(gate.wait))
        with pytest.raises(pykka.Timeout):
            rooms.system.ask("a", Note(), 0.01)
        gate.open()


def test_an_end_told_to_a_parent_that_is_gone_is_a_dead_letter_and_no_error() -> None:
    with stage() as rooms:
        rooms.system.spawn("a", Probe, parent="gone")
        thread = next(thread for thread in threading.enumerate() if thread.name == "purser-a")
        rooms.system.tell("a", Exit("enough"))
        thread.join(PATIENCE)
        assert rooms.system.dead_letters.by_kind["Down"] == 1


@pytest.mark.parametrize("writers", [1, 4])
def test_every_message_told_while_an_actor_ends_is_handled_or_counted(writers: int) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    told = 400
    try:
        for _ in range(15):
            with stage() as rooms:
                probe = rooms.spawn("a")
                assert probe is not None
                begin = threading.Barrier(writers + 1)

                def write(rooms: object = rooms, begin: threading.Barrier = begin) -> None:
                    begin.wait(PATIENCE)
                    for number in range(told):
                        rooms.system.tell("a", Note(number))  # type: ignore[attr-defined]  # a house

                threads = [threading.Thread(target=write) for _ in range(writers)]
                for thread in threads:
                    thread.start()
                begin.wait(PATIENCE)
                rooms.system.tell("a", Exit("enough"))
                for thread in threads:
                    thread.join(PATIENCE)
                rooms.wait_down()
                dead = rooms.system.dead_letters.by_kind.get("Note", 0)
                assert probe.handled + dead == told * writers
    finally:
        sys.setswitchinterval(interval)


def test_a_closed_inbox_takes_nothing_and_gives_what_it_had_once() -> None:
    inbox = ClosingInbox()
    inbox.put(Envelope(1))
    inbox.put(Envelope(2))
    assert inbox.get().message == 1
    assert not inbox.empty()
    assert [envelope.message for envelope in inbox.close()] == [2]
    assert inbox.close() == ()
    assert inbox.empty()
    with pytest.raises(pykka.ActorDeadError):
        inbox.put(Envelope(3))


def test_an_actor_of_the_same_name_is_found_by_the_next_generation_only() -> None:
    with stage() as rooms:
        rooms.spawn("a")
        rooms.system.tell("a", Exit("enough"))
        rooms.wait_down()
        rooms.spawn("a")
        assert rooms.system.last_generation("a") == 2
        assert rooms.system.tell("a", Note(), generation=1) is False
        assert rooms.system.ask("a", Note(4), PATIENCE) == Note(4)


def test_a_name_that_belongs_to_somebody_elses_child_is_not_taken_over() -> None:
    with stage() as rooms:
        rooms.spawn("a")
        rooms.system.spawn("a", Probe, parent="somebody")
        assert rooms.system.dead_letters.by_kind == {"Down": 1}, "the second start has failed"
        assert rooms.system.ask("a", Note(4), PATIENCE) == Note(4)
        rooms.system.tell("a", Exit("enough"))
        assert [down.generation for down in rooms.wait_down()] == [1]


def test_a_generation_that_was_replaced_can_still_be_told_to_end_by_its_number() -> None:
    with stage() as rooms:
        old, new = rooms.spawn("a"), rooms.spawn("a")
        assert old is not None
        assert new is not None
        rooms.system.ask("a", Note(), PATIENCE)
        assert (old.handled, new.handled) == (0, 1), "the newest one has the name"
        assert rooms.system.tell("a", Exit("enough"), generation=1) is True
        assert [down.generation for down in rooms.wait_down()] == [1]
        assert rooms.system.ask("a", Note(), PATIENCE) == Note()


def test_an_older_generation_that_starts_late_takes_no_name_away() -> None:
    with stage() as rooms:
        rooms.system.spawn("a", Probe, generation=2)
        late = rooms.system.spawn("a", Probe, generation=1)
        rooms.system.tell("a", Say(lambda: rooms.system.tell("a", Exit("the newest"))))
        assert late == 1
        assert [down.generation for down in rooms.wait_down()] == [2]


def test_the_children_of_one_that_was_given_up_are_told_to_end() -> None:
    with stage() as rooms:
        gate = Gate()
        rooms.spawn("parent")
        rooms.system.spawn("child", Probe, parent="parent")
        rooms.system.spawn("other", Probe, parent="somebody")
        rooms.system.tell("parent", Say(gate.wait))
        child = next(thread for thread in threading.enumerate() if thread.name == "purser-child")
        rooms.system.abandon("parent", 1)
        child.join(PATIENCE)
        assert not child.is_alive()
        assert rooms.system.names() == ("other",)
        gate.open()
        rooms.wait_down()
        other = next(thread for thread in threading.enumerate() if thread.name == "purser-other")
        rooms.system.tell("other", Exit("enough"))
        other.join(PATIENCE)


def test_the_end_of_an_older_generation_does_not_hide_the_newer_one() -> None:
    with stage() as rooms:
        rooms.spawn("a")
        rooms.system.forget("a", 7)
        assert rooms.system.is_alive("a")


def test_the_environment_gives_open_inboxes() -> None:
    assert ThreadEnvironment().inbox().empty()
