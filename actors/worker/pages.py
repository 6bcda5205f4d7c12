"""Finding an order's page, and proving that it is the order's own.

A page must be new, and not the last order's; then it is asked, in this order: is it the login page, what is its HTTP
status, is it a not-found text, does its title carry this order.
"""

from __future__ import annotations

from typing import assert_never
from urllib.parse import urlsplit

import attrs

from actors.worker.tools import Tools, VisitWatch
from actors.worker.wholeness import require_whole
from contracts.errors import NetworkError, PONotFoundError, PortalError, WorkerError, WrongPageError
from contracts.ports import (
    Control,
    HttpFailure,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    WrongPage,
)
from contracts.tasks import Order

SECONDS_OF_PATIENCE = 6.0
"""How long a page that is not the order's, and that its scripts may yet change, is looked on at."""
SECONDS_BEFORE_THE_NEXT = 1.0
"""The same, while there is another address to look for the order at."""
SECONDS_BEFORE_NONE = 1.0
"""How long an order's page that lists nothing, and that its scripts may yet change, is looked on at."""


class LoginMetError(Exception):
    """The login page came up where an order or a file was expected."""


@attrs.define
class CurrentPage:
    """The page in hand. One that does not open leaves none, since the browser may then show the last order's.

    Args:
        page: What the browser shows, as far as it is known to belong to this visit.
        first: The address that was opened first.
        turned: Whether clicks have changed it since it was opened, so that opening it again shows something else.
    """

    page: PageSnapshot | None = None
    first: str = ""
    turned: bool = False

    def open(self, tools: Tools, address: str) -> PageSnapshot:
        """Open an address and take what it shows in hand. Raises as `Browser.open`."""
        self.first = self.first or address
        self.page, self.turned = None, False
        self.page = tools.browser.open(address)
        return self.page

    def press(self, tools: Tools, control: Control) -> PageSnapshot:
        """Click what shows more of the page, and take that in hand. Raises as `Browser.press`."""
        before = self.page
        self.page, self.turned = None, True
        shown = tools.browser.press(control)
        # Who was sent on to an identity provider is told by what was asked for at first.
        self.page = attrs.evolve(shown, requested_url=before.requested_url) if before is not None else shown
        return self.page

    def look_longer(self, tools: Tools, seconds: float) -> PageSnapshot | None:
        """Look on at a page that may yet change or go on; None when it is the same as before."""
        before = self.page
        shown = tools.browser.read(seconds)
        if before is None or _same_page(shown, before):
            return None
        self.page = attrs.evolve(shown, requested_url=before.requested_url)
        return self.page


def _same_page(one: PageSnapshot, other: PageSnapshot) -> bool:
    return (one.url, one.time_origin, one.html, one.parts) == (other.url, other.time_origin, other.html, other.parts)


def find_order(order: Order, tools: Tools, watch: VisitWatch, current: CurrentPage) -> tuple[PageSnapshot, OrderPage]:
    """Open the order's addresses in turn until one shows a page that is proven to be this order's.

    Raises:
        LoginMetError: It is the login page.
        PortalError: The portal answered without a page, or with a status that says it is in trouble.
        NetworkError: There was no answer.
        PONotFoundError, WrongPageError: No address shows this order; the first one's denial is told.
    """
    number = order.po_number
    addresses = (order.url,) if order.url else tools.portal.order_addresses(order.base_url, number)
    denials: list[tuple[WorkerError, PageSnapshot]] = []
    for address in addresses:
        watch.say(f"opening {number}")
        page = current.open(tools, address)
        watch.say(f"reading {number}")
        watch.check()
        if not page.is_new:
            raise PortalError(
                f"The portal answered {address} without a page, so the last page stayed. Nothing was filed."
            )
        require_whole(page, tools, watch)
        # Where there are more addresses, this one may well be another kind of portal's, whose page is not an order's.
        patience = SECONDS_OF_PATIENCE if address == addresses[-1] else SECONDS_BEFORE_THE_NEXT
        page, reading = _read_patiently(page, number, tools, watch, current, patience)
        match reading:
            case LoginPage(reason):
                raise LoginMetError(reason)
            case HttpFailure(status):
                failure = _http_failure(status, address)
                if isinstance(failure, NetworkError):
                    raise failure
                denials.append((failure, page))
            case NotFoundPage(text):
                denials.append((PONotFoundError(f"The portal does not show this order: {text}"), page))
            case WrongPage(title):
                text = f"The page at {address} does not carry this order's number (its title is {title!r})."
                denials.append((WrongPageError(text), page))
            case OrderPage():
                check_host(page, order.host)
                return page, reading
            case _:
                assert_never(reading)
    if not denials:
        raise WrongPageError("There is no address to look for this order at. Give a URL or a base URL.")
    denial, current.page = denials[0]
    raise denial


def _read_patiently(
    page: PageSnapshot, number: str, tools: Tools, watch: VisitWatch, current: CurrentPage, patience: float
) -> tuple[PageSnapshot, PageReading]:
    """Read a page; one that goes on by itself, or that its scripts still fill in, is looked on at for a while."""
    deadline = tools.monotonic() + patience
    while True:
        reading = tools.portal.read(page, number)
        left = min(deadline - tools.monotonic(), watch.remaining() / 2)
        if _lists_none(reading):
            left, deadline = min(left, SECONDS_BEFORE_NONE), 0.0
        elif not isinstance(reading, WrongPage | LoginPage):
            return page, reading
        if not page.may_change or left <= 0:
            return page, reading
        longer = current.look_longer(tools, left)
        watch.check()
        if longer is None:
            return page, reading
        page = longer


def _lists_none(reading: PageReading) -> bool:
    """Whether a page shows neither a file nor a way to more, so that it would count as an order without any."""
    if not isinstance(reading, OrderPage) or reading.doubts:
        return False
    return not (reading.attachments or reading.stated or reading.next_page or reading.reveals or reading.requisitions)


def read_again(order: Order, tools: Tools, page: PageSnapshot) -> OrderPage:
    """Read another view of an order that has been found.

    Raises:
        LoginMetError: It is the login page.
        PortalError: The portal answered without a page, or is in trouble.
        WrongPageError: It is another page.
    """
    if not page.is_new:
        raise PortalError(f"The portal answered {page.requested_url} without a page, so the last page stayed.")
    reading = tools.portal.read(page, order.po_number)
    match reading:
        case LoginPage(reason):
            raise LoginMetError(reason)
        case HttpFailure(status):
            raise _http_failure(status, page.url)
        case NotFoundPage(text):
            raise WrongPageError(f"it says {text!r}")
        case WrongPage(title):
            raise WrongPageError(f"it does not carry this order's number (its title is {title!r})")
        case OrderPage():
            check_host(page, order.host)
            return reading
        case _:
            assert_never(reading)


def check_host(page: PageSnapshot, host: str) -> None:
    """Raise `WrongPageError` if the portal sent the browser on to another host."""
    if urlsplit(page.url).netloc.rpartition("@")[2].lower() != host.lower():
        raise WrongPageError(f"The portal sent the browser on to {page.url}, which is another host. Nothing was filed.")


def _http_failure(status: int, address: str) -> WorkerError:
    if status in (408, 429) or status >= 500:
        return PortalError(f"The portal answered {address} with HTTP {status}.", http_status=status)
    if status == 0:
        return NetworkError(f"The portal gave no answer for {address}.")
    return WrongPageError(f"The portal answered {address} with HTTP {status}.")
