"""Text as bytes: whether bytes are any, in whatever encoding, and where markup begins in them."""

from __future__ import annotations

import re

_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def is_text(head: bytes) -> bool:
    """Whether bytes are readable text, in any of the usual encodings."""
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or not _NO_TEXT.search(head)


def as_ascii(raw: bytes) -> bytes:
    """Return text of any Unicode encoding with a byte-order mark as something ASCII patterns match."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "ignore").encode("ascii", "ignore")
    return raw.removeprefix(b"\xef\xbb\xbf")


def after_prolog(text: bytes) -> bytes:
    """Return markup from its first element on, without what may stand before it."""
    place = 0
    while True:
        while text[place : place + 1].isspace():
            place += 1
        for opening, closing in ((b"<!--", b"-->"), (b"<?", b">")):
            if text.startswith(opening, place):
                end = text.find(closing, place + len(opening))
                place = end + len(closing) if end >= 0 else len(text)
                break
        else:
            return text[place:]
