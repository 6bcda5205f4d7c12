"""Who logs in where, and when never again. Pure.

A host's session has a version, one higher with each login. A worker that met the login page says which version it used;
if a newer one is there already, no login is needed. A rejected password is not sent twice, in no later batch either;
another one is, if the user has put it right between two batches. None is sent more than a few times without an order
that could be read in between: a portal in trouble is waited for, not pestered.
"""

from __future__ import annotations

from typing import assert_never

import attrs

from contracts.errors import Blame
from contracts.messages import (
    HostOpened,
    HostRefused,
    HostSession,
    HostTroubled,
    LoginAbandoned,
    LoginBrokerMessage,
    LoginEnded,
    LoginNeeded,
    LoginResult,
    LoginWanted,
    SessionProved,
    SessionRenewed,
)
from contracts.ports import Credentials, CredentialSource

FRUITLESS_LOGINS = 3
"""Logins in a row after which no order could be read; then the host is refused. One order without rights takes two."""
FAILED_LOGINS = 3
"""Logins in a row that came to no answer; then the host is refused."""
MOST_SENDINGS = 3
"""How often a password is sent, or may have been, without an order that could be read since."""

LoginBrokerEffect = HostOpened | HostRefused | HostTroubled | LoginWanted
"""What the dispatcher is to be told."""


@attrs.define(eq=False)
class LoginBook:
    """What must survive the login broker's own death.

    Args:
        refused: Which hosts are refused, and why.
        tried_saved: Where a saved login was tried.
        sendings: How often each host's password was sent since one of its orders was read.
        wanted: What each host was last to be logged in with.
    """

    refused: dict[str, HostRefused] = attrs.field(factory=dict)
    tried_saved: set[str] = attrs.field(factory=set)
    sendings: dict[str, int] = attrs.field(factory=dict)
    wanted: dict[str, Credentials] = attrs.field(factory=dict, repr=False)

    def forgive(self, source: CredentialSource) -> bool:
        """Forget each refusal of a host for which there is something else to log in with than what was tried.

        For the time between two batches: within one, a source with an endless supply of passwords would be asked for
        ever.

        Returns:
            Whether there was any.
        """
        forgiven = [
            host
            for host in self.refused
            if (found := source.credentials(host)) is not None and found != self.wanted.get(host)
        ]
        for host in forgiven:
            del self.refused[host]
            self.sendings.pop(host, None)
        return bool(forgiven)

    def note_sending(self, host: str) -> None:
        """Note that the password was sent, or may have been."""
        self.sendings[host] = self.sendings.get(host, 0) + 1

    def is_spent(self, host: str) -> bool:
        """Whether the password was sent as often as it may be."""
        return self.sendings.get(host, 0) >= MOST_SENDINGS


@attrs.define(eq=False)
class _Host:
    session: HostSession
    fruitless: int = 0
    failures: int = 0


class LoginBrokerCore:
    """Decides about logins.

    Args:
        source: What to log in with; must answer at once.
        book: What outlives this core.
    """

    def __init__(self, source: CredentialSource, book: LoginBook) -> None:
        self._source = source
        self._book = book
        self._hosts: dict[str, _Host] = {}

    def handle(self, event: LoginBrokerMessage) -> list[LoginBrokerEffect]:
        """Take one event; return what the dispatcher is to be told."""
        host = self._hosts.setdefault(event.host, _Host(HostSession(event.host)))
        match event:
            case LoginNeeded(name, version):
                return self._on_needed(name, host, version)
            case LoginEnded():
                return self._on_ended(host, event)
            case LoginAbandoned(name):
                self._book.note_sending(name)
                return self._on_fruitless(name, host, "The browser was lost each time.")
            case SessionProved(name):
                host.fruitless = 0
                self._book.sendings.pop(name, None)
                return []
            case SessionRenewed(session):
                if (session.version, session.verified) == (host.session.version, host.session.verified):
                    host.session = session
                return []
            case _:
                assert_never(event)

    def _on_needed(self, name: str, host: _Host, version: int) -> list[LoginBrokerEffect]:
        if name in self._book.refused:
            return [self._book.refused[name]]
        if version < host.session.version:
            return [HostOpened(host.session)]
        # A login broker that came back does not know the versions of the one before it.
        if version > host.session.version:
            host.session = HostSession(name, version, verified=False)
        if host.fruitless >= FRUITLESS_LOGINS:
            text = f"Logging in to {name} works, but it goes on asking for one. Check the user's rights there."
            return self._refuse(name, text)
        if name not in self._book.tried_saved:
            self._book.tried_saved.add(name)
            if cookies := self._source.saved_cookies(name):
                host.session = HostSession(name, version + 1, cookies, verified=False)
                return [HostOpened(host.session)]
        return self._want(name)

    def _want(self, name: str) -> list[LoginBrokerEffect]:
        if name in self._book.refused:
            return [self._book.refused[name]]
        if self._book.is_spent(name):
            times = self._book.sendings[name]
            text = (
                f"The password was sent to {name} {times} times, and no order could be read there since. It is not "
                "sent again in this run. Look at the portal, then run again."
            )
            return self._refuse(name, text)
        found = self._source.credentials(name)
        if found is None:
            text = (
                f"{name} asks for a login and there is none. Set PURSER_USERNAME and PURSER_PASSWORD, which belong to "
                "the host of the base URL and go to no other, or run `purser login` for it once, then run again."
            )
            return self._refuse(name, text)
        self._book.wanted[name] = found
        return [LoginWanted(name, found)]

    def _on_ended(self, host: _Host, event: LoginEnded) -> list[LoginBrokerEffect]:
        if event.sent:
            self._book.note_sending(event.host)
        match event.result:
            case LoginResult.LOGGED_IN:
                host.failures = 0
                host.fruitless += 1
                host.session = HostSession(event.host, host.session.version + 1, event.cookies)
                return [HostOpened(host.session)]
            case LoginResult.REJECTED:
                text = f"{event.host} rejected the login. Check PURSER_USERNAME and PURSER_PASSWORD. {event.text}"
                return self._refuse(event.host, text.strip())
            case LoginResult.REFUSED:
                return self._refuse(event.host, f"There was no login to {event.host}. {event.text}".strip())
            case LoginResult.UNANSWERED:
                return self._on_unanswered(event.host, event.text)
            case LoginResult.FAILED:
                return self._on_fruitless(event.host, host, event.text)
            case _:
                assert_never(event.result)

    def _on_unanswered(self, name: str, text: str) -> list[LoginBrokerEffect]:
        """Wait for the portal, unless it has had the password often enough."""
        if name in self._book.refused or not self._book.is_spent(name):
            return [self._book.refused.get(name) or HostTroubled(name, text)]
        times = self._book.sendings[name]
        told = (
            f"The portal {name} is in trouble over its login, which was sent {times} times. {text} This is not a wrong "
            "password. Run again when it is back."
        )
        return self._refuse(name, told, Blame.PORTAL)

    def _on_fruitless(self, name: str, host: _Host, text: str) -> list[LoginBrokerEffect]:
        """Try again, for a while: a login page that kills browsers must not have them all."""
        host.failures += 1
        if host.failures >= FAILED_LOGINS:
            return self._refuse(name, f"Logging in to {name} failed. {text}".strip())
        return self._want(name)

    def _refuse(self, name: str, text: str, blame: Blame = Blame.AUTH) -> list[LoginBrokerEffect]:
        return [self._book.refused.setdefault(name, HostRefused(name, text, blame))]
