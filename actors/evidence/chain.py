"""The manifest: one line of JSON for each outcome, each carrying the SHA-256 of the line before it.

A line's hash is that of its bytes without the line's end, so that `sha256sum` checks it without this program. Whoever
knows the hash of the last line, the *head*, knows that no line was changed, taken out or put in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

BEFORE_THE_FIRST = "0" * 64
"""What the first line carries as the hash of the line before it."""


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


def _file(told: Mapping[str, Any]) -> ListedFile:
    return ListedFile(
        str(told["name"]),
        int(told["size"]),
        str(told["sha256"]),
        bool(told.get("length_known", True)),
        bool(told.get("type_differs", False)),
    )


class BrokenChainError(ValueError):
    """A line is not what the chain says it must be. The message names it."""


def read_chain(lines: Iterable[bytes]) -> Iterator[ManifestLine]:
    """Yield every line of a manifest, as far as the chain holds.

    Raises:
        BrokenChainError: A line is torn, is out of its place, or does not carry the hash of the line before it.
    """
    previous = BEFORE_THE_FIRST
    for number, raw in enumerate(lines, start=1):
        if not raw.endswith(b"\n"):
            raise BrokenChainError(f"Line {number} is torn: it has no end.")
        line = raw[:-1]
        try:
            told = json.loads(line)
            read = ManifestLine(
                number,
                hash_of(line),
                str(told["po_number"]),
                str(told["status"]),
                str(told["folder"]),
                tuple(_file(file) for file in told["files"]),
            )
            stated = (told["number"], told["previous"])
        except (ValueError, KeyError, TypeError) as error:
            raise BrokenChainError(f"Line {number} is no line of a manifest ({error}).") from error
        if stated[0] != number:
            raise BrokenChainError(f"Line {number} says that it is line {stated[0]}: lines were taken out or put in.")
        if stated[1] != previous:
            raise BrokenChainError(f"Line {number} does not follow from line {number - 1}: one of them was changed.")
        previous = read.hash
        yield read
