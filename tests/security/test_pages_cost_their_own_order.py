"""A page that hangs, that leaves something behind, or that breaks off ends its own order, and reaches no other one.

Every odd order is followed by a good one whose file comes by a click, the way that would meet what was left.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from actors import ProcessingSession
from actors.browser import chromium as session_module, page as page_module
from contracts.config import HeadlessConfiguration, RetryPolicy, Timeouts
from contracts.tasks import TaskStatus
from tests.serving import serving
from tests.system.conftest import Sandbox, orders

pytestmark = pytest.mark.chromium


def whole(text: str) -> bytes:
    """A PDF that holds a text."""
    return b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%" + text.encode() + b"\ntrailer<<>>\n%%EOF\n"


def link(number: str) -> str:
    """A link to an order's own file."""
    return f"<a class=attachment href='/files/{number}.pdf'>{number}.pdf</a>"


def button(script: str) -> str:
    """A button that is an attachment and has no address."""
    return f"<a class=attachment href='#' onclick=\"{script}; return false\">a.pdf</a>"


_ASK = (
    "const a = document.createElement('a'); a.href = '/slow/{0}.pdf'; a.download = ''; document.body.append(a);"
    " a.click()"
)
_OWN = "location.href = '/files/{0}.pdf'"
_OPEN = "setTimeout(() => {{ for (let i = 0; i < 3; i++) window.open('/steer?' + i) }}, 100)"
PAGES = {
    "BUSY": "<script>while (true) {{}}</script>",
    "LATER": link("{0}") + "<script>setTimeout(() => {{ while (true) {{}} }}, 700)</script>",
    "STEER": button(f"{_OPEN}; {_OWN}"),
    "SWAP": link("{0}") + "<script>navigator.serviceWorker.register('/worker.js', {{scope: '/'}})</script>",
    "LATE": button(_ASK),
    "TWICE": button(f"{_ASK}; {_OWN}"),
    "SELF": link("{0}") + f"<script>setTimeout(() => {{{{ {_ASK} }}}}, 100)</script>".replace("/slow/", "/held/"),
    "LEAVING": link("{0}")
    + f"<script>setTimeout(() => {{{{ fetch('/asking'); {_ASK} }}}}, 4000)</script>".replace("/slow/", "/held/"),
    "FRAME": link("{0}") + "<iframe src='/frame/{0}'></iframe>",
    "FLOOD": link("{0}") + "<script>for (let i = 0; i < 3000; i++) history.pushState({{}}, '', '?' + i)</script>",
    "CLOSE": link("{0}") + "<script>window.close(); setTimeout(() => window.close(), 50)</script>",
}
"""What each page holds. `CUT` breaks off."""
_WORKER = """self.oninstall = () => self.skipWaiting(); self.onactivate = (e) => e.waitUntil(clients.claim());
self.onfetch = (e) => { const path = new URL(e.request.url).pathname.split('/');
if (path[1] === 'orders') e.respondWith(new Response(`<title>Order ${path[2]}</title><h1>Order ${path[2]}</h1>
<a class=attachment href='/files/other.pdf'>other.pdf</a>`, {headers: {'Content-Type': 'text/html'}})) }"""
_FRAME = f"<script>setTimeout(() => {{{{ {_ASK} }}}}, 100)</script>".replace("/slow/", "/held/")
_STEER = "<script>setInterval(() => { try { opener.location = '/orders/STEER' } catch {} }, 50)</script>"


_HELD = ("SELF", "LEAVING", "FRAME")
"""What asks for a file that comes amid the next order's download."""


class _Portal(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.over = threading.Event()
        self.asked = {name: threading.Event() for name in ("asking", *(f"GOOD-{one}.pdf" for one in _HELD))}

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers break connections off; that is not news here."""


class _Pages(http.server.BaseHTTPRequestHandler):
    server: _Portal
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def _send(self, body: bytes, kind: str = "text/html", length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(body)))
        if kind == "application/pdf":
            self.send_header("Content-Disposition", "attachment")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = length is not None

    def do_GET(self) -> None:
        match self.path.partition("?")[0].split("/")[1:]:
            case ["orders", number]:
                if number == "GOOD-LEAVING":  # the page before it asks for a file meanwhile
                    self.server.asked["asking"].wait(10)
                    self.server.over.wait(0.3)
                shown = PAGES.get(number, button(_OWN)).format(number)
                text = f"<!doctype html><title>Order {number}</title><h1>Order {number}</h1>{shown}".encode()
                self._send(text, length=5000 if number == "CUT" else None)
            case ["slow", name]:
                self.server.over.wait(2.5)
                self._send(whole(name), "application/pdf")
            case ["held", name]:  # comes amid the next order's download
                self.server.asked[f"GOOD-{name}"].wait(10)
                self._send(whole(name), "application/pdf")
            case ["files", name]:
                if name in self.server.asked:
                    self.server.asked[name].set()
                    self.server.over.wait(0.7)
                self._send(whole(name), "application/pdf")
            case ["frame", number]:
                self._send(_FRAME.format(number).encode())
            case ["asking"]:
                self.server.asked["asking"].set()
                self._send(b"")
            case ["worker.js"]:
                self._send(_WORKER.encode(), "text/javascript")
            case ["steer"]:
                self._send(_STEER.encode())
            case _:
                self._send(b"<title>Portal</title>")


@pytest.fixture
def portal() -> Iterator[str]:
    """Run the portal and give its address."""
    server = _Portal()
    with serving(server, server.over):
        yield f"http://127.0.0.1:{server.server_port}"


def test_what_one_page_does_or_leaves_reaches_no_other_order(
    portal: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "SECONDS_TO_LEAVE", 1.0)
    monkeypatch.setattr(page_module, "_SECONDS_TO_TELL", 5.0)
    odd = [*PAGES, "CUT"]
    numbers = [number for one in odd for number in (one, f"GOOD-{one}")]
    session = ProcessingSession(
        HeadlessConfiguration(),
        enable_parallel=False,
        base_url=portal,
        portal="generic",
        download_dir=sandbox.downloads,
        timeouts=Timeouts(page_load=10, settle=2, driver_command=40, download_stall=1.5, inactivity=60),
        retry=RetryPolicy(max_attempts=1),
    )
    session.process_pos(orders(numbers))
    ended = {result.po_number: result for result in session.results}
    for one in odd:
        good = ended[f"GOOD-{one}"]
        assert good.status is TaskStatus.COMPLETED, good
        assert good.folder is not None
        assert [path.read_bytes() for path in good.folder.iterdir()] == [whole(f"GOOD-{one}.pdf")]
    for one in ("STEER", "SWAP", "TWICE", "FLOOD", "CLOSE"):
        assert ended[one].status is TaskStatus.COMPLETED, ended[one]
    for one in ("BUSY", "LATER", "LATE", "CUT"):
        assert ended[one].status is TaskStatus.FAILED, ended[one]
    assert "did not answer in time" in ended["BUSY"].error_message
    assert "stood still" in ended["LATE"].error_message
    performance = session.get_session_report()["performance_metrics"]
    assert performance["browser_crashes"] == 0, "a browser that a page has spoilt is replaced and charged to nobody"
