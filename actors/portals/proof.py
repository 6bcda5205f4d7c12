"""Whose page it is: what titles and headings must say, and what only repeats a number that was asked for."""

from __future__ import annotations

import attrs

from actors.portals.document import attribute
from actors.portals.numbers import holds_number
from actors.portals.seeing import is_quoting
from actors.portals.sheet import Sheet
from actors.portals.words import INTERSTITIAL, ORDER_WORDS, SESSION_OVER, asks_to_sign_in, is_echo, plain

_SEARCH_BOXES = (
    "input[type=search i], input[name=q i], input[name=query i], input[name=search i], input[name=keyword i]"
    ", input[name=keywords i], input[name=term i], input[id=q i], input[id=query i], input[id=search i]"
    ", input[id=keyword i], input[role=searchbox]"
)
_SECTIONS = "h2, h3, h4, h5, h6, legend, caption, table, dl, [role=tab], [role=tabpanel]"
_PASSWORD = "input[type=password i]"  # noqa: S105 - a selector, not a password
_SHORT_PAGE = 600


@attrs.frozen
class Proof:
    """What title and headings say about whose page it is.

    Args:
        title: The text that decided, or the page's title.
        proven: Whether it is the page of the order asked for.
        is_another: Whether it is the page of another order.
        is_bare: Whether no more than the number itself says so, without a word for an order beside it.
        is_heading: Whether a person reads it on the page, and not only in the title of the window.
    """

    title: str
    proven: bool
    is_another: bool = False
    is_bare: bool = False
    is_heading: bool = True


def can_prove(text: str) -> bool:
    """Whether a title or heading can prove an order: one that asks for a login or repeats a search cannot."""
    known = plain(text)
    return not (asks_to_sign_in(text) or is_echo(text) or SESSION_OVER.search(known) or INTERSTITIAL.search(known))


def names_an_order(text: str) -> bool:
    """Whether a text calls itself an order's, by more than a number."""
    return ORDER_WORDS.search(plain(text)) is not None


def has_sections(sheet: Sheet) -> bool:
    """Whether the page shows, beside its title, anything with a heading or a table, as an order's page does."""
    return any(
        document.is_in_view(node)
        and _is_section(document.beginning(node, _SHORT_PAGE))
        and not document.holds(node, _PASSWORD)
        for document in sheet.own
        for node in document.select(_SECTIONS)
    )


def _is_section(text: str) -> bool:
    return bool(text) and can_prove(text)


def is_searched_for(sheet: Sheet, po_number: str) -> bool:
    """Whether a search box on the page holds the number."""
    return any(
        holds_number(attribute(node, "value"), po_number)
        for document in sheet.own
        for node in document.select(_SEARCH_BOXES)
    )


def only_repeats(sheet: Sheet) -> bool:
    """Whether a line on the page says that it is the answer to a search."""
    return any(
        is_echo(line.text) and not document.is_within(line.block, is_quoting)
        for document in sheet.own
        for line in document.lines_in_view
    )


def is_short(sheet: Sheet) -> bool:
    """Whether there is so little on the page that one message may be all it is for."""
    length = 0
    for line in (line for document in sheet.own for line in document.lines_in_view):
        length += len(line.text)
        if length > _SHORT_PAGE:
            return False
    return True
