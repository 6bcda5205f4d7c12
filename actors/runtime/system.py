"""A system of named actors: starts them, finds them by name, carries messages, counts what nobody received.

Names are resolved at each tell, so nobody holds a reference that a restart makes stale.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import pykka
from pykka._envelope import Envelope  # the only way to put a question with a future of our own into an inbox

from actors.runtime.directory import Directory, Entry
from actors.runtime.environment import Environment, Timer
from contracts.errors import ConfigurationError
from contracts.supervision import Down, Exit, ExitKind, Ping, Reason

if TYPE_CHECKING:
    from actors.runtime.actor import Actor, Context

log = logging.getLogger("purser.runtime")


def text_of(error: BaseException | None) -> str:
    """Return what an error says. Its own `__str__` may raise, and must not hide the end that it tells of."""
    try:
        return str(error)
    except BaseException:  # noqa: BLE001 - boundary: foreign code, called while an actor ends
        return f"{type(error).__name__}, which cannot be shown"


@attrs.frozen
class DeadLetters:
    """Messages that reached nobody, counted by their kind."""

    total: int
    by_kind: Mapping[str, int]


class System:
    """One tree of actors and the environment it runs in. Thread-safe.

    Args:
        environment: Threads and time, real or simulated.
        on_end: Told the `Down` of an actor without a parent, in that actor's thread.
    """

    def __init__(self, environment: Environment, on_end: Callable[[Down], None] | None = None) -> None:
        self.environment = environment
        self._on_end = on_end
        self._lock = threading.Lock()
        self._directory = Directory()
        self._dead_letters: dict[str, int] = {}

    def last_generation(self, name: str) -> int:
        """Return the highest generation that was ever started under `name`, 0 for none."""
        return self._directory.last_generation(name)

    def spawn(
        self,
        name: str,
        factory: Callable[[Context], Actor],
        *,
        generation: int | None = None,
        parent: str | None = None,
    ) -> int:
        """Start one generation of an actor and return its number.

        A failure to build the actor or to start its thread does not raise: the parent gets its one `Down`, as after
        any other end.
        """
        from actors.runtime.actor import Context  # noqa: PLC0415 - actor.py imports this module

        number = self._directory.count(name, generation)
        context = Context(system=self, name=name, generation=number, parent=parent)
        try:
            actor = factory(context)
        except BaseException as error:  # noqa: BLE001 - boundary: what ends a child ends nobody else
            self._start_failed(context, error)
            return number
        try:
            self._begin(context, actor)
        except Exception as error:  # noqa: BLE001 - boundary: whatever keeps a child from starting is one Down
            self._start_failed(context, error)
        return number

    def _begin(self, context: Context, actor: Any) -> None:
        from actors.runtime.actor import Actor  # noqa: PLC0415 - actor.py imports this module

        if not isinstance(actor, Actor) or actor.context is not context:
            text = (
                f"The start of {context.name} must return an Actor made with the context it was given, not {actor!r}."
            )
            raise ConfigurationError(text)
        self._directory.enter(Entry(context.name, context.generation, context.parent, actor.actor_ref))
        pykka.ActorRegistry.register(actor.actor_ref)
        try:
            actor.begin()
        except BaseException:
            pykka.ActorRegistry.unregister(actor.actor_ref)
            self.forget(context.name, context.generation)
            for envelope in actor.close_inbox():
                self.bury(context.name, envelope)
            raise

    def _start_failed(self, context: Context, error: BaseException) -> None:
        name, number = context.name, context.generation
        log.warning("%s generation %d could not be started: %s", name, number, text_of(error))
        reason = Reason(ExitKind.START_FAILED, text_of(error), type(error).__name__)
        self.report_down(context.parent, Down(name, number, reason))

    def report_down(self, parent: str | None, down: Down) -> None:
        """Tell the parent of an end; without a parent, whoever made the system."""
        if parent is not None:
            self.tell(parent, down)
        elif self._on_end is not None:
            try:
                self._on_end(down)
            except BaseException:  # boundary: an actor that is leaving must not try again for ever
                log.exception("whoever was told of the end of %s failed over it", down.child)

    def forget(self, name: str, generation: int) -> None:
        """Take a generation that has ended out of the directory."""
        self._directory.leave(name, generation)

    def abandon(self, name: str, generation: int) -> None:
        """Fence off a generation whose thread does not come back: it is told nothing more, and handles nothing more.

        Should it come back after all, it ends after the message in hand. A supervisor's children are told to end, since
        it cannot tell them.
        """
        entry = self._directory.leave(name, generation)
        if entry is None:
            return
        entry.ref.actor_stopped.set()
        self._wake(entry.ref)
        for child in self._directory.below(name):
            self.tell(child.name, Exit("its supervisor was given up", force=True), generation=child.generation)

    def _wake(self, ref: pykka.ActorRef[Any]) -> None:
        """Let an actor that waits for a message, as a supervisor does for its children, see that it was stopped."""
        with contextlib.suppress(pykka.ActorDeadError):
            ref.actor_inbox.put(Envelope(Ping()))

    def is_alive(self, name: str) -> bool:
        """Whether an actor of that name can be told something now."""
        return self._directory.find(name) is not None

    def names(self) -> tuple[str, ...]:
        """Names of all living actors, sorted."""
        return self._directory.names()

    def tell(self, name: str, message: Any, *, generation: int | None = None) -> bool:
        """Send a message to whoever has that name now, or to one living generation of it.

        Returns:
            Whether it was put into an inbox. If not, it is counted as a dead letter.
        """
        entry = self._directory.find(name, generation)
        if entry is None:
            self._count_dead(message)
            return False
        try:
            entry.ref.tell(message)
        except pykka.ActorDeadError:
            self._count_dead(message)
            return False
        return True

    def ask(self, name: str, message: Any, timeout: float) -> Any:
        """Send a question and wait for the answer. Only code outside the tree may ask.

        Raises:
            pykka.ActorDeadError: Nobody has that name, or the actor ended before it answered.
            pykka.Timeout: No answer came within `timeout` seconds.
            Exception: What the actor raised over it. Unless it is one of the actor's refusals, the actor has ended.
        """
        entry = self._directory.find(name)
        if entry is None:
            self._count_dead(message)
            raise pykka.ActorDeadError(f"No actor is called {name} now.")
        future = self.environment.future()
        try:
            entry.ref.actor_inbox.put(Envelope(message, reply_to=future))
        except pykka.ActorDeadError:
            self._count_dead(message)
            raise
        return future.get(timeout=timeout)

    def set_timer(self, name: str, generation: int, delay: float, message: Any) -> Timer:
        """Tell `message` to one generation after `delay` seconds. A generation that has ended gets nothing."""
        return self.environment.set_timer(delay, lambda: self._tell_if_alive(name, generation, message))

    def _tell_if_alive(self, name: str, generation: int, message: Any) -> None:
        entry = self._directory.find(name)
        if entry is not None and entry.generation == generation:  # one that was replaced lives on no timers
            self.tell(name, message, generation=generation)

    def bury(self, name: str, envelope: Envelope[Any]) -> None:
        """Count an unhandled message of an actor that ended, and free whoever waits for its answer."""
        if envelope.reply_to is not None:
            error = pykka.ActorDeadError(f"{name} ended before it handled the message.")
            envelope.reply_to.set_exception(exc_info=(pykka.ActorDeadError, error, None))
        self._count_dead(envelope.message)

    def _count_dead(self, message: Any) -> None:
        kind = type(message).__name__
        with self._lock:
            self._dead_letters[kind] = self._dead_letters.get(kind, 0) + 1
        log.debug("dead letter: %s", kind)

    @property
    def dead_letters(self) -> DeadLetters:
        """Messages that reached nobody so far."""
        with self._lock:
            return DeadLetters(sum(self._dead_letters.values()), dict(self._dead_letters))
