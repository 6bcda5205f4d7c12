"""Logging in to a portal with a form, over the ports: who may get the password, and what each way it can go is called.

User name and password belong to the portal's own origin, and to the identity providers that the user listed. What the
portal itself does with them, and what scripts of its own pages do, nobody here can see.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.addresses import web_address
from actors.worker.pages import SECONDS_OF_PATIENCE
from contracts.errors import (
    AuthenticationError,
    LoginDivertedError,
    LoginRefusedError,
    LoginUnclearError,
    NetworkError,
)
from contracts.messages import LogIn, LoginEnded, LoginResult
from contracts.ports import Browser, LeaseWatch, PageSnapshot, Portal

_TOO_BUSY = frozenset({408, 425, 429})


def login_origins(base_url: str, login_hosts: Iterable[str]) -> tuple[str, ...]:
    """Return who may get the password of a portal, as origins.

    Args:
        base_url: Root of the portal. One that is given without encryption may have it as well, on its usual port.
        login_hosts: Identity providers, as `host` or `host:port`. They are trusted with encryption only.
    """
    own = web_address(base_url)
    if own is None:
        return ()
    better = [f"https://{own.host}"] if own.scheme == "http" and own.is_usual_port else []
    providers = [found.origin for host in login_hosts if (found := web_address(f"https://{host}/")) is not None]
    return tuple(dict.fromkeys((own.origin, *better, *providers)))


def log_in(
    request: LogIn, browser: Browser, portal: Portal, watch: LeaseWatch, login_hosts: tuple[str, ...] = ()
) -> LoginEnded:
    """Log in and return the session's cookies (contract 81).

    Args:
        request: Where, and with what.
        browser: The worker's browser.
        portal: Knows the login page.
        watch: The login's deadline.
        login_hosts: Identity providers that may get the password, too.

    Raises:
        SessionCorruptionError: The browser is unusable.
    """
    try:
        page = browser.open(portal.login_address(request.base_url))
        if _is_in_trouble(page):
            text = f"The login page answered HTTP {page.http_status}."
            return LoginEnded(request.host, LoginResult.UNANSWERED, text)
        if not portal.wants_login(page):
            if page.http_status >= 400:
                text = f"The login page answered HTTP {page.http_status}."
                return LoginEnded(request.host, LoginResult.FAILED, text)
            return LoginEnded(request.host, LoginResult.LOGGED_IN, cookies=browser.cookies())
    except NetworkError as error:
        return LoginEnded(request.host, LoginResult.UNANSWERED, str(error))
    except AuthenticationError as error:
        return LoginEnded(request.host, LoginResult.FAILED, str(error))
    return _send(request, browser, portal, watch, page, login_origins(request.base_url, login_hosts))


def _send(
    request: LogIn,
    browser: Browser,
    portal: Portal,
    watch: LeaseWatch,
    page: PageSnapshot,
    origins: tuple[str, ...],
) -> LoginEnded:
    """Send the password; whatever comes from here on, it may have arrived."""
    diverted = ""
    try:
        try:
            page = browser.submit_login(portal.login_form(page), request.credentials, origins, watch)
        except LoginDivertedError as error:
            # The portal has answered, and may have let us in all the same.
            diverted = str(error)
            page = browser.open(request.base_url)
        if _is_in_trouble(page):
            text = f"The login answered HTTP {page.http_status}."
            return LoginEnded(request.host, LoginResult.UNANSWERED, text, sent=True)
        if portal.wants_login(page) and page.may_change:
            # Identity providers pass the browser on through pages that ask for nothing.
            page = browser.read(min(SECONDS_OF_PATIENCE, watch.remaining() / 2))
        if portal.wants_login(page):
            if diverted:
                return LoginEnded(request.host, LoginResult.REFUSED, diverted, sent=True)
            text = "The login page came back after the form was sent."
            return LoginEnded(request.host, LoginResult.REJECTED, text, sent=True)
        return LoginEnded(request.host, LoginResult.LOGGED_IN, cookies=browser.cookies(), sent=True)
    except LoginRefusedError as error:
        return LoginEnded(request.host, LoginResult.REFUSED, str(error))
    except LoginUnclearError as error:
        return LoginEnded(request.host, LoginResult.REFUSED, str(error), sent=True)
    except AuthenticationError as error:
        return LoginEnded(request.host, LoginResult.FAILED, str(error))
    except NetworkError as error:
        return LoginEnded(request.host, LoginResult.UNANSWERED, str(error), sent=True)


def _is_in_trouble(page: PageSnapshot) -> bool:
    return page.http_status >= 500 or page.http_status in _TOO_BUSY
