"""Logging in with a form, and what each way it can go is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.worker.login import log_in, login_origins
from contracts.errors import (
    AuthenticationError,
    BrowserDiedError,
    LoginDivertedError,
    LoginRefusedError,
    LoginUnclearError,
    NetworkError,
)
from contracts.messages import LogIn, LoginEnded, LoginResult
from contracts.ports import Credentials, PageSnapshot
from tests.worker.fakes import BASE, COOKIE, HOST, Watch, World, page

LOGIN = f"{BASE}/login"
HOME = f"{BASE}/home"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal that wants a login."""
    one = World(tmp_path)
    one.login_reason[LOGIN] = "a password field"
    return one


def run(world: World) -> LoginEnded:
    """Log in."""
    request = LogIn(HOST, BASE, Credentials("user", "secret"), 30.0)
    tools = world.tools()
    return log_in(request, tools.browser, tools.portal, Watch(world.log))


def test_a_login_brings_the_sessions_cookies(world: World) -> None:
    world.login_pages.append(page(HOME))
    assert run(world) == LoginEnded(HOST, LoginResult.LOGGED_IN, cookies=(COOKIE,), sent=True)
    assert world.did("open", "submit", "cookies") == [f"open {LOGIN}", "submit", "cookies"]


def test_a_login_page_that_comes_back_means_rejected(world: World) -> None:
    world.login_pages.append(page(LOGIN))
    assert run(world).result is LoginResult.REJECTED
    assert world.did("cookies") == []


def test_who_is_logged_in_already_sends_no_password(world: World) -> None:
    world.login_reason.clear()
    assert run(world).result is LoginResult.LOGGED_IN
    assert world.did("submit") == []


@pytest.mark.parametrize(
    ("status", "result"),
    [(404, LoginResult.FAILED), *((status, LoginResult.UNANSWERED) for status in (408, 429, 500, 502, 503))],
)
def test_a_login_page_that_does_not_open_is_no_rejection(world: World, status: int, result: LoginResult) -> None:
    world.login_reason.clear()
    world.pages[LOGIN] = page(LOGIN, status=status)
    ended = run(world)
    assert (ended.result, ended.sent) == (result, False)
    assert str(status) in ended.text
    assert world.did("submit") == []


def test_an_error_at_the_login_pages_own_address_is_the_portals_trouble(world: World) -> None:
    world.pages[LOGIN] = page(LOGIN, status=502)
    assert run(world).result is LoginResult.UNANSWERED
    assert world.did("submit") == []


@pytest.mark.parametrize(
    ("error", "result"),
    [(NetworkError("no answer"), LoginResult.UNANSWERED), (AuthenticationError("no field"), LoginResult.FAILED)],
)
def test_a_login_page_that_cannot_be_used_got_no_password(
    world: World, error: NetworkError, result: LoginResult
) -> None:
    world.pages[LOGIN] = error
    assert run(world) == LoginEnded(HOST, result, str(error))


@pytest.mark.parametrize(
    ("answer", "result", "sent"),
    [
        (page(LOGIN, status=502), LoginResult.UNANSWERED, True),
        (page(HOME, status=503), LoginResult.UNANSWERED, True),
        (NetworkError("broke off"), LoginResult.UNANSWERED, True),
        (LoginUnclearError("stays"), LoginResult.REFUSED, True),
        (LoginRefusedError("elsewhere"), LoginResult.REFUSED, False),
        (AuthenticationError("no such field"), LoginResult.FAILED, False),
    ],
)
def test_what_a_sent_form_comes_to(
    world: World, answer: PageSnapshot | Exception, result: LoginResult, sent: bool
) -> None:
    """An error or a broken connection is not a wrong password, and it is told whether the password went out."""
    world.login_pages.append(answer)
    ended = run(world)
    assert (ended.result, ended.sent, ended.cookies) == (result, sent, ())


def test_a_redirect_elsewhere_may_be_a_login_all_the_same(world: World) -> None:
    world.login_pages.append(LoginDivertedError("to another host"))
    assert run(world).result is LoginResult.LOGGED_IN
    world.login_pages.append(LoginDivertedError("to another host"))
    world.login_reason[BASE] = "a form"
    ended = run(world)
    assert (ended.result, ended.text, ended.sent) == (LoginResult.REFUSED, "to another host", True)


@pytest.mark.parametrize(
    ("base_url", "hosts", "origins"),
    [
        ("https://portal.example", (), ["https://portal.example"]),
        ("https://PORTAL.example:443/app/", (), ["https://portal.example"]),
        ("https://portal.example:8443", (), ["https://portal.example:8443"]),
        ("http://portal.example/", (), ["http://portal.example", "https://portal.example"]),
        ("http://127.0.0.1:8080", (), ["http://127.0.0.1:8080"]),
        ("http://[::1]:8080", (), ["http://[::1]:8080"]),
        ("https://portal.example", ("login.example", "idp.example:8443"),
         ["https://portal.example", "https://login.example", "https://idp.example:8443"]),
        ("https://portal.example", ("portal.example",), ["https://portal.example"]),
    ],
)  # fmt: skip
def test_the_password_belongs_to_the_portal_and_to_providers_that_were_named_with_encryption(
    base_url: str, hosts: tuple[str, ...], origins: list[str]
) -> None:
    assert list(login_origins(base_url, hosts)) == origins


def test_a_browser_that_dies_over_it_is_no_answer(world: World) -> None:
    world.pages[LOGIN] = BrowserDiedError("gone")
    with pytest.raises(BrowserDiedError):
        run(world)
