"""Logging in to a portal with a form, over the ports."""

from __future__ import annotations

from actors.worker.pages import SECONDS_OF_PATIENCE
from contracts.errors import AuthenticationError, NetworkError, WorkerError
from contracts.messages import LogIn, LoginEnded, LoginResult
from contracts.ports import Browser, LeaseWatch, Portal


def log_in(order: LogIn, browser: Browser, portal: Portal, watch: LeaseWatch) -> LoginEnded:
    """Log in and return the session's cookies (contract 81).

    Args:
        order: Where, and with what.
        browser: The worker's browser.
        portal: Knows the login page.
        watch: The login's deadline.

    Raises:
        SessionCorruptionError: The browser is unusable.
    """
    try:
        page = browser.open(portal.login_address(order.base_url))
        if portal.wants_login(page):
            page = browser.submit_login(portal.login_form(page), order.credentials, watch)
            if page.http_status >= 500:
                return LoginEnded(order.host, LoginResult.FAILED, f"The login answered HTTP {page.http_status}.")
            if portal.wants_login(page) and page.may_change:
                # Identity providers pass the browser on through pages that ask for nothing.
                page = browser.read(min(SECONDS_OF_PATIENCE, watch.remaining() / 2))
            if portal.wants_login(page):
                text = "The login page came back after the form was sent."
                return LoginEnded(order.host, LoginResult.REJECTED, text)
        elif page.http_status >= 400:
            return LoginEnded(order.host, LoginResult.FAILED, f"The login page answered HTTP {page.http_status}.")
        return LoginEnded(order.host, LoginResult.LOGGED_IN, cookies=browser.cookies())
    except (AuthenticationError, NetworkError) as error:
        return _login_failed(order, error)


def _login_failed(order: LogIn, error: WorkerError) -> LoginEnded:
    return LoginEnded(order.host, LoginResult.FAILED, str(error))
