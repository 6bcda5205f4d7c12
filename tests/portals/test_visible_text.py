"""The text that is kept of a page is what a person sees on it, and never what stands in a form."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import Portal
from tests.portals.pages import order, page

KINDS = list(PortalKind)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.value)
def portal(request: pytest.FixtureRequest) -> Portal:
    """Every adapter."""
    return portal_for(request.param, GenericPortalSettings())


def test_the_title_comes_first_and_each_block_has_its_line(portal: Portal) -> None:
    table = "<table><tr><th>Item</th><td>Pen</td><td>2</td></tr><tr><td>x</td></tr></table>"
    shown = order(f"<p>Total <b>12</b>.50\n EUR</p>{table}a<br>b")
    assert portal.visible_text(shown).split("\n") == [
        "Purchase Order #PO16928033", "Purchase Order #PO16928033", "Total 12.50 EUR", "Item Pen 2", "x", "a", "b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>SECRET</script>",
        '<script type=\'application/json\'>{"a": "SECRET"}</script>',
        "<style>SECRET</style>",
        "<template><p>SECRET</p></template>",
        "<noscript><p>SECRET</p></noscript>",
        "<!-- SECRET -->",
        "<input value=SECRET>",
        "<input type=hidden value=SECRET>",
        "<input type=submit value=SECRET>",
        "<input placeholder=SECRET>",
        "<textarea>SECRET</textarea>",
        "<select><option selected>SECRET</option></select>",
        "<datalist><option>SECRET</option></datalist>",
        "<meta name=csrf-token content=SECRET>",
        "<p hidden>SECRET</p>",
        "<p style='display: none'>SECRET</p>",
        "<div style='visibility:hidden'><b>SECRET</b></div>",
        "<a href='/x?token=SECRET' data-token=SECRET title=SECRET>see</a>",
        "<iframe srcdoc='SECRET'>SECRET</iframe>",
        "<svg><text>SECRET</text></svg>",
    ],
)
def test_what_nobody_sees_and_what_stands_in_a_form_is_left_out(portal: Portal, hidden: str) -> None:
    text = portal.visible_text(order(f"before {hidden} after"))
    assert "SECRET" not in text
    assert "before" in text
    assert "after" in text


@given(st.text(alphabet="abc<>/='\" ", max_size=40))
def test_no_value_of_a_field_is_ever_read_as_text_whatever_stands_around_it(around: str) -> None:
    """Quoted as a page must quote it, with a form around it, in one of its own, or in none."""
    portal = portal_for(PortalKind.AUTO, GenericPortalSettings())
    value = around.replace("&", "&amp;").replace('"', "&quot;")
    fields = f'<form><input type="hidden" value="SECRET{value}SECRET"><input value="{value}SECRET"></form>'
    assert "SECRET" not in portal.visible_text(page(f"<html><body>{fields}</body></html>"))


@pytest.mark.parametrize("html", ["", "<html></html>", "no html", "<body hidden>x", "\ud800"])
def test_a_page_without_anything_is_no_trouble(portal: Portal, html: str) -> None:
    assert portal.visible_text(page(html)) in ("", "no html", "?")


def test_a_large_block_of_small_pieces_is_read_in_time(portal: Portal) -> None:
    text = portal.visible_text(page("<p>" + "<b>a</b>" * 100_000))
    assert len(text) == 100_000
