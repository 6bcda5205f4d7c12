"""The kinds of files that decisions hang on."""

from __future__ import annotations

import enum

import attrs

LATEST_START = 1024
"""Bytes before which readers look for a PDF's beginning."""


class Kind(enum.Enum):
    """A kind of content; its value names it for people."""

    PDF = "PDF"
    POSTSCRIPT = "PostScript"
    ZIP = "ZIP or an office document of the newer kind"
    OLE = "an office document of the older kind"
    BIFF = "a spreadsheet of the oldest kind"
    RTF = "RTF"
    OFFICE_MARKUP = "office markup"
    MAIL = "a mail or a web archive"
    HTML = "a web page"
    XML = "XML"
    JSON = "JSON"
    TEXT = "plain text"
    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    WEBP = "WEBP"
    RIFF = "a sound or a film"
    HEIF = "HEIC"
    AVIF = "AVIF"
    JP2 = "JPEG 2000"
    MEDIA = "MP4 or QuickTime"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    SEVEN_ZIP = "7z"
    RAR = "RAR"
    TAR = "tar"
    SIGNED = "a signed container"
    OTHER = "another known kind"
    UNKNOWN = "unknown"


@attrs.frozen
class Found:
    """What a file is.

    Args:
        kind: The kind.
        words: Its name for people.
        start: Where it begins in the file, when something stands before it.
    """

    kind: Kind
    words: str
    start: int = 0
