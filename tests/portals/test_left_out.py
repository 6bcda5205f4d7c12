"""What the page lists and cannot be fetched is listed all the same: it is missing, and no reason to say "none"."""

from __future__ import annotations

import pytest

from actors.portals.auto import AutoPortal
from actors.portals.generic import GenericPortal
from contracts.config import GenericPortalSettings
from contracts.ports import OrderPage, PageSnapshot

URL = "http://portal.example/orders/PO1"
TOP = "<html><head><title>Order PO1</title>{head}</head><body><h1>Purchase order #PO1</h1><h2>Lines</h2>"
LINES = "<table><tr><td>1</td></tr></table><h2>Attachments</h2>"
OWN = "<a href='/files/a.pdf'>Offer</a>"


def read(body: str, head: str = "", kind: type[GenericPortal | AutoPortal] = GenericPortal) -> OrderPage:
    html = TOP.format(head=head) + LINES + body + "</body></html>"
    reading = kind(GenericPortalSettings()).read(PageSnapshot(URL, URL, 200, 1.0, html), "PO1")
    assert isinstance(reading, OrderPage)
    return reading


@pytest.mark.parametrize("kind", [GenericPortal, AutoPortal])
@pytest.mark.parametrize(
    ("body", "head", "address"),
    [
        ("<a href='http://cdn.example/b.pdf'>Offer</a>", "", "http://cdn.example/b.pdf"),
        ("<a href='//cdn.example/b.pdf'>Offer</a>", "", "http://cdn.example/b.pdf"),
        (r"<a href='\\server\share\b.pdf'>Offer</a>", "", "http://server/share/b.pdf"),
        ("<a href='https://portal.example/b.pdf'>Offer</a>", "", "https://portal.example/b.pdf"),
        ("<a href='http://portal.example:8443/b.pdf'>Offer</a>", "", "http://portal.example:8443/b.pdf"),
        (OWN, "<base href='http://cdn.example/'>", "http://cdn.example/files/a.pdf"),
        (OWN, "<base target=x><base href='//cdn.example'>", "http://cdn.example/files/a.pdf"),
        ("<a class=attachment href='//cdn.example/b'>Offer</a>", "", "http://cdn.example/b"),
    ],
)
def test_a_file_on_another_host_is_listed(
    body: str, head: str, address: str, kind: type[GenericPortal | AutoPortal]
) -> None:
    assert [one.url for one in read(body, head, kind).attachments] == [address]


@pytest.mark.parametrize(
    ("body", "head"),
    [
        *(
            (f"<a href='{scheme}server/b.pdf'>Offer</a>", "")
            for scheme in ("ftp://", "file:///", "smb://", "http://[::1")
        ),
        ("<a class=attachment href='ftp://server/b'>Offer</a>", ""),
        (f"<a href='/files/{'a' * 20_000}.pdf'>Offer</a>", ""),
        (OWN, "<base href='ftp://server/'>"),
    ],
)
def test_a_file_that_no_web_address_leads_to_is_listed_as_refused(body: str, head: str) -> None:
    (one,) = read(body, head).attachments
    assert one.url is None
    assert one.control is None
    assert "its address is none that can be fetched" in one.refused


def test_a_base_that_browsers_ignore_is_ignored() -> None:
    for base in ("data:text/html,x", "javascript:1", "http://[::"):
        (one,) = read(OWN, f"<base href='{base}'>").attachments
        assert one.url == "http://portal.example/files/a.pdf"


def test_a_file_elsewhere_belongs_to_the_list_that_it_stands_in() -> None:
    elsewhere = "<a href='//cdn.example/b.pdf'>More</a>"
    assert len(read(f"<ul><li>{OWN}</li><li>{elsewhere}</li></ul>").attachments) == 2
    assert len(read(f"<ul><li>{OWN}</li></ul><p>Terms: {elsewhere}</p>").attachments) == 1


@pytest.mark.parametrize(
    "body",
    [
        "<footer><a href='//cdn.example/terms.pdf'>Terms</a></footer>",
        "<nav><a href='//cdn.example/manual.pdf'>Help</a></nav>",
        "<a href='mailto:a@b.pdf'>Write</a>",
        "<a href='javascript:show(1)'>More</a>",
    ],
)
def test_what_is_no_file_of_the_order_is_not_listed(body: str) -> None:
    reading = read(body)
    assert reading.attachments == ()
    assert reading.doubts == ()


@pytest.mark.parametrize(
    "body",
    ["<embed src='/f/a.pdf'>", "<object data='/f/a.pdf'></object>", "<iframe src='/f/a.pdf'></iframe>"],
)
def test_a_document_that_the_page_shows_in_itself_speaks_against_none(body: str) -> None:
    reading = read(body)
    assert reading.attachments == ()
    assert any("'a.pdf'" in doubt for doubt in reading.doubts)
