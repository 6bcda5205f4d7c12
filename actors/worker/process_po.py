"""One purchase order, start to end, over the ports.

The order of the checks is the point of this file. A page must be new, and not the last order's; then it is asked, in
this order: is it the login page, what is its HTTP status, is it a not-found text, does its title carry this order. Only
then are attachments brought in, into the lease's staging folder, and each is verified before it counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

import attrs

from actors.evidence.addresses import fingerprint
from actors.worker.evidence import keep_evidence
from actors.worker.tools import Tools, VisitWatch
from contracts.config import Route
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    Blame,
    HostResourceError,
    NetworkError,
    PONotFoundError,
    PortalError,
    SessionCorruptionError,
    WorkerError,
    WrongPageError,
    error_code,
)
from contracts.messages import LoginMet, Visited, VisitFailed, VisitOrder, VisitOutcome
from contracts.ports import (
    Cookie,
    DownloadedFile,
    FileRequest,
    HttpFailure,
    KeptFile,
    LeaseWatch,
    ListedAttachment,
    LoginPage,
    NotFoundPage,
    OrderPage,
    PageSnapshot,
    ReadsAhead,
    WrongPage,
)
from contracts.tasks import Attachment, MissingAttachment, POResult, TaskStatus

NETWORK_FAILURES_BEFORE_REST_IS_LEFT = 2


class _LoginMetError(Exception):
    """The login page came up where an order or a file was expected."""


@attrs.define
class _Sight:
    """The page in hand. One that does not open leaves none, since the browser may then show the last order's."""

    page: PageSnapshot | None = None
    first: str = ""

    def open(self, tools: Tools, address: str) -> PageSnapshot:
        self.first = self.first or address
        self.page = None
        self.page = tools.browser.open(address)
        return self.page


@attrs.define
class _Harvest:
    found: int = 0
    attachments: list[Attachment] = attrs.field(factory=list)
    missing: list[MissingAttachment] = attrs.field(factory=list)
    retry_worthwhile: bool = False
    network_failures: int = 0
    last_network_error: NetworkError | None = None


def process_po(visit: VisitOrder, tools: Tools, watch: VisitWatch) -> VisitOutcome:
    """Visit one order and return what came of it (contract 76).

    Args:
        visit: The lease, the order and the login it is visited with.
        tools: Browser, fetcher, portal adapter, download folder.
        watch: The lease's deadline and its reports.

    Raises:
        SessionCorruptionError: The browser is unusable; the worker must be replaced.
    """
    began, began_at = tools.monotonic(), tools.now()
    sight = _Sight()
    try:
        page, reading = _find_order(visit, tools, watch, sight)
        harvest = _bring_attachments(visit, tools, watch, sight, page, reading)
    except _LoginMetError as met:
        return LoginMet(visit.session.version, str(met))
    except SessionCorruptionError:
        raise
    except (WorkerError, HostResourceError) as error:
        failure = _failed(visit, tools, error, sight.first or visit.order.url, tools.monotonic() - began)
        return attrs.evolve(failure, evidence=keep_evidence(visit, tools, watch, sight.page, failure))
    result = POResult(
        handle=visit.lease.task,
        status=_status(harvest),
        supplier=visit.order.task.supplier.strip() or reading.supplier,
        url=page.url,
        attachments_found=harvest.found,
        attachments=tuple(harvest.attachments),
        missing=tuple(harvest.missing),
        error_code=harvest.missing[0].code if harvest.missing else "",
        error_message="; ".join(f"{lost.listed_as}: {lost.message}" for lost in harvest.missing),
        blame=Blame.PORTAL if harvest.missing else None,
        worker_id=visit.lease.worker,
        started_at=began_at,
        finished_at=tools.now(),
        duration=tools.monotonic() - began,
    )
    if not result.status.is_success:
        result = attrs.evolve(result, evidence=keep_evidence(visit, tools, watch, sight.page, result))
    return Visited(result, harvest.retry_worthwhile)


def _status(harvest: _Harvest) -> TaskStatus:
    if not harvest.found:
        return TaskStatus.NO_ATTACHMENTS
    if not harvest.missing:
        return TaskStatus.COMPLETED
    return TaskStatus.PARTIAL if harvest.attachments else TaskStatus.FAILED


def _failed(
    visit: VisitOrder, tools: Tools, error: WorkerError | HostResourceError, url: str, duration: float
) -> VisitFailed:
    portal_up: bool | None = None
    if error.blame in (Blame.PORTAL, Blame.NETWORK):
        status = tools.fetcher.probe(visit.order.base_url)
        portal_up = status is not None and status < 500
    return VisitFailed(
        blame=error.blame,
        code=error_code(error),
        message=str(error),
        not_found=isinstance(error, PONotFoundError),
        retry_after=error.retry_after if isinstance(error, PortalError) else None,
        portal_up=portal_up,
        url=url,
        duration=duration,
    )


# ------------------------------------------------------------------------------------------------------------ the page


def _find_order(visit: VisitOrder, tools: Tools, watch: VisitWatch, sight: _Sight) -> tuple[PageSnapshot, OrderPage]:
    """Open the order's addresses in turn until one shows a page that is proven to be this order's."""
    order = visit.order
    addresses = (order.url,) if order.url else tools.portal.order_addresses(order.base_url, order.handle.po_number)
    denials: list[tuple[WorkerError, PageSnapshot]] = []
    for address in addresses:
        watch.say(f"opening {order.handle.po_number}")
        page = sight.open(tools, address)
        watch.say(f"reading {order.handle.po_number}")
        watch.check()
        if not page.is_new:
            raise PortalError(
                f"The portal answered {address} without a page, so the last page stayed. Nothing was filed."
            )
        reading = tools.portal.read(page, order.handle.po_number)
        match reading:
            case LoginPage(reason):
                raise _LoginMetError(reason)
            case HttpFailure(status):
                failure = _http_failure(status, address)
                if isinstance(failure, NetworkError):
                    raise failure
                denials.append((failure, page))
            case NotFoundPage(text):
                denials.append((PONotFoundError(f"The portal does not show this order: {text}"), page))
            case WrongPage(title):
                text = f"The page at {address} does not carry this order's number (its title is {title!r})."
                denials.append((WrongPageError(text), page))
            case OrderPage():
                _check_host(page, order.host)
                return page, reading
            case _:
                assert_never(reading)
    if not denials:
        raise WrongPageError("There is no address to look for this order at. Give a URL or a base URL.")
    denial, sight.page = denials[0]
    raise denial


def _http_failure(status: int, address: str) -> WorkerError:
    if status in (408, 429) or status >= 500:
        return PortalError(f"The portal answered {address} with HTTP {status}.", http_status=status)
    if status == 0:
        return NetworkError(f"The portal gave no answer for {address}.")
    return WrongPageError(f"The portal answered {address} with HTTP {status}.")


def _check_host(page: PageSnapshot, host: str) -> None:
    if urlsplit(page.url).netloc.rpartition("@")[2].lower() != host.lower():
        raise WrongPageError(f"The portal sent the browser on to {page.url}, which is another host. Nothing was filed.")


# -------------------------------------------------------------------------------------------------------- attachments


def _bring_attachments(
    visit: VisitOrder, tools: Tools, watch: VisitWatch, sight: _Sight, page: PageSnapshot, reading: OrderPage
) -> _Harvest:
    listed, source = reading.attachments, page
    for address in reading.requisitions if not listed else ():
        watch.say(f"looking at the requisition of {visit.order.handle.po_number}")
        source = sight.open(tools, address)
        if reason := tools.portal.wants_login(source):
            raise _LoginMetError(reason)
        if not source.is_new or source.http_status >= 400:
            raise PortalError(f"The requisition {address} did not open (HTTP {source.http_status}).")
        _check_host(source, visit.order.host)
        listed = tools.portal.read_requisition(source)
        if listed:
            break
    if len(listed) > tools.limits.max_count:
        text = f"The order lists {len(listed)} attachments, more than the limit of {tools.limits.max_count}."
        raise AttachmentLimitError(text)
    harvest = _Harvest(found=len(listed))
    if not listed:
        return harvest
    staging = tools.filing.stage(visit.lease)
    cookies = tools.browser.cookies() if any(_over_http(item, tools.route) for item in listed) else ()
    try:
        for number, item in enumerate(listed, start=1):
            watch.say(f"{visit.order.handle.po_number}: file {number} of {len(listed)}")
            if number < len(listed) and not harvest.network_failures:
                _read_ahead(visit, tools, watch, source, listed[number], staging / str(number + 1), cookies)
            _bring_one(visit, tools, watch, source, item, staging / str(number), cookies, harvest)
    finally:
        if isinstance(tools.fetcher, ReadsAhead):
            tools.fetcher.drop_begun()
    if harvest.last_network_error is not None and not harvest.attachments:
        raise harvest.last_network_error
    return harvest


def _read_ahead(
    visit: VisitOrder,
    tools: Tools,
    watch: LeaseWatch,
    page: PageSnapshot,
    item: ListedAttachment,
    into: Path,
    cookies: tuple[Cookie, ...],
) -> None:
    """Let the next file come while the one in hand is on its way, where the fetcher can."""
    if item.url is None or not _over_http(item, tools.route) or not isinstance(tools.fetcher, ReadsAhead):
        return
    if _kept_copy(visit, item) is not None:
        return
    try:
        into.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # the same trouble is met, and told, when it is the file's turn
    tools.fetcher.begin(_request(tools, page, item.url, cookies), into, watch)


def _request(tools: Tools, page: PageSnapshot, url: str, cookies: tuple[Cookie, ...]) -> FileRequest:
    return FileRequest(url, cookies, tools.browser.user_agent, page.url, tools.limits.max_size)


def _over_http(item: ListedAttachment, route: Route) -> bool:
    return item.url is not None and route is Route.HYBRID


def _bring_one(
    visit: VisitOrder,
    tools: Tools,
    watch: VisitWatch,
    page: PageSnapshot,
    item: ListedAttachment,
    into: Path,
    cookies: tuple[Cookie, ...],
    harvest: _Harvest,
) -> None:
    where = item.url or item.label
    if harvest.network_failures >= NETWORK_FAILURES_BEFORE_REST_IS_LEFT:
        text = "not tried, because the files before it did not arrive"
        harvest.missing.append(MissingAttachment(item.label, where, "NETWORK_ERROR", text))
        return
    try:
        attachment = _adopted(visit, tools, item)
        if attachment is None:
            into.mkdir(parents=True, exist_ok=True)
            attachment = _brought(visit, tools, watch, page, item, into, cookies)
            harvest.network_failures = 0
        harvest.attachments.append(attachment)
        if item.url is not None:
            tools.keep(KeptFile(visit.lease, attachment, fingerprint(item.url), item.declared_size))
    except SessionCorruptionError:
        raise
    except AuthenticationError as error:
        raise _LoginMetError(str(error)) from error
    except (NetworkError, AttachmentError) as error:
        harvest.missing.append(MissingAttachment(item.label, where, error_code(error), str(error)))
        harvest.retry_worthwhile |= not isinstance(error, AttachmentLimitError)
        if isinstance(error, NetworkError):
            harvest.network_failures += 1
            harvest.last_network_error = error
    except OSError as error:
        raise HostResourceError(f"The staging folder {into} cannot be written: {error}. Free some space.") from error


def _brought(
    visit: VisitOrder,
    tools: Tools,
    watch: LeaseWatch,
    page: PageSnapshot,
    item: ListedAttachment,
    into: Path,
    cookies: tuple[Cookie, ...],
) -> Attachment:
    """Download a file and place it. One that looks like the login page is asked for twice.

    It ends the login only if the order's page is gone as well: a saved page among the files must not stop the run.
    """
    try:
        return tools.filing.place(visit.lease, _download(tools, watch, page, item, into, cookies), item)
    except AuthenticationError:
        again = tools.browser.open(page.url)
        if not again.is_new or again.http_status >= 400 or tools.portal.wants_login(again):
            raise
    second = into / "again"
    second.mkdir()
    file = _download(tools, watch, page, item, second, cookies)
    try:
        return tools.filing.place(visit.lease, file, item)
    except AuthenticationError as error:
        text = f"{item.label} is a web page with a login, not a file. Open it in the portal by hand."
        raise AttachmentError(text) from error


def _kept_copy(visit: VisitOrder, item: ListedAttachment) -> KeptFile | None:
    """Return the verified file of an earlier lease that the page lists with the same address, name and size."""
    address = fingerprint(item.url) if item.url is not None and visit.kept else ""
    for kept in visit.kept:
        same = (kept.address, kept.attachment.listed_as) == (address, item.label)
        if same and item.declared_size in (None, kept.declared_size, kept.attachment.size):
            return kept
    return None


def _adopted(visit: VisitOrder, tools: Tools, item: ListedAttachment) -> Attachment | None:
    kept = _kept_copy(visit, item)
    return tools.filing.adopt(visit.lease, kept) if kept is not None else None


def _download(
    tools: Tools,
    watch: LeaseWatch,
    page: PageSnapshot,
    item: ListedAttachment,
    into: Path,
    cookies: tuple[Cookie, ...],
) -> DownloadedFile:
    size = tools.limits.max_size
    if item.url is not None and _over_http(item, tools.route):
        return tools.fetcher.fetch(_request(tools, page, item.url, cookies), into, watch)
    if item.control is not None:
        return tools.browser.download_by_click(item.control, into, watch, size)
    if item.url is not None:
        return tools.browser.download_by_address(item.url, into, watch, size)
    raise AttachmentError(f"{item.label} has neither an address nor anything to click.")
