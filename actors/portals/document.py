"""A document's HTML as the browser saw it: elements in document order, and only the text that a person can see.

The only place that knows the parser, beside what looks at single elements. Indices agree with
`document.querySelectorAll`: the parser runs as a browser with scripting does (so `noscript` holds text, not elements)
and in standards mode, since `outerHTML` has lost its doctype.

Nothing here grows faster than the document: what is asked of an element and of all around it is answered once for each
element that lies between, and whoever looks into elements again and again has so many looks for the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain, groupby, islice

import attrs
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from actors.portals.addresses import LONGEST_ADDRESS, absolute
from actors.portals.numbers import tidy
from actors.portals.seeing import is_dormant, is_hidden
from actors.portals.selecting import is_certain, matches
from actors.portals.shape import DEEPEST, flattened, shape_of
from actors.portals.styles import MOST_RULES, hiding_selectors
from actors.portals.words import plain
from contracts.errors import PageReadingError

_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "code", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u", "wbr"}
)
_CELLS = frozenset({"td", "th"})
_SCHEME = re.compile(r"(?!data:|javascript:|https?:)[a-z][a-z0-9+.-]*+:", re.IGNORECASE)
_NODES_OF_A_LABEL = 200
_NODES_OF_A_TEXT = 2_000
_LONGEST_LABEL, _LONGEST_TEXT, _LONGEST_TITLE = 2_000, 20_000, 1_000
_TEXT_IN_A_LOOK = 1_000
MOST_LOOKS = 2_000_000
"""Nodes of a page that are looked at as parts of links, tabs, headings and the like, each as often as it is: seconds'
worth. A page for people takes a few for each of its elements; one where they lie in one another takes hundreds."""

Rule = Callable[[LexborNode], bool]
"""What can be asked of one element."""


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


def is_form(node: LexborNode) -> bool:
    """Whether an element is a form."""
    return node.tag == "form"


def _inside(node: LexborNode) -> Iterator[LexborNode]:
    """Yield the elements inside `node` in document order, without looking further than is asked for."""
    inside = [node.iter()]
    while inside:
        found = next(inside[-1], None)
        if found is None:
            inside.pop()
            continue
        yield found
        inside.append(found.iter())


def _is_drawing(node: LexborNode) -> bool:
    return node.tag == "svg"


def _is_not_drawn(node: LexborNode) -> bool:
    return "purser-not-drawn" in node.attributes


def _pieces(node: LexborNode) -> Iterator[str | None]:
    """Yield the texts below `node` that a person can see, None where a line ends, and an empty text for what has none.

    The cells of a row share one line.
    """
    waiting: list[Iterator[LexborNode | str | None]] = [iter((node,))]
    while waiting:
        try:
            current = next(waiting[-1])
        except StopIteration:
            waiting.pop()
            continue
        if current is None or isinstance(current, str):
            yield current
        elif current.is_text_node:
            yield current.text_content or ""
        elif current.is_element_node and not is_hidden(current):
            boundary = () if current.tag in _INLINE else (" ",) if current.tag in _CELLS else (None,)
            waiting.append(chain(boundary, current.iter(include_text=True), boundary))
            yield ""
        else:
            yield ""


@attrs.frozen
class Line:
    """A line of text that a person can see, comparable, and the block that it stands in."""

    text: str
    block: LexborNode


def _base_for(url: str, given: str) -> str:
    """Return where a document's relative addresses start, given its `base` element's address."""
    found = absolute(url, given)
    # One that is not a web address is obeyed all the same: then none of the document's relative addresses is one.
    is_other = _SCHEME.match(given) is not None and len(given) <= LONGEST_ADDRESS
    return found or (given if is_other else url)


def _price(text: str) -> int:
    """Return how many looks it takes to read a text: the parser hands out all of it, however little is wanted."""
    return 1 + len(text) // _TEXT_IN_A_LOOK


class Looks:
    """How many looks into elements a page still gets, with all its parts."""

    def __init__(self) -> None:
        self._left = MOST_LOOKS

    def take(self, times: int = 1) -> None:
        """Take some of them.

        Raises:
            PageReadingError: The page has had more than any that is meant for people.
        """
        self._left -= times
        if self._left < 0:
            raise PageReadingError(
                "The page is not read: its links, tabs and headings lie in one another beyond measure. "
                "Open the order by hand."
            )


class Document:
    """One parsed document.

    Args:
        html: All of it.
        url: Where it came from; relative addresses start there, or at its `base` element.
        place: Which part of the page it is; empty for the page itself.
        is_own: Whether it speaks for the portal: the page itself, or a part of the same origin.
        looks: What the page that it belongs to has left of them; None when it is the whole page.

    Raises:
        PageReadingError: It is too large or too entangled to be parsed.
    """

    def __init__(
        self, html: str, url: str, *, place: str = "", is_own: bool = True, looks: Looks | None = None
    ) -> None:
        text = html.encode("utf-8", "replace").decode("utf-8")
        self.shape = shape_of(text)
        if self.shape.trouble:
            raise PageReadingError(f"The page is not read: {self.shape.trouble}. Open the order by hand.")
        self.is_too_deep = self.shape.deepest > DEEPEST
        if self.is_too_deep:
            text = flattened(text)
        if not text.lstrip("\ufeff \t\r\n")[:9].lower().startswith("<!doctype"):
            text = "<!DOCTYPE html>" + text
        self._tree = LexborHTMLParser(text, scripting=True)
        self._nearest: dict[Rule, dict[int, LexborNode | None]] = {}
        self._labels: dict[int, str] = {}
        self._looks = looks or Looks()
        self._places: dict[str, dict[int, int]] = {}
        self._holders: dict[str, set[int]] = {}
        self._is_away: Rule = lambda node: is_dormant(node) or node.mem_id in self._styled_away
        self.url, self.place, self.is_own = url, place, is_own
        bases = self.select("base[href]")
        self.base = _base_for(url, attribute(bases[0], "href")) if bases else url

    def select(self, selector: str) -> list[LexborNode]:
        """Return the matches of a CSS selector in document order, each once."""
        found = self._tree.css(selector) if is_certain(selector) else matches(selector, self._tree.css)
        return list({node.mem_id: node for node in found}.values())

    def place_of(self, node: LexborNode, selector: str) -> int:
        """Return which of the matches of a CSS selector `node` is, counted from 0; 0 when it is none."""
        if selector not in self._places:
            self._places[selector] = {one.mem_id: place for place, one in enumerate(self.select(selector))}
        return self._places[selector].get(node.mem_id, 0)

    def holds(self, node: LexborNode, selector: str) -> bool:
        """Whether anything inside `node`, or the element itself, matches a CSS selector."""
        if selector not in self._holders:
            around: set[int] = set()
            for match in self._tree.css(selector):
                current: LexborNode | None = match
                while current is not None and current.mem_id not in around:
                    around.add(current.mem_id)
                    current = current.parent
            self._holders[selector] = around
        return node.mem_id in self._holders[selector]

    def resolve(self, address: str) -> str | None:
        """Return an address in this document as an absolute http or https one, or None."""
        return absolute(self.base, address)

    def nearest(self, node: LexborNode | None, rule: Rule) -> LexborNode | None:
        """Return the first element for which `rule` holds, from `node` outwards; None when there is none."""
        known = self._nearest.setdefault(rule, {})
        passed: list[int] = []
        current = node
        while current is not None:
            if current.mem_id in known:
                current = known[current.mem_id]
                break
            passed.append(current.mem_id)
            if rule(current):
                break
            current = current.parent
        known.update(dict.fromkeys(passed, current))
        return current

    def is_within(self, node: LexborNode, rule: Rule) -> bool:
        """Whether `rule` holds for `node` or for anything around it."""
        return self.nearest(node, rule) is not None

    def inside(self, node: LexborNode, most: int) -> list[LexborNode]:
        """Return the first elements inside `node` in document order, at most so many.

        Raises:
            PageReadingError: The page has no looks left.
        """
        found = list(islice(_inside(node), most))
        self._looks.take(len(found))
        return found

    def _text(self, node: LexborNode, most: int, longest: int) -> str:
        found, length = [], 0
        for piece in islice(_pieces(node), most):
            self._looks.take(_price(piece or ""))
            found.append(" " if piece is None else piece[:longest])
            length += len(piece or "")
            if length >= longest:
                break
        return tidy("".join(found))

    def label(self, node: LexborNode) -> str:
        """Return the text of something small, such as a link, in one line; of something large its beginning.

        Raises:
            PageReadingError: As in `inside`.
        """
        if node.mem_id not in self._labels:
            self._labels[node.mem_id] = self._text(node, _NODES_OF_A_LABEL, _LONGEST_LABEL)
        return self._labels[node.mem_id]

    def beginning(self, node: LexborNode, longest: int) -> str:
        """Return the beginning of all the text below `node`, seen or not; empty when it begins far inside.

        Raises:
            PageReadingError: As in `inside`.
        """
        waiting = [node.iter(include_text=True)]
        found, length = [], 0
        for _ in range(_NODES_OF_A_TEXT):
            current = next(waiting[-1], None) if waiting else None
            if not waiting or length >= longest:
                break
            if current is None:
                self._looks.take()
                waiting.pop()
            elif current.is_text_node:
                text = current.text_content or ""
                self._looks.take(_price(text))
                found.append(text[:longest])
                length += len(text) if text.strip() else 0
            else:
                self._looks.take()
                waiting.append(current.iter(include_text=True))
        return "".join(found).strip()[:longest]

    def is_shown(self, node: LexborNode) -> bool:
        """Whether neither the element nor anything around it is hidden for certain."""
        return not self.is_within(node, is_hidden)

    def is_drawn(self, node: LexborNode) -> bool:
        """Whether the browser drew the element, or did not say. For messages: what a tab will show is not drawn yet."""
        return not self.is_within(node, _is_not_drawn)

    def is_in_view(self, node: LexborNode) -> bool:
        """Whether a person most likely sees the element: it is neither hidden nor waiting for its occasion."""
        return not self.is_within(node, is_hidden) and not self.is_within(node, self._is_away)

    @cached_property
    def _styled_away(self) -> frozenset[int]:
        """The elements that the document's own style sheets hide."""
        sheets = (node.text() for node in self.select("style"))
        hiding = dict.fromkeys(selector for sheet in sheets for selector in hiding_selectors(sheet))
        selectors = [selector for selector in islice(hiding, MOST_RULES) if is_selector(selector)]
        return frozenset(node.mem_id for selector in selectors for node in self._tree.css(selector))

    def spans(self) -> dict[int, tuple[int, int]]:
        """Return where each element begins and ends in document order, by its id."""
        root = self._tree.root
        if root is None:
            return {}
        ids, parents, places = [], [], {}
        for place, node in enumerate(root.traverse()):
            places[node.mem_id] = place
            ids.append(node.mem_id)
            parents.append(places.get(node.parent.mem_id, place) if node.parent is not None else place)
        ends = list(range(len(ids)))
        for place in reversed(ends.copy()):
            ends[parents[place]] = max(ends[parents[place]], ends[place])
        return {one: (place, ends[place]) for place, one in enumerate(ids)}

    @cached_property
    def title(self) -> str:
        """The text of the document's title element."""
        for node in self.select("title"):
            if not self.is_within(node, _is_drawing):
                return tidy(node.text()[:_LONGEST_TITLE])
        return ""

    def texts(self, selector: str) -> tuple[str, ...]:
        """Return the texts of all matches that a person can see and that are not empty; `title` counts as seen."""
        found = []
        for node in self.select(selector):
            if node.tag == "title":
                found.append(self.title)
            elif self.is_shown(node):
                found.append(self._text(node, _NODES_OF_A_TEXT, _LONGEST_TEXT))
        return tuple(text for text in found if text)

    @cached_property
    def rough_text(self) -> str:
        """All text of the document, comparable, seen or not: to tell at once that something is nowhere in it."""
        body = self._tree.body
        return plain(body.text(separator=" ")) if body is not None else ""

    def lines(self) -> tuple[str, ...]:
        """Return all the text in the document that a person can see, a line for each block of it."""
        pieces = (piece for node in self.select("body") for piece in (*_pieces(node), None))
        blocks = groupby(pieces, lambda piece: piece is None)
        lines = (tidy("".join(piece or "" for piece in block)) for is_end, block in blocks if not is_end)
        return tuple(line for line in lines if line)

    @cached_property
    def lines_in_view(self) -> tuple[Line, ...]:
        """All lines that a person most likely sees, comparable, each with its block. A cell is a line of its own."""
        found: list[Line] = []
        text: list[str] = []
        blocks: list[LexborNode] = []

        def end_line() -> None:
            if text:
                line = plain("".join(text))
                text.clear()
                if line and blocks:
                    found.append(Line(line, blocks[-1]))

        waiting: list[LexborNode | None] = [*self.select("body")[:1]]
        while waiting:
            current = waiting.pop()
            if current is None:
                end_line()
                blocks.pop()
            elif current.is_text_node:
                text.append(current.text_content or "")
            elif current.is_element_node and not is_hidden(current) and not self._is_away(current):
                if current.tag not in _INLINE:
                    end_line()
                    blocks.append(current)
                    waiting.append(None)
                waiting += reversed(list(current.iter(include_text=True)))
        return tuple(found)
