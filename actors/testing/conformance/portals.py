"""What every `PortalAdapter` keeps: it is pure, stumbles over no page, and takes nothing for an order's without proof.

It is made whole first, as a session does with it, so that an adapter need not have all of `Portal` here either.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from unittest import SkipTest
from urllib.parse import quote, urlsplit

import attrs

from actors.portals import CompletedPortal
from contracts.checks import adapter_fault
from contracts.config import GenericPortalSettings
from contracts.errors import WorkerError
from contracts.ports import (
    HttpFailure,
    LoginForm,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PagePart,
    PageSnapshot,
    Portal,
    PortalAdapter,
    WrongPage,
)

_DEPTH = 20_000
ODD_HTML = (
    "",
    "plain text",
    "<",
    "<html><head><title></title></head><body></body></html>",
    "<div>" * _DEPTH + "<a href=x.pdf>y</a>",
    "<table><td><a class=attachment href='ftp://x'>",
    "<a class=attachment href='//['>broken</a>",
    "<li role=tab aria-controls='\"]'>Files",
    "<iframe src=/x hidden><svg><title>\x00",
    "<style>.a,{display:none}</style><script>Loading…</script>{{x}}",
    "<input type=password",
)
"""What nobody has thought of when an adapter was written."""
ODD_ADDRESSES = ("", "about:blank", "http://[", "https://portal.example/x?y#z")
ODD_NUMBERS = ("", " ", "../../etc", "a/b?c#d", "Ä 7", "x" * 5000, "\x00")
TYPED_IN = "hush-9f3"


class PortalSuite:
    """Tests of a `contracts.ports.PortalAdapter`. They use no browser and no network.

    What the adapter lacks of `contracts.ports.Portal` the generic adapter answers for it, as in a session.

    Fixtures to give:
        portal: The adapter.

    Methods to override: `order_page` at least; `login_page` and `not_found_page` where the portal has such pages.
    """

    base_url = "https://portal.example"
    number = "PO16928033"
    another = "PO16928034"
    tells_orders_apart = True
    """Whether an order's page proves whose it is. Only a stub may say no."""
    generic = GenericPortalSettings()
    """What the generic adapter goes by where it answers."""

    def order_page(self, number: str) -> PageSnapshot:
        """Return a page that is the order's own, as a browser hands it over."""
        raise NotImplementedError

    def login_page(self) -> PageSnapshot:
        """Return a page that asks for a login."""
        raise SkipTest("this portal has no login page")

    def not_found_page(self) -> PageSnapshot:
        """Return a page, answered with status 200, that says that there is no such order."""
        raise SkipTest("this portal has no such page")

    def _whole(self, adapter: PortalAdapter) -> Portal:
        return CompletedPortal(adapter, self.generic)

    # ---------------------------------------------------------------------------------------------------- addresses

    def test_it_has_what_an_adapter_must_have(self, portal: PortalAdapter) -> None:
        assert adapter_fault(portal) == ""

    def test_an_order_is_looked_for_below_the_portal_with_its_number_as_given_first(
        self, portal: PortalAdapter
    ) -> None:
        addresses = portal.order_addresses(self.base_url, self.number)
        assert addresses, "an order is looked for somewhere"
        assert quote(self.number, safe="") in addresses[0], "the number as given comes first"
        assert len(set(addresses)) == len(addresses), "each address is tried once"
        for address in addresses:
            assert _origin(address) == _origin(self.base_url), f"{address} is not the portal's"

    def test_whatever_a_number_is_makes_no_adapter_stumble(self, portal: PortalAdapter) -> None:
        for number in ODD_NUMBERS:
            addresses = _answer(functools.partial(portal.order_addresses, self.base_url, number))
            assert addresses is None or isinstance(addresses, tuple), f"{number!r}: {addresses!r}"

    def test_a_login_is_looked_for_at_the_portal(self, portal: PortalAdapter) -> None:
        assert _origin(self._whole(portal).login_address(self.base_url)) == _origin(self.base_url)

    # -------------------------------------------------------------------------------------------------------- pages

    def test_an_orders_own_page_is_read_as_such(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        page = self.order_page(self.number)
        reading = whole.read(page, self.number)
        assert isinstance(reading, OrderPage), f"the order's own page was read as {reading!r}"
        assert whole.wants_login(page) == "", "an order's page asks for no login"
        for one in reading.attachments:
            assert one.url or one.control or one.refused, f"{one} has neither address nor control, and no reason"
            assert not one.url or _origin(one.url)[0], f"{one.url} is not absolute"
        for address in (*reading.requisitions, *filter(None, [reading.next_page])):
            assert _origin(address)[0], f"{address} is not absolute"

    def test_an_orders_page_proves_no_other_order(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        if not self.tells_orders_apart:
            raise SkipTest("this stub takes every page for the order's own")
        page = self.order_page(self.number)
        for other in (self.another, self.number + "0", self.number[:-1]):
            reading = whole.read(page, other)
            assert not isinstance(reading, OrderPage), f"the page of {self.number} was taken for that of {other}"

    def test_a_login_page_is_told_before_anything_else(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        for status in (200, 403):
            page = attrs.evolve(self.login_page(), http_status=status)
            assert whole.wants_login(page), "a login page asks for a login"
            assert isinstance(whole.read(page, self.number), LoginPage), "login comes before the HTTP status"
        form = whole.login_form(self.login_page())
        fields = (form.username_field, form.password_field, form.submit_button)
        assert all(fields), f"there is nothing to type in: {form}"

    def test_a_page_that_was_not_answered_well_is_no_orders_page(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        for status in (0, 400, 403, 429, 500, 503):
            reading = whole.read(attrs.evolve(self.order_page(self.number), http_status=status), self.number)
            assert reading == HttpFailure(status), f"status {status} was read as {reading!r}"
        for status in (404, 410):
            reading = whole.read(attrs.evolve(self.order_page(self.number), http_status=status), self.number)
            assert isinstance(reading, HttpFailure | NotFoundPage), f"status {status} was read as {reading!r}"

    def test_a_page_that_says_that_there_is_no_such_order_is_heard(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        reading = whole.read(self.not_found_page(), self.number)
        assert isinstance(reading, NotFoundPage), f"it was read as {reading!r}"
        assert reading.text, "people are told what the page said"

    def test_what_stands_in_form_fields_is_no_visible_text(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        field = f"<form><input name=q value='{TYPED_IN}'><input type=password value='{TYPED_IN}'></form>"
        page = self.order_page(self.number)
        assert TYPED_IN not in whole.visible_text(attrs.evolve(page, html=page.html + field))

    # ----------------------------------------------------------------------------------------------------- any page

    def test_no_page_makes_an_adapter_stumble(self, portal: PortalAdapter) -> None:
        """It may raise `WorkerError`; anything else would be a bug of the adapter that costs an order."""
        whole = self._whole(portal)
        for page in self._pages():
            for name, call in self._questions(whole, page).items():
                _check_kind(name, _answer(call), page)

    def test_what_is_read_as_a_login_page_wants_a_login(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        for page in self._pages():
            if isinstance(_answer(functools.partial(whole.read, page, self.number)), LoginPage):
                assert whole.wants_login(page), f"the two do not agree about {page!r}"

    def test_the_same_page_gives_the_same_answer_whatever_was_read_in_between(self, portal: PortalAdapter) -> None:
        whole = self._whole(portal)
        pages = [self.order_page(self.number), self.order_page(self.another), *_odd_pages()]
        first = [[_answer(call) for call in self._questions(whole, page).values()] for page in pages]
        again = [[_answer(call) for call in self._questions(whole, page).values()] for page in reversed(pages)]
        assert list(reversed(again)) == first, "an adapter is pure"

    def _pages(self) -> Iterator[PageSnapshot]:
        order = self.order_page(self.number)
        for page in _odd_pages():
            yield page
            yield attrs.evolve(page, url=order.url, requested_url=order.requested_url)
        yield attrs.evolve(order, html=order.html[: len(order.html) // 2])
        parts = (PagePart("1", url, html) for url in ODD_ADDRESSES for html in ODD_HTML[:3])
        yield attrs.evolve(order, parts=tuple(parts))

    def _questions(self, portal: Portal, page: PageSnapshot) -> Mapping[str, Callable[[], object]]:
        return {
            "read": lambda: portal.read(page, self.number),
            "read_requisition": lambda: portal.read_requisition(page),
            "wants_login": lambda: portal.wants_login(page),
            "login_form": lambda: portal.login_form(page),
            "visible_text": lambda: portal.visible_text(page),
        }


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "read": (LoginPage, HttpFailure, NotFoundPage, WrongPage, OrderPage),
    "read_requisition": OrderPage,
    "wants_login": str,
    "login_form": LoginForm,
    "visible_text": str,
}


def _check_kind(name: str, answer: object, page: PageSnapshot) -> None:
    assert answer is None or isinstance(answer, _KINDS[name]), f"{name} of {page!r} returned {answer!r}"


def _answer(call: Callable[[], object]) -> object:
    """Return an answer, or None where the adapter gave up in the way it may."""
    try:
        return call()
    except WorkerError:
        return None


def _odd_pages() -> Iterator[PageSnapshot]:
    for html in ODD_HTML:
        yield PageSnapshot("https://portal.example/orders/1", "https://portal.example/orders/1", 200, 1.0, html)
    for url in ODD_ADDRESSES:
        yield PageSnapshot(url, url, 200, 1.0, "<title>Order</title><a class=attachment href=a.pdf>a.pdf</a>")
    for status in (0, 204, 302, 404, 500, 999):
        yield PageSnapshot("https://portal.example/", "https://portal.example/", status, 1.0, "<h1>Order</h1>")


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc
