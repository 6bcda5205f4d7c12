"""What it takes to read a page grows with its size and no more; what would explode is refused before it is parsed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from actors.portals import document
from actors.portals.addresses import LONGEST_ADDRESS
from actors.portals.coupa import CoupaPortal
from actors.portals.generic import GenericPortal
from actors.portals.reading import HtmlPortal
from actors.portals.shape import DEEPEST, MOST_ATTRIBUTES, MOST_TAGS, flattened, shape_of
from actors.portals.sheet import LARGEST_PAGE, MOST_PARTS
from actors.portals.styles import hiding_selectors
from contracts.config import GenericPortalSettings
from contracts.errors import PageReadingError
from contracts.ports import OrderPage, PagePart, PageSnapshot

URL = "https://portal.example/orders/PO1"
Make = Callable[[int], str]

ENTANGLED: dict[str, Make] = {
    "ends of bold amid blocks": lambda n: "".join(f"<b id=a{i}>" for i in range(300)) + "<div>" * 300 + "</b>" * n,
    "bold that is never closed, in many paragraphs": lambda n: (
        f"<p>{''.join(f'<b id=a{i}>' for i in range(300))}</p>" + "<p>x</p>" * n
    ),
    "links in links": lambda n: "<div>" * 400 + "<a href=/x><i>" * n,
    "an endless list to choose from": lambda n: "<select>" + "<option>x</option>" * 4 * n + "</select>",
}
HIDDEN_IN: dict[str, Callable[[str], str]] = {
    "the open": lambda text: text,
    "what a script wrote into a comment": lambda text: f"<!---->{text}<!---->",
    "what a script wrote into a style": lambda text: f"<style></style>{text}<style></style>",
    "a style of a drawing": lambda text: f"<svg><style>{text}</style></svg>",
    "a bogus comment": lambda text: f"<!x>{text}",
    "behind an odd attribute": lambda text: f'<p x"y>{text}',
    "behind a script": lambda text: f'<script>"<a href=\'"</script>{text}',
}


@pytest.mark.parametrize("where", HIDDEN_IN)
@pytest.mark.parametrize("kind", ENTANGLED)
def test_a_document_that_the_parser_would_take_hours_to_mend_is_refused(kind: str, where: str) -> None:
    html = HIDDEN_IN[where](ENTANGLED[kind](5_000))
    with pytest.raises(PageReadingError, match="entangled"):
        GenericPortal(GenericPortalSettings()).read(snapshot(html), "PO1")


@pytest.mark.parametrize("steps", ["x div div div div div div div", "x>div div>div div div", ".a .b .c .d"])
def test_a_style_sheet_that_looks_for_what_is_above_is_not_followed(steps: str) -> None:
    """The parser tries every way up. It does so in one call, which nothing can end."""
    assert hiding_selectors(f"{steps} {{display: none}} .gone, #away {{display: none}}") == (".gone", "#away")


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<p>" * (MOST_TAGS + 1), "tags"),
        (f"<p {' '.join(f'a{i}' for i in range(MOST_ATTRIBUTES + 10))}{' ' * 20_000}>", "attributes"),
        ("x" * (LARGEST_PAGE + 1), "characters"),
    ],
)
def test_a_document_beyond_all_measure_is_refused(html: str, told: str) -> None:
    with pytest.raises(PageReadingError, match=told):
        GenericPortal(GenericPortalSettings()).read(snapshot(html), "PO1")


def test_the_parts_of_a_page_count_together() -> None:
    portal = GenericPortal(GenericPortalSettings())
    some = tuple(PagePart(f"s{n}.", URL, "<p>" * (MOST_TAGS // 4)) for n in range(5))
    with pytest.raises(PageReadingError, match="tags"):
        portal.read(snapshot("", some), "PO1")
    many = tuple(PagePart(f"s{n}.", URL, "x") for n in range(MOST_PARTS + 1))
    with pytest.raises(PageReadingError, match="frames"):
        portal.read(snapshot("", many), "PO1")
    with pytest.raises(PageReadingError, match="address"):
        portal.read(snapshot("", (PagePart("f0.", f"{URL}?{'x' * LONGEST_ADDRESS}", "x"),)), "PO1")


def test_a_document_that_is_nested_right_needs_no_mending() -> None:
    row = "<tr class=x><td><b>1</b></td><td><a href='/a>b'>x</a><br><img alt=\"<b>\"></td><td><p>x</p></td></tr>"
    page = f"<html><head><style>a>b{{}}</style></head><body><table><tbody>{row * 500}</tbody></table></body></html>"
    shape = shape_of(page)
    assert (shape.mending, shape.attributes, shape.trouble) == (0, 0, "")
    assert shape.deepest < 15
    drawing = "<svg><path d='M0'/><title>x</title></svg>"
    assert shape_of(page + drawing * 500).mending == 0


def test_a_long_attribute_is_one_attribute() -> None:
    html = f"<p class='{'a ' * 50_000}' style=\"{'/' * 50_000}\">x</p>"
    assert shape_of(html).attributes <= 2


def test_what_lies_too_deep_is_kept_without_its_elements() -> None:
    html = "<label><div>" * DEEPEST + "deep" + "</div></label>" * DEEPEST
    assert shape_of(html).deepest > DEEPEST
    flat = flattened(html)
    assert shape_of(flat).deepest <= DEEPEST + 1
    assert "deep" in flat


def test_a_long_base_is_not_read_once_for_each_link() -> None:
    html = f"<title>Order PO1</title><base href='/{'a' * LONGEST_ADDRESS}/'><a class=attachment href=b.pdf>b</a>"
    reading = GenericPortal(GenericPortalSettings()).read(snapshot(html), "PO1")
    assert isinstance(reading, OrderPage)
    assert [one.label for one in reading.attachments] == ["b"]


# ------------------------------------------------------------------------------------------------------------ growing

BODY = "<html><head><title>Order PO1</title></head><body><h1>Purchase order #PO1</h1>"
GROWING: dict[str, Make] = {
    "links": lambda n: "".join(f'<a href="/f/{i}.pdf">x</a>' for i in range(n)),
    "links in a deep place": lambda n: "<div>" * 200 + "".join(f'<a href="/f/{i}.pdf">x</a>' for i in range(n)),
    "controls and links of one name": lambda n: (
        '<a class=attachment href="#">a.pdf</a><a href="/f/a.pdf">a.pdf</a>' * n
    ),
    "a row of twos": lambda n: f"<div class=pagination>{'<a href=#>2</a>' * n}</div>",
    "twos behind a large one": lambda n: (
        f"<div class=pagination><div>1 {'<b>x</b>' * n}</div><div>{'<a href=#>2</a>' * n}</div></div>"
    ),
    "ways to the next page": lambda n: f"<div class=pagination>{'<a href=#>next</a>' * n}</div>",
    "ranges beside lists": lambda n: "<table><tr><td>a</td></tr></table>" * n + "<p>1-2 of 3</p>" * n,
    "pages in a table": lambda n: f"<table>{'<tr><td>page 1 of 2</td></tr>' * n}</table>",
    "counts": lambda n: "<dl>" + "<dt>attachments</dt><dd>3</dd>" * n + "</dl>" + "<p>3 attachments</p>" * n,
    "labels in labels": lambda n: "<label>" * 100 + "attachments x" * n + "</label>" * 100,
    "sheets that hide": lambda n: "<style>.a{display:none}</style>" * n + "<p class=a>x</p>" * n,
    "sheets that hide by many rules": lambda n: (
        "<style>" + "".join(f".a{i}{{display:none}}" for i in range(n)) + "</style>" + "<p class=a1>x</p>" * n
    ),
    "tabs with panels": lambda n: "<a role=tab href=#p>Attachments</a>" * n + "<div id=p>x</div>",
    "ways to show more": lambda n: "".join(
        f"<button id=b{i} type=button>show more attachments</button>" for i in range(n)
    ),
    "lines of a session that ended": lambda n: "<p>your session expired</p>" * n + "<a href=/login>log in</a>" * n,
    "boxes in boxes": lambda n: "<div class=alert>" * 100 + "<p>x</p>" * n,
    "sections in sections": lambda n: "<dl><dd>" * 100 + "<p>x</p>" * n,
    "empty lists in empty lists": lambda n: "<div class=attachments hidden>" * 100 + "<input>" * n,
    "busy parts in busy parts": lambda n: "<div aria-busy=true>" * 100 + "<a href=#>x</a>" * n,
    "titles of drawings": lambda n: f"<svg>{'<g>' * 100}{'<title>x</title>' * n}</svg>",
    "forms with passwords": lambda n: "<form><input type=password><button>x</button></form>" * n,
    "Coupa's controls": lambda n: '<span role="button" aria-label="a.pdf file attachment">a.pdf</span>' * n,
    "Coupa's requisitions": lambda n: '<a href="/requisition_headers/1">x</a>' * n,
    "frames": lambda n: "<iframe src=/x></iframe>" * n,
}


def snapshot(html: str, parts: tuple[PagePart, ...] = ()) -> PageSnapshot:
    return PageSnapshot(URL, URL, 200, 1.0, html, parts=parts)


def steps(portal: HtmlPortal, html: str) -> int:
    """Count the calls that reading a page takes, ours and those into libraries."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    page = snapshot(BODY + html)
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        portal.read(page, "PO1")
        portal.visible_text(page)
        portal.wants_login(page)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("portal", [GenericPortal(GenericPortalSettings()), CoupaPortal()], ids=["generic", "coupa"])
@pytest.mark.parametrize("kind", GROWING)
def test_four_times_the_page_takes_no_more_than_five_times_the_steps(portal: HtmlPortal, kind: str) -> None:
    make = GROWING[kind]
    few = steps(portal, make(100))
    assert steps(portal, make(400)) <= 5 * few


DEEP: dict[str, str] = {
    "twos": '<a href="#">2</a>',
    "buttons": "<button type=submit>show more attachments</button>",
    "passwords": "<input type=password>",
    "links": '<a href="a.pdf">a.pdf</a>',
}


@pytest.mark.parametrize("portal", [GenericPortal(GenericPortalSettings()), CoupaPortal()], ids=["generic", "coupa"])
@pytest.mark.parametrize("kind", DEEP)
def test_what_lies_four_times_as_deep_takes_hardly_more_steps(portal: HtmlPortal, kind: str) -> None:
    few, many = ("<form>" + "<div>" * depth + DEEP[kind] * 2_000 for depth in (100, 400))
    assert steps(portal, many) <= 1.5 * steps(portal, few)


WITHIN: dict[str, tuple[str, str, str]] = {
    "headings": ("<h1><div>", "</div></h1>", "<i>x</i>"),
    "tabs": ("<div role=tab class=badge>", "</div>", "<b>3</b>"),
    "labels": ("<label>", "</label>", "<i>attachments 3</i>"),
    "boxes": ("<div class=alert>", "</div>", "<i>x</i>"),
    "sections": ("<dl><dd>", "</dd></dl>", "<i></i>"),
    "rows of numbers": ("<div class=pagination><a href=#>2</a>", "</div>", "<i>x</i>"),
}


@pytest.mark.parametrize("kind", WITHIN)
def test_a_page_whose_parts_lie_in_one_another_is_given_up_before_it_is_dear(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MOST_LOOKS", 20_000)
    begin, end, inside = WITHIN[kind]
    page = snapshot(BODY + begin * 300 + inside * 300 + end * 300)
    with pytest.raises(PageReadingError, match="lie in one another"):
        GenericPortal(GenericPortalSettings()).read(page, "PO1")


def test_a_page_and_its_parts_share_one_number_of_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_LOOKS", 250)
    part = PagePart("0.", URL, BODY + "<h2>x</h2><a href=#>x</a>" * 50)
    portal = GenericPortal(GenericPortalSettings())
    portal.read(snapshot(BODY, (part,)), "PO1")
    with pytest.raises(PageReadingError, match="lie in one another"):
        portal.read(snapshot(BODY, (part,) * 4), "PO1")


SIDE_BY_SIDE = [kind for kind in GROWING if kind.rpartition(" in ")[0] != kind.rpartition(" in ")[2]]


@pytest.mark.parametrize("kind", SIDE_BY_SIDE)
def test_a_page_whose_parts_lie_side_by_side_needs_few_looks_for_each(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    html = BODY + GROWING[kind](500)
    monkeypatch.setattr(document, "MOST_LOOKS", 8 * html.count("<") + 500)
    GenericPortal(GenericPortalSettings()).read(snapshot(html), "PO1")
