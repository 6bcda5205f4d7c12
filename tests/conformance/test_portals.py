"""Every adapter keeps the promises of `Portal`: the three real ones, the stubs, and those of other tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors.portals import portal_for
from actors.portals.generic import GenericPortal
from actors.testing import FailingPortal, StubPortal
from actors.testing.conformance import PortalSuite
from actors.testing.failures import is_missing
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import HttpFailure, LoginForm, LoginPage, OrderPage, PageReading, PageSnapshot, Portal
from contracts.tasks import TaskStatus
from tests.conformance.bugs import falls
from tests.crash.world import Portal as CrashPortal, TrueOrder
from tests.portals.pages import BASE, LINK, NONE, SPAN, order, plain_order
from tests.session.conftest import NoEntry
from tests.simulation.outside import SimPortal
from tests.simulation.threaded import THREAD_SETTINGS
from tests.simulation.threads import ThreadHub
from tests.simulation.world import SimWorld
from tests.worker.fakes import World

LOGIN = "<form action=/login method=post><input type=text name=user><input type=password name=password>"
LOGIN += "<button type=submit>Sign in</button></form>"
PRESENT = [number for number in (f"PO{count}" for count in range(16928033, 16928053)) if not is_missing(number)]


class HtmlSuite(PortalSuite):
    """The suite over an adapter that reads HTML."""

    def order_page(self, number: str) -> PageSnapshot:
        """One of Coupa's."""
        title = f"Purchase Order #{number}"
        return order(SPAN + LINK, title=title, url=f"{BASE}/order_headers/{number}")

    def login_page(self) -> PageSnapshot:
        """A form to log in."""
        return plain_order(LOGIN, title="Sign in", path="/login", requested="/orders/1")

    def not_found_page(self) -> PageSnapshot:
        """A message."""
        return plain_order("<p>Access denied</p>", title="Portal", heading="Access denied")


class TestCoupaPortal(HtmlSuite):
    """Coupa's."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return portal_for(PortalKind.COUPA, GenericPortalSettings())


class TestAutoPortal(HtmlSuite):
    """The one that decides for each page."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return portal_for(PortalKind.AUTO, GenericPortalSettings())


class TestGenericPortal(HtmlSuite):
    """The one by settings."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return portal_for(PortalKind.GENERIC, GenericPortalSettings())

    def order_page(self, number: str) -> PageSnapshot:
        """A plain one."""
        return plain_order(NONE, title=f"Order {number}", path=f"/orders/{number}", requested=f"/orders/{number}")


class Least:
    """An adapter with no more than it must have; it reads as the generic one does."""

    def __init__(self) -> None:
        generic = GenericPortal(GenericPortalSettings())
        self.login_paths = generic.login_paths
        self.recognises = generic.recognises
        self.order_addresses = generic.order_addresses
        self.read = generic.read


class TestLeastAdapter(TestGenericPortal):
    """One that a user brings."""

    @pytest.fixture
    def portal(self) -> Any:
        """The adapter."""
        return Least()


class TestFailingPortal(TestCoupaPortal):
    """The one to which some orders are not there, with one that is."""

    number = PRESENT[0]
    another = PRESENT[1]

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return FailingPortal(portal_for(PortalKind.COUPA, GenericPortalSettings()))


class PlainSuite(PortalSuite):
    """The suite over an adapter that takes any page."""

    tells_orders_apart = False

    def order_page(self, number: str) -> PageSnapshot:
        """A page."""
        url = f"{BASE}/{number}"
        return PageSnapshot(url, url, 200, 1.0, "<html></html>")


class TestStubPortal(PlainSuite):
    """The stub of the test mode."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return StubPortal()


class TestFailingStubPortal(PlainSuite):
    """The stub of the test mode with failures."""

    number = PRESENT[0]
    another = PRESENT[1]

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return StubPortal(simulate_failures=True)


class TestCrashPortal(PlainSuite):
    """The portal of the crash tests."""

    tells_orders_apart = True

    @pytest.fixture
    def portal(self, tmp_path: Path) -> Portal:
        """The adapter."""
        orders = tuple(TrueOrder(one, one, TaskStatus.COMPLETED, ("a.pdf",)) for one in (self.number, self.another))
        return CrashPortal(tmp_path / "notes", (*orders, TrueOrder("PO1", "none", TaskStatus.PO_NOT_FOUND)))

    def order_page(self, number: str) -> PageSnapshot:
        """Its page."""
        url = f"{BASE}/{number}"
        return PageSnapshot(url, url, 200, 1.0, "<html></html>")


class TestSimPortal(PortalSuite):
    """The portal of the simulation."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        hub: Any = ThreadHub()
        return SimPortal(SimWorld(hub, THREAD_SETTINGS))

    def order_page(self, number: str) -> PageSnapshot:
        """Its page."""
        url = f"{BASE}/{number}"
        return PageSnapshot(url, url, 200, 1.0, f"order {number}")

    def login_page(self) -> PageSnapshot:
        """Its login page."""
        return attrs.evolve(self.order_page("1"), html="login")

    def not_found_page(self) -> PageSnapshot:
        """Its denial."""
        return attrs.evolve(self.order_page("1"), html="not found")


class TestPortalOfVisits(PlainSuite):
    """The portal of the worker's tests."""

    number = "1"
    another = "2"

    @pytest.fixture
    def portal(self, tmp_path: Path) -> Portal:
        """The adapter."""
        login = f"{BASE}/login"
        world = World(tmp_path, readings={login: LoginPage("it")}, login_reason={login: "it"})
        return world.tools().portal

    def login_page(self) -> PageSnapshot:
        """Its login page."""
        return attrs.evolve(self.order_page("1"), url=f"{BASE}/login")


class TestNoEntry(PlainSuite):
    """The portal of a session's tests that shows nothing but its login page."""

    @pytest.fixture
    def portal(self) -> Portal:
        """The adapter."""
        return NoEntry()

    def login_page(self) -> PageSnapshot:
        """Any page."""
        return self.order_page("1")

    test_an_orders_own_page_is_read_as_such: Any = None
    test_a_page_that_was_not_answered_well_is_no_orders_page: Any = None


# ---------------------------------------------------------------------------------------------- adapters with a bug


class Sound(GenericPortal):
    """An adapter without a bug."""

    def __init__(self) -> None:
        super().__init__(GenericPortalSettings())


class TakesAnyPage(Sound):
    """It needs no proof."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        reading = super().read(page, po_number)
        return OrderPage(po_number, "", ()) if page.http_status == 200 and "Order" in page.html else reading


class FindsPartsOfNumbers(Sound):
    """It looks for the number anywhere."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        reading = super().read(page, po_number)
        return OrderPage(po_number, "", ()) if page.http_status == 200 and po_number in page.html else reading


class LooksAtTheStatusFirst(Sound):
    """It takes a login page for an error."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        return HttpFailure(403) if page.http_status == 403 else super().read(page, po_number)


class Stumbles(Sound):
    """It expects a title."""

    def visible_text(self, page: PageSnapshot) -> str:
        found = re.search("<title>(.*?)</title>", page.html)
        assert found is not None
        return found[1]


class ShowsPasswords(Sound):
    """It shows the page as it came."""

    def visible_text(self, page: PageSnapshot) -> str:
        return page.html


class Remembers(Sound):
    """It is not pure."""

    seen = 0

    def visible_text(self, page: PageSnapshot) -> str:
        self.seen += 1
        return str(self.seen)


class ChangesTheNumber(Sound):
    """It thinks that it knows better."""

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        return super().order_addresses(base_url, po_number.removeprefix("PO"))


class LogsInNowhere(Sound):
    """Its login page is below no path."""

    def __init__(self) -> None:
        super().__init__()
        self.login_paths = ("login",)


class TypesNowhere(Sound):
    """It knows no form."""

    def login_form(self, page: PageSnapshot) -> LoginForm:
        return LoginForm("", "", "")


class LogsInElsewhere(Sound):
    """It hands credentials to somebody else."""

    def login_address(self, base_url: str) -> str:
        return "https://elsewhere.example/login"


class ContradictsItself(Sound):
    """It says of a page that it is a login page, and that it wants none."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        reading = super().read(page, po_number)
        return LoginPage("empty") if not page.html else reading


def run(kind: type[Sound]) -> list[str]:
    """Run the suite over an adapter."""
    return falls(TestGenericPortal(), lambda: {"portal": kind()})


def test_a_sound_adapter_passes() -> None:
    assert run(Sound) == []


@pytest.mark.parametrize(
    "kind",
    [
        TakesAnyPage, FindsPartsOfNumbers, LooksAtTheStatusFirst, Stumbles, ShowsPasswords, Remembers,
        ChangesTheNumber, TypesNowhere, LogsInElsewhere, LogsInNowhere, ContradictsItself,
    ],
)  # fmt: skip
def test_an_adapter_with_a_bug_falls(kind: type[Sound]) -> None:
    assert run(kind)
