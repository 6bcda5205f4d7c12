"""Proves where "no such order" counts: in the page's own words, and not in those that people write on it."""

from __future__ import annotations

import pytest

from actors.portals import portal_for
from contracts.config import GenericPortalSettings, PortalKind
from contracts.ports import NotFoundPage, OrderPage, PageReading, PageSnapshot, WrongPage
from tests.portals.pages import NONE, plain_order

portal = portal_for(PortalKind.GENERIC, GenericPortalSettings())


def read(shown: PageSnapshot) -> PageReading:
    return portal.read(shown, "PO7")


@pytest.mark.parametrize(
    "text",
    [
        "<p>Comment: the old part number does not exist any more, use the new one.</p>",
        "<p>Line 1: sign 'Access denied' for door 4</p>",
        "<p>Comment: delivery address could not be found by the carrier.</p>",
        "<p>You are not authorized to edit this order (read only).</p>",
        "<div role=alert>You are not authorized to approve this order.</div>",
        "<div class=comment-body>Access denied</div>",
        "<table><tr><td>Access denied</td></tr></table>",
        "<div hidden role=alert>Access denied</div>",
        "<footer>Page not found? Call us.</footer>",
    ],
)
def test_what_people_wrote_on_a_proven_order_denies_nothing(text: str) -> None:
    assert isinstance(read(plain_order(text + NONE)), OrderPage)
    assert isinstance(read(plain_order(text)), OrderPage)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Access denied</p>",
        "<p>This order does not exist.</p>",
        "<p>You are not authorized to view it.</p>",
        f"<div role=alert>Access denied</div>{NONE}",
        f"<div class='alert alert-danger'>Acesso negado</div>{NONE}",
    ],
)
def test_a_box_or_a_page_that_says_nothing_else_denies_even_a_proven_order(body: str) -> None:
    assert isinstance(read(plain_order(body)), NotFoundPage)


@pytest.mark.parametrize(
    "text",
    [
        "Zugriff verweigert",
        "P\u00e1gina no encontrada",
        "Pa\u0301gina no encontrada",
        "Acc\u00e8s refus\u00e9",
        "VOUS N\u2019\u00caTES PAS AUTORIS\u00c9",
        "Access\u00a0denied",
        "N\u00e3o encontramos o que voc\u00ea procurava",
    ],
)
def test_denials_are_known_in_five_languages_however_they_are_written(text: str) -> None:
    assert isinstance(read(plain_order(f"<p>{text}</p>", title="Portal")), NotFoundPage)


def test_a_phrase_counts_as_whole_words_only() -> None:
    assert isinstance(read(plain_order("<p>inaccess denied</p>", title="Portal")), WrongPage)
    assert isinstance(read(plain_order("<p>access deniedness</p>", title="Portal")), WrongPage)


def test_what_may_not_be_seen_beside_the_order_denies_no_order() -> None:
    box = "<div class=alert>You do not have permission to view {}.</div>"
    assert isinstance(read(plain_order(NONE + box.format("the price history"))), OrderPage)
    for what in ("this purchase order", "attachments", "the files of this supplier", "this"):
        assert isinstance(read(plain_order(NONE + box.format(what))), NotFoundPage), what
