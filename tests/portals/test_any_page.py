"""Proves that no page, however it is built, makes reading raise or take more time than its length is worth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import PagePart
from tests.portals.pages import BASE, plain_order

PIECES = [
    *(
        "<div class='modal",
        " pagination'>",
        "<a rel=next href='?p=2'>",
        "<li class=active>1",
        "<li><a href=#>2",
        "</li>",
    ),
    *(
        "<button>",
        "Show more",
        "Attachments (3)",
        "<h1>Order PO7",
        "<table><td>",
        "<style>.a,",
        "{display:none}",
        "</style>",
    ),
    *("Your session has expired", "Showing 1-1 of 9", "<input type=password", " value=PO7>", "<iframe src=/x hidden>"),
    *(
        "<a class=attachment href='ftp://x'>",
        "<a class=attachment href=//[>",
        "{{x}}",
        "Loading",
        "<svg><title>",
        "\x00",
    ),
    *(
        "<span role=button aria-label='a file attachment'>",
        "<li role=tab aria-controls='\"]'>Files",
        "<meta http-equiv=refresh",
    ),
]
MARKUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=20).map("".join)
DEEP = 100_000


@pytest.mark.parametrize("kind", list(PortalKind))
@given(
    html=MARKUP,
    parts=st.lists(
        st.builds(
            PagePart,
            st.sampled_from(["", "1", "\u0000"]),
            st.sampled_from(
                ["", "about:srcdoc", "http://[", f"{BASE}/x", "data:text/html,x", "https://other.example/"]
            ),
            MARKUP,
        ),
        max_size=3,
    ),
    title=st.sampled_from(["Order PO7", "Purchase Order #PO7", "PO7", "Sign in", ""]),
)
@settings(max_examples=100, deadline=None)
def test_no_markup_in_a_page_or_its_parts_makes_reading_raise(
    kind: PortalKind, html: str, parts: list[PagePart], title: str
) -> None:
    portal = portal_for(kind, GenericPortalSettings())
    shown = plain_order(html, *parts, title=title)
    portal.read(shown, "PO7")
    portal.read_requisition(shown)
    portal.wants_login(shown)
    portal.login_form(shown)
    portal.visible_text(shown)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * DEEP + "<a href=x.pdf>y</a>",
        "<span role=button aria-label='x file attachment'>" * DEEP,
        "<ul><li>" * (DEEP // 2),
        "<x-y>" * DEEP + "3 files",
        "<" * DEEP,
        "<style>" + "/*{" * DEEP,
        "<p>" + "no attachments " * DEEP,
    ],
)
def test_a_page_of_a_hundred_thousand_levels_or_signs_is_read(html: str) -> None:
    portal = portal_for(PortalKind.AUTO, GenericPortalSettings())
    portal.read(plain_order(html), "PO7")
    portal.visible_text(plain_order(html))
