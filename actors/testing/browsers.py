"""A place where no real browser lives: a `BrowserHost` whose browsers show made-up pages and bring no files.

It keeps the promises of the port: a browser that was killed is gone, its calls raise, and its owner gets no other until
it is forgotten. As the port says, nothing comes of killing one that is unknown: a start after that brings a browser.
Tests steer it by `before_page` and `show`, or by overriding `launch`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NoReturn

from contracts.errors import AttachmentError, BrowserDiedError
from contracts.ports import (
    Control,
    Cookie,
    Credentials,
    DownloadedFile,
    LeaseWatch,
    LoginForm,
    Owner,
    PageSnapshot,
)

NO_FILES = "A stub browser has no files."
PICTURE_OF_NOTHING = b"\x89PNG\r\n\x1a\n"


class StubBrowserHost:
    """Implements `contracts.ports.BrowserHost`. Thread-safe.

    Args:
        before_page: Called with owner and address before each page is opened; it may take time, raise, or `hold`.
        show: Returns HTTP status and HTML of the page at an address.
        picture: What a screenshot shows, as a PNG; empty for browsers that do not draw.
    """

    def __init__(
        self,
        before_page: Callable[[Owner, str], object] = lambda _owner, _url: None,
        show: Callable[[str], tuple[int, str]] = lambda _url: (200, ""),
        picture: bytes = PICTURE_OF_NOTHING,
    ) -> None:
        self._before_page = before_page
        self._show = show
        self.picture = picture
        self._ends = threading.Condition()
        self._live: dict[Owner, None] = {}
        self._killed: set[Owner] = set()
        self._closed = False

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a stub browser."""
        with self._ends:
            if self._closed:
                raise BrowserDiedError("No browser may be started any more: the run is ending.")
            if owner in self._killed or owner in self._live:
                raise BrowserDiedError(f"{owner.worker} generation {owner.generation} has had its browser.")
            self._live[owner] = None
        return StubBrowser(owner, self)

    def page_at(self, owner: Owner, url: str) -> tuple[int, str]:
        """Let the test have its say, then return HTTP status and HTML of a page.

        Raises:
            BrowserDiedError: The browser was killed.
        """
        self.check_alive(owner)
        self._before_page(owner, url)
        self.check_alive(owner)
        return self._show(url)

    def hold(self, owner: Owner) -> NoReturn:
        """Hold whoever drives a browser until it is killed, as a page that never answers does.

        Raises:
            BrowserDiedError: It was killed.
        """
        with self._ends:
            self._ends.wait_for(lambda: owner not in self._live)
        raise BrowserDiedError("The stub browser was killed while it was held.")

    def check_alive(self, owner: Owner) -> None:
        """Raise `BrowserDiedError` when a browser was killed."""
        if not self.is_alive(owner):
            raise BrowserDiedError("The stub browser was killed.")

    def is_alive(self, owner: Owner) -> bool:
        """Whether nobody has killed an owner's browser."""
        with self._ends:
            return owner in self._live

    def kill(self, owner: Owner) -> None:
        """Count it as gone, and free whoever is held at one of its pages."""
        with self._ends:
            if owner in self._live:
                del self._live[owner]
                self._killed.add(owner)
                self._ends.notify_all()

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait until it was killed."""
        with self._ends:
            return self._ends.wait_for(lambda: owner not in self._live, timeout)

    def forget(self, owner: Owner) -> None:
        """Strike it, if it is gone."""
        with self._ends:
            self._killed.discard(owner)

    def memory(self, owner: Owner) -> int:
        """Nothing is held."""
        return 0

    def live_owners(self) -> tuple[Owner, ...]:
        """Every stub browser that counts as alive."""
        with self._ends:
            return tuple(self._live)

    def close(self) -> tuple[Owner, ...]:
        """End all of them."""
        with self._ends:
            self._closed = True
            self._killed.update(self._live)
            self._live.clear()
            self._ends.notify_all()
        return ()


class StubBrowser:
    """Implements `contracts.ports.Browser` with made-up pages. Its cookies are those that it was given."""

    user_agent = "purser-test-mode"

    def __init__(self, owner: Owner, host: StubBrowserHost) -> None:
        self._owner = owner
        self._host = host
        self._origins = itertools.count(1)
        self._shown = PageSnapshot("", "about:blank", 200, 0.0, "")
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def open(self, url: str) -> PageSnapshot:
        """Show the page that the host has at `url`."""
        status, html = self._host.page_at(self._owner, url)
        self._shown = PageSnapshot(url, url, status, float(next(self._origins)), html)
        return self._shown

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Return the page that is shown."""
        self._host.check_alive(self._owner)
        return self._shown

    def press(self, control: Control) -> PageSnapshot:
        """A click shows nothing more."""
        return self.read()

    def wear(self) -> str:
        """It never wears out."""
        return ""

    def make_ready(self) -> None:
        """It is, while it lives."""
        self._host.check_alive(self._owner)

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """It is quick anyway."""
        return nullcontext()

    def screenshot(self) -> bytes:
        """The host's picture."""
        self._host.check_alive(self._owner)
        return self._host.picture

    def cookies(self) -> tuple[Cookie, ...]:
        """Those that it was given."""
        self._host.check_alive(self._owner)
        return tuple(self._cookies.values())

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Keep them."""
        self._host.check_alive(self._owner)
        self._cookies |= {(cookie.name, cookie.domain, cookie.path): cookie for cookie in cookies}

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        self._host.check_alive(self._owner)
        raise AttachmentError(NO_FILES)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        self._host.check_alive(self._owner)
        raise AttachmentError(NO_FILES)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Any login is accepted."""
        return self.read()

    def is_alive(self) -> bool:
        """Whether nobody has killed it."""
        return self._host.is_alive(self._owner)
