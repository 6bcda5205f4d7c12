"""What Chromium shows of documents that broke off, and how they are told from whole ones."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import zlib
from collections.abc import Callable, Iterator

import brotli  # type: ignore[import-untyped]  # it brings no types
import pytest

from actors.browser.chromium import ChromiumBrowser
from contracts.errors import NetworkError
from tests.fetch.rawserver import RawServer, Script

pytestmark = pytest.mark.chromium

HEAD = b"<!doctype html><html><head><title>Order 1</title></head><body><h1>Order 1</h1>"
HALF = HEAD + b"<a class=attachment href='/files/a.pdf'>a.pdf</a>"
WHOLE = HALF + b"<!-- " + os.urandom(9000).hex().encode() + b" --><a href='/files/b.pdf'>b.pdf</a></body></html>"


def answer(body: bytes, *headers: str) -> Script:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", "Connection: close", *headers, "", ""]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + body)


def packed(name: str, body: bytes) -> Script:
    return answer(body, f"Content-Encoding: {name}", f"Content-Length: {len(body)}")


@pytest.fixture
def serve() -> Iterator[Callable[[Script], RawServer]]:
    with contextlib.ExitStack() as servers:

        def start(script: Script) -> RawServer:
            server = RawServer(script)
            servers.callback(server.stop)
            return server

        yield start


BROKEN = {
    "shorter than its length": answer(HALF, "Content-Length: 5000"),
    "no last chunk": answer(b"%x\r\n%s\r\n" % (len(HALF), HALF), "Transfer-Encoding: chunked"),
    "no chunk": answer(b"%x\r\n%s\r\nzzz\r\n" % (len(HALF), HALF), "Transfer-Encoding: chunked"),
    "not packed at all": packed("gzip", WHOLE),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_document_that_broke_off_is_network_trouble(
    browser: ChromiumBrowser, serve: Callable[[Script], RawServer], name: str
) -> None:
    with pytest.raises(NetworkError):
        browser.open(serve(BROKEN[name]).url)
    whole = browser.open(serve(answer(WHOLE)).url)
    assert (whole.unsettled, whole.unproven) == ("", ())


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)],
)
def test_a_packed_document_without_its_end_is_told(
    browser: ChromiumBrowser,
    serve: Callable[[Script], RawServer],
    name: str,
    pack: Callable[[bytes], bytes],
) -> None:
    body = pack(WHOLE)
    server = serve(packed(name, body[: len(body) // 2]))
    (one,) = browser.open(f"{server.url}/1#part").unproven
    assert (one.url, one.is_open) == (f"{server.url}/1", True)
    assert len(HEAD) < one.size < len(WHOLE)
    assert browser.open(serve(packed(name, body)).url).unproven == ()


def test_a_packed_frame_without_its_end_is_told(browser: ChromiumBrowser, serve: Callable[[Script], RawServer]) -> None:
    servers: list[RawServer] = []
    body = gzip.compress(WHOLE)

    def script(connection: socket.socket) -> None:
        asked = servers[0].requests[-1].split()[1]
        if asked == "/":
            answer(HEAD + b"<iframe src=/frame width=300 height=200></iframe></body></html>")(connection)
        else:
            packed("gzip", body[: len(body) // 2])(connection)

    servers.append(serve(script))
    (one,) = browser.open(f"{servers[0].url}/").unproven
    assert one.url == f"{servers[0].url}/frame"
    assert len(HEAD) < one.size < len(WHOLE)


def test_documents_without_an_end_are_told_when_asked(
    browser: ChromiumBrowser, serve: Callable[[Script], RawServer]
) -> None:
    server = serve(answer(HALF))
    browser.open(f"{server.url}/")
    assert browser.without_end() == (f"{server.url}/",)
    browser.open(serve(answer(WHOLE)).url)
    assert browser.without_end() == ()
