"""Proves how a list that goes on is followed, and that nothing which may change an order is ever pressed."""

from __future__ import annotations

import pytest

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import OrderPage, PagePart
from tests.portals.pages import ATTACHMENT, BASE, plain_order

portal = portal_for(PortalKind.GENERIC, GenericPortalSettings())
FILES = f"<h2>Attachments</h2><ul><li>{ATTACHMENT}</li></ul>"
LINES = "<h2>Lines</h2><table><tr><td>1</td></tr></table>"
TABS = (
    "<ul class='nav nav-tabs'><li class=active><a href='#d' data-toggle=tab>Details</a></li>"
    "<li><a href='#a' data-toggle=tab>{}</a></li></ul><div id=d>x</div><div id=a>{}</div>"
)


def order(body: str, *parts: PagePart, path: str = "/orders/PO7") -> OrderPage:
    reading = portal.read(plain_order(body, *parts, path=path), "PO7")
    assert isinstance(reading, OrderPage), reading
    return reading


@pytest.mark.parametrize(
    "link",
    [
        "<a rel=next href='?page=2'>Next</a>",
        "<a class=next_page href='/orders/PO7?page=2'>more</a>",
        "<div class=pagination><a aria-label='Next page' href='?page=2'>&gt;</a></div>",
        "<div class=pagination><a href='?page=2'>Weiter</a></div>",
        "<ul class=pagination><li class=next><a href='?page=2'>&raquo;</a></li></ul>",
        "<ul class=pagination><li class=active><a>1</a></li><li><a href='?page=2'>2</a></li></ul>",
        "<nav class=pagination><em aria-current=page>1</em> <a href='?page=2'>2</a></nav>",
        "<div class=pagination><b>1</b> <a href='?page=2'>2</a> <a href='?page=3'>3</a></div>",
        "<div class=pagination>1 <a href='?page=2'>2</a> <a href='?page=3'>3</a></div>",
        "<div class=pagination><a href='?page=1'>1</a> <a href='?page=2'>2</a> <a href='?page=3'>3</a></div>",
        "<link rel=next href='?page=2'>",
    ],
)
def test_the_next_page_of_the_list_is_named(link: str) -> None:
    assert order(FILES + link).next_page == f"{BASE}/orders/PO7?page=2"
    assert order(LINES + FILES + link).next_page == f"{BASE}/orders/PO7?page=2"


def test_the_last_page_of_a_list_without_marks_is_known_by_its_address() -> None:
    pages = "<div class=pagination><a href='?page=1'>1</a> <a href='?page=2'>2</a> <a href='?page=3'>3</a></div>"
    assert order(FILES + pages, path="/orders/PO7?page=2").next_page == f"{BASE}/orders/PO7?page=3"
    assert order(FILES + pages, path="/orders/PO7?page=3").next_page == ""
    last = "<div class=pagination><a href='?page=1'>1</a> <a href='?page=2'>2</a> <b>3</b></div>"
    assert order(FILES + last, path="/orders/PO7?page=3").next_page == ""


@pytest.mark.parametrize(
    "link",
    [
        "<a rel=next href='/orders/PO8'>Next</a>",
        "<a rel=next href='?page=2'>Next order</a>",
        "<link rel=next href='/orders/PO8'>",
        "<ul class=pagination><li class='next disabled'><a href='?page=2'>Next</a></li></ul>",
        "<a rel=next href='https://other.example/orders/PO7?page=2'>Next</a>",
        "<a rel=next href='/orders/PO7' >Next</a>",
        "<a href='?step=2'>Next</a>",
    ],
)
def test_what_leads_elsewhere_is_no_next_page(link: str) -> None:
    reading = order(FILES + link)
    assert (reading.next_page, reading.reveals) == ("", ())


def test_pages_of_the_orders_lines_are_not_the_attachments() -> None:
    pages = "<p>Showing 1-1 of 9 <a rel=next href='?page=2'>Next</a></p>"
    assert order(f"<section>{LINES}{pages}</section><section>{FILES}</section>").next_page == ""
    assert order(LINES + pages + FILES).next_page == ""


def test_a_next_page_without_an_address_or_in_a_frame_is_pressed() -> None:
    button = order(FILES + "<div class=pager><button type=button aria-label='Next page'>&gt;</button></div>")
    assert [one.selector for one in button.reveals] == ['button[aria-label="Next page"]']
    framed = order("", PagePart("1", f"{BASE}/frame", FILES + "<a rel=next href='?page=2'>Next</a>"))
    assert (framed.next_page, [one.place for one in framed.reveals]) == ("", ["1"])


@pytest.mark.parametrize(
    "name", ["Attachments", "Attachments (3)", "Files", "Anh\u00e4nge", "Anexos 2", "Pi\u00e8ces jointes"]
)
def test_a_tab_for_files_that_is_not_open_is_pressed(name: str) -> None:
    reading = order(TABS.format(name, ""))
    assert [one.selector for one in reading.reveals] == ['a[href="#a"]']


def test_a_tab_that_is_open_filled_or_empty_by_its_own_word_is_left_alone() -> None:
    assert order(TABS.format("Attachments", "No attachments")).reveals == ()
    assert order(TABS.format("Attachments", ATTACHMENT)).reveals == ()
    assert order(TABS.format("Attachments (0)", "")).reveals == ()
    assert order("<button role=tab aria-selected=true>Attachments</button>").reveals == ()


@pytest.mark.parametrize(
    "text", ["Show more", "Load more files", "View all (12)", "Mehr anzeigen", "Ver todos", "Voir plus"]
)
def test_a_control_that_shows_more_of_the_list_is_pressed(text: str) -> None:
    for control in (f"<button type=button>{text}</button>", f"<a href='#'>{text}</a>"):
        assert len(order(FILES + control).reveals) == 1
        assert order(f"{FILES}<section>{LINES}{control}</section>".replace(" files", "")).reveals == ()


@pytest.mark.parametrize(
    "control",
    [
        "<button type=button>Add attachments</button>",
        "<button type=button>Upload files</button>",
        "<button type=button title='Delete attachments'>Attachments</button>",
        "<form><button>Attachments</button></form>",
        "<form><input type=submit value='Show more'></form>",
        "<button type=button>New documents</button>",
        "<button type=button disabled>Show more</button>",
        "<button type=button hidden>Show more</button>",
        "<div class=comment><a href='#'>Show more</a></div>",
    ],
)
def test_nothing_that_may_change_anything_is_pressed(control: str) -> None:
    for body in (FILES, ""):
        assert order(body + control).reveals == ()


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/orders/PO7/attachments'>View all 12 attachments</a>",
        "<a href='/orders/PO7/attachments'>+9 more</a>",
        "<a href='/orders/PO7/attachments'>Show all</a>",
    ],
)
def test_a_link_to_all_of_the_list_is_followed(link: str) -> None:
    assert order(LINES + FILES + link).next_page == f"{BASE}/orders/PO7/attachments"


@pytest.mark.parametrize(
    "pager",
    [
        (
            "<tr><td><table><tr><td><span>1</span></td><td>"
            "<a href=\"javascript:__doPostBack('gv','Page$2')\">2</a></td>"
            "</tr></table></td></tr>"
        ),
        "<tr><td>Page 1 of 3 <button type=button aria-label='Next page'>&rsaquo;</button></td></tr>",
        "<tr><td><a onclick='goPage(2)' href='#'>Next</a></td></tr>",
    ],
)
def test_a_pager_without_a_name_is_known_by_what_it_does(pager: str) -> None:
    grid = f"<table><tr><td>{ATTACHMENT}</td></tr>{pager}</table>"
    assert len(order(LINES + grid).reveals) == 1
    assert order(f"{FILES}<table><tr><td>line</td></tr>{pager}</table>").reveals == ()


def test_a_part_that_is_folded_up_and_empty_is_opened() -> None:
    (control,) = order(f"{LINES}<details><summary>Attachments</summary><ul></ul></details>").reveals
    assert control.selector == "summary"
    assert order(f"{LINES}<details open><summary>Attachments</summary><ul></ul></details>").reveals == ()
    assert order(f"{LINES}<details><summary>Attachments</summary><ul><li>none</ul></details>").reveals == ()


def test_a_tab_with_an_address_is_opened_also_where_a_file_is_listed() -> None:
    """The file may be the order itself, for printing."""
    tabs = "<ul class='nav nav-tabs'><li{}><a href='?tab=files'>Attachments</a></li></ul>"
    (control,) = order(FILES + tabs.format("")).reveals
    assert "?tab=files" in control.selector
    assert order(FILES + tabs.format(" class=active")).reveals == ()
