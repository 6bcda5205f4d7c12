"""The worker as an actor: starts its browser, works on what it is given, and dies with its browser.

A browser that is gone is not an outcome. The exception ends the actor, the supervisor replaces it, and the dispatcher
decides what the loss costs.
"""

from __future__ import annotations

import logging
from typing import assert_never

from actors.runtime import Actor, Context
from actors.worker.visitor import Visitor, WorkerTools
from contracts.errors import BrowserDiedError
from contracts.messages import (
    DutyEnded,
    FileArrived,
    LeaseTouched,
    LogIn,
    LookAround,
    ProbeEnded,
    ProbePortal,
    Recycle,
    Visited,
    VisitEnded,
    VisitOrder,
    WorkerMessage,
    WorkerReady,
)
from contracts.ports import KeptFile, Owner
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
        gatekeeper: Name of the gatekeeper.
    """

    ready_after_start = False

    def __init__(self, context: Context, tools: WorkerTools, *, dispatcher: str, gatekeeper: str) -> None:
        super().__init__(context)
        self._tools = tools
        self._dispatcher = dispatcher
        self._gatekeeper = gatekeeper
        self._visitor: Visitor | None = None
        self._proved = False

    def on_start(self) -> None:
        """Start the browser, then report ready to the supervisor and the dispatcher."""
        owner = Owner(self.context.name, self.context.generation)
        self._visitor = Visitor(owner, self._tools, self.context.system.environment.clock)
        self.context.ready()
        self.context.tell(self._dispatcher, WorkerReady(owner.worker, owner.generation))
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
            case VisitOrder():
                self._visit(message, self._visitor)
            case LogIn():
                ended = self._visitor.log_in(message)
                self.context.tell(self._gatekeeper, ended)
                self.context.tell(self._dispatcher, DutyEnded(self.context.name, self.context.generation))
            case ProbePortal(host, base_url):
                status = self._visitor.probe(base_url)
                ended_probe = ProbeEnded(self.context.name, self.context.generation, host, status)
                self.context.tell(self._dispatcher, ended_probe)
            case LookAround():
                self._visitor.check_alive()
                self.context.set_timer(SECONDS_BETWEEN_LOOKS, LookAround())
            case _:
                assert_never(message)

    def _visit(self, visit: VisitOrder, visitor: Visitor) -> None:
        lease = visit.lease

        def report(activity: str) -> None:
            self.context.tell(self._dispatcher, LeaseTouched(lease, activity))

        def keep(file: KeptFile) -> None:
            self.context.tell(self._dispatcher, FileArrived(file))

        outcome = visitor.visit(visit, report, keep)
        if why := visitor.worn:
            # Before the outcome, after which the dispatcher would hand out the next order.
            self.context.tell(self._dispatcher, Recycle(self.context.name, self.context.generation, why))
        self.context.tell(self._dispatcher, VisitEnded(lease, outcome))
        if isinstance(outcome, Visited) and not self._proved:
            self._proved = True
            self.context.stable()
