"""A downloaded file's bytes, read only where they are needed: most questions are answered by a few of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import BinaryIO

_HEAD = 4096
_TAIL = 64 * 1024 + 22
_PIECE = 1 << 20


class Content:
    """The bytes of an open file.

    Args:
        file: Open for reading; whoever opened it closes it.
        size: Its bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size

    @cached_property
    def head(self) -> bytes:
        """The first 4 KiB."""
        return self.at(0, _HEAD)

    @cached_property
    def tail(self) -> bytes:
        """The last 64 KiB, and the 22 bytes more that a ZIP archive's end may need."""
        return self.at(max(0, self.size - _TAIL), _TAIL)

    def at(self, place: int, count: int) -> bytes:
        """Return up to `count` bytes from `place`; fewer, or none, where the file ends before."""
        if not 0 <= place < self.size or count <= 0:
            return b""
        self._file.seek(place)
        return self._file.read(min(count, self.size - place))

    def pieces(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes from `start` on, a MiB at a time."""
        place = start
        while piece := self.at(place, _PIECE):
            yield piece
            place += len(piece)

    def find(self, mark: bytes) -> int:
        """Return where `mark` first stands in the file, or -1."""
        kept, place = b"", 0
        for piece in self.pieces():
            window = kept + piece
            found = window.find(mark)
            if found >= 0:
                return place - len(kept) + found
            place += len(piece)
            kept = window[1 - len(mark) :]
        return -1
