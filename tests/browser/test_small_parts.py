"""The small parts around a browser: a watched start, cookies on their way back, a base profile, a page's questions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from actors.browser import starting
from actors.browser.cookies import from_browser, to_browser
from actors.browser.faults import PageReplacedError
from actors.browser.options import require_display
from actors.browser.page import Page
from actors.browser.profiles import check_base
from actors.browser.starting import StartLedger, _watch
from actors.browser.tab import Tab
from actors.runtime import Revocation
from contracts.config import HeadlessConfiguration
from contracts.errors import ConfigurationError, ProfileCorruptionError, SessionCorruptionError
from contracts.ports import Control, Cookie, Owner

OWNER = Owner("w1", 1)


@attrs.define
class Looks:
    """A ledger, a wait and a clock in one: each look sees what the test says, and then nothing any more."""

    sees: list[bool]
    looks: int = 0
    killed: int = 0
    ends_after: int | None = None
    each: float = 0.0
    """Seconds that a look takes."""
    stall: float = 0.0
    """Seconds that the first one takes besides."""

    def time(self) -> float:
        """Say how late it is: each look comes a step after the one before, and takes its time."""
        return self.looks * (starting._STEP + self.each) + (self.stall if self.looks else 0.0)

    def has_more_than_driver(self, _owner: Owner) -> bool:
        """Look."""
        self.looks += 1
        return self.sees.pop(0) if self.sees else False

    def kill(self, _owner: Owner) -> None:
        """Count it."""
        self.killed += 1

    def wait(self, _seconds: float) -> bool:
        """Never wait; say whether the start is over."""
        return self.ends_after is not None and self.looks >= self.ends_after


def watch(looks: Looks) -> None:
    """Watch a start with them."""
    _watch(cast("StartLedger", looks), OWNER, cast("Revocation", looks), looks.time)


@pytest.mark.parametrize(
    ("sees", "looks"),
    [
        pytest.param([], 50, id="never seen"),
        pytest.param([True], 1 + starting._LOOKS, id="seen once"),
        pytest.param([False, True, False, False, True], 5 + starting._LOOKS, id="gone and there again"),
    ],
)
def test_a_browser_that_is_gone_for_some_looks_ends_its_start(sees: list[bool], looks: int) -> None:
    seen = Looks(list(sees))
    watch(seen)
    assert (seen.looks, seen.killed) == (looks, 1)


@pytest.mark.parametrize(("each", "seconds"), [(0.0, 5.0), (0.05, 5.1), (0.5, 6.0), (2.0, 21.0)])
def test_a_browser_that_is_never_seen_ends_its_start_in_seconds_however_long_a_look_takes(
    each: float, seconds: float
) -> None:
    """Fifty looks of half a second each would be half a minute."""
    seen = Looks([], each=each)
    watch(seen)
    assert seen.killed == 1
    assert seen.time() == pytest.approx(seconds)


def test_a_machine_that_stood_still_has_not_looked() -> None:
    """Its driver has stood still as well, and may be about to begin."""
    seen = Looks([False] * 8 + [True], stall=60.0, ends_after=12)
    watch(seen)
    assert seen.killed == 0
    seen = Looks([], stall=60.0)
    watch(seen)
    assert (seen.looks, seen.killed) == (10, 1)


@pytest.mark.parametrize("ends_after", [49, 50])
def test_a_start_that_is_over_is_watched_no_more(ends_after: int) -> None:
    """Nor is it killed when it ended during the last look."""
    seen = Looks([], ends_after=ends_after)
    watch(seen)
    assert seen.killed == 0


@pytest.mark.parametrize("expires", [None, 0.0, 2_000_000_000.5])
@pytest.mark.parametrize("domain", [".portal.example", "portal.example"])
def test_a_cookie_comes_back_as_it_was_told(expires: float | None, domain: str) -> None:
    raw = {
        "name": "sid",
        "value": "1",
        "domain": domain,
        "path": "/a",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "size": 4,
        "session": expires is None,
        "expires": -1 if expires is None else expires,
    }
    cookie = from_browser(raw)
    assert (cookie.expires, cookie.host_only, cookie.path) == (expires, domain[0] != ".", "/a")
    given = to_browser(cookie)
    assert given.pop("expires", None) == expires
    assert given == {name: raw[name] for name in ("name", "value", "domain", "path", "secure", "httpOnly", "sameSite")}
    renewed = to_browser(attrs.evolve(cookie, value="2", path="/b"))
    assert (renewed["value"], renewed["path"]) == ("2", "/b")


def test_a_cookie_that_no_browser_told_of_is_taken_too() -> None:
    assert to_browser(Cookie("sid", "1", "portal.example", expires=5.0))["expires"] == 5.0
    told = from_browser({"name": "sid", "value": "1", "domain": "portal.example"})
    assert (told.path, told.secure, told.http_only, told.expires) == ("/", False, False, None)


def test_a_base_profile_whose_disk_is_broken_is_said_to_be_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_place: int) -> os.DirEntry[str]:
        raise OSError(5, "Input/output error")

    @contextmanager
    def scan(base: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        yield map(fail, (0,))  # it raises at the first entry

    assert check_base(tmp_path)
    monkeypatch.setattr(os, "scandir", scan)
    with pytest.raises(ProfileCorruptionError, match="cannot be read: Input/output error"):
        check_base(tmp_path)


@attrs.define
class Questions:
    """A tab that counts what it is asked, and answers as the test says."""

    answers: Callable[[str], Any] = lambda _expression: ""
    asked: list[str] = attrs.field(factory=list)
    worlds: list[int | None] = attrs.field(factory=list)
    window: str = "home"
    frames: list[int] = attrs.field(factory=list)
    is_there: bool = True

    def command(self, name: str, _doing: str, **_parameters: Any) -> dict[str, Any]:
        """Count it."""
        self.asked.append(name)
        return {"executionContextId": 7}

    def evaluate(self, expression: str, _doing: str, *, world: int | None = None, **_how: bool) -> Any:
        """Answer."""
        self.worlds.append(world)
        return self.answers(expression)

    @contextmanager
    def in_frame(self, number: int, _doing: str) -> Iterator[Callable[..., Any]]:
        """Go into a frame."""
        self.frames.append(number)
        yield lambda *_arguments: self.is_there


def page_over(tab: Questions, **options: Any) -> Page:
    """A page of that tab."""
    return Page(cast("Tab", tab), 1.0, lambda _seconds: None, **options)


def test_both_scripts_are_there_before_any_page_is() -> None:
    tab = Questions()
    page_over(tab)
    assert tab.asked == ["Page.addScriptToEvaluateOnNewDocument"] * 2


def test_a_control_is_clicked_where_it_lies() -> None:
    tab = Questions()
    page = page_over(tab)
    assert page.click(Control("a", 0), "clicking") == ""
    assert (tab.frames, tab.worlds) == ([], [7])
    assert page.click(Control("a", 0, "1.x3."), "clicking") == ""
    assert (tab.frames, tab.worlds) == ([3], [7])
    tab.is_there = False
    assert page.click(Control("a", 0, "1.x3."), "clicking") == "it is no longer on the page"


def test_pages_that_follow_one_another_without_end_are_asked_so_often_and_no_more() -> None:
    def replaced(_expression: str) -> str:
        raise PageReplacedError("gone")

    tab = Questions(replaced)
    with pytest.raises(PageReplacedError, match="without end while looking"):
        page_over(tab, monotonic=lambda: 0.0).look("looking")
    assert len(tab.worlds) == 20
    ticks = iter(range(0, 1000, 9))
    tab = Questions(replaced)
    with pytest.raises(PageReplacedError, match="without end while looking"):
        page_over(tab, monotonic=lambda: float(next(ticks))).look("looking")
    assert len(tab.worlds) == 2, "and no longer than some seconds"


@pytest.mark.parametrize("answer", [None, "what?", [], [1, 2, 3, 4, 5]])
def test_an_answer_that_cannot_be_read_is_the_browsers_fault(answer: Any) -> None:
    with pytest.raises(SessionCorruptionError, match="cannot be read while looking"):
        page_over(Questions(lambda _expression: answer)).look("looking")


@pytest.mark.parametrize("platform", ["linux", "freebsd14"])
def test_a_window_without_a_display_is_refused_with_what_to_do(platform: str) -> None:
    for environment in ({}, {"DISPLAY": ""}, {"XDG_SESSION_TYPE": "tty"}):
        with pytest.raises(ConfigurationError, match="headless=True"):
            require_display(HeadlessConfiguration(headless=False), environment, platform)
        require_display(HeadlessConfiguration(), environment, platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        require_display(HeadlessConfiguration(headless=False), {name: ":0"}, platform)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_a_window_needs_no_variable_where_there_is_always_a_desktop(platform: str) -> None:
    require_display(HeadlessConfiguration(headless=False), {}, platform)
