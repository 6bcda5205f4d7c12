"""A manifest read from its first line to its last in bounded memory: of each order only where its last line stands.

Whatever stands in the file, it is read to where the chain breaks, and no line is read beyond its greatest length.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import PurePosixPath

import attrs

from actors.evidence.chain import BEFORE_THE_FIRST, LONGEST_LINE, BrokenChainError, ManifestLine, read_line
from contracts.tasks import TaskStatus

_PIECE = 2**16


@attrs.frozen
class Place:
    """Where a line stands in the file, and what is needed to read it again."""

    number: int
    offset: int
    previous: str


@attrs.define(eq=False)
class ManifestIndex:
    """What a manifest tells of the folders that must be there.

    Args:
        lines: How many lines hold.
        head: The hash of the last one.
        broken: Where the chain breaks, in words; empty when it holds to the end.
        latest: The last line of each order that has files, by its folder without the status.
        folders: The folders of those lines.
    """

    lines: int = 0
    head: str = BEFORE_THE_FIRST
    broken: str = ""
    latest: dict[str, Place] = attrs.field(factory=dict)
    folders: dict[str, str] = attrs.field(factory=dict)
    seen: frozenset[str] = frozenset()
    """Of the hashes that were looked for, those that are there."""


def read_manifest(file: FileIO, wanted: frozenset[str]) -> ManifestIndex:
    """Read a manifest.

    Args:
        file: The manifest, at its beginning.
        wanted: Hashes of lines to look for.

    Raises:
        OSError: It cannot be read.
    """
    index = ManifestIndex(seen=wanted & {BEFORE_THE_FIRST})
    try:
        for offset, raw in _lines(file):
            place = Place(index.lines + 1, offset, index.head)
            line = read_line(raw, place.number, place.previous)
            index.lines, index.head = line.number, line.hash
            index.seen |= wanted & {line.hash}
            if line.folder:
                key = without_status(line.folder)
                index.latest.pop(key, None)  # so that they come in the order of their last lines
                index.latest[key], index.folders[key] = place, line.folder
    except BrokenChainError as error:
        index.broken = str(error)
    return index


def read_again(file: FileIO, place: Place) -> ManifestLine:
    """Return the line that stands at a place.

    Raises:
        BrokenChainError: It was changed meanwhile.
        OSError: It cannot be read.
    """
    file.seek(place.offset)
    raw = next((raw for _, raw in _lines(file)), b"")
    return read_line(raw, place.number, place.previous)


def _lines(file: FileIO) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its offset. One that is too long comes with more bytes than are allowed, and is the last."""
    offset, rest = file.tell(), bytearray()
    while piece := file.read(_PIECE):
        searched = len(rest)
        rest += piece
        begin = 0
        while (end := rest.find(b"\n", max(begin, searched))) >= 0:
            yield offset + begin, bytes(rest[begin : end + 1])
            begin = end + 1
        del rest[:begin]
        offset += begin
        if len(rest) > LONGEST_LINE:
            break
    if rest:
        yield offset, bytes(rest)


def without_status(folder: str) -> str:
    """Return an order's folder without the status at its end."""
    for status in TaskStatus:
        if folder.endswith(f"_{status.value}"):
            return folder.removesuffix(f"_{status.value}")
    return folder


def parts_of(folder: str) -> tuple[str, ...] | None:
    """Return the parts of an order's folder, or None when it cannot be one inside the download folder."""
    parts = tuple(folder.split("/"))
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    return parts if plain and PurePosixPath(folder).parts == parts else None
