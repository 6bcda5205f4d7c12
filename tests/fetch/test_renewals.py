"""What a portal's answers set counts at once, stays with the portal, and can be taken along."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from actors.addresses import WebAddress, web_address
from actors.fetch import HttpFetcher
from actors.fetch.cookies import cookie_header
from actors.fetch.renewals import RenewedCookies
from contracts.errors import AttachmentError, AuthenticationError
from contracts.ports import Cookie, FileRequest
from tests.fetch.rawserver import FakeWatch, RawServer, Script, answer, ask, by_path

Serve = Callable[[Script], RawServer]
NOW = 1_700_000_000.0


def sent(request: str) -> str:
    return next((line for line in request.split("\r\n") if line.startswith("Cookie: ")), "")


def at(address: str) -> WebAddress:
    found = web_address(address)
    assert found is not None
    return found


def test_a_redirect_that_sets_a_cookie_opens_the_gate_it_leads_to(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    """Gates of load balancers send the browser to the same address again, with a cookie."""

    def gate(connection: socket.socket) -> None:
        step = (
            answer(b"file")
            if "gate=open" in sent(server.requests[-1])
            else answer(b"", "307 Wait", "Location: /files/a", "Set-Cookie: gate=open; Max-Age=5; Path=/files")
        )
        step(connection)

    server = serve(gate)
    assert fetcher.fetch(ask(f"{server.url}/files/a"), folder, FakeWatch()).size == 4
    assert [sent(request) for request in server.requests] == ["Cookie: login=secret", "Cookie: gate=open; login=secret"]


def test_a_rotated_cookie_replaces_the_browsers_until_it_is_taken(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    script = by_path(
        lambda: server.requests,
        rotate=answer(b"x", "200 OK", "Set-Cookie: login=second; Path=/; HttpOnly", "Set-Cookie: more=1; Path=/"),
        refuse=answer(b"x", "403 No", "Set-Cookie: more=2; Path=/"),
        other=answer(b"x"),
    )
    server = serve(script)
    fetcher.fetch(ask(f"{server.url}/rotate"), folder, FakeWatch())
    with pytest.raises(AttachmentError):
        fetcher.fetch(ask(f"{server.url}/refuse"), folder, FakeWatch())
    fetcher.fetch(ask(f"{server.url}/a"), folder, FakeWatch())
    taken = fetcher.take_cookies()
    fetcher.fetch(ask(f"{server.url}/a"), folder, FakeWatch())
    assert [sent(request).removeprefix("Cookie: ") for request in server.requests] == [
        "login=secret",
        "login=second; more=1",
        "login=second; more=2",
        "login=secret",
    ]
    assert [(cookie.name, cookie.value, cookie.http_only) for cookie in taken] == [
        ("login", "second", True),
        ("more", "2", False),
    ]
    assert fetcher.take_cookies() == ()


def test_a_deleted_cookie_is_sent_no_more_and_is_told_as_past(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    def script(connection: socket.socket) -> None:
        gone = ("Set-Cookie: login=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",)
        answer(b"x", "200 OK", *(gone if len(server.requests) == 1 else ()))(connection)

    server = serve(script)
    for _ in range(2):
        fetcher.fetch(ask(f"{server.url}/a"), folder, FakeWatch())
    assert sent(server.requests[1]) == ""
    (cookie,) = fetcher.take_cookies()
    assert cookie.name == "login"
    assert cookie.expires is not None
    assert 0 < cookie.expires < NOW


def test_an_answer_that_wants_a_login_sets_cookies_too(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    server = serve(answer(b"", "302 Found", "Location: /login", "Set-Cookie: back=/a"))
    with pytest.raises(AuthenticationError):
        fetcher.fetch(ask(f"{server.url}/a"), folder, FakeWatch())
    assert [cookie.value for cookie in fetcher.take_cookies()] == ["/a"]


def elsewhere(request: FileRequest, *hosts: str) -> FileRequest:
    return attrs.evolve(request, allowed_hosts=hosts)


def test_an_allowed_host_gets_no_cookie_sets_none_and_learns_no_order(
    serve: Serve, fetcher: HttpFetcher, folder: Path
) -> None:
    """The way leads out of the portal and back: its cookies count there again."""
    portal = serve(answer(b"file"))
    planted = ("Set-Cookie: planted=1; Path=/", "Set-Cookie: login=evil")
    store = serve(answer(b"", "302 Found", f"Location: {portal.url}/c", *planted))
    away = answer(b"", "302 Found", f"Location: http://localhost:{store.port}/b?sig=1")
    portal.script = by_path(lambda: portal.requests, a=away, other=answer(b"file"))
    request = elsewhere(ask(f"{portal.url}/a", referer=f"{portal.url}/orders/PO1"), f"localhost:{store.port}")
    file = fetcher.fetch(request, folder, FakeWatch())
    assert file.url == f"{portal.url}/c"
    assert "Cookie" not in store.requests[0]
    assert f"Referer: {portal.url}/\r\n" in store.requests[0]
    assert [sent(request) for request in portal.requests] == ["Cookie: login=secret"] * 2
    assert all(f"Referer: {portal.url}/orders/PO1\r\n" in request for request in portal.requests)
    assert fetcher.take_cookies() == ()


def test_a_file_may_begin_on_an_allowed_host_and_on_no_other(serve: Serve, fetcher: HttpFetcher, folder: Path) -> None:
    store = serve(answer(b"file", "200 OK", "Set-Cookie: planted=1"))
    request = ask(f"http://localhost:{store.port}/a", referer="http://127.0.0.1:9/orders/1")
    with pytest.raises(AttachmentError, match=rf"localhost:{store.port}.*allowed_file_hosts"):
        fetcher.fetch(request, folder, FakeWatch())
    assert store.requests == []
    assert fetcher.fetch(elsewhere(request, "localhost"), folder, FakeWatch()).size == 4
    assert "Cookie" not in store.requests[0]
    assert "Referer: http://127.0.0.1:9/\r\n" in store.requests[0]
    assert fetcher.take_cookies() == ()


@pytest.mark.parametrize(
    "script", [answer(b"", "401 No"), answer(b"<!doctype html><input type=password>", "200 OK"), answer(b"", "403 No")]
)
def test_a_login_that_an_allowed_host_wants_is_the_files_own_fault(
    serve: Serve, fetcher: HttpFetcher, folder: Path, script: Script
) -> None:
    """The portal's login has not expired, and must not be renewed for it."""
    request = ask(f"http://localhost:{serve(script).port}/a", referer="http://127.0.0.1:9/orders/1")
    with pytest.raises(AttachmentError):
        fetcher.fetch(elsewhere(request, "localhost"), folder, FakeWatch())


def test_what_only_the_browser_knows_of_a_cookie_is_kept_when_it_is_renewed() -> None:
    renewed = RenewedCookies(lambda: NOW)
    old = Cookie("a", "1", "portal.example", raw={"sourcePort": 443, "sourceScheme": "Secure", "size": 2})
    renewed.note([b"a=2; Path=/; SameSite=Strict"], at("https://portal.example/x"), (old,))
    (cookie,) = renewed.take()
    assert cookie.raw["value"] == "2"
    assert cookie.raw["sourcePort"] == 443
    assert cookie.raw["sameSite"] == "Strict"
    assert "size" not in cookie.raw


def test_equal_names_of_other_domains_paths_and_partitions_are_other_cookies() -> None:
    renewed = RenewedCookies(lambda: NOW)
    held = (
        Cookie("a", "host", "www.portal.example"),
        Cookie("a", "domain", ".portal.example", host_only=False),
        Cookie("a", "deep", "www.portal.example", path="/x"),
    )
    renewed.note([b"a=new; Path=/"], at("https://www.portal.example/x/y"), held)
    merged = renewed.on_top_of(held)
    assert {cookie.value for cookie in merged} == {"new", "domain", "deep"}
    header = cookie_header(merged, at("https://www.portal.example/x/y"), NOW)
    assert header.startswith(b"a=deep; ")


def test_a_secure_cookie_is_not_replaced_without_encryption() -> None:
    renewed = RenewedCookies(lambda: NOW)
    held = (Cookie("a", "safe", "portal.example", secure=True),)
    renewed.note([b"a=evil; Path=/", b"a=evil; Path=/x", b"b=fine"], at("http://portal.example/x"), held)
    assert [cookie.value for cookie in renewed.take()] == ["fine"]


def test_bytes_that_are_no_text_go_back_to_the_portal_and_nowhere_else() -> None:
    renewed = RenewedCookies(lambda: NOW)
    renewed.note([b"a=\xff\xfe; Path=/"], at("http://portal.example/"), ())
    assert cookie_header(renewed.on_top_of(()), at("http://portal.example/"), NOW) == b"a=\xff\xfe"
    assert renewed.take() == ()


def test_the_oldest_goes_when_a_portal_sets_cookies_without_end() -> None:
    renewed = RenewedCookies(lambda: NOW)
    for number in range(500):
        renewed.note([b"n%d=1" % number, b"login=%d" % number], at("http://portal.example/"), ())
    taken = renewed.take()
    assert len(taken) == 180
    assert taken[-1].value == "499"
