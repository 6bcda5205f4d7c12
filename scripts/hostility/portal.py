"""A portal on loopback that answers anything at any request: broken HTTP, hostile pages, files that are none.

Orders whose number begins with `GOOD` are served as they should be. What each request gets is decided by the seed and
by its address and turn, so that a seed tells the same story again. A second address stands for a host that is not the
portal: it notes whatever is sent to it.
"""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import socketserver
import struct
import threading
from types import TracebackType
from typing import Self

from scripts.hostility.pages import file_of, good, hostile

STEER = b"<script>setInterval(() => { try { opener.location = '/orders/GOOD-1' } catch {} }, 50)</script>"
WORKER = (
    b"onfetch = (e) => e.respondWith(new Response('<title>Order GOOD-1</title>',"
    b" {headers: {'Content-Type': 'text/html'}}))"
)
LONGEST_WAIT = 12.0
_KINDS = ("attachment", "inline", "form-data")
_NAMES = (
    "a.pdf", "../../../a.pdf", "a\\..\\..\\b.pdf", ".purser", "results.csv", "\x1b[31m.pdf", "x" * 4000, "nul", "a/b",
)  # fmt: skip
_PLACES = (
    "javascript:1", "data:text/html,x", "file:///etc/passwd", "http://[", "", "/login", "@other", "/orders/GOOD-1",
    "http://127.0.0.1:1/", "ftp://127.0.0.1/", "//", "\x00", "http://a" + "b" * 5000,
)  # fmt: skip
_LOGIN = (
    b"<title>Log in</title><form method=post action=/login><input name=username>"
    b"<input type=password name=password></form>"
)
COOKIE = "sid=canary-cookie-0123456789abcdef"


def _answer(body: bytes, kind: str = "text/html; charset=utf-8", status: str = "200 OK", *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


class _Connection(socketserver.BaseRequestHandler):
    server: HostilePortal

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            told = self._read()
            if told:
                self._reply(told)

    def _read(self) -> bytes:
        self.request.settimeout(5)
        told = b""
        while b"\r\n\r\n" not in told and len(told) < 100_000:
            more = self.request.recv(65536)
            if not more:
                break
            told += more
        return told

    def _send(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            self.request.sendall(piece)
            if pause and self.server.over.wait(pause):
                return

    def _reply(self, told: bytes) -> None:
        words = told.split(b"\r\n", 1)[0].split(b" ")
        path = words[1].decode("latin-1") if len(words) > 1 else "/"
        if path == "/" or path.startswith(("/login", "/favicon")):
            self._send(self._plain(words[0], path))
            return
        parts = path.partition("?")[0].split("/")
        if "GOOD" in path:
            body = good(parts[2]).encode() if parts[1] == "orders" else file_of(path)
            kind = "text/html" if parts[1] == "orders" else "application/pdf"
            self._send(_answer(body, kind))
            return
        chance = self.server.chance_of(path)
        if parts[1] in ("steer", "worker.js", "drip"):
            fixed = {"steer": _answer(STEER), "worker.js": _answer(WORKER, "text/javascript")}
            self._send(fixed[parts[1]]) if parts[1] in fixed else self._drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
        elif parts[1] == "slow":
            self.server.over.wait(3)
            self._send(_answer(file_of(path), "application/pdf"))
        elif parts[1] == "orders" and len(parts) > 2:
            self._order(hostile(parts[2], chance, self.server.other.url), chance)
        else:
            self._file(file_of(path), chance)

    def _plain(self, method: bytes, path: str) -> bytes:
        """Answer as a portal does where one can log in and need not."""
        cookie = f"Set-Cookie: {COOKIE}; Path=/"
        if method == b"POST":
            return _answer(b"", "text/html", "303 See Other", "Location: /", cookie)
        return _answer(_LOGIN) if path.startswith("/login") else _answer(b"<title>Portal</title>Welcome")

    def _order(self, body: bytes, chance: random.Random) -> None:
        if chance.random() < 0.5:
            self._send(_answer(body))
        else:
            self._break(body, "text/html", chance)

    def _file(self, body: bytes, chance: random.Random) -> None:
        disposition = f'Content-Disposition: {chance.choice(_KINDS)}; filename="{chance.choice(_NAMES)}"'
        kind = chance.choice(["application/pdf", "text/html", "application/zip", "image/png", "", "x/" + "y" * 3000])
        content = chance.choice(
            [
                body,
                body,
                b"",
                body[:20],
                b"\0" * 2_000_000,
                b"<title>Log in</title><input type=password>",
                bytes(range(256)),
            ]
        )
        if chance.random() < 0.6:
            self._send(_answer(content, kind, "200 OK", disposition))
        else:
            self._break(content, kind, chance)

    def _drip(self, begin: bytes, piece: bytes) -> None:
        self._send(begin, *[piece] * 60, pause=LONGEST_WAIT / 60)

    def _break(self, body: bytes, kind: str, chance: random.Random) -> None:
        """Answer in a way that no server should."""
        whole = _answer(body, kind)
        half = whole[: max(1, len(whole) * 2 // 3)]
        match chance.randint(0, 17):
            case 0:
                return
            case 1:
                self._send(half)
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case 2:
                self._send(half)
            case 3:
                self._drip(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n")
            case 4:
                self._drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
            case 5:
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x")
            case 6:
                self._send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n" + body)
            case 7:
                self._send(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n" + body)
            case 8:
                self._send(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chance.choice([b"zz\r\n", b"ffffffff\r\n", b"5\r\nab"])
                    + body
                )
            case 9:
                packed = gzip.compress(body)
                self._send(_answer(packed[: len(packed) // 2], kind, "200 OK", "Content-Encoding: gzip"))
            case 10:
                self._send(_answer(gzip.compress(b"\0" * 50_000_000), kind, "200 OK", "Content-Encoding: gzip"))
            case 11:
                self._send(
                    _answer(
                        body,
                        kind,
                        "200 OK",
                        f"Content-Encoding: {chance.choice(['br', 'zstd', 'rot13', 'gzip, gzip'])}",
                    )
                )
            case 12 | 13:
                where = chance.choice(_PLACES).replace("@other", self.server.other.url)
                self._send(_answer(b"", kind, f"{chance.choice([301, 302, 303, 307, 308])} X", f"Location: {where}"))
            case 14:
                status = chance.choice(
                    [
                        "204 X",
                        "206 X",
                        "304 X",
                        "401 X",
                        "403 X",
                        "404 X",
                        "429 X",
                        "500 X",
                        "503 X",
                        "999 X",
                        "-1 X",
                        "abc",
                    ]
                )
                self._send(_answer(body, kind, status, "Retry-After: 1", "WWW-Authenticate: Basic realm=x"))
            case 15:
                cookies = [
                    f"Set-Cookie: c{place}={'v' * 500}; Path=/; Domain={chance.choice(['127.0.0.1', 'x', ''])}"
                    for place in range(80)
                ]
                self._send(_answer(body, kind, "200 OK", *cookies))
            case 16:
                self._send(chance.randbytes(chance.choice([3, 3000])))
            case _:
                self.server.over.wait(LONGEST_WAIT)


class _Other(socketserver.BaseRequestHandler):
    server: OtherHost

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.request.settimeout(2)
            told = self.request.recv(65536)
            self.server.told.append(told)
            if told.startswith(b"POST"):
                with contextlib.suppress(TimeoutError):
                    self.server.told.append(self.request.recv(65536))
            self.request.sendall(_answer(_LOGIN))


class OtherHost(socketserver.ThreadingTCPServer):
    """A host that is not the portal."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Other)
        self.told: list[bytes] = []

    @property
    def url(self) -> str:
        """Its base address, under another name than the portal's."""
        return f"http://localhost:{self.server_address[1]}"


class HostilePortal(socketserver.ThreadingTCPServer):
    """The portal.

    Args:
        seed: Decides every answer.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.other = OtherHost()
        self.over = threading.Event()
        self._seed = seed
        self._turns: dict[str, int] = {}
        self._lock = threading.Lock()
        self._servers: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def chance_of(self, path: str) -> random.Random:
        """Return what decides the next answer at an address."""
        plain = path.partition("?")[0]
        with self._lock:
            turn = self._turns[plain] = self._turns.get(plain, 0) + 1
        return random.Random(f"{self._seed} {plain} {turn}")

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections break off; that is not news here."""

    def __enter__(self) -> Self:
        for server in (self, self.other):
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            self._servers.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        for server in (self, self.other):
            server.shutdown()
            server.server_close()
        for thread in self._servers:
            thread.join()
