"""What a cell of a results file may hold so that no spreadsheet runs it, and how that is undone when it is read again.

The rule: a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab, a carriage return or a line feed, or with a
full-width twin of the first four, gets one apostrophe in front, unless it is a plain number such as ``-12.5``. A cell
that begins with apostrophes followed by such a character gets one more. That makes the rule reversible: reading takes
exactly one away, so a file may go through any number of runs without changing.
"""

from __future__ import annotations

import re

_RUNS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_NEEDS_ESCAPE = re.compile(f"'*[{_RUNS}]")
_ESCAPED = re.compile(f"'+[{_RUNS}]")
# A file that holds one of these is refused when it is read again, as no text.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PLAIN_NUMBER = re.compile(r"[+-][0-9]+(?:[.,][0-9]+)?")


def escape_cell(text: str) -> str:
    """Return `text` as it may stand in a file that a spreadsheet opens."""
    cleaned = _CONTROLS.sub("\ufffd", text)
    if _NEEDS_ESCAPE.match(cleaned) and not _PLAIN_NUMBER.fullmatch(cleaned):
        return "'" + cleaned
    return cleaned


def unescape_cell(text: str) -> str:
    """Return what `escape_cell` was given (but for control characters, which it replaces)."""
    return text[1:] if _ESCAPED.match(text) else text
