"""A small portal on loopback, for what really goes out: pages, files, a login, and bad answers."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator

FILE = b"%PDF-1.7 " + bytes(range(256)) * 300 + b"\n%%EOF\n"
"""What every file holds."""
PAGE = "<html><head><title>{path}</title></head><body><p>{path}</p><p>{cookies}</p></body></html>"
LOGIN = """<html><head><title>Sign in</title></head><body><form method="post" action="{action}">
<input type="text" name="user"><input type="password" name="password"><button type="submit">Sign in</button>
</form></body></html>"""
CONTROLS = """<html><head><title>Controls</title></head><body><a class="file" href="/file/offer.pdf">offer.pdf</a>
<button type="button" class="more"
onclick="document.getElementById('rest').textContent = 'terms.pdf'">Show more</button>
<p id="rest"></p></body></html>"""
_SECONDS_OF_A_HANG = 60.0
_DRIP = 0.01


class Site(http.server.ThreadingHTTPServer):
    """A small portal on loopback. Use it in a `with` block.

    Attributes:
        asked: Path and request headers of each request, in order.
        posted: What was sent to it by forms.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[str] = []
        self.ended = threading.Event()
        self.hung = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Site:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever breaks off an answer is not news here."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of a path; by `localhost` the same portal is another host."""
        return f"http://{host}:{self.server_port}{path}"

    def headers_of(self, path: str) -> dict[str, str]:
        """Return what the last request for a path was sent with; names in lower case."""
        return next(headers for asked, headers in reversed(self.asked) if asked == path)


@contextlib.contextmanager
def closed_address() -> Iterator[str]:
    """Give an address at which every connection is refused."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class _Answers(http.server.BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        cookies = self.headers.get("Cookie", "none")
        match self.path.partition("?")[0].split("/")[1:]:
            case ["file", name]:
                disposition = f'attachment; filename="{name}"'
                self._answer(FILE, "Application/PDF; charset=binary", Content_Disposition=disposition)
            case ["status", code]:
                self._answer(b"" if code == "204" else b"<html>no</html>", status=int(code))
            case ["login"]:
                self._answer(LOGIN.format(action="/login").encode())
            case ["login-diverted"]:
                self._answer(LOGIN.format(action="/divert").encode())
            case ["login-elsewhere"]:
                self._answer(LOGIN.format(action=self.server.url("/login", "localhost")).encode())
            case ["controls"]:
                self._answer(CONTROLS.encode())
            case ["cookie", value]:
                self._answer(FILE, "application/pdf", Set_Cookie=f"sid={value}; Path=/; HttpOnly")
            case ["page-with-cookie", value]:
                self._answer(self._page(cookies), Set_Cookie=f"sid={value}; Path=/; HttpOnly; SameSite=Lax")
            case ["round"]:
                self._answer(b"", status=302, Location="/round")
            case ["moved", name]:
                self._answer(b"", status=302, Location=f"/file/{name}")
            case ["away", name]:
                self._answer(b"", status=302, Location=self.server.url(f"/file/{name}", "localhost"))
            case ["short"]:
                self._begin(len(FILE) + 1, FILE)
                self.close_connection = True
            case ["drip"]:
                self._begin(10**8, FILE)
                while not self.server.ended.wait(_DRIP):
                    self.wfile.write(b"x" * 1000)
            case ["unannounced"]:
                self._begin(None, FILE)
                self.close_connection = True
            case ["hang"]:
                self.server.hung.set()
                self.server.ended.wait(_SECONDS_OF_A_HANG)
                self.close_connection = True
            case _:
                self._answer(self._page(cookies))

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append(sent)
        elsewhere = self.path == "/divert"
        self._answer(b"", status=302, Location=self.server.url("/stolen", "localhost") if elsewhere else "/welcome")

    def _page(self, cookies: str) -> bytes:
        return PAGE.format(path=self.path, cookies=cookies).encode()

    def _answer(self, body: bytes, media_type: str = "text/html", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        if status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, length: int | None, sent: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf")
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()
