"""Amounts as people write them. An amount is only carried along, so a text that is no number costs nothing."""

from __future__ import annotations

import re

_AROUND = " \t\u00a0\u202f'$\u20ac\u00a3"
_GROUPED_BY_COMMA = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]+")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")


def parse_amount(text: str) -> float | None:
    """Return the number that `text` says, or None.

    `1,234.56` and `1.234,56` are both understood; `1,234` is one thousand two hundred and thirty-four.
    """
    bare = "".join(character for character in text if character not in _AROUND)
    if len(bare) > 300:
        return None
    if _PLAIN.fullmatch(bare):
        return float(bare)
    if _GROUPED_BY_COMMA.fullmatch(bare):
        return float(bare.replace(",", ""))
    if _DECIMAL_COMMA.fullmatch(bare):
        return float(bare.replace(".", "").replace(",", "."))
    return None
