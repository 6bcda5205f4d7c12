"""Every browser keeps the promises of `Browser`: a real one, the stub, and those of other tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.browser.find import find_browser
from actors.browser.launch import ChromiumLauncher
from actors.browser.local_host import LocalBrowserHost
from actors.processes.ledger import ProcessLedger
from actors.testing import FailingBrowserHost, StubBrowser, StubBrowserHost
from actors.testing.conformance import BrowserSuite, Site, WebBrowserSuite
from contracts.config import HeadlessConfiguration
from contracts.ports import Browser, Cookie, Owner, PageSnapshot
from tests.browser.conftest import TIMEOUTS
from tests.conformance.bugs import falls
from tests.crash.world import Portal, browsers_of
from tests.simulation.threaded import THREAD_SETTINGS
from tests.simulation.threads import ThreadHub, TurnTaking
from tests.simulation.world import SimWorld
from tests.worker.fakes import World

OWNER = Owner("conformance", 1)


class AnyBrowserSuite(BrowserSuite):
    """The suite over a browser that goes nowhere."""

    @pytest.fixture
    def page(self) -> str:
        """Any address does."""
        return "https://portal.example/orders/PO1"


class TestStubBrowser(AnyBrowserSuite):
    """The one of the test mode."""

    @pytest.fixture
    def browser(self) -> Browser:
        """A new one."""
        return StubBrowserHost().launch(OWNER)


class TestFailingBrowser(AnyBrowserSuite):
    """The one of the test mode that is taken away at other addresses."""

    @pytest.fixture
    def browser(self) -> Browser:
        """A new one."""
        return FailingBrowserHost(StubBrowserHost()).launch(OWNER)


class TestCrashBrowser(AnyBrowserSuite):
    """The one of the crash tests."""

    @pytest.fixture
    def browser(self, tmp_path: Path) -> Browser:
        """A new one."""
        return browsers_of(Portal(tmp_path / "notes", ())).launch(OWNER)


class TestBrowserOfVisits(AnyBrowserSuite):
    """The one of the worker's tests."""

    @pytest.fixture
    def browser(self, tmp_path: Path) -> Browser:
        """A new one."""
        return World(tmp_path)


class TestSimBrowser(AnyBrowserSuite):
    """The one of the simulation."""

    cookie = Cookie("version", "1", "portal.test")

    @pytest.fixture
    def browser(self) -> Iterator[Any]:
        """One in a world of its own."""
        hub: Any = ThreadHub()
        world: Any = TurnTaking(SimWorld(hub, THREAD_SETTINGS), hub)
        yield TurnTaking(world.launch(OWNER), hub)
        hub.let_go()


# -------------------------------------------------------------------------------------------------- the real browser


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests; none of them breaks it."""
    config = HeadlessConfiguration()
    with ProcessLedger(tmp_path_factory.mktemp("state"), watchdog=False) as ledger:
        found = find_browser(config, may_fetch=False)
        host = LocalBrowserHost(
            ChromiumLauncher(config, TIMEOUTS, ledger=ledger, root=ledger.root, found=found), ledger
        )
        browser = host.launch(OWNER)
        yield browser
        browser.close()
        host.close()


@pytest.mark.chromium
class TestChromiumAsAnyBrowser(BrowserSuite):
    """A real one."""

    @pytest.fixture
    def browser(self, chromium: Browser) -> Browser:
        """The shared one."""
        return chromium

    @pytest.fixture
    def page(self) -> Iterator[str]:
        """A page on loopback."""
        with Site() as site:
            yield site.url("/orders/1")


@pytest.mark.chromium
class TestChromiumOnTheWeb(WebBrowserSuite):
    """A real one."""

    @pytest.fixture
    def browser(self, chromium: Browser) -> Browser:
        """The shared one."""
        return chromium


# ---------------------------------------------------------------------------------------------- browsers with a bug


class ShowsTheOldPage(StubBrowser):
    """It goes on showing the page before."""

    def open(self, url: str) -> PageSnapshot:
        return attrs.evolve(super().open(url), time_origin=1.0)


class ReadsAnew(StubBrowser):
    """It opens the page to read it."""

    def read(self, patience: float = 0.0) -> PageSnapshot:
        return self.open(self._shown.url)


class SaysNotNew(StubBrowser):
    """It doubts itself."""

    def open(self, url: str) -> PageSnapshot:
        return attrs.evolve(super().open(url), is_new=False)


class PilesCookiesUp(StubBrowser):
    """It keeps every one."""

    held: tuple[Cookie, ...] = ()

    def cookies(self) -> tuple[Cookie, ...]:
        return self.held

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        self.held += cookies


class DropsCookies(StubBrowser):
    """It keeps the last ones only."""

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        self._cookies.clear()
        super().adopt_cookies(cookies)


class DrawsSomethingElse(StubBrowser):
    """It draws in another format."""

    def screenshot(self) -> bytes:
        return b"GIF89a"


class IsWorn(StubBrowser):
    """It complains."""

    def wear(self) -> str:
        return "tired"


@pytest.mark.parametrize(
    "kind", [ShowsTheOldPage, ReadsAnew, SaysNotNew, PilesCookiesUp, DropsCookies, DrawsSomethingElse, IsWorn]
)
def test_a_browser_with_a_bug_falls(kind: Callable[[Owner, StubBrowserHost], StubBrowser]) -> None:
    generations = itertools.count(1)

    def make() -> dict[str, object]:
        owner, host = Owner("conformance", next(generations)), StubBrowserHost()
        host.launch(owner)
        return {"browser": kind(owner, host), "page": "https://portal.example/1"}

    assert falls(BrowserSuite(), make)
