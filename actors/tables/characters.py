"""Characters that nobody sees, and digits that only look different: how they are told and what they stand for.

Spreadsheets, web pages and chat programs leave zero-width marks, direction marks, soft hyphens and no-break spaces in
what is copied from them. A portal knows no order by such a name.
"""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = "\x85\u2028\u2029"
# Drawn as nothing or as a gap, though Unicode files them under letters, marks and symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_SHIFT = 0xFEE0


def is_invisible(character: str) -> bool:
    """Whether a character is drawn as nothing, or as a space that no keyboard types. No line end is, and no ASCII."""
    if character.isascii() or character in _LINE_ENDS:
        return False
    if unicodedata.category(character) in ("Cf", "Cc", "Zs"):
        return True
    return character in _BLANK or 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF


def without_invisible(text: str) -> str:
    """Return `text` without any invisible character."""
    return text if text.isascii() else "".join(character for character in text if not is_invisible(character))


def bare(text: str) -> str:
    """Return `text` without white space and invisible characters around it."""
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or is_invisible(text[start])):
        start += 1
    while start < end and (text[end - 1].isspace() or is_invisible(text[end - 1])):
        end -= 1
    return text[start:end]


def holds_line_end_or_control(text: str) -> bool:
    """Whether `text` holds a line break of any kind, a tab or another control character."""
    return _CONTROLS.search(text) is not None


def plain_digits(text: str) -> str:
    """Return `text` with full-width characters and the digits of every script as ASCII ones."""
    return text if text.isascii() else "".join(map(_plain, text))


def _plain(character: str) -> str:
    if ord(character) in _FULL_WIDTH:
        return chr(ord(character) - _FULL_WIDTH_SHIFT)
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
