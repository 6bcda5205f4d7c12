"""What a browser is asked for and what is told of it: the same in the crew's actors and in the sequential mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from actors.worker.visitor import Visitor, WorkerTools
from contracts.messages import (
    DispatchEvent,
    DutyEnded,
    FileArrived,
    LeaseTouched,
    LogIn,
    LoginEnded,
    ProbeEnded,
    ProbePortal,
    Recycle,
    Visited,
    VisitEnded,
    VisitOrder,
)
from contracts.ports import Clock, KeptFile, Owner

Duty = VisitOrder | LogIn | ProbePortal
Told = DispatchEvent | LoginEnded
"""What is told of a duty: `LoginEnded` to whoever keeps the logins, all else to the dispatcher."""


def doing(duty: Duty) -> str:
    """Say what a duty asks for, as in "to do this"."""
    match duty:
        case VisitOrder():
            return f"visit {duty.order.po_number}"
        case LogIn():
            return f"log in to {duty.host}"
        case ProbePortal():
            return f"ask whether {duty.host} answers"
        case _:
            assert_never(duty)


def perform(
    duty: Duty, visitor: Visitor, tell: Callable[[DispatchEvent], object]
) -> tuple[DispatchEvent, LoginEnded | None]:
    """Do what a duty asks for.

    Args:
        duty: A visit, a login or a probe.
        visitor: Whose browser does it.
        tell: Told of each sign of work and each file on the way.

    Returns:
        How it ended, and for whom keeps the logins.

    Raises:
        SessionCorruptionError: As the visitor does.
    """
    owner = visitor.owner
    match duty:
        case VisitOrder(lease):

            def report(activity: str) -> None:
                tell(LeaseTouched(lease, activity))

            def keep(file: KeptFile) -> None:
                tell(FileArrived(file))

            outcome = visitor.visit(duty, report, keep)
            if why := visitor.wear():
                # Before the outcome, after which the dispatcher would hand out the next order.
                tell(Recycle(owner.worker, owner.generation, why))
            return VisitEnded(lease, outcome), None
        case LogIn():
            login = visitor.log_in(duty)
            if why := visitor.wear():
                tell(Recycle(owner.worker, owner.generation, why))
            return DutyEnded(owner.worker, owner.generation), login
        case ProbePortal(host, base_url):
            return ProbeEnded(owner.worker, owner.generation, host, visitor.probe(base_url)), None
        case _:
            assert_never(duty)


class PortalVisits:
    """One browser as the worker's shell drives it: `actors.worker.shell.Visits` for a portal's duties.

    Args:
        visitor: Whose browser it is.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    def perform(self, duty: Duty, tell: Callable[[Told], object]) -> bool:
        """Do what a duty asks for; only an order whose page could be read proves the browser."""
        ended, login = perform(duty, self._visitor, tell)
        if login is not None:
            tell(login)
        tell(ended)
        return isinstance(ended, VisitEnded) and isinstance(ended.outcome, Visited)

    def check_alive(self) -> None:
        """Raise `BrowserDiedError` when the browser has ended by itself."""
        self._visitor.check_alive()

    def close(self) -> None:
        """Close kept connections."""
        self._visitor.close()


def portal_visits(tools: WorkerTools, owner: Owner, clock: Clock) -> Callable[[], PortalVisits]:
    """Return what starts the browser of a generation. From now on whoever clears up can find its revocation.

    Args:
        tools: What it is built with.
        owner: The generation.
        clock: The time it runs on.
    """
    tools.revocation(owner)
    return lambda: PortalVisits(Visitor(owner, tools, clock))
