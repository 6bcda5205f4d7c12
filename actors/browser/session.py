"""A live browser as the actors see it: opening a page and proving it new, cookies, login, downloads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException

from actors.browser.cookies import from_browser, to_browser
from actors.browser.downloads import Downloads
from actors.browser.faults import explained
from actors.browser.tab import Tab
from contracts.errors import AuthenticationError, NetworkError, SessionCorruptionError
from contracts.ports import Control, Cookie, Credentials, DownloadedFile, LeaseWatch, LoginForm, PageSnapshot

_LOGIN_STEP = 0.05
_PAGES_BETWEEN_DRAINS = 200


class ChromiumBrowser:
    """Implements `contracts.ports.Browser`.

    Args:
        tab: Its one tab.
        user_agent: What it calls itself in requests.
        alive: Says whether its processes run, without asking it.
        stall: Seconds without a byte after which a download is given up.
    """

    def __init__(self, tab: Tab, user_agent: str, alive: Callable[[], bool], stall: float) -> None:
        self._tab = tab
        self._user_agent = user_agent
        self._alive = alive
        self._downloads = Downloads(tab, stall, alive)
        self._opened = 0

    @property
    def user_agent(self) -> str:
        """What the browser calls itself in requests."""
        return self._user_agent

    def is_alive(self) -> bool:
        """Whether driver and browser processes are both still there. Cheap; asks no driver."""
        return self._alive()

    def open(self, url: str) -> PageSnapshot:
        """Go to `url` and read the page in one call; see `contracts.ports.Browser.open`.

        A navigation can end normally with the page before it still shown: after an answer that is no page, or when
        parts of the browser have died. So the document must differ from the one before. If it does not, an empty
        page tells the two apart, since only a broken browser cannot show that one either.
        """
        doing = "opening a page"
        self._forget_old_events()
        before = self._tab.time_origin(doing)
        self._tab.go(url, doing)
        page = self._read(url, doing)
        if page.time_origin != before:
            return page
        self._tab.go("about:blank", doing)
        blank = self._tab.time_origin(doing)
        if blank == before:
            raise SessionCorruptionError("The browser no longer navigates: it keeps showing the same page.")
        self._tab.go(url, doing)
        page = self._read(url, doing)
        return attrs.evolve(page, is_new=page.time_origin != blank)

    def read(self) -> PageSnapshot:
        """Read the page that is shown, without navigating."""
        return self._read("", "reading the page")

    def screenshot(self) -> bytes:
        """Return what the window shows as a PNG; see `contracts.ports.Browser.screenshot`."""
        return self._tab.picture("taking a picture")

    def _read(self, requested: str, doing: str) -> PageSnapshot:
        url, status, origin, html = self._tab.read(doing)
        if url.startswith("chrome-error:"):
            if not status:
                raise NetworkError("The portal could not be reached: the browser shows its own error page.")
            # An error status without a text: the browser's own page stands in for it, under no real address.
            url, html = requested, ""
        return PageSnapshot(requested_url=requested or url, url=url, http_status=status, time_origin=origin, html=html)

    def _forget_old_events(self) -> None:
        """Throw away told events now and then; the driver keeps each until it is asked."""
        self._opened += 1
        if self._opened % _PAGES_BETWEEN_DRAINS == 0:
            self._tab.download_events()

    # ------------------------------------------------------------------------------------------------------- cookies

    def cookies(self) -> tuple[Cookie, ...]:
        """Every cookie the browser holds."""
        told = self._tab.command("Storage.getCookies", "reading cookies").get("cookies", [])
        return tuple(from_browser(raw) for raw in told)

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Add cookies, replacing those of the same name, domain and path."""
        if cookies:
            given = [to_browser(cookie) for cookie in cookies]
            self._tab.command("Storage.setCookies", "setting cookies", cookies=given)

    # ----------------------------------------------------------------------------------------------------- downloads

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Click one control and wait for its download to end; see `contracts.ports.Browser`."""
        return self._downloads.by_click(control, into, watch, max_size)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Let the browser itself download `url`; see `contracts.ports.Browser`."""
        return self._downloads.by_address(url, into, watch, max_size)

    # --------------------------------------------------------------------------------------------------------- login

    def submit_login(self, form: LoginForm, credentials: Credentials, watch: LeaseWatch) -> PageSnapshot:
        """Fill in the form, send it and read the page that follows; see `contracts.ports.Browser`."""
        doing = "logging in"
        before = self._tab.look(doing)
        user = self._tab.field(form.username_field, doing)
        password = self._tab.field(form.password_field, doing)
        button = self._tab.field(form.submit_button, doing)
        if user is None or password is None:
            raise AuthenticationError(
                "The login page has no field for the user name or the password where they were expected. "
                "Log in by hand with `purser login`, or name the fields in the settings."
            )
        with explained(doing):
            for field, text in ((user, credentials.username), (password, credentials.password)):
                field.clear()
                field.send_keys(text)
            watch.touch()
            try:
                if button is not None:
                    button.click()
                else:
                    password.submit()
            except ElementClickInterceptedException:
                password.submit()
            except StaleElementReferenceException:
                # The form sent itself after the last key.
                pass
        return self._page_after(before.time_origin, before.url, watch)

    def _page_after(self, origin: float, address: str, watch: LeaseWatch) -> PageSnapshot:
        """Wait for another document, or for a page that swaps its content under a new address."""
        doing = "waiting for the page after the login"
        while True:
            watch.wait(_LOGIN_STEP)
            shown = self._tab.look(doing)
            if shown.state != "complete":
                continue
            swapped = shown.url != address and not shown.has_password
            if shown.time_origin != origin or swapped:
                watch.touch()
                return self._read(address, doing)

    def close(self) -> None:
        """Let go of the connection to the driver. The processes are ended through the ledger."""
        self._tab.close()
