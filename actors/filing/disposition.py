"""The file name inside a Content-Disposition header, by RFC 6266 and RFC 5987, and as servers really write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

_PARAMETER = re.compile(r';\s*([!#$&+\-.^_`|~\w]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "iso-8859-1": "cp1252", "us-ascii": "utf-8", "windows-1252": "cp1252"}
_ENCODED_WORD = re.compile(r"=\?[\w-]+\?[bq]\?[^?]*\?=", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def name_in_disposition(header: str) -> str:
    """Return the file name a Content-Disposition header gives, decoded but not sanitised; empty when it gives none.

    `filename*` wins over `filename`, unless it cannot be decoded. Never raises.
    """
    plain = ""
    for name, value in _parameters(header):
        match name:
            case "filename*":
                extended = _extended(value)
                if extended:
                    return extended
            case "filename":
                plain = plain or _plain(value)
            case _:
                continue
    return plain


def _parameters(header: str) -> Iterator[tuple[str, str]]:
    # A header that forgets its type ("filename=a.pdf") is common enough to be read too.
    text = header if header.partition(";")[0].partition("=")[1] == "" else f";{header}"
    for match in _PARAMETER.finditer(text):
        name, value = match[1].lower(), match[2].strip()
        if value.startswith('"'):
            # A lone backslash in a path such as C:\offers is not an escape; only quote and backslash are escaped.
            value = re.sub(r'\\(["\\])', r"\1", value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:])
        yield name, value


def _extended(value: str) -> str:
    """Decode `charset'language'percent-encoded`; empty when that is not what it is."""
    charset, quote, rest = value.partition("'")
    _language, second_quote, encoded = rest.partition("'")
    codec = _CHARSETS.get(charset.strip().lower())
    if not quote or not second_quote or codec is None:
        return ""
    return unquote_to_bytes(encoded).decode(codec, "replace").strip()


def _plain(value: str) -> str:
    """Decode what servers put into `filename` although the standard knows `filename*` for it."""
    if _ENCODED_WORD.search(value):
        return _encoded_words(value).strip()
    if _PERCENT.search(value):
        decoded = _as_utf8(unquote_to_bytes(value))
        return (decoded if decoded is not None else value).strip()
    if not value.isascii():
        try:
            raw = value.encode("latin-1")
        except UnicodeEncodeError:
            return value.strip()
        return (_as_utf8(raw) or value).strip()
    return value.strip()


def _as_utf8(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _encoded_words(value: str) -> str:
    try:
        pieces = decode_header(value)
        return "".join(
            piece.decode(charset or "ascii", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return value
