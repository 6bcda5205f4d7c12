"""The worker as an actor: the worker's shell on a thread and with an inbox of its own.

A browser that is gone is not an outcome. The exception ends the actor, the supervisor replaces it, and the dispatcher
decides what the loss costs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

from actors.runtime import Actor, Context
from actors.worker.duties import Duty, Told
from actors.worker.shell import SECONDS_BETWEEN_LOOKS, Reports, Shell, Visits
from contracts.messages import LogIn, LoginEnded, LookAround, ProbePortal, VisitOrder, WorkerMessage
from contracts.ports import Clock, Owner
from contracts.supervision import Reason

log = logging.getLogger("purser.worker")


class Worker(Actor):
    """One generation of a worker slot.

    Args:
        context: Its place in the system.
        visits: Returns what starts the generation; called at once, with the generation and the time it runs on.
        dispatcher: Name of the dispatcher.
        login_broker: Name of the login broker.
    """

    ready_after_start = False

    def __init__(
        self,
        context: Context,
        visits: Callable[[Owner, Clock], Callable[[], Visits[Duty, Told]]],
        *,
        dispatcher: str,
        login_broker: str,
    ) -> None:
        super().__init__(context)
        self._dispatcher = dispatcher
        self._login_broker = login_broker
        start = visits(Owner(context.name, context.generation), context.system.environment.clock)
        self._shell = Shell(start, Reports(context.ready, context.stable, self._tell))

    def on_start(self) -> None:
        """Start the browser, then report ready; the supervisor tells whoever observes it."""
        self._shell.start()
        self.context.set_timer(SECONDS_BETWEEN_LOOKS, LookAround())

    def on_exit(self, reason: Reason) -> None:
        """Close kept connections. The browser itself is ended by whoever supervises this worker."""
        log.debug("%s generation %d leaves: %s", self.context.name, self.context.generation, reason.kind.value)
        self._shell.close()

    def on_receive(self, message: WorkerMessage) -> None:
        """Work on one thing."""
        match message:
            case VisitOrder() | LogIn() | ProbePortal():
                self._shell.perform(message)
            case LookAround():
                self._shell.look()
                self.context.set_timer(SECONDS_BETWEEN_LOOKS, LookAround())
            case _:
                assert_never(message)

    def _tell(self, told: Told) -> None:
        self.context.tell(self._login_broker if isinstance(told, LoginEnded) else self._dispatcher, told)
