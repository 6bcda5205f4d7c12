"""A tab and its page without a browser: what happens next is written down by the test, and time is its own.

Each round of a download waits at the watch; there the next thing of the test's list happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import attrs

from actors.browser.chromium import ChromiumBrowser
from actors.browser.downloads import Downloads
from actors.browser.faults import PageReplacedError, PageTooSlowError
from actors.browser.page import Counts, Document, Page, Reading
from actors.browser.tab import DownloadEvent, Tab
from contracts.ports import Control

ORDER = "https://portal.example/order"
STALL = 10.0


def document(url: str = ORDER, origin: float = 1.0, **facts: Any) -> Document:
    """A page that is there, of the usual kind."""
    known = {"status": 200, "state": "complete", "media_type": "text/html", "has_password": False}
    return Document(url, time_origin=origin, **{**known, **facts})


def reading(shown: Document, **facts: Any) -> Reading:
    """The same page, read."""
    known = {"html": "<html></html>", "parts": (), "unsettled": "", "unread": (), "may_change": False, "culprits": ()}
    return Reading(shown.url, shown.status, shown.time_origin, **{**known, **facts})


@attrs.define(eq=False)
class Screen:
    """Tab, page and watch in one.

    Args:
        now: The clock, in seconds.
        step: Seconds that each round of waiting takes.
        shown: What the tab shows.
        tabs: What the tabs show that the page opened, by handle.
        events: What the browser will tell of downloads when it is asked next.
        happens: What happens at each round, one after the other.
        stays: Whether a navigation leaves the document that is shown.
        alive: Whether the browser's processes run.
        busy: Whether the document gives no answer.
        did: What was done, in order.
    """

    now: float = 100.0
    step: float = 1.0
    shown: Document = attrs.field(factory=document)
    tabs: dict[str, Document] = attrs.field(factory=dict)
    events: list[DownloadEvent] = attrs.field(factory=list)
    happens: list[Callable[[], object]] = attrs.field(factory=list)
    arrives: list[Reading | Exception] = attrs.field(factory=list)
    stays: bool = False
    alive: bool = True
    busy: bool = False
    clicked: str = ""
    did: list[str] = attrs.field(factory=list)
    touches: int = 0
    hurries: list[float] = attrs.field(factory=list)
    origins: float = 1.0

    # ----------------------------------------------------------------------------------------------------------- tab

    window: str = "home"

    def command(self, name: str, _doing: str, **parameters: Any) -> dict[str, Any]:
        """Note it."""
        told = parameters.get("behavior") or parameters.get("guid") or parameters.get("urls") or ""
        self.did.append(f"{name} {told}".strip())
        return {"cookies": []}

    def download_events(self) -> tuple[DownloadEvent, ...]:
        """Tell what was not told yet."""
        told, self.events = tuple(self.events), []
        return told

    def others(self) -> list[str]:
        """List the tabs that the page opened."""
        return list(self.tabs)

    @contextmanager
    def visiting(self, handle: str) -> Iterator[None]:
        """Show another tab."""
        before, self.shown = self.shown, self.tabs[handle]
        try:
            yield
        finally:
            self.shown = before

    @contextmanager
    def hurried(self, seconds: float) -> Iterator[None]:
        """Note it; pages take no time here."""
        self.hurries.append(seconds)
        yield

    def close_others(self) -> None:
        """Close them."""
        self.did.append("close others")
        self.tabs.clear()

    # ---------------------------------------------------------------------------------------------------------- page

    def look(self, _doing: str) -> Document:
        """Look at what is shown."""
        return self.shown

    def time_origin(self, _doing: str) -> float:
        """When it began."""
        if self.busy:
            raise PageTooSlowError("the page is busy")
        return self.shown.time_origin

    def culprits(self, _doing: str) -> tuple[str, ...]:
        """Nobody holds anything up."""
        return ()

    def run(self, expression: str, _doing: str) -> None:
        """Note the beginning of a script."""
        self.did.append(f"run {expression.split('(', maxsplit=1)[0].strip()}")

    def click(self, control: Control, _doing: str, *, origin: float = 0.0, agree: bool = False) -> str:
        """Click, unless the test says why not."""
        self.did.append(f"click {control.selector} in {origin:g}{' agreeing' if agree else ''}")
        return self.clicked

    def stop_agreeing(self, doing: str) -> Counts:
        """Note it."""
        self.did.append("stop agreeing")
        return self.leave(doing)

    is_stuck: bool = False
    goes_on: bool = False
    counted: Counts | None = None

    def leave(self, _doing: str, *, timeout: float | None = None) -> Counts:
        """Tell what the document has asked for: nothing, unless it is busy or the test says what."""
        if self.goes_on:
            raise PageReplacedError("the page went on")
        if self.busy:
            self.is_stuck = timeout is not None
            raise PageTooSlowError(f"the page is busy for {timeout} seconds")
        return self.counted or Counts(self.shown.time_origin)

    def go(self, url: str, _doing: str) -> None:
        """Show a new document, unless the browser is past navigating."""
        self.did.append(f"go {url}")
        self.busy = self.busy and self.stays
        if not self.stays:
            self.origins += 1
            self.shown = document(url, self.origins)

    def read(self, _doing: str, _patience: float = 0.0) -> Reading:
        """Read what is shown, or what the test says."""
        found = self.arrives.pop(0) if self.arrives else reading(self.shown)
        if isinstance(found, Exception):
            raise found
        return found

    # --------------------------------------------------------------------------------------------------------- watch

    def wait(self, _seconds: float) -> None:
        """Let time pass, and the next thing happen."""
        self.now += self.step
        if self.happens:
            self.happens.pop(0)()

    def touch(self) -> None:
        """Count it."""
        self.touches += 1

    def check(self) -> None:
        """Nobody revokes anything here."""

    def remaining(self) -> float:
        """There is time."""
        return 1000.0

    # ----------------------------------------------------------------------------------------------------- put to work

    def downloads(self) -> Downloads:
        """Return the downloads of this tab."""
        tab, page = cast("Tab", self), cast("Page", self)
        return Downloads(tab, page, STALL, lambda: self.alive, lambda: self.now)

    def browser(self) -> ChromiumBrowser:
        """Return a browser with this tab."""
        tab, page = cast("Tab", self), cast("Page", self)
        return ChromiumBrowser(tab, page, "Agent", lambda: self.alive, STALL, lambda: self.now)

    def writes(self, path: Path, content: bytes) -> Callable[[], object]:
        """Return something that happens: bytes come into a file."""

        def write() -> None:
            with path.open("ab") as file:
                file.write(content)

        return write

    def tells(self, guid: str, state: str, **facts: Any) -> Callable[[], object]:
        """Return something that happens: the browser tells of a download."""
        return lambda: self.events.append(DownloadEvent(guid, state, **facts))


def all_of(*things: Callable[[], object]) -> Callable[[], object]:
    """Return what happens when all of these happen at once."""

    def happen() -> None:
        for thing in things:
            thing()

    return happen
