"""Addresses as they may be shown: without what lets whoever reads them in.

An order's own address is shown with its path, since people open it. Of a file's address only the host is told, and a
hash by which it can be recognised: such addresses are often a key to the file by themselves.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from actors.evidence.redaction import is_spoken, without_secrets

_SECRET_NAME = re.compile(
    r"token|secret|sig|auth|session|passw|csrf|credential|api_?key|^key$|^code$|^sid$", re.IGNORECASE
)
_LONGEST_PLAIN_VALUE = 40
_PATH_PARAMETERS = re.compile(r";[^/]*+")
_ADDRESS = re.compile(r"(https?://)([^\s/?#\"'<>|]++)([^\s\"'<>|]*+)", re.IGNORECASE)
_BEGINNING = re.compile(r"(https?://)([^\s/?#]++)", re.IGNORECASE)
_AFTER_IT = ".,;:!?)]}"
REDACTED = "redacted"


def shown(address: str) -> str:
    """Return an address without user, password, fragment and path parameters, and without what may be a secret in it.

    Of its query a value counts as one when its name says so, when it is longer than anybody types, or when it is not
    made of words and numbers.
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
    path = without_secrets(_PATH_PARAMETERS.sub("", parts.path))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, query, ""))


def _harmless(name: str, value: str) -> str:
    is_secret = _SECRET_NAME.search(name) or len(value) > _LONGEST_PLAIN_VALUE or not is_spoken(value)
    return REDACTED if is_secret else value


def in_text(text: str) -> str:
    """Return a text with each address in it as it may be shown."""
    return _ADDRESS.sub(lambda found: _replaced(found[0], shown), text)


def without_paths(text: str) -> str:
    """Return a text in which each address tells no more than its host."""
    return _ADDRESS.sub(lambda found: _replaced(found[0], _host_alone), text)


def _replaced(run: str, change: Callable[[str], str]) -> str:
    """Change an address, and leave the marks of the sentence behind it."""
    address = run.rstrip(_AFTER_IT)
    return change(address) + run[len(address) :]


def _host_alone(address: str) -> str:
    found = _ADDRESS.match(address)
    if found is None:
        return ""
    rest = "/\u2026" if found[3].strip("/") else found[3]
    return f"{found[1]}{found[2].rpartition('@')[2]}{rest}"


def located(address: str) -> str:
    """Return where a file lies without telling its address: host and hash. Anything else comes back as it is.

    Whoever knows the address can find it again: the hash is that of the whole address, in UTF-8.
    """
    found = _BEGINNING.match(address)
    if found is None:
        return address
    return f"{found[1].lower()}{found[2].rpartition('@')[2]} sha256:{fingerprint(address)}"


def fingerprint(address: str) -> str:
    """Return what stands for an address where it must be recognised, but not told."""
    return hashlib.sha256(address.encode("utf-8", "surrogatepass")).hexdigest()
