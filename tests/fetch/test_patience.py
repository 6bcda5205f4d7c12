"""An answer that keeps a connection busy and brings nothing of use ends like one that stalls."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import httpcore
import pytest

from actors.fetch import HttpFetcher
from actors.fetch.patience import MOST_BYTES, Patience
from contracts.errors import NetworkError
from tests.fetch.rawserver import FakeWatch, RawServer, Script, ask

Serve = Callable[[Script], RawServer]
STEP = 0.02


def dripping(server: Callable[[], RawServer], begin: bytes, piece: bytes) -> Script:
    """Send `begin`, then `piece` over and over, each well before a read would time out, until the test is over."""

    def script(connection: socket.socket) -> None:
        connection.sendall(begin)
        while not server().over.wait(STEP):
            connection.sendall(piece)

    return script


ENDLESS = [
    pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", id="a header that never ends"),
    pytest.param(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", id="headers without an end"),
    pytest.param(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", id="answers that announce another"),
    pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="more of them"),
    pytest.param(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", b"a", id="a body's frame without the body"
    ),
    pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"X: y\r\n", id="trailers"),
]


@pytest.mark.parametrize(("begin", "piece"), ENDLESS)
def test_a_file_that_brings_nothing_of_use_is_given_up(
    serve: Serve, fetcher: HttpFetcher, folder: Path, begin: bytes, piece: bytes
) -> None:
    servers: list[RawServer] = []
    servers.append(serve(dripping(lambda: servers[0], begin, piece)))
    with pytest.raises(NetworkError, match=r"nothing of use for 0\.6 seconds"):
        fetcher.fetch(ask(f"{servers[0].url}/a.pdf"), folder, FakeWatch())
    assert not list(folder.iterdir())


@pytest.mark.parametrize(("begin", "piece"), ENDLESS[:4])
def test_a_portal_that_brings_nothing_of_use_does_not_answer(
    serve: Serve, fetcher: HttpFetcher, begin: bytes, piece: bytes
) -> None:
    servers: list[RawServer] = []
    servers.append(serve(dripping(lambda: servers[0], begin, piece)))
    assert fetcher.probe(servers[0].url) is None


def test_a_flood_without_an_answer_is_given_up(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000

    def script(connection: socket.socket) -> None:
        for _ in range(1000):
            connection.sendall(hint)

    with pytest.raises(NetworkError):
        fetcher.fetch(ask(f"{serve(script).url}/a.pdf"), folder, FakeWatch())


def test_a_lease_that_ends_amid_the_headers_ends_the_fetch(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    servers: list[RawServer] = []
    servers.append(serve(dripping(lambda: servers[0], b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a")))
    with pytest.raises(NetworkError, match="revoked"):
        fetcher.fetch(ask(f"{servers[0].url}/a.pdf"), folder, FakeWatch(revoked_after=4))


def test_a_slow_body_that_comes_is_waited_for(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    pieces = 60  # twice as long in all as may pass without anything of use
    servers: list[RawServer] = []

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % pieces)
        for _ in range(pieces):
            servers[0].over.wait(STEP)
            connection.sendall(b"x")

    servers.append(serve(script))
    assert fetcher.fetch(ask(f"{servers[0].url}/a.txt"), folder, FakeWatch()).size == pieces


def test_patience_begins_anew_with_what_is_of_use() -> None:
    now = 0.0
    patience = Patience(10.0, lambda: now)
    assert patience.limit(5.0) == 5.0
    now = 8.0
    assert patience.limit(5.0) == 2.0
    patience.heard()
    assert patience.limit(None) == 10.0
    now = 18.0
    with pytest.raises(httpcore.ReadTimeout):
        patience.limit(5.0)


def test_bytes_without_anything_of_use_are_counted() -> None:
    patience = Patience(10.0, lambda: 0.0)
    patience.count(MOST_BYTES)
    patience.limit(1.0)
    patience.count(1)
    with pytest.raises(httpcore.RemoteProtocolError):
        patience.limit(1.0)
    patience.heard()
    patience.limit(1.0)
