"""Controlled failures for whatever workers there are: the same orders fail in each run, and every message says so.

About one order in five is not found, and about one in seven costs its worker the browser at the first visit.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from contracts.errors import BrowserDiedError
from contracts.ports import (
    Browser,
    BrowserHost,
    Control,
    Cookie,
    CountsProcessorTime,
    Credentials,
    DownloadedFile,
    LeaseWatch,
    LoginForm,
    NotFoundPage,
    OrderPage,
    Owner,
    PageReading,
    PageSnapshot,
    Portal,
    SeesEnds,
)

NOT_FOUND = "simulated by the test mode, the order was not looked for"
BROWSER_LOST = "Simulated by the test mode: this browser was taken away."


def is_missing(number: str) -> bool:
    """Whether this order is not found."""
    return zlib.crc32(number.encode(errors="surrogatepass")) % 5 == 0


def loses_browser(url: str) -> bool:
    """Whether the first visit of this address costs the browser."""
    return zlib.crc32(url.rpartition("/")[2].encode(errors="surrogatepass")) % 7 == 0


class Losses:
    """Which visits cost the browser: some addresses, once each."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def strikes(self, url: str) -> bool:
        """Whether this visit does."""
        strikes = url not in self._taken and loses_browser(url)
        if strikes:
            self._taken.add(url)
        return strikes


class FailingPortal:
    """Implements `contracts.ports.Portal`: an adapter to which some orders are not there.

    Args:
        portal: Reads the pages of the others.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.login_paths = portal.login_paths
        self.recognises = portal.recognises
        self.order_addresses = portal.order_addresses
        self.login_address = portal.login_address
        self.wants_login = portal.wants_login
        self.login_form = portal.login_form
        self.visible_text = portal.visible_text

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say that some orders are not found, whatever the page says of an order."""
        reading = self._portal.read(page, po_number)
        return NotFoundPage(NOT_FOUND) if isinstance(reading, OrderPage) and is_missing(po_number) else reading

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """Nothing is simulated here."""
        return self._portal.read_requisition(page)


class FailingBrowserHost:
    """Implements `contracts.ports.BrowserHost` over one whose browsers are taken away at some addresses, once each.

    Args:
        host: Where they live.
    """

    def __init__(self, host: BrowserHost) -> None:
        self._host = host
        self._losses = Losses()

    def launch(self, owner: Owner) -> FailingBrowser:
        """Start a browser."""
        browser = self._host.launch(owner)
        return (FailingBrowserThatSeesEnds if isinstance(browser, SeesEnds) else FailingBrowser)(browser, owner, self)

    def kill(self, owner: Owner) -> None:
        """As the host's own."""
        self._host.kill(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """As the host's own."""
        return self._host.wait_gone(owner, timeout)

    def forget(self, owner: Owner) -> None:
        """As the host's own."""
        self._host.forget(owner)

    def memory(self, owner: Owner) -> int:
        """As the host's own."""
        return self._host.memory(owner)

    def processor_seconds(self) -> Mapping[str, float]:
        """As the host's own; nothing where it does not tell."""
        return self._host.processor_seconds() if isinstance(self._host, CountsProcessorTime) else {}

    def live_owners(self) -> tuple[Owner, ...]:
        """As the host's own."""
        return self._host.live_owners()

    def close(self) -> tuple[Owner, ...]:
        """As the host's own."""
        return self._host.close()

    def take_away(self, owner: Owner, url: str) -> None:
        """End the browser if this visit is to cost it.

        Raises:
            BrowserDiedError: It was.
        """
        if self._losses.strikes(url):
            self._host.kill(owner)
            raise BrowserDiedError(BROWSER_LOST)


class FailingBrowser:
    """Implements `contracts.ports.Browser` over one that may be taken away when it opens a page."""

    def __init__(self, browser: Browser, owner: Owner, host: FailingBrowserHost) -> None:
        self._browser = browser
        self._owner = owner
        self._host = host

    @property
    def user_agent(self) -> str:
        """As the browser's own."""
        return self._browser.user_agent

    def open(self, url: str) -> PageSnapshot:
        """Open a page, unless that costs the browser."""
        self._host.take_away(self._owner, url)
        return self._browser.open(url)

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """As the browser's own."""
        return self._browser.read(patience)

    def press(self, control: Control) -> PageSnapshot:
        """As the browser's own."""
        return self._browser.press(control)

    def wear(self) -> str:
        """As the browser's own."""
        return self._browser.wear()

    def make_ready(self) -> None:
        """As the browser's own."""
        self._browser.make_ready()

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """As the browser's own."""
        return self._browser.hurried(seconds)

    def screenshot(self) -> bytes:
        """As the browser's own."""
        return self._browser.screenshot()

    def cookies(self) -> tuple[Cookie, ...]:
        """As the browser's own."""
        return self._browser.cookies()

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """As the browser's own."""
        self._browser.adopt_cookies(cookies)

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """As the browser's own."""
        return self._browser.download_by_click(control, into, watch, max_size)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """As the browser's own."""
        return self._browser.download_by_address(url, into, watch, max_size)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """As the browser's own."""
        return self._browser.submit_login(form, credentials, origins, watch)

    def is_alive(self) -> bool:
        """As the browser's own."""
        return self._browser.is_alive()


class FailingBrowserThatSeesEnds(FailingBrowser):
    """The same over a browser that tells which documents came without an end."""

    def without_end(self) -> tuple[str, ...]:
        """As the browser's own."""
        assert isinstance(self._browser, SeesEnds)
        return self._browser.without_end()
