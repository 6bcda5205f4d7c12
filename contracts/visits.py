"""How a visit ends: with what was found, with a failure and whose fault it was, or at the login page. Values only."""

from __future__ import annotations

import attrs

from contracts.errors import Blame
from contracts.ports import Cookie
from contracts.tasks import POResult


@attrs.frozen
class Visited:
    """The visit came to an end of its own. `result` is what will be recorded, its files still in staging.

    Args:
        result: Status, files, missing ones.
        retry_worthwhile: Whether another visit may bring what is missing.
        renewed: Cookies of the login that the portal gave new values during the visit.
    """

    result: POResult
    retry_worthwhile: bool = False
    renewed: tuple[Cookie, ...] = attrs.field(default=(), repr=False)


@attrs.frozen(kw_only=True)
class VisitFailed:
    """The visit failed.

    Args:
        blame: Whose fault it was.
        code: A value of `ERROR_MAPPING`.
        message: What happened and what to do.
        not_found: Whether the portal said that there is no such order.
        retry_after: Seconds the portal asked for, or None.
        portal_up: Whether the portal's base answered below 500 right after; None when it was not asked.
        url: The address that was visited.
        duration: Seconds the visit took.
        evidence: What was kept of the page, as paths below the download folder.
        look_again: Whether the order is worth one more look, later, before it fails: its page was not recognised.
        ends_run: Whether waiting cures nothing, so that the run must end.
        answered: Whether anything came from the portal, whatever it was.
    """

    blame: Blame
    code: str
    message: str
    not_found: bool = False
    retry_after: float | None = None
    portal_up: bool | None = None
    url: str = ""
    duration: float = 0.0
    evidence: tuple[str, ...] = ()
    look_again: bool = False
    ends_run: bool = False
    answered: bool = False


@attrs.frozen
class LoginMet:
    """The visit met the login page. Nothing is known about the order; no attempt is counted."""

    session_version: int
    reason: str


VisitOutcome = Visited | VisitFailed | LoginMet
