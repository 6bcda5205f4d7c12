"""What a portal's answer to a file request means: a file, a login, a redirect to follow, or an error. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from contracts.errors import AttachmentError, AuthenticationError, NetworkError, PortalError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_IDENTITY_HOST = re.compile(r"(?:^|[.-])(?:sso\d*|saml\w*|adfs\d*|okta\w*|microsoftonline)(?:[.-]|$)")
_PASSWORD_FIELD = re.compile(rb"<input\b[^>]{0,1000}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)


def checked_address(text: str) -> httpx.URL:
    """Read a file's address.

    Raises:
        AttachmentError: It is no http or https address with a host, or carries a password.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AttachmentError(f"The attachment's address cannot be read: {error}. Open the order by hand.") from None
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise AttachmentError(f"Only http and https addresses are fetched, not {url.scheme or 'a bare'!r} ones.")
    if url.userinfo:
        raise AttachmentError("The attachment's address carries a user name or password; it is not fetched.")
    return url


def shown(url: httpx.URL) -> str:
    """The address for messages: without the query, which may hold a signature or token."""
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{url.path}"


def same_portal(first: httpx.URL, second: httpx.URL) -> bool:
    """Whether both addresses are of one server: host and port agree, or both ports are their scheme's usual one."""
    usual = first.port is None and second.port is None
    ports_agree = usual or (first.port or _DEFAULT_PORTS[first.scheme]) == (
        second.port or _DEFAULT_PORTS[second.scheme]
    )
    return first.host == second.host and ports_agree


def redirect_target(current: httpx.URL, location: str, login_paths: tuple[str, ...]) -> httpx.URL:
    """Say where a redirect leads, if it may be followed.

    Args:
        current: The address that answered with the redirect.
        location: Its Location header.
        login_paths: Paths of the portal's login page.

    Raises:
        AuthenticationError: It leads to a login page or to an identity provider.
        AttachmentError: It leads to another host, from https to http, or nowhere.
    """
    try:
        target = checked_address(str(current.join(location)))
    except (httpx.InvalidURL, UnicodeError):
        raise AttachmentError(f"{shown(current)} redirects to an address that cannot be read.") from None
    elsewhere = not same_portal(current, target)
    if _is_login_path(target.path, login_paths) or (elsewhere and _is_identity_provider(target)):
        raise AuthenticationError(f"The portal wants a login: {shown(current)} redirects to {shown(target)}.")
    if elsewhere:
        raise AttachmentError(
            f"{shown(current)} redirects to another host, {target.host}; it is not followed. Open the order by hand."
        )
    if current.scheme == "https" and target.scheme == "http":
        raise AttachmentError(f"{shown(current)} redirects to an address without encryption; it is not followed.")
    return target


def _is_login_path(path: str, login_paths: tuple[str, ...]) -> bool:
    # The portal may live below a folder, so the login path may also be the end of the address.
    return any(
        path == login or path.startswith(f"{login}/") or path.rstrip("/").endswith(login) for login in login_paths
    )


def _is_identity_provider(url: httpx.URL) -> bool:
    return bool(_IDENTITY_HOST.search(url.host)) or "SAMLRequest" in url.params


def refuse_failure(url: httpx.URL, status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Return when the status promises a whole file.

    Raises:
        AuthenticationError: 401.
        PortalError: 408, 429 or 5xx, with what Retry-After asks for.
        NetworkError: 407, a proxy's own login.
        AttachmentError: Any other status that brings no file.
    """
    if status == 401:
        raise AuthenticationError(f"The portal wants a login for {shown(url)} (HTTP 401).")
    if status == 407:
        raise NetworkError("The network's proxy wants a login (HTTP 407). Set HTTPS_PROXY with its user name.")
    if status in (408, 429) or status >= 500:
        raise PortalError(
            f"The portal answered HTTP {status} for {shown(url)}. Try again later.",
            http_status=status,
            retry_after=retry_after_seconds(headers.get("retry-after", ""), now),
        )
    if status in (204, 205):
        raise AttachmentError(f"The portal answered HTTP {status}, without a file, for {shown(url)}.")
    if status == 206:
        raise AttachmentError(f"The portal sent only a part of {shown(url)} (HTTP 206).")
    if not 200 <= status < 300:
        raise AttachmentError(f"The portal does not give out {shown(url)} (HTTP {status}). Check your access.")


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
