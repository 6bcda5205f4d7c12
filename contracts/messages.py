"""What the crew's actors tell each other: frozen classes, and one closed union for each recipient.

The supervisors' own words are in `supervision.py`, since they are of use without browsers.
"""

from __future__ import annotations

import attrs

from contracts.errors import Blame
from contracts.logins import (
    HostSession as HostSession,
    LoginAbandoned as LoginAbandoned,
    LoginBrokerMessage as LoginBrokerMessage,
    LoginEnded as LoginEnded,
    LoginNeeded as LoginNeeded,
    LoginResult as LoginResult,
    SessionProved as SessionProved,
    SessionRenewed as SessionRenewed,
)
from contracts.ports import Credentials, KeptFile, Lease, MachineMemory
from contracts.supervision import ChildEvent, RestartAsked
from contracts.tasks import Order, POResult
from contracts.visits import (
    LoginMet as LoginMet,
    Visited as Visited,
    VisitFailed as VisitFailed,
    VisitOutcome as VisitOutcome,
)

# ----------------------------------------------------------------------------------------------------- told to a worker


@attrs.frozen
class VisitOrder:
    """Work on one order under this lease. `kept` are verified files of earlier leases that may be adopted."""

    lease: Lease
    order: Order
    session: HostSession
    timeout: float
    kept: tuple[KeptFile, ...] = ()


@attrs.frozen
class LogIn:
    """Log in to a host and report to the login broker."""

    host: str
    base_url: str
    credentials: Credentials
    timeout: float


@attrs.frozen
class ProbePortal:
    """Ask the portal's base address whether it answers."""

    host: str
    base_url: str


@attrs.frozen
class LookAround:
    """A worker's own reminder to see whether its idle browser is alive."""


WorkerMessage = VisitOrder | LogIn | ProbePortal | LookAround


# ----------------------------------------------------------------------------------------------- told to the dispatcher


@attrs.frozen
class BeginBatch:
    """A new batch begins; counters start from none. May be repeated before anything is submitted to it.

    Args:
        total: How many orders it will have; None for an open one, which has as many as come until it is closed.
        continues: Whether it is the one in hand that goes on.
    """

    total: int | None
    continues: bool = False


@attrs.frozen
class CloseBatch:
    """Nothing more will be submitted to the batch: it has as many orders as have come. May be repeated."""


@attrs.frozen
class Submit:
    """Accept these orders: each gets the next place in line, and whoever submitted them is told its handle.

    May be repeated: a submission whose key the journal knows is answered with the handles that it has.

    Args:
        key: The submission's own, as no other has it.
        orders: What to visit.
    """

    key: str
    orders: tuple[Order, ...]


@attrs.frozen
class LeaseTouched:
    """A lease shows activity; this also proves that its browser was seen alive."""

    lease: Lease
    activity: str


@attrs.frozen
class FileArrived:
    """A file of the lease lies verified in its staging folder."""

    file: KeptFile


@attrs.frozen
class VisitEnded:
    """A visit ended, with this outcome."""

    lease: Lease
    outcome: VisitOutcome


@attrs.frozen
class DutyEnded:
    """A worker has finished a login or a probe and is free."""

    worker: str
    generation: int


@attrs.frozen
class ProbeEnded:
    """The portal's base answered with `status`, or (None) not at all."""

    worker: str
    generation: int
    host: str
    status: int | None


@attrs.frozen
class PortalAsked:
    """A portal that had answered nothing yet was asked for its base: it gave `status`, or (None) no answer.

    Args:
        host: Host and port.
        question: The number the question was put with.
        status: Of its HTTP answer.
    """

    host: str
    question: int
    status: int | None


@attrs.frozen
class LoginWanted:
    """The login broker wants one idle worker to log in to a host."""

    host: str
    credentials: Credentials


@attrs.frozen
class HostOpened:
    """The login broker has a session for a host."""

    session: HostSession


@attrs.frozen
class HostRefused:
    """There will be no session for this host in this run. `text` says why and what to do, `blame` whose fault it is."""

    host: str
    text: str
    blame: Blame = Blame.AUTH


@attrs.frozen
class HostTroubled:
    """The portal was in trouble over a login. It is asked for again when the portal answers again."""

    host: str
    text: str


@attrs.frozen
class Pause:
    """Stop handing out work for a reason that lies with the machine. `key` names it, `text` is for people."""

    key: str
    text: str


@attrs.frozen
class Resume:
    """The reason `key` has passed."""

    key: str


@attrs.frozen
class Recycle:
    """Give this generation no further work; have it restarted when it is free."""

    worker: str
    generation: int
    text: str


@attrs.frozen
class Published:
    """The lease's files are in their place."""

    lease: Lease
    result: POResult


@attrs.frozen
class PublishFailed:
    """The lease's files could not be moved.

    Args:
        lease: Whose files.
        text: Why, and what to do.
        files_lost: Whether staged files are missing or changed; otherwise the disk or the folder is in trouble.
        ends_run: Whether waiting cures nothing, so that the run must end.
    """

    lease: Lease
    text: str
    files_lost: bool = False
    ends_run: bool = False


@attrs.frozen
class Cancel:
    """Take tasks out, whether they wait or are worked on. They end as CANCELLED; those that are not open are passed by.

    Args:
        sequences: Their sequence numbers.
        text: Why, for people.
        code: A value of `ERROR_MAPPING`; empty when somebody asked for it.
    """

    sequences: tuple[int, ...]
    text: str
    code: str = ""


@attrs.frozen
class Drain:
    """Hand out nothing more. When the leases in hand have ended, the rest is given up for this run."""

    text: str


@attrs.frozen
class GiveUp:
    """End everything now: leases are void, the rest is given up for this run."""

    text: str


@attrs.frozen
class Wake:
    """The dispatcher's own timer."""


DispatchEvent = (
    BeginBatch
    | CloseBatch
    | Submit
    | ChildEvent
    | LeaseTouched
    | FileArrived
    | VisitEnded
    | DutyEnded
    | ProbeEnded
    | PortalAsked
    | LoginWanted
    | HostOpened
    | HostRefused
    | HostTroubled
    | Pause
    | Resume
    | Recycle
    | Published
    | PublishFailed
    | Cancel
    | Drain
    | GiveUp
    | Wake
)


# -------------------------------------------------------------------------------------------------- told to the monitor


@attrs.frozen
class OrderEnded:
    """This generation of a worker ended an order."""

    worker: str
    generation: int


@attrs.frozen
class LossExcused:
    """This generation of a worker ends over work that was charged for it, or cancelled: no failure of its slot."""

    worker: str
    generation: int


@attrs.frozen
class MemoryRead:
    """A reading of the machine and of each worker.

    Args:
        machine: The machine's memory.
        workers: Bytes of each live generation, as (worker, generation, bytes).
        free_disk: Free bytes on the download folder's volume.
    """

    machine: MachineMemory
    workers: tuple[tuple[str, int, int], ...]
    free_disk: int


@attrs.frozen
class TimeToLook:
    """The monitor's own timer."""


MonitorMessage = ChildEvent | RestartAsked | OrderEnded | LossExcused | MemoryRead | TimeToLook


# ------------------------------------------------------------------------------------------------- told to the reporter


@attrs.frozen
class TimeToTell:
    """The reporter's own timer."""


ReporterMessage = ChildEvent | TimeToTell
