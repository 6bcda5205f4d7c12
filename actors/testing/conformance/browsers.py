"""What every `Browser` keeps: a page that was opened is new, reading does not navigate, and cookies are kept.

`BrowserSuite` holds for all of them, `WebBrowserSuite` for those that really go out.
"""

from __future__ import annotations

import hashlib

import attrs

from actors.testing.conformance.fetchers import empty_folder
from actors.testing.conformance.raising import raised
from actors.testing.conformance.site import FILE, Site, closed_address
from actors.testing.conformance.watch import EndlessWatch
from contracts.errors import (
    AttachmentLimitError,
    AuthenticationError,
    LoginDivertedError,
    LoginRefusedError,
    NetworkError,
)
from contracts.ports import Browser, Control, Cookie, Credentials, LoginForm

PNG = b"\x89PNG\r\n\x1a\n"
FORM = LoginForm("input[type=text]", "input[type=password]", "button[type=submit]")
KNOWN = Credentials("ann", "pass&word")
_ROOM = 10**7


class BrowserSuite:
    """Tests of any `contracts.ports.Browser`, also of one that goes nowhere.

    Fixtures to give:
        browser: A browser that lives. All tests may share one.
        page: An address that it can open, as text.

    Override `cookie` where only some cookies mean anything. Its value is a number, and the tests count it up.
    """

    cookie = Cookie("conformance", "1", "127.0.0.1")

    def test_it_is_alive_and_says_what_it_is(self, browser: Browser) -> None:
        assert browser.is_alive()
        assert browser.user_agent, "requests carry a name"
        assert browser.wear() == "", "a browser that is well need not be replaced"

    def test_a_page_that_was_opened_is_new_each_time(self, browser: Browser, page: str) -> None:
        origins = []
        for _ in range(3):
            browser.make_ready()
            with browser.hurried(30.0):
                shown = browser.open(page)
            assert (shown.requested_url, shown.http_status, shown.is_new) == (page, 200, True)
            origins.append(shown.time_origin)
        assert len(set(origins)) == 3, "two documents never began at the same time"

    def test_reading_does_not_navigate(self, browser: Browser, page: str) -> None:
        opened = browser.open(page)
        for _ in range(2):
            shown = browser.read()
            assert shown.time_origin == opened.time_origin, "it is the same document"
            assert shown.html == opened.html

    def test_cookies_are_kept_and_a_later_one_takes_the_place_of_an_earlier(self, browser: Browser) -> None:
        for value in ("1", "2"):
            browser.adopt_cookies((attrs.evolve(self.cookie, value=value),))
            same = (self.cookie.name, self.cookie.domain, self.cookie.path)
            held = [one.value for one in browser.cookies() if (one.name, one.domain, one.path) == same]
            assert held == [value], "a cookie that was given is held, once"
        browser.adopt_cookies(())
        assert browser.cookies(), "nothing is given, so nothing goes"

    def test_a_picture_is_a_png_or_nothing(self, browser: Browser, page: str) -> None:
        browser.open(page)
        picture = browser.screenshot()
        assert not picture or picture.startswith(PNG)


class WebBrowserSuite:
    """Tests of a `contracts.ports.Browser` that really goes out, at a portal of the suite's own on loopback.

    Fixtures to give:
        browser: A browser that lives. All tests may share one.
    """

    # --------------------------------------------------------------------------------------------------------- pages

    def test_a_page_is_read_with_its_address_status_and_text(self, browser: Browser) -> None:
        with Site() as site:
            page = browser.open(site.url("/orders/1"))
            assert (page.requested_url, page.url, page.http_status) == (site.url("/orders/1"),) * 2 + (200,)
            assert "<title>/orders/1</title>" in page.html
            assert site.headers_of("/orders/1")["user-agent"] == browser.user_agent
            count = len(site.asked)
            assert "/orders/1" in browser.read().html
            assert len(site.asked) == count, "reading asks the portal for nothing"

    def test_an_error_status_is_told_even_without_a_text(self, browser: Browser) -> None:
        with Site() as site:
            for status in (404, 500, 503):
                page = browser.open(site.url(f"/status/{status}"))
                assert (page.http_status, page.is_new) == (status, True)

    def test_an_answer_that_is_no_page_never_shows_the_page_before_as_new(self, browser: Browser) -> None:
        with Site() as site:
            browser.open(site.url("/orders/1"))
            for path in ("/status/204", "/file/a.pdf"):
                page = browser.open(site.url(path))
                assert not page.is_new, "what is shown is not what was asked for"
                assert "/orders/1" not in page.html, "the page before was left"
            assert browser.open(site.url("/orders/2")).is_new

    def test_what_cannot_be_reached_is_the_networks_fault_and_costs_no_browser(self, browser: Browser) -> None:
        with Site() as site, closed_address() as closed:
            raised(NetworkError, lambda: browser.open(f"{closed}/"), "opening what is not there")
            assert browser.open(site.url("/orders/1")).is_new
            assert browser.is_alive()

    def test_a_control_shows_more_of_the_page(self, browser: Browser) -> None:
        with Site() as site:
            before = browser.open(site.url("/controls"))
            assert 'id="rest"></p>' in before.html
            after = browser.press(Control("button.more", 0))
            assert 'id="rest">terms.pdf</p>' in after.html
            assert after.time_origin == before.time_origin, "it is the same document"

    # ------------------------------------------------------------------------------------------------------- cookies

    def test_cookies_go_out_and_come_in(self, browser: Browser) -> None:
        with Site() as site:
            browser.open(site.url("/page-with-cookie/abc"))
            (cookie,) = (one for one in browser.cookies() if one.name == "sid")
            assert (cookie.value, cookie.domain, cookie.host_only, cookie.http_only) == ("abc", "127.0.0.1", True, True)
            browser.adopt_cookies((attrs.evolve(cookie, value="new"), Cookie("plain", "1", "127.0.0.1")))
            page = browser.open(site.url("/orders/1"))
            assert "sid=new" in page.html, "a cookie that came from a browser goes into one"
            assert "plain=1" in page.html, "and one that did not, as well"

    # ----------------------------------------------------------------------------------------------------- downloads

    def test_a_file_comes_whole_by_click_and_by_address(self, browser: Browser) -> None:
        with Site() as site:
            browser.open(site.url("/controls"))
            for by_click in (True, False):
                with empty_folder() as folder:
                    watch, link = EndlessWatch(), Control("a.file", 0)
                    if by_click:
                        file = browser.download_by_click(link, folder, watch, _ROOM)
                    else:
                        file = browser.download_by_address(site.url("/file/offer.pdf"), folder, watch, _ROOM)
                    assert file.path.parent == folder, "a file lies in the folder that was given"
                    assert file.path.read_bytes() == FILE, "a file comes byte by byte"
                    assert (file.size, file.sha256) == (len(FILE), hashlib.sha256(FILE).hexdigest())

    def test_a_file_above_the_limit_is_broken_off(self, browser: Browser) -> None:
        with Site() as site, empty_folder() as folder:
            browser.open(site.url("/orders/1"))
            address, watch = site.url("/file/offer.pdf"), EndlessWatch()
            fetch = lambda: browser.download_by_address(address, folder, watch, len(FILE) - 1)  # noqa: E731
            raised(AttachmentLimitError, fetch, "a file that is too large")
            assert list(folder.iterdir()) == [], "nothing is left of a file that did not come"

    # --------------------------------------------------------------------------------------------------------- login

    def test_a_login_is_typed_sent_and_followed(self, browser: Browser) -> None:
        with Site() as site:
            browser.open(site.url("/login"))
            page = browser.submit_login(FORM, KNOWN, (site.url(""),), EndlessWatch())
            assert page.url == site.url("/welcome")
            assert site.posted == ["user=ann&password=pass%26word"]

    def test_credentials_go_to_nobody_else(self, browser: Browser) -> None:
        with Site() as site:
            for path, kind in (
                ("/login-elsewhere", LoginRefusedError),
                ("/login-diverted", LoginDivertedError),
                ("/orders/1", AuthenticationError),
            ):
                browser.open(site.url(path))
                submit = lambda: browser.submit_login(FORM, KNOWN, (site.url(""),), EndlessWatch())  # noqa: E731
                raised(kind, submit, f"a login at {path}")
            browser.open(site.url("/login", "localhost"))
            submit = lambda: browser.submit_login(FORM, KNOWN, (site.url(""),), EndlessWatch())  # noqa: E731
            raised(LoginRefusedError, submit, "a login at somebody else's page")
            assert len(site.posted) == 1, "only the login that was diverted afterwards was sent"
            assert "/stolen" not in [path for path, _ in site.asked], "whoever diverts a login is not followed"
