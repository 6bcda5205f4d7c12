"""The base of every actor here: pykka's actor with a loop of ours, and one exit path.

Whatever ends an actor (a failed start, a raise while it is told or asked, a stop, a `BaseException`, an exception
injected from outside), the same steps follow: marked stopped, unregistered, inbox closed, whoever asked answered, what
was in the inbox buried, one `Down` told to the parent. pykka's own hooks for this are private; they are used in this
file only, and `tests/runtime` fails when they change.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
from typing import Any, NoReturn

import attrs
import pykka
from pykka import Future, messages
from pykka._envelope import Envelope  # see system.py

from actors.runtime.environment import Inbox, Timer
from actors.runtime.system import System, text_of
from contracts.supervision import Alive, Down, Exit, ExitKind, Ping, Ready, Reason, Stable

log = logging.getLogger("purser.runtime")


@attrs.frozen
class Context:
    """What an actor knows of its place: the system, its name, its generation and its supervisor's name."""

    system: System
    name: str
    generation: int
    parent: str | None = None

    def tell(self, name: str, message: Any) -> bool:
        """Send a message to whoever has that name now."""
        return self.system.tell(name, message)

    def tell_parent(self, message: Any) -> None:
        """Send a message to the supervisor, if there is one."""
        if self.parent is not None:
            self.system.tell(self.parent, message)

    def ready(self) -> None:
        """Report that this generation has finished starting."""
        self.tell_parent(Ready(self.name, self.generation))

    def stable(self) -> None:
        """Report that this generation has proved useful."""
        self.tell_parent(Stable(self.name, self.generation))

    def set_timer(self, delay: float, message: Any) -> Timer:
        """Tell this very generation `message` after `delay` seconds."""
        return self.system.set_timer(self.name, self.generation, delay, message)

    def monotonic(self) -> float:
        """The environment's time in seconds."""
        return self.system.environment.clock.monotonic()


class Actor(pykka.Actor):
    """An actor of a supervised tree. Override `on_start`, `on_receive`, `on_exit`; start it by a child spec.

    Nothing in an `__init__` may start a process, a thread or a file. An exception in a handler ends the actor, whether
    it was told or asked; the supervisor decides what follows. Who asked gets the exception, or `pykka.ActorDeadError`
    when it is no `Exception`, once the actor is out of the registry.
    """

    #: Whether the supervisor may count this actor as ready as soon as `on_start` has returned.
    ready_after_start = True

    #: Errors that are an answer and end nobody: who asked gets them, and what was told and is refused is logged.
    refusals: tuple[type[Exception], ...] = ()

    def __init__(self, context: Context) -> None:
        self.context = context
        self._reason: Reason | None = None
        self._failure: BaseException | None = None
        self._in_hand: Envelope[Any] | None = None
        self._down_told = False
        super().__init__()

    # pykka calls these on the instance, so they may look at the environment.
    def _create_actor_inbox(self) -> Inbox:  # type: ignore[override]  # a static method there, see above
        return self.context.system.environment.inbox()

    @staticmethod
    def _create_future() -> Future[Any]:
        return pykka.ThreadingFuture()

    def _start_actor_loop(self) -> None:
        self.context.system.environment.start_loop(self.context.name, self._actor_loop)

    def begin(self) -> None:
        """Start the loop. Called once by the system."""
        self._start_actor_loop()

    def close_inbox(self) -> tuple[Envelope[Any], ...]:
        """Close the inbox and return what nobody handled. Called by the system when the loop could not start."""
        inbox: Inbox = self.actor_inbox  # type: ignore[assignment]  # made by _create_actor_inbox
        return inbox.close()

    # ------------------------------------------------------------------------------------------------ for subclasses

    def on_exit(self, reason: Reason) -> None:
        """Release what this generation holds. Called once, on every path, in the actor's own thread. Must not block."""

    def on_exit_asked(self, asked: Exit) -> None:
        """Answer an `Exit`. By default the actor ends after it."""
        self.end(Reason(ExitKind.SHUTDOWN, asked.text))

    def end(self, reason: Reason) -> None:
        """End this actor after the message in hand."""
        if self._reason is None:
            self._reason = reason
        self.actor_stopped.set()

    # -------------------------------------------------------------------------------------------------- the exit path

    def _actor_loop(self) -> None:
        try:
            super()._actor_loop()
        except BaseException as error:  # noqa: BLE001 - boundary: the actor's thread ends here, on every path
            self._note(error)
        finally:
            try:
                self._leave()
            except BaseException as error:  # noqa: BLE001 - boundary: injected on the way into the loop of `_leave`
                self._note(error)
            finally:
                self._leave()  # does nothing the second time

    def _actor_loop_setup(self) -> None:
        try:
            self.on_start()
            if self.ready_after_start and not self.actor_stopped.is_set():
                self.context.ready()
        except BaseException as error:  # noqa: BLE001 - boundary: pykka would leave the actor registered and "alive"
            self._note(error, ExitKind.START_FAILED)
            self.actor_stopped.set()

    def _actor_loop_running(self) -> None:
        # pykka's own lets an actor live on that raises while it is asked, and stops every actor of the program over a
        # bare `BaseException`. Here every raise is left to the exit path.
        while not self.actor_stopped.is_set():
            self._in_hand = self.actor_inbox.get()
            self._serve(self._in_hand)
            self._in_hand = None

    def _serve(self, envelope: Envelope[Any]) -> None:
        try:
            answer = self._handle_receive(envelope.message)
        except self.refusals as error:
            if envelope.reply_to is not None:
                envelope.reply_to.set_exception()
            else:
                log.warning("%s refuses what it was told: %s", self.context.name, text_of(error))
        else:
            if envelope.reply_to is not None:
                envelope.reply_to.set(answer)

    def _actor_loop_teardown(self) -> None:
        """Nothing: pykka would discard the inbox here without counting."""

    def _handle_receive(self, message: Any) -> Any:
        if isinstance(message, Exit):
            return self.on_exit_asked(message)
        if isinstance(message, Ping):
            return self.context.tell_parent(Alive(self.context.name, self.context.generation))
        if isinstance(message, messages._ActorStop):  # noqa: SLF001 - `ActorRef.stop` sends it
            return self.end(Reason(ExitKind.NORMAL, "stopped"))
        return super()._handle_receive(message)

    def _note(self, error: BaseException, kind: ExitKind = ExitKind.CRASHED) -> None:
        if self._failure is None:
            self._failure = error
        if self._reason is None or not self._reason.kind.is_abnormal:
            self._reason = Reason(kind, text_of(error), type(error).__name__)
        log.info("%s generation %d ended: %s", self.context.name, self.context.generation, self._reason)
        log.debug("traceback of %s", self.context.name, exc_info=error)

    def _leave(self) -> None:
        while not self._down_told:
            try:
                self._leave_once()
            except BaseException as error:  # noqa: BLE001 - boundary: an exception injected here must not lose the Down
                self._note(error)

    def _leave_once(self) -> None:
        reason = self._reason or Reason(ExitKind.NORMAL, "ended")
        self.actor_stopped.set()
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.context.system.forget(self.context.name, self.context.generation)
        self._answer_in_hand()
        for envelope in self.close_inbox():
            self.context.system.bury(self.context.name, envelope)
        if not self._down_told:
            try:
                self.on_exit(reason)
            except BaseException:  # boundary: releasing must not hide the end, nor be tried for ever
                log.warning("%s could not release everything:", self.context.name, exc_info=sys.exc_info())
            down = Down(self.context.name, self.context.generation, reason)
            self.context.system.report_down(self.context.parent, down)
            self._down_told = True

    def _answer_in_hand(self) -> None:
        """Free who asked what this actor failed over; all the others that ask are freed with the inbox."""
        envelope = self._in_hand
        if envelope is not None and envelope.reply_to is not None:
            error = self._failure
            if not isinstance(error, Exception):
                # A `SystemExit` of this actor must end nobody else's thread.
                error = pykka.ActorDeadError(f"{self.context.name} ended before it answered: {text_of(error)}")
                error.__cause__ = self._failure
            with contextlib.suppress(queue.Full):  # it has its answer, and the raise came after it
                envelope.reply_to.set_exception(exc_info=(type(error), error, error.__traceback__))
        self._in_hand = self._failure = None

    def on_receive(self, message: Any) -> Any:
        """Handle one message. Must be overridden."""
        self._unexpected(message)

    def _unexpected(self, message: Any) -> NoReturn:
        raise TypeError(f"{self.context.name} got a {type(message).__name__}, which it does not handle.")
