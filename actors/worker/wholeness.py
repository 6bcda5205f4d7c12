"""Half a page is not a page: one that may have been cut on its way is asked for once more, outside of the browser.

A browser takes a packed document as whole wherever the packed bytes end, and one without a length wherever the
connection ends. Where such a text has no end either, the bytes are looked at: packed ones say whether they are all.
"""

from __future__ import annotations

from actors.worker.tools import Tools, VisitWatch
from contracts.errors import AttachmentError, AuthenticationError, NetworkError, PortalError
from contracts.ports import FileRequest, PageEnd, PageSnapshot, ReadsPages, SeesEnds

LARGEST_PAGE = 16 * 1024 * 1024
"""Bytes of a document that are asked for once more at most."""
_LONGER = 1.05
"""How many times as long a page may come again: hardly any says twice the same, byte for byte."""
_CLOSES = (b"</html", b"</body", b"</frameset")


def require_whole(page: PageSnapshot, tools: Tools, watch: VisitWatch) -> None:
    """Return when nothing says that a packed document of the page was cut.

    Raises:
        NetworkError: One of them broke off, came damaged, or comes longer when it is asked for again.
    """
    for one in page.unproven:
        end = _end_of(one.url, page, tools, watch)
        if end is not None and (end.size > one.size * _LONGER or (one.is_open and _has_end(end))):
            raise NetworkError("The page was cut on its way: asked for again it goes on. Try again.")


def require_end(page: PageSnapshot, tools: Tools, watch: VisitWatch) -> None:
    """Return when a page that lists nothing, and is still shown, is known to be all of it.

    Raises:
        NetworkError: One of its documents just stops, and nothing says that this is its end.
    """
    if not isinstance(tools.browser, SeesEnds) or not isinstance(tools.fetcher, ReadsPages):
        return
    for address in tools.browser.without_end():
        end = _end_of(address, page, tools, watch)
        if end is None and address != page.url.partition("#")[0]:
            continue  # a frame that is refused, or was given once, such as one that keeps a login alive
        if end is None or not end.is_certain or _has_end(end):
            raise NetworkError("The page just stops, and nothing says that this is all of it. Try again.")


def _end_of(address: str, page: PageSnapshot, tools: Tools, watch: VisitWatch) -> PageEnd | None:
    """Ask for a document once more; None when it is given to browsers alone. Raises `NetworkError`."""
    fetcher = tools.fetcher
    if not isinstance(fetcher, ReadsPages):
        return None
    watch.say("looking whether the page came whole")
    request = FileRequest(address, tools.browser.cookies(), tools.browser.user_agent, page.url, LARGEST_PAGE)
    try:
        return fetcher.end_of(request, watch)
    except (AuthenticationError, PortalError, AttachmentError):
        return None
    finally:
        tools.fetcher.take_cookies()  # a page that is asked for twice must not change whose login the browser holds


def _has_end(end: PageEnd) -> bool:
    text = end.text.lower()
    return any(sign in text for sign in _CLOSES)
