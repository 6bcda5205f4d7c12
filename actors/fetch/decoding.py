"""Undoes what an answer's Content-Encoding says of its body, as a browser does, and says whether the body was whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from actors.fetch.codings import Brotli, Damaged, Deflate, Gzip, Unpacker, Zstandard
from actors.fetch.sink import too_large
from contracts.errors import AttachmentError, NetworkError

_UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": Gzip,
    "x-gzip": Gzip,
    "deflate": Deflate,
    "br": Brotli,
    "zstd": Zstandard,
}
# Each layer can make a thousand bytes of one; nobody packs a file more than twice.
_MOST_LAYERS = 4
_UNREADABLE = re.compile(r"[\s;\"]")


def layers(encoding: str) -> tuple[str, ...]:
    """Say how a body is packed.

    Args:
        encoding: The answer's Content-Encoding headers, joined by commas.

    Returns:
        The packings in the order in which they are undone. Empty when any of the names is one that browsers do not
        know, such as `utf-8` or `binary`: then they take the body as it came. `identity` and an empty name say nothing.

    Raises:
        AttachmentError: A browser would refuse it too.
    """
    named = [name for item in encoding.lower().split(",") if (name := item.strip()) not in ("", "identity")]
    if len(named) > _MOST_LAYERS or any(_UNREADABLE.search(name) for name in named):
        raise AttachmentError(
            f"The portal says of the file that it is packed in a way that nobody reads ({encoding[:40]!r}). "
            "Open the order by hand."
        )
    return tuple(reversed(named)) if all(name in _UNPACKERS for name in named) else ()


class Decoder:
    """Decodes one answer. It asks for no compression, but some portals compress all the same.

    Args:
        encoding: The answer's Content-Encoding headers, joined by commas.
        max_size: Bytes above which unpacking is broken off, on the way too.
        asked: Whether the packing was asked for, so that damage is the network's.

    Raises:
        AttachmentError: The header cannot be read.
    """

    def __init__(self, encoding: str, max_size: int, *, asked: bool = False) -> None:
        names = layers(encoding)
        self._unasked = "" if asked else ", ".join(name for name in names if name in ("br", "zstd"))
        self._layers = [_UNPACKERS[name]() for name in names]
        self._sizes = [0] * len(self._layers)
        self._max_size = max_size
        self._has_come = False

    @property
    def unpacks(self) -> bool:
        """Whether what is kept differs from what travels."""
        return bool(self._layers)

    @property
    def has_ended(self) -> bool:
        """Whether the body itself has said that it is all there."""
        return self.unpacks and self._has_come and all(layer.is_whole for layer in self._layers)

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` holds, in pieces of a bounded size when it is packed.

        Raises:
            NetworkError: The packed data is damaged.
            AttachmentError: It is damaged, and packed in a way that only a browser asks for.
            AttachmentLimitError: There is more than is allowed, on the way or in the end.
        """
        self._has_come = self._has_come or bool(data)
        try:
            yield from self._through(0, data)
        except Damaged:
            if self._unasked:
                raise AttachmentError(
                    f"The portal says that the file is packed ({self._unasked}), and it cannot be unpacked. "
                    "Use the browser route."
                ) from None
            raise NetworkError("The compressed file arrived damaged. Try again.") from None

    def finish(self) -> None:
        """Return when nothing is missing.

        Raises:
            NetworkError: The packed data ends too early.
        """
        if not all(layer.is_whole for layer in self._layers):
            raise NetworkError("The compressed file ends too early. Try again.")

    def _through(self, layer: int, data: bytes) -> Iterator[bytes]:
        if layer == len(self._layers):
            yield data
            return
        for piece in self._layers[layer].unpack(data):
            self._sizes[layer] += len(piece)
            if self._sizes[layer] > self._max_size:
                raise too_large(self._max_size)
            if piece:
                yield from self._through(layer + 1, piece)
