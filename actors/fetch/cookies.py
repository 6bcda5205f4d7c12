"""Which of a browser's cookies belong to a request, decided by domain, path, encryption and age. Pure.

Written out here because the standard library's jar sends host-only cookies to subdomains and none to `localhost`, and
a plain mapping would send a portal's login to any host.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from actors.addresses import WebAddress
from contracts.ports import Cookie


def cookie_header(cookies: Iterable[Cookie], address: WebAddress, now: float) -> bytes:
    """Build the Cookie header for a request to `address`.

    Args:
        cookies: Every cookie of the browser.
        address: Where the request goes.
        now: Wall-clock seconds since 1970, for cookies that have expired.

    Returns:
        The header's value, the cookie with the longest path first; empty when none belongs to the request.
    """
    fitting = [cookie for cookie in cookies if belongs_to(cookie, address, now)]
    fitting.sort(key=lambda cookie: -len(cookie.path))
    return b"; ".join(_pair(cookie) for cookie in fitting)


def belongs_to(cookie: Cookie, address: WebAddress, now: float) -> bool:
    """Whether a browser would send `cookie` with a request to `address` at the time `now`."""
    return (
        domain_matches(cookie.domain, host_only=cookie.host_only, host=address.host)
        and path_matches(cookie.path, address.path)
        and (is_safe(address) or not cookie.secure)
        and (cookie.expires is None or cookie.expires > now)
        and _can_be_written(cookie)
    )


def is_safe(address: WebAddress) -> bool:
    """Whether browsers keep and send secure cookies there: over https, and within this machine."""
    return (
        address.scheme == "https"
        or address.host in ("localhost", "[::1]")
        or address.host.endswith(".localhost")
        or (address.host.startswith("127.") and is_number(address.host))
    )


def domain_matches(domain: str, *, host_only: bool, host: str) -> bool:
    """Whether a cookie of `domain` belongs to `host`.

    A host-only cookie belongs to exactly its host; another one also to the hosts below its domain, unless the host is
    an IP address or the domain a single word such as `com`, which no browser accepts.
    """
    domain, host = _plain(domain), _plain(host)
    if not domain or not host:
        return False
    if domain == host:
        return True
    return not host_only and "." in domain and host.endswith(f".{domain}") and not is_number(host)


def path_matches(cookie_path: str, request_path: str) -> bool:
    """Whether a cookie of `cookie_path` belongs to `request_path`: the same, or a folder above it."""
    folder = cookie_path if cookie_path.startswith("/") else "/"
    path = request_path or "/"
    return path == folder or (path.startswith(folder) and (folder.endswith("/") or path[len(folder)] == "/"))


def _plain(host: str) -> str:
    bare = host.strip().removeprefix(".").removesuffix(".").strip("[]").lower()
    if bare.isascii():
        return bare
    try:
        return bare.encode("idna").decode()
    except UnicodeError:
        return ""


def is_number(host: str) -> bool:
    """Whether `host` is an IP address, which has no hosts below it."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _can_be_written(cookie: Cookie) -> bool:
    # A line break would end the header, and the error about it would quote the cookie's value.
    text = cookie.name + cookie.value
    return bool(text) and not any(character < " " or character in "\x7f;" for character in text)


def _pair(cookie: Cookie) -> bytes:
    return (f"{cookie.name}={cookie.value}" if cookie.name else cookie.value).encode("utf-8", "surrogateescape")
