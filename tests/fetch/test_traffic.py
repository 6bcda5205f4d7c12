"""What goes over a fetcher's connections is counted, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from actors.fetch import HttpFetcher
from actors.fetch.traffic import Traffic
from contracts.config import Timeouts
from tests.fetch.rawserver import FakeWatch, RawServer, Script, ask

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


def test_every_byte_of_a_connection_is_counted_in_both_directions(
    serve: Callable[[Script], RawServer], folder: Path
) -> None:
    traffic = Traffic()
    fetcher = HttpFetcher(Timeouts(http_connect=5, http_read=5), traffic=traffic)
    server = serve(lambda connection: connection.sendall(ANSWER))
    for number in (1, 2):
        (folder / str(number)).mkdir()
        assert fetcher.fetch(ask(f"{server.url}/{number}.pdf"), folder / str(number), FakeWatch()).size == 5
    fetcher.close()
    assert traffic.received == 2 * len(ANSWER)
    assert traffic.sent == sum(len(request.encode()) for request in server.requests) > 0
