"""One purchase order, start to end, over the ports.

The order of the steps is the point of this file: the page must be proven to be this order's before anything that it
lists is brought in, and whatever happens becomes one outcome.
"""

from __future__ import annotations

import attrs

from actors.worker.attachments import FetchedAttachments, bring_attachments
from actors.worker.evidence import keep_evidence
from actors.worker.pages import CurrentPage, LoginMetError, find_order
from actors.worker.tools import Tools, VisitWatch
from contracts.errors import (
    Blame,
    FolderReplacedError,
    MachineError,
    PageReadingError,
    PONotFoundError,
    PortalError,
    SessionCorruptionError,
    UnprovenListError,
    WorkerError,
    WrongPageError,
    error_code,
)
from contracts.messages import LoginMet, Visited, VisitFailed, VisitOrder, VisitOutcome
from contracts.tasks import POResult, TaskStatus


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
    current = CurrentPage()
    try:
        page, reading = find_order(visit.order, tools, watch, current)
        fetched = bring_attachments(visit, tools, watch, current, page, reading)
    except LoginMetError as met:
        return LoginMet(visit.session.version, str(met))
    except SessionCorruptionError:
        raise
    except (WorkerError, MachineError) as error:
        failure = _failed(visit, tools, error, current, tools.monotonic() - began)
        return attrs.evolve(failure, evidence=keep_evidence(visit, tools, watch, current.page, failure))
    result = POResult(
        handle=visit.lease.task,
        status=_status(fetched),
        supplier=visit.order.task.supplier.strip() or reading.supplier,
        url=page.url if tools.secrets.may_show(page.url, visit.lease.task.po_number) else current.first,
        attachments_found=fetched.found,
        attachments=tuple(fetched.attachments),
        missing=tuple(fetched.missing),
        error_code=fetched.missing[0].code if fetched.missing else "",
        error_message="; ".join(f"{lost.listed_as}: {lost.message}" for lost in fetched.missing),
        blame=Blame.PORTAL if fetched.missing else None,
        worker_id=visit.lease.worker,
        started_at=began_at,
        finished_at=tools.now(),
        duration=tools.monotonic() - began,
    )
    if not result.status.is_success:
        result = attrs.evolve(result, evidence=keep_evidence(visit, tools, watch, current.page, result))
    return Visited(result, fetched.retry_worthwhile, tuple(fetched.renewed.values()))


def _status(fetched: FetchedAttachments) -> TaskStatus:
    if not fetched.found:
        return TaskStatus.NO_ATTACHMENTS
    if not fetched.missing:
        return TaskStatus.COMPLETED
    return TaskStatus.PARTIAL if fetched.attachments else TaskStatus.FAILED


def _failed(
    visit: VisitOrder, tools: Tools, error: WorkerError | MachineError, current: CurrentPage, duration: float
) -> VisitFailed:
    portal_up: bool | None = None
    answered = isinstance(error, PortalError) or (current.page is not None and current.page.http_status > 0)
    if error.blame in (Blame.PORTAL, Blame.NETWORK):
        status = tools.fetcher.probe(visit.order.base_url)
        portal_up = status is not None and status < 500
        answered = answered or status is not None
    return VisitFailed(
        blame=error.blame,
        code=error_code(error),
        message=str(error),
        not_found=isinstance(error, PONotFoundError),
        retry_after=error.retry_after if isinstance(error, PortalError) else None,
        portal_up=portal_up,
        url=current.first or visit.order.url,
        duration=duration,
        look_again=isinstance(error, WrongPageError | UnprovenListError | PageReadingError),
        ends_run=isinstance(error, FolderReplacedError),
        answered=answered,
    )
