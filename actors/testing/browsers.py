"""A place where no real browser lives: a `BrowserHost` whose browsers read made-up pages and bring no files.

It keeps the promises of the port: a browser that was killed is gone, its calls raise, and its owner gets no other.
Tests steer it by `before_page`, or by overriding `launch`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

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


class StubBrowserHost:
    """Implements `contracts.ports.BrowserHost`. Thread-safe.

    Args:
        before_page: Called with owner and address before each page is opened; it may take time, or raise.
    """

    def __init__(self, before_page: Callable[[Owner, str], object] = lambda _owner, _url: None) -> None:
        self._before_page = before_page
        self._lock = threading.Lock()
        self._live: dict[Owner, None] = {}
        self._killed: set[Owner] = set()
        self._closed = False

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a stub browser."""
        with self._lock:
            if self._closed:
                raise BrowserDiedError("No browser may be started any more: the run is ending.")
            if owner in self._killed or owner in self._live:
                raise BrowserDiedError(f"{owner.worker} generation {owner.generation} has had its browser.")
            self._live[owner] = None
        return StubBrowser(owner, self)

    def before_page(self, owner: Owner, url: str) -> None:
        """Let the test have its say before a page is opened.

        Raises:
            BrowserDiedError: The browser was killed.
        """
        self._before_page(owner, url)
        self.check_alive(owner)

    def check_alive(self, owner: Owner) -> None:
        """Raise `BrowserDiedError` when a browser was killed."""
        if not self.is_alive(owner):
            raise BrowserDiedError("The stub browser was killed.")

    def is_alive(self, owner: Owner) -> bool:
        """Whether nobody has killed an owner's browser."""
        with self._lock:
            return owner in self._live

    def kill(self, owner: Owner) -> None:
        """Count it as gone."""
        with self._lock:
            if owner in self._live:
                del self._live[owner]
                self._killed.add(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Say at once whether it is gone."""
        return not self.is_alive(owner)

    def forget(self, owner: Owner) -> None:
        """Strike it, if it is gone."""
        with self._lock:
            self._killed.discard(owner)

    def memory(self, owner: Owner) -> int:
        """Nothing is held."""
        return 0

    def live_owners(self) -> tuple[Owner, ...]:
        """Every stub browser that counts as alive."""
        with self._lock:
            return tuple(self._live)

    def close(self) -> tuple[Owner, ...]:
        """End all of them."""
        with self._lock:
            self._closed = True
            self._killed.update(self._live)
            self._live.clear()
        return ()


class StubBrowser:
    """Reads a made-up page."""

    user_agent = "purser-test-mode"

    def __init__(self, owner: Owner, host: StubBrowserHost) -> None:
        self._owner = owner
        self._host = host
        self._pages = 0

    def open(self, url: str) -> PageSnapshot:
        """Take a moment and return a page that says nothing."""
        self._host.before_page(self._owner, url)
        self._pages += 1
        return PageSnapshot(url, url, 200, float(self._pages), "")

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Return the page that is shown."""
        return PageSnapshot("", "", 200, float(self._pages), "")

    def press(self, control: Control) -> PageSnapshot:
        """A click shows nothing more."""
        return self.read()

    def wear(self) -> str:
        """It never wears out."""
        return ""

    def make_ready(self) -> None:
        """It is."""

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """It is quick anyway."""
        return nullcontext()

    def screenshot(self) -> bytes:
        """A picture of nothing."""
        return b"\x89PNG\r\n\x1a\n"

    def cookies(self) -> tuple[Cookie, ...]:
        """There are none."""
        return ()

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Nothing to do."""

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        raise AttachmentError(NO_FILES)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        raise AttachmentError(NO_FILES)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Any login is accepted."""
        return self.read()

    def is_alive(self) -> bool:
        """Whether nobody has killed it."""
        return self._host.is_alive(self._owner)
