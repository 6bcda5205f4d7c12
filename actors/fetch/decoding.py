"""Undoes a compressed transfer piece by piece, so that neither a small answer nor a slow one can hide its true size."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from contracts.errors import AttachmentError, NetworkError

_PIECE = 256 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class Decoder:
    """Decodes one answer. It asks for no compression, but some portals compress all the same.

    Args:
        encoding: The answer's Content-Encoding header.

    Raises:
        AttachmentError: The encoding is none that is known here.
    """

    def __init__(self, encoding: str) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise AttachmentError(
                f"The portal compresses the file in a way that was not asked for ({name[:40]}). Use the browser route."
            )
        self._inflater = None if name in ("", "identity") else zlib.decompressobj(_GZIP_OR_ZLIB)

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds, at most 256 KiB at a time.

        Raises:
            NetworkError: The compressed data is damaged.
        """
        if self._inflater is None:
            yield data
            return
        rest = data
        while rest and not self._inflater.eof:
            try:
                piece = self._inflater.decompress(rest, _PIECE)
            except zlib.error:
                raise NetworkError("The compressed file arrived damaged. Try again.") from None
            rest = self._inflater.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> Iterator[bytes]:
        """Yield what is left at the end of the answer.

        Raises:
            NetworkError: The compressed data ends too early.
        """
        if self._inflater is None:
            return
        if piece := self._inflater.flush():
            yield piece
        if not self._inflater.eof:
            raise NetworkError("The compressed file ends too early. Try again.")
