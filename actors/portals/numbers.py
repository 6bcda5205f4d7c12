"""When a text on a page carries an order's number.

Two numbers are the same when they are equal after stripping a leading PO or PM from both, whatever their case. A text
carries a number only as a whole token: `PO1` is not in `PO16928033`, nor `16928033` in `16928033-2`.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(r"p[om]", re.IGNORECASE)
_AFTER = r"(?!\w)(?![-./]\w)"
_BEFORE = r"(?<!\w)(?<!\w[-./])"


def tidy(text: str) -> str:
    """Return `text` with every run of white space made one space, and none at its ends."""
    return " ".join(text.split())


def bare_number(number: str) -> str:
    """Return `number` without a leading PO or PM, as long as something is left, and without outer white space."""
    whole = tidy(number)
    rest = _PREFIX.sub("", whole, count=1).strip() if _PREFIX.match(whole) else whole
    return rest or whole


def starts_with_number(text: str, number: str) -> bool:
    """Whether the first token of `text` is this order's number, with or without PO or PM before it."""
    bare = bare_number(number).casefold()
    if not bare:
        return False
    return re.match(rf"\s*(?:p[om]\s?)?{re.escape(bare)}{_AFTER}", tidy(text).casefold()) is not None


def holds_number(text: str, number: str) -> bool:
    """Whether this order's number stands anywhere in `text` as a whole token, with or without PO or PM before it."""
    bare = bare_number(number).casefold()
    if not bare:
        return False
    pattern = rf"{_BEFORE}(?:p[om][\s#:-]{{0,2}})?{re.escape(bare)}{_AFTER}"
    return re.search(pattern, tidy(text).casefold()) is not None
