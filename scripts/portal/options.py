"""What the demo portal can be told: its settings and the faults it plays, as frozen values and as JSON.

A fault belongs to one order and names what goes wrong with that order's page or files. Settings and faults are
checked where they are built, so that a misspelt fault is an error and not a quiet day.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

USERNAME = "demo"
PASSWORD = "demo"


class FaultKind(enum.Enum):
    """What goes wrong. `PAGE_` faults concern the order's page, `FILE_` faults each of its files."""

    PAGE_LATENCY = "page-latency"
    PAGE_SLOW = "page-slow"
    PAGE_404 = "page-404"
    PAGE_NOT_FOUND_200 = "page-not-found-200"
    PAGE_NOT_AUTHORISED = "page-not-authorised"
    PAGE_500 = "page-500"
    PAGE_503 = "page-503"
    PAGE_429 = "page-429"
    PAGE_204 = "page-204"
    PAGE_LOGIN = "page-login"
    PAGE_WRONG_TITLE = "page-wrong-title"
    FILE_LATENCY = "file-latency"
    FILE_404 = "file-404"
    FILE_500 = "file-500"
    FILE_503 = "file-503"
    FILE_429 = "file-429"
    FILE_401 = "file-401"
    FILE_LOGIN = "file-login"
    FILE_LOGIN_HTML = "file-login-html"
    FILE_STALL = "file-stall"
    FILE_DRIP = "file-drip"
    FILE_TRUNCATED = "file-truncated"
    FILE_EMPTY = "file-empty"

    @property
    def concerns_page(self) -> bool:
        """Whether it strikes the order's page rather than its files."""
        return self.value.startswith("page-")


_DEFAULT_SECONDS = {
    FaultKind.PAGE_LATENCY: 1.0,
    FaultKind.FILE_LATENCY: 1.0,
    FaultKind.PAGE_SLOW: 10.0,
    FaultKind.PAGE_429: 1.0,
    FaultKind.FILE_429: 1.0,
    FaultKind.FILE_DRIP: 0.1,
}


@attrs.frozen
class Fault:
    """One fault of one order.

    Args:
        kind: What goes wrong.
        times: How many requests it strikes before it is over; None strikes always.
        seconds: Delay, wait between two bytes, or value of Retry-After, by kind; None takes the kind's own.
    """

    kind: FaultKind = attrs.field(converter=FaultKind)
    times: int | None = None
    seconds: float | None = None

    @property
    def pause(self) -> float:
        """Seconds that belong to the kind."""
        return _DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `kind`, `kind:times` or `kind:times:seconds`; an empty or `*` times means always."""
        kind, _, rest = text.partition(":")
        times, _, seconds = rest.partition(":")
        return cls(kind, int(times) if times not in ("", "*") else None, float(seconds) if seconds else None)


FaultPlan = Mapping[str, tuple[Fault, ...]]
"""Order number to the faults it has."""


def read_plan(plan: Mapping[str, Any]) -> dict[str, tuple[Fault, ...]]:
    """Accept a plan as people and JSON write it: for each order one fault or several, as text, object or `Fault`."""
    return {number: tuple(map(_fault, _several(faults))) for number, faults in plan.items()}


def _several(faults: Any) -> Iterable[Any]:
    return (faults,) if isinstance(faults, str | Fault | FaultKind | Mapping) else faults


def _fault(value: Any) -> Fault:
    match value:
        case Fault():
            return value
        case FaultKind():
            return Fault(value)
        case str():
            return Fault.parse(value)
        case _:
            return Fault(**value)


def plan_as_json(plan: FaultPlan) -> dict[str, list[dict[str, Any]]]:
    """The plan as `read_plan` accepts it back from JSON."""
    return {
        number: [{"kind": fault.kind.value, "times": fault.times, "seconds": fault.seconds} for fault in faults]
        for number, faults in plan.items()
    }


def _choices(allowed: frozenset[Any]) -> Any:
    def check(_instance: Any, attribute: Any, value: tuple[Any, ...]) -> None:
        if not value or not allowed.issuperset(value):
            raise ValueError(f"{attribute.name} must hold some of {sorted(allowed)}, not {value!r}.")

    return check


def _numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _at_least_zero(_instance: Any, attribute: Any, value: float | None) -> None:
    if value is not None and (math.isnan(value) or value < 0):
        raise ValueError(f"{attribute.name} must be 0 or more, not {value!r}.")


@attrs.frozen(kw_only=True)
class PortalConfig:
    """Settings of a demo portal.

    Args:
        orders: How many there are.
        seed: Makes names, sizes and bytes.
        prefix: Beginning of each number; the digits alone resolve to the same order.
        first_number: Digits of the first number.
        files_per_order: The same count for all orders; None lets it vary, with none at all now and then.
        file_size: Bytes of each file; None varies from 3 to 64 KiB.
        forms: Which of Coupa's four forms the pages use, in turn.
        dispositions: Which variants of Content-Disposition the files use, in turn.
        nasty_names: File names that try to leave the folder, collide or exceed every limit.
        floating_bar: A bar that covers the top of the page and swallows clicks.
        lines: Order lines on a page, for its weight.
        page_latency_ms: Milliseconds before each page.
        file_latency_ms: Milliseconds before each file.
        login_required: Whether pages and files need a login.
        password: What the user must type.
        session_mark: Beginning of every session cookie's value, by which it can be found again.
        expire_at_requests: Counts of requests for pages and files at which every login ends.
        down: Whether everything answers 503.
        faults: What goes wrong, by order number.
    """

    orders: int = attrs.field(default=40, validator=_at_least_zero)
    seed: int = 1
    prefix: str = "PO"
    first_number: int = 16928001
    files_per_order: int | None = attrs.field(default=None, validator=_at_least_zero)
    file_size: int | None = attrs.field(default=None, validator=_at_least_zero)
    forms: tuple[int, ...] = attrs.field(
        default=(1, 2, 3, 4), converter=_numbers, validator=_choices(frozenset(range(1, 5)))
    )
    dispositions: tuple[str, ...] = attrs.field(
        default=("plain", "utf-8", "none"),
        converter=_texts,
        validator=_choices(frozenset({"plain", "utf-8", "none"})),
    )
    nasty_names: bool = False
    floating_bar: bool = True
    lines: int = attrs.field(default=50, validator=_at_least_zero)
    page_latency_ms: float = attrs.field(default=0.0, validator=_at_least_zero)
    file_latency_ms: float = attrs.field(default=0.0, validator=_at_least_zero)
    login_required: bool = True
    password: str = PASSWORD
    session_mark: str = ""
    expire_at_requests: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    down: bool = False
    faults: FaultPlan = attrs.field(factory=dict, converter=read_plan)

    def as_json(self) -> dict[str, Any]:
        """The settings as `PortalConfig(**...)` accepts them back from JSON."""
        return attrs.asdict(self, recurse=False) | {"faults": plan_as_json(self.faults)}
