"""Proves the generic adapter, the choice between the two, and that nothing on a page makes reading raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.errors import ConfigurationError
from contracts.ports import LoginPage, NotFoundPage, OrderPage, WrongPage
from tests.portals.pages import BASE, COMMENT_LINK, DATA_URL, LINK, SPAN, SUPPLIER, order, page

URL = f"{BASE}/orders/PO7"
generic = portal_for(PortalKind.GENERIC, GenericPortalSettings())
auto = portal_for(PortalKind.AUTO, GenericPortalSettings())
PIECES = [
    *(SPAN, DATA_URL, COMMENT_LINK, LINK, SUPPLIER, "<title>", "<h1>PO7", "<a href='", "//[", "'>", "</div>"),
    *("<a download href=http://[>", "<base href='http://[::'>", "<svg><title>", "<template>", "Access denied"),
    *("<input type=password>", "\ud800", "\x00"),
]


def test_links_are_attachments_by_selector_wherever_they_lead_and_by_ending_on_the_own_host() -> None:
    body = (
        '<a class="attachment" href="/f/1">one</a><a download href="/f/2" title="Two">x</a>'
        '<a href="/attachment/3">three</a><a href="files/Offer.PDF?x=1">offer</a>'
        '<a href="https://other.example/a.pdf">foreign</a><a href="/about">about</a><a href="mailto:a@b.example">m</a>'
        '<a class="attachment" href="https://other.example/4">foreign</a><a href="/f/1">again</a>'
    )
    reading = generic.read(page(f"<h1>Order PO7</h1>{body}", url=URL), "7")
    assert isinstance(reading, OrderPage)
    assert [one.url for one in reading.attachments] == [
        f"{BASE}/f/1",
        f"{BASE}/f/2",
        f"{BASE}/attachment/3",
        f"{BASE}/orders/files/Offer.PDF?x=1",
        "https://other.example/4",
    ]
    assert [one.control.index for one in reading.attachments if one.control] == [0, 0, 0, 3, 1]


def test_a_chosen_link_that_a_script_fills_is_clicked() -> None:
    reading = generic.read(page('<h1>PO7</h1><a class="attachment" href="#">x</a><a href="#">y</a>', url=URL), "PO7")
    assert isinstance(reading, OrderPage)
    assert [(one.url, one.control is not None) for one in reading.attachments] == [(None, True)]


def test_the_number_must_be_a_whole_token_of_title_or_heading() -> None:
    assert isinstance(generic.read(page("<title>Order PO77</title>", url=URL), "PO7"), WrongPage)
    assert isinstance(generic.read(page("<p>PO7</p>", url=URL), "PO7"), WrongPage)
    assert isinstance(generic.read(page("<h1 hidden>PO7</h1>", url=URL), "PO7"), WrongPage)
    assert isinstance(generic.read(page("<h1>Your order (7)</h1>", url=URL), "PO7"), OrderPage)


def test_settings_decide_paths_texts_and_supplier() -> None:
    own = GenericPortalSettings(
        order_path="po?id={number}",
        login_paths=("/enter",),
        not_found_texts=("nichts gefunden",),
        supplier_selector="td.vendor",
        attachment_selectors=("button.file",),
        document_endings=(),
    )
    portal = portal_for(PortalKind.GENERIC, own)
    assert portal.order_addresses(f"{BASE}/x/", "a/b") == (f"{BASE}/x/po?id=a%2Fb",)
    assert portal.login_address(BASE) == f"{BASE}/enter"
    assert isinstance(portal.read(page("", url=f"{BASE}/enter.html"), "PO7"), LoginPage)
    assert isinstance(portal.read(page("<p>Nichts  gefunden!", url=URL), "PO7"), NotFoundPage)
    html = "<h1>PO7</h1><table><td class=vendor>Nordwind</table><button class=file>Offer</button><a href=a.pdf>a</a>"
    reading = portal.read(page(html, url=URL), "PO7")
    assert isinstance(reading, OrderPage)
    assert reading.supplier == "Nordwind"
    assert [(one.label, one.url) for one in reading.attachments] == [("Offer", None)]


def test_a_selector_that_is_none_is_refused_with_its_setting() -> None:
    with pytest.raises(ConfigurationError, match="attachment_selectors"):
        portal_for(PortalKind.GENERIC, GenericPortalSettings(attachment_selectors=("a[",)))


def test_auto_reads_coupas_pages_as_coupas_and_others_generically() -> None:
    coupa = auto.read(order(SPAN + "<a href='/terms.pdf'>terms</a>"), "PO16928033")
    other = auto.read(page("<h1>PO7</h1><a href='/terms.pdf'>terms</a>", url=URL), "PO7")
    assert isinstance(coupa, OrderPage)
    assert isinstance(other, OrderPage)
    assert [one.url for one in coupa.attachments] == [None]
    assert [one.url for one in other.attachments] == [f"{BASE}/terms.pdf"]


def test_auto_does_not_prove_coupas_pages_by_a_bare_number() -> None:
    assert isinstance(auto.read(order(LINK, title="Requisition #16928033"), "PO16928033"), WrongPage)


def test_auto_knows_the_ways_of_both_to_say_no_and_to_ask_for_a_login() -> None:
    for text in ("Oops! We couldn't find what you wanted", "Page not found"):
        assert isinstance(auto.read(page(f"<p>{text}</p>", url=URL), "PO7"), NotFoundPage)
    for path in ("/sessions/new", "/signin"):
        assert isinstance(auto.read(page("", url=BASE + path), "PO7"), LoginPage)
        assert auto.wants_login(page("", url=BASE + path))


def test_auto_tries_coupas_addresses_then_the_generic_one() -> None:
    assert auto.order_addresses(BASE, "PO7") == (f"{BASE}/order_headers/PO7", f"{BASE}/order_headers/7", URL)
    assert auto.order_addresses("https://x.coupahost.example", "7") == ("https://x.coupahost.example/order_headers/7",)
    own = portal_for(PortalKind.AUTO, GenericPortalSettings(order_path="/p/{number}"))
    assert own.order_addresses(BASE, "PO7") == (f"{BASE}/p/PO7",)


@pytest.mark.parametrize("kind", list(PortalKind))
@given(
    html=st.one_of(
        st.text(max_size=300), st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)
    ),
    url=st.sampled_from(
        [URL, f"{BASE}/order_headers/PO7", "about:blank", "", "http://[", "chrome-error://chromewebdata/"]
    ),
    status=st.sampled_from([200, 0, 404, 503]),
    number=st.sampled_from(["PO7", "", "../x", "7"]),
)
@settings(max_examples=150, deadline=None)
def test_reading_never_raises_and_lists_only_web_addresses(
    kind: PortalKind, html: str, url: str, status: int, number: str
) -> None:
    portal = portal_for(kind, GenericPortalSettings())
    snapshot = page(html, url=url, status=status)
    reading = portal.read(snapshot, number)
    listed = reading.attachments if isinstance(reading, OrderPage) else ()
    for one in listed + portal.read_requisition(snapshot).attachments:
        assert one.label
        assert (one.control is not None) != bool(one.refused)
        assert one.url is None or one.url.startswith(("http://", "https://"))
    portal.wants_login(snapshot)
    portal.login_form(snapshot)
