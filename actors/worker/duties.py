"""What a browser is asked for and what is told of it: the same in the crew's actors and in the sequential mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from actors.worker.visitor import Visitor
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
    VisitEnded,
    VisitOrder,
)
from contracts.ports import KeptFile

Duty = VisitOrder | LogIn | ProbePortal


def doing(duty: Duty) -> str:
    """Say what a duty asks for, as in "to do this"."""
    match duty:
        case VisitOrder():
            return f"visit {duty.order.handle.po_number}"
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
