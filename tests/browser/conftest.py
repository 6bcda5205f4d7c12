"""A tiny portal on loopback, a browser that a module's tests share, and a watch that never ends."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from actors.browser.chromium import ChromiumBrowser
from actors.browser.find import find_browser
from actors.browser.launch import ChromiumLauncher
from actors.processes.ledger import ProcessLedger
from contracts.config import HeadlessConfiguration, Timeouts
from contracts.errors import NetworkError
from contracts.ports import Owner
from tests.serving import serving

FILE = bytes(range(256)) * 256

_LINKS = """<html><head><title>Purchase Order #PO1</title></head><body>
<a class=file href="/file/first.pdf">1</a><span class=file role=button onclick="location='/file/second.msg'">2</span>
<a class=newtab target=_blank href="/file/third.bin">3</a>
<span class=opens onclick="window.open('/file/fourth.bin')">4</span>
<span class=opens onclick="window.open('/login')">5</span>
<a class=stall href="/stall">6</a><a class=cut href="/cut">7</a><a class=login href="/login">8</a>
<a class=page href="/plain">9</a><a class=broken href="/status/503">10</a><a class=gone href="/status/404">11</a>
<a class=inline href="/inline.txt">12</a><a class=drip href="/drip">13</a><a class=dead>14</a>
<div style="position:fixed;inset:0;background:#fff">a bar over everything</div></body></html>"""

_LOGIN = """<html><head><title>Sign in</title></head><body><form method=post action="/login">
<input type=text name=hidden style="display:none"><input type=text name=user><input type=password name=password>
<button type=submit>Sign in</button></form></body></html>"""


class Site(http.server.ThreadingHTTPServer):
    """The portal."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.stopped = threading.Event()
        self.waiting = threading.Event()
        self.broken_off = threading.Event()
        self.posted: list[str] = []
        self.pages: dict[str, str] = {}
        self.asked: list[str] = []
        self.received: list[tuple[str, str, str]] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Absolute address of a path; by `localhost` the same portal is another host to a browser."""
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that was killed resets its connections; that is not news here."""


class _Pages(http.server.BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def _answer(self, body: bytes, media_type: str = "text/html", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, length: int, sent: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Disposition", 'attachment; filename="part.bin"')
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        self.server.received.append((self.headers["Host"], self.path, ""))
        if path in self.server.pages:
            self._answer(self.server.pages[path].encode(), "text/html; charset=utf-8")
            return
        match path.split("/")[1:]:
            case ["slow", "list"]:
                self.server.stopped.wait(0.4)
                self._answer(b'["offer.pdf", "terms.pdf"]', "application/json")
            case ["slow", "frame"]:
                body = b"<!doctype html><p>there</p>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.flush()
                self.server.stopped.wait(0.4)
                self.wfile.write(body)
            case ["links"]:
                self._answer(_LINKS.encode())
            case ["login"]:
                self._answer(_LOGIN.encode())
            case ["file", name]:
                disposition = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
                self._answer(FILE, "application/octet-stream", Content_Disposition=disposition)
            case ["inline.txt"]:
                self._answer(FILE, "text/plain")
            case ["popup"]:
                self._answer(b"<html><body onload=\"window.open('/second')\">first</body></html>")
            case ["dialog"]:
                self._answer(b"<html><body onload=\"setTimeout(() => alert('hello'))\">first</body></html>")
            case ["status", code]:
                self._answer(b"" if code == "500" else b"<html>no</html>", status=int(code))
            case ["nothing"]:
                self.send_response(204)
                self.end_headers()
            case ["hang"]:
                self.server.waiting.set()
                self.server.stopped.wait(60)
                self.close_connection = True
            case ["stall"]:
                self._begin(10**6, FILE)
                self.server.stopped.wait(60)
            case ["drip"]:
                self._begin(10**8, FILE)
                try:
                    while not self.server.stopped.wait(0.01):
                        self.wfile.write(b"x" * 1000)
                except OSError:
                    self.server.broken_off.set()
            case ["cut"]:
                self._begin(10**6, FILE)
                self.close_connection = True
            case ["cookies"]:
                self._answer(
                    f"<html>{self.headers.get('Cookie', 'none')}</html>".encode(),
                    Set_Cookie="sid=abc; HttpOnly; Path=/; SameSite=Lax",
                )
            case _:
                self._answer(f"<html><title>{path}</title>{path}</html>".encode())

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.posted.append(sent)
        self.server.received.append((self.headers["Host"], self.path, sent))
        match self.path.split("/")[1:]:
            case ["divert", code]:
                self._answer(b"", status=int(code), Location=self.server.url("/stolen", "localhost"))
            case ["hang"]:
                self.server.stopped.wait(60)
                self.close_connection = True
            case ["cut"]:
                self.close_connection = True
            case ["status", code]:
                self._answer(b"<title>no</title>no", status=int(code))
            case ["stolen"]:
                self._answer(b"<title>thanks</title>thanks")
            case _:
                self._answer(b"", status=302, Location="/welcome")


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The portal, running."""
    server = Site()
    with serving(server, server.stopped):
        yield server


@attrs.define(eq=False)
class Watch:
    """A watch that waits for real and ends after a number of steps, if one is given."""

    steps: int | None = None
    touches: int = 0

    def touch(self) -> None:
        self.touches += 1

    def check(self) -> None:
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise NetworkError("The step's deadline has passed.")

    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)
        self.check()

    def remaining(self) -> float:
        return 60.0


@pytest.fixture
def watch() -> Watch:
    """A watch that never ends."""
    return Watch()


TIMEOUTS = Timeouts(page_load=5, settle=4, driver_command=20, download_stall=1.5)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessLedger]:
    """An open ledger; what it finds at the end is killed."""
    with ProcessLedger(tmp_path_factory.mktemp("state"), watchdog=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def launcher(ledger: ProcessLedger) -> ChromiumLauncher:
    """A launcher with short deadlines."""
    config = HeadlessConfiguration()
    found = find_browser(config, may_fetch=False)
    return ChromiumLauncher(config, TIMEOUTS, ledger=ledger, root=ledger.root, found=found)


@pytest.fixture(scope="module")
def browser(launcher: ChromiumLauncher, ledger: ProcessLedger) -> Iterator[ChromiumBrowser]:
    """A browser for all tests of a module that do not break it."""
    owner = Owner("shared", 1)
    opened = launcher.launch(owner)
    yield opened
    opened.close()
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    ledger.forget(owner)
    launcher.remove_folder(owner)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """An empty staging folder."""
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder
