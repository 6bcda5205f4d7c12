"""CSS selectors with several steps, matched in time that grows with the document and no faster.

The parser matches a selector by trying each way up from an element, which takes time without end where a page lies deep
in itself, in one call that nothing interrupts. So a selector is taken apart at its steps to a descendant and to a later
sibling. What lies between matches without a choice, and of each piece the parser is asked for itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set as AbstractSet
from functools import lru_cache

import attrs
from selectolax.lexbor import LexborNode

Find = Callable[[str], list[LexborNode]]
"""Gives the matches of a simple selector, in document order."""

_BLANK = r"[ \t\r\n\f]"
_TOKEN = re.compile(
    rf"""\\(?:[0-9a-fA-F]{{1,6}}{_BLANK}?|.)|"(?:\\.|[^"\\])*+"|'(?:\\.|[^'\\])*+'|[\[\]()]"""
    rf"""|{_BLANK}*+[,>+~]{_BLANK}*+|{_BLANK}++|[^\\"'\[\]() \t\r\n\f,>+~]++""",
    re.DOTALL,
)


@attrs.frozen
class _Piece:
    """What lies between two steps that leave a choice.

    Args:
        text: A selector of its own.
        step: How it is reached from the piece before it: a blank or a tilde; empty for the first.
        back: The steps inside it, from its last element to its first: `>` and `+`.
    """

    text: str
    step: str = ""
    back: str = ""


@lru_cache(maxsize=256)
def _taken_apart(selector: str) -> tuple[tuple[_Piece, ...], ...]:
    """Return the pieces of each selector of a list."""
    chains: list[tuple[_Piece, ...]] = []
    pieces: list[_Piece] = []
    text = step = back = ""
    depth = 0
    for token in _TOKEN.findall(f"{selector.strip()},"):
        depth += (token in ("[", "(")) - (token in ("]", ")"))
        sign = token.strip() or " " if depth == 0 and token.strip() in ("", ",", ">", "+", "~") else ""
        if sign in ("", ">", "+"):
            text, back = text + token, sign + back
            continue
        pieces.append(_Piece(text, step, back))
        text, step, back = "", sign, ""
        if sign == ",":
            chains.append(tuple(pieces))
            pieces, step = [], ""
    return tuple(chains)


@lru_cache(maxsize=256)
def is_certain(selector: str) -> bool:
    """Whether the parser matches a selector without a choice that could take long: it has one step down at most."""
    return all("".join(piece.step for piece in chain) in ("", " ") for chain in _taken_apart(selector))


def matches(selector: str, find: Find) -> list[LexborNode]:
    """Return the matches of a list of selectors in document order, each once.

    Args:
        selector: One that the parser understands.
        find: Asks the parser for the matches of one without steps that leave a choice.
    """
    chains = _taken_apart(selector)
    chosen = {node.mem_id for chain in chains for node in _of_chain(chain, find)}
    last = find(", ".join(chain[-1].text for chain in chains))
    return list({node.mem_id: node for node in last if node.mem_id in chosen}.values())


def _of_chain(chain: tuple[_Piece, ...], find: Find) -> list[LexborNode]:
    found: list[LexborNode] = []
    for piece in chain:
        here = find(piece.text)
        if piece.step:
            reached = (_below if piece.step == " " else _behind)(found, find)
            here = [node for node in here if (first := _first_of(node, piece.back)) is not None and reached(first)]
        found = here
    return found


def _first_of(node: LexborNode, back: str) -> LexborNode | None:
    """Return the first element of a piece that ends with `node`."""
    current: LexborNode | None = node
    for step in back:
        if current is None:
            return None
        current = current.parent if step == ">" else _element_before(current)
    return current


def _element_before(node: LexborNode) -> LexborNode | None:
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    return before


def _below(found: Iterable[LexborNode], _find: Find) -> Callable[[LexborNode], bool]:
    """Return what tells whether an element lies in one of those."""
    known: dict[int, bool] = {}
    holders: AbstractSet[int] = {node.mem_id for node in found}

    def is_below(node: LexborNode) -> bool:
        passed: list[int] = []
        answer = False
        for around in _around(node):
            if (told := known.get(around.mem_id)) is not None:
                answer = told
                break
            passed.append(around.mem_id)
            if around.mem_id in holders:
                answer = True
                break
        known.update(dict.fromkeys(passed, answer))
        return answer

    return is_below


def _around(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _behind(found: Iterable[LexborNode], find: Find) -> Callable[[LexborNode], bool]:
    """Return what tells whether an element comes behind one of those in the same parent."""
    places = {node.mem_id: place for place, node in enumerate(find("*"))}
    earliest: dict[int, int] = {}
    for node in found:
        if node.parent is not None:
            place = places.get(node.mem_id, 0)
            earliest[node.parent.mem_id] = min(place, earliest.get(node.parent.mem_id, place))

    def is_behind(node: LexborNode) -> bool:
        parent = node.parent
        first = earliest.get(parent.mem_id) if parent is not None else None
        return first is not None and first < places.get(node.mem_id, 0)

    return is_behind
