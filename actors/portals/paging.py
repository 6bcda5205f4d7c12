"""Which control of a page leads to the next page of its list of attachments: by its word, its sign, its number.

A page may hold any number of such controls, so what is asked of all that belong to one row of page numbers is answered
once for the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from actors.portals.document import Document, attribute
from actors.portals.placing import Placing
from actors.portals.seeing import is_quoting, words_of
from actors.portals.words import plain

PRESSABLE = "a, button, [role=button], [role=tab], [role=link], input[type=button i], link[rel~=next i], summary"
_LONGEST = 60
_MOST = 60
_LONGEST_ROW = 2_000
"""Elements after which a row of page numbers is none."""
_NEXT_CLASSES = frozenset({"next", "next_page", "next-page", "nextpage", "pagination-next", "page-next", "pager-next"})
_NEXT = re.compile(
    r"(?:go to )?(?:the )?next(?: page)?|nachste(?: seite)?|weiter|proxim[ao](?: pagina)?|(?:pagina )?seguinte"
    r"|(?:pagina )?siguiente|(?:page )?suivante?|[>\u203a\u00bb\u2192]{1,2}"
)
_NEXT_PAGE = re.compile(
    r"(?:go to )?(?:the )?next page|nachste seite|proxima pagina|pagina (?:seguinte|siguiente|proxima)|page suivante"
)
_PAGE_CALL = re.compile(
    r"Page\$(?:\d+|Next)"
    r"|(?<![a-z])(?:go|to|set|load|show|change){0,2}(?:page|pagina|seite)(?:no|num|index)?\W{1,4}\d",
    re.IGNORECASE,
)
_NEXT_WITH_SIGN = re.compile(rf"(?:{_NEXT.pattern})(?: ?[>\u203a\u00bb\u2192\u2026]+)?")
_PAGED = re.compile(r"pag(?:ination|inator|ing|er|es|e-links|inate)", re.IGNORECASE)
_OTHER_RECORD = re.compile(
    r"(?<!\w)(?:orders?|record|bestellung|auftrag|pedido|orden|ordem|commande|item|line|p\.?o)(?!\w)|\d{3}"
)
CHOSEN = frozenset({"active", "selected", "current", "is-active", "is-selected", "ui-tabs-active", "ui-state-active"})
_DISABLED = frozenset({"disabled", "is-disabled"})


def next_controls(document: Document, placing: Placing, *, lists_files: bool) -> Iterator[LexborNode]:
    """Yield what leads to the next page of the attachments' list."""
    seen, rows = 0, _Rows(document)
    for node in document.select(PRESSABLE):
        if seen >= _MOST or not _is_next(document, node, rows):
            continue
        seen += 1
        said = plain(f"{document.label(node)} {attribute(node, 'aria-label')} {attribute(node, 'title')}")
        if _OTHER_RECORD.search(said) or is_off(node):
            continue
        if node.tag == "link":
            yield node
        elif document.is_in_view(node) and not document.is_within(node, is_quoting):
            goes_with = placing.is_of_files(node)
            if goes_with or (goes_with is None and not lists_files):
                yield node


class _Rows:
    """The rows of page numbers of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._may_begin: dict[int, bool] = {}

    def begins_with_second(self, node: LexborNode) -> bool:
        """Whether none of a row's pages is known for the page in hand, so that its 2 is the next one."""
        around = self._document.nearest(node.parent, _is_pagination)
        if around is None:
            return False
        if around.mem_id not in self._may_begin:
            self._may_begin[around.mem_id] = self._is_open(around)
        return self._may_begin[around.mem_id]

    def _is_open(self, around: LexborNode) -> bool:
        inside = self._document.inside(around, _LONGEST_ROW + 1)
        if len(inside) > _LONGEST_ROW:
            return False
        linked = {self._document.label(one) for one in inside if one.tag in ("a", "button")}
        if any(number not in linked for number in re.findall(r"\d+", self._document.label(around)) if number != "1"):
            return False  # a number that leads nowhere is the page in hand
        return not any(_is_current(self._document, one) for one in inside)


def _is_next(document: Document, node: LexborNode, rows: _Rows) -> bool:
    if "next" in attribute(node, "rel").lower().split():
        return True
    parent = node.parent
    classes = words_of(node) | (words_of(parent) if parent is not None and parent.tag == "li" else frozenset())
    if classes & _NEXT_CLASSES:
        return True
    texts = (document.label(node), attribute(node, "aria-label"), attribute(node, "value"), attribute(node, "title"))
    said = [plain(text) for text in texts if 0 < len(text) <= _LONGEST]
    if any(_NEXT_WITH_SIGN.fullmatch(text) for text in said):
        is_certain = any(_NEXT_PAGE.search(text) for text in said) or _calls_page(node)
        return is_certain or document.is_within(node, _is_pagination)
    return _follows_current(document, node, rows) and (_calls_page(node) or document.is_within(node, _is_pagination))


def _follows_current(document: Document, node: LexborNode, rows: _Rows) -> bool:
    """Whether a link is a page's number, and the number before it is marked as the page in hand."""
    text = document.label(node)
    if not (text.isdecimal() and text.isascii() and len(text) <= 4):
        return False
    for around in (node, node.parent):
        before = around.prev if around is not None else None
        while before is not None and not before.is_element_node:
            before = before.prev
        if before is not None and plain(document.label(before)).partition(" ")[0] == str(int(text) - 1):
            marked = [before, *document.inside(before, 4)]
            if _calls_page(node) and not any(one.tag in ("a", "button") for one in marked):
                return True  # the page in hand is the number that leads nowhere
            if any(_is_current(document, one) for one in marked):
                return True
            if document.is_within(node, _is_pagination) and not any(one.tag in ("a", "button") for one in marked):
                return True
    return text == "2" and rows.begins_with_second(node)


def _is_current(document: Document, node: LexborNode) -> bool:
    """Whether a page's number is marked as the page in hand, or leads to where we are."""
    is_marked = bool(words_of(node) & CHOSEN) or "aria-current" in node.attributes
    return is_marked or document.resolve(attribute(node, "href")) == document.url


def _calls_page(node: LexborNode) -> bool:
    """Whether what an element does when it is pressed names a page's number."""
    return any(_PAGE_CALL.search(attribute(node, name)) for name in ("href", "onclick"))


def _is_pagination(node: LexborNode) -> bool:
    named = [attribute(node, name) for name in ("class", "id", "aria-label", "role")] if node.attributes else []
    return any(_PAGED.search(text) for text in named)


def is_off(node: LexborNode) -> bool:
    """Whether a control can be seen and not be pressed."""
    parent = node.parent
    around = words_of(parent) if parent is not None and parent.tag == "li" else frozenset()
    is_disabled = "disabled" in node.attributes or attribute(node, "aria-disabled").lower() == "true"
    return is_disabled or bool((words_of(node) | around) & _DISABLED)
