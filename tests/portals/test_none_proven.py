"""Proves that "no attachments" is said only of a page that shows it, and how many a page says there are."""

from __future__ import annotations

import pytest

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import OrderPage, PageSnapshot, WrongPage
from tests.portals.pages import ATTACHMENT, NONE, plain_order

portal = portal_for(PortalKind.GENERIC, GenericPortalSettings())


def order(shown: PageSnapshot) -> OrderPage:
    reading = portal.read(shown, "PO7")
    assert isinstance(reading, OrderPage), reading
    return reading


@pytest.mark.parametrize(
    "body",
    [
        NONE,
        "<p>Nothing special.</p>",
        "<h2>Attachments (0)</h2>",
        "<table><tr><td>1</td></tr></table>",
        "<ul id=files></ul>",
    ],
)
def test_an_order_without_attachments_raises_no_doubt(body: str) -> None:
    assert order(plain_order(body)).doubts == ()


@pytest.mark.parametrize(
    ("title", "heading", "body"),
    [
        ("Search results for PO7", "Orders", ""),
        ("Portal", "No results for PO7", ""),
        ("PO7 - Suche", "", "<p>Keine Treffer</p>"),
        ("Order PO7", "", "<p>0 orders found</p>"),
        ("Order PO7", "0 orders found", ""),
        ("PO7 | Portal", "", "<form><input type=search value=PO7></form><table><tr><td>PO8</td></tr></table>"),
        ("PO7 | Portal", "", "<form><input name=q value=PO7></form>"),
    ],
)
def test_a_page_that_only_repeats_what_was_searched_for_is_no_order(title: str, heading: str, body: str) -> None:
    assert isinstance(portal.read(plain_order(body, title=title, heading=heading), "PO7"), WrongPage)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("<p>Loading\u2026</p>", "loading"),
        ("<ul>Loading attachments&hellip;</ul>", "loading"),
        ("<p>Wird geladen ...</p>", "geladen"),
        ("<div aria-busy=true></div>" + NONE, "busy"),
        ("<h2>Lines</h2><p class=error>Failed to load attachments. Try again.</p>", "failed to load"),
        ("<h2>Lines</h2><p>Anh\u00e4nge konnten nicht geladen werden</p>", "geladen"),
        ("<h2>Files</h2><ul><li>{{file.name}}</li></ul>", "filled"),
        ("<h2>Lines</h2><p>x</p><ul id=attachment-list hidden></ul>", "attachment-list"),
        ("<h2>Lines</h2><table><tr><td>offer.pdf<td><button>Download</button></table>", "offer.pdf"),
    ],
)
def test_a_sign_that_there_may_be_more_is_a_doubt(body: str, word: str) -> None:
    assert word in " ".join(order(plain_order(body)).doubts)


def test_a_page_that_shows_nothing_but_the_number_is_doubted() -> None:
    assert order(plain_order("<div id=root></div>", heading="")).doubts
    assert order(plain_order("<p>x</p>", title="PO7")).doubts
    assert not order(plain_order(NONE, title="PO7")).doubts


def test_what_further_pages_and_presses_show_is_no_doubt_yet() -> None:
    """Whoever reads the whole list goes there, and doubts what cannot be shown."""
    below = order(plain_order("<h2>Lines</h2><a href='/orders/PO7/attachments'>Attachments</a>"))
    assert (below.next_page.endswith("/orders/PO7/attachments"), below.doubts) == (True, ())
    more = order(plain_order("<button type=button>Show more</button>" + NONE.replace("None", "")))
    assert (len(more.reveals), more.doubts) == (1, ())


@pytest.mark.parametrize(
    ("body", "stated"),
    [
        ("<h2>Attachments (23)</h2>", 23),
        ("<p>23 attachments</p>", 23),
        ("<button type=button role=tab aria-selected=true>Attachments: 3</button>", 3),
        ("<h3>Attachments <span class=badge>3</span></h3>", 3),
        ("<table><caption>3 files</caption></table>", 3),
        ("<h3>Anexos (2)</h3>", 2),
        ("<h3>Anh\u00e4nge: 2</h3>", 2),
        ("<h3>Anha\u0308nge: 2</h3>", 2),
        ("<p>2 Dateien</p>", 2),
        ("<summary>Pi\u00e8ces&nbsp;jointes (2)</summary>", 2),
        ("<legend>Adjuntos (2)</legend>", 2),
        ("<p>Showing 1-10 of 23 documents</p>", 23),
        ("<p>This order has 3 attachments.</p>", 3),
        ("<dl><dt>Attachments</dt><dd>3</dd></dl>", 3),
        ("<table><tr><th>Attachments:</th><td>3</td></tr></table>", 3),
        ("<div><div>Attachments</div><div>(3)</div></div>", 3),
        ("<table><tr><th>Attachments</th></tr><tr><td>3</td></tr></table>", 0),
        ("<dl><dt>Document</dt><dd>45000</dd></dl>", 0),
        (f"<ul><li>{ATTACHMENT}</li></ul><p>Showing 1-1 of 4</p>", 4),
        (f"<ul><li>{ATTACHMENT}</li></ul><p>Showing 1-1 out of 4</p>", 4),
        (f"<ul><li>{ATTACHMENT}</li></ul><p>Mostrando 1-1 de um total de 4</p>", 4),
        ("<table><tr><td>line</td></tr></table><p>Showing 1-10 of 23</p>", 0),
        ("<p>We sent you 3 attachments last week, please look at them</p>", 0),
        ("<div class=comment>3 attachments</div>", 0),
        ("<p hidden>3 attachments</p>", 0),
        ("<nav><a href='/documents'>Documents (12)</a></nav>", 0),
        (f"{ATTACHMENT}{ATTACHMENT}<h2>Attachments (2)</h2>", 1),
    ],
)
def test_only_a_short_text_of_its_own_states_a_number(body: str, stated: int) -> None:
    assert order(plain_order(body + "<p>x</p>")).stated == stated


def test_further_pages_that_nothing_leads_to_are_a_doubt() -> None:
    files = f"<h2>Attachments</h2><ul><li>{ATTACHMENT}</li></ul>"
    lines = "<h2>Lines</h2><table><tr><td>1</td><td>x</td></tr></table>"
    for said in ("Page 1 of 3", "Seite 1 von 3", "P\u00e1gina 2 de 3", "Page 1/3 |"):
        (doubt,) = order(plain_order(f"{files}<p>{said}</p>")).doubts
        assert "leads to no other" in doubt
    for body in ("<p>Page 1 of 1</p>", "<p>Page 3 of 3</p>", f"{lines}<p>Page 1 of 3</p>", "<p>See page 1 of 3.</p>"):
        assert order(plain_order(files + body)).doubts == ()
    assert order(plain_order(f"{files}<p>Page 1 of 3 <a rel=next href='?page=2'>Next</a></p>")).doubts == ()


def test_a_number_that_is_stated_is_told_and_compared_by_whoever_sees_the_whole_list() -> None:
    counted = f"<h2>Attachments (3)</h2><ul><li>{ATTACHMENT}</li></ul>"
    for more in ("", "<p><a rel=next href='?page=2'>Next</a></p>", "<p>Showing 3-3 of 3</p>"):
        reading = order(plain_order(counted + more))
        assert (reading.stated, reading.doubts) == (3, ())


def test_a_requisition_that_denies_or_shows_nothing_is_doubted() -> None:
    for body in ("<p>Access denied</p>", ""):
        assert portal.read_requisition(plain_order(body, title="Portal", path="/r/1")).doubts
    assert portal.read_requisition(plain_order(NONE, title="Requisition 1", path="/r/1")).doubts == ()


@pytest.mark.parametrize("message", ["<p>Loading...</p>", "<div role=status aria-busy=true></div>"])
def test_a_message_that_the_browser_did_not_draw_says_nothing(message: str) -> None:
    assert order(plain_order(f"{NONE}<div purser-not-drawn class=spinner>{message}</div>")).doubts == ()
    assert order(plain_order(f"{NONE}<div class=spinner>{message}</div>")).doubts != ()


def test_a_busy_part_beside_the_files_is_no_doubt() -> None:
    assert order(plain_order(f"{ATTACHMENT}<div class=news aria-busy=true>News</div>")).doubts == ()
    assert order(plain_order(f"<ul id=files aria-busy=true><li>{ATTACHMENT}</ul>")).doubts != ()


def test_a_comment_that_names_a_file_is_no_doubt() -> None:
    assert order(plain_order(f"{NONE}<div class=comment>offer.pdf</div>")).doubts == ()
