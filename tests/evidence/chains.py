"""Reads a whole manifest, as anybody may: line after line, each with the hash of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.evidence.chain import BEFORE_THE_FIRST, ManifestLine, read_line


def read_chain(lines: Iterable[bytes]) -> Iterator[ManifestLine]:
    """Yield every line, as far as the chain holds. Raises as `read_line`."""
    previous = BEFORE_THE_FIRST
    for number, raw in enumerate(lines, start=1):
        read = read_line(raw, number, previous)
        previous = read.hash
        yield read
