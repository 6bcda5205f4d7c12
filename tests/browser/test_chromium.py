"""A page that was opened is proven new, and errors say what they mean."""

from __future__ import annotations

import socket

import attrs
import pytest

from actors.browser.chromium import ChromiumBrowser
from actors.processes.ledger import ProcessLedger
from contracts.errors import AuthenticationError, NetworkError
from contracts.ports import Browser, Cookie, Credentials, LoginForm
from tests.browser.conftest import Site, Watch

pytestmark = pytest.mark.chromium

FORM = LoginForm("input[type=text]", "input[type=password]", "button[type=submit]")


def test_a_page_is_read_with_address_status_and_text(browser: ChromiumBrowser, site: Site) -> None:
    typed: Browser = browser
    page = typed.open(site.url("/orders/1"))
    assert (page.url, page.http_status, page.is_new) == (site.url("/orders/1"), 200, True)
    assert "<title>/orders/1</title>" in page.html
    assert browser.read().time_origin == page.time_origin
    assert "Chrome" in browser.user_agent


def test_the_same_address_opened_again_is_a_new_document(browser: ChromiumBrowser, site: Site) -> None:
    first = browser.open(site.url("/orders/1"))
    second = browser.open(site.url("/orders/1"))
    assert second.is_new
    assert second.time_origin != first.time_origin


def test_an_address_that_differs_in_its_fragment_alone_is_loaded_afresh(browser: ChromiumBrowser, site: Site) -> None:
    browser.open(site.url("/orders/1"))
    assert browser.open(site.url("/orders/1#x")).is_new


@pytest.mark.parametrize("path", ["/nothing", "/file/a.pdf"])
def test_an_answer_that_is_no_page_never_shows_the_page_before_as_new(
    browser: ChromiumBrowser, site: Site, path: str
) -> None:
    browser.open(site.url("/orders/1"))
    for _ in range(2):
        page = browser.open(site.url(path))
        assert not page.is_new
        assert "/orders/1" not in page.html
    assert browser.open(site.url("/orders/2")).is_new


@pytest.mark.parametrize(("path", "status"), [("/status/404", 404), ("/status/500", 500), ("/status/503", 503)])
def test_an_error_status_is_told_even_without_a_text(
    browser: ChromiumBrowser, site: Site, path: str, status: int
) -> None:
    page = browser.open(site.url(path))
    assert (page.http_status, page.url, page.is_new) == (status, site.url(path), True)


def test_a_refused_connection_is_a_network_error(browser: ChromiumBrowser) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NetworkError):
            browser.open(f"http://127.0.0.1:{unused.getsockname()[1]}/")


def test_cookies_travel_to_another_browser_unchanged(browser: ChromiumBrowser, site: Site) -> None:
    browser.open(site.url("/cookies"))
    (cookie,) = (cookie for cookie in browser.cookies() if cookie.name == "sid")
    assert (cookie.domain, cookie.host_only, cookie.http_only, cookie.expires) == ("127.0.0.1", True, True, None)
    assert cookie.value not in repr(cookie)
    browser.adopt_cookies((attrs.evolve(cookie, value="new"), Cookie("plain", "1", "127.0.0.1")))
    page = browser.open(site.url("/cookies"))
    assert "sid=new" in page.html
    assert "plain=1" in page.html
    (kept,) = (cookie for cookie in browser.cookies() if cookie.name == "plain")
    assert kept.host_only


def test_a_login_is_typed_into_the_visible_fields_and_the_next_page_read(
    browser: ChromiumBrowser, site: Site, watch: Watch
) -> None:
    browser.open(site.url("/login"))
    page = browser.submit_login(FORM, Credentials("ann", "pass&word"), (site.url(""),), watch)
    assert page.url == site.url("/welcome")
    assert site.posted[-1] == "hidden=&user=ann&password=pass%26word"


def test_a_login_page_without_fields_is_said_plainly(browser: ChromiumBrowser, site: Site, watch: Watch) -> None:
    browser.open(site.url("/orders/1"))
    with pytest.raises(AuthenticationError, match="purser login"):
        browser.submit_login(FORM, Credentials("ann", "x"), (site.url(""),), watch)


def test_no_password_is_ever_logged_and_the_driver_keeps_no_command(
    browser: ChromiumBrowser, ledger: ProcessLedger, site: Site, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        browser.open(site.url("/login"))
        browser.submit_login(FORM, Credentials("ann", "sesame-open"), (site.url(""),), watch)
        browser.adopt_cookies((Cookie("sid", "sesame-cookie", "127.0.0.1"),))
    assert "sesame-open" not in caplog.text
    kept = {path.name: path.read_text() for path in ledger.root.rglob("driver.*")}
    assert set(kept) >= {"driver.out"}
    assert not [name for name, text in kept.items() if "sesame" in text or "session/" in text]
