"""A raw server on loopback that sends exactly the bytes a test wants, and a watch that a test can revoke."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

import attrs

from contracts.errors import NetworkError
from contracts.ports import Cookie, FileRequest

Script = Callable[[socket.socket], None]


class RawServer:
    """Answers each request by running `script` on the connection, then closes it. `requests` keeps what came in."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[str] = []
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.over.is_set():
                connection.close()
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            received = b""
            while b"\r\n\r\n" not in received:
                data = connection.recv(65536)
                if not data:
                    return
                received += data
            self.requests.append(received.decode("utf-8"))
            self.script(connection)

    def stop(self) -> None:
        self.over.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            pass  # wakes the thread that accepts
        self._threads[0].join(10)
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # a browser opens some in advance and asks nothing on them
        for thread in self._threads:
            thread.join(10)
        self._listener.close()


@attrs.define
class FakeWatch:
    """A lease's watch. It raises from the `revoked_after`-th check on."""

    revoked_after: int | None = None
    checks: int = 0
    touches: int = 0

    def touch(self) -> None:
        self.touches += 1

    def check(self) -> None:
        self.checks += 1
        if self.revoked_after is not None and self.checks >= self.revoked_after:
            raise NetworkError("revoked by the test")

    def wait(self, seconds: float) -> None:
        self.check()

    def remaining(self) -> float:
        return 60.0


def answer(body: bytes = b"", status: str = "200 OK", *headers: str, length: int | None = None) -> Script:
    """A script that sends one whole answer; `length` lies about its size, -1 leaves the size out."""
    announced = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close"]
    if announced >= 0:
        lines.append(f"Content-Length: {announced}")
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def ask(url: str, *, referer: str = "", max_size: int = 1_000_000) -> FileRequest:
    """A request with a login cookie for 127.0.0.1 and one for localhost."""
    return FileRequest(
        url=url,
        cookies=(Cookie("login", "secret", "127.0.0.1"), Cookie("other", "hidden", "localhost")),
        user_agent="TestBrowser/1.0",
        referer=referer or url,
        max_size=max_size,
    )


def by_path(requests: Callable[[], list[str]], **answers: Script) -> Script:
    """A script that answers by the first word of the path that was asked for last, with `other` for all the rest."""

    def script(connection: socket.socket) -> None:
        word = requests()[-1].split()[1].strip("/").partition("?")[0].partition("/")[0]
        answers.get(word, answers["other"])(connection)

    return script
