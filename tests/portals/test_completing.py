"""An adapter from outside need not have all of a portal: what it lacks is answered as the generic adapter would."""

from __future__ import annotations

from typing import Any

import pytest

from actors.portals import CompletedPortal, portal_for
from actors.testing import FailingPortal
from contracts import checks
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import (
    HttpFailure,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    Portal,
    PortalAdapter,
    WrongPage,
)
from tests.portals.pages import BASE, page

SETTINGS = GenericPortalSettings(password_field="input.secret")
LOGIN = page("<input type=password>", url=f"{BASE}/orders/PO7")
NOTHING = WrongPage("")
REST = {
    "login_address": (BASE,),
    "read_requisition": (page("<h1>R1</h1><a href='/a.pdf'>a</a>"),),
    "wants_login": (LOGIN,),
    "login_form": (LOGIN,),
    "visible_text": (page("<title>one</title><p>two"),),
}


class Adapter:
    """Says what it must, and whatever a test wants of a page."""

    login_paths = ("/enter",)

    def __init__(self, reading: PageReading = NOTHING) -> None:
        self._reading = reading

    def recognises(self, page: PageSnapshot) -> bool:
        return True

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        return (f"{base_url}/own/{po_number}",)

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        return self._reading


def completed(adapter: PortalAdapter) -> Portal:
    return CompletedPortal(adapter, SETTINGS)


def test_what_is_asked_of_an_adapter_is_what_the_protocols_say() -> None:
    """The names stand in the checks by hand."""
    least = {name for name in vars(PortalAdapter) if not name.startswith("_")}
    assert {"login_paths", *checks._ASKED_OF_ADAPTERS} == least
    assert set(checks._MAY_BE_ASKED) == {name for name in vars(Portal) if not name.startswith("_")} == set(REST)
    assert checks.adapter_fault(Adapter()) == ""


@pytest.mark.parametrize("kind", list(PortalKind))
def test_the_built_in_adapters_have_all_of_it(kind: PortalKind) -> None:
    portal = portal_for(kind, GenericPortalSettings())
    assert checks.adapter_fault(portal) == ""
    assert checks.adapter_fault(FailingPortal(portal)) == "", "failures are simulated for any of them"


@pytest.mark.parametrize("name", REST)
def test_what_an_adapter_leaves_out_the_generic_one_answers_with_the_adapters_login_paths(name: str) -> None:
    generic = portal_for(
        PortalKind.GENERIC, GenericPortalSettings(password_field="input.secret", login_paths=("/enter",))
    )
    assert getattr(completed(Adapter()), name)(*REST[name]) == getattr(generic, name)(*REST[name])


@pytest.mark.parametrize("name", REST)
def test_what_an_adapter_has_is_asked_of_it(name: str) -> None:
    adapter: Any = Adapter()
    setattr(adapter, name, lambda *_asked: "its own")
    assert getattr(completed(adapter), name)(*REST[name]) == "its own"
    assert completed(adapter).order_addresses(BASE, "7") == (f"{BASE}/own/7",)
    assert completed(adapter).recognises(LOGIN) is True
    assert completed(adapter).login_paths == ("/enter",)


@pytest.mark.parametrize("reading", [WrongPage(""), NotFoundPage("no"), HttpFailure(403)])
def test_a_page_that_an_adapter_does_not_prove_is_looked_at_for_a_login(reading: PageReading) -> None:
    assert isinstance(completed(Adapter(reading)).read(LOGIN, "PO7"), LoginPage)
    assert isinstance(completed(Adapter(reading)).read(page("", url=f"{BASE}/enter"), "PO7"), LoginPage)
    assert completed(Adapter(reading)).read(page("<p>nothing", url=f"{BASE}/x"), "PO7") == reading


@pytest.mark.parametrize("reading", [OrderPage("PO7", "", ()), LoginPage("its own reason")])
def test_a_page_that_an_adapter_proves_is_what_it_says(reading: PageReading) -> None:
    assert completed(Adapter(reading)).read(LOGIN, "PO7") == reading


def test_an_adapter_that_knows_logins_has_the_last_word_on_them() -> None:
    adapter: Any = Adapter(WrongPage("not mine"))
    adapter.wants_login = lambda _page: ""
    assert completed(adapter).read(LOGIN, "PO7") == WrongPage("not mine")


def test_a_login_form_is_what_the_settings_say() -> None:
    assert completed(Adapter()).login_form(LOGIN) == LoginForm(
        SETTINGS.username_field, "input.secret", SETTINGS.submit_button
    )
