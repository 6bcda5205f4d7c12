"""Browsers, and the places where they live: what actors need of them, as Protocols.

Implemented by `actors/browser` with real ones, by `actors/testing` with stubs, and by whoever has them live elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from contracts.clock import LeaseWatch
from contracts.journal import Owner
from contracts.pages import Control, Cookie, Credentials, DownloadedFile, LoginForm, PageSnapshot


class Browser(Protocol):
    """One live browser with a profile of its own. Used by one thread at a time."""

    @property
    def user_agent(self) -> str:
        """What the browser calls itself in requests."""
        ...

    def wear(self) -> str:
        """Look back at a page that is done with; say why the browser should be replaced, empty while it is well."""
        ...

    def make_ready(self) -> None:
        """Take leave of what the last page left, before anybody is charged for it: tabs, and a page that is busy.

        Raises:
            BrowserDiedError: The browser is gone.
            SessionCorruptionError: The last page keeps it from answering.
        """
        ...

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """Within the block, give commands up after so many seconds, as a page that does not load is."""
        ...

    def open(self, url: str) -> PageSnapshot:
        """Go to `url` and read the page in one call.

        Raises:
            NetworkError: No answer within the page-load limit, or the connection failed.
            PageReadingError: The page cannot be read, and the browser has left it.
            BrowserDiedError: The browser is gone.
            SessionCorruptionError: The browser no longer navigates, or its driver answers what nobody expects.
        """
        ...

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Read the page that is shown, without navigating. Raises as `open` does.

        Args:
            patience: Seconds to look on at a page that scripts may yet change, or that is about to go on by itself.
        """
        ...

    def press(self, control: Control) -> PageSnapshot:
        """Click a control that shows more of the page, and read the page once it has settled. Raises as `open` does.

        What the click downloads is broken off, and dialogs are answered with no.
        """
        ...

    def screenshot(self) -> bytes:
        """Return what the window shows of the page as a PNG; empty when the browser does not draw it within seconds.

        Raises:
            BrowserDiedError: The browser is gone.
            SessionCorruptionError: The tab crashed.
        """
        ...

    def cookies(self) -> tuple[Cookie, ...]:
        """Every cookie the browser holds."""
        ...

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Add cookies, replacing those of the same name, domain and path."""
        ...

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Click one control and wait for its download to end.

        Args:
            control: What to click.
            into: An existing, empty folder.
            watch: Touched while bytes arrive, checked throughout.
            max_size: Bytes above which the download is broken off.

        Raises:
            AttachmentLimitError: It is larger than `max_size`.
            NetworkError: No download began, or no byte came within the stall limit.
            BrowserDiedError: The browser is gone.
        """
        ...

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Let the browser itself download `url`. Arguments and errors as `download_by_click`."""
        ...

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Fill in the form, send it and read the page that follows.

        Args:
            form: Where to type.
            credentials: What to type.
            origins: Who may get it: the page and its form must belong to one of them, each as `https://host:port`
                with the usual port left out. That is looked at in the same step that types, and in the one that sends.
            watch: The login's deadline.

        Raises:
            LoginRefusedError: The page or its form belongs to nobody of them. Nothing was sent.
            LoginDivertedError: The form's answer leads to somebody else. It was not followed.
            LoginUnclearError: It was sent, and within the watch's limit the page neither changed nor left.
            AuthenticationError: The form's fields are not on the page. Nothing was sent.
            NetworkError: It was sent, and no page followed within the watch's limit.
        """
        ...

    def is_alive(self) -> bool:
        """Whether driver and browser processes are both still there. Cheap; asks no driver."""
        ...


class BrowserHost(Protocol):
    """A place where browsers live: this machine, or another one. Thread-safe; every browser is named by its owner.

    Whoever drives a browser is blocked in its calls, so its life is ended from outside: `kill` returns at once and
    makes them raise, `wait_gone` proves the end, `forget` clears away what is left.
    """

    def launch(self, owner: Owner) -> Browser:
        """Start a browser for `owner`, recorded before it exists, and return it ready for its first page.

        Raises:
            ProfileCorruptionError: The base profile cannot be cloned.
            BrowserNotFoundError: There is no browser or no driver.
            BrowserDiedError: It ended, was killed, or did not answer while starting. Nothing of it is left.
        """
        ...

    def kill(self, owner: Owner) -> None:
        """End the owner's browser without asking it. Returns at once; nothing happens if it is gone or unknown.

        It should neither raise nor block: whether the browser is gone is what `wait_gone` says.
        """
        ...

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait until nothing of the owner's browser lives; False when `timeout` seconds passed first."""
        ...

    def forget(self, owner: Owner) -> None:
        """Delete what a browser that is gone has left: profile, temporary files, crash dumps, its record.

        One that still lives is not forgotten, since it must be found again. Nothing happens if it is unknown.
        """
        ...

    def memory(self, owner: Owner) -> int:
        """Bytes that belong to the owner's browser alone; 0 when it is gone, or where that cannot be known."""
        ...

    def live_owners(self) -> tuple[Owner, ...]:
        """Owners whose browser is alive, in the order of their starts."""
        ...

    def close(self) -> tuple[Owner, ...]:
        """Kill and clear away whatever is left, and start nothing from now on.

        Returns:
            Owners whose browser is still alive.
        """
        ...


@runtime_checkable
class CountsProcessorTime(Protocol):
    """A browser host that can tell how much processor time its browsers have taken."""

    def processor_seconds(self) -> Mapping[str, float]:
        """Seconds that each live process has taken since it began, by a name that no other process has."""
        ...


@runtime_checkable
class SeesEnds(Protocol):
    """A browser that can tell which of the documents that it shows came without an end."""

    def without_end(self) -> tuple[str, ...]:
        """Return the addresses of the documents whose text does not close what it opened. Raises as `Browser.read`."""
        ...
