"""The worker as an actor: starts its browser, works on what it is given, and dies with its browser.

A browser that is gone is not an outcome. The exception ends the actor, the supervisor replaces it, and the dispatcher
decides what the loss costs.
"""

from __future__ import annotations

import logging
from typing import assert_never

from actors.runtime import Actor, Context
from actors.worker.duties import Duty, perform
from actors.worker.visitor import Visitor, WorkerTools
from contracts.errors import BrowserDiedError
from contracts.messages import (
    LogIn,
    LookAround,
    ProbePortal,
    Visited,
    VisitEnded,
    VisitOrder,
    WorkerMessage,
)
from contracts.ports import Owner
from contracts.supervision import Reason

log = logging.getLogger("purser.worker")

SECONDS_BETWEEN_LOOKS = 0.5
"""How often an idle worker looks whether its browser is alive. The look reads two lines of the process table."""


class Worker(Actor):
    """One generation of a worker slot.

    Args:
        context: Its place in the system.
        tools: What it is built with.
        dispatcher: Name of the dispatcher.
        login_broker: Name of the login broker.
    """

    ready_after_start = False

    def __init__(self, context: Context, tools: WorkerTools, *, dispatcher: str, login_broker: str) -> None:
        super().__init__(context)
        self._tools = tools
        self._dispatcher = dispatcher
        self._login_broker = login_broker
        self._visitor: Visitor | None = None
        self._proved = False
        tools.revocation(Owner(context.name, context.generation))  # known from now on to whoever clears up

    def on_start(self) -> None:
        """Start the browser, then report ready to the supervisor, from whom the dispatcher hears of it."""
        owner = Owner(self.context.name, self.context.generation)
        self._visitor = Visitor(owner, self._tools, self.context.system.environment.clock)
        self.context.ready()
        self.context.set_timer(SECONDS_BETWEEN_LOOKS, LookAround())

    def on_exit(self, reason: Reason) -> None:
        """Close kept connections. The browser itself is ended by whoever supervises this worker."""
        log.debug("%s generation %d leaves: %s", self.context.name, self.context.generation, reason.kind.value)
        if self._visitor is not None:
            self._visitor.close()

    def on_receive(self, message: WorkerMessage) -> None:
        """Work on one thing."""
        if self._visitor is None:
            raise BrowserDiedError("The worker was given work before it had a browser.")
        match message:
            case VisitOrder() | LogIn() | ProbePortal():
                self._do(message, self._visitor)
            case LookAround():
                self._visitor.check_alive()
                self.context.set_timer(SECONDS_BETWEEN_LOOKS, LookAround())
            case _:
                assert_never(message)

    def _do(self, duty: Duty, visitor: Visitor) -> None:
        ended, login = perform(duty, visitor, lambda event: self.context.tell(self._dispatcher, event))
        if login is not None:
            self.context.tell(self._login_broker, login)
        self.context.tell(self._dispatcher, ended)
        if not self._proved and isinstance(ended, VisitEnded) and isinstance(ended.outcome, Visited):
            self._proved = True
            self.context.stable()
