"""The secrets that a run has come to know, and texts without them: what a visit says goes through here, once.

Passwords are known from the moment they are asked for, cookies from the moment they are read or set. What pages echo
of them is blackened in every message, address, label and name before it leaves the worker for journal, manifest,
results, report, log or screen.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterable

from actors.evidence import Finder, without_secrets
from actors.evidence.addresses import in_text, shown
from contracts.ports import Cookie, Credentials

_MOST_COOKIES = 500
"""Values that are remembered, the latest: portals may set a new one with every page."""
_SHORTEST_COOKIE = 8
_LONGEST_MESSAGE = 4000
_NAME_OF_A_SECRET = re.compile(r"sess|sid|token|auth|csrf|xsrf|jwt|saml|sso|login|secret|key|ticket", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+/=%-]{16,}", re.ASCII)


class KnownSecrets:
    """What one session must not show. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finder = Finder()
        self._passwords: set[str] = set()
        self._cookies: dict[str, None] = {}
        with _LIVE_LOCK:
            _LIVE.add(self)

    def learn(self, credentials: Credentials | None) -> None:
        """Know a password."""
        if credentials is None or credentials.password in self._passwords:
            return
        with self._lock:
            if credentials.password not in self._passwords:
                self._passwords.add(credentials.password)
                self._finder.add(credentials.password)

    def learn_cookies(self, cookies: Iterable[Cookie]) -> None:
        """Know the values of cookies that let somebody in. Others hold a language, or an order's number."""
        for cookie in cookies:
            if cookie.value not in self._cookies and _lets_in(cookie):
                with self._lock:
                    self._add(cookie.value)

    def _add(self, value: str) -> None:
        if value in self._cookies:
            return
        self._cookies[value] = None
        self._finder.add(value)
        if len(self._cookies) > _MOST_COOKIES:
            oldest = next(iter(self._cookies))
            del self._cookies[oldest]
            self._finder.remove(oldest)

    @property
    def passwords(self) -> tuple[str, ...]:
        """Every password that is known."""
        with self._lock:
            return tuple(self._passwords)

    def hidden(self, text: str, *spared: str) -> str:
        """Return `text` with every known secret blackened.

        Args:
            text: What is to be shown or kept.
            spared: What everybody may see, such as an order's number.
        """
        return self._finder.blackened(text, spared)

    def may_show(self, address: str, *spared: str) -> bool:
        """Whether an address may be shown as it is: it is no key to anything."""
        return address == self.hidden(shown(address), *spared)

    def told(self, text: str, *spared: str) -> str:
        """Return a message with known secrets blackened, what looks like one, and whatever opens a door in an address.

        Args:
            text: The message. Pages can make it long; then it is cut.
            spared: As in `hidden`.
        """
        hidden = self.hidden(text, *spared)
        short = hidden if len(hidden) <= _LONGEST_MESSAGE else f"{hidden[:_LONGEST_MESSAGE]}\u2026"
        return without_secrets(in_text(short))


def _lets_in(cookie: Cookie) -> bool:
    value = cookie.value
    if len(value) < _SHORTEST_COOKIE or "://" in value or "%3A%2F%2F" in value.upper() or value.startswith("/"):
        return False
    return cookie.http_only or bool(_NAME_OF_A_SECRET.search(cookie.name)) or bool(_RANDOM.match(value))


_LIVE: weakref.WeakSet[KnownSecrets] = weakref.WeakSet()
_LIVE_LOCK = threading.Lock()


def hidden_by_all(text: str) -> str:
    """Return `text` without what any session of this process knows, for what is told of all of them: log and screen."""
    with _LIVE_LOCK:
        live = tuple(_LIVE)
    for known in live:
        text = known.hidden(text)
    return text
