"""The page that a tab shows: brought to rest, read whole with its frames and shadow roots, its controls clicked.

All of it happens in a world of our own inside the page (`scripts/read.js`), where the page cannot change what the
browser's names mean. In the page's own world only a counter runs (`scripts/watch.js`), which knows what the page's
scripts still wait for, and answers dialogs.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import attrs

from actors.browser.faults import PageRefusedError, PageReplacedError, explained
from actors.browser.tab import Tab
from actors.browser.wholeness import unproven, without_end
from contracts.errors import BrowserDiedError, SessionCorruptionError
from contracts.ports import Control, PagePart, Unproven

_WORLD = "purser"
_HORIZON = 3000
"""Milliseconds: a timer of the page's that is due later is not waited for, unless the look is a patient one."""
_MOST_REPLACEMENTS = 20
_SECONDS_TO_TELL = 15.0
"""What a page may need beyond the time it is given to come to rest, on a busy machine."""
_LONGEST_CHASE = 20.0
"""Seconds after which pages that follow one another are without end: well before a silent lease is ended."""
_FRAME_SECONDS = 3.0
_MOST_FRAMES = 20
"""Frames of other hosts that are looked into."""
_FRAME_STEP = 0.15
_FRAME = """const root = document.documentElement;
  const html = root ? root.outerHTML : '';
  if (html.length > 16777216) return null;
  return [location.href, document.readyState, html,
  [...document.querySelectorAll('iframe, frame')].filter((frame) => {
    const box = frame.getBoundingClientRect(); return box.width >= 32 && box.height >= 32;
  }).map((frame) => frame.src)];"""
_CLICK_IN_FRAME = """const element = document.querySelectorAll(arguments[0])[arguments[1]];
  if (!element) return false;
  const link = element.closest('a[target], area[target]');
  if (link) link.removeAttribute('target');
  element.click();
  return true;"""


@attrs.frozen
class Counts:
    """What a document has asked of the browser, each of which may bring a download.

    Args:
        time_origin: When the document began, milliseconds.
        files: Links that ask for a file by themselves. It comes, whatever page is shown by then.
        ways: Ways to other pages. They end when the page is left.
        moves: Changes of its own address, and all of these, within ten seconds.
    """

    time_origin: float = 0.0
    files: int = 0
    ways: int = 0
    moves: int = 0

    def since(self, earlier: Counts) -> Counts:
        """Return what came after an earlier count, all of it if that was another document's."""
        if earlier.time_origin != self.time_origin:
            return self
        return Counts(self.time_origin, self.files - earlier.files, self.ways - earlier.ways, self.moves)


@attrs.frozen
class Document:
    """What a tab shows, without its text.

    Args:
        url: Its address.
        status: HTTP status; 0 when there was no answer.
        time_origin: When it began, milliseconds; no two documents share it.
        state: `loading`, `interactive` or `complete`.
        media_type: Its content type.
        has_password: Whether it visibly asks for a password.
    """

    url: str
    status: int
    time_origin: float
    state: str
    media_type: str
    has_password: bool

    @property
    def is_error_page(self) -> bool:
        """Whether the browser shows its own page instead of an answer."""
        return self.url.startswith("chrome-error:")


@attrs.frozen
class Reading:
    """A page as it was read.

    Args:
        url: Its address.
        status: HTTP status; 0 when there was no answer.
        time_origin: When it began, milliseconds.
        html: Its document.
        parts: Its frames and shadow roots.
        unsettled: What it was still waiting for; empty when it was at rest.
        unread: Addresses of visible frames that could not be read.
        may_change: Whether its scripts may yet change it.
        culprits: Addresses on other hosts that its own loading still waited for.
        is_controlled: Whether a service worker, which some page has left, answers in the portal's place.
        broken: Whether its document broke off on its way, or has not come to its end.
        unproven: Its documents that came packed, and of which the browser does not know an end.
    """

    url: str
    status: int
    time_origin: float
    html: str = attrs.field(repr=False)
    parts: tuple[PagePart, ...] = attrs.field(repr=False)
    unsettled: str
    unread: tuple[str, ...]
    may_change: bool
    culprits: tuple[str, ...]
    is_controlled: bool = False
    broken: bool = False
    unproven: tuple[Unproven, ...] = ()


@cache
def _script(name: str) -> str:
    return resources.files("actors.browser").joinpath("scripts", name).read_text("utf-8").rstrip()


class Page:
    """Whatever page a tab shows. Used by one thread at a time.

    Args:
        tab: The tab.
        settle: Seconds a page may take to come to rest.
        wait: Waits some seconds.
        monotonic: The clock, in seconds.
    """

    def __init__(
        self,
        tab: Tab,
        settle: float,
        wait: Callable[[float], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tab = tab
        self._settle = settle
        self._wait = wait or threading.Event().wait
        self._monotonic = monotonic
        self._worlds: dict[str, int] = {}
        # Names that no page can know, so that none can ask, answer or allow in our place.
        words = json.dumps([secrets.token_hex(8) for _ in range(3)])
        self._watch = f"{_script('watch.js')}(...{words})"
        self._read = f"{_script('read.js')}(...{words})"
        worlds: tuple[dict[str, Any], ...] = ({}, {"worldName": _WORLD})
        for source, world in zip((self._watch, self._read), worlds, strict=True):
            tab.command(
                "Page.addScriptToEvaluateOnNewDocument", "starting", source=source, runImmediately=True, **world
            )

    def go(self, url: str, doing: str) -> None:
        """Navigate: see `Tab.go`."""
        self._worlds.pop(self._tab.window, None)
        self._tab.go(url, doing)

    # ------------------------------------------------------------------------------------------------- asking the page

    def _ask(self, expression: str, doing: str, *, gesture: bool = False, wait: float = 0.0) -> Any:
        """Return what a call in our world gives, in whatever document is shown by then.

        Raises:
            PageReplacedError: One document after the other went away.
            PageRefusedError: Our script raised.
        """
        began = self._monotonic()
        for _ in range(_MOST_REPLACEMENTS):
            if self._monotonic() - began > _LONGEST_CHASE:
                break
            window = self._tab.window
            try:
                world = self._worlds.get(window) or self._enter(window, doing)
                try:
                    return self._tab.evaluate(expression, doing, world=world, gesture=gesture, wait=wait)
                except PageRefusedError as error:
                    if "purser is not defined" not in str(error):
                        raise
                # A document from before our scripts, or a tab that the page opened.
                self._tab.evaluate(self._read, doing, world=world)
            except PageReplacedError:
                self._worlds.pop(window, None)
        raise PageReplacedError(f"The page went on to others without end while {doing}.")

    def _enter(self, window: str, doing: str) -> int:
        """Return our world in the document that is shown now."""
        answer = self._tab.command("Page.createIsolatedWorld", doing, frameId=window, worldName=_WORLD)
        world = answer.get("executionContextId")
        if not isinstance(world, int):
            raise SessionCorruptionError(f"The driver gave no way into the page while {doing}.")
        self._worlds[window] = world
        return world

    def time_origin(self, doing: str) -> float:
        """Return when the shown document began."""
        return _checked(float, self._ask("purser.origin()", doing), doing)

    def look(self, doing: str) -> Document:
        """Return what is shown, without its text and without waiting for it."""
        return _checked(lambda told: _document(*told), self._ask("purser.look()", doing), doing)

    def run(self, expression: str, doing: str) -> None:
        """Evaluate an expression in our world, for what it does."""
        self._ask(expression, doing)

    def culprits(self, doing: str) -> tuple[str, ...]:
        """Return the addresses on other hosts that the document's loading waits for."""
        return _checked(_texts, self._ask("purser.culprits()", doing), doing)

    # ----------------------------------------------------------------------------------------------------- reading it

    def read(self, doing: str, patience: float = 0.0) -> Reading:
        """Wait until the page is at rest, within the bound, and return all of it.

        Args:
            doing: What is being done, for messages.
            patience: Seconds to look on at a page that its scripts may yet change.

        Raises:
            PageReplacedError: The page went on to others without end.
            PageRefusedError: It cannot be read.
            PageTooSlowError: It was too busy to be read, and the tab is stuck.
            SessionCorruptionError: The driver's answer cannot be read.
            BrowserDiedError: The browser is gone.
        """
        bound, patient = round(self._settle * 1000), round(patience * 1000)
        wait = max(self._settle, patience) + _SECONDS_TO_TELL
        told = self._ask(f"purser.read({bound}, {_HORIZON}, {patient})", doing, wait=wait)
        reading, outer = _checked(_reading, told, doing)
        for count, (number, address, place) in enumerate(outer):
            reading = self._with_frame(reading, number if count < _MOST_FRAMES else -1, address, place, doing)
        packed = _checked(_sizes, told["packed"], doing)
        return attrs.evolve(reading, unproven=unproven(self._tab, packed, doing)) if packed else reading

    def without_end(self, doing: str) -> tuple[str, ...]:
        """Return the addresses of the shown documents whose text has no end."""
        return without_end(self._tab, doing)

    def _with_frame(self, reading: Reading, number: int, address: str, place: str, doing: str) -> Reading:
        """Return a reading with a frame of another host, which only the driver can look into."""
        found = self._frame(number, doing) if number >= 0 else None
        if found is None:
            return attrs.evolve(reading, unread=(*reading.unread, address))
        url, html, inner = found
        part = PagePart(f"{place}x{number}.", url, html)
        return attrs.evolve(reading, parts=(*reading.parts, part), unread=(*reading.unread, *inner))

    def _frame(self, number: int, doing: str) -> tuple[str, str, tuple[str, ...]] | None:
        """Return address and HTML of a frame and the frames inside it; None when it does not come or refuses."""
        deadline = self._monotonic() + _FRAME_SECONDS
        before = ""
        try:
            with self._tab.in_frame(number, doing) as run:
                while True:
                    with explained(doing):
                        url, state, html, inner = run(_FRAME)
                    if not str(url).startswith(("http:", "https:", "about:", "data:", "blob:")):
                        return None
                    is_there = state == "complete" and not str(url).startswith("about:blank")
                    if is_there and html == before:
                        return str(url), str(html), _texts(inner)
                    if self._monotonic() >= deadline:
                        return (str(url), str(html), _texts(inner)) if is_there else None
                    before = str(html) if is_there else ""
                    self._wait(_FRAME_STEP)
        except BrowserDiedError:
            raise
        except (SessionCorruptionError, TypeError, ValueError):
            # The frame is gone, or refuses: then it is not read, and whoever reads the page is told.
            return None

    # ------------------------------------------------------------------------------------------------------- clicking

    def click(self, control: Control, doing: str, *, origin: float = 0.0, agree: bool = False) -> str:
        """Click a control as a user would; a bar that floats over it does not matter.

        Args:
            control: What to click.
            doing: What is being done, for messages.
            origin: When the document began that the control was seen in; 0 clicks in any.
            agree: Whether dialogs are answered with yes from now on.

        Returns:
            Empty when it was clicked, else why not.
        """
        if ".x" in f".{control.place}":
            if origin and self.time_origin(doing) != origin:
                return "the page has changed"
            number = int(control.place.rpartition("x")[2].rstrip("."))
            with self._tab.in_frame(number, doing) as run, explained(doing):
                clicked = run(_CLICK_IN_FRAME, control.selector, control.index)
            return "" if clicked else "it is no longer on the page"
        given = ", ".join(json.dumps(one) for one in (origin, control.place, control.selector, control.index, agree))
        try:
            return str(self._ask(f"purser.click({given})", doing, gesture=True) or "")
        except PageRefusedError as error:
            return str(error)

    def stop_agreeing(self, doing: str) -> Counts:
        """Answer dialogs with no again; return what the document has asked of the browser so far."""
        return _checked(lambda told: _counts(*told), self._ask("purser.allow(false)", doing), doing)

    def leave(self, doing: str, *, timeout: float | None = None) -> Counts:
        """Let the document ask for no file from now on; return what it has asked of the browser so far.

        Args:
            doing: What is being done, for messages.
            timeout: Seconds after which the page counts as busy and the tab as stuck; None leaves it to the driver.
        """
        return _checked(lambda told: _counts(*told), self._ask("purser.leave()", doing, wait=timeout or 0.0), doing)

    def is_drawn(self, doing: str) -> bool:
        """Whether the browser draws the page at all: one whose document broke off it may never."""
        return bool(self._ask("purser.isDrawn()", doing, wait=_SECONDS_TO_TELL))


T = TypeVar("T")


def _checked(make: Callable[[Any], T], told: Any, doing: str) -> T:
    """Return what `make` makes of an answer; one that it cannot read is the browser's fault."""
    try:
        return make(told)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise SessionCorruptionError(f"The driver gave an answer that cannot be read while {doing}.") from error


def _document(url: Any, status: Any, origin: Any, state: Any, media_type: Any, has_password: Any) -> Document:
    return Document(str(url), int(status), float(origin), str(state), str(media_type), bool(has_password))


def _counts(origin: Any, files: Any, ways: Any, moves: Any) -> Counts:
    return Counts(float(origin), int(files), int(ways), int(moves))


def _sizes(told: Any) -> dict[str, int]:
    return {str(address): int(size) for address, size in told}


def _texts(told: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in told)


def _reading(told: Any) -> tuple[Reading, list[tuple[int, str, str]]]:
    reading = Reading(
        url=str(told["url"]),
        status=int(told["status"]),
        time_origin=float(told["origin"]),
        html=str(told["html"]),
        parts=tuple(PagePart(str(place), str(url), str(html)) for place, url, html in told["parts"]),
        unsettled=str(told["unsettled"]),
        unread=_texts(told["unread"]),
        may_change=bool(told["later"]),
        culprits=_texts(told["culprits"]),
        is_controlled=bool(told["controlled"]),
        broken=bool(told["broken"]),
    )
    return reading, [(int(number), str(address), str(place)) for number, address, place in told["outer"]]
