"""A portal that repeats password and session wherever it can: no file and no stream of the program holds them.

The one exception is a file that the portal itself sent: its content is what it is.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from tests.serving import serving
from tests.system.conftest import Sandbox, StartProgram, until

pytestmark = pytest.mark.chromium

PASSWORD = "c4nary-P4ss/w0rd+&=x"
COOKIE = "c4naryC00kie-0123456789"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
FORM = (
    "<title>Log in</title><form method=post action=/login><input name=user><input type=password name=p>"
    "<button>go</button></form>"
)
ORDERS = (
    "PATH-PARAMETER", "QUERY", "FRAGMENT", "TITLE", "DENIED", "ECHO", "GONE", "IN-PATH", "IN-NAME", "SUPPLIER", "LATE",
)  # fmt: skip


class Portal(http.server.ThreadingHTTPServer):
    """The portal. Its files say nothing that they should not."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.hanging = threading.Event()
        self.stopped = threading.Event()
        self.hangs = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that was killed resets its connections; that is not news here."""


class _Pages(http.server.BaseHTTPRequestHandler):
    server: Portal
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def _send(self, body: str | bytes, status: int = 200, kind: str = "text/html", **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self.server.hangs:
            self.server.hanging.set()
            self.server.stopped.wait(60)
            return
        where = "/" if sent.get("p") == [PASSWORD] else "/login"
        self._send("", 302, Location=where, Set_Cookie=f"sid={COOKIE}; Path=/; HttpOnly")

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if COOKIE not in (self.headers["Cookie"] or ""):
            self._send(FORM)
        elif parts.path.startswith("/orders/"):
            self._order(unquote(parts.path.split("/")[2].partition(";")[0]))
        elif parts.path.startswith("/files/"):
            self._send(PDF, kind="application/pdf")
        else:
            self._send("<title>Home</title>", 404 if parts.path.startswith("/gone/") else 200)

    def _order(self, number: str) -> None:
        page = f"<title>Order {number}</title><h1>Order {number}</h1>"
        file = f"{page}<a class=attachment href='/files/{number}/a.pdf'>a.pdf</a>"
        bare = self.path == f"/orders/{number}"
        key = quote(PASSWORD, safe="")
        match number:
            case "PATH-PARAMETER" if bare:
                self._send("", 302, Location=f"/orders/{number};jsessionid={COOKIE}")
            case "QUERY" if bare:
                self._send("", 302, Location=f"/orders/{number}?session_token={COOKIE}&k={key}")
            case "FRAGMENT":
                self._send(f"{file}<script>location.hash = 'access_token={COOKIE}'</script>")
            case "TITLE":
                self._send(f"<title>Hello {COOKIE} {PASSWORD}</title>hello")
            case "DENIED":
                self._send(f"<title>x</title><h1>Access denied for {PASSWORD} in session {COOKIE}</h1>")
            case "ECHO":
                self._send(f"<title>zzz</title><p>your password is {PASSWORD}</p><p>your session: {key} {COOKIE}</p>")
            case "GONE":
                self._send(f"{page}<a class=attachment href='/gone/{number}/a.pdf?access_token={COOKIE}'>a.pdf</a>")
            case "IN-PATH":
                self._send(f"{page}<a class=attachment href='/files/{COOKIE}/a.pdf?p={key}'>a.pdf</a>")
            case "IN-NAME":
                self._send(
                    f"{page}<a class=attachment href='/files/{COOKIE}.pdf' title='{COOKIE}.pdf'>{PASSWORD}.pdf</a>"
                )
            case "SUPPLIER":
                self._send(f"{file}<dl><dt>Supplier</dt><dd>{PASSWORD}</dd></dl>")
            case _:
                self._send(file)


@pytest.fixture
def portal() -> Iterator[Portal]:
    """The portal, running."""
    server = Portal()
    with serving(server, server.stopped):
        yield server


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal's login, and everything logged."""
    monkeypatch.setenv("PURSER_PASSWORD", PASSWORD)
    monkeypatch.setenv("PURSER_DEBUG", "1")
    monkeypatch.setenv("PURSER_RETRY_MAX_ATTEMPTS", "1")


def holding(*folders: Path) -> list[str]:
    """Name the files that hold password or session."""
    marks = (PASSWORD.encode(), COOKIE.encode(), b"c4nary", quote(PASSWORD, safe="").encode())
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(mark in path.read_bytes() or mark in bytes(path) for mark in marks)]


@pytest.mark.timeout(240)
def test_what_a_portal_repeats_is_in_no_file_and_on_no_stream(
    portal: Portal, start_program: StartProgram, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Titles, texts, addresses, names of files and suppliers; results, report, journal, manifest, evidence, logs."""
    base = f"http://127.0.0.1:{portal.server_port}"
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["po_number", *ORDERS]) + "\n")
    words = ["run", file, "--base-url", base, "--portal", "generic", "--download-dir", sandbox.downloads]
    program = start_program(*words, "--workers", "1")
    assert program.code(200) == 1, program.told()
    report = json.loads((sandbox.downloads / "report.json").read_text())
    assert report["successful_pos"] == 7
    assert "debug" in program.told(), "everything was logged"
    assert "Access denied for" in program.told(), "and what people need is told"
    assert holding(tmp_path) == []
    for path in (sandbox.downloads / "results.csv", sandbox.downloads / "report.json"):
        assert "/gone/" not in path.read_text()


@pytest.mark.timeout(120)
def test_a_program_killed_over_a_login_leaves_no_password_behind(
    portal: Portal, start_program: StartProgram, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Killed while the form is on its way; the next start goes on."""
    portal.hangs = True
    base = f"http://127.0.0.1:{portal.server_port}"
    file = tmp_path / "orders.csv"
    file.write_text("po_number\nLATE\n")
    words = ["run", file, "--base-url", base, "--portal", "generic", "--download-dir", sandbox.downloads]
    program = start_program(*words, "--sequential")
    until(portal.hanging.is_set, "the form is on its way")
    drivers = [path for path in sandbox.temp.rglob("driver.*") if path.is_file()]
    assert drivers
    program.process.kill()
    program.process.wait()
    assert holding(tmp_path) == []
    assert not [path for path in drivers if path.is_file() and b"c4nary" in path.read_bytes()]
    portal.hangs = False
    portal.stopped.set()
    again = start_program("resume", sandbox.downloads)
    assert again.code(100) == 0, again.told()
    assert holding(tmp_path) == []
