"""What a file must be by its name, else by its stated type, and how much may differ before it is nobody's document.

People attach whole files under a neighbouring ending: a HEIC picture as `.jpg`, a table of HTML as `.xls`. Those are
theirs. What no person attaches is the portal's own answer in place of the file.
"""

from __future__ import annotations

import enum

import attrs

from actors.filing.kinds import Kind
from actors.filing.naming import ending_of


class Tolerance(enum.Enum):
    """What may lie under a name besides what the name says."""

    SIGNATURES = "content of another kind that a signature proves; never a text or a web page"
    TEXTS = "also texts and web pages that are evidently somebody's document"
    BINARY = "anything but a web page"
    ANY = "anything but an evident failure of the portal"


@attrs.frozen
class Expected:
    """What a name promises.

    Args:
        words: For people.
        kinds: The kinds that keep the promise.
        tolerance: What else is taken for a person's document.
    """

    words: str
    kinds: frozenset[Kind]
    tolerance: Tolerance


_OPEN_OFFICE = frozenset({Kind.ZIP})
# An encrypted document of the newer formats is wrapped in the older container.
_OFFICE = frozenset({Kind.ZIP, Kind.OLE})
# Programs save newer documents, rich text and office markup under the old endings, and open them so.
_OLD_OFFICE = _OFFICE | {Kind.BIFF, Kind.RTF, Kind.OFFICE_MARKUP}
# A picture under another picture's ending still opens.
_PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.GIF, Kind.BMP, Kind.TIFF, Kind.WEBP})
_NEW_PICTURES = _PICTURES | {Kind.HEIF, Kind.AVIF}
_TEXTS = frozenset({Kind.TEXT, Kind.MAIL, Kind.XML, Kind.JSON, Kind.HTML, Kind.RTF, Kind.OFFICE_MARKUP, Kind.UNKNOWN})


def _each(endings: str, words: str, kinds: frozenset[Kind], tolerance: Tolerance) -> dict[str, Expected]:
    return {f".{ending}": Expected(words, kinds, tolerance) for ending in endings.split()}


_BY_ENDING: dict[str, Expected] = {
    **_each("pdf", "a PDF", frozenset({Kind.PDF}), Tolerance.SIGNATURES),
    **_each("zip", "a ZIP archive", _OPEN_OFFICE, Tolerance.SIGNATURES),
    **_each("png jpg jpeg tif tiff gif bmp", "an image", _PICTURES, Tolerance.SIGNATURES),
    **_each("docx xlsx pptx docm xlsm pptm", "an office document", _OFFICE, Tolerance.TEXTS),
    **_each("odt ods odp", "an office document", _OPEN_OFFICE, Tolerance.TEXTS),
    **_each("doc xls ppt", "an office document", _OLD_OFFICE, Tolerance.TEXTS),
    **_each("msg", "a mail message", frozenset({Kind.OLE}), Tolerance.TEXTS),
    **_each("csv tsv", "a table", frozenset({Kind.TEXT, Kind.MAIL, Kind.UNKNOWN}), Tolerance.TEXTS),
    **_each("xlsb dotx xltx potx ppsx vsdx", "an office document", _OFFICE, Tolerance.BINARY),
    **_each("dot xlt pps vsd mpp pub", "an office document", _OLD_OFFICE, Tolerance.BINARY),
    **_each("webp heic heif avif", "an image", _NEW_PICTURES, Tolerance.BINARY),
    **_each("jp2", "an image", frozenset({Kind.JP2}), Tolerance.BINARY),
    **_each("mp4 m4v mov", "a film", frozenset({Kind.MEDIA}), Tolerance.BINARY),
    **_each("7z", "a 7z archive", frozenset({Kind.SEVEN_ZIP}), Tolerance.BINARY),
    **_each("rar", "a RAR archive", frozenset({Kind.RAR}), Tolerance.BINARY),
    **_each("gz tgz", "a gzip archive", frozenset({Kind.GZIP}), Tolerance.BINARY),
    **_each("tar", "a tar archive", frozenset({Kind.TAR}), Tolerance.BINARY),
    **_each("rtf", "a rich text", frozenset({Kind.RTF, Kind.TEXT}), Tolerance.TEXTS),
    **_each("ps eps ai", "a drawing", frozenset({Kind.POSTSCRIPT, Kind.PDF}), Tolerance.BINARY),
    **_each("txt log md xml json eml mht mhtml svg", "a text", _TEXTS, Tolerance.ANY),
    **_each("html htm xhtml shtml", "a web page", _TEXTS, Tolerance.ANY),
}
_ENDING_BY_TYPE = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/x-zip-compressed": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.ms-outlook": ".msg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/tiff": ".tif",
}
_PAGE_ENDINGS = frozenset({".html", ".htm", ".xhtml", ".mht", ".mhtml", ".shtml"})
_UNNAMED = Expected("a file", frozenset(Kind), Tolerance.ANY)


def expected(name: str, media_type: str) -> Expected:
    """Return what a file must be by its ending, else by its content type; anything goes for unknown ones."""
    ending = ending_of(name)
    if not ending:
        ending = ".docx" if ".openxmlformats-officedocument." in media_type else _ENDING_BY_TYPE.get(media_type, "")
    return _BY_ENDING.get(ending, _UNNAMED)


def is_named_as_page(name: str) -> bool:
    """Whether a file is called a web page, so that one may be in it."""
    return ending_of(name) in _PAGE_ENDINGS
