"""Bringing in the attachments of a page that is proven to be the order's own.

Each file goes into the lease's staging folder and is verified before it counts. One that an earlier lease brought is
adopted. What does not arrive is noted with its reason, and the files after it are still brought.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from actors.evidence.addresses import fingerprint
from actors.worker.pages import LoginMetError, Sight, check_host
from actors.worker.tools import Tools, VisitWatch
from contracts.config import Route
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    HostResourceError,
    NetworkError,
    PortalError,
    SessionCorruptionError,
    error_code,
)
from contracts.messages import VisitOrder
from contracts.ports import (
    Cookie,
    DownloadedFile,
    FileRequest,
    KeptFile,
    ListedAttachment,
    OrderPage,
    PageSnapshot,
    ReadsAhead,
)
from contracts.tasks import Attachment, MissingAttachment

NETWORK_FAILURES_BEFORE_REST_IS_LEFT = 2


@attrs.define
class Harvest:
    """What came of the attachments of one order.

    Args:
        found: How many the portal lists.
        attachments: Those that lie verified in the staging folder.
        missing: Those that do not, with the reason.
        retry_worthwhile: Whether another visit may bring what is missing.
        network_failures: How many in a row did not arrive.
        last_network_error: The last one's error.
    """

    found: int = 0
    attachments: list[Attachment] = attrs.field(factory=list)
    missing: list[MissingAttachment] = attrs.field(factory=list)
    retry_worthwhile: bool = False
    network_failures: int = 0
    last_network_error: NetworkError | None = None


def bring_attachments(visit: VisitOrder, tools: Tools, watch: VisitWatch, sight: Sight, reading: OrderPage) -> Harvest:
    """Bring in everything that the order in sight lists, or else what its requisition does.

    Raises:
        LoginMetError: The login page came up instead.
        AttachmentLimitError: The page lists more files than are allowed.
        NetworkError: Nothing at all arrived.
        PortalError: The requisition did not open.
        HostResourceError: The staging folder cannot be written.
        SessionCorruptionError: The browser is unusable.
    """
    listed = reading.attachments or _listed_by_requisition(visit, tools, watch, sight, reading)
    if len(listed) > tools.limits.max_count:
        text = f"The order lists {len(listed)} attachments, more than the limit of {tools.limits.max_count}."
        raise AttachmentLimitError(text)
    assert sight.page is not None  # noqa: S101 - the page that lists them was just opened
    harvest = Harvest(found=len(listed))
    if listed:
        _Carrier(visit, tools, watch, sight.page, listed, harvest).bring_all()
    if harvest.last_network_error is not None and not harvest.attachments:
        raise harvest.last_network_error
    return harvest


def _listed_by_requisition(
    visit: VisitOrder, tools: Tools, watch: VisitWatch, sight: Sight, reading: OrderPage
) -> tuple[ListedAttachment, ...]:
    for address in reading.requisitions:
        watch.say(f"looking at the requisition of {visit.order.handle.po_number}")
        page = sight.open(tools, address)
        if reason := tools.portal.wants_login(page):
            raise LoginMetError(reason)
        if not page.is_new or page.http_status >= 400:
            raise PortalError(f"The requisition {address} did not open (HTTP {page.http_status}).")
        check_host(page, visit.order.host)
        if listed := tools.portal.read_requisition(page):
            return listed
    return ()


@attrs.define(eq=False)
class _Carrier:
    """Carries the files that one page lists into the staging folder of one lease.

    Args:
        visit: The lease and what earlier ones have kept.
        tools: Browser, fetcher, download folder.
        watch: The lease's deadline and its reports.
        page: The page that lists the files.
        listed: The files, at least one.
        harvest: Takes what comes of them.
    """

    visit: VisitOrder
    tools: Tools
    watch: VisitWatch
    page: PageSnapshot
    listed: tuple[ListedAttachment, ...]
    harvest: Harvest
    cookies: tuple[Cookie, ...] = ()

    def bring_all(self) -> None:
        """Bring one after the other; where the fetcher can, the next one comes while one is on its way."""
        tools, number_of_all = self.tools, len(self.listed)
        staging = tools.filing.stage(self.visit.lease)
        if any(self._goes_over_http(item) for item in self.listed):
            self.cookies = tools.browser.cookies()
        try:
            for number, item in enumerate(self.listed, start=1):
                self.watch.say(f"{self.visit.order.handle.po_number}: file {number} of {number_of_all}")
                if number < number_of_all and not self.harvest.network_failures:
                    self._read_ahead(self.listed[number], staging / str(number + 1))
                self._bring(item, staging / str(number))
        finally:
            if isinstance(tools.fetcher, ReadsAhead):
                tools.fetcher.drop_begun()

    def _goes_over_http(self, item: ListedAttachment) -> bool:
        return item.url is not None and self.tools.route is Route.HYBRID

    def _request(self, url: str) -> FileRequest:
        tools = self.tools
        return FileRequest(url, self.cookies, tools.browser.user_agent, self.page.url, tools.limits.max_size)

    def _read_ahead(self, item: ListedAttachment, into: Path) -> None:
        fetcher = self.tools.fetcher
        if item.url is None or not self._goes_over_http(item) or not isinstance(fetcher, ReadsAhead):
            return
        if self._kept(item) is not None:
            return
        try:
            into.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # the same trouble is met, and told, when it is the file's turn
        fetcher.begin(self._request(item.url), into, self.watch)

    def _bring(self, item: ListedAttachment, into: Path) -> None:
        harvest, where = self.harvest, item.url or item.label
        if harvest.network_failures >= NETWORK_FAILURES_BEFORE_REST_IS_LEFT:
            text = "not tried, because the files before it did not arrive"
            harvest.missing.append(MissingAttachment(item.label, where, "NETWORK_ERROR", text))
            return
        try:
            attachment = self._adopted(item)
            if attachment is None:
                into.mkdir(parents=True, exist_ok=True)
                attachment = self._brought(item, into)
                harvest.network_failures = 0
            harvest.attachments.append(attachment)
            if item.url is not None:
                kept = KeptFile(self.visit.lease, attachment, fingerprint(item.url), item.declared_size)
                self.tools.keep(kept)
        except SessionCorruptionError:
            raise
        except AuthenticationError as error:
            raise LoginMetError(str(error)) from error
        except (NetworkError, AttachmentError) as error:
            harvest.missing.append(MissingAttachment(item.label, where, error_code(error), str(error)))
            harvest.retry_worthwhile |= not isinstance(error, AttachmentLimitError)
            if isinstance(error, NetworkError):
                harvest.network_failures += 1
                harvest.last_network_error = error
        except OSError as error:
            text = f"The staging folder {into} cannot be written: {error}. Free some space."
            raise HostResourceError(text) from error

    def _brought(self, item: ListedAttachment, into: Path) -> Attachment:
        """Download a file and place it. One that looks like the login page is asked for twice.

        It ends the login only if the order's page is gone as well: a saved page among the files must not stop the run.
        """
        tools, lease = self.tools, self.visit.lease
        try:
            return tools.filing.place(lease, self._download(item, into), item)
        except AuthenticationError:
            again = tools.browser.open(self.page.url)
            if not again.is_new or again.http_status >= 400 or tools.portal.wants_login(again):
                raise
        second = into / "again"
        second.mkdir()
        file = self._download(item, second)
        try:
            return tools.filing.place(lease, file, item)
        except AuthenticationError as error:
            text = f"{item.label} is a web page with a login, not a file. Open it in the portal by hand."
            raise AttachmentError(text) from error

    def _kept(self, item: ListedAttachment) -> KeptFile | None:
        """Return the verified file of an earlier lease that the page lists with the same address, name and size."""
        address = fingerprint(item.url) if item.url is not None and self.visit.kept else ""
        for kept in self.visit.kept:
            same = (kept.address, kept.attachment.listed_as) == (address, item.label)
            if same and item.declared_size in (None, kept.declared_size, kept.attachment.size):
                return kept
        return None

    def _adopted(self, item: ListedAttachment) -> Attachment | None:
        kept = self._kept(item)
        return self.tools.filing.adopt(self.visit.lease, kept) if kept is not None else None

    def _download(self, item: ListedAttachment, into: Path) -> DownloadedFile:
        browser, size = self.tools.browser, self.tools.limits.max_size
        if item.url is not None and self._goes_over_http(item):
            return self.tools.fetcher.fetch(self._request(item.url), into, self.watch)
        if item.control is not None:
            return browser.download_by_click(item.control, into, self.watch, size)
        if item.url is not None:
            return browser.download_by_address(item.url, into, self.watch, size)
        raise AttachmentError(f"{item.label} has neither an address nor anything to click.")
