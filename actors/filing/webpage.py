"""What a web page says that came in place of a file: its headlines, its text, its tables, whether it asks for a login.

One pass from tag to tag: the time grows with the length, whatever the page holds.
"""

from __future__ import annotations

import html
import re

import attrs

_NAME = re.compile(r"/?[A-Za-z][\w:-]*")
_PASSWORD = re.compile(r"\btype\s*=\s*[\"']?password", re.IGNORECASE)
_WHO = re.compile(r"\b(?:name|id|autocomplete)\s*=\s*[\"']?[\w-]*(?:user|login|e-?mail|SAML|RelayState)", re.IGNORECASE)
_REFRESH = re.compile(r"\bhttp-equiv\s*=\s*[\"']?refresh", re.IGNORECASE)
_HEADLINES = frozenset({"title", "h1", "h2", "h3"})
_UNSEEN = frozenset({"script", "style", "noscript", "template"})
_LONGEST_HEADLINE = 300


@attrs.frozen
class WebPage:
    """What a page says.

    Args:
        headlines: Title and headings.
        text: What a person reads, headings included.
        rows: Rows of its tables.
        has_password_field: Whether it asks for a password.
        asks_who: Whether it asks for a name or passes a login on, or leads to another page by itself.
    """

    headlines: tuple[str, ...]
    text: str
    rows: int
    has_password_field: bool
    asks_who: bool


def read_page(raw: bytes) -> WebPage:
    """Read a page.

    Args:
        raw: As much of its bytes as shall count.
    """
    first, *pieces = _decoded(raw).split("<")
    headlines: list[str] = []
    text: list[str] = [first]
    inside, unseen, rows, password, who = "", "", 0, False, False
    for piece in pieces:
        match = _NAME.match(piece)
        name = match[0].lower() if match else ""
        # In comments and scripts too: a page may write its form by a script.
        password = password or (name == "input" and _PASSWORD.search(piece) is not None)
        if unseen:
            ended = "-->" in piece if unseen == "!--" else name == f"/{unseen}"
            if not ended:
                continue
            text.append(piece.rpartition("-->" if unseen == "!--" else ">")[2])
            unseen = ""
            continue
        if piece.startswith("!--"):
            unseen = "" if "-->" in piece else "!--"
            text.append("" if unseen else piece.rpartition("-->")[2])
            continue
        if name in _UNSEEN:
            unseen = name
            continue
        rows += name == "tr"
        who = who or (name == "input" and _WHO.search(piece) is not None)
        who = who or (name == "meta" and _REFRESH.search(piece) is not None)
        inside = name if name in _HEADLINES else "" if name == f"/{inside}" else inside
        shown = piece.partition(">")[2] if name or piece.startswith("!") else f"<{piece}"
        text.append(shown)
        if name in _HEADLINES:
            headlines.append(shown)
        elif inside and len(headlines[-1]) < _LONGEST_HEADLINE:
            headlines[-1] += f" {shown}"
    return WebPage(tuple(_tidy([one]) for one in headlines), _tidy(text), rows, password, who)


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A character cut at the end of what was read is no reason to take the page for Latin text.
        return raw.decode("utf-8", "ignore") if _mostly_utf8(raw) else raw.decode("cp1252", "replace")


def _mostly_utf8(raw: bytes) -> bool:
    try:
        raw[:-4].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _tidy(parts: list[str]) -> str:
    return " ".join(html.unescape(" ".join(parts)).split())
