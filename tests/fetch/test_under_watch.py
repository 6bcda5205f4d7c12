"""What a fetch tells its lease and asks of it: activity only while something comes, and an end when it is revoked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.fetch import HttpFetcher, ahead
from actors.fetch.ahead import Ahead
from contracts.errors import NetworkError
from contracts.ports import DownloadedFile, LeaseWatch
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask

Serve = Callable[[Script], RawServer]


def chunked(*pieces: bytes) -> Script:
    """A script that sends a chunked answer."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    return lambda connection: connection.sendall(head + body)


def until_closed(body: bytes) -> Script:
    """A script whose answer ends with the connection alone."""

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)

    return script


@pytest.mark.parametrize(
    ("script", "by_close"),
    [
        pytest.param(chunked(b"hello", b"world"), False, id="in chunks, of which the last says so"),
        pytest.param(answer(b"hello"), False, id="of an announced length"),
        pytest.param(until_closed(b"hello"), True, id="until the connection ends"),
    ],
)
def test_it_is_told_whether_a_file_ended_with_its_connection_alone(
    serve: Serve, fetcher: HttpFetcher, folder: Path, script: Script, by_close: bool
) -> None:
    file = fetcher.fetch(ask(f"{serve(script).url}/a"), folder, FakeWatch())
    assert file.ended_by_close is by_close


@pytest.mark.parametrize("body", [b"", b"hello"], ids=["empty", "whole"])
def test_a_file_that_arrives_after_its_lease_was_revoked_counts_for_nothing(
    serve: Serve, fetcher: HttpFetcher, folder: Path, body: bytes
) -> None:
    """Whenever it is revoked: the last time it is asked is when all has come."""
    server = serve(answer(body))
    asked = FakeWatch()
    fetcher.fetch(ask(f"{server.url}/a"), folder, asked)
    (kept,) = folder.iterdir()
    kept.unlink()
    chunks = 1 if body else 0
    assert asked.checks >= 3 + chunks, "before it is asked for, with the answer, at each chunk, and at the end"
    for check in range(1, asked.checks + 1):
        with pytest.raises(NetworkError, match="revoked"):
            fetcher.fetch(ask(f"{server.url}/a"), folder, FakeWatch(revoked_after=check))
        assert list(folder.iterdir()) == []


def never(_watch: LeaseWatch) -> DownloadedFile:
    """Fetch nothing: it is never run here."""
    raise AssertionError("nobody runs it")


def test_a_fetch_ahead_that_stands_still_renews_no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SECONDS_BETWEEN_LOOKS", 0.001)
    begun = Ahead(never, FakeWatch())
    begun._watch.touch()
    waiting = FakeWatch(revoked_after=5)
    with pytest.raises(NetworkError, match="revoked"):
        begun.result(waiting)
    assert waiting.touches == 1, "for what had come before; nothing has come since"
