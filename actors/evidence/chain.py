"""The manifest: one line of JSON for each outcome, each carrying the SHA-256 of the line before it.

A line's hash is that of its bytes without the line's end, so that `sha256sum` checks it without this program. Whoever
knows the hash of the last line, the *head*, knows that no line was changed, taken out or put in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs

BEFORE_THE_FIRST = "0" * 64
"""What the first line carries as the hash of the line before it."""
LONGEST_LINE = 16 * 2**20
"""Bytes that a line may have. One of an order with a thousand files has less than one of them."""
_LARGEST = 2**63 - 1
_LONGEST_REASON = 200


def line_of(entry: Mapping[str, Any], number: int, previous: str) -> str:
    """Return one line of the manifest, in ASCII and without its end.

    Args:
        entry: What it tells, in terms of JSON.
        number: Its place, counted from 1.
        previous: The hash of the line before it.
    """
    return json.dumps({"number": number, "previous": previous, **entry}, separators=(",", ":"))


def hash_of(line: bytes) -> str:
    """Return the hash of a line without its end."""
    return hashlib.sha256(line).hexdigest()


@attrs.frozen
class ListedFile:
    """One file that a line tells of.

    Args:
        name: Its name in the order's folder.
        size: Bytes.
        sha256: Lower-case hex digest of them.
        length_known: Whether it was known where it ends. Lines of older programs do not say; then it counts as known.
        type_differs: Whether its content was of another kind than its name says; the same.
    """

    name: str
    size: int
    sha256: str
    length_known: bool = True
    type_differs: bool = False


@attrs.frozen
class ManifestLine:
    """What a line tells, as far as it can be checked on disk.

    Args:
        number: Its place.
        hash: Its own hash.
        po_number: Whose outcome it is.
        status: How it ended.
        folder: Where its files lie, relative to the download folder; empty when there are none.
        files: Those files.
    """

    number: int
    hash: str
    po_number: str
    status: str
    folder: str
    files: tuple[ListedFile, ...]


class BrokenChainError(ValueError):
    """A line is not what the chain says it must be. The message names it."""


def read_line(raw: bytes, number: int, previous: str) -> ManifestLine:
    """Return what one line tells. Whatever the bytes are, they are a line or raise.

    Args:
        raw: The line with its end, or its first `LONGEST_LINE` bytes and more.
        number: Its place, counted from 1.
        previous: The hash of the line before it.

    Raises:
        BrokenChainError: It is torn, too long, out of its place, or does not carry the hash of the line before it.
    """
    if len(raw) > LONGEST_LINE:
        raise BrokenChainError(f"Line {number} is not a line of a manifest (it is longer than {LONGEST_LINE} bytes).")
    if not raw.endswith(b"\n"):
        raise BrokenChainError(f"Line {number} is torn: it has no end.")
    line = raw[:-1]
    try:
        told = json.loads(line)
        read = ManifestLine(
            number,
            hash_of(line),
            _text(told["po_number"]),
            _text(told["status"]),
            _text(told["folder"]),
            tuple(_file(file) for file in told["files"]),
        )
        stated_number, stated_previous = _whole(told["number"]), _text(told["previous"])
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise BrokenChainError(f"Line {number} is not a line of a manifest ({_reason(error)}).") from error
    if stated_number != number:
        raise BrokenChainError(f"Line {number} says that it is line {stated_number}: lines were taken out or put in.")
    if stated_previous != previous:
        raise BrokenChainError(f"Line {number} does not follow from line {number - 1}: one of them was changed.")
    return read


def _file(told: Mapping[str, Any]) -> ListedFile:
    size = _whole(told["size"])
    if size < 0:
        raise ValueError("a size below zero")
    return ListedFile(
        _text(told["name"]),
        size,
        _text(told["sha256"]),
        bool(told.get("length_known", True)),
        bool(told.get("type_differs", False)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a value is not text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
        raise TypeError("a value is not a whole number that can be")
    return value


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:_LONGEST_REASON]
