"""Nothing that an adapter does reaches a worker as anything but a page that could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from actors.testing import StubPortal
from actors.worker.guarding import GuardedPortal
from contracts.errors import BrowserDiedError, NetworkError, PageReadingError
from contracts.ports import PageSnapshot

PAGE = PageSnapshot("", "", 200, 1.0, "")
ASKED = {
    "recognises": (PAGE,),
    "order_addresses": ("https://portal.example", "PO1"),
    "login_address": ("https://portal.example",),
    "read": (PAGE, "PO1"),
    "read_requisition": (PAGE,),
    "wants_login": (PAGE,),
    "login_form": (PAGE,),
    "visible_text": (PAGE,),
}


def guarded(**members: Any) -> Any:
    """Guard a portal some members of which are others."""
    return GuardedPortal(type("Odd", (StubPortal,), members)(simulate_failures=False))


def failing(error: Exception) -> Any:
    def fail(*_asked: Any) -> Any:
        raise error

    return fail


def test_every_member_of_a_portal_is_guarded_and_passes_what_is_right() -> None:
    members = {name for name in vars(StubPortal) if not name.startswith("_")}
    assert members == {*ASKED, "login_paths"}
    whole, portal = guarded(), StubPortal(simulate_failures=False)
    assert whole.login_paths == portal.login_paths
    for name, asked in ASKED.items():
        assert getattr(whole, name)(*asked) == getattr(portal, name)(*asked)


@pytest.mark.parametrize("error", [ValueError("page text"), RecursionError(), BrowserDiedError("gone")])
@pytest.mark.parametrize("name", [*ASKED, "login_paths"])
def test_whatever_a_member_raises_names_it_and_not_what_the_page_holds(name: str, error: Exception) -> None:
    fail = failing(error)
    portal = guarded(**{name: property(fail) if name == "login_paths" else fail})
    with pytest.raises(PageReadingError, match=f"raised {type(error).__name__} in {name}") as caught:
        portal.login_paths if name == "login_paths" else getattr(portal, name)(*ASKED[name])
    assert "page text" not in str(caught.value)


@pytest.mark.parametrize("name", [*ASKED, "login_paths"])
def test_an_answer_of_the_wrong_kind_is_no_answer(name: str) -> None:
    """None least of all: whoever forgets to return something says neither yes nor no."""
    portal = guarded(**{name: None if name == "login_paths" else lambda *_asked: None})
    with pytest.raises(PageReadingError, match=name):
        portal.login_paths if name == "login_paths" else getattr(portal, name)(*ASKED[name])


def test_a_text_is_no_list_of_its_letters() -> None:
    with pytest.raises(PageReadingError, match="answered with a str in login_paths"):
        guarded(login_paths="/login").login_paths  # noqa: B018 - it raises
    with pytest.raises(PageReadingError, match="answered with a str in order_addresses"):
        guarded(order_addresses=lambda *_asked: "https://portal.example/PO1").order_addresses("", "")
    assert guarded(login_paths=["/login"]).login_paths == ("/login",)


def test_what_an_adapter_may_say_on_purpose_is_left_as_it_is() -> None:
    with pytest.raises(NetworkError, match="on purpose"):
        guarded(recognises=failing(NetworkError("on purpose"))).recognises(PAGE)
