"""Proves that frames and shadow roots are read as the page is, and that a strange one proves nothing."""

from __future__ import annotations

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import Control, LoginPage, NotFoundPage, OrderPage, PagePart, PageSnapshot, WrongPage
from tests.portals.pages import ATTACHMENT, BASE, DATA_URL, NONE, plain_order

portal = portal_for(PortalKind.GENERIC, GenericPortalSettings())
LOGIN = "<form><input name=user><input type=password><button>Log in</button></form>"


def test_attachments_of_all_parts_are_listed_in_page_order_each_with_its_place() -> None:
    shown = plain_order(
        ATTACHMENT,
        PagePart("frame 1", f"{BASE}/files/list", '<a class="attachment" href="b.pdf">b</a>'),
        PagePart("root 2", f"{BASE}/orders/PO7", '<a class="attachment" href="#">c</a>' + ATTACHMENT),
    )
    reading = portal.read(shown, "PO7")
    assert isinstance(reading, OrderPage)
    assert [(one.url, one.control) for one in reading.attachments] == [
        (f"{BASE}/attachment/offer.pdf", Control("a.attachment", 0)),
        (f"{BASE}/files/b.pdf", Control("a.attachment", 0, "frame 1")),
        (None, Control("a.attachment", 0, "root 2")),
    ]


def test_parts_with_one_place_lose_no_attachment() -> None:
    links = [f'<a class="attachment" href="/{name}">x</a>' for name in ("a", "b")]
    shown = plain_order("", *(PagePart("", f"{BASE}/f", link) for link in links))
    reading = portal.read(shown, "PO7")
    assert isinstance(reading, OrderPage)
    assert [one.url for one in reading.attachments] == [f"{BASE}/a", f"{BASE}/b"]


def test_a_base_element_counts_in_its_own_part_and_a_written_frame_takes_the_pages() -> None:
    link = '<a class="attachment" href="x.pdf">x</a>'
    shown = plain_order(
        '<base href="/deep/">',
        PagePart("1", "about:srcdoc", link),
        PagePart("2", f"{BASE}/f/list", '<base href="/other/">' + link),
    )
    reading = portal.read(shown, "PO7")
    assert isinstance(reading, OrderPage)
    assert [one.url for one in reading.attachments] == [f"{BASE}/deep/x.pdf", f"{BASE}/other/x.pdf"]


def test_a_frame_of_the_portal_proves_an_order_and_one_of_another_host_does_not() -> None:
    frame = f"<h1>Order PO7</h1>{ATTACHMENT}"
    own = plain_order("", PagePart("1", f"{BASE}/frame", frame), title="Portal")
    foreign = plain_order("", PagePart("1", "https://other.example/frame", frame), title="Portal")
    data = plain_order("", PagePart("1", "data:text/html,x", frame), title="Portal")
    assert isinstance(portal.read(own, "PO7"), OrderPage)
    assert isinstance(portal.read(foreign, "PO7"), WrongPage)
    assert isinstance(portal.read(data, "PO7"), WrongPage)


def test_a_login_form_in_a_frame_makes_a_login_page_unless_the_frame_is_out_of_view() -> None:
    frame = PagePart("1", "https://id.example/login", LOGIN)
    shown = plain_order('<iframe src="https://id.example/login"></iframe>', frame)
    hidden = plain_order(NONE + '<iframe src="https://id.example/login" style="display:none"></iframe>', frame)
    small = plain_order(NONE + '<iframe src="https://id.example/login" width=0 height=0></iframe>', frame)
    assert isinstance(portal.read(shown, "PO7"), LoginPage)
    assert isinstance(portal.read(hidden, "PO7"), OrderPage)
    assert isinstance(portal.read(small, "PO7"), OrderPage)


def test_a_denial_in_a_frame_counts_on_a_page_that_is_nobodys_and_is_a_doubt_about_an_order() -> None:
    frame = PagePart("1", f"{BASE}/frame", "<h1>Page not found</h1>")
    assert isinstance(portal.read(plain_order("", frame, title="Portal"), "PO7"), NotFoundPage)
    reading = portal.read(plain_order(NONE, frame), "PO7")
    assert isinstance(reading, OrderPage)
    assert "Page not found" in "".join(reading.doubts)


def test_documents_in_a_frame_of_another_host_are_no_proof_that_there_are_none() -> None:
    frame = PagePart("1", "https://docs.example/list", '<a href="offer.pdf">offer</a>')
    reading = portal.read(plain_order(NONE, frame), "PO7")
    assert isinstance(reading, OrderPage)
    assert "docs.example" in "".join(reading.doubts)


def test_coupas_forms_count_in_parts_and_the_text_that_is_kept_holds_them_too() -> None:
    page = PageSnapshot(
        requested_url=f"{BASE}/order_headers/7",
        url=f"{BASE}/order_headers/7",
        http_status=200,
        time_origin=1.0,
        html="<title>Purchase Order #7</title>",
        parts=(PagePart("1", f"{BASE}/x", DATA_URL + "<p>Only in the frame"),),
    )
    coupa = portal_for(PortalKind.COUPA, GenericPortalSettings())
    reading = coupa.read(page, "7")
    assert isinstance(reading, OrderPage)
    assert [one.control.place for one in reading.attachments if one.control] == ["1"]
    assert "Only in the frame" in coupa.visible_text(page).split("\n")
