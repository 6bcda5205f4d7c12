"""Evidence of a visit that failed: the page's text without secrets, and a picture of it. Never of a login page.

Whatever goes wrong here is told in the log and costs the order nothing, not even when it is the browser: what the visit
failed on has been found out, and stays what it is. Such a browser is replaced after the visit, at nobody's charge.
"""

from __future__ import annotations

import logging

import attrs

from actors.evidence import redacted
from actors.worker.tools import Tools, VisitWatch
from contracts.errors import Blame, MachineError, NetworkError, SessionCorruptionError, WorkerError
from contracts.messages import VisitFailed, VisitOrder
from contracts.ports import PageSnapshot
from contracts.tasks import POResult

log = logging.getLogger("purser.worker")

SECONDS_NEEDED = 5.0
"""With less time left the browser is about to be killed, and a browser lost here would be charged to the order."""
SECONDS_TO_OPEN_AGAIN = 60.0
"""The same, for a page that may take as long as pages may."""
SECONDS_FOR_A_COMMAND = 3.0
"""How long a page that is busy may hold up one look at it."""
LONGEST_TEXT = 2**20
"""Characters of a page's text that are looked through: more is not kept."""


def keep_evidence(
    visit: VisitOrder, tools: Tools, watch: VisitWatch, page: PageSnapshot | None, failure: VisitFailed | POResult
) -> tuple[str, ...]:
    """Keep what the visit failed on, and return the files as paths below the download folder.

    Args:
        visit: The visit that failed.
        tools: Browser, portal adapter, download folder.
        watch: The lease's deadline and its reports.
        page: The page that failed, or None.
        failure: What came of the visit.

    Returns:
        Nothing when there is nothing to show: no page, the page before, a login page, or a machine in trouble.
    """
    if page is None or not page.is_new or failure.blame is Blame.MACHINE or watch.remaining() < SECONDS_NEEDED:
        return ()
    try:
        if tools.portal.wants_login(page):
            return ()
        watch.say(f"keeping evidence of {visit.order.po_number}")
        with tools.browser.hurried(SECONDS_FOR_A_COMMAND):
            secrets = [*(cookie.value for cookie in tools.cookies()), *tools.secrets.passwords]
        shown = tools.portal.visible_text(page)[:LONGEST_TEXT]
        hidden = tools.secrets.hidden(shown, visit.order.po_number, visit.order.host)
        # A picture cannot be blackened.
        picture = _picture(tools, watch, page) if tools.screenshots and shown == hidden else b""
        heading = tools.secrets.hidden(
            _heading(visit, tools, page, failure), visit.order.po_number, visit.order.host
        )
        text = redacted(f"{heading}{hidden}\n", secrets)
        return tools.filing.keep_evidence(visit.lease, text, picture)
    except (WorkerError, MachineError) as error:
        log.warning("There is no evidence of %s: %s", visit.order.po_number, error)
        _note_loss(tools, error)
        return ()


def _note_loss(tools: Tools, error: Exception) -> None:
    if isinstance(error, SessionCorruptionError):
        tools.wear_out(str(error))


def _picture(tools: Tools, watch: VisitWatch, page: PageSnapshot) -> bytes:
    """Return a picture of `page`, or nothing when the browser shows anything else, or shows nothing in time."""
    try:
        shown = _look(tools, page)
        if shown is not None and shown.time_origin != page.time_origin:
            shown = _open_again(tools, watch, page)
        if shown is None:
            return b""
        with tools.browser.hurried(SECONDS_FOR_A_COMMAND):
            picture = tools.browser.screenshot()
        if not picture:
            log.warning("The browser could not draw the page of a failed order; its text alone is kept.")
            return b""
        after = _look(tools, page)
    except WorkerError as error:
        log.warning("There is no picture of a failed order: %s", error)
        _note_loss(tools, error)
        return b""
    return picture if after is not None and after.time_origin == shown.time_origin else b""


def _look(tools: Tools, page: PageSnapshot) -> PageSnapshot | None:
    """Return what the browser shows, or None when that is a login or its own error page."""
    try:
        with tools.browser.hurried(SECONDS_FOR_A_COMMAND):
            shown = tools.browser.read()
    except NetworkError:
        return None
    # Who was sent on to an identity provider is told by what was asked for at first.
    asked = attrs.evolve(shown, requested_url=page.requested_url)
    return None if tools.portal.wants_login(asked) else shown


def _open_again(tools: Tools, watch: VisitWatch, page: PageSnapshot) -> PageSnapshot | None:
    """Show `page` again, in whose place another address or a click has put something else; None when it differs."""
    if watch.remaining() < SECONDS_TO_OPEN_AGAIN:
        return None
    try:
        again = tools.browser.open(page.requested_url)
    except NetworkError:
        return None
    is_same = again.is_new and (again.url, again.http_status) == (page.url, page.http_status)
    return again if is_same and not tools.portal.wants_login(again) else None


def _heading(visit: VisitOrder, tools: Tools, page: PageSnapshot, failure: VisitFailed | POResult) -> str:
    code, message = (
        (failure.code, failure.message)
        if isinstance(failure, VisitFailed)
        else (failure.error_code, failure.error_message)
    )
    facts = {
        "order": visit.order.po_number,
        "visit": visit.lease.attempt,
        "time": tools.now().isoformat(timespec="seconds"),
        "address": page.url,
        "asked for": page.requested_url,
        "HTTP status": page.http_status,
        "failure": f"{code} {message}",
    }
    return "".join(f"{name}: {value}\n" for name, value in facts.items()) + "\n"
