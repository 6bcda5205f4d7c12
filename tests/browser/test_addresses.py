"""Addresses, bodies and cookies are held against a real Chromium: where readings could differ, the browser's counts."""

from __future__ import annotations

import gzip
import http.server
import json
import queue
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # it brings no types
import pytest

from actors.browser.chromium import ChromiumBrowser
from actors.fetch import HttpFetcher
from actors.portals.addresses import absolute
from contracts.config import Timeouts
from contracts.errors import AttachmentError, NetworkError
from contracts.ports import Cookie, FileRequest
from tests.browser.conftest import Watch
from tests.serving import serving

pytestmark = pytest.mark.chromium

# What portals really write, and what parsers of addresses are known to disagree on.
ON_THE_PORTAL = [
    "offer.pdf",
    "\\files\\2024\\offer.pdf",
    "..\\files\\offer.pdf",
    "/files/2024\\offer.pdf?a\\b",
    " \n/offer one.pdf\t ",
    "/off\ter\r\n.pdf",
    "/a|b.pdf",
    "/a%7Cb.pdf?c|d",
    "/{1}[2]^`'\"<>.pdf",
    "/x?{1}[2]^`'\"<>",
    "/%2e/a/%2E%2e/b%2ec",
    "/a/./b/../c/..",
    "../../../../x",
    "/a//b///c",
    "/%zz%f%/x?%zz%",
    "/%41%2f%5C%7e",
    "/für/€/😀.pdf?ü=€",
    "/%FC?%FC",
    "/zero\u200bwidth\u00a0\ufeff\u00ad",
    "/low\x01\x1f\x7f?\x01\x7f",
    "?",
    "?a=1#b",
    "/x?",
    "/x?#",
    "/x#y?z",
    "/a;b=c,d:e@f&g=h+i~j!k$l*(m)",
    "./C:\\x.pdf",
    "http:same",
    "http:/same",
    "./javascript:x",
    "/nul\x00l",
]
# Compared as texts alone: other hosts, and what Chromium reads but does not follow.
ONLY_READ = [
    "http:///other.example/x",
    "http:\\\\other.example\\x",
    "///other.example/x",
    "\\\\other.example/x",
    "//OTHER.Example:80",
    "https://other.example:443/x",
    "HTTP://other.example:8080",
    "https:other.example",
    "//bücher.example/ü",
    "//faß.de",
    "//😀.example",
    "//ex%41mple.com",
    "//a。b",
    "//a_b.example",
    "//0x7f.1/",
    "//0300.1",
    "//[::FFFF:1.2.3.4]/",
    "//user:p%40ss@other.example/x",
    "//user name@other.example/x",
    "//:@other.example/",
    "//other.example:/x",
    "//other.example:080/x",
    "//other.example?x",
    "//other.example#x",
    "//other.example\\@evil.example/",
    "//other.example.",
    "/half\ud83d.pdf?\ude00",
]
NO_ADDRESS = [
    "//",
    "http://",
    "//[::1",
    "//a:99999/",
    "//a:b/",
    "//256.1.1.1/",
    "//a<b/",
    "//a%00b/",
    "mailto:a@b.example",
    "javascript:alert(1)",
    "data:,x",
    "blob:http://x/y",
    "ftp://x/y",
]

BODY = b"%PDF-1.7 " + bytes(range(256)) * 40
PACKED = gzip.compress(BODY)
RAW = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
BODIES: dict[str, tuple[str, bytes]] = {
    "plain": ("", BODY),
    "gzip": ("gzip", PACKED),
    "upper": ("GZIP", PACKED),
    "x-gzip": ("x-gzip", PACKED),
    "garbage": ("gzip", PACKED + b"garbage"),
    "zeros": ("gzip", PACKED + bytes(99)),
    "no-gzip": ("gzip", BODY),
    "empty-gzip": ("gzip", b""),
    "zlib": ("deflate", zlib.compress(BODY)),
    "raw": ("deflate", RAW.compress(BODY) + RAW.flush()),
    "no-deflate": ("deflate", BODY),
    "zlib-as-gzip": ("gzip", zlib.compress(BODY)),
    "gzip-as-deflate": ("deflate", PACKED),
    "twice": ("gzip, gzip", gzip.compress(PACKED)),
    "mixed": ("gzip, deflate", zlib.compress(PACKED)),
    "once": ("gzip, gzip", PACKED),
    "unknown-in-list": ("gzip, utf-8", PACKED),
    **{name: (name, BODY) for name in ("utf-8", "none", "binary", "base64", "7bit", "identity", "compress", "text/x")},
    "parameter": ("gzip;q=1", PACKED),
    "quoted": ('"gzip"', PACKED),
    "words": ("utf 8", BODY),
    "brotli": ("br", brotli.compress(BODY)),
    "no-brotli": ("br", BODY),
}

COOKIES = [
    "plain=1; Path=/",
    "folder=1",
    "relative=1; Path=x",
    "other=1; Path=/other",
    'quoted="a b"; Path=/',
    "equals=a=b; Path=/",
    "bare; Path=/",
    "=noname; Path=/",
    "secure=1; Path=/; Secure",
    "none=1; Path=/; SameSite=None",
    "both=1; Path=/; SameSite=None; Secure; HttpOnly",
    "__Host-a=1; Path=/; Secure",
    "__Host-b=1; Path=/",
    "__Secure-c=1; Path=/",
    "number=1; Path=/; Domain=127.0.0.1",
    "part=1; Path=/; Domain=0.0.1",
    "strange=1; Path=/; Domain=localhost",
    "aged=1; Path=/; Max-Age=0",
    "kept=1; Path=/; Max-Age=99; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "dated=1; Path=/; Expires=Wednesday, 09-Jun-55 10:18:14 GMT",
    "past=1; Path=/; Expires=Thu Jan  1 00:00:00 1970",
    "undated=1; Path=/; Expires=soon",
    "tab=a\tb; Path=/",
    "brought=new; Path=/",
    "gone=; Path=/; Max-Age=-1",
]


class Portal(http.server.ThreadingHTTPServer):
    """Answers everything, and keeps what was asked for in the order in which it came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: queue.Queue[str] = queue.Queue()
        self.cookies: list[str] = []

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser breaks connections off; that is not news here."""


class _Answers(http.server.BaseHTTPRequestHandler):
    server: Portal

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def do_GET(self) -> None:
        asked = self.requestline.split(" ", 2)[1]
        word = asked.split("/")[1]
        if word == "orders":
            self._answer(200, b"<title>Order</title>", ("Content-Type", "text/html; charset=utf-8"))
        elif word == "bodies":
            encoding, body = BODIES[asked.removeprefix("/bodies/")]
            self._answer(200, body, ("Content-Type", "application/pdf"), ("Content-Encoding", encoding))
        elif word == "set":
            self._answer(200, b"set", *(("Set-Cookie", cookie) for cookie in COOKIES))
        elif word == "show":
            self.server.cookies.append(self.headers.get("Cookie", ""))
            self._answer(200, b"shown")
        else:
            if word != "favicon.ico":
                self.server.asked.put(asked)
            self._answer(204, b"")

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def portal() -> Iterator[Portal]:
    """The portal, running."""
    with serving(Portal()) as server:
        yield server


@pytest.fixture
def fetcher() -> Iterator[HttpFetcher]:
    running = HttpFetcher(Timeouts(http_connect=5, http_read=5))
    yield running
    running.close()


def evaluated(browser: ChromiumBrowser, function: str, *arguments: object) -> Any:
    """What a function of the page's own language makes of `arguments`."""
    expression = f"({function})(...{json.dumps(arguments)})"
    told = browser._tab.command(
        "Runtime.evaluate", "testing", expression=expression, returnByValue=True, awaitPromise=True
    )
    assert "exceptionDetails" not in told, told
    return told["result"].get("value")


def requested(url: str, *, cookies: tuple[Cookie, ...] = ()) -> FileRequest:
    return FileRequest(url=url, cookies=cookies, user_agent="Test", referer=url, max_size=10**6)


def test_every_address_is_read_as_chromium_reads_it(browser: ChromiumBrowser, portal: Portal) -> None:
    base = f"{portal.url}/orders/PO1/view?x=1#part"
    browser.open(base)
    written = [*ON_THE_PORTAL, *ONLY_READ, *NO_ADDRESS]
    read = evaluated(
        browser,
        "(all, base) => all.map(one => { try { return new URL(one, base).href } catch (error) { return null } })",
        written,
        base,
    )
    theirs = {
        one: href.partition("#")[0] if href and href.startswith(("http:", "https:")) else None
        for one, href in zip(written, read, strict=True)
    }
    assert {one: absolute(base, one) for one in written} == theirs
    assert all(theirs[one] is None for one in NO_ADDRESS)


def test_every_address_goes_out_as_chromium_sends_it(
    browser: ChromiumBrowser, portal: Portal, fetcher: HttpFetcher, into: Path
) -> None:
    """A click on a link against a file fetched from the same link, by what arrives at the portal."""
    base = f"{portal.url}/files/PO1/view?x=1"
    browser.open(f"{portal.url}/orders/PO1")
    differing = {}
    for one in ON_THE_PORTAL:
        evaluated(
            browser,
            """(base, one) => {
                document.head.innerHTML = '<base>';
                document.querySelector('base').href = base;
                const link = document.createElement('a');
                link.setAttribute('href', one);
                document.body.append(link);
                link.click();
            }""",
            base,
            one,
        )
        theirs = portal.asked.get(timeout=10)
        ours = absolute(base, one)
        assert ours is not None
        with pytest.raises(AttachmentError, match="204"):
            fetcher.fetch(requested(ours), into, Watch())
        if (sent := portal.asked.get(timeout=10)) != theirs:
            differing[one] = (sent, theirs)
    assert differing == {}


def test_every_body_is_what_chromium_makes_of_it(
    browser: ChromiumBrowser, portal: Portal, fetcher: HttpFetcher, into: Path
) -> None:
    browser.open(f"{portal.url}/orders/PO1")
    theirs = evaluated(
        browser,
        """async names => {
            const read = {};
            for (const name of names)
                read[name] = await fetch('/bodies/' + name).then(answer => answer.arrayBuffer())
                    .then(body => Array.from(new Uint8Array(body)), () => null);
            return read;
        }""",
        list(BODIES),
    )
    ours: dict[str, list[int] | None] = {}
    for name in BODIES:
        try:
            ours[name] = list(fetcher.fetch(requested(f"{portal.url}/bodies/{name}"), into, Watch()).path.read_bytes())
        except (AttachmentError, NetworkError):
            ours[name] = None
    assert [name for name in BODIES if ours[name] != theirs[name]] == []


def test_cookies_that_answers_set_are_sent_back_as_chromium_does_and_can_be_given_to_it(
    browser: ChromiumBrowser, portal: Portal, fetcher: HttpFetcher, into: Path
) -> None:
    brought = (Cookie("brought", "old", "127.0.0.1"), Cookie("gone", "old", "127.0.0.1"))
    browser.open(f"{portal.url}/orders/PO1")
    try:
        browser.adopt_cookies(brought)
        evaluated(browser, "async () => { for (const path of ['/set/x/y', '/show/x']) await fetch(path) }")
        theirs = {(cookie.name, cookie.value, cookie.domain, cookie.path) for cookie in browser.cookies()}
        browser._tab.command("Storage.clearCookies", "testing")
        browser.adopt_cookies(brought)

        for path in ("/set/x/y", "/show/x"):
            fetcher.fetch(requested(f"{portal.url}{path}", cookies=brought), into, Watch())
        browser.adopt_cookies(fetcher.take_cookies())
        ours = {(cookie.name, cookie.value, cookie.domain, cookie.path) for cookie in browser.cookies()}
    finally:
        browser._tab.command("Storage.clearCookies", "testing")
    in_chromium, in_fetcher = (set(line.split("; ")) for line in portal.cookies)
    assert in_fetcher == in_chromium
    assert ours == theirs
