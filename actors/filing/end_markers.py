"""Whether a file ends as files of its kind do: the only proof of being whole when nobody announced a length.

Only kinds that state their own end are judged. A real file may have something behind its end; what is looked for is
the end itself, and that everything it points to is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from actors.filing.content import Content
from actors.filing.end import End
from actors.filing.ends_of_archives import end_of_ole, end_of_packed, end_of_rar, end_of_seven_zip, end_of_zip
from actors.filing.ends_of_pictures import end_of_boxes, end_of_gif, end_of_jpeg, end_of_png, end_of_riff
from actors.filing.ends_of_tables import end_of_bmp, end_of_tiff
from actors.filing.ends_of_texts import end_of_json, end_of_mail, end_of_page, end_of_rtf, end_of_xml
from actors.filing.kinds import Found, Kind

_PART_OF_PDF = re.compile(rb"\b\d+\s+\d+\s+obj\b|\bendobj\b|\bendstream\b|\bxref\b|\btrailer\b")
_LINEARIZED = re.compile(rb"/Linearized\b")
_STATED_LENGTH = re.compile(rb"/L\s+(\d{1,15})\b")
_TAR_END = b"\0" * 1024


def end_of(content: Content, found: Found, ending: str = "") -> End:
    """Say whether a file has its end.

    Args:
        content: Its bytes.
        found: What it is.
        ending: The ending of its name, for kinds that bytes alone do not tell.
    """
    if found.kind is Kind.PDF:
        return _end_of_pdf(content, found.start)
    if ending == ".json" and found.kind is Kind.TEXT:
        return end_of_json(content)
    judge = _BY_KIND.get(found.kind)
    return judge(content) if judge is not None else End.UNSTATED


def _end_of_pdf(content: Content, start: int) -> End:
    tail = content.tail
    last = tail.rfind(b"%%EOF")
    if last < 0:
        return End.MISSING
    if _PART_OF_PDF.search(tail, last):
        return End.MISSING  # an older version of the document has its end, the newest has not
    beginning = content.at(start, 1024)
    stated = _STATED_LENGTH.search(beginning) if _LINEARIZED.search(beginning) else None
    # The first part of a linearised document has an end of its own.
    return End.MISSING if stated and content.size - start < int(stated[1]) else End.THERE


def _end_of_postscript(content: Content) -> End:
    return End.THERE if b"%%EOF" in content.tail else End.UNSTATED


def _end_of_tar(content: Content) -> End:
    return End.THERE if content.tail.endswith(_TAR_END) else End.MISSING


def _end_of_signed(content: Content) -> End:
    """Judge by the length that the outermost element states."""
    first = content.head[1]
    if first == 0x80:
        return End.THERE if content.tail.endswith(b"\0\0") else End.MISSING
    count = first & 0x7F
    return End.at_least(content, 2 + count + int.from_bytes(content.head[2 : 2 + count], "big"))


_BY_KIND: Mapping[Kind, Callable[[Content], End]] = {
    Kind.POSTSCRIPT: _end_of_postscript,
    Kind.ZIP: end_of_zip,
    Kind.OLE: end_of_ole,
    Kind.RTF: end_of_rtf,
    Kind.OFFICE_MARKUP: end_of_page,
    Kind.MAIL: end_of_mail,
    Kind.HTML: end_of_page,
    Kind.XML: end_of_xml,
    Kind.JSON: end_of_json,
    Kind.PNG: end_of_png,
    Kind.JPEG: end_of_jpeg,
    Kind.GIF: end_of_gif,
    Kind.BMP: end_of_bmp,
    Kind.TIFF: end_of_tiff,
    Kind.WEBP: end_of_riff,
    Kind.RIFF: end_of_riff,
    Kind.HEIF: end_of_boxes,
    Kind.AVIF: end_of_boxes,
    Kind.JP2: end_of_boxes,
    Kind.MEDIA: end_of_boxes,
    Kind.GZIP: end_of_packed,
    Kind.BZIP2: end_of_packed,
    Kind.XZ: end_of_packed,
    Kind.SEVEN_ZIP: end_of_seven_zip,
    Kind.RAR: end_of_rar,
    Kind.TAR: _end_of_tar,
    Kind.SIGNED: _end_of_signed,
}
