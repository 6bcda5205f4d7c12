"""What a document would cost to parse, told by one pass over its tags before it is parsed.

A parser mends what is nested wrongly, and that can take any time and any memory: for each tag it looks through all that
is open, and opens anew what was closed too early. A browser hands out documents that are nested right; only a script
that writes tags into a comment or a style sheet makes others. No portal that is meant for people does.
"""

from __future__ import annotations

import re
from collections import Counter

import attrs

_FEW_TAGS = 300
DEEPEST = 1_000
"""How deep elements may lie in one another. A browser's own parser stops at 512; only scripts nest deeper."""
MOST_TAGS = 300_000
MOST_MENDING = 2_000_000_000
"""Nanoseconds, roughly, that mending a document may take."""
MOST_ATTRIBUTES = 5_000
"""Attributes of one element: each is compared with all before it."""
_LONG_TAG = 20_000

_LOOK, _OPTION, _REOPEN, _ADOPT = 5, 13, 3_000, 10_000
"""Nanoseconds, measured: to look at one open element, or at one option of a list for choosing, to open one element anew
with its memory, to move one out of a block."""

_SPACE = r"[ \t\n\f\r]"
_ONE_ATTRIBUTE = (
    rf"=?[^ \t\n\f\r/>=]++(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"[^"]*+"?|'[^']*+'?|[^ \t\n\f\r>"'][^ \t\n\f\r>]*+)?+)?+"""
)
_ATTRIBUTES = rf"(?:[ \t\n\f\r/]++|{_ONE_ATTRIBUTE})*+"
_NO_TAG = r"<!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+(?:--!?>)?)|<(?:[!?]|/(?![a-z]))[^>]*+>?"
_RAW = (
    rf"<((script|style|xmp|iframe|noembed|noframes|noscript|textarea|title)(?=[ \t\n\f\r/>]){_ATTRIBUTES}>?)"
    r"([^<]*+(?:<(?!/\2[ \t\n\f\r/>])[^<]*+)*+)"
)
_TAG = rf"<(/?)([a-z][^ \t\n\f\r/>]*+)({_ATTRIBUTES})>?"
_TOKEN = re.compile(f"{_NO_TAG}|{_RAW}|{_TAG}")
_TOKEN_OF_DRAWING = re.compile(rf"{_NO_TAG}|(?!)()()()|{_TAG}")
"""In drawings and formulas nothing is raw text."""
_ATTRIBUTE = re.compile(_ONE_ATTRIBUTE)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _names("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
_FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
_BLOCKS = _names(
    "address article aside blockquote center details dialog dir div dl dd dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext pre search"
    " section summary table ul xmp"
)
_ALONE = frozenset({"a", "nobr", "button", "option", "optgroup", "select"})
"""What closes another one of its kind that is open."""
_IN_TABLE = frozenset({"table", "tbody", "thead", "tfoot", "tr"})
_OF_TABLE = _names("caption colgroup col tbody thead tfoot tr td th style script template input form")
_PLAIN = frozenset({"span", "label", "abbr", "q", "sub", "sup"})
_FOREIGN = frozenset({"svg", "math"})
_TELLING = _BLOCKS | _FOREIGN | {"a", "option", "select"}

_Token = tuple[str, str, str, str, str, str]
"""A tag: of raw text all of it, its name and the text; of another a slash, its name and its attributes."""


@attrs.frozen
class Shape:
    """What is known of a document before it is parsed.

    Args:
        tags: How many tags it holds.
        deepest: How deep they lie in one another at most.
        mending: Nanoseconds, roughly, that it takes to mend what is nested wrongly.
        attributes: The most attributes that one tag may have.
    """

    tags: int = 0
    deepest: int = 0
    mending: int = 0
    attributes: int = 0

    @property
    def trouble(self) -> str:
        """Why the document cannot be parsed, for people; empty when it can."""
        if self.tags > MOST_TAGS:
            return f"it has {self.tags} tags, more than {MOST_TAGS}"
        if self.attributes > MOST_ATTRIBUTES:
            return f"one of its elements has more than {MOST_ATTRIBUTES} attributes"
        return "its elements are entangled beyond measure" if self.mending > MOST_MENDING else ""


def shape_of(html: str) -> Shape:
    """Return the shape of a document. Of a small one nothing is told, since nothing can be wrong with it."""
    tags = html.count("<")
    if tags <= _FEW_TAGS and len(html) <= _LONG_TAG:
        return Shape(tags)
    tokens = _TOKEN.findall(html.lower())
    if (tidy := _shape_if_tidy(tokens)) is not None:
        return attrs.evolve(tidy, tags=tags)
    pass_ = _Pass()
    pass_.over(tokens)
    return Shape(tags, pass_.deepest, pass_.mending, pass_.attributes)


def _shape_if_tidy(tokens: list[_Token]) -> Shape | None:
    """Return the shape of a document that is nested right, as nearly all are that browsers hand out; else None."""
    stack = [""]
    deepest = inside_p = inside_a = options = mending = 0
    for whole, raw, _, slash, name, attributes in tokens:
        if slash:
            if stack.pop() != name:
                return None
            if name == "p":
                inside_p = 0
            elif name == "a":
                inside_a = 0
        elif name:
            if len(attributes) > _LONG_TAG or (stack[-1] in _IN_TABLE and name not in _OF_TABLE):
                return None
            if name in _VOID:
                continue
            if name in _TELLING:
                if (inside_p and name in _BLOCKS) or name in _FOREIGN or (inside_a and name == "a"):
                    return None
                inside_p = inside_p or name == "p"
                inside_a = inside_a or name == "a"
                options = 0 if name == "select" else options + (name == "option")
                mending += options * _OPTION if name == "option" else 0
            stack.append(name)
            if len(stack) > deepest:
                deepest = len(stack)
        elif raw:
            if len(whole) > _LONG_TAG:
                return None
            stack.append(raw)
    return Shape(deepest=deepest, mending=mending) if len(stack) == 1 else None


class _Pass:
    """One pass over a document's tags."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.lost = 0
        """Formatting elements that were closed too early; the parser opens them anew, again and again."""
        self.deepest = self.mending = self.attributes = self.options = 0

    def over(self, tokens: list[_Token]) -> None:
        """Take in all tags of a text."""
        stack, counts = self.open, self.counts
        for whole, raw, inside, slash, name, attributes in tokens:
            if name:
                if len(attributes) > _LONG_TAG:
                    self.attributes = max(self.attributes, len(_ATTRIBUTE.findall(attributes)))
                if slash:
                    if stack and stack[-1] == name:
                        stack.pop()
                        counts[name] -= 1
                    else:
                        self._end(name)
                elif name not in _VOID:
                    if self.lost or name in _BLOCKS or name in _ALONE or (stack and stack[-1] in _IN_TABLE):
                        self._begin(name)
                    if not (attributes.endswith("/") and (counts["svg"] or counts["math"])):
                        stack.append(name)
                        counts[name] += 1
                        self.deepest = max(self.deepest, len(stack))
            elif raw:
                if len(whole) > _LONG_TAG:
                    self.attributes = max(self.attributes, len(_ATTRIBUTE.findall(whole)))
                stack.append(raw)
                counts[raw] += 1
                if counts["svg"] or counts["math"]:
                    self.over(_TOKEN_OF_DRAWING.findall(inside))

    def _begin(self, name: str) -> None:
        """Take in the beginning of an element that may close or open others."""
        self.mending += self.lost * _REOPEN
        if name in ("option", "select"):
            self.options = self.options + 1 if name == "option" else 0
            self.mending += self.options * _OPTION
        counts = self.counts
        if self.open[-1:] and self.open[-1] in _IN_TABLE and name not in _OF_TABLE:
            self.mending += len(self.open) * _LOOK
        if name in _BLOCKS and counts["p"]:
            self._close("p")
        if name in _ALONE and counts[name]:
            self._close(name)

    def _end(self, name: str) -> None:
        """Take in the end of an element that is not the innermost one."""
        if name in _FORMATTING and (self.lost or self._has_block_above(name)):
            # What lies between is moved, and the parser goes on with copies of both: nothing is closed by that.
            self.mending += (len(self.open) + self.lost) * _ADOPT
        elif not self.counts[name]:
            self.mending += (len(self.open) + self.lost) * _LOOK
        else:
            self._close(name)

    def _has_block_above(self, name: str) -> bool:
        """Whether anything but formatting lies in the innermost element of a name."""
        above = False
        for one in reversed(self.open) if self.counts[name] else ():
            if one == name:
                return above
            above = above or (one not in _FORMATTING and one not in _PLAIN)
        return False

    def _close(self, name: str) -> None:
        """Close the innermost element of a name and all in it."""
        self.mending += len(self.open) * _LOOK
        if name in _FORMATTING:
            self.mending += len(self.open) * _ADOPT
        closed = ""
        while closed != name:
            closed = self.open.pop()
            self.counts[closed] -= 1
            self.lost += closed in _FORMATTING and closed != name


_LEAVES = "|".join(sorted(_VOID | _ALONE | {"script", "style", "title"}))
_NESTING = re.compile(rf"<(/?)(?!(?:{_LEAVES})[\s/>])[a-z][^<>]*>?", re.IGNORECASE)


def flattened(html: str) -> str:
    """Return `html` without the elements that lie too deep, their content kept."""
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        ends = bool(tag[1])
        depth = max(0, depth - 1) if ends else depth + 1
        level = depth + 1 if ends else depth
        return tag[0] if level <= DEEPEST else ""

    return _NESTING.sub(keep, html)
