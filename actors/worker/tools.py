"""What a visit works with, and what it reports to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import attrs

from actors.worker.secrets import KnownSecrets
from contracts.config import AttachmentLimits, Route
from contracts.ports import Browser, Cookie, Fetcher, Filing, KeptFile, LeaseWatch, Portal


class VisitWatch(LeaseWatch, Protocol):
    """A lease's watch that can also say what is being done."""

    def say(self, activity: str) -> None:
        """Report a new activity at once."""
        ...


@attrs.frozen(kw_only=True)
class Tools:
    """What a visit works with. `keep` is told each file that lies verified in staging; files of the hosts in
    `allowed_file_hosts` are fetched although they are not the portal's; `wear_out` is told why the browser should be
    replaced once the visit has ended.
    """

    browser: Browser
    fetcher: Fetcher
    portal: Portal
    filing: Filing
    route: Route
    limits: AttachmentLimits
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    keep: Callable[[KeptFile], None]
    screenshots: bool
    wear_out: Callable[[str], None]
    allowed_file_hosts: tuple[str, ...] = ()
    secrets: KnownSecrets = attrs.field(factory=KnownSecrets)

    def cookies(self) -> tuple[Cookie, ...]:
        """Return every cookie of the browser; what lets somebody in is shown nowhere from then on."""
        found = self.browser.cookies()
        self.secrets.learn_cookies(found)
        return found
