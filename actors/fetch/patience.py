"""How long, and for how many bytes, an answer is waited for while nothing of use comes.

The transport's own limit begins anew with each byte, so headers that drip, answers that only say that another one will
follow, and the frame of a body without the body never meet it. Here each read of a connection asks whoever waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from actors.fetch.traffic import Traffic
from contracts.durations import spoken

MOST_BYTES = 512 * 1024
"""Bytes that may come without anything of use: the transport itself takes headers of a hundred KiB at most."""
_LEAST_SECONDS = 0.01


class Patience:
    """The patience of one request. It ends when nothing of use has come for `seconds`.

    Args:
        seconds: How long.
        monotonic: The clock, in seconds.
        check: Asked before each read; raises when nobody waits any more.
    """

    def __init__(
        self,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._check = check
        self.heard()

    def heard(self) -> None:
        """Note that something of use came: a whole head of an answer, or a piece of its body."""
        self._ends_at = self._monotonic() + self.seconds
        self._bytes = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing of use has come for so long."""
        return self._monotonic() >= self._ends_at

    def limit(self, timeout: float | None) -> float:
        """Return how long the next read may wait, at most `timeout` seconds.

        Raises:
            httpcore.ReadTimeout: Nothing of use has come for too long.
            httpcore.RemoteProtocolError: Too much has come without it.
        """
        self._check()
        left = self._ends_at - self._monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"nothing of use came for {spoken(self.seconds)}")
        if self._bytes > MOST_BYTES:
            raise httpcore.RemoteProtocolError(f"more than {MOST_BYTES} bytes came without anything of use")
        return max(_LEAST_SECONDS, left if timeout is None else min(timeout, left))

    def count(self, number: int) -> None:
        """Note that so many bytes came."""
        self._bytes += number


_IN_HAND: ContextVar[Patience | None] = ContextVar("patience", default=None)


def heard() -> None:
    """Note, for the patience in hand, that something of use came."""
    patience = _IN_HAND.get()
    if patience is not None:
        patience.heard()


@contextmanager
def waiting_with(patience: Patience) -> Iterator[None]:
    """Let every read of a connection in this thread ask `patience`."""
    before = _IN_HAND.set(patience)
    try:
        yield
    finally:
        _IN_HAND.reset(before)


class _AskingStream(httpcore.NetworkStream):
    """A connection whose reads ask the patience in hand, and whose bytes are counted."""

    def __init__(self, stream: httpcore.NetworkStream, traffic: Traffic | None) -> None:
        self._stream = stream
        self._traffic = traffic

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        patience = _IN_HAND.get()
        data = self._stream.read(max_bytes, timeout if patience is None else patience.limit(timeout))
        if patience is not None:
            patience.count(len(data))
        if self._traffic is not None:
            self._traffic.receive(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        if self._traffic is not None:
            self._traffic.send(len(buffer))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *given: Any, **named: Any) -> httpcore.NetworkStream:
        return _AskingStream(self._stream.start_tls(*given, **named), self._traffic)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AskingBackend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, traffic: Traffic | None) -> None:
        self._backend = backend
        self._traffic = traffic

    def connect_tcp(self, *given: Any, **named: Any) -> httpcore.NetworkStream:
        return _AskingStream(self._backend.connect_tcp(*given, **named), self._traffic)

    def connect_unix_socket(self, *given: Any, **named: Any) -> httpcore.NetworkStream:
        return _AskingStream(self._backend.connect_unix_socket(*given, **named), self._traffic)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


def make_patient(transports: Iterable[httpx.BaseTransport | None], traffic: Traffic | None = None) -> None:
    """Let the connections of these transports ask the patience in hand, and count their bytes, those of TLS left out.

    Only the library under httpx takes a backend of one's own, and httpx hands none down; so it is put in its place.
    """
    for transport in transports:
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _AskingBackend(pool._network_backend, traffic)  # noqa: SLF001 - see above
