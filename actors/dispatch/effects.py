"""What the dispatch core asks its shell to do, as values, in the order in which they must happen."""

from __future__ import annotations

import attrs

from actors.leasing import LeasingEffect
from contracts.messages import LogIn, LoginBrokerMessage, ProbePortal, VisitOrder
from contracts.ports import JournalEntry, Lease
from contracts.tasks import POResult, TaskHandle


@attrs.frozen
class Record:
    """Write these entries in one transaction, before anything that follows."""

    entries: tuple[JournalEntry, ...]


@attrs.frozen
class TellAccepted:
    """Tell whoever submitted tasks under which handles they were accepted."""

    key: str
    handles: tuple[TaskHandle, ...]


@attrs.frozen
class TellOutcome:
    """Tell whoever submitted a task how it ended, or that it is left for another run."""

    result: POResult


@attrs.frozen
class TellWorker:
    """Give this generation of a worker something to do."""

    worker: str
    generation: int
    message: VisitOrder | LogIn | ProbePortal


@attrs.frozen
class TellLoginBroker:
    """Tell the owner of logins."""

    message: LoginBrokerMessage


@attrs.frozen
class AskPortal:
    """Ask a portal's base beside all work, and answer with `PortalAsked` when it comes back."""

    host: str
    base_url: str
    question: int


@attrs.frozen
class NoteAnswered:
    """Remember for later dispatchers of this session that a portal has answered."""

    host: str


@attrs.frozen
class Publish:
    """Move the lease's files to their place and answer with `Published` or `PublishFailed`."""

    lease: Lease
    result: POResult


@attrs.frozen
class DiscardStaging:
    """Delete the lease's staging folder."""

    lease: Lease


@attrs.frozen
class WakeAt:
    """Send `Wake` at this monotonic time. It replaces the wake-up asked for before; None cancels it."""

    when: float | None


DispatchEffect = (
    LeasingEffect
    | Record
    | TellAccepted
    | TellOutcome
    | TellWorker
    | TellLoginBroker
    | AskPortal
    | NoteAnswered
    | Publish
    | DiscardStaging
    | WakeAt
)
