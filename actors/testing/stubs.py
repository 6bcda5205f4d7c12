"""Stubs of a portal, a fetcher and a download folder. They bring no files unless they are given some.

Which orders fail, when some are to, is said in `failures.py`.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

from actors.filing.folder import DownloadFolder
from actors.testing.browsers import NO_FILES
from actors.testing.failures import NOT_FOUND, is_missing
from contracts.errors import AttachmentError, AttachmentLimitError
from contracts.ports import (
    Cookie,
    DownloadedFile,
    FileRequest,
    HttpFailure,
    Lease,
    LeaseWatch,
    LoginForm,
    NotFoundPage,
    OrderPage,
    PageReading,
    PageSnapshot,
)


def no_file(_request: FileRequest) -> bytes:
    """Give nothing.

    Raises:
        AttachmentError: Always.
    """
    raise AttachmentError(NO_FILES)


class StubFetcher:
    """Brings the files that it is given, and none by default.

    Args:
        give: Returns what a file holds, or raises what fetching it raises.
    """

    def __init__(self, give: Callable[[FileRequest], bytes] = no_file) -> None:
        self._give = give
        self._numbers = itertools.count(1)

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """Write down what is given."""
        watch.check()
        content = self._give(request)
        if len(content) > request.max_size:
            raise AttachmentLimitError(f"The file is larger than {request.max_size} bytes.")
        path = into / f"file-{next(self._numbers)}"
        path.write_bytes(content)
        watch.touch()
        size, digest = len(content), hashlib.sha256(content).hexdigest()
        return DownloadedFile(path, size, digest, declared_size=size, url=request.url)

    def take_cookies(self) -> tuple[Cookie, ...]:
        """No portal sets any."""
        return ()

    def probe(self, base_url: str) -> int | None:
        """Every portal answers."""
        return 200

    def close(self) -> None:
        """Nothing is open."""


class StubPortal:
    """Takes every page that was not refused for the order's own, or for none at all."""

    login_paths = ("/login",)

    def __init__(self, *, simulate_failures: bool = False) -> None:
        self._failures = simulate_failures

    def recognises(self, page: PageSnapshot) -> bool:
        """Every page."""
        return True

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Make up an address."""
        return (f"{base_url}/{po_number}",)

    def login_address(self, base_url: str) -> str:
        """Make up an address."""
        return f"{base_url}/login"

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what the HTTP status tells, or else what the order's number decides."""
        if page.http_status in (404, 410):
            return NotFoundPage(f"HTTP status {page.http_status}")
        if not 200 <= page.http_status < 400:
            return HttpFailure(page.http_status)
        if self._failures and is_missing(po_number):
            return NotFoundPage(NOT_FOUND)
        return OrderPage(po_number, "", ())

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """There are none."""
        return OrderPage("", "", ())

    def wants_login(self, page: PageSnapshot) -> str:
        """Never."""
        return ""

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Any form."""
        return LoginForm("input[type=text]", "input[type=password]", "button")

    def visible_text(self, page: PageSnapshot) -> str:
        """Nothing is on it."""
        return ""


class StubFolder(DownloadFolder):
    """A download folder that goes with its session, so that nothing in it may be reported."""

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Nothing is kept."""
        return ()
