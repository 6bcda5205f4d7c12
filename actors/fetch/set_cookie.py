"""What a Set-Cookie header makes of the cookies a browser holds (RFC 6265bis, 5.6 and 5.7, as Chromium does it). Pure.

Own code: of the kept libraries each reads the header more strictly than browsers do, or gives host-only cookies away.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import attrs
from publicsuffixlist import PublicSuffixList

from actors.addresses import WebAddress, web_address
from actors.fetch.cookie_dates import cookie_date
from actors.fetch.cookies import is_number, is_safe
from contracts.ports import Cookie

# What a deleted cookie says of its end; browsers take a 0 for it, but code that asks "is there one" would not.
LONG_AGO = 1.0

_LONGEST_PAIR = 4096
_LONGEST_ATTRIBUTE = 1024
_LONGEST_LIFE = 400 * 86_400.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MORE_THAN_A_HOST = re.compile(r"[/\\?#@:]")
_SECONDS = re.compile(r"[+-]?\d{1,400}", re.ASCII)
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


def cookie_set_by(header: bytes, address: WebAddress, now: float) -> Cookie | None:
    """Return the cookie that an answer from `address` sets, or None when a browser would not take it.

    Args:
        header: The value of one Set-Cookie header.
        address: Where the answer came from.
        now: Wall-clock seconds since 1970.

    Returns:
        The cookie, with a `raw` that a browser takes. One that deletes another has an `expires` in the past.
    """
    pair, *rest = header.decode("utf-8", "surrogateescape").split(";")
    name, value = _name_and_value(pair)
    if not (name or value) or _size(name + value) > _LONGEST_PAIR:
        return None
    said = _attributes(rest)
    secure = "secure" in said
    place = _domain(said.get("domain", ""), address)
    same_site = _SAME_SITE.get(said.get("samesite", "").lower())
    if place is None or (secure and not is_safe(address)) or (same_site == "None" and not secure):
        return None
    given = said.get("path", "")
    path = given if given.startswith("/") else _folder(address.path)
    if _CONTROL.search(name + value + path):
        return None
    cookie = Cookie(
        name=name,
        value=value,
        domain=place,
        path=path,
        secure=secure,
        http_only="httponly" in said,
        host_only=not place.startswith("."),
        expires=_end(said, now),
    )
    if not _keeps_the_promise_of_its_name(cookie):
        return None
    return attrs.evolve(cookie, raw=_raw(cookie, same_site, partitioned=secure and "partitioned" in said, at=address))


def _name_and_value(pair: str) -> tuple[str, str]:
    name, sign, value = pair.partition("=")
    return (name.strip(" \t"), value.strip(" \t")) if sign else ("", name.strip(" \t"))


def _attributes(texts: list[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        value = value.strip(" \t")
        if _size(value) <= _LONGEST_ATTRIBUTE:
            said[name.strip(" \t").lower()] = value  # of two of a name, the last counts
    return said


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _domain(text: str, address: WebAddress) -> str | None:
    """The cookie's domain, with a dot before it when hosts below get it too; None when it may not be set."""
    if not text:
        return address.host
    named = None if _MORE_THAN_A_HOST.search(text) else web_address(f"http://{text.removeprefix('.')}/")
    if named is None:
        return address.host if text == address.host else None
    domain = named.host
    shared = is_number(address.host) or _is_public_suffix(domain)
    if domain == address.host:
        return domain if shared else f".{domain}"
    return f".{domain}" if address.host.endswith(f".{domain}") and not shared else None


def _is_public_suffix(domain: str) -> bool:
    return "." not in domain or bool(_suffixes().is_public(domain))


@functools.cache
def _suffixes() -> PublicSuffixList:
    """The list, read when it is first needed: that takes a tenth of a second."""
    return PublicSuffixList()


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _end(said: dict[str, str], now: float) -> float | None:
    if _SECONDS.fullmatch(said.get("max-age", "")):
        seconds = float(said["max-age"])
        return now + min(seconds, _LONGEST_LIFE) if seconds > 0 else LONG_AGO
    date = cookie_date(said.get("expires", ""))
    if date is None:
        return None
    return min(date, now + _LONGEST_LIFE) if date > now else LONG_AGO


def _keeps_the_promise_of_its_name(cookie: Cookie) -> bool:
    name = (cookie.name or cookie.value).lower()
    if not name.startswith(("__secure-", "__host-")):
        return True
    if not cookie.name or not cookie.secure:
        return False
    return name.startswith("__secure-") or (cookie.host_only and cookie.path == "/")


def _raw(cookie: Cookie, same_site: str | None, *, partitioned: bool, at: WebAddress) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    if same_site is not None:
        raw["sameSite"] = same_site
    if cookie.expires is not None:
        raw["expires"] = cookie.expires
    if partitioned:
        raw["partitionKey"] = {"topLevelSite": _site(at), "hasCrossSiteAncestor": False}
    return raw


def _site(address: WebAddress) -> str:
    host = address.host
    if not is_number(host) and "." in host:
        host = _suffixes().privatesuffix(host) or host
    return f"{address.scheme}://{host}"
