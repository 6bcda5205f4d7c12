"""What a cell of the number column means: the order's number, freed of what spreadsheets and copying put around it.

A spreadsheet keeps leading zeros by `="00123"` or `'00123`; both say 00123. Invisible characters are taken out, digits
of other widths and scripts count as ordinary ones. A number that a spreadsheet has rounded (`4,5E+09`) cannot be had
back, so it is refused. Reading is stable: what comes out, read again, is itself.
"""

from __future__ import annotations

import re

import attrs

from actors.tables.cells import unescape_cell
from actors.tables.characters import bare, holds_line_end_or_control, is_invisible, plain_digits, without_invisible

_AS_FORMULA = re.compile(r'=\s*"+([^"]*)"+')
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_TEXT_MARK = re.compile("['\u2018\u2019]+")
# Without a fraction only the plus tells: 12E-5 and 5E9 may well be numbers of orders.
_ROUNDED = re.compile(r"[+-]?\d+[.,]\d+\s*+[eE]\s*+(?:[+-]\s*+)?\d+|[+-]?\d+\s*+[eE]\s*+\+\s*+\d+")
_ERROR = re.compile(r"##+|#\S+[!?]|#N/?[ADV]", re.IGNORECASE)
_FORMATTED = re.compile(r"\d{4,}[.,]0+|\d{1,3}(?:([.,' \u2019])\d{3})(?:\1\d{3})+(?:[.,]0+)?")


@attrs.frozen(kw_only=True)
class NumberCell:
    """One cell of the number column, read.

    Args:
        number: The order's number; empty when there is none.
        problem: Why it cannot be visited and what to do; empty when it can.
        invisible: How many invisible characters were taken out.
        other_digits: Whether it held full-width characters or digits of another script.
        rounded: Whether a spreadsheet has rounded it.
        formatted: Whether it looks like a quantity, such as `4500000001.0`. It is visited as it stands.
    """

    number: str
    problem: str = ""
    invisible: int = 0
    other_digits: bool = False
    rounded: bool = False
    formatted: bool = False


def read_number(cell: str) -> NumberCell:
    """Return what a cell of the number column means.

    Args:
        cell: Its text as the CSV has it.
    """
    seen = without_invisible(unescape_cell(bare(cell)))
    plain = plain_digits(seen)
    number = _unwrapped(plain)
    rounded = _ROUNDED.fullmatch(number) is not None
    return NumberCell(
        number=number,
        problem=_problem(number, rounded=rounded),
        invisible=0 if cell.isascii() else sum(map(is_invisible, cell)),
        other_digits=plain != seen,
        rounded=rounded,
        formatted=_FORMATTED.fullmatch(number) is not None,
    )


def _unwrapped(text: str) -> str:
    """Return a number without the signs that only say that it is a text."""
    while True:
        inner = bare(text)
        found = _AS_FORMULA.fullmatch(inner) or _QUOTED.fullmatch(inner)
        if found:
            inner = next(group for group in found.groups() if group is not None)
        else:
            inner = inner[mark.end() :] if (mark := _TEXT_MARK.match(inner)) else inner
        if inner == text:
            return text
        text = inner


def _problem(number: str, *, rounded: bool) -> str:
    if not number:
        return "the row has no PO number. Fill it in, or remove the row."
    if holds_line_end_or_control(number):
        return f"the PO number {number[:40]!r} holds a line break or control character. Check its quotation marks."
    if rounded:
        return (
            f"the PO number {number[:40]!r} was rounded by a spreadsheet, and its last digits are lost. "
            "Format the column as text, fill in the whole number and export the file again."
        )
    if _ERROR.fullmatch(number):
        return f"the PO number {number[:40]!r} is a spreadsheet's error and no number. Fill in the number."
    return ""
