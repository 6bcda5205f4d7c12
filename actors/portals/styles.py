"""What a page's own style sheets hide: the selectors of its plain rules that draw nothing.

Only rules that hold always are read, not those for print or for a width of the window. Sheets from outside are not
known; what they hide is told by the names that pages give such elements.
"""

from __future__ import annotations

import re

MOST_RULES = 200
_COMMENT = re.compile(r"/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|$)")
_RULE = re.compile(r"([^{}]*)\{([^{}]*)(\}|$)")
_HIDES = re.compile(r"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
# Not one that looks for what is above: with some steps of that, looking takes time without end.
_SIMPLE = re.compile(r"[\w.#-]{1,100}")


def hiding_selectors(sheet: str) -> tuple[str, ...]:
    """Return the selectors of all rules of a style sheet that hide what they match.

    Args:
        sheet: The text of a `style` element.
    """
    if not _HIDES.search(sheet):
        return ()
    found: list[str] = []
    for piece in _top_level(_COMMENT.sub("", sheet)):
        rule = _RULE.fullmatch(piece.strip())
        if rule is not None and _HIDES.search(rule[2]):
            # One with a state, such as `:not(.open)`, depends on what the page does.
            found += (one.strip() for one in rule[1].split(",") if _SIMPLE.fullmatch(one.strip()))
    return tuple(dict.fromkeys(found))[:MOST_RULES]


def _top_level(sheet: str) -> list[str]:
    """Return the pieces of a sheet that end at depth 0, without what lies in rules around rules."""
    pieces: list[str] = []
    depth = deepest = begin = 0
    for sign in re.finditer(r"[{};]", sheet):
        if sign[0] == "{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign[0] == "}":
            depth = max(0, depth - 1)
        if depth == 0:
            if deepest == 1:
                pieces.append(sheet[begin : sign.end()])
            begin, deepest = sign.end(), 0
    return pieces
