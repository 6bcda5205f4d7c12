"""Proves when a number on a page is the order's and when it only looks so."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, strategies as st

from actors.portals.numbers import bare_number, holds_number, starts_with_number

digits = st.text("0123456789", min_size=1, max_size=12)
prefixes = st.sampled_from(["", "PO", "PM", "po", "Pm"])


@given(digits, prefixes, prefixes)
def test_a_number_is_the_same_with_and_without_po_or_pm(number: str, one: str, other: str) -> None:
    assert starts_with_number(one + number, other + number)
    assert holds_number(one + number, other + number)
    assert starts_with_number(f"{one}{number} - Revision 2", other + number)
    assert holds_number(f"Order {one}{number}, approved", other + number)


@given(digits, digits, prefixes)
def test_two_different_numbers_are_never_the_same(one: str, other: str, prefix: str) -> None:
    assume(one != other)
    assert not starts_with_number(prefix + one, other)
    assert not holds_number(f"Order {prefix}{one}", other)


@given(st.text(max_size=40), st.text(max_size=40))
def test_matching_never_raises(text: str, number: str) -> None:
    assert holds_number(text, number) in (True, False)
    assert starts_with_number(text, number) in (True, False)
    assert not (bare_number(number) == "" and holds_number(text, number))


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("Order PO16928033", "PO1", False),
        ("Order 16928033-2", "16928033", False),
        ("Order INV-16928033", "16928033", False),
        ("Order 16928033/4", "16928033", False),
        ("Order 1.16928033", "16928033", False),
        ("Order PO-16928033.", "PO16928033", True),
        ("(16928033)", "PM16928033", True),
        ("Order a+b", "a+b", True),
        ("Order aab", "a+b", False),
        ("anything", "", False),
        ("anything", "   ", False),
        ("Order PO", "PO", True),
    ],
)
def test_a_number_counts_only_as_a_whole_token(text: str, number: str, expected: bool) -> None:
    assert holds_number(text, number) is expected


def test_one_po_or_pm_before_a_number_is_no_part_of_it_and_a_second_one_is() -> None:
    for carries in (starts_with_number, holds_number):
        assert carries("POPO1", "PO1") is False
        assert carries("POPO1", "popo1")
        assert carries("POPO1", "1") is False
    assert bare_number("PO PM7") == "PM7"
