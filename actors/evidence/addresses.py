"""Addresses as they may be shown: without what lets whoever reads them in."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SECRET_NAME = re.compile(
    r"token|secret|sig|auth|session|passw|csrf|credential|api_?key|^key$|^code$|^sid$", re.IGNORECASE
)
_LONGEST_PLAIN_VALUE = 40
REDACTED = "redacted"


def shown(address: str) -> str:
    """Return an address without user, password and fragment, and without the values of its query that may be secrets.

    A value counts as one when its name says so, or when it is longer than anybody types.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if not parts.scheme or not parts.netloc:
        return address
    query = urlencode(
        [(name, _harmless(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _harmless(name: str, value: str) -> str:
    return REDACTED if _SECRET_NAME.search(name) or len(value) > _LONGEST_PLAIN_VALUE else value


def fingerprint(address: str) -> str:
    """Return what stands for an address where it must be recognised, but not told."""
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
