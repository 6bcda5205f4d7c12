"""An exception injected at each step of an actor's last moments: its end is told, its name is free, nobody else ends.

CPython raises what another thread injects when a function begins or has returned; a tracer raises at each of these
steps in turn. An end may then be told twice (between telling and noting it no lock can help), and the supervisor takes
the second one for history; `tests/supervise` proves that.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any

import pykka
import pytest

from contracts.supervision import Exit
from tests.runtime.actors_under_test import PATIENCE, Note, Say, Stage, ending_of


class Fatal(BaseException):
    """No `Exception`."""


class Tracer:
    """Raises once, at the step with this number."""

    def __init__(self, step: int, kind: type[BaseException]) -> None:
        self.left = step
        self.kind = kind
        self.hit = ""

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Tracer:
        """Count a step of ours or of pykka's."""
        file = frame.f_code.co_filename
        if event in ("call", "return") and not self.hit and ("/actors/" in file or "/pykka/" in file):
            if self.left == 0:
                self.hit = f"{frame.f_code.co_qualname} {event}"
                raise self.kind("injected")
            self.left -= 1
        return self


def last_moments(tracer: Tracer, *, crash: bool, asked: bool) -> Stage:
    """Let an actor end under the tracer, beside another one. Who asks gets an answer at whatever step it ends."""
    rooms = Stage()
    rooms.spawn("bystander")
    probe = rooms.spawn("a")
    assert probe is not None
    thread = next(thread for thread in threading.enumerate() if thread.name == "purser-a")

    def begin() -> None:
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            frame.f_trace = tracer
            frame = frame.f_back
        sys.settrace(tracer)
        if crash:
            raise ValueError("an end of its own")

    answer = probe.actor_ref.ask(Say(begin), block=False) if asked else None
    if answer is None:
        rooms.system.tell("a", Say(begin))
    rooms.system.tell("a", Exit("enough"))
    rooms.system.tell("a", Note())
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"it hangs after an injection at {tracer.hit}"
    assert probe.actor_ref not in pykka.ActorRegistry.get_all(), tracer.hit
    if answer is not None:
        assert isinstance(ending_of(answer), ValueError | pykka.ActorDeadError | None), tracer.hit
    return rooms


@pytest.mark.parametrize("kind", [ValueError, Fatal])
@pytest.mark.parametrize("asked", [False, True], ids=["told", "asked"])
@pytest.mark.parametrize("crash", [False, True], ids=["exit", "crash"])
def test_no_step_at_which_an_injected_exception_loses_the_end_or_harms_a_bystander(
    crash: bool, asked: bool, kind: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is injected after the very last step leaves the thread; that is not news.
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    step = 0
    while True:
        tracer = Tracer(step, kind)
        rooms = last_moments(tracer, crash=crash, asked=asked)
        assert rooms.system.is_alive("bystander"), tracer.hit
        assert rooms.system.ask("bystander", Note(1), PATIENCE) == Note(1)
        rooms.close()
        ends = [down for down in rooms.downs if down.child == "a"]
        assert {(end.child, end.generation) for end in ends} == {("a", 1)}, tracer.hit
        assert len(ends) <= 2, tracer.hit
        assert not rooms.system.is_alive("a"), tracer.hit
        if not tracer.hit:
            assert len(ends) == 1
            break
        step += 1
    assert step > 20, "the tracer must have seen the exit path"
