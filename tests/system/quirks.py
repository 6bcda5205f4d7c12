"""A portal with one odd page an order: what each shows, and how the order has to end. For the tests of what is seen."""

from __future__ import annotations

import gzip
import http.server
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import attrs

from contracts.tasks import TaskStatus
from tests.serving import serving

DONE, NONE, SOME, FAILED = TaskStatus.COMPLETED, TaskStatus.NO_ATTACHMENTS, TaskStatus.PARTIAL, TaskStatus.FAILED
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n" + b"%" + b"x" * 3000 + b"\ntrailer<<>>\n%%EOF\n"


def zipped() -> bytes:
    """A small archive."""
    into = BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("offer.txt", "offer " * 300)
    return into.getvalue()


def link(name: str) -> str:
    """A link that is an attachment."""
    return f"<a class=attachment href='/files/{name}'>{name}</a>"


def button(script: str, name: str = "a.pdf") -> str:
    """A button that is an attachment and has no address."""
    return f"<a class=attachment href='#' onclick=\"{script}; return false\">{name}</a>"


@attrs.frozen
class Quirk:
    """One order.

    Args:
        body: What its page shows.
        status: How it has to end.
        found: How many attachments it has.
        says: What its error message holds.
        head: What its page's head holds.
    """

    body: str
    status: TaskStatus
    found: int
    says: str = ""
    head: str = ""


_FILL = "document.getElementById('list').innerHTML = "
_LATE = (
    "<h2>Attachments</h2><div id=list>Loading&hellip;</div><script>addEventListener('load', () => {{ {0} }})</script>"
)
_NOTHING = "<h2>Attachments</h2><p>None</p>"

QUIRKS = {
    "PO-late-request": Quirk(
        _LATE.format(f"fetch('/slow').then((r) => r.text()).then((t) => {{ {_FILL} t }})"), DONE, 2
    ),
    "PO-late-timer": Quirk(_LATE.format(f'setTimeout(() => {{ {_FILL} "{link("a.pdf")}" }}, 500)'), DONE, 1),
    "PO-never": Quirk(_LATE.format("fetch('/hang')"), FAILED, 0, "not proven that there is none"),
    "PO-frame": Quirk("<iframe src='/frame' width=400 height=200></iframe>", DONE, 1),
    "PO-srcdoc": Quirk(f'<iframe srcdoc="{link("a.pdf")}"></iframe>', DONE, 1),
    "PO-shadow": Quirk(
        f"<div id=s></div><script>s.attachShadow({{mode: 'closed'}}).innerHTML = `{link('a.pdf')}`</script>", DONE, 1
    ),
    "PO-pages": Quirk("@pages", DONE, 7),
    "PO-counter": Quirk(f"<h2>Attachments (3)</h2>{link('a.pdf')}", SOME, 3, "there may be more than is listed"),
    "PO-none-stated": Quirk("<h2>Attachments (2)</h2>", FAILED, 0, "not proven that there is none"),
    "PO-tab": Quirk(
        "<ul role=tablist><li><a role=tab aria-selected=true href='#one'>Lines</a></li>"
        "<li><a role=tab aria-selected=false aria-controls=two href='#two' id=tab>Attachments</a></li></ul>"
        "<div id=one role=tabpanel><table><tr><td>1</td></tr></table></div><div id=two role=tabpanel hidden></div>"
        "<script>tab.onclick = () => { tab.setAttribute('aria-selected', 'true'); two.hidden = false;"
        " fetch('/slow').then((r) => r.text()).then((t) => { two.innerHTML = t }) }</script>",
        DONE,
        2,
    ),
    "PO-more": Quirk(
        f"<h2>Attachments</h2><div id=list>{link('a.pdf')}</div><button type=button id=more>Show more</button>"
        f"<script>more.onclick = () => {{ list.insertAdjacentHTML('beforeend', \"{link('b.pdf')}\"); more.remove() }}"
        "</script>",
        DONE,
        2,
    ),
    "PO-elsewhere": Quirk(
        f"{link('a.pdf')} <a class=attachment href='@other/files/b.pdf'>b.pdf</a>", SOME, 2, "allowed_file_hosts"
    ),
    "PO-hanging-image": Quirk(f"<img src='@other/hang'>{link('a.pdf')}", DONE, 1),
    "PO-names": Quirk(link("a.pdf"), DONE, 1, head="<script>const performance = 1; JSON = Promise = null</script>"),
    "PO-confirm": Quirk(button("if (confirm('sure?')) location.href = '/files/a.pdf'"), DONE, 1),
    "PO-alerts": Quirk(link("a.pdf"), DONE, 1, head="<script>for (let i = 0; i < 9; i++) alert(i); print()</script>"),
    "PO-popups": Quirk(
        link("a.pdf"), DONE, 1, head="<script>window.open('/news'); window.open('/help', '', 'width=9')</script>"
    ),
    "PO-leaving": Quirk(link("a.pdf"), DONE, 1, head="<script>onbeforeunload = (e) => { e.returnValue = 1 }</script>"),
    "PO-comment": Quirk(f"<p>Comment: the old part does not exist. Access denied at gate 4.</p>{_NOTHING}", NONE, 0),
    "PO-password": Quirk(
        f"{link('a.pdf')}<div style='display:none'><form><input type=password name=old></form></div>", DONE, 1
    ),
    "PO-gate": Quirk(link("gate.pdf"), DONE, 1),
    "PO-members": Quirk(link("members.pdf"), DONE, 1),
    "PO-encoding": Quirk(link("encoding.pdf"), DONE, 1),
    "PO-cut": Quirk(button("location.href = '/files/cut.pdf'"), FAILED, 1, "cut off"),
    "PO-cut-zip": Quirk(button("location.href = '/files/cut.zip'", "cut.zip"), FAILED, 1, "cut off"),
    "PO-rights": Quirk(link("a.pdf") + link("rights.pdf") + link("b.pdf"), SOME, 3, "rights.pdf"),
    "PO-misnamed": Quirk(link("photo.jpg"), DONE, 1),
    "PO-backslash": Quirk("<a class=attachment href='\\files\\a.pdf'>a.pdf</a>", DONE, 1),
    "PO-plain": Quirk(link("a.pdf") + link("b.pdf"), DONE, 2),
    "PO-empty": Quirk(_NOTHING, NONE, 0),
}
HOSTILE = ("PO-names", "PO-confirm", "PO-alerts", "PO-popups", "PO-leaving", "PO-hanging-image")
"""Those that could take others down."""


class Quirks(http.server.ThreadingHTTPServer):
    """The portal. By `localhost` it is another host to a browser."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.over = threading.Event()
        self.cookies: dict[str, set[str]] = {}

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers break connections off; that is not news here."""


class _Pages(http.server.BaseHTTPRequestHandler):
    server: Quirks
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

    def _send(self, body: bytes, kind: str = "text/html; charset=utf-8", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        if self.path.startswith("/files/"):
            self.server.cookies.setdefault(host, set()).add(self.headers.get("Cookie", ""))
        path, _, query = self.path.partition("?")
        match path.split("/")[1:]:
            case ["orders", number] if number in QUIRKS:
                self._send(self._order(number, query).encode(), Set_Cookie="sid=4711; Path=/")
            case ["files", name]:
                self._file(name)
            case ["frame"]:
                self._send(link("a.pdf").encode())
            case ["slow"]:
                self.server.over.wait(0.3)
                self._send((link("a.pdf") + link("b.pdf")).encode())
            case ["hang"]:
                self.server.over.wait(60)
                self.close_connection = True
            case _:
                self._send(b"<title>Portal</title>")

    def _order(self, number: str, query: str) -> str:
        quirk = QUIRKS[number]
        body = quirk.body.replace("@other", f"http://localhost:{self.server.server_port}")
        if body == "@pages":
            at = int(query.partition("=")[2] or 1)
            shown = "".join(f"<li>{link(f'{place}.pdf')}" for place in range(3 * at - 2, min(3 * at, 7) + 1))
            more = f"<a rel=next href='/orders/{number}?page={at + 1}'>Next</a>" if at < 3 else ""
            body = f"<h2>Attachments (7)</h2><ul>{shown}</ul><p>{more}</p>"
        return (
            f"<!doctype html><html><head><meta charset=utf-8><title>Order {number}</title>{quirk.head}</head>"
            f"<body><h1>Order {number}</h1>{body}</body></html>"
        )

    def _file(self, name: str) -> None:
        attached = f'attachment; filename="{name}"'
        half = len(PDF) // 2
        match name:
            case "gate.pdf" if "gate=open" not in self.headers.get("Cookie", ""):
                self._send(b"", status=307, Location=self.path, Set_Cookie="gate=open; Path=/files; Max-Age=30")
            case "members.pdf":
                packed = gzip.compress(PDF[:half]) + gzip.compress(PDF[half:])
                self._send(packed, "application/pdf", Content_Encoding="gzip", Content_Disposition=attached)
            case "encoding.pdf":
                self._send(PDF, "application/pdf", Content_Encoding="utf-8", Content_Disposition=attached)
            case "cut.pdf" | "cut.zip":
                whole = PDF if name == "cut.pdf" else zipped()
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Disposition", attached)
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(whole[: len(whole) // 2])
                self.close_connection = True
            case "rights.pdf":
                self._send(b"no", "text/plain", 401)
            case "photo.jpg":
                self._send(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\x01\0mdat" + b"\1" * 248, "image/jpeg")
            case _:
                self._send(PDF, "application/pdf", Content_Disposition=attached)


@contextmanager
def quirks() -> Iterator[Quirks]:
    """Run the portal."""
    server = Quirks()
    with serving(server, server.over):
        yield server
