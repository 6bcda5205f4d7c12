"""Logins: what a host's session is, and what the login broker is told. Values only."""

from __future__ import annotations

import enum

import attrs

from contracts.pages import Cookie


@attrs.frozen
class HostSession:
    """A login to one host.

    Args:
        host: Host and port.
        version: Counts the logins of this run, 0 for what the profile brought along.
        cookies: What a browser needs to be logged in.
        verified: Whether a login of this run brought them; saved ones may have expired.
        renewals: How often the portal has renewed cookies of this login since.
    """

    host: str
    version: int = 0
    cookies: tuple[Cookie, ...] = attrs.field(default=(), repr=False)
    verified: bool = True
    renewals: int = 0


@attrs.frozen
class LoginNeeded:
    """A worker met the login page of a host while it used this version of the session."""

    host: str
    version: int


class LoginResult(enum.Enum):
    """How a login went.

    `REJECTED`: the portal did not take the password. `REFUSED`: the password was kept from the page, or is not to be
    sent to it again. `UNANSWERED`: the portal is in trouble. `FAILED`: anything else that may go well the next time.
    """

    LOGGED_IN = "logged in"
    REJECTED = "rejected"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    FAILED = "failed"


@attrs.frozen
class LoginEnded:
    """A worker's login came to an end.

    Args:
        host: Host and port.
        result: How it went.
        text: Why, for people.
        cookies: What a browser needs to be logged in.
        sent: Whether the password was sent, or may have been.
    """

    host: str
    result: LoginResult
    text: str = ""
    cookies: tuple[Cookie, ...] = attrs.field(default=(), repr=False)
    sent: bool = False


@attrs.frozen
class LoginAbandoned:
    """The worker that was to log in is gone."""

    host: str


@attrs.frozen
class SessionProved:
    """An order was read with this version of a host's session, so the login works."""

    host: str
    version: int


@attrs.frozen
class SessionRenewed:
    """The portal has renewed cookies of a login; the session holds them."""

    session: HostSession

    @property
    def host(self) -> str:
        """Host and port."""
        return self.session.host


LoginBrokerMessage = LoginNeeded | LoginEnded | LoginAbandoned | SessionProved | SessionRenewed
