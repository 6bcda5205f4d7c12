"""What a file is by its bytes, whatever it is called.

The kinds that decisions hang on are told apart here, with the tolerance that real files need (a PDF may begin late, a
picture may be a stranger's). Everything else that has a signature is recognised by puremagic.
"""

from __future__ import annotations

import re

import puremagic

from actors.filing.content import Content
from actors.filing.kinds import LATEST_START, Found, Kind
from actors.filing.markup import after_prolog, as_ascii, is_text

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (b"\x09\x00\x04\x00", Kind.BIFF),
    (b"\x09\x02\x06\x00", Kind.BIFF),
    (b"\x09\x04\x06\x00", Kind.BIFF),
    (b"\x09\x08", Kind.BIFF),
    (b"{\\rtf", Kind.RTF),
    (b"%!PS", Kind.POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", Kind.POSTSCRIPT),
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF8", Kind.GIF),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"\x1f\x8b\x08", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    (b"\x00\x00\x00\x0cjP  ", Kind.JP2),
)
_SIGNED = re.compile(rb"\x30(?:\x80|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07", re.DOTALL)
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), Kind.HEIF),
    **dict.fromkeys((b"avif", b"avis"), Kind.AVIF),
}
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|script)(?=[\s/>]|$)", re.IGNORECASE)
_PIECE_OF_PAGE = re.compile(
    rb"<(?:table|div|p|span|h[1-6]|br|center|form|style|link|font|b|i|ul|ol|a|img|iframe|section|main|header|nav"
    rb"|noscript|base|input|frameset|article|pre|strong)(?=[\s/>])",
    re.IGNORECASE,
)
_PAGE_AFTER_TEXT = re.compile(rb"^[ \t]*<(?:!doctype\s+html|html)(?=[\s/>])", re.IGNORECASE | re.MULTILINE)
_ROW = re.compile(rb"[^\r\n;\t]*[;\t]|[^\r\n,]*,[^\r\n,]*,")
_ELEMENT = re.compile(rb"<(?:[A-Za-z_][\w.:-]*[\s/>]|!DOCTYPE\s)")
_OFFICE = re.compile(rb"urn:schemas-microsoft-com:office", re.IGNORECASE)
_JSON = re.compile(rb'\s*(?:\{\s*(?:"[^"]*"\s*:|\}\s*$)|\[\s*(?:\{\s*["}]|\]\s*$))')
_MAIL_HEADER = re.compile(
    rb"(?:From|To|Cc|Date|Subject|MIME-Version|Received|Return-Path|Message-ID|Content-Type|Delivered-To|Reply-To|Sender"
    rb"|Snapshot-Content-Location|X-[\w-]+):",
    re.IGNORECASE,
)
_ONLY_OF_MAILS = frozenset(
    {b"from:", b"to:", b"subject:", b"mime-version:", b"received:", b"return-path:", b"message-id:", b"delivered-to:"}
)
_LATE_PDF = re.compile(rb"%PDF-[12]\.\d")
_SHORTEST_SIGNATURE = 4


def kind_of(content: Content) -> Found:
    """Return what a file is. Never raises but for reading."""
    head = content.head
    kind = _kind(head)
    if kind is not Kind.UNKNOWN:
        return Found(kind, kind.value, max(0, head.find(b"%PDF-")) if kind is Kind.PDF else 0)
    return Found(Kind.OTHER, known) if (known := _known_elsewhere(head)) else Found(kind, kind.value)


def late_pdf(content: Content) -> Found | None:
    """Return the PDF that begins behind other bytes, however many, or None."""
    start = content.find(b"%PDF-")
    if start < 0 or not _LATE_PDF.match(content.at(start, 8)):
        return None
    return Found(Kind.PDF, f"a PDF behind {start} other bytes", start)


def _kind(head: bytes) -> Kind:
    text = as_ascii(head)
    rest = after_prolog(text)
    if _PAGE.match(rest):
        return Kind.OFFICE_MARKUP if _OFFICE.search(text) else Kind.HTML
    if b"%PDF-" in head[:LATEST_START]:
        return Kind.PDF
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF":
        return Kind.WEBP if head[8:12] == b"WEBP" else Kind.RIFF
    if _SIGNED.match(head):
        return Kind.SIGNED
    if head[4:8] == b"ftyp":
        return _media(head)
    if head[257:262] == b"ustar":
        return Kind.TAR
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Kind.BMP
    return _kind_of_text(text, rest) if is_text(head) else _short_bitmap(head)


def _kind_of_text(text: bytes, rest: bytes) -> Kind:
    if b"<?mso-application" in text or (rest.startswith(b"<") and _OFFICE.search(text)):
        return Kind.OFFICE_MARKUP
    if _PIECE_OF_PAGE.match(rest):
        return Kind.HTML
    if text.lstrip().startswith(b"<?xml") or _ELEMENT.match(rest):
        return Kind.XML
    if _JSON.match(text):
        return Kind.JSON
    if _is_mail(text.lstrip()):
        return Kind.MAIL
    # A table may hold pages in its cells.
    is_row = _ROW.match(text) is not None
    return Kind.HTML if not is_row and _PAGE_AFTER_TEXT.search(text) else Kind.TEXT


def _is_mail(text: bytes) -> bool:
    """Whether headers stand first, and among them some that only mails and web archives have."""
    headers = [match[0].lower() for line in text.split(b"\n", 40)[:40] if (match := _MAIL_HEADER.match(line))]
    return len(headers) > 1 and _MAIL_HEADER.match(text) is not None and not _ONLY_OF_MAILS.isdisjoint(headers)


def _short_bitmap(head: bytes) -> Kind:
    # Some programs leave something in the two reserved fields of a bitmap.
    return Kind.BMP if head[:2] == b"BM" and head[14:18] in (b"\x28\0\0\0", b"\x0c\0\0\0") else Kind.UNKNOWN


def _media(head: bytes) -> Kind:
    size = min(max(int.from_bytes(head[:4], "big"), 12), 256)
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, size, 4))]
    known = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
    # The general brand comes first in many files of the special one.
    return Kind.AVIF if Kind.AVIF in known else known[0] if known else Kind.MEDIA


def _known_elsewhere(head: bytes) -> str:
    """Return puremagic's name for a kind that has a signature, or empty."""
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return ""
    # Two or three bytes are met by chance.
    return next((str(one.name) for one in found if len(one.byte_match.strip(b"\0")) >= _SHORTEST_SIGNATURE), "")
