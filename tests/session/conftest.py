"""Sessions in test mode over stub browsers that wait at a gate, so that a test decides how far a batch has come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors import ProcessingSession
from actors.session import figures
from actors.session.mode import MachineFigures
from actors.session.run_resources import RunRequest
from actors.testing import StubBrowser, StubBrowserHost, StubPortal, StubResources
from actors.testing.failures import BROWSER_LOST, Losses
from contracts.config import HeadlessConfiguration, Timeouts
from contracts.errors import BrowserDiedError
from contracts.ports import LoginPage, Owner, PageReading, PageSnapshot, Portal, TaskAccepted
from contracts.tasks import Order, TaskHandle

BASE = "http://127.0.0.1:9"
TIMEOUTS = Timeouts(shutdown=20, force=5)
PATIENCE = 30.0
"""Seconds after which a wait in these tests has failed."""


@attrs.define(eq=False)
class Ground:
    """What the stub resources of one test share: the gate, who was visited, who may start.

    Args:
        gate: Visits wait here while it is cleared.
        visits: Addresses that were opened, in order.
        launches: Owners that asked for a browser.
        may_launch: Whether an owner gets one.
        portal: The adapter, in place of the usual stub.
        instead: Raised in place of opening anything.
        host: Makes the place where browsers live, in place of the gated one.
    """

    gate: threading.Event = attrs.field(factory=threading.Event)
    visits: list[str] = attrs.field(factory=list)
    launches: list[Owner] = attrs.field(factory=list)
    may_launch: Callable[[Owner], bool] = lambda _owner: True
    portal: Portal | None = None
    instead: Exception | None = None
    host: Callable[[], StubBrowserHost] | None = None
    opened: int = 0
    closed: int = 0

    def open(self, asked: RunRequest) -> GatedResources:
        """Open gated resources, whatever is asked for."""
        if self.instead is not None:
            raise self.instead
        self.opened += 1
        return GatedResources(asked, self)


class GatedHost(StubBrowserHost):
    """Stub browsers that let a visit through when the gate is open."""

    def __init__(self, ground: Ground, simulate_failures: bool) -> None:
        super().__init__(self._wait_at_the_gate)
        self._ground = ground
        self._failures = simulate_failures
        self._losses = Losses()

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a stub browser, if the test allows it."""
        self._ground.launches.append(owner)
        if not self._ground.may_launch(owner):
            raise BrowserDiedError("The test lets no browser start.")
        return super().launch(owner)

    def _wait_at_the_gate(self, owner: Owner, url: str) -> None:
        self._ground.gate.wait(PATIENCE)
        self._ground.visits.append(url)
        if self._failures and self._losses.strikes(url):
            self.kill(owner)
            raise BrowserDiedError(BROWSER_LOST)


class GatedResources(StubResources):
    """Stub resources with gated browsers."""

    def __init__(self, asked: RunRequest, ground: Ground) -> None:
        failures = asked.test_mode.simulate_failures
        super().__init__(
            asked.settings,
            simulate_failures=failures,
            fixed=True,
            browsers=ground.host() if ground.host is not None else GatedHost(ground, failures),
            portal=ground.portal,
        )
        self.ground = ground

    def close(self) -> tuple[str, ...]:
        """Count the end."""
        self.ground.closed += 1
        return super().close()


class NoEntry(StubPortal):
    """A portal that shows nothing but its login page."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        return LoginPage("the login page")

    def wants_login(self, page: PageSnapshot) -> str:
        return "the login page"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own is read or written, and the machine has room for a crew."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    for name in ("PURSER_USERNAME", "PURSER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    room = MachineFigures(cores=4, memory_free_mb=16_000, memory_fraction=0.2, cpu_percent=10)
    monkeypatch.setattr(figures, "machine", lambda: room)


@pytest.fixture
def ground() -> Iterator[Ground]:
    """What every session of the test works with; the gate is open unless the test closes it."""
    made = Ground()
    made.gate.set()
    yield made
    made.gate.set()


MakeSession = Callable[..., ProcessingSession]


@pytest.fixture
def make_session(tmp_path: Path, ground: Ground) -> MakeSession:
    """Make sessions in test mode over the ground."""

    def make(parallel: bool = True, workers: int = 2, callback: Any = None, **options: Any) -> ProcessingSession:
        failures = options.pop("simulate_failures", False)
        options = {"base_url": BASE, "download_dir": tmp_path / "dl", "timeouts": TIMEOUTS, "seed": 1, **options}
        options.setdefault("open_resources", ground.open)
        session = ProcessingSession(HeadlessConfiguration(), parallel, workers, callback, **options)
        session.enable_test_mode(mock_workers=True, simulate_failures=failures, fixed_timing=True)
        return session

    return make


def accepted(orders: Iterable[Order]) -> tuple[TaskAccepted, ...]:
    """What a journal is told of these orders, from the first place in line on."""
    return tuple(TaskAccepted(TaskHandle(place, one.po_number), one) for place, one in enumerate(orders))


def orders(count: int, first: int = 1) -> list[dict[str, Any]]:
    """Orders as the contract writes them."""
    numbers = [f"PO{number}" for number in range(first, first + count)]
    return [{"po_number": n, "supplier": "Acme", "url": f"{BASE}/{n}", "amount": 12.5} for n in numbers]


class Beside:
    """Runs a batch on a thread of its own and hands over what came of it."""

    def __init__(self, session: ProcessingSession, po_list: list[dict[str, Any]]) -> None:
        self._session = session
        self._orders = po_list
        self._answer: tuple[int, int, dict[str, Any]] | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer = self._session.process_pos(self._orders)
        except BaseException as error:  # noqa: BLE001 - handed over to the test's own thread
            self._error = error

    def result(self) -> tuple[int, int, dict[str, Any]]:
        """Wait for the end."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the batch did not end"
        if self._error is not None:
            raise self._error
        assert self._answer is not None
        return self._answer


def until(happened: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    pulse = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if happened():
            return
        pulse.wait(0.01)
    raise AssertionError(f"not within {PATIENCE:g} s: {what}")
