"""A live browser as the actors see it: opening a page and proving it new, cookies, login, downloads."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import attrs

from actors.browser.cookies import from_browser, to_browser
from actors.browser.downloads import Downloads
from actors.browser.faults import PageRefusedError, PageReplacedError, PageTooSlowError
from actors.browser.login_form import FormLogin
from actors.browser.page import Document, Page, Reading
from actors.browser.tab import Tab
from contracts.errors import LoginUnclearError, NetworkError, PageReadingError, SessionCorruptionError
from contracts.ports import Control, Cookie, Credentials, DownloadedFile, LeaseWatch, LoginForm, PageSnapshot

log = logging.getLogger("purser.browser")

_LOGIN_STEP = 0.05
_LEFT_TO_TELL = 3.0
"""Seconds before the end of a login at which a page that has not come by then is given up."""
_PAGES_BETWEEN_DRAINS = 200
MOST_BLOCKED = 20
"""Addresses that are blocked for one page."""
SECONDS_TO_LEAVE = 5.0
"""How long a browser may take to leave a page and show an empty one."""
BLOCKED_SECONDS = 600.0
"""How long an address that another host did not deliver is no longer asked for."""


class ChromiumBrowser:
    """Implements `contracts.ports.Browser`.

    Args:
        tab: Its one tab.
        page: What that tab shows.
        user_agent: What it calls itself.
        alive: Says whether its processes run, without asking it.
        stall: Seconds without a byte after which a download is given up.
        monotonic: The clock, in seconds.
        received: Told the size of each file that it downloads.
    """

    def __init__(
        self,
        tab: Tab,
        page: Page,
        user_agent: str,
        alive: Callable[[], bool],
        stall: float,
        monotonic: Callable[[], float] = time.monotonic,
        received: Callable[[int], object] = lambda _size: None,
    ) -> None:
        self._received = received
        self._tab = tab
        self._page = page
        self._user_agent = user_agent
        self._alive = alive
        self._downloads = Downloads(tab, page, stall, alive)
        self._opened = 0
        self._monotonic = monotonic
        self._blocked: dict[str, float] = {}
        self._left = True
        self._bypasses = False

    @property
    def user_agent(self) -> str:
        """What the browser calls itself in requests."""
        return self._user_agent

    def is_alive(self) -> bool:
        """Whether driver and browser processes are both still there. Cheap; asks no driver."""
        return self._alive()

    def wear(self) -> str:
        """Look back at a page that is done with; see `contracts.ports.Browser.wear`."""
        if not (self._tab.is_stuck or self._downloads.worn) and self._left:
            self._look_back("looking back at the page")
        if self._tab.is_stuck:
            return "a page kept it from answering"
        return self._downloads.worn if self._left else "a page keeps it busy"

    def _look_back(self, doing: str) -> None:
        try:
            self._origin_before(doing, timeout=SECONDS_TO_LEAVE)
        except NetworkError:
            self._left = False

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """Give commands inside up sooner; see `contracts.ports.Browser.hurried`."""
        return self._tab.hurried(seconds)

    # --------------------------------------------------------------------------------------------------------- pages

    def make_ready(self) -> None:
        """Take leave of the last page; see `contracts.ports.Browser.make_ready`.

        Tabs are closed once the page that may open more of them is gone.
        """
        doing = "leaving the last page"
        try:
            self._origin_before(doing)
            if self._downloads.has_clicked:
                self._page.go("about:blank", doing)
            self._downloads.clear_up()
        except NetworkError as error:
            raise SessionCorruptionError("The last page keeps the browser from answering.") from error
        if self._downloads.worn:
            raise SessionCorruptionError(f"The last page has worn the browser out: {self._downloads.worn}.")

    def open(self, url: str) -> PageSnapshot:
        """Go to `url` and read the page once it is at rest; see `contracts.ports.Browser.open`.

        A navigation can end normally with the page before it still shown: after an answer that is not a page, or when
        parts of the browser have died. So the document must differ from the one before. If it does not, an empty
        page tells the two apart, since only a broken browser cannot show that one either.
        """
        doing = "opening a page"
        self._forget_old_events()
        self._downloads.note_turned(turned=False)
        self._unblock(doing)
        with self._blaming_the_page(doing):
            before = self._origin_before(doing)
            page = self._arrive(url, before, doing)
            if page.time_origin != before:
                return page
            self._page.go("about:blank", doing)
            blank = self._page.time_origin(doing)
            if blank == before:
                raise SessionCorruptionError("The browser no longer navigates: it keeps showing the same page.")
            page = self._arrive(url, blank, doing)
            return attrs.evolve(page, is_new=page.time_origin != blank)

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Read the page that is shown, without navigating."""
        doing = "reading the page"
        with self._blaming_the_page(doing):
            return self._snapshot("", self._page.read(doing, patience))

    def without_end(self) -> tuple[str, ...]:
        """Tell which documents came without an end; see `contracts.ports.SeesEnds`."""
        return self._page.without_end("looking whether the page came whole")

    def press(self, control: Control) -> PageSnapshot:
        """Click a control that shows more of the page, and read the page at rest; see `contracts.ports.Browser`."""
        doing = "showing more of the page"
        with self._blaming_the_page(doing):
            self._downloads.note_click()
            self._downloads.note_turned(turned=True)
            why = self._page.click(control, doing, origin=self._downloads.expected)
            if why:
                raise PageReadingError(f"A control that shows more of the page could not be clicked: {why}.")
            return self._snapshot("", self._page.read(doing))

    @contextmanager
    def _blaming_the_page(self, doing: str) -> Iterator[None]:
        """Leave a page that cannot be read, so that its order alone pays for it and not the browser."""
        try:
            yield
        except (PageReplacedError, PageRefusedError) as error:
            self._leave(doing)
            raise PageReadingError(f"{error} Open the order by hand and look at its page.") from error
        except NetworkError:
            # What half came must not be in the way of the next order.
            self._leave(doing)
            raise

    def _leave(self, doing: str) -> None:
        """Show an empty page. A browser that cannot is past use, which is not news of the page that was asked for."""
        if self._tab.is_stuck:
            return
        try:
            with self._tab.hurried(SECONDS_TO_LEAVE):
                self._page.go("about:blank", doing)
        except NetworkError as error:
            self._left = False
            log.info("A page could not be left: %s", error)

    def _origin_before(self, doing: str, timeout: float | None = None) -> float:
        """Return when the document began that is to be left; one that gives no answer is left at once.

        One that gives none within `timeout` seconds has stuck the tab: that costs no order another command, as a limit
        for the driver would.
        """
        try:
            counts = self._page.leave(doing, timeout=timeout)
        except (NetworkError, PageReplacedError, PageRefusedError):
            self._leave(doing)
            return self._page.time_origin(doing)
        self._downloads.note_counts(counts)
        return counts.time_origin

    def screenshot(self) -> bytes:
        """Return what the window shows as a PNG; see `contracts.ports.Browser.screenshot`."""
        doing = "taking a picture"
        self._tab.to_front(doing)
        return self._tab.picture(doing) if self._page.is_drawn(doing) else b""

    def _arrive(self, url: str, before: float, doing: str) -> PageSnapshot:
        """Go to `url` and read what is shown then.

        What other hosts do not deliver is not needed: it is blocked for a while, and the page opened again. Not for
        ever, since a host that was down for a moment may deliver what a page cannot do without.
        """
        try:
            self._page.go(url, doing)
        except PageTooSlowError:
            if not self._block(self._held_up_by(before, doing), doing):
                raise
            self._page.go(url, doing)
        reading = self._page.read(doing)
        if reading.is_controlled and not self._bypasses:
            self._bypass_service_workers(doing)
            self._page.go(url, doing)
            reading = self._page.read(doing)
        if reading.unsettled and self._block(reading.culprits, doing):
            self._page.go(url, doing)
            reading = self._page.read(doing)
        return self._snapshot(url, reading)

    def _bypass_service_workers(self, doing: str) -> None:
        """Ask the portal itself from now on, whatever its pages have put in its place."""
        self._bypasses = True
        self._tab.command("Network.enable", doing)
        self._tab.command("Network.setBypassServiceWorker", doing, bypass=True)

    def _held_up_by(self, before: float, doing: str) -> tuple[str, ...]:
        """Return what a document that did not come to its end waited for; none when no document has come at all."""
        with self._tab.hurried(SECONDS_TO_LEAVE):
            return self._page.culprits(doing) if self._page.time_origin(doing) != before else ()

    def _block(self, addresses: tuple[str, ...], doing: str) -> bool:
        """No longer ask for these addresses; False when there is none that was not blocked before."""
        # With whatever query: trackers make up another one for each page.
        new = {f"{address.partition('?')[0]}*" for address in addresses} - self._blocked.keys()
        # Many are no trackers, and a star within would stand for everybody.
        new = {address for address in sorted(new)[:MOST_BLOCKED] if "*" not in address[:-1]}
        if not new:
            return False
        self._blocked |= dict.fromkeys(new, self._monotonic() + BLOCKED_SECONDS)
        log.info("Not needed and not delivered, so no longer asked for: %s", ", ".join(sorted(new)))
        self._tab.command("Network.enable", doing)
        self._tab.command("Network.setBlockedURLs", doing, urls=sorted(self._blocked))
        return True

    def _unblock(self, doing: str) -> None:
        """Ask again for what has been blocked long enough."""
        now = self._monotonic()
        if any(until <= now for until in self._blocked.values()):
            self._blocked = {address: until for address, until in self._blocked.items() if until > now}
            self._tab.command("Network.setBlockedURLs", doing, urls=sorted(self._blocked))

    def _snapshot(self, requested: str, reading: Reading) -> PageSnapshot:
        url, html = reading.url, reading.html
        if url.startswith("chrome-error:"):
            if not reading.status:
                raise NetworkError("The portal could not be reached: the browser shows its own error page.")
            # An error status without a text: the browser's own page stands in for it, under no real address.
            url, html = requested, ""
        if reading.broken:
            raise NetworkError("The page broke off on its way, or has not come to its end in time. Try again.")
        self._downloads.expect(reading.time_origin)
        return PageSnapshot(
            requested_url=requested or url,
            url=url,
            http_status=reading.status,
            time_origin=reading.time_origin,
            html=html,
            parts=reading.parts,
            unsettled=reading.unsettled,
            unread=reading.unread,
            may_change=reading.may_change,
            unproven=reading.unproven,
        )

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
        return self._counted(self._downloads.by_click(control, into, watch, max_size))

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Let the browser itself download `url`; see `contracts.ports.Browser`."""
        return self._counted(self._downloads.by_address(url, into, watch, max_size))

    def _counted(self, file: DownloadedFile) -> DownloadedFile:
        self._received(file.size)
        return file

    # --------------------------------------------------------------------------------------------------------- login

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Fill in the form, send it and read the page that follows; see `contracts.ports.Browser`."""
        # Before the watch's time is over, so that a portal that never answers costs no browser.
        with self._tab.hurried(max(1.0, watch.remaining() - _LEFT_TO_TELL)):
            before = self._page.look("logging in")
            self._downloads.note_click()
            login = FormLogin(self._tab)
            login.type(form, credentials, origins)
            watch.touch()
            login.send(watch)
            return self._page_after(before, login, watch)

    def _page_after(self, before: Document, login: FormLogin, watch: LeaseWatch) -> PageSnapshot:
        """Wait for another document, or for a page that swaps its content."""
        doing = "waiting for the page after the login"
        while True:
            left = login.check()
            try:
                watch.wait(_LOGIN_STEP)
            except NetworkError as error:
                if left:
                    raise
                raise LoginUnclearError(
                    "The login was sent, and the login page stayed as it was: its password may be wrong, or the portal "
                    "in trouble. It is not sent again. Look at the page, check user name and password, and run again."
                ) from error
            shown = self._page.look(doing)
            if shown.state == "loading":
                continue
            swapped = (shown.url != before.url or before.has_password) and not shown.has_password
            if shown.time_origin != before.time_origin or swapped:
                watch.touch()
                return self._snapshot(before.url, self._page.read(doing))

    def close(self) -> None:
        """Let go of the connection to the driver. The processes are ended through the ledger."""
        self._tab.close()
