"""The base of every actor here: pykka's loop with one exit path.

Whatever ends an actor (a failed start, a raise, a stop, a `BaseException`, an exception injected from outside), the
same steps follow: marked stopped, unregistered, inbox closed, what was in it buried, one `Down` told to the parent.
pykka's own hooks for this are private; they are used in this file only, and `tests/runtime` fails when they change.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import Any, NoReturn

import attrs
import pykka
from pykka import Future, messages
from pykka._envelope import Envelope  # see system.py

from actors.runtime.environment import Inbox, Timer
from actors.runtime.system import System
from contracts.supervision import Alive, Down, Exit, ExitKind, Ping, Ready, Reason, Stable

log = logging.getLogger("purser.runtime")


class _EscapedError(Exception):
    """Carries a `BaseException` out of a handler, because pykka answers a bare one by stopping every actor."""


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

    Nothing in an `__init__` may start a process, a thread or a file. An exception in a handler ends the actor; the
    supervisor decides what follows.
    """

    #: Whether the supervisor may count this actor as ready as soon as `on_start` has returned.
    ready_after_start = True

    #: Errors that answer a question and end nobody: what was told and is refused is logged.
    refusals: tuple[type[Exception], ...] = ()

    def __init__(self, context: Context) -> None:
        self.context = context
        self._reason: Reason | None = None
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

    def on_exit_asked(self, order: Exit) -> None:
        """Answer an `Exit`. By default the actor ends after it."""
        self.end(Reason(ExitKind.SHUTDOWN, order.text))

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

    def _actor_loop_teardown(self) -> None:
        """Nothing: pykka would discard the inbox here without counting."""

    def _handle_receive(self, message: Any) -> Any:
        try:
            if isinstance(message, Exit):
                return self.on_exit_asked(message)
            if isinstance(message, Ping):
                return self.context.tell_parent(Alive(self.context.name, self.context.generation))
            if isinstance(message, messages._ActorStop):  # noqa: SLF001 - `ActorRef.stop` sends it
                return self.end(Reason(ExitKind.NORMAL, "stopped"))
            return super()._handle_receive(message)
        except Exception:
            raise
        except BaseException as error:
            raise _EscapedError(repr(error)) from error

    def _handle_failure(
        self,
        exception_type: type[BaseException] | None,  # noqa: ARG002 - pykka's signature
        exception_value: BaseException | None,
        traceback: TracebackType | None,  # noqa: ARG002 - pykka's signature
    ) -> None:
        if isinstance(exception_value, self.refusals):
            log.warning("%s refuses what it was told: %s", self.context.name, exception_value)
            return
        if exception_value is not None:
            self._note(exception_value)
        self.actor_stopped.set()

    def _note(self, error: BaseException, kind: ExitKind = ExitKind.CRASHED) -> None:
        cause = error.__cause__ if isinstance(error, _EscapedError) and error.__cause__ is not None else error
        if self._reason is None or not self._reason.kind.is_abnormal:
            self._reason = Reason(kind, str(cause), type(cause).__name__)
        log.info("%s generation %d ended: %r", self.context.name, self.context.generation, cause)
        log.debug("traceback of %s", self.context.name, exc_info=error)

    def _stop(self) -> None:
        """Let the exception in hand pass: pykka calls this just before it would stop every actor of the program."""
        raise  # noqa: PLE0704 - called from an except block only

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

    def on_receive(self, message: Any) -> Any:
        """Handle one message. Must be overridden."""
        self._unexpected(message)

    def _unexpected(self, message: Any) -> NoReturn:
        raise TypeError(f"{self.context.name} got a {type(message).__name__}, which it does not handle.")
