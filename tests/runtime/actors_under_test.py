"""Small actors that fail in every way, and a system that keeps every `Down`."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pykka

from actors.runtime import Actor, Context, Notifier, System, ThreadEnvironment
from contracts.supervision import Down, Reason

PATIENCE = 20.0
"""Seconds until a test takes something for lost. No test waits that long when all is well."""


@attrs.frozen
class Say:
    """Run something in the actor's thread."""

    what: Callable[[], Any]


@attrs.frozen
class Note:
    """A message to be counted."""

    number: int = 0


class Probe(Actor):
    """Runs what it is told and notes what it got."""

    on_start_do: Callable[[], Any] | None = None

    def __init__(self, context: Context, on_start_do: Callable[[], Any] | None = None) -> None:
        super().__init__(context)
        self.on_start_do = on_start_do
        self.handled = 0
        self.exits: list[Reason] = []

    def on_start(self) -> None:
        """Do what was asked for."""
        if self.on_start_do is not None:
            self.on_start_do()

    def on_receive(self, message: Any) -> Any:
        """Run or count."""
        self.handled += 1
        return message.what() if isinstance(message, Say) else message

    def on_exit(self, reason: Reason) -> None:
        """Note why."""
        self.exits.append(reason)


class Stage:
    """A system of actors without parents, whose ends are kept."""

    def __init__(self, environment: ThreadEnvironment | None = None) -> None:
        self.notifier = Notifier()
        self.downs: list[Down] = []
        self.environment = environment or ThreadEnvironment()
        self.system = System(self.environment, self._on_end)
        self.actors: list[Any] = []

    def _on_end(self, down: Down) -> None:
        self.downs.append(down)
        self.notifier.notify()

    def spawn(self, name: str = "a", on_start_do: Callable[[], Any] | None = None) -> Probe | None:
        """Start a probe."""

        def make(context: Context) -> Probe:
            probe = Probe(context, on_start_do)
            self.actors.append(probe)
            return probe

        self.system.spawn(name, make)
        return self.actors[-1] if self.actors else None

    def wait_down(self, count: int = 1) -> list[Down]:
        """Wait for that many ends."""
        assert self.notifier.wait_for(lambda: len(self.downs) >= count, PATIENCE), f"only {self.downs}"
        return self.downs

    def settle(self) -> None:
        """Let every actor that lives answer once, so that whatever was told before is done."""
        for name in self.system.names():
            self.system.ask(name, Say(lambda: None), PATIENCE)

    def close(self) -> None:
        """End every actor that lives."""
        for name in self.system.names():
            self.system.tell(name, pykka.messages._ActorStop())
        self.notifier.wait_for(lambda: not self.system.names(), PATIENCE)
        self.environment.close()


@contextmanager
def stage() -> Iterator[Stage]:
    """A house that leaves no actor behind."""
    known = set(pykka.ActorRegistry.get_all())
    one = Stage()
    try:
        yield one
    finally:
        one.close()
    left = [ref for ref in pykka.ActorRegistry.get_all() if ref not in known and ref.actor_class is Probe]
    assert not left, "the registry must not keep actors that ended"


def inject(thread: int, kind: type[BaseException]) -> None:
    """Raise `kind` in another thread, wherever it is."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def ending_of(answer: pykka.Future[Any]) -> BaseException | None:
    """Return what an asker is met with, or None for a plain answer. A question that nobody answers fails the test."""
    try:
        answer.get(timeout=PATIENCE)
    except pykka.Timeout:
        raise
    except BaseException as error:  # noqa: BLE001 - what the test looks at
        return error
    return None


class Gate:
    """Opened once; what waits for it gives up in time."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def open(self) -> None:
        """Open it."""
        self._event.set()

    def wait(self) -> None:
        """Wait until it is open."""
        assert self._event.wait(PATIENCE)
