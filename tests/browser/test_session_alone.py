"""Opening a page and finding a field: at stand-ins for tab and driver, without a browser."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from actors.browser.tab import Tab
from contracts.errors import SessionCorruptionError
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
