"""A page's HTML as the browser saw it: elements in document order, and only the text that a person can see.

The only place that knows the parser. Indices agree with `document.querySelectorAll`: the parser runs as a browser with
scripting does (so `noscript` holds text, not elements) and in standards mode, since `outerHTML` has lost its doctype.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from actors.portals.addresses import absolute
from actors.portals.numbers import tidy

_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "textarea", "select", "datalist"}
)
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u", "wbr"}
)
_CELLS = frozenset({"td", "th"})
_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


def is_selector(selector: str) -> bool:
    """Whether the parser understands a CSS selector."""
    try:
        LexborHTMLParser("").css(selector)
    except SelectolaxError:
        return False
    return True


def attribute(node: LexborNode, name: str) -> str:
    """Return an attribute without outer white space; empty when it is missing or has no value."""
    return (node.attributes.get(name) or "").strip()


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """Yield the parent of `node`, its parent, and so on up to the root."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        node.tag in _UNSEEN or "hidden" in attributes or _HIDING_STYLE.search(attributes.get("style") or "") is not None
    )


def is_shown(node: LexborNode) -> bool:
    """Whether neither the element nor anything around it is hidden by its own attributes."""
    return not _is_hidden(node) and not any(_is_hidden(parent) for parent in ancestors(node))


def _pieces(node: LexborNode) -> Iterator[str | None]:
    """Yield the texts below `node` that a person can see, and None where a line ends. The cells of a row share one."""
    waiting: list[LexborNode | str | None] = [node]
    while waiting:
        current = waiting.pop()
        if current is None or isinstance(current, str):
            yield current
        elif current.is_text_node:
            yield current.text_content or ""
        elif current.is_element_node and not _is_hidden(current):
            boundary = [] if current.tag in _INLINE else [" "] if current.tag in _CELLS else [None]
            waiting += [*boundary, *reversed(list(current.iter(include_text=True))), *boundary]


def visible_text(node: LexborNode) -> str:
    """Return the text below `node` that a person can see, in one line."""
    return tidy("".join(" " if piece is None else piece for piece in _pieces(node)))


class Document:
    """One parsed page.

    Args:
        html: The whole document.
        url: Where the browser is; relative addresses start there, or at the page's `base` element.
    """

    def __init__(self, html: str, url: str) -> None:
        text = html.encode("utf-8", "replace").decode("utf-8")
        if not text.lstrip("\ufeff \t\r\n")[:9].lower().startswith("<!doctype"):
            text = "<!DOCTYPE html>" + text
        self._tree = LexborHTMLParser(text, scripting=True)
        self.url = url
        bases = self.select("base[href]")
        self._base = (absolute(url, attribute(bases[0], "href")) or url) if bases else url

    def select(self, selector: str) -> list[LexborNode]:
        """Return the matches of a CSS selector in document order, each once."""
        return list({node.mem_id: node for node in self._tree.css(selector)}.values())

    def resolve(self, address: str) -> str | None:
        """Return an address on this page as an absolute http or https one, or None."""
        return absolute(self._base, address)

    @property
    def title(self) -> str:
        """The text of the page's title element."""
        for node in self.select("title"):
            if all(parent.tag != "svg" for parent in ancestors(node)):
                return tidy(node.text())
        return ""

    def texts(self, selector: str) -> tuple[str, ...]:
        """Return the texts of all matches that a person can see and that are not empty; `title` counts as seen."""
        found = []
        for node in self.select(selector):
            if node.tag == "title":
                found.append(self.title)
            elif is_shown(node):
                found.append(visible_text(node))
        return tuple(text for text in found if text)

    def whole_text(self) -> str:
        """Return all the text on the page that a person can see, in one line."""
        return " ".join(self.texts("body"))

    def lines(self) -> tuple[str, ...]:
        """Return all the text on the page that a person can see, a line for each block of it."""
        pieces = (piece for node in self.select("body") for piece in (*_pieces(node), None))
        blocks = groupby(pieces, lambda piece: piece is None)
        lines = (tidy("".join(piece or "" for piece in block)) for is_end, block in blocks if not is_end)
        return tuple(line for line in lines if line)
