"""Logging in with a form, and what each way it can go is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.worker.login import log_in
from contracts.errors import AuthenticationError, BrowserDiedError, NetworkError
from contracts.messages import LogIn, LoginEnded, LoginResult
from contracts.ports import Credentials
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
    order = LogIn(HOST, BASE, Credentials("user", "secret"), 30.0)
    tools = world.tools()
    return log_in(order, tools.browser, tools.portal, Watch(world.log))


def test_a_login_brings_the_sessions_cookies(world: World) -> None:
    world.login_pages.append(page(HOME))
    assert run(world) == LoginEnded(HOST, LoginResult.LOGGED_IN, cookies=(COOKIE,))
    assert world.did("open", "submit", "cookies") == [f"open {LOGIN}", "submit", "cookies"]


def test_a_login_page_that_comes_back_means_rejected(world: World) -> None:
    world.login_pages.append(page(LOGIN))
    assert run(world).result is LoginResult.REJECTED
    assert world.did("cookies") == []


def test_who_is_logged_in_already_sends_no_password(world: World) -> None:
    world.login_reason.clear()
    assert run(world).result is LoginResult.LOGGED_IN
    assert world.did("submit") == []


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_login_page_that_does_not_open_is_no_rejection(world: World, status: int) -> None:
    world.login_reason.clear()
    world.pages[LOGIN] = page(LOGIN, status=status)
    ended = run(world)
    assert ended.result is LoginResult.FAILED
    assert str(status) in ended.text


@pytest.mark.parametrize("error", [NetworkError("refused"), AuthenticationError("no such field")])
def test_a_login_that_comes_to_no_answer_is_failed(world: World, error: NetworkError) -> None:
    world.pages[LOGIN] = error
    assert run(world) == LoginEnded(HOST, LoginResult.FAILED, str(error))


def test_a_browser_that_dies_over_it_is_no_answer(world: World) -> None:
    world.pages[LOGIN] = BrowserDiedError("gone")
    with pytest.raises(BrowserDiedError):
        run(world)
