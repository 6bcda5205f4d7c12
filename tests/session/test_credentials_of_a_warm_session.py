"""Inside `with`, each batch is logged in with what belongs to its own host, also when the crew is an older one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import attrs
import keyring
import pytest

from actors.testing import StubBrowser, StubBrowserHost, StubPortal
from contracts.errors import AuthenticationError
from contracts.ports import Credentials, LeaseWatch, LoginForm, LoginPage, Owner, PageReading, PageSnapshot
from tests.session.conftest import Ground, MakeSession

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
OWN = Credentials("user", "secret")


@attrs.define
class Doors:
    """Portals that let nobody in before a login, host by host.

    Args:
        sent: What was typed where.
        opened: Hosts that have let somebody in.
        launches: Owners that asked for a browser.
    """

    sent: list[tuple[str, Credentials]] = attrs.field(factory=list)
    opened: set[str] = attrs.field(factory=set)
    launches: list[Owner] = attrs.field(factory=list)

    def is_shut(self, url: str) -> bool:
        """Whether that page is the login page."""
        return urlsplit(url).netloc not in self.opened


class DoorPortal(StubPortal):
    """Shows the login page of a host that is shut."""

    def __init__(self, doors: Doors) -> None:
        super().__init__(simulate_failures=False)
        self._doors = doors

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Read a page."""
        return LoginPage("the login page") if self._doors.is_shut(page.url) else super().read(page, po_number)

    def wants_login(self, page: PageSnapshot) -> str:
        """Say whether it is the login page."""
        return "the login page" if self._doors.is_shut(page.url) else ""


class DoorBrowser(StubBrowser):
    """Opens the door of the host it shows."""

    doors: Doors
    shown = ""

    def open(self, url: str) -> PageSnapshot:
        """Open a page."""
        self.shown = url
        return super().open(url)

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Read the page that is shown."""
        return attrs.evolve(super().read(patience), url=self.shown)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Take whatever is typed."""
        host = urlsplit(self.shown).netloc
        self.doors.sent.append((host, credentials))
        self.doors.opened.add(host)
        return self.read()


class DoorHost(StubBrowserHost):
    """Where such browsers live."""

    def __init__(self, doors: Doors) -> None:
        super().__init__()
        self._doors = doors

    def launch(self, owner: Owner) -> StubBrowser:
        super().launch(owner)
        self._doors.launches.append(owner)
        browser = DoorBrowser(owner, self)
        browser.doors = self._doors
        return browser


@pytest.fixture
def doors(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Put such portals under every session, and a login into the environment; the keyring is empty."""
    made = Doors()
    ground.portal = DoorPortal(made)
    ground.host = lambda: DoorHost(made)
    monkeypatch.setattr(keyring, "get_credential", lambda *_given: None)
    monkeypatch.setenv("PURSER_USERNAME", OWN.username)
    monkeypatch.setenv("PURSER_PASSWORD", OWN.password)
    return made


def at(host: str, *numbers: int) -> list[dict[str, Any]]:
    """Orders of one host."""
    return [{"po_number": f"PO{number}", "url": f"https://{host}/PO{number}"} for number in numbers]


@both_modes
def test_a_later_batch_of_another_host_is_logged_in_with_the_variables(
    make_session: MakeSession, doors: Doors, parallel: bool
) -> None:
    with make_session(parallel, base_url="") as session:
        assert session.process_pos(at("first.example", 1, 2))[:2] == (2, 0)
        started = len(doors.launches)
        assert session.process_pos(at("second.example", 3, 4))[:2] == (2, 0)
        assert session.process_pos(at("first.example", 5, 6))[:2] == (2, 0)
        assert len(doors.launches) == started, "the browsers stayed warm"
    assert doors.sent == [("first.example", OWN), ("second.example", OWN)]


@both_modes
def test_a_later_batch_of_several_hosts_gives_the_variables_to_none(
    make_session: MakeSession, doors: Doors, parallel: bool
) -> None:
    """As it does when it is the first one: nobody said whose they are."""
    with make_session(parallel, base_url="") as session:
        assert session.process_pos(at("first.example", 1, 2))[:2] == (2, 0)
        with pytest.raises(AuthenticationError):
            session.process_pos([*at("second.example", 3), *at("third.example", 4)])
        assert session.process_pos(at("third.example", 5, 6))[:2] == (2, 0), "now it is said"
    assert doors.sent == [("first.example", OWN), ("third.example", OWN)]


@both_modes
def test_the_host_of_the_base_url_alone_gets_the_variables(
    make_session: MakeSession, doors: Doors, parallel: bool
) -> None:
    with make_session(parallel, base_url="https://first.example") as session:
        assert session.process_pos(at("first.example", 1, 2))[:2] == (2, 0)
        with pytest.raises(AuthenticationError):
            session.process_pos(at("second.example", 3))
    assert doors.sent == [("first.example", OWN)]
