"""Files arrive whole or not at all, whatever the portal does, and cookies stay with the portal."""

from __future__ import annotations

import errno
import gzip
import hashlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import attrs
import httpx
import pytest

from actors.fetch import HttpFetcher
from actors.fetch.sink import FileSink
from contracts.config import Timeouts
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    MachineError,
    NetworkError,
    PortalError,
    WorkerError,
)
from contracts.ports import Cookie, Fetcher
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask

Serve = Callable[[Script], RawServer]
BODY = b"%PDF-1.7 " + bytes(range(256)) * 300


def test_a_file_arrives_with_its_size_hash_and_headers(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    server = serve(
        answer(BODY, "200 OK", "Content-Type: Application/PDF; x=y", 'Content-Disposition: attachment; filename="a b"')
    )
    watch = FakeWatch()
    port: Fetcher = fetcher
    file = port.fetch(ask(f"{server.url}/a.pdf"), folder, watch)
    assert file.path.parent == folder
    assert file.path.read_bytes() == BODY
    assert (file.size, file.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert (file.media_type, file.disposition) == ("application/pdf", 'attachment; filename="a b"')
    assert (file.declared_size, file.url) == (len(BODY), f"{server.url}/a.pdf")
    assert watch.touches >= 2


def test_the_request_looks_like_the_browsers(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    server = serve(answer(BODY))
    fetcher.fetch(ask(f"{server.url}/a.pdf", referer=f"{server.url}/order_headers/1#x"), folder, FakeWatch())
    (request,) = server.requests
    assert "User-Agent: TestBrowser/1.0\r\n" in request
    assert f"Referer: {server.url}/order_headers/1\r\n" in request
    assert "Cookie: login=secret\r\n" in request
    assert "Accept-Encoding: identity\r\n" in request


def test_two_files_in_one_folder_do_not_meet(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    server = serve(answer(BODY))
    first, second = (fetcher.fetch(ask(f"{server.url}/a.pdf"), folder, FakeWatch()) for _ in range(2))
    assert first.path != second.path


def test_a_redirect_to_another_host_gets_no_request_and_no_cookie(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    thief = serve(answer(BODY))
    for place in (f"http://localhost:{thief.port}/x", f"http://127.0.0.1:{thief.port}/x"):
        server = serve(answer(b"", "302 Found", f"Location: {place}"))
        with pytest.raises(AttachmentError, match="another host"):
            fetcher.fetch(ask(f"{server.url}/a.pdf"), folder, FakeWatch())
    assert thief.requests == []


def test_a_redirect_within_the_portal_is_followed_with_cookies(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    def script(connection: socket.socket) -> None:
        step = answer(b"", "302 Found", "Location: /real.pdf") if len(server.requests) == 1 else answer(BODY)
        step(connection)

    server = serve(script)
    file = fetcher.fetch(ask(f"{server.url}/a.pdf"), folder, FakeWatch())
    assert file.url == f"{server.url}/real.pdf"
    assert all("login=secret" in request for request in server.requests)


def test_redirects_without_end_are_given_up(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    server = serve(answer(b"", "302 Found", "Location: /a.pdf"))
    with pytest.raises(AttachmentError, match="more than 20 times"):
        fetcher.fetch(ask(f"{server.url}/a.pdf"), folder, FakeWatch())
    assert len(server.requests) == 21


@pytest.mark.parametrize(
    "script",
    [
        answer(b"", "302 Found", "Location: /login"),
        answer(b"", "401 Unauthorized"),
        answer(b"<!doctype html><input type=password>", "200 OK", "Content-Type: application/pdf"),
    ],
)
def test_a_login_in_place_of_a_file_is_a_missing_login(
    serve: Serve, fetcher: HttpFetcher, folder: Path, script: Script
) -> None:
    with pytest.raises(AuthenticationError):
        fetcher.fetch(ask(f"{serve(script).url}/a.pdf"), folder, FakeWatch())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "status", ["400 Bad", "403 Forbidden", "404 Not Found", "410 Gone", "204 None", "206 Part", "304 Same"]
)
def test_a_refusal_is_the_attachments_own_fault(serve: Serve, fetcher: HttpFetcher, folder: Path, status: str) -> None:
    with pytest.raises(AttachmentError):
        fetcher.fetch(ask(f"{serve(answer(b'', status)).url}/a.pdf"), folder, FakeWatch())


@pytest.mark.parametrize(
    ("status", "number"), [("408 Slow", 408), ("429 Many", 429), ("500 Oops", 500), ("503 No", 503)]
)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("X-None: 1", None), ("Retry-After: 12", 12.0), ("Retry-After: Tue, 14 Nov 2023 22:13:50 GMT", 30.0)],
)
def test_trouble_of_the_portal_carries_status_and_wait(
    serve: Serve, fetcher: HttpFetcher, folder: Path, status: str, number: int, header: str, seconds: float | None
) -> None:
    with pytest.raises(PortalError) as caught:
        fetcher.fetch(ask(f"{serve(answer(b'', status, header)).url}/a.pdf"), folder, FakeWatch())
    assert (caught.value.http_status, caught.value.retry_after) == (number, seconds)


def stall_after(data: bytes, server: list[RawServer]) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        server[0].over.wait(20)

    return script


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12345"])
def test_a_stall_anywhere_is_a_network_failure(serve: Serve, fetcher: HttpFetcher, folder: Path, data: bytes) -> None:
    servers: list[RawServer] = []
    servers.append(serve(stall_after(data, servers)))
    with pytest.raises(NetworkError, match="No byte of"):
        fetcher.fetch(ask(f"{servers[0].url}/a.pdf"), folder, FakeWatch())
    assert list(folder.iterdir()) == []


def test_a_drip_ends_when_the_lease_does(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.over.wait(0.01):
            connection.sendall(b"x")

    server = serve(drip)
    watch = FakeWatch(revoked_after=6)
    with pytest.raises(NetworkError, match="revoked by the test"):
        fetcher.fetch(ask(f"{server.url}/a.pdf"), folder, watch)
    assert watch.checks == 6
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "script",
    [
        answer(BODY, length=len(BODY) + 1),
        answer(b"5\r\nabcde\r\n", "200 OK", "Transfer-Encoding: chunked", length=-1),
        answer(b"not http", "", length=-1),
    ],
)
def test_a_file_that_breaks_off_is_a_network_failure(
    serve: Serve, fetcher: HttpFetcher, folder: Path, script: Script
) -> None:
    with pytest.raises(NetworkError) as caught:
        fetcher.fetch(ask(f"{serve(script).url}/a.pdf"), folder, FakeWatch())
    assert not isinstance(caught.value, PortalError)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "script",
    [
        answer(BODY),
        answer(BODY, length=-1),
        answer(gzip.compress(bytes(10_000_000)), "200 OK", "Content-Encoding: gzip"),
    ],
)
def test_a_file_above_the_limit_is_broken_off(serve: Serve, fetcher: HttpFetcher, folder: Path, script: Script) -> None:
    with pytest.raises(AttachmentLimitError):
        fetcher.fetch(ask(f"{serve(script).url}/a.pdf", max_size=len(BODY) - 1), folder, FakeWatch())
    assert list(folder.iterdir()) == []


def test_a_file_of_exactly_the_limit_is_kept_and_an_empty_one_is_told_as_such(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    assert fetcher.fetch(ask(f"{serve(answer(BODY)).url}/a", max_size=len(BODY)), folder, FakeWatch()).size == len(BODY)
    assert fetcher.fetch(ask(f"{serve(answer(b'')).url}/a"), folder, FakeWatch()).size == 0


def test_a_full_disk_is_the_hosts_fault(tmp_path: Path) -> None:
    with FileSink(tmp_path, 100) as sink:
        sink._file.close()
        sink._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - the sink closes it
        with pytest.raises(MachineError) as caught:
            sink.write(b"x")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_the_hosts_fault(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    with pytest.raises(MachineError):
        fetcher.fetch(ask(f"{serve(answer(BODY)).url}/a.pdf"), folder / "gone", FakeWatch())


def test_a_refused_connection_is_a_network_failure(fetcher: HttpFetcher, folder: Path, closed_port: int) -> None:
    with pytest.raises(NetworkError):
        fetcher.fetch(ask(f"http://127.0.0.1:{closed_port}/a.pdf"), folder, FakeWatch())


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/a", "file:///etc/passwd", "a.pdf", "http://u:p@127.0.0.1/a"])
def test_only_plain_web_addresses_are_fetched(fetcher: HttpFetcher, folder: Path, address: str) -> None:
    with pytest.raises(AttachmentError):
        fetcher.fetch(ask(address), folder, FakeWatch())


def test_no_message_and_no_log_line_holds_a_cookie_or_a_query(
    serve: Serve, fetcher: HttpFetcher, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = ""
    for script in (answer(b"", "500 Oops", "Set-Cookie: a=planted"), answer(b"", "404 No"), answer(BODY, length=10**6)):
        request = ask(f"{serve(script).url}/a.pdf?token=hush")
        request = attrs.evolve(request, cookies=(Cookie("a", "secret\n", "127.0.0.1"), *request.cookies))
        with pytest.raises(WorkerError) as caught:
            fetcher.fetch(request, folder, FakeWatch())
        told += str(caught.value) + repr(request.cookies)
    assert "secret" not in told + caplog.text
    assert "hush" not in told + caplog.text
    assert "planted" not in told + caplog.text


def test_the_probe_tells_the_status_without_cookies_or_redirects(serve: Serve, fetcher: HttpFetcher) -> None:
    server = serve(answer(b"", "302 Found", "Location: /login", "Set-Cookie: a=b"))
    assert [fetcher.probe(server.url), fetcher.probe(server.url)] == [302, 302]
    assert not any("Cookie" in request for request in server.requests)
    assert fetcher.probe(serve(answer(b"", "503 No")).url) == 503


def test_the_probe_of_a_silent_or_closed_portal_is_none(serve: Serve, fetcher: HttpFetcher, closed_port: int) -> None:
    servers: list[RawServer] = []
    servers.append(serve(stall_after(b"", servers)))
    assert fetcher.probe(servers[0].url) is None
    assert fetcher.probe(f"http://127.0.0.1:{closed_port}") is None


def test_fetchers_share_one_encryption_context() -> None:
    from actors.fetch.fetcher import _shared_ssl_context

    assert _shared_ssl_context() is _shared_ssl_context()
    for _ in range(2):
        HttpFetcher(Timeouts()).close()


@pytest.mark.parametrize("sent", [b"12345", b"1234567890!"])
def test_the_announced_size_is_compared_even_if_the_transport_does_not(
    fetcher: HttpFetcher, folder: Path, sent: bytes
) -> None:
    def lie(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": "10"}, stream=httpx.ByteStream(sent))

    fetcher.close()
    fetcher._client = httpx.Client(transport=httpx.MockTransport(lie))
    with pytest.raises(NetworkError, match="of 10 announced bytes"):
        fetcher.fetch(ask("http://127.0.0.1/a.pdf"), folder, FakeWatch())
    assert list(folder.iterdir()) == []


PAGE = b"<html><body>" + b"x" * 5000 + b"</body></html>"


def test_a_page_is_read_to_its_end_packed_as_browsers_ask_for_it(serve: Serve, fetcher: HttpFetcher) -> None:
    server = serve(answer(gzip.compress(PAGE), "200 OK", "Content-Encoding: gzip"))
    end = fetcher.end_of(ask(f"{server.url}/1"), FakeWatch())
    assert end.text == PAGE[-1024:]
    assert end.is_certain
    assert "Accept-Encoding: gzip, deflate, br, zstd\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "script",
    [
        answer(gzip.compress(PAGE)[:-12], "200 OK", "Content-Encoding: gzip"),
        answer(PAGE, "200 OK", "Content-Encoding: br"),
        answer(PAGE, length=len(PAGE) + 1),
    ],
)
def test_a_page_that_is_not_whole_is_network_trouble(serve: Serve, fetcher: HttpFetcher, script: Script) -> None:
    with pytest.raises(NetworkError):
        fetcher.end_of(ask(f"{serve(script).url}/1"), FakeWatch())


def test_a_page_that_ends_with_its_connection_has_no_certain_end(serve: Serve, fetcher: HttpFetcher) -> None:
    assert not fetcher.end_of(ask(f"{serve(answer(PAGE, length=-1)).url}/1"), FakeWatch()).is_certain
