"""The ends of texts that close what they open: XML, web pages, JSON, RTF, mails with parts."""

from __future__ import annotations

import json
import re

from actors.filing.content import Content
from actors.filing.end import End
from actors.filing.markup import after_prolog, as_ascii

_WALKED = 32 << 20
_PARSED = 8 << 20
_PROLOG = 64 << 10
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(\[)?", re.IGNORECASE)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_BOUNDARY = re.compile(rb"\bboundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_ESCAPED = re.compile(rb"\\[\\{}]")
_BINARY = re.compile(rb"\\bin\d")


def end_of_xml(content: Content) -> End:
    """See whether the first element is closed at the end."""
    root = _root(after_prolog(as_ascii(content.at(0, _PROLOG))))
    if root is None:
        return End.UNSTATED if content.size > _PROLOG else End.MISSING
    text = _behind(content)
    closing = text.rfind(b"</" + root)
    if closing >= 0:
        rest = text[closing + 2 + len(root) :].lstrip()
        return End.THERE if rest.startswith(b">") and _only_remarks(rest[1:]) else End.MISSING
    alone = text[text.rfind(b"<") :]  # an element without content is whole if it is the first and the last one
    is_empty = content.size <= _PROLOG and alone.startswith(b"<" + root) and alone.rstrip(b"\0 \t\r\n").endswith(b"/>")
    return End.THERE if is_empty else End.MISSING


def _root(text: bytes) -> bytes | None:
    doctype = _DOCTYPE.match(text)
    if doctype is not None:
        end = text.find(b"]" if doctype[1] else b">", doctype.end())
        end = text.find(b">", end) if end >= 0 else -1
        text = after_prolog(text[end + 1 :]) if end >= 0 else b""
    match = _ROOT.match(text)
    return match[1] if match else None


def _only_remarks(text: bytes) -> bool:
    return after_prolog(text.replace(b"\0", b" ")) == b""


def end_of_page(content: Content) -> End:
    """A page that is closed is whole; many that are whole are not closed."""
    text = _behind(content).lower()
    return End.THERE if b"</html" in text or b"</workbook" in text or b"</w:worddocument" in text else End.UNSTATED


def _behind(content: Content) -> bytes:
    """Return the last part of a text as something ASCII patterns match."""
    mark = content.head[:2]
    if mark not in (b"\xff\xfe", b"\xfe\xff"):
        return content.tail
    tail = content.tail if (content.size - len(content.tail)) % 2 == 0 else content.tail[1:]
    return as_ascii(mark + tail.removeprefix(mark))


def end_of_json(content: Content) -> End:
    """Read it; of a large one, see whether it ends as it began."""
    closes = _behind(content).rstrip(b"\0 \t\r\n").endswith((b"}", b"]"))
    if not closes or content.size > _PARSED:
        return End.THERE if closes else End.MISSING
    try:
        json.loads(content.at(0, content.size))
    except json.JSONDecodeError as error:
        # A document a line: what is behind the first one is more of the same.
        return End.THERE if error.msg == "Extra data" else End.MISSING
    except (UnicodeDecodeError, RecursionError):
        return End.UNSTATED
    return End.THERE


def end_of_rtf(content: Content) -> End:
    """See whether the group that the document is has been closed."""
    if not content.tail.rstrip(b"\0 \t\r\n\x1a").endswith(b"}"):
        return End.MISSING
    data = content.at(0, content.size) if content.size <= _WALKED else b""
    if not data or _BINARY.search(data):
        return End.THERE
    plain = _ESCAPED.sub(b"", data)
    return End.THERE if plain.count(b"{") <= plain.count(b"}") else End.MISSING


def end_of_mail(content: Content) -> End:
    """A mail with parts closes the last one; one without does not say where it ends."""
    beginning = as_ascii(content.at(0, _PROLOG)).replace(b"\r\n", b"\n")
    headers, blank, _ = beginning.partition(b"\n\n")
    if not blank and content.size <= _PROLOG:
        return End.MISSING
    match = _BOUNDARY.search(headers)
    if match is None or b"multipart/" not in headers.lower():
        return End.UNSTATED
    closing = b"--" + (match[1] or match[2]) + b"--"
    return End.THERE if closing in content.tail or content.find(closing) >= 0 else End.MISSING
