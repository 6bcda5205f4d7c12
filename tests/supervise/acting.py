"""A supervisor's actor at work on real threads: small children that say when they come and go, and a witness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from actors.runtime import Actor, Context, Notifier, System, ThreadEnvironment
from actors.supervise import ChildSpec, SupervisorSpec, supervisor
from contracts.config import RestartIntensity
from contracts.supervision import ChildEvent, Down, Exit, RestartAsked

PATIENCE = 20.0
QUICK = RestartIntensity(max_restarts=5, first_delay=0.0)


class World:
    """What the actors of one test leave behind, and a notifier for whoever waits."""

    def __init__(self) -> None:
        self.notifier = Notifier()
        self.log: list[str] = []
        self.news: list[ChildEvent] = []
        self.asked: list[RestartAsked] = []
        self.ended: list[Down] = []
        self.environment = ThreadEnvironment()
        self.system = System(self.environment, self._on_end)

    def _on_end(self, down: Down) -> None:
        self.ended.append(down)
        self.notifier.notify()

    def note(self, line: str) -> None:
        """Write a line and ring."""
        self.log.append(line)
        self.notifier.notify()

    def wait(self, happened: Callable[[], bool]) -> None:
        """Wait for something to be so."""
        assert self.notifier.wait_for(happened, PATIENCE), self.log

    def start(self, *children: ChildSpec, **fields: Any) -> None:
        """Start a supervisor called `top` without a parent."""
        fields.setdefault("intensity", QUICK)
        self.system.spawn("top", supervisor(SupervisorSpec(children=children, observers=("witness",), **fields)))

    def end(self) -> Down:
        """End the supervisor and return how it went."""
        self.system.tell("top", Exit("the end"))
        self.wait(lambda: bool(self.ended))
        return self.ended[0]


@attrs.frozen
class Do:
    """Something to do in the actor's thread."""

    what: Callable[[], Any]


class Child(Actor):
    """Says when it comes and goes."""

    def __init__(self, context: Context, world: World) -> None:
        super().__init__(context)
        self.world = world

    def on_start(self) -> None:
        """Say so."""
        self.world.note(f"{self.context.name} {self.context.generation} starts")

    def on_receive(self, message: Do) -> Any:
        """Do it."""
        return message.what()

    def on_exit(self, reason: object) -> None:
        """Say so."""
        self.world.note(f"{self.context.name} {self.context.generation} ends")


class Witness(Actor):
    """An observer and a gate that never answers."""

    def __init__(self, context: Context, world: World) -> None:
        super().__init__(context)
        self.world = world

    def on_receive(self, message: ChildEvent | RestartAsked) -> None:
        """Keep it."""
        if isinstance(message, RestartAsked):
            self.world.asked.append(message)
        else:
            self.world.news.append(message)
        self.world.notifier.notify()


def crash() -> None:
    """Raise."""
    raise RuntimeError("on purpose")
