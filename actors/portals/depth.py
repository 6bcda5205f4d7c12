"""How deep elements may lie in one another before a page is parsed.

A parser looks, at each block that begins, for what it lies in: time grows with the square of the depth. A browser's own
parser stops at 512 levels; only scripts nest deeper, and no portal that is meant for people does.
"""

from __future__ import annotations

import re

_FEW_TAGS = 4_000
_DEEPEST = 1_000
_LEAVES = (
    "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr|a|button|label|option|script|style|title"
)
_TAG = re.compile(rf"<(/?)(?!(?:{_LEAVES})[\s/>])[a-z][^<>]*>?", re.IGNORECASE)


def flattened(html: str) -> tuple[str, bool]:
    """Return `html` without the elements that lie too deep, their content kept, and whether there were any."""
    if html.count("<") <= _FEW_TAGS:
        return html, False
    depth = deepest = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth, deepest
        ends = bool(tag[1])
        depth = max(0, depth - 1) if ends else depth + 1
        deepest = max(deepest, depth)
        level = depth + 1 if ends else depth
        return tag[0] if level <= _DEEPEST else ""

    flat = _TAG.sub(keep, html)
    return (flat, True) if deepest > _DEEPEST else (html, False)
