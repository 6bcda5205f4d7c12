"""The cookies that the portal's answers have set, on top of those the browser brought, until somebody fetches them."""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Callable, Iterable

import attrs

from actors.addresses import WebAddress
from actors.fetch.cookies import domain_matches, is_safe, path_matches
from actors.fetch.set_cookie import LONG_AGO, cookie_set_by
from contracts.ports import Cookie

# As many as Chromium keeps of one domain.
_MOST = 180

_Key = tuple[str, str, str, bool, str]


class RenewedCookies:
    """What answers have set since the last `take`. Any thread may use it.

    Args:
        wall_clock: Seconds since 1970.
    """

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._cookies: dict[_Key, Cookie] = {}

    def note(self, headers: Iterable[bytes], address: WebAddress, brought: tuple[Cookie, ...]) -> None:
        """Note what an answer sets.

        Args:
            headers: Its Set-Cookie headers.
            address: Where it came from.
            brought: What the browser holds.
        """
        theirs = {_key(cookie): cookie for cookie in brought}
        for header in headers:
            cookie = cookie_set_by(header, address, self._wall_clock())
            if cookie is None:
                continue
            with self._lock:
                held = ChainMap(self._cookies, theirs)
                if not is_safe(address) and any(_is_shielded(cookie, by=other) for other in held.values()):
                    continue
                key = _key(cookie)
                new = _in_place_of(held.get(key), cookie)
                self._cookies.pop(key, None)  # so that the oldest is the first to go
                self._cookies[key] = new
                if len(self._cookies) > _MOST:
                    del self._cookies[next(iter(self._cookies))]

    def on_top_of(self, brought: tuple[Cookie, ...]) -> tuple[Cookie, ...]:
        """Return the cookies as a browser would hold them that held `brought` before."""
        with self._lock:
            return tuple(self._merged(brought).values())

    def take(self) -> tuple[Cookie, ...]:
        """Return what was set since the last call, and begin anew."""
        with self._lock:
            taken, self._cookies = self._cookies, {}
        now = self._wall_clock()
        return tuple(_ended(cookie, now) for cookie in taken.values() if _can_be_told(cookie))

    def _merged(self, brought: tuple[Cookie, ...]) -> dict[_Key, Cookie]:
        return {_key(cookie): cookie for cookie in brought} | self._cookies


def _key(cookie: Cookie) -> _Key:
    """What makes two cookies one for a browser."""
    partition = cookie.raw.get("partitionKey")
    site = partition.get("topLevelSite", "") if isinstance(partition, dict) else partition
    return cookie.name, cookie.domain.removeprefix(".").lower(), cookie.path, cookie.host_only, str(site or "")


def _is_shielded(cookie: Cookie, *, by: Cookie) -> bool:
    """Whether `by` is a secure cookie that `cookie`, set without encryption, would take the place of."""
    return (
        by.secure
        and by.name == cookie.name
        and path_matches(by.path, cookie.path)
        and (
            domain_matches(by.domain, host_only=False, host=cookie.domain)
            or domain_matches(cookie.domain, host_only=False, host=by.domain)
        )
    )


def _in_place_of(old: Cookie | None, new: Cookie) -> Cookie:
    """The new cookie, with what only the browser knows of the old one: a browser must see that they are the same."""
    if old is None:
        return new
    kept = {name: old.raw[name] for name in ("partitionKey", "sourcePort", "sourceScheme") if name in old.raw}
    return attrs.evolve(new, raw={**new.raw, **kept})


def _ended(cookie: Cookie, now: float) -> Cookie:
    """The cookie; one that has expired meanwhile as one that was deleted."""
    if cookie.expires is None or cookie.expires > now:
        return cookie
    return attrs.evolve(cookie, expires=LONG_AGO, raw={**cookie.raw, "expires": LONG_AGO})


def _can_be_told(cookie: Cookie) -> bool:
    """Whether it is text: a portal may send any bytes, and only the portal can be sent them back."""
    try:
        (cookie.name + cookie.value + cookie.path).encode()
    except UnicodeEncodeError:
        return False
    return True
