"""Stand-ins for everything a visit touches: pages and files as given, and one list of what was asked in which order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from actors.evidence.addresses import fingerprint, located
from actors.testing import StubBrowser, StubBrowserHost, StubFetcher, StubPortal
from actors.testing.browsers import PICTURE_OF_NOTHING
from actors.worker.tools import Tools
from contracts.config import AttachmentLimits, Route
from contracts.messages import HostSession, VisitOrder
from contracts.ports import (
    Control,
    Cookie,
    Credentials,
    DownloadedFile,
    FileRequest,
    KeptFile,
    Lease,
    LeaseWatch,
    ListedAttachment,
    LoginForm,
    OrderPage,
    Owner,
    PageReading,
    PageSnapshot,
)
from contracts.tasks import Attachment, Order, POResult, POTask, TaskHandle

HOST = "portal.example"
BASE = f"https://{HOST}"
COOKIE = Cookie(name="sid", value="1", domain=HOST)

Answer = bytes | Exception


def page(
    url: str = f"{BASE}/order_headers/1",
    *,
    status: int = 200,
    is_new: bool = True,
    html: str = "<html></html>",
    **more: Any,
) -> PageSnapshot:
    """Make a page. What it says is the portal's to tell."""
    return PageSnapshot(url, url, status, 1.0, html, is_new, **more)


def listed(name: str, *, url: bool = True, control: bool = False) -> ListedAttachment:
    """Make a listed attachment."""
    where = f"{BASE}/files/{name}" if url else None
    return ListedAttachment(name, where, Control("a", 0) if control else None)


def order_page(*files: ListedAttachment, requisitions: tuple[str, ...] = (), **more: Any) -> OrderPage:
    """Make the reading of a proven order's page."""
    return OrderPage("Purchase Order #PO1", "Page Supplier", files, requisitions, **more)


class Watch:
    """Notes what is said; ends the step when told to."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.error: Exception | None = None
        self.seconds = 100.0

    def say(self, activity: str) -> None:
        """Note it."""
        self.log.append(f"say {activity}")

    def touch(self) -> None:
        """Nothing to note."""

    def check(self) -> None:
        """Raise what was set."""
        if self.error is not None:
            raise self.error

    def wait(self, seconds: float) -> None:
        """Never wait."""
        self.check()

    def remaining(self) -> float:
        """There is time, unless a test says otherwise."""
        return self.seconds


@attrs.define(eq=False)
class World(StubBrowser, StubFetcher):
    """A portal, a browser, a fetcher and a download folder in one.

    Args:
        folder: Where files are staged.
        readings: What the portal reads from each page address; the order's own page by default.
        pages: The page that each address shows, or the error that opening it raises.
        files: What each address or label answers, a body or an error.
        addresses: Where the portal looks for an order.
        again: What an address shows when it is opened once more.
        later: What the browser shows when it is looked at again, one look after the other; then the page in hand.
        kept: The evidence that was kept, as text and picture.
    """

    folder: Path
    readings: dict[str, PageReading] = attrs.field(factory=dict)
    pages: dict[str, PageSnapshot | Exception] = attrs.field(factory=dict)
    files: dict[str, Answer] = attrs.field(factory=dict)
    addresses: tuple[str, ...] = (f"{BASE}/order_headers/1",)
    requisition_files: tuple[ListedAttachment, ...] = ()
    requisitions: dict[str, OrderPage] = attrs.field(factory=dict)
    set_on_the_way: tuple[Cookie, ...] = ()
    came_from: dict[str, str] = attrs.field(factory=dict)
    login_reason: dict[str, str] = attrs.field(factory=dict)
    probe_status: int | None = 200
    place_error: Exception | None = None
    still_staged: set[str] = attrs.field(factory=set)
    files_kept: list[KeptFile] = attrs.field(factory=list)
    stage_error: Exception | None = None
    login_pages: list[PageSnapshot | Exception] = attrs.field(factory=list)
    log: list[str] = attrs.field(factory=list)
    requests: list[FileRequest] = attrs.field(factory=list)
    again: dict[str, PageSnapshot | Exception] = attrs.field(factory=dict)
    shown: PageSnapshot | None = None
    later: list[PageSnapshot | Exception] = attrs.field(factory=list)
    picture: bytes | Exception = PICTURE_OF_NOTHING
    jar: tuple[Cookie, ...] = (COOKIE,)
    cookie_error: Exception | None = None
    evidence_error: Exception | None = None
    kept: list[tuple[str, bytes]] = attrs.field(factory=list)
    worn_by: list[str] = attrs.field(factory=list)
    user_agent: str = "Agent"
    time: float = 0.0

    def __attrs_post_init__(self) -> None:
        owner, host = Owner("w1", 1), StubBrowserHost()
        host.launch(owner)
        StubBrowser.__init__(self, owner, host)

    # -------------------------------------------------------------------------------------------------------- browser

    def open(self, url: str) -> PageSnapshot:
        """Show the page of an address."""
        self.log.append(f"open {url}")
        opened_before = f"open {url}" in self.log[:-1]
        found = self.again[url] if opened_before and url in self.again else self.pages.get(url, page(url))
        if isinstance(found, Exception):
            raise found
        self.shown = attrs.evolve(found, time_origin=found.time_origin + len(self.did("open")) - 1)
        return self.shown

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Show the page again, or what has taken its place."""
        self.log.append(f"look {patience:g}" if patience else "look")
        found = self.later.pop(0) if self.later else self.shown
        if isinstance(found, Exception):
            raise found
        assert found is not None
        return found

    def press(self, control: Control) -> PageSnapshot:
        """Show what a control shows: a page of its own, under the address that says so."""
        self.log.append(f"press {control.selector}")
        found = self.pages[f"press {control.selector}"]
        if isinstance(found, Exception):
            raise found
        self.shown = found
        return found

    def screenshot(self) -> bytes:
        """Take a picture."""
        self.log.append("screenshot")
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture

    def cookies(self) -> tuple[Cookie, ...]:
        """Return the cookies."""
        self.log.append("cookies")
        if self.cookie_error is not None:
            raise self.cookie_error
        return self.jar

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Take cookies."""
        self.log.append(f"adopt {' '.join(cookie.name for cookie in cookies)}")
        same = {(cookie.name, cookie.domain, cookie.path) for cookie in cookies}
        self.jar = (*(one for one in self.jar if (one.name, one.domain, one.path) not in same), *cookies)

    def _download(self, how: str, key: str, into: Path) -> DownloadedFile:
        self.log.append(f"{how} {key}")
        answer = self.files.get(key, b"%PDF-1.4 body")
        if isinstance(answer, Exception):
            raise answer
        path = into / "body"
        path.write_bytes(answer)
        return DownloadedFile(path, len(answer), "ab" * 32, url=self.came_from.get(key, ""))

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Bring what a control gives."""
        return self._download("click", control.selector, into)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """Bring a file in the browser."""
        return self._download("browse", url, into)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Send the form."""
        self.log.append("submit")
        answer = self.login_pages.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    # -------------------------------------------------------------------------------------------------------- fetcher

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """Bring a file over HTTP."""
        self.requests.append(request)
        return self._download("fetch", request.url, into)

    def take_cookies(self) -> tuple[Cookie, ...]:
        """Return what was set on the way."""
        taken, self.set_on_the_way = self.set_on_the_way, ()
        return taken

    def probe(self, base_url: str) -> int | None:
        """Say how the portal's base answers."""
        self.log.append(f"probe {base_url}")
        return self.probe_status

    # --------------------------------------------------------------------------------------------------------- filing

    def stage(self, lease: Lease) -> Path:
        """Make the staging folder."""
        self.log.append("stage")
        if self.stage_error is not None:
            raise self.stage_error
        into = self.folder / lease.folder_name
        into.mkdir(parents=True, exist_ok=True)
        return into

    def place(self, lease: Lease, file: DownloadedFile, item: ListedAttachment) -> Attachment:
        """Take a file as verified."""
        self.log.append(f"place {item.label}")
        if self.place_error is not None:
            raise self.place_error
        return Attachment(item.label, file.size, file.sha256, located(item.url or item.label), listed_as=item.label)

    def adopt(self, lease: Lease, kept: KeptFile) -> Attachment | None:
        """Take over a file that is still there."""
        self.log.append(f"adopt {kept.attachment.name}")
        return kept.attachment if kept.attachment.name in self.still_staged else None

    def publish(self, lease: Lease, result: POResult) -> Path:
        """A visit publishes nothing."""
        raise AssertionError("a visit publishes nothing")

    def make_folder(self, path: Path) -> None:
        """Make it."""
        path.mkdir(parents=True, exist_ok=True)

    def discard(self, lease: Lease) -> None:
        """A visit discards nothing."""
        raise AssertionError("a visit discards nothing")

    def free_bytes(self) -> int:
        """There is room."""
        return 10**12

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Keep it in mind."""
        self.log.append("keep")
        if self.evidence_error is not None:
            raise self.evidence_error
        self.kept.append((text, screenshot))
        return ("page.txt", "screenshot.png") if screenshot else ("page.txt",)

    # ------------------------------------------------------------------------------------------------------ the visit

    def tools(
        self, route: Route = Route.HYBRID, *, screenshots: bool = True, hosts: tuple[str, ...] = (), **limits: Any
    ) -> Tools:
        """Return what `process_po` works with."""
        return Tools(
            browser=self,
            fetcher=self,
            portal=WorldPortal(self),
            filing=self,
            route=route,
            limits=AttachmentLimits(**limits),
            now=lambda: datetime(2025, 1, 1, tzinfo=UTC),
            monotonic=self._tick,
            keep=self.files_kept.append,
            screenshots=screenshots,
            wear_out=self.worn_by.append,
            allowed_file_hosts=hosts,
        )

    def _tick(self) -> float:
        self.time += 1.0
        return self.time

    def did(self, *kinds: str) -> list[str]:
        """Return what was done of these kinds, in order."""
        return [line for line in self.log if line.split()[0] in kinds]


class WorldPortal(StubPortal):
    """The adapter of such a world."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Where to look."""
        return self._world.addresses

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what the test says of this address; else it is the order's own page, unless it was refused."""
        self._world.log.append(f"read {page.url}")
        if page.url in self._world.readings:
            return self._world.readings[page.url]
        reading = super().read(page, po_number)
        return order_page(listed("a.pdf")) if isinstance(reading, OrderPage) else reading

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """List what a requisition has."""
        self._world.log.append(f"requisition {page.url}")
        return self._world.requisitions.get(page.url, order_page(*self._world.requisition_files))

    def wants_login(self, page: PageSnapshot) -> str:
        """Say whether it is a login page."""
        self._world.log.append(f"login? {page.requested_url}")
        return self._world.login_reason.get(page.url, "")

    def visible_text(self, page: PageSnapshot) -> str:
        """Say what is on it."""
        return re.sub("<[^>]*>", "", page.html)


def kept(name: str, declared_size: int | None = None, url: str = "") -> KeptFile:
    """A file that an earlier lease has brought, as `listed(name)` lists it."""
    lease = Lease(TaskHandle(0, "PO1"), 1, "w0", 1, 1)
    file = Attachment(name, 3, "cd" * 32, "", listed_as=name)
    return KeptFile(lease, file, fingerprint(url or f"{BASE}/files/{name}"), declared_size)


def visit(url: str = "", supplier: str = "", version: int = 3, kept: tuple[KeptFile, ...] = ()) -> VisitOrder:
    """Make the order to visit."""
    handle = TaskHandle(0, "PO1")
    order = Order(POTask("PO1", supplier=supplier), url, BASE, HOST)
    return VisitOrder(Lease(handle, 1, "w1", 1, 1), order, HostSession(HOST, version), 300.0, kept)
