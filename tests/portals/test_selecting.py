"""Selectors that are taken apart match what the parser itself matches, however deep the page."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from selectolax.lexbor import LexborHTMLParser

from actors.portals.document import Document
from actors.portals.generic import GenericPortal
from actors.portals.selecting import is_certain, matches
from contracts.config import GenericPortalSettings
from contracts.ports import OrderPage, PageSnapshot

DEEP = 900
HTML = """<div id="1x"><p class=a><b>x</b></p><b>y</b></div><ul><li><ul><li>1<a title="a > b, c">z</a></ul><li>2</ul>
<h2>t</h2><p>one</p><p class=a>two <i>i</i></p><section><h2>u</h2><p>three</p></section>"""

_names = st.sampled_from(["a", "b", "i", "p"])
_trees = st.recursive(
    _names.map(lambda name: f"<{name}></{name}>".replace("<p></p>", "<div class=p></div>")),
    lambda inner: st.lists(inner, max_size=4).map(lambda those: f"<div>{''.join(those)}</div>"),
    max_leaves=25,
)
_simple = st.sampled_from(["a", "b", "i", "div", ".p", "*", "div:not(.p)", ":empty", "[class='p']"])
_steps = st.sampled_from([" ", " ", " > ", ">", " + ", "~", " ~ "])
_chains = st.lists(st.tuples(_steps, _simple), min_size=1, max_size=4).map(
    lambda pairs: pairs[0][1] + "".join(step + simple for step, simple in pairs[1:])
)
_selectors = st.lists(_chains, min_size=1, max_size=3).map(", ".join)


def same(html: str, selector: str) -> None:
    """Assert that both match the same elements in the same order."""
    tree = LexborHTMLParser(html)
    expected = list(dict.fromkeys(node.mem_id for node in tree.css(selector)))
    assert [node.mem_id for node in matches(selector, tree.css)] == expected


@given(_trees, _selectors)
def test_a_selector_that_is_taken_apart_matches_what_the_parser_matches(html: str, selector: str) -> None:
    same(html, selector)


@pytest.mark.parametrize(
    "selector",
    [
        "ul ul > li",
        "ul li ul li a",
        "h2 ~ p i",
        "h2 ~ p.a ~ section p",
        "div p + b",
        r"#\31 x p b",
        "ul li a[title='a > b, c']",
        "ul  li\n a[ title ~= '>' ],div p b",
        "div :not(p, i) , li a",
        "body>ul>li li a",
        "html body ul",
    ],
)
def test_odd_selectors_match_what_the_parser_matches(selector: str) -> None:
    same(HTML, selector)
    assert LexborHTMLParser(HTML).css(selector), "it matches something"


@pytest.mark.parametrize(
    ("selector", "certain"),
    [("a", True), ("ul li, p > b + i", True), ("ul li a", False), ("h2 ~ p", False), ("a[x='b c d ~ e']", True)],
)
def test_what_leaves_a_choice_is_taken_apart(selector: str, certain: bool) -> None:
    assert is_certain(selector) is certain


@pytest.mark.parametrize("selector", ["p div div div div a", "p ~ a ~ a ~ a", "p ~ a", "div.x div div div > a"])
def test_a_deep_and_wide_page_is_searched_to_its_end(selector: str) -> None:
    """The parser's own way would take hours, and nothing could end it."""
    link = "<a href=/f/a.pdf>a.pdf</a>"
    html = "<title>Order PO1</title><h1>Order PO1</h1>" + "<div>" * DEEP
    assert Document(html + link * 60_000, "https://portal.example/").select(selector) == []
    page = PageSnapshot("https://portal.example/o", "https://portal.example/o", 200, 1.0, html + link * 1_000)
    portal = GenericPortal(GenericPortalSettings(attachment_selectors=(selector,)))
    assert isinstance(portal.read(page, "PO1"), OrderPage)
