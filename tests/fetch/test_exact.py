"""What goes out on the wire is the address as a browser writes it, byte for byte."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.fetch import HttpFetcher
from contracts.config import Timeouts
from contracts.errors import AttachmentError, WorkerError
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask, by_path

Serve = Callable[[Script], RawServer]
TARGETS = [
    ("/a|b/{c}[d]'e.pdf?q=|{}[]^`'", "/a%7Cb/%7Bc%7D[d]'e.pdf?q=|{}[]^`%27"),
    ("/x%2ey/%7Ez/%2f/%zz?%2e=%41&&", "/x%2ey/%7Ez/%2f/%zz?%2e=%41&&"),
    ("\\f\\..\\g h;a=1,2.pdf?a b#c", "/g%20h;a=1,2.pdf?a%20b"),
    ("/ü.pdf?ö=€", "/%C3%BC.pdf?%C3%B6=%E2%82%AC"),
    ("/a?", "/a?"),
    ("/a//b/./c", "/a//b/c"),
    ("", "/"),
]


def asked(request: str) -> str:
    return request.split(" ", 2)[1]


@pytest.mark.parametrize(("written", "target"), TARGETS)
def test_an_address_goes_out_as_a_browser_sends_it(
    serve: Serve, fetcher: HttpFetcher, folder: Path, written: str, target: str
) -> None:
    server = serve(answer(b"file"))
    file = fetcher.fetch(ask(f"{server.url}{written}"), folder, FakeWatch())
    assert asked(server.requests[0]) == target
    assert f"Host: 127.0.0.1:{server.port}\r\n" in server.requests[0]
    assert file.url == f"{server.url}{target}"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        *TARGETS[:3],
        ("b|c.pdf", "/dir/b%7Cc.pdf"),
        ("?x=1|2", "/dir/start?x=1|2"),
        ("..\\up.pdf", "/up.pdf"),
    ],
)
def test_a_redirect_goes_on_as_a_browser_would(
    serve: Serve, fetcher: HttpFetcher, folder: Path, location: str, target: str
) -> None:
    server = serve(answer(b"file"))
    first = answer(b"", "302 Found", f"Location: {location}")

    def script(connection: socket.socket) -> None:
        step = first if len(server.requests) == 1 else answer(b"file")
        step(connection)

    server.script = script
    fetcher.fetch(ask(f"{server.url}/dir/start"), folder, FakeWatch())
    assert asked(server.requests[1]) == target


def test_bytes_beyond_ascii_in_a_redirect_are_kept_whatever_they_mean(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    away = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /f\xfcr/\xc3\xbc?\xfc\r\n\r\n"
    server = serve(answer(b"file"))
    server.script = by_path(
        lambda: server.requests, start=lambda connection: connection.sendall(away), other=answer(b"file")
    )
    fetcher.fetch(ask(f"{server.url}/start"), folder, FakeWatch())
    assert asked(server.requests[1]) == "/f%FCr/%C3%BC?%FC"


def test_a_redirect_to_nowhere_is_no_file(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    for headers in (("Location: ",), (), ("Location: /b", "Location: /c")):
        with pytest.raises(AttachmentError):
            fetcher.fetch(ask(serve(answer(b"", "302 Found", *headers)).url), folder, FakeWatch())


def test_a_proxy_is_asked_for_the_whole_address(serve: Serve, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked of the portal byte for byte must not become what is asked of the proxy."""
    proxy = serve(answer(b"file"))
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("https_proxy", proxy.url)
    fetcher = HttpFetcher(Timeouts(http_connect=5, http_read=5))
    fetcher.fetch(ask("http://portal.example/a|b?c|d"), folder, FakeWatch())
    proxy.script = answer(b"", "403 No")
    with pytest.raises(Exception, match="403"):
        fetcher.fetch(ask("https://portal.example/a|b"), folder, FakeWatch())
    fetcher.close()
    assert [asked(request) for request in proxy.requests] == ["http://portal.example/a%7Cb?c|d", "portal.example:443"]


@pytest.mark.parametrize("host", ["x" * 70 + ".example", "xn--a"])
def test_a_host_that_cannot_be_looked_up_is_no_crash(fetcher: HttpFetcher, folder: Path, host: str) -> None:
    with pytest.raises(WorkerError):
        fetcher.fetch(ask(f"http://{host}/a"), folder, FakeWatch())
