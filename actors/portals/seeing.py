"""What a person can see of an element, as far as its own attributes tell.

Two degrees. What is *hidden* is so for certain. What is *dormant* is drawn by no page as far as conventions go: a
dialog that waits for its occasion, a field of no size. Texts that are kept leave out only the hidden; a login form
or a message counts only where it is neither."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

_UNSEEN = frozenset(
    {"script", "style", "noscript", "template", "head", "iframe", "object", "svg", "textarea", "select", "datalist"}
)
_HIDING_STYLE = re.compile(r"(?<![\w-])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))", re.IGNORECASE)
_NO_SIZE = re.compile(
    r"(?<![\w-])(?:(?:max-)?(?:width|height)|opacity)\s*:\s*0(?:\.0*)?(?:px|r?em|%|vh|vw)?\s*(?:!|;|$)"
    r"|(?<![\w-])(?:left|top|right|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_WAITING = frozenset({"modal", "offcanvas", "ui-dialog", "mfp-hide", "dropdown-menu"})
_SHOWING = frozenset(
    {"show", "in", "open", "opened", "is-open", "active", "is-active", "visible", "is-visible", "shown"}
)
_PUT_AWAY = frozenset(
    {
        "hidden",
        "hide",
        "d-none",
        "is-hidden",
        "invisible",
        "ui-helper-hidden",
        "ng-hide",
        "display-none",
        "is-invisible",
    }
)
_QUOTES = frozenset({"blockquote", "pre", "q"})
_CELLS = frozenset({"td", "dd"})
_QUOTING = re.compile(
    r"(?:^|[-_])(?:comments?|kommentare?|comentarios?|commentaires?|remarks?|notes?|bemerkung(?:en)?|descriptions?"
    r"|beschreibung(?:en)?|history|activity|audit|timeline|chat|messages?-(?:body|text|list)|conversation|thread)"
    r"(?:$|[-_])"
)
_QUOTE_IN_NAME = re.compile(r"(?<=[a-z])(?=[A-Z])")


def words_of(node: LexborNode) -> frozenset[str]:
    """Return the classes of an element, in lower case."""
    return frozenset((node.attributes.get("class") or "").lower().split())


def hides_itself(node: LexborNode) -> bool:
    """Whether an element's own attributes hide it for certain."""
    attributes = node.attributes
    return "hidden" in attributes or _HIDING_STYLE.search(attributes.get("style") or "") is not None


def is_hidden(node: LexborNode) -> bool:
    """Whether an element is hidden for certain, and all in it: by what it is or by its own attributes."""
    if node.tag in _UNSEEN:
        return True
    attributes = node.attributes
    if not attributes:
        return node.tag == "dialog"
    return (node.tag == "dialog" and "open" not in attributes) or hides_itself(node)


def is_dormant(node: LexborNode) -> bool:
    """Whether an element is most likely not drawn, and all in it, though nothing hides it for certain."""
    attributes = node.attributes
    if not attributes:
        return False
    classes = words_of(node)
    return (
        (attributes.get("aria-hidden") or "").strip().lower() == "true"
        or "inert" in attributes
        or _NO_SIZE.search(attributes.get("style") or "") is not None
        or bool(classes & _PUT_AWAY)
        or (bool(classes & _WAITING) and not classes & _SHOWING)
    )


def is_quoting(node: LexborNode) -> bool:
    """Whether people's own words stand in an element: a comment, a description, a note."""
    if node.tag in _QUOTES:
        return True
    attributes = node.attributes
    named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}" if attributes else ""
    if not named.strip():
        return False
    return any(_QUOTING.search(_QUOTE_IN_NAME.sub("-", word).lower()) for word in named.split())


def is_cell(node: LexborNode) -> bool:
    """Whether an element is a cell of a table or of a list of terms. Old portals lay out whole pages in them."""
    return node.tag in _CELLS


def is_frame_work(node: LexborNode) -> bool:
    """Whether an element is the portal's own frame around every page, its menu, its head and foot; tabs are not."""
    attributes = node.attributes
    role = (attributes.get("role") or "").lower()
    if node.tag not in ("nav", "footer") and role not in ("navigation", "contentinfo", "banner", "menubar"):
        return False
    return role != "tablist" and "tab" not in (attributes.get("class") or "").lower()
