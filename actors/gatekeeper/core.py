"""Who logs in where, and when never again. Pure.

A host's session has a version, one higher with each login. A worker that met the login page says which version it used;
if a newer one is there already, no login is needed. A rejected password is not sent twice in a run.
"""

from __future__ import annotations

from typing import assert_never

import attrs

from contracts.messages import (
    GatekeeperMessage,
    HostOpened,
    HostRefused,
    HostSession,
    LoginAbandoned,
    LoginEnded,
    LoginNeeded,
    LoginResult,
    LoginWanted,
    SessionProved,
    SessionRenewed,
)
from contracts.ports import CredentialSource

FRUITLESS_LOGINS = 3
"""Logins in a row after which no order could be read; then the host is refused. One order without rights takes two."""
FAILED_LOGINS = 3
"""Logins in a row that came to no answer; then the host is refused."""

GatekeeperEffect = HostOpened | HostRefused | LoginWanted
"""What the dispatcher is to be told."""


@attrs.define(eq=False)
class LoginBook:
    """What must survive the gatekeeper's own death: which hosts refused a login, and where a saved one was tried."""

    refused: dict[str, str] = attrs.field(factory=dict)
    tried_saved: set[str] = attrs.field(factory=set)


@attrs.define(eq=False)
class _Host:
    session: HostSession
    fruitless: int = 0
    failures: int = 0


class GatekeeperCore:
    """Decides about logins.

    Args:
        source: What to log in with; must answer at once.
        book: What outlives this core.
    """

    def __init__(self, source: CredentialSource, book: LoginBook) -> None:
        self._source = source
        self._book = book
        self._hosts: dict[str, _Host] = {}

    def handle(self, event: GatekeeperMessage) -> list[GatekeeperEffect]:
        """Take one event; return what the dispatcher is to be told."""
        host = self._hosts.setdefault(event.host, _Host(HostSession(event.host)))
        match event:
            case LoginNeeded(name, version):
                return self._on_needed(name, host, version)
            case LoginEnded():
                return self._on_ended(host, event)
            case LoginAbandoned(name):
                return self._on_fruitless(name, host, "The browser was lost each time.")
            case SessionProved():
                host.fruitless = 0
                return []
            case SessionRenewed(session):
                if (session.version, session.verified) == (host.session.version, host.session.verified):
                    host.session = session
                return []
            case _:
                assert_never(event)

    def _on_needed(self, name: str, host: _Host, version: int) -> list[GatekeeperEffect]:
        if name in self._book.refused:
            return [HostRefused(name, self._book.refused[name])]
        if version < host.session.version:
            return [HostOpened(host.session)]
        # A gatekeeper that came back does not know the versions of the one before it.
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

    def _want(self, name: str) -> list[GatekeeperEffect]:
        if name in self._book.refused:
            return [HostRefused(name, self._book.refused[name])]
        found = self._source.credentials(name)
        if found is None:
            text = (
                f"{name} asks for a login and there is none. Set PURSER_USERNAME and PURSER_PASSWORD, "
                "or run `purser login` for it once, then run again."
            )
            return self._refuse(name, text)
        return [LoginWanted(name, found)]

    def _on_ended(self, host: _Host, event: LoginEnded) -> list[GatekeeperEffect]:
        match event.result:
            case LoginResult.LOGGED_IN:
                host.failures = 0
                host.fruitless += 1
                host.session = HostSession(event.host, host.session.version + 1, event.cookies)
                return [HostOpened(host.session)]
            case LoginResult.REJECTED:
                text = f"{event.host} rejected the login. Check PURSER_USERNAME and PURSER_PASSWORD. {event.text}"
                return self._refuse(event.host, text.strip())
            case LoginResult.FAILED:
                return self._on_fruitless(event.host, host, event.text)
            case _:
                assert_never(event.result)

    def _on_fruitless(self, name: str, host: _Host, text: str) -> list[GatekeeperEffect]:
        """Try again, for a while: a login page that kills browsers must not have them all."""
        host.failures += 1
        if host.failures >= FAILED_LOGINS:
            return self._refuse(name, f"Logging in to {name} failed. {text}".strip())
        return self._want(name)

    def _refuse(self, name: str, text: str) -> list[GatekeeperEffect]:
        return [HostRefused(name, self._book.refused.setdefault(name, text))]
