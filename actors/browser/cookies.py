"""Cookies as the browser tells them and as it takes them back: all kinds, unchanged."""

from __future__ import annotations

from typing import Any

from contracts.ports import Cookie

# What the browser says about a cookie but does not take.
_ONLY_TOLD = ("size", "session")


def from_browser(raw: dict[str, Any]) -> Cookie:
    """Return a cookie as the browser told it."""
    expires = float(raw.get("expires", -1))
    domain = str(raw["domain"])
    return Cookie(
        name=str(raw["name"]),
        value=str(raw["value"]),
        domain=domain,
        path=str(raw.get("path", "/")),
        secure=bool(raw.get("secure", False)),
        http_only=bool(raw.get("httpOnly", False)),
        host_only=not domain.startswith("."),
        expires=expires if expires >= 0 and not raw.get("session", False) else None,
        raw=dict(raw),
    )


def to_browser(cookie: Cookie) -> dict[str, Any]:
    """Return what the browser takes for a cookie, with everything another browser said about it."""
    given = {name: value for name, value in cookie.raw.items() if name not in _ONLY_TOLD}
    given |= {
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    given.pop("expires", None)
    if cookie.expires is not None:
        given["expires"] = cookie.expires
    return given
