"""One live browser and all that is done with it: visits, logins, probes. The worker actor and the sequential mode
drive the same one.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from actors.runtime import Revocation, Watch
from actors.worker.login import log_in
from actors.worker.process_po import process_po
from actors.worker.tools import Tools
from contracts.config import Settings
from contracts.errors import BrowserDiedError
from contracts.messages import LogIn, LoginEnded, VisitOrder, VisitOutcome
from contracts.ports import Browser, BrowserLauncher, Clock, Fetcher, Filing, KeptFile, Owner, Portal


@attrs.frozen(kw_only=True)
class WorkerTools:
    """What every generation of every worker is built with.

    Args:
        launcher: Starts browsers.
        fetcher: Makes one fetcher a generation.
        portal: The adapter.
        filing: The download folder.
        settings: Route, limits, deadlines.
        revocation: Finds the flag that ends a generation's waits.
    """

    launcher: BrowserLauncher
    fetcher: Callable[[], Fetcher]
    portal: Portal
    filing: Filing
    settings: Settings
    revocation: Callable[[Owner], Revocation]


class Visitor:
    """One generation's browser at work. Used by one thread.

    Args:
        owner: The generation.
        tools: What it is built with.
        clock: The time it runs on.

    Raises:
        BrowserDiedError, BrowserNotFoundError, ProfileCorruptionError: As the launcher does.
    """

    def __init__(self, owner: Owner, tools: WorkerTools, clock: Clock) -> None:
        self.owner = owner
        self._tools = tools
        self._clock = clock
        self._revocation = tools.revocation(owner)
        self._versions: dict[str, int] = {}
        self._browser: Browser = tools.launcher.launch(owner)
        self._fetcher: Fetcher = tools.fetcher()

    def check_alive(self) -> None:
        """Raise `BrowserDiedError` when the browser has ended by itself."""
        if not self._browser.is_alive():
            raise BrowserDiedError("The browser ended by itself.")

    def visit(self, visit: VisitOrder, report: Callable[[str], None], keep: Callable[[KeptFile], None]) -> VisitOutcome:
        """Work on one order and return what came of it.

        Args:
            visit: The lease, the order and its login.
            report: Told what is being done; each call renews the lease.
            keep: Told each file that lies verified in staging.
        """
        self.check_alive()
        watch = Watch(self._clock, visit.timeout, self._revocation, report)
        watch.say("opening")
        session = visit.session
        if session.version > self._versions.get(session.host, 0):
            self._browser.adopt_cookies(session.cookies)
            self._versions[session.host] = session.version
        tools = Tools(
            browser=self._browser,
            fetcher=self._fetcher,
            portal=self._tools.portal,
            filing=self._tools.filing,
            route=self._tools.settings.route,
            limits=self._tools.settings.attachments,
            now=self._clock.now,
            monotonic=self._clock.monotonic,
            keep=keep,
            screenshots=self._tools.settings.screenshots,
        )
        return process_po(visit, tools, watch)

    def log_in(self, order: LogIn) -> LoginEnded:
        """Log in and return the session's cookies."""
        self.check_alive()
        watch = Watch(self._clock, order.timeout, self._revocation, lambda _activity: None)
        return log_in(order, self._browser, self._tools.portal, watch)

    def probe(self, base_url: str) -> int | None:
        """Ask whether the portal answers."""
        return self._fetcher.probe(base_url)

    def close(self) -> None:
        """Close kept connections. The browser itself is ended through the process ledger."""
        self._fetcher.close()
