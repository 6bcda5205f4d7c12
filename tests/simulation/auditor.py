"""The watchers of a run, and the seams at which they listen: the journal and the system of actors.

The invariants are those of docs/explanation/invariants.md.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from actors.journal import MemoryJournal
from actors.runtime import Actor, Context, System
from actors.runtime.environment import Timer
from actors.session.tree import CREW, DISPATCHER, REPORTER
from contracts.config import Settings
from contracts.ports import JournalEntry
from contracts.supervision import ChildEvent, Down
from tests.simulation.books import Books
from tests.simulation.findings import Violation
from tests.simulation.hub import Hub
from tests.simulation.lives import Lives
from tests.simulation.world import SimWorld


class Auditor:
    """Sees everything that crosses the seams."""

    def __init__(self, world: SimWorld, settings: Settings) -> None:
        self.findings = world.findings
        self.findings.say = self.say
        self.require = world.findings.require
        self.checked = world.findings.checked
        self.lives = Lives(world, settings, lambda owner: self.books.orders_ended.get(owner, 0))
        self.books = Books(
            world,
            settings,
            generation_of=self.lives.generations.get,
            crew_is_closing=lambda: self.lives.is_closing(CREW),
            news_may_be_late=lambda: DISPATCHER in self.lives.zombies or self.lives.generations.get(CREW, 1) > 1,
        )
        self.trace: list[str] | None = None
        """What was told to whom, when somebody wants to read it."""
        self._hub = world.hub

    @property
    def root_down(self) -> bool:
        """Whether the whole tree has ended."""
        return self.lives.root_down

    def say(self, text: str) -> None:
        """Add a line to the trace."""
        if self.trace is not None:
            self.trace.append(f"{self._hub.clock.time:10.3f} s  {text}")

    def told(self, name: str, message: object) -> None:
        """Read a message that is about to be delivered."""
        sender = self._hub.current_name()
        if self.trace is not None:
            self.say(f"{sender} -> {name}: {message}")
        self.books.told(name, message, sender)
        self.lives.told(name, message, sender)
        if isinstance(message, ChildEvent) and name == REPORTER and message.child in self.lives.generations:
            self.lives.child_event(message)


class AuditedJournal(MemoryJournal):
    """The journal, with somebody reading along."""

    def __init__(self, auditor: Auditor) -> None:
        super().__init__()
        self._auditor = auditor

    def open_epoch(self) -> int:
        self._auditor.books.pauses.clear()  # whoever opens the books knows of none, and ends what was open
        return super().open_epoch()

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        super().append(epoch, entries)
        for entry in entries:
            if self._auditor.trace is not None:
                self._auditor.say(f"written: {entry}")
            self._auditor.books.entry(epoch, entry)


class AuditedSystem(System):
    """The system, with somebody listening."""

    def __init__(self, hub: Hub, auditor: Auditor) -> None:
        super().__init__(hub, on_end=lambda _down: None)
        self._hub = hub
        self._auditor = auditor
        self._told = 0

    def spawn(
        self,
        name: str,
        factory: Callable[[Context], Actor],
        *,
        generation: int | None = None,
        parent: str | None = None,
    ) -> int:
        number = generation if generation is not None else self.last_generation(name) + 1
        self._auditor.say(f"{name} generation {number} is started by {parent}")
        self._auditor.lives.started(name, number, parent)

        def remembered(context: Context) -> Actor:
            actor = factory(context)
            self._auditor.lives.live[name] = actor
            return actor

        return super().spawn(name, remembered, generation=number, parent=parent)

    def report_down(self, parent: str | None, down: Down) -> None:
        self._auditor.say(f"{down.child} generation {down.generation} ends: {down.reason}")
        with contextlib.suppress(Violation):  # it is noted; an actor that is leaving would only try again, for ever
            self._auditor.lives.ended(down)
        super().report_down(parent, down)

    def abandon(self, name: str, generation: int) -> None:
        self._auditor.say(f"{name} generation {generation} is abandoned")
        self._auditor.lives.abandoned(name, generation)
        super().abandon(name, generation)

    def tell(self, name: str, message: Any, *, generation: int | None = None) -> bool:
        self._auditor.told(name, message)
        self._told += 1
        return super().tell(name, message, generation=generation)

    def _wake(self, ref: Any) -> None:
        put = self._hub.letters["put"]
        super()._wake(ref)
        self._told += self._hub.letters["put"] - put

    def ask(self, name: str, message: Any, timeout: float) -> Any:
        self._told += 1
        return super().ask(name, message, timeout)

    def set_timer(self, name: str, generation: int, delay: float, message: Any) -> Timer:
        def fire() -> None:
            told = self._told
            over = bool(self._auditor.lives.downs[name, generation]) or generation < self.last_generation(name)
            self._tell_if_alive(name, generation, message)
            # Not put together before it is wanted: timers fire more often than all else here is looked at.
            what = ("a timer of an actor that has ended still tells something", name, generation, message)
            self._auditor.require(13, not over or self._told == told, what)

        return self.environment.set_timer(delay, fire)

    def check(self) -> None:
        """Check that every message that reached nobody was counted (invariant 17)."""
        letters = self._hub.letters
        lost = self._told - letters["put"] + letters["left over"]
        counted = self.dead_letters.total
        self._auditor.require(17, counted == lost, f"{lost} messages reached nobody, {counted} are counted")
