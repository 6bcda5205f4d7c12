"""What goes in and what comes out: purchase orders, their attachments and their one outcome each.

All of it is frozen. `metadata` is the caller's own and travels untouched.
"""

from __future__ import annotations

import enum
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import attrs
from attrs import validators

from contracts.errors import Blame


class TaskStatus(enum.Enum):
    """How one purchase order ended. `INTERRUPTED` alone is not terminal: a journal resumes it."""

    COMPLETED = "COMPLETED"
    NO_ATTACHMENTS = "NO_ATTACHMENTS"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    PO_NOT_FOUND = "PO_NOT_FOUND"
    CANCELLED = "CANCELLED"
    QUARANTINED = "QUARANTINED"
    INTERRUPTED = "INTERRUPTED"

    @property
    def is_success(self) -> bool:
        """Whether the order counts as successful (contract part 1, "Counting")."""
        return self in (TaskStatus.COMPLETED, TaskStatus.NO_ATTACHMENTS)

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will be done for the order."""
        return self is not TaskStatus.INTERRUPTED


_MOST = 1.7976931348623157e308
"""The largest float; a whole number may be larger, and is not an amount."""


def _whole(_instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{attribute.name} must be a whole number, not {type(value).__name__}.")


def _real(_instance: Any, attribute: Any, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{attribute.name} must be a number or None, not {type(value).__name__}.")
    if not -_MOST <= value <= _MOST:
        raise ValueError(f"{attribute.name} must be a finite number.")


def _seconds(instance: Any, attribute: Any, value: Any) -> None:
    _real(instance, attribute, value)
    if value is not None and value <= 0:
        raise ValueError(f"{attribute.name} must be a number of seconds above 0, not {value}.")


@attrs.frozen
class POTask:
    """One purchase order to visit (contract 101, 102).

    Args:
        po_number: The order's number as the user writes it.
        priority: Higher first; first come, first served within one priority.
        timeout_override: Seconds this order may take in all, instead of the session's `task_timeout`.
        retry_count: Attempts already made elsewhere; they count against the limit.
        metadata: The caller's own data, carried through unchanged.
        supplier: Supplier name for the folder; empty means the page's own.
        url: Address of the order's page; empty means base URL and number.
        amount: The order's amount, carried through; None when not given.

    Raises:
        TypeError: A value is of another type.
        ValueError: A value is out of its range.
    """

    po_number: str = attrs.field(validator=validators.instance_of(str))
    priority: int = attrs.field(default=0, validator=_whole)
    timeout_override: float | None = attrs.field(default=None, validator=_seconds)
    retry_count: int = attrs.field(default=0, validator=[_whole, validators.ge(0)])
    metadata: dict[str, Any] = attrs.field(factory=dict, hash=False, validator=validators.instance_of(dict))
    supplier: str = attrs.field(default="", kw_only=True, validator=validators.instance_of(str))
    url: str = attrs.field(default="", kw_only=True, validator=validators.instance_of(str))
    amount: float | None = attrs.field(default=None, kw_only=True, validator=_real)


@attrs.frozen(order=True)
class TaskHandle:
    """Names one accepted task within its session. `sequence` is its place in line, counted from 0."""

    sequence: int
    po_number: str


class Payload(Protocol):
    """What a task asks for. Each kind of work has a class of its own; the dispatcher's line and the journal take any."""

    @property
    def kind(self) -> str:
        """What sort of work it is. The journal keeps it beside the payload, to know what reads it back."""
        ...


@attrs.frozen
class Order:
    """The payload of a task that visits a purchase order: checked, with its addresses.

    Args:
        task: As the caller gave it.
        url: The given address, or empty.
        base_url: Root of its portal: scheme and host of `url`, or the session's base URL.
        host: Host and port of its portal; each is a login of its own.
        fault: Why it cannot be visited, or empty.
    """

    task: POTask
    url: str
    base_url: str
    host: str
    fault: str = ""

    @property
    def kind(self) -> str:
        """What the journal and leasing know such tasks by."""
        return "order"

    @property
    def po_number(self) -> str:
        """The order's number, as the user wrote it."""
        return self.task.po_number


@attrs.frozen
class Attachment:
    """One verified file on disk.

    Args:
        name: File name inside the order's folder.
        size: Bytes on disk.
        sha256: Lower-case hex digest of those bytes.
        source: The address it came from, or the label of the control that was clicked.
        media_type: The content type the portal stated, without parameters; empty when unknown.
        listed_as: The name the page gave it.
        length_known: Whether anything but the end of the connection said where the file ends.
        type_differs: Whether its content is of another kind than its name says.
    """

    name: str
    size: int
    sha256: str
    source: str
    media_type: str = ""
    listed_as: str = ""
    length_known: bool = True
    type_differs: bool = False


@attrs.frozen
class MissingAttachment:
    """An attachment that the page listed and that could not be brought home, with the reason."""

    listed_as: str
    source: str
    code: str
    message: str


@attrs.frozen
class POResult:
    """The one outcome of a purchase order (contract 76).

    Args:
        handle: Which task this is the outcome of.
        status: How it ended.
        supplier: The supplier as filed.
        url: The address that was visited; empty when none was.
        attachments_found: How many attachments the page listed.
        attachments: The verified files.
        missing: What was listed and is not there.
        folder: Where the files lie; None unless COMPLETED or PARTIAL.
        error_code: A value of `ERROR_MAPPING`, or empty.
        error_message: What went wrong and what to do, or empty.
        blame: Whose fault it was, or None.
        attempts: Visits charged to the order.
        worker_id: Who ended it; empty when nobody did.
        started_at: Start of the last visit, or None.
        finished_at: When the outcome was recorded.
        duration: Seconds of the last visit.
        evidence: What was kept of the page that the last visit failed on, as paths below the download folder.
    """

    handle: TaskHandle
    status: TaskStatus
    supplier: str = ""
    url: str = ""
    attachments_found: int = 0
    attachments: tuple[Attachment, ...] = ()
    missing: tuple[MissingAttachment, ...] = ()
    folder: Path | None = None
    error_code: str = ""
    error_message: str = ""
    blame: Blame | None = None
    attempts: int = 0
    worker_id: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: float = 0.0
    evidence: tuple[str, ...] = ()

    @property
    def po_number(self) -> str:
        """The order's number, as the user wrote it."""
        return self.handle.po_number


TaskResult = POResult
"""The name that contract 75 uses for `POResult`."""
