"""Opening a page, and the page after a login: at stand-ins for tab and form, without a browser."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from actors.browser import chromium as session_module
from actors.browser.page import Counts, Document
from contracts.errors import SessionCorruptionError
from contracts.ports import Credentials, LoginForm
from tests.browser.standins import ORDER, Screen, document, reading

FORM = LoginForm("#user", "#password", "#go")
SECRET = Credentials("user", "secret")


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


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Counts(1.0, ways=3), ""),
        (Counts(1.0, files=1), "a file that a page asked for may yet come"),
        (Counts(1.0, moves=100), "a page has used up the changes of address that the browser allows"),
    ],
)
def test_a_page_that_is_done_with_is_asked_what_it_leaves_behind(screen: Screen, asked: Counts, why: str) -> None:
    screen.counted = asked
    browser = screen.browser()
    assert (browser.wear(), browser.wear()) == (why, why)


def test_a_page_that_is_busy_at_its_end_ends_the_use_of_its_browser(screen: Screen) -> None:
    screen.busy = True
    browser = screen.browser()
    assert (browser.wear(), browser.wear()) == ("a page kept it from answering",) * 2
    assert not screen.did, "no order pays for a limit with a command"
    assert not screen.hurries, "no order pays for a limit with a command"


def test_a_page_that_goes_on_to_others_is_left_at_its_end_and_its_browser_goes_on(screen: Screen) -> None:
    screen.goes_on = True
    assert screen.browser().wear() == ""
    assert screen.did == ["go about:blank"]


def test_a_page_that_cannot_be_left_ends_the_use_of_its_browser(screen: Screen) -> None:
    screen.goes_on = screen.busy = screen.stays = True
    browser = screen.browser()
    assert browser.wear() == "a page keeps it busy"
    screen.goes_on = screen.busy = False
    assert browser.wear() == "a page keeps it busy", "even when it answers again"


@pytest.fixture
def screen() -> Screen:
    """A tab that shows an order."""
    return Screen()


class Sent:
    """A login form that takes everything."""

    def __init__(self, _tab: object) -> None:
        self.leaves = False

    def type(self, *_given: object) -> None:
        """Take it."""

    def send(self, _watch: object) -> None:
        """Send it."""

    def check(self) -> bool:
        """Nothing sets out."""
        return self.leaves


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A login page."""
    monkeypatch.setattr(session_module, "FormLogin", Sent)
    return Screen(shown=document("https://portal.example/login", has_password=True))


def show(screen: Screen, *shown: Document) -> None:
    """Let these pages come, one a round."""
    for one in shown:
        screen.happens.append(lambda one=one: setattr(screen, "shown", one))  # type: ignore[misc] # bound now


def test_the_page_after_a_login_is_read_once_it_has_come(login: Screen) -> None:
    after = document("https://portal.example/home", 2.0)
    show(login, login.shown, attrs.evolve(after, state="loading"), after)
    page = login.browser().submit_login(FORM, SECRET, (), login)
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
    login: Screen, shown: dict[str, Any], is_after: bool
) -> None:
    last = document("https://portal.example/last", 9.0)
    show(login, document(**{"url": "https://portal.example/login", **shown}), last)
    page = login.browser().submit_login(FORM, SECRET, (), login)
    assert (page.url == last.url) is not is_after
