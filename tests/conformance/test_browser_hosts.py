"""Every place where browsers live keeps the promises of `BrowserHost`: the real one, the stubs, and the simulated."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.browser.find import find_browser
from actors.browser.launch import ChromiumLauncher
from actors.browser.local_host import LocalBrowserHost
from actors.processes.ledger import ProcessLedger
from actors.testing import FailingBrowserHost, StubBrowserHost
from actors.testing.conformance import BrowserHostSuite, HeldPage
from contracts.config import HeadlessConfiguration
from contracts.ports import BrowserHost, Owner
from tests.browser.conftest import TIMEOUTS, Site
from tests.cli.stub_purser import Script, ScriptedHost
from tests.crash.world import Portal, browsers_of
from tests.serving import serving
from tests.session.conftest import GatedHost, Ground
from tests.simulation.faults import Fault, Step
from tests.simulation.findings import Findings
from tests.simulation.stubs import StubBrowsers, ThreadWorld
from tests.simulation.threaded import THREAD_SETTINGS
from tests.simulation.threads import ThreadHub, TurnTaking
from tests.simulation.world import SimWorld

PAGE = "https://portal.example/orders/PO1"
HELD = "https://portal.example/orders/PO2"


class Hold:
    """Holds browsers at one page."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.host: StubBrowserHost | None = None

    def before_page(self, owner: Owner, url: str) -> None:
        """Hold a browser at the page that holds."""
        if url == HELD:
            self.asked.set()
            assert self.host is not None
            self.host.hold(owner)


class StubSuite(BrowserHostSuite):
    """The suite over a stub host."""

    knows_memory = False

    @pytest.fixture
    def hold(self) -> Hold:
        """What holds browsers."""
        return Hold()

    def make(self, hold: Hold, tmp_path: Path) -> StubBrowserHost:
        """Make the host that holds."""
        return StubBrowserHost(hold.before_page)

    @pytest.fixture
    def host(self, hold: Hold, tmp_path: Path) -> Iterator[BrowserHost]:
        """The host."""
        hold.host = self.make(hold, tmp_path)
        yield hold.host
        hold.host.close()

    @pytest.fixture
    def page(self) -> str:
        """Any address does."""
        return PAGE

    @pytest.fixture
    def held_page(self, hold: Hold) -> HeldPage:
        """The page that holds."""
        return HeldPage(HELD, hold.asked.wait)


class TestStubBrowserHost(StubSuite):
    """The stub of the test mode."""


class TestFailingBrowserHost(StubSuite):
    """The test mode's host that takes browsers away, at addresses at which it takes none."""

    @pytest.fixture
    def host(self, hold: Hold, tmp_path: Path) -> Iterator[BrowserHost]:
        """The host."""
        hold.host = StubBrowserHost(hold.before_page)
        host = FailingBrowserHost(hold.host)
        yield host
        host.close()


class TestGatedHost(StubSuite):
    """The host of the session's tests; its gate is open."""

    def make(self, hold: Hold, tmp_path: Path) -> StubBrowserHost:
        """Make the host that holds."""
        ground = Ground()
        ground.gate.set()
        return GatedHost(ground, False)

    @pytest.fixture
    def held_page(self, hold: Hold, host: GatedHost, monkeypatch: pytest.MonkeyPatch) -> HeldPage:
        """A visit that the test holds in place of the gate."""
        monkeypatch.setattr(host, "_before_page", hold.before_page)
        return HeldPage(HELD, hold.asked.wait)


class TestScriptedHost(StubSuite):
    """The host under the command's tests."""

    @pytest.fixture
    def script(self) -> Script:
        """Lets all through."""
        return Script()

    @pytest.fixture
    def host(self, script: Script) -> Iterator[BrowserHost]:
        """The host."""
        host = ScriptedHost(script)
        yield host
        host.close()

    @pytest.fixture
    def held_page(self, script: Script) -> HeldPage:
        """A visit more than the script lets through."""
        script.stop_after = 0
        return HeldPage(HELD, script.held.wait)


class TestCrashHost(StubSuite):
    """The host of the crash tests, with one visit held."""

    def make(self, hold: Hold, tmp_path: Path) -> StubBrowserHost:
        """Make the host that holds."""
        return browsers_of(Portal(tmp_path / "notes", ()))

    @pytest.fixture
    def held_page(self, hold: Hold, host: StubBrowserHost, monkeypatch: pytest.MonkeyPatch) -> HeldPage:
        """A visit that the test holds in place of the portal's note."""
        monkeypatch.setattr(host, "_before_page", hold.before_page)
        return HeldPage(HELD, hold.asked.wait)


# ------------------------------------------------------------------------------------------------- the simulated world


class Forgiving(Findings):
    """Lets a test do on purpose what the program must never do."""

    def require(self, invariant: int, holds: bool, what: object) -> None:
        """Only count."""
        self.checked[invariant] += 1


class SimulatedSuite(BrowserHostSuite):
    """The suite over a simulated world, on threads."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[SimWorld]:
        """The world."""
        hub: Any = ThreadHub()
        world = SimWorld(hub, THREAD_SETTINGS)
        world.findings = Forgiving()
        yield world
        hub.let_go()

    @pytest.fixture
    def host(self, world: SimWorld) -> Any:
        """The world as a host."""
        hub: Any = world.hub
        return TurnTakingHost(TurnTaking(world, hub), hub)

    @pytest.fixture
    def page(self) -> str:
        """The simulated portal's."""
        return "http://portal.test/PO1"

    @pytest.fixture
    def held_page(self, world: SimWorld) -> HeldPage:
        """The next page hangs."""
        world.arm(Step.OPEN, Fault.HANG)

        def wait_asked(seconds: float) -> bool:
            return world.hub.run(until=lambda: bool(world.hangs), deadline=world.hub.clock.time + seconds)

        return HeldPage("http://portal.test/PO2", wait_asked)


class TurnTakingHost:
    """A world that lets one thread in at a time, as its browsers do."""

    def __init__(self, world: Any, hub: Any) -> None:
        self._world = world
        self._hub = hub

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def launch(self, owner: Owner) -> Any:
        """Start a browser."""
        return TurnTaking(self._world.launch(owner), self._hub)

    def close(self) -> tuple[Owner, ...]:
        """End all browsers; the world goes on."""
        closed: tuple[Owner, ...] = self._world.close_browsers()
        return closed


class TestSimWorld(SimulatedSuite):
    """The world of the simulation, whose processes are not real."""


class TestStubProcesses(SimulatedSuite):
    """The same world over real processes in the real ledger."""

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[ThreadWorld]:
        """The world."""
        hub = ThreadHub()
        ledger = ProcessLedger(tmp_path / "state", temp_dir=tmp_path, watchdog=False, monotonic=hub.clock.monotonic)
        with ledger:
            world = ThreadWorld(hub, THREAD_SETTINGS, ledger)
            world.findings = Forgiving()
            yield world
        hub.let_go()

    @pytest.fixture
    def host(self, world: ThreadWorld) -> Any:
        """Where its browsers live."""
        return StubBrowsers(world, TurnTaking(world, world.threads))


# -------------------------------------------------------------------------------------------------- the real browsers


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A portal on loopback."""
    server = Site()
    with serving(server, server.stopped):
        yield server


@pytest.mark.chromium
class TestLocalBrowserHost(BrowserHostSuite):
    """Real browsers on this machine."""

    @pytest.fixture
    def host(self, tmp_path: Path) -> Iterator[BrowserHost]:
        """The host."""
        config = HeadlessConfiguration()
        with ProcessLedger(tmp_path, watchdog=False) as ledger:
            found = find_browser(config, may_fetch=False)
            launcher = ChromiumLauncher(config, TIMEOUTS, ledger=ledger, root=ledger.root, found=found)
            yield LocalBrowserHost(launcher, ledger)

    @pytest.fixture
    def page(self, site: Site) -> str:
        """A page of the portal."""
        return site.url("/orders/1")

    @pytest.fixture
    def held_page(self, site: Site) -> HeldPage:
        """A page that is never answered."""
        site.waiting.clear()
        return HeldPage(site.url("/hang"), site.waiting.wait)
