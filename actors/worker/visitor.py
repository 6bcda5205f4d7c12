"""One live browser and all that is done with it: visits, logins, probes. The worker actor and the sequential mode
drive the same one.

Nothing that a page does may reach whoever drives it, so this file is the boundary of a visit. What the adapter raises
is the order's (`guarding.py`). What else nobody expects, out of browser, fetcher or folder, is this browser's fault:
it is told in the log and becomes a `SessionCorruptionError`, the one error that leaves here. What the driver's own
callbacks raise is neither's, and passes as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import attrs

from actors.runtime import Revocation
from actors.worker.cleaning import cleaned, cleaned_errors, cleaned_login
from actors.worker.guarding import GuardedPortal
from actors.worker.login import log_in
from actors.worker.process_po import process_po
from actors.worker.secrets import KnownSecrets
from actors.worker.tools import Tools
from actors.worker.watch import Watch
from contracts.config import Settings
from contracts.errors import (
    Blame,
    BrowserDiedError,
    FolderReplacedError,
    MachineError,
    PageReadingError,
    ParallelProcessingError,
    PortalError,
    SessionCorruptionError,
    WorkerError,
    error_code,
)
from contracts.messages import (
    HostSession,
    LogIn,
    LoginEnded,
    LoginResult,
    Visited,
    VisitFailed,
    VisitOrder,
    VisitOutcome,
)
from contracts.ports import Browser, BrowserHost, Clock, Cookie, Fetcher, Filing, KeptFile, Owner, Portal

log = logging.getLogger("purser.worker")


@attrs.frozen(kw_only=True)
class WorkerTools:
    """What every generation of every worker is built with.

    Args:
        browsers: Where browsers live.
        fetcher: Makes one fetcher a generation.
        portal: The adapter.
        filing: The download folder.
        settings: Route, limits, deadlines.
        revocation: Finds the flag that ends a generation's waits.
        secrets: What must not be shown.
    """

    browsers: BrowserHost
    fetcher: Callable[[], Fetcher]
    portal: Portal
    filing: Filing
    settings: Settings
    revocation: Callable[[Owner], Revocation]
    secrets: KnownSecrets = attrs.field(factory=KnownSecrets)


class _ReportError(Exception):
    """Carries what a callback of the driver raised past everything that handles errors of a visit."""

    def __init__(self, error: Exception) -> None:
        super().__init__(repr(error))
        self.error = error


@attrs.define
class _Login:
    """What this browser holds of a host's login."""

    version: int = 0
    renewals: int = 0
    cookies: dict[tuple[str, str, str], Cookie] = attrs.field(factory=dict)

    def take(self, cookies: tuple[Cookie, ...]) -> None:
        self.cookies.update({(one.name, one.domain, one.path): one for one in cookies})


class Visitor:
    """One generation's browser at work. Used by one thread.

    Args:
        owner: The generation.
        tools: What it is built with.
        clock: The time it runs on.

    Raises:
        BrowserDiedError, BrowserNotFoundError, ProfileCorruptionError: As the browser host does.
    """

    def __init__(self, owner: Owner, tools: WorkerTools, clock: Clock) -> None:
        self.owner = owner
        self._tools = tools
        self._clock = clock
        self._revocation = tools.revocation(owner)
        self._logins: dict[str, _Login] = {}
        self._worn = ""
        if self._revocation.is_revoked:
            raise BrowserDiedError("It was taken away before its browser was started.")
        with _boundary("start", ParallelProcessingError):
            self._browser: Browser = tools.browsers.launch(owner)
            if self._revocation.is_revoked:
                self._let_go_of_it()
            self._fetcher: Fetcher = tools.fetcher()

    def _let_go_of_it(self) -> NoReturn:
        """End a browser that was taken away while it was started: whoever did may have cleared up before it came."""
        browsers = self._tools.browsers
        browsers.kill(self.owner)
        if browsers.wait_gone(self.owner, self._tools.settings.timeouts.force):
            browsers.forget(self.owner)
        raise BrowserDiedError("It was taken away while its browser was started.")

    def wear(self) -> str:
        """Look back at a visit; say why the browser should be replaced before its next one, empty while it is well."""
        if self._worn:
            return self._worn
        try:
            with _boundary("look back at the last page"):
                return self._browser.wear()
        except SessionCorruptionError as error:
            return str(error)  # what came of the visit is known, and stands

    def check_alive(self) -> None:
        """Raise `BrowserDiedError` when the browser has ended by itself."""
        with _boundary("look whether it is alive"):
            alive = self._browser.is_alive()
        if not alive:
            raise BrowserDiedError("The browser ended by itself.")

    def visit(self, visit: VisitOrder, report: Callable[[str], None], keep: Callable[[KeptFile], None]) -> VisitOutcome:
        """Work on one order and return what came of it.

        Args:
            visit: The lease, the order and its login.
            report: Told what is being done; each call renews the lease.
            keep: Told each file that lies verified in staging.

        Raises:
            SessionCorruptionError: The browser is unusable, or answered what nobody expects.
        """
        self.check_alive()
        with _boundary("leave the last page"):
            self._browser.make_ready()
        watch = Watch(self._clock, visit.timeout, self._revocation, _carried(report))
        tools = Tools(
            browser=self._browser,
            fetcher=self._fetcher,
            portal=GuardedPortal(self._tools.portal),
            filing=self._tools.filing,
            route=self._tools.settings.route,
            limits=self._tools.settings.attachments,
            now=self._clock.now,
            monotonic=self._clock.monotonic,
            keep=_carried(keep),
            screenshots=self._tools.settings.screenshots,
            allowed_file_hosts=self._tools.settings.allowed_file_hosts,
            wear_out=self._wear_out,
            secrets=self._tools.secrets,
        )
        try:
            with cleaned_errors(tools.secrets), _boundary(f"visit {visit.order.po_number}"):
                watch.say("opening")
                self._adopt(visit.session)
                outcome = cleaned(self._process(visit, tools, watch), visit, tools.secrets)
        except _ReportError as carried:
            raise carried.error from None
        if isinstance(outcome, Visited) and outcome.renewed:
            self._logins.setdefault(visit.session.host, _Login()).take(outcome.renewed)
        return outcome

    def _wear_out(self, text: str) -> None:
        self._worn = text

    def _adopt(self, session: HostSession) -> None:
        """Take over a newer login, or what was renewed of the same one; what was renewed here is here already."""
        self._tools.secrets.learn_cookies(session.cookies)
        mine = self._logins.setdefault(session.host, _Login())
        if (session.version, session.renewals) <= (mine.version, mine.renewals):
            return
        if session.version > mine.version:
            mine.cookies.clear()
        fresh = tuple(one for one in session.cookies if mine.cookies.get((one.name, one.domain, one.path)) != one)
        if fresh or session.version > mine.version:
            self._browser.adopt_cookies(fresh)
        mine.take(fresh)
        mine.version, mine.renewals = session.version, session.renewals

    def _process(self, visit: VisitOrder, tools: Tools, watch: Watch) -> VisitOutcome:
        try:
            return process_po(visit, tools, watch)
        except SessionCorruptionError:
            raise
        except (WorkerError, MachineError) as error:  # raised over the evidence of another failure
            return self._failed(visit, error)

    def _failed(self, visit: VisitOrder, error: WorkerError | MachineError) -> VisitFailed:
        portal_up: bool | None = None
        answered = isinstance(error, PortalError)
        if error.blame in (Blame.PORTAL, Blame.NETWORK):
            status = self.probe(visit.order.base_url)
            portal_up = status is not None and status < 500
            answered = answered or status is not None
        return VisitFailed(
            blame=error.blame,
            code=error_code(error),
            message=str(error),
            portal_up=portal_up,
            url=visit.order.url,
            look_again=isinstance(error, PageReadingError),
            ends_run=isinstance(error, FolderReplacedError),
            answered=answered,
        )

    def log_in(self, request: LogIn) -> LoginEnded:
        """Log in and return the session's cookies.

        Raises:
            SessionCorruptionError: The browser is unusable, or answered what nobody expects.
        """
        self.check_alive()
        with _boundary("leave the last page"):
            self._browser.make_ready()
        watch = Watch(self._clock, request.timeout, self._revocation, lambda _activity: None)
        self._tools.secrets.learn(request.credentials)
        with cleaned_errors(self._tools.secrets), _boundary(f"log in to {request.host}"):
            return cleaned_login(self._log_in(request, watch), self._tools.secrets)

    def _log_in(self, request: LogIn, watch: Watch) -> LoginEnded:
        try:
            hosts = self._tools.settings.login_hosts
            return log_in(request, self._browser, GuardedPortal(self._tools.portal), watch, hosts)
        except SessionCorruptionError:
            raise
        except (WorkerError, MachineError) as error:
            return LoginEnded(request.host, LoginResult.FAILED, str(error))

    def probe(self, base_url: str) -> int | None:
        """Ask whether the portal answers. A question that could not be put counts as no answer."""
        try:
            return self._fetcher.probe(base_url)
        except SessionCorruptionError:
            raise
        except Exception as error:  # boundary: the fetcher; the portal is asked again later
            log.warning("Asking whether %s answers raised %s.", base_url, type(error).__name__, exc_info=error)
            return None

    def close(self) -> None:
        """Close kept connections. The browser itself is ended through the process ledger."""
        try:
            self._fetcher.close()
        except Exception as error:  # boundary: the fetcher; what it leaves open ends with the program
            log.warning("Closing connections raised %s.", type(error).__name__, exc_info=error)


@contextmanager
def _boundary(doing: str, known: type[Exception] = SessionCorruptionError) -> Iterator[None]:
    """Blame a browser for whatever is raised while it is to do something, but for errors that are `known` here."""
    try:
        yield
    except (known, _ReportError):
        raise
    except Exception as error:
        log.error("The browser was to %s, which raised %s.", doing, type(error).__name__, exc_info=error)  # noqa: TRY400
        # Of what others raise only the class is told: the text may hold what the page holds.
        raise SessionCorruptionError(
            f"The browser was to {doing} and gave an answer that nobody expects ({type(error).__name__}). It is "
            "replaced. If this comes again, report it with the log of the run."
        ) from error


def _carried(callback: Callable[[Any], None]) -> Callable[[Any], None]:
    def call(told: Any) -> None:
        try:
            callback(told)
        except Exception as error:
            raise _ReportError(error) from error

    return call
