"""Opening a page, finding a field and logging in: at stand-ins for tab and driver, without a browser."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver.remote.webdriver import WebDriver

from actors.browser.page import Document
from actors.browser.tab import Tab
from contracts.errors import AuthenticationError, SessionCorruptionError
from contracts.ports import Credentials, LoginForm
from tests.browser.standins import ORDER, Screen, document, reading


def test_a_page_that_is_opened_is_new(screen: Screen) -> None:
    page = screen.browser().open(ORDER)
    assert (page.is_new, page.time_origin, page.requested_url) == (True, 2.0, ORDER)
    assert screen.did == [f"go {ORDER}"]


def test_an_address_that_leaves_the_page_before_it_is_tried_once_more_from_an_empty_page(screen: Screen) -> None:
    screen.arrives = [reading(document(origin=1.0))]
    page = screen.browser().open(ORDER)
    assert screen.did == [f"go {ORDER}", "go about:blank", f"go {ORDER}"]
    assert page.is_new


def test_a_page_that_stays_at_the_second_try_as_well_is_not_new(screen: Screen) -> None:
    screen.arrives = [reading(document(origin=1.0)), reading(document("about:blank", 3.0))]
    assert screen.browser().open(ORDER).is_new is False


def test_a_browser_that_shows_not_even_an_empty_page_is_broken(screen: Screen) -> None:
    screen.stays = True
    with pytest.raises(SessionCorruptionError, match="no longer navigates"):
        screen.browser().open(ORDER)


@pytest.fixture
def screen() -> Screen:
    """A tab that shows an order."""
    return Screen()


@attrs.define
class Field:
    """A field of a form, shown or hidden."""

    name: str
    shown: bool

    def is_displayed(self) -> bool:
        """Say so."""
        return self.shown


@attrs.define
class Form:
    """A driver that knows some fields."""

    fields: list[Field]
    current_window_handle: str = "home"

    def find_elements(self, _how: str, _selector: str) -> list[Any]:
        """Return all of them."""
        return self.fields


def test_the_first_field_that_can_be_seen_is_typed_into() -> None:
    hidden, shown, second = Field("decoy", False), Field("user", True), Field("other", True)
    for fields, found in (([hidden, shown, second], shown), ([hidden], None), ([], None)):
        tab = Tab(cast("WebDriver", Form(fields)))
        assert tab.field("input", "logging in") is found


@attrs.define
class Typed:
    """A field that notes what is done with it."""

    did: list[str]
    name: str
    refuses: Exception | None = None

    def clear(self) -> None:
        """Note it."""
        self.did.append(f"clear {self.name}")

    def send_keys(self, text: str) -> None:
        """Note it."""
        self.did.append(f"type {text} into {self.name}")

    def click(self) -> None:
        """Note it, or refuse."""
        self.did.append(f"click {self.name}")
        if self.refuses is not None:
            raise self.refuses

    def submit(self) -> None:
        """Note it."""
        self.did.append(f"submit {self.name}")


FORM = LoginForm("#user", "#password", "#go")
SECRET = Credentials("user", "secret")


class LoginScreen(Screen):
    """A login page whose fields can be typed into."""

    fields: dict[str, Typed]

    def field(self, selector: str, _doing: str) -> Typed | None:
        """Find a field."""
        return self.fields.get(selector)


@pytest.fixture
def login() -> LoginScreen:
    """A login page with two fields and a button."""
    made = LoginScreen(shown=document("https://portal.example/login", has_password=True))
    made.fields = {name: Typed(made.did, name[1:]) for name in ("#user", "#password", "#go")}
    return made


def show(screen: Screen, *shown: Document) -> None:
    """Let these pages come, one a round."""
    for one in shown:
        screen.happens.append(lambda one=one: setattr(screen, "shown", one))  # type: ignore[misc] # bound now


def test_a_login_is_typed_sent_and_the_page_after_it_read_once_it_has_come(login: LoginScreen) -> None:
    after = document("https://portal.example/home", 2.0)
    show(login, login.shown, attrs.evolve(after, state="loading"), after)
    page = login.browser().submit_login(FORM, SECRET, login)
    assert login.did == [
        *("clear user", "type user into user", "clear password", "type secret into password", "click go"),
    ]
    assert (page.url, page.requested_url, page.time_origin) == (after.url, "https://portal.example/login", 2.0)
    assert login.touches == 2
    assert login.happens == []


@pytest.mark.parametrize(
    ("shown", "is_after"),
    [
        ({"has_password": False}, True),
        ({"url": "https://portal.example/home", "has_password": False}, True),
        ({"url": "https://portal.example/home", "has_password": True}, False),
        ({"has_password": True}, False),
        ({"has_password": True, "origin": 2.0}, True),
    ],
)
def test_a_page_that_swaps_its_content_has_followed_the_login(
    login: LoginScreen, shown: dict[str, Any], is_after: bool
) -> None:
    last = document("https://portal.example/last", 9.0)
    show(login, document(**{"url": "https://portal.example/login", **shown}), last)
    page = login.browser().submit_login(FORM, SECRET, login)
    assert (page.url == last.url) is not is_after


@pytest.mark.parametrize(
    ("error", "sent"),
    [(None, ["click go"]), (ElementClickInterceptedException("a bar"), ["click go", "submit password"]),
     (StaleElementReferenceException("it sent itself"), ["click go"])],
)  # fmt: skip
def test_a_form_whose_button_cannot_be_clicked_is_sent_all_the_same(
    login: LoginScreen, error: Exception | None, sent: list[str]
) -> None:
    login.fields["#go"].refuses = error
    show(login, document("https://portal.example/home", 2.0))
    login.browser().submit_login(FORM, SECRET, login)
    assert login.did[4:] == sent


def test_a_form_without_a_button_is_sent_by_its_field(login: LoginScreen) -> None:
    del login.fields["#go"]
    show(login, document("https://portal.example/home", 2.0))
    login.browser().submit_login(FORM, SECRET, login)
    assert login.did[4:] == ["submit password"]


@pytest.mark.parametrize("missing", ["#user", "#password"])
def test_a_login_page_without_one_of_its_fields_is_said_plainly(login: LoginScreen, missing: str) -> None:
    del login.fields[missing]
    with pytest.raises(AuthenticationError, match="no field for the user name or the password"):
        login.browser().submit_login(FORM, SECRET, login)
    assert login.did == []
