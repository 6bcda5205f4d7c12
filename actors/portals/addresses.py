"""Addresses found on a page: made absolute as a browser does it, and judged by host and path. Never raises."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from actors.addresses import web_address

# What the URL standard takes away at both ends of an address, and anywhere in it.
_AROUND = "".join(map(chr, range(0x21)))
_ANYWHERE = re.compile(r"[\t\r\n]")

LONGEST_ADDRESS = 16 * 1024
_VENDORS = frozenset({"okta", "oktapreview", "microsoftonline"})
_LOGIN_WORDS = frozenset({"sso", "saml", "adfs"})


def absolute(base: str, address: str | None) -> str | None:
    """Return `address` as an absolute http or https address without fragment, or None when it cannot be one.

    An address that is empty or nothing but a fragment is the page itself, and counts as none. So does one that is too
    long for any server, since each of many may be read with one long base.
    """
    if address is None or len(address) > LONGEST_ADDRESS or len(base) > LONGEST_ADDRESS:
        return None
    cleaned = _ANYWHERE.sub("", address.strip(_AROUND))
    if not cleaned or cleaned.startswith("#"):
        return None
    found = web_address(cleaned, base)
    return found.href if found else None


def host_of(url: str) -> str:
    """Return the host of `url` in lower case, or an empty text."""
    found = web_address(url)
    return found.host if found else ""


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
    first, second = web_address(one), web_address(other)
    return first is not None and second is not None and first.origin == second.origin


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


_LOGIN_SEGMENTS = frozenset(
    {
        *(
            "login",
            "log-in",
            "log_in",
            "logon",
            "log-on",
            "log_on",
            "signin",
            "sign-in",
            "sign_in",
            "signon",
            "sign-on",
        ),
        *(
            "userlogin",
            "user-login",
            "user_login",
            "loginpage",
            "login-page",
            "login_page",
            "sso",
            "saml",
            "saml2",
            "adfs",
        ),
        *("authenticate", "j_security_check", "session-expired", "session_expired", "sessionexpired"),
        *("session-timeout", "sessiontimeout", "anmelden", "anmeldung", "entrar", "acceder", "connexion"),
        *("iniciar-sesion", "iniciar-sessao"),
    }
)
_LOGIN_PAIRS = frozenset(
    {
        ("sessions", "new"),
        ("session", "new"),
        ("session", "expired"),
        ("oauth", "authorize"),
        ("oauth2", "authorize"),
        ("connect", "authorize"),
    }
)


def leads_to_login(url: str) -> bool:
    """Whether a part of the path of `url`, up to its ending, is a word for logging in: `/account/Login.aspx?next=/`."""
    parts = [unquote(part).casefold().partition(".")[0] for part in path_of(url).split("/") if part]
    return bool(_LOGIN_SEGMENTS.intersection(parts)) or bool(_LOGIN_PAIRS.intersection(pairwise(parts)))
