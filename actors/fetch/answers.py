"""What a portal's answer to a file request means: a file, a login, or an error. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from actors.addresses import WebAddress
from actors.fetch.reach import shown
from contracts.errors import AttachmentError, AuthenticationError, NetworkError, PortalError

_PASSWORD_FIELD = re.compile(rb"<input\b[^>]{0,1000}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


def refuse_failure(address: WebAddress, status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Return when the status promises a whole file.

    Raises:
        AuthenticationError: 401.
        PortalError: 408, 429 or 5xx, with what Retry-After asks for.
        NetworkError: 407, a proxy's own login.
        AttachmentError: Any other status that brings no file.
    """
    if status == 401:
        raise AuthenticationError(f"The portal wants a login for {shown(address)} (HTTP 401).")
    if status == 407:
        raise NetworkError("The network's proxy wants a login (HTTP 407). Set HTTPS_PROXY with its user name.")
    if status in (408, 429) or status >= 500:
        raise PortalError(
            f"The portal answered HTTP {status} for {shown(address)}. Try again later.",
            http_status=status,
            retry_after=retry_after_seconds(headers.get("retry-after", ""), now),
        )
    if status in (204, 205):
        raise AttachmentError(f"The portal answered HTTP {status}, without a file, for {shown(address)}.")
    if status == 206:
        raise AttachmentError(f"The portal sent only a part of {shown(address)} (HTTP 206).")
    if not 200 <= status < 300:
        raise AttachmentError(f"The portal does not give out {shown(address)} (HTTP {status}). Check your access.")


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now`; None when there is none to read."""
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000" says that the zone is unknown; dates in headers are always UTC
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def looks_like_login(beginning: bytes, disposition: str) -> bool:
    """Whether a file's first bytes are an HTML page with a password field, sent as a page and not as an attachment."""
    if disposition.lstrip().lower().startswith("attachment"):
        return False
    return bool(_HTML.match(beginning)) and bool(_PASSWORD_FIELD.search(beginning))


def media_type(header: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()
