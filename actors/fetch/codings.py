"""One class for each packing of bodies that browsers undo, and what each of them holds for its end.

Each hands out what it unpacks in pieces of a bounded size, so that a small body cannot fill the memory.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped] # the library has no types

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 256 * 1024

_GZIP_MEMBER = b"\x1f\x8b\x08"
_GZIP = zlib.MAX_WBITS | 16
_RAW = -zlib.MAX_WBITS
# Browsers refuse larger windows; each needs that much memory.
_ZSTD_WINDOW = {int(zstd.DecompressionParameter.window_log_max): 23}

Damaged: tuple[type[Exception], ...] = (zlib.error, brotli.error, zstd.ZstdError)


class Unpacker(Protocol):
    """Undoes one packing."""

    @property
    def is_whole(self) -> bool:
        """Whether what came so far may be all: its own end has come, or nothing at all."""
        ...

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds. Raises one of `Damaged` when it is not so packed."""
        ...


class Gzip:
    """Any number of members one after the other. What follows them and is none is ignored, as browsers do."""

    def __init__(self) -> None:
        self._member: zlib._Decompress | None = None
        self._members = 0
        self._between = b""
        self._is_over = False

    @property
    def is_whole(self) -> bool:
        """Whether no member is open, and none may have begun."""
        return self._member is None and not self._between

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds."""
        rest = data
        while rest and not self._is_over:
            if self._member is None:
                rest, self._between = self._between + rest, b""
                if not rest.startswith(_GZIP_MEMBER):
                    if _GZIP_MEMBER.startswith(rest):
                        self._between = rest
                        return
                    if not self._members:
                        raise zlib.error("no gzip")
                    self._is_over = True
                    return
                self._member = zlib.decompressobj(_GZIP)
            yield from _inflated(self._member, rest)
            rest = self._member.unused_data
            if self._member.eof:
                self._member = None
                self._members += 1


class Deflate:
    """One zlib stream or, as many servers send by mistake, one without its frame. What follows it is ignored."""

    def __init__(self) -> None:
        self._head = b""
        self._stream: zlib._Decompress | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the stream has ended, or never begun."""
        return self._stream.eof if self._stream else not self._head

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds."""
        if self._stream is None:
            self._head += data
            if len(self._head) < 2:
                return
            data = self._head
            is_framed = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_framed else _RAW)
        if not self._stream.eof:
            yield from _inflated(self._stream, data)


class Brotli:
    """One stream."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._has_begun = False

    @property
    def is_whole(self) -> bool:
        """Whether the stream has ended, or never begun."""
        return not self._has_begun or bool(self._stream.is_finished())

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds."""
        self._has_begun = self._has_begun or bool(data)
        if self._stream.is_finished():
            return
        piece: bytes = self._stream.process(data, output_buffer_limit=PIECE)
        yield piece
        while not self._stream.is_finished() and (piece or not self._stream.can_accept_more_data()):
            piece = self._stream.process(b"", output_buffer_limit=PIECE)
            yield piece


class Zstandard:
    """Any number of frames one after the other."""

    def __init__(self) -> None:
        self._frame: zstd.ZstdDecompressor | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no frame is open."""
        return self._frame is None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds."""
        rest = data
        while rest:
            self._frame = self._frame or zstd.ZstdDecompressor(options=_ZSTD_WINDOW)
            yield self._frame.decompress(rest, PIECE)
            while not (self._frame.eof or self._frame.needs_input):
                yield self._frame.decompress(b"", PIECE)
            rest = b""
            if self._frame.eof:
                rest, self._frame = self._frame.unused_data, None


def _inflated(stream: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    piece = stream.decompress(data, PIECE)
    yield piece
    # A full piece may leave more behind inside, even when all the input has been taken.
    while not stream.eof and (stream.unconsumed_tail or len(piece) == PIECE):
        piece = stream.decompress(stream.unconsumed_tail, PIECE)
        yield piece
