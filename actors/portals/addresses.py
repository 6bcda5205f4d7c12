"""Addresses found on a page: made absolute as a browser does it, and judged by host and path. Never raises."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

_IGNORED_BY_BROWSERS = re.compile(r"[\t\r\n]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT_IN_PATH = "/%:@!$&'()*+,;=~-._[]|"
_KEPT_IN_QUERY = _KEPT_IN_PATH + "?"

_VENDORS = frozenset({"okta", "oktapreview", "microsoftonline"})
_LOGIN_WORDS = frozenset({"sso", "saml", "adfs"})


def absolute(base: str, address: str | None) -> str | None:
    """Return `address` as an absolute http or https address without fragment, or None when it cannot be one."""
    if address is None:
        return None
    cleaned = _IGNORED_BY_BROWSERS.sub("", address).strip()
    if not cleaned or cleaned.startswith("#"):
        return None
    try:
        parts = urlsplit(urljoin(base, cleaned))
        good = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not good:
        return None
    path = quote(parts.path, safe=_KEPT_IN_PATH, errors="replace")
    query = quote(parts.query, safe=_KEPT_IN_QUERY, errors="replace")
    return urlunsplit((parts.scheme, parts.netloc, path or "/", query, ""))


def host_of(url: str) -> str:
    """Return the host of `url` in lower case, or an empty text."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def path_of(url: str) -> str:
    """Return the path of `url`, still percent-encoded, or an empty text."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def last_part(url: str) -> str:
    """Return the last part of the path of `url`, decoded: what a file would be called by its address."""
    return unquote(path_of(url).rstrip("/").rpartition("/")[2]).strip()


def same_origin(one: str, other: str) -> bool:
    """Whether both addresses have scheme, host and port in common."""
    origin = _origin(one)
    return origin is not None and origin == _origin(other)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def below(base_url: str, path: str) -> str:
    """Return `path` below `base_url`, or an empty text when there is no base."""
    base = base_url.strip().rstrip("/")
    return f"{base}/{path.lstrip('/')}" if base else ""


def is_under(url: str, prefixes: tuple[str, ...]) -> bool:
    """Whether the path of `url` is one of `prefixes` or goes on below it; `/login-help` is not under `/login`."""
    path = path_of(url).casefold()
    return any(
        re.match(rf"{re.escape(prefix.casefold().rstrip('/'))}(?![\w-])", path) is not None
        for prefix in prefixes
        if prefix.strip("/ ")
    )


def is_identity_provider(url: str, requested_url: str) -> bool:
    """Whether `url` is on the host of an identity provider.

    A vendor's host serves nothing but logins. A host that merely has `sso`, `saml` or `adfs` in its name counts when
    the browser was sent there from another one, since a company may run its portal under such a name.
    """
    host = host_of(url)
    words = set(re.split(r"[.-]", host))
    if words & _VENDORS:
        return True
    return bool(words & _LOGIN_WORDS) and host != host_of(requested_url)
