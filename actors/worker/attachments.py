"""Bringing in the attachments of a page that is proven to be the order's own.

Each file goes into the lease's staging folder and is verified before it counts. One that an earlier lease brought is
adopted. What does not arrive is noted with its reason, and the files after it are still brought.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs

from actors.addresses import on_one_of, web_address
from actors.evidence.addresses import fingerprint, located, without_paths
from actors.worker.cleaning import without_secrets
from actors.worker.listing import View, WholeList
from actors.worker.pages import CurrentPage, LoginMetError, check_host, read_again
from actors.worker.tools import Tools, VisitWatch
from actors.worker.wholeness import require_end
from contracts.config import Route
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AttachmentRefusedError,
    AuthenticationError,
    MachineError,
    NetworkError,
    PortalError,
    SessionCorruptionError,
    UnprovenListError,
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
class FetchedAttachments:
    """What came of the attachments of one order.

    Args:
        found: How many the portal lists.
        attachments: Those that lie verified in the staging folder.
        missing: Those that do not, with the reason.
        retry_worthwhile: Whether another visit may bring what is missing.
        network_failures: How many in a row did not arrive.
        last_network_error: The last one's error.
        renewed: Cookies of the login that the portal gave new values, by name, domain and path.
    """

    found: int = 0
    attachments: list[Attachment] = attrs.field(factory=list)
    missing: list[MissingAttachment] = attrs.field(factory=list)
    retry_worthwhile: bool = False
    network_failures: int = 0
    last_network_error: NetworkError | None = None
    renewed: dict[tuple[str, str, str], Cookie] = attrs.field(factory=dict)

    def miss(self, label: str, source: str, code: str, message: str) -> None:
        """Note something that is listed, or may be, and is not there. Addresses are told by their hosts alone."""
        self.missing.append(MissingAttachment(label, located(source), code, without_paths(message)))


def bring_attachments(
    visit: VisitOrder, tools: Tools, watch: VisitWatch, current: CurrentPage, page: PageSnapshot, reading: OrderPage
) -> FetchedAttachments:
    """Bring in everything that the order in sight lists on all its pages, or else what its requisitions do.

    Raises:
        LoginMetError: The login page came up instead.
        AttachmentLimitError: The pages list more files than are allowed.
        UnprovenListError: They list none, and there may be some all the same.
        NetworkError: Nothing at all arrived.
        PortalError: The requisition did not open.
        MachineError: The staging folder cannot be written.
        SessionCorruptionError: The browser is unusable.
    """
    carrier = _AttachmentFetcher(visit, tools, watch, current)
    doubts = carrier.bring_list(page, reading, lambda shown: read_again(visit.order, tools, shown))
    fetched = carrier.fetched
    if not fetched.found and not doubts:
        require_end(page, tools, watch)
    for address in reading.requisitions:
        if fetched.found:
            break
        watch.say(f"looking at the requisition of {visit.order.po_number}")
        shown = current.open(tools, address)
        doubts += carrier.bring_list(shown, *_requisition(visit, tools, shown))
        if not doubts and not carrier.fetched.found:
            require_end(shown, tools, watch)
    if doubts and not fetched.found:
        text = "; ".join(dict.fromkeys(doubts))
        raise UnprovenListError(f"No attachment is listed, and it is not proven that there is none: {text}.")
    for doubt in dict.fromkeys(doubts):
        fetched.miss("the list of attachments", page.url, "WORKER_ERROR", f"there may be more than is listed: {doubt}")
        fetched.retry_worthwhile = True
    if fetched.last_network_error is not None and not fetched.attachments:
        raise fetched.last_network_error
    return fetched


def _requisition(
    visit: VisitOrder, tools: Tools, page: PageSnapshot
) -> tuple[OrderPage, Callable[[PageSnapshot], OrderPage]]:
    """Return what a requisition's page lists, and how further pages of it are read."""

    def read(shown: PageSnapshot) -> OrderPage:
        if reason := tools.portal.wants_login(shown):
            raise LoginMetError(reason)
        if not shown.is_new or shown.http_status >= 400:
            raise PortalError(f"The requisition {shown.requested_url} did not open (HTTP {shown.http_status}).")
        check_host(shown, visit.order.host)
        return tools.portal.read_requisition(shown)

    return read(page), read


@attrs.define(eq=False)
class _AttachmentFetcher:
    """Carries the files that an order lists into the staging folder of one lease.

    Args:
        visit: The lease and what earlier ones have kept.
        tools: Browser, fetcher, download folder.
        watch: The lease's deadline and its reports.
        current: The page in hand.
    """

    visit: VisitOrder
    tools: Tools
    watch: VisitWatch
    current: CurrentPage
    fetched: FetchedAttachments = attrs.field(factory=FetchedAttachments, init=False)
    cookies: tuple[Cookie, ...] = attrs.field(default=(), init=False)
    staging: Path | None = attrs.field(default=None, init=False)
    turned_back: PageSnapshot | None = attrs.field(default=None, init=False)
    """A list that is no longer shown, since the page had to be opened again; no control of it is clicked."""

    def bring_list(
        self, page: PageSnapshot, reading: OrderPage, read: Callable[[PageSnapshot], OrderPage]
    ) -> list[str]:
        """Bring what a list shows, view by view; return why there may be more, for people."""
        whole = WholeList(self.tools, self.watch, self.current, read)
        try:
            for view in whole.views(page, reading):
                self._check_count(len(view.fresh))
                if view.fresh:
                    self._bring_view(view)
        except BaseException:
            self._drop_begun()  # first, since what is on its way may set cookies, too
            self.tools.fetcher.take_cookies()  # so that none of them lies over the browser's own at the next visit
            raise
        self._drop_begun()
        if self.turned_back is not None:
            whole.doubts.append("the page was opened again amid its list, to see whether the login had ended")
            self.turned_back = None
        if whole.stated > whole.seen:
            whole.doubts.append(f"the page names {whole.stated} attachments and shows {whole.seen}")
            self.fetched.found += whole.stated - whole.seen if whole.seen else 0
        return whole.doubts

    def _drop_begun(self) -> None:
        if isinstance(self.tools.fetcher, ReadsAhead):
            self.tools.fetcher.drop_begun()

    def _check_count(self, more: int) -> None:
        found, most = self.fetched.found + more, self.tools.limits.max_count
        if found > most:
            raise AttachmentLimitError(f"The order lists {found} attachments, more than the limit of {most}.")

    def _bring_view(self, view: View) -> None:
        """Bring one file after the other; where the fetcher can, the next one comes while one is on its way."""
        tools, first = self.tools, self.fetched.found + 1
        self.fetched.found += len(view.fresh)
        if self.staging is None:
            self.staging = tools.filing.stage(self.visit.lease)
        # Read for each view: those of the view before may be older than what its files have set since.
        self.cookies = tools.cookies() if any(map(self._goes_over_http, view.fresh)) else ()
        fresh = [without_secrets(item, tools.secrets, self._spared) for item in view.fresh]
        places = [(item, self.staging / str(number)) for number, item in enumerate(fresh, start=first)]
        for index, (item, into) in enumerate(places):
            number = first + index
            self.watch.say(f"{self.visit.order.po_number}: file {number} of {self.fetched.found}")
            if index + 1 < len(places) and not self.fetched.network_failures:
                self._read_ahead(*places[index + 1], view.page)
            self._bring(item, into, view.page)
        self._pass_cookies_on()

    def _pass_cookies_on(self) -> None:
        """Give the browser the cookies that came with the files, and note those of the login for the other workers."""
        set_meanwhile = self.tools.fetcher.take_cookies()
        self.tools.secrets.learn_cookies(set_meanwhile)
        if set_meanwhile:
            self.tools.browser.adopt_cookies(set_meanwhile)
        login = {(one.name, one.domain, one.path): one.value for one in self.visit.session.cookies}
        for cookie in (*self.cookies, *set_meanwhile):
            key = (cookie.name, cookie.domain, cookie.path)
            if key in login and login[key] != cookie.value:
                self.fetched.renewed[key] = cookie

    def _goes_over_http(self, item: ListedAttachment) -> bool:
        return item.url is not None and self.tools.route is Route.HYBRID

    def _request(self, url: str, page: PageSnapshot) -> FileRequest:
        tools = self.tools
        return FileRequest(
            url, self.cookies, tools.browser.user_agent, page.url, tools.limits.max_size, tools.allowed_file_hosts
        )

    def _read_ahead(self, item: ListedAttachment, into: Path, page: PageSnapshot) -> None:
        fetcher = self.tools.fetcher
        if item.url is None or not self._goes_over_http(item) or not isinstance(fetcher, ReadsAhead):
            return
        if self._kept(item) is not None or self._foreign_host(item.url, page):
            return
        try:
            self.tools.filing.make_folder(into)
        except OSError:
            return  # the same trouble is met, and told, when it is the file's turn
        fetcher.begin(self._request(item.url, page), into, self.watch)

    def _foreign_host(self, address: str, page: PageSnapshot) -> str:
        """Return the host of a file that is neither the portal's nor one that the user allowed; else an empty text."""
        web = web_address(address.removeprefix("blob:"))
        if web is None:
            return ""  # the page made it itself
        portal = web_address(page.url)
        is_portals = portal is not None and portal.authority == web.authority
        return "" if is_portals or on_one_of(web, self.tools.allowed_file_hosts) else web.authority

    def _check_host(self, address: str, page: PageSnapshot) -> None:
        if host := self._foreign_host(address, page):
            text = f"It lies on another host, {host}. To fetch it from there, name the host in allowed_file_hosts."
            raise AttachmentRefusedError(text)

    def _bring(self, item: ListedAttachment, into: Path, page: PageSnapshot) -> None:
        fetched, where = self.fetched, item.url or item.label
        if fetched.network_failures >= NETWORK_FAILURES_BEFORE_REST_IS_LEFT:
            fetched.miss(item.label, where, "NETWORK_ERROR", "not tried, because the files before it did not arrive")
            return
        try:
            if item.refused:
                raise AttachmentRefusedError(item.refused)
            self._check_host(item.url or "", page)
            attachment = self._adopted(item)
            if attachment is None:
                self.tools.filing.make_folder(into)
                attachment = self._brought(item, into, page)
                fetched.network_failures = 0
            fetched.attachments.append(attachment)
            if item.url is not None:
                kept = KeptFile(self.visit.lease, attachment, fingerprint(item.url), item.declared_size)
                self.tools.keep(kept)
        except SessionCorruptionError:
            raise
        except AuthenticationError as error:
            raise LoginMetError(str(error)) from error
        except (NetworkError, AttachmentError) as error:
            fetched.miss(item.label, where, error_code(error), str(error))
            fetched.retry_worthwhile |= not isinstance(error, AttachmentLimitError | AttachmentRefusedError)
            if isinstance(error, NetworkError):
                fetched.network_failures += 1
                fetched.last_network_error = error
        except OSError as error:
            text = f"The staging folder {into} cannot be written: {error}. Free some space."
            raise MachineError(text) from error

    def _brought(self, item: ListedAttachment, into: Path, page: PageSnapshot) -> Attachment:
        """Download a file and place it. One that the portal wants a login for is asked for twice.

        It ends the login only if the order's page is gone as well: one file that this user may not see, or a saved
        page among the files, must neither stop the run nor cost the other files.
        """
        try:
            return self._placed(item, into, page)
        except AuthenticationError:
            if self.current.turned:
                self.turned_back = page
            again = self.current.open(self.tools, page.url)
            if not again.is_new or again.http_status >= 400 or self.tools.portal.wants_login(again):
                raise
        second = into / "again"
        self.tools.filing.make_folder(second)
        try:
            return self._placed(item, second, page)
        except AuthenticationError as error:
            text = f"The portal wants a login for it although the order's page shows: {error} Check the user's rights."
            raise AttachmentRefusedError(text) from error

    def _placed(self, item: ListedAttachment, into: Path, page: PageSnapshot) -> Attachment:
        file = self._download(item, into, page)
        # What was clicked tells only afterwards where it came from.
        self._check_host(file.url, page)

        def hide(text: str) -> str:
            return self.tools.secrets.hidden(text, *self._spared)

        # Names are made of these.
        file = attrs.evolve(
            file, disposition=hide(file.disposition), suggested_name=hide(file.suggested_name), url=hide(file.url)
        )
        named = attrs.evolve(item, url=hide(item.url)) if item.url is not None else item
        return self.tools.filing.place(self.visit.lease, file, named)

    @property
    def _spared(self) -> tuple[str, ...]:
        return self.visit.order.po_number, self.visit.order.host

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

    def _download(self, item: ListedAttachment, into: Path, page: PageSnapshot) -> DownloadedFile:
        browser, size = self.tools.browser, self.tools.limits.max_size
        if item.url is not None and self._goes_over_http(item):
            return self.tools.fetcher.fetch(self._request(item.url, page), into, self.watch)
        if item.control is not None and page is self.turned_back:
            raise AttachmentError("The page had to be opened again, and does not show the part of the list it was on.")
        if item.control is not None:
            return browser.download_by_click(item.control, into, self.watch, size)
        if item.url is not None:
            return browser.download_by_address(item.url, into, self.watch, size)
        raise AttachmentError(f"{item.label} has neither an address nor anything to click.")
