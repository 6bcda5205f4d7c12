"""How a text file from anywhere is decoded: UTF-8 first, the Western Windows code page next, Latin-1 if plausible.

The whole file is looked at in blocks before any of it is used, so that a wrong guess cannot surface in the middle.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from contracts.errors import InputFileError

_BLOCK = 1 << 20
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# Every byte is a character in Latin-1, so it would accept anything. A Western text holds next to none of the bytes that
# are control characters there; one in twenty of its accented letters is already generous.
_RARE = 20


def require_file(path: Path, what: str) -> None:
    """Return when `path` is a regular file.

    Args:
        path: The file to look at.
        what: What it is, for the message: "orders file".

    Raises:
        InputFileError: It is missing, a folder or something else.
    """
    try:
        if path.is_file():
            return
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:
        raise InputFileError(f"The {what} {str(path)!r} cannot be looked at: {error}. Check the path.") from error
    if is_folder:
        raise InputFileError(f"The {what} {str(path)!r} is a folder. Give the path of a file inside it.")
    if exists:
        raise InputFileError(f"The {what} {str(path)!r} is not a regular file. Save it to disk and give that path.")
    raise InputFileError(f"The {what} {str(path)!r} does not exist. Check the path and the spelling.")


def detect_encoding(path: Path, what: str = "orders file") -> str:
    """Return the name of the encoding that `path` can be read with from start to end.

    Args:
        path: An existing file.
        what: What it is, for messages.

    Returns:
        `utf-8-sig` (which also reads UTF-8 without a mark), `cp1252` or `latin-1`.

    Raises:
        InputFileError: It is missing, unreadable, UTF-16, binary or in an encoding that cannot be told.
    """
    require_file(path, what)
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, high, undefined, first = True, 0, 0, True
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                if (first and block.startswith(_UTF16_MARKS)) or b"\x00" in block:
                    raise InputFileError(f"The {what} {str(path)!r} is UTF-16 or no text at all. Save it as UTF-8 CSV.")
                if _CONTROLS.search(block):
                    raise InputFileError(
                        f"The {what} {str(path)!r} holds control characters: it is not text. Save it as UTF-8 CSV."
                    )
                first = False
                if is_utf8:
                    is_utf8 = _accepts(decoder, block)
                high += len(_HIGH.findall(block))
                undefined += len(_UNDEFINED_IN_CP1252.findall(block))
        if is_utf8 and _accepts(decoder, b"", final=True):
            return "utf-8-sig"
    except OSError as error:
        raise InputFileError(
            f"The {what} {str(path)!r} cannot be read: {error.strerror or error}. Check who may read it."
        ) from error
    if not undefined:
        return "cp1252"
    if undefined * _RARE <= high:
        return "latin-1"
    raise InputFileError(f"The encoding of the {what} {str(path)!r} cannot be told. Save it as UTF-8 and try again.")


def _accepts(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True
