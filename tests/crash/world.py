"""A portal, browsers and fetchers for the crash tests. The portal lives on when the program is killed, as portals do.

It notes each visit and each file that was asked for in a folder of its own, and refuses some files the first time.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from actors.filing import DownloadFolder
from actors.filing.lock import FolderLock
from actors.session.run_resources import LocalResources
from actors.testing import StubBrowserHost, StubFetcher, StubPortal
from contracts.config import HeadlessConfiguration, Settings
from contracts.errors import AttachmentError
from contracts.ports import (
    Cookie,
    Credentials,
    FileRequest,
    Journal,
    ListedAttachment,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
    WrongPage,
)
from contracts.tasks import POTask, TaskStatus

BASE = "https://portal.example"
SUPPLIER = "Nordwind"


@attrs.frozen
class TrueOrder:
    """What the portal has of an order, and what must become of it.

    Args:
        po_number: Its number; two orders may have the same.
        path: Its page.
        status: How it must end.
        files: What its page lists.
        once_refused: Files that the portal refuses the first time they are asked for.
        never: Files that it never gives.
    """

    po_number: str
    path: str
    status: TaskStatus
    files: tuple[str, ...] = ()
    once_refused: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return f"{BASE}/{self.path}"

    @property
    def task(self) -> POTask:
        """It as a caller asks for it."""
        return POTask(self.po_number, supplier=SUPPLIER, url=self.url)

    @property
    def arriving(self) -> dict[str, bytes]:
        """The files that come home in the end."""
        return {name: content_of(self.path, name) for name in self.files if name not in self.never}


EARLIER = TrueOrder("PO1", "1", TaskStatus.PARTIAL, ("old.pdf", "lost.pdf"), never=("lost.pdf",))
"""What an earlier run brought of the first order: its folder is superseded."""
ORDERS = (
    TrueOrder("PO1", "1", TaskStatus.COMPLETED, ("a.pdf", "b.pdf")),
    TrueOrder("PO2", "2", TaskStatus.PARTIAL, ("a.pdf", "b.pdf"), never=("b.pdf",)),
    TrueOrder("PO3", "3", TaskStatus.COMPLETED, ("a.pdf", "b.pdf"), once_refused=("b.pdf",)),
    TrueOrder("PO4", "4", TaskStatus.PO_NOT_FOUND),
    TrueOrder("PO4", "4/another", TaskStatus.PO_NOT_FOUND),
    TrueOrder("PO5", "5", TaskStatus.COMPLETED, ("a.pdf",)),
    TrueOrder("PO5", "5/another", TaskStatus.COMPLETED, ("a.pdf",)),
)


def content_of(path: str, name: str) -> bytes:
    """The true content of a file."""
    return f"%PDF-1.7 {path} {name} ".encode() * 20


class Portal(StubPortal, StubFetcher):
    """The portal and who fetches from it, with its notes, over all processes.

    Args:
        notes: Where it notes what it was asked for.
        orders: What it has.
    """

    def __init__(self, notes: Path, orders: tuple[TrueOrder, ...]) -> None:
        StubPortal.__init__(self)
        StubFetcher.__init__(self, self._file)
        self._notes = notes
        self._orders = {order.url: order for order in orders}

    def note(self, what: str) -> int:
        """Note a request; return how often it was made before."""
        notes = self.noted()
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(what + "\n")
        return notes.count(what)

    def noted(self) -> list[str]:
        """Everything that was asked for."""
        return self._notes.read_text(encoding="utf-8").splitlines() if self._notes.exists() else []

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what the order has."""
        reading = super().read(page, po_number)
        order = self._orders.get(page.url)
        if not isinstance(reading, OrderPage):
            return reading
        if order is None or order.po_number != po_number:
            return WrongPage(page.url)
        if order.status is TaskStatus.PO_NOT_FOUND:
            return NotFoundPage("there is no such order")
        files = tuple(ListedAttachment(name, f"{order.url}/files/{name}") for name in order.files)
        return OrderPage(f"Purchase order {po_number}", "", files)

    def visible_text(self, page: PageSnapshot) -> str:
        """What a person sees."""
        return "there is no such order"

    # -------------------------------------------------------------------------------------------------------- fetcher

    def _file(self, request: FileRequest) -> bytes:
        """Give a file, or refuse it."""
        before = self.note(f"file {request.url}")
        page, _, name = request.url.partition("/files/")
        order = self._orders[page]
        if name in order.never or (name in order.once_refused and not before):
            raise AttachmentError(f"{name} cannot be had now.")
        return content_of(order.path, name)


class NobodysCredentials:
    """There are none."""

    def credentials(self, host: str) -> Credentials | None:
        """None."""
        return None

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """None."""
        return ()


def browsers_of(portal: Portal) -> StubBrowserHost:
    """Return where the browsers of a portal live. It notes each visit."""
    return StubBrowserHost(
        lambda _owner, url: portal.note(f"visit {url}"), lambda _url: (200, "<html></html>"), picture=b""
    )


class CrashResources(LocalResources):
    """The real download folder under the real journal; browsers, processes and the portal are not real."""

    the_portal: Portal

    def __init__(
        self,
        settings: Settings,
        headless: HeadlessConfiguration,
        run_id: str,
        journal: Journal,
        lock: FolderLock | None = None,
    ) -> None:
        self._journal = journal
        self._lock = None
        self.filing = DownloadFolder(settings.download_dir, run_id)
        self.filing.sweep(self._wanted())
        self.portal = self.the_portal
        self.browsers = browsers_of(self.the_portal)

    def make_fetcher(self) -> Portal:
        """Return a fetcher."""
        return self.the_portal

    def close(self) -> tuple[str, ...]:
        """Leave as the real ones do."""
        self.filing.sweep(self._wanted())
        return ()
