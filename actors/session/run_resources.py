"""What a run works with: the place where its browsers live, the download folder and its lock, the portal's adapter.

Opened before the first browser, closed after the last. What a dead run left is removed first. Who opens it is handed to
the session (`OpenResources`): this machine's browsers and the test mode's stubs are two openers' parts, and browsers
that live elsewhere are a third's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import attrs

from actors.browser.launch import ChromiumLauncher
from actors.browser.local_host import LocalBrowserHost
from actors.browser.profiles import check_base
from actors.fetch import HttpFetcher
from actors.fetch.traffic import Traffic
from actors.filing.folder import DownloadFolder
from actors.filing.lock import FolderLock
from actors.processes import measure
from actors.processes.ledger import ProcessLedger
from actors.processes.reaper import Reaped, reap
from actors.runtime import ThreadEnvironment
from actors.session.adapters import adapter_of
from actors.session.arguments import check_switch
from actors.session.saved_logins import require_state_folder, state_folder
from actors.testing import FailingBrowserHost, FailingPortal, StubPortal, StubResources
from contracts.config import HeadlessConfiguration, Settings
from contracts.errors import FolderReplacedError
from contracts.ports import BrowserHost, Fetcher, Filing, Journal, MachineMemory, Portal

log = logging.getLogger("purser.session")


def _switch(_instance: object, attribute: attrs.Attribute[bool], value: object) -> None:
    check_switch(value, attribute.name)


@attrs.frozen
class TestMode:
    """The test mode that was asked for (contract 25). Each switch works by itself.

    Args:
        mock_workers: Stub browsers read made-up pages, without any network.
        simulate_failures: Some orders fail, always the same ones, whatever the browsers are.
        fixed_timing: Stub visits take the same time, and jitter is the same in each run.

    Raises:
        TypeError: A switch is neither True nor False.
    """

    mock_workers: bool = attrs.field(default=False, validator=_switch)
    simulate_failures: bool = attrs.field(default=False, validator=_switch)
    fixed_timing: bool = attrs.field(default=False, validator=_switch)


class RunResources(Protocol):
    """What a run works with: what `open_resources` returns."""

    @property
    def browsers(self) -> BrowserHost:
        """Where browsers live."""
        ...

    @property
    def filing(self) -> Filing:
        """The download folder."""
        ...

    @property
    def portal(self) -> Portal:
        """The adapter, with all of `Portal`."""
        ...

    @property
    def temporary_root(self) -> Path:
        """Where the profiles lie."""
        ...

    def machine_memory(self) -> MachineMemory:
        """The memory of the machine whose limit is to be kept, now."""
        ...

    def make_fetcher(self) -> Fetcher:
        """Return a new fetcher for one worker."""
        ...

    def make_prober(self) -> Fetcher:
        """Return a fetcher that only asks whether a portal answers, for as long as one is given time to."""
        ...

    def close(self) -> tuple[str, ...]:
        """Remove everything temporary; name what could not be removed."""
        ...


@runtime_checkable
class CountsTraffic(Protocol):
    """Resources that count the bytes of their fetchers and of their browsers' downloads."""

    @property
    def traffic(self) -> Traffic:
        """What has come and gone so far."""
        ...


class LocalResources:
    """Real browsers, real processes, a real folder.

    Args:
        settings: Every setting.
        headless: Which browser.
        run_id: Names the run in the download folder.
        journal: Tells which staging folders are still wanted.
        lock: The download folder's lock when somebody holds it already; it is then left to them.

    Raises:
        ConfigurationError: The adapter that the settings name cannot be used.
        BrowserNotFoundError: There is no browser.
        ProfileCorruptionError: The base profile cannot be used.
        DownloadFolderError: The download folder cannot be written or is in use.
    """

    def __init__(
        self,
        settings: Settings,
        headless: HeadlessConfiguration,
        run_id: str,
        journal: Journal,
        lock: FolderLock | None = None,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._jobs = ThreadEnvironment()
        self.traffic = Traffic()
        self.portal: Portal = adapter_of(settings)
        if settings.profile is not None:
            check_base(settings.profile)
        self._lock = None
        if lock is None:
            self._lock = lock = FolderLock(settings.download_dir)
            self._lock.acquire()
        try:
            self.filing = DownloadFolder(
                settings.download_dir, run_id, strict_types=settings.strict_types, ground=lock.ground
            )
            swept = self.filing.sweep(self._wanted())
            if swept:
                log.info("Removed %d staging folders of runs that did not end.", swept)
            state = state_folder()
            self.reaped: Reaped = reap(state)
            if self.reaped.runs:
                log.warning(
                    "Cleared up after %d runs that were killed: %d processes, %d temporary folders.",
                    self.reaped.runs, self.reaped.processes, self.reaped.folders,
                )  # fmt: skip
            ledger = ProcessLedger(state)
            ledger.open()
            self.temporary_root = ledger.root
            try:
                launcher = ChromiumLauncher(
                    headless,
                    settings.timeouts,
                    ledger=ledger,
                    root=ledger.root,
                    profile=settings.profile,
                    received=self.traffic.receive,
                )
                launcher.find()
                self.browsers: BrowserHost = LocalBrowserHost(launcher, ledger)
            except BaseException:
                ledger.close()
                raise
        except BaseException:
            self._unlock()
            raise

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _wanted(self) -> frozenset[str]:
        """Name the staging folders with files that the next lease of their order may adopt or a publish needs."""
        names: set[str] = set()
        for known in self._journal.replay().open_tasks:
            names.update(kept.lease.folder_name for kept in known.kept)
            if known.publishing is not None:
                names.add(known.publishing.lease.folder_name)
        return frozenset(names)

    def machine_memory(self) -> MachineMemory:
        """This machine's memory now, or the control group's if that is smaller."""
        return measure.machine_memory()

    def make_fetcher(self) -> Fetcher:
        """Return a new fetcher for one worker."""
        return HttpFetcher(
            self._settings.timeouts,
            login_paths=self.portal.login_paths,
            run_job=self._jobs.run_job,
            traffic=self.traffic,
        )

    def make_prober(self) -> Fetcher:
        """Return a fetcher that only asks whether a portal answers, and is patient with a slow one."""
        timeouts = self._settings.timeouts
        patient = attrs.evolve(timeouts, http_read=max(timeouts.http_read, timeouts.unreachable))
        return HttpFetcher(patient, traffic=self.traffic)

    def simulate_failures(self) -> None:
        """Let some orders fail from now on, always the same ones."""
        self.portal = FailingPortal(self.portal)
        self.browsers = FailingBrowserHost(self.browsers)

    def close(self) -> tuple[str, ...]:
        """Kill what is left, remove the run's folder, release the lock."""
        try:
            left = self.browsers.close()
            try:
                self.filing.sweep(self._wanted())
            except FolderReplacedError as error:  # the run has ended for it, and the next one sweeps
                log.warning("%s", error)
        finally:
            self._unlock()
        return tuple(f"browser of {owner.worker} generation {owner.generation}" for owner in left)


@attrs.frozen(kw_only=True)
class RunRequest:
    """What is to be opened: what `open_resources` is given.

    Args:
        settings: Every setting.
        headless: Which browser.
        test_mode: What is to be made up, by the switches of `enable_test_mode`.
        run_id: Names the run in the download folder.
        journal: Tells which staging folders are still wanted.
        lock: The download folder's lock when somebody holds it already; it is then left to them.
    """

    settings: Settings
    headless: HeadlessConfiguration
    test_mode: TestMode
    run_id: str
    journal: Journal
    lock: FolderLock | None = None


class LocalRun(RunResources, Protocol):
    """Resources of this machine."""

    def simulate_failures(self) -> None:
        """Let some orders fail from now on, always the same ones."""
        ...


OpenResources = Callable[[RunRequest], RunResources]
"""Opens what a run works with."""


def open_resources(asked: RunRequest, local: Callable[..., LocalRun] = LocalResources) -> RunResources:
    """Open this machine's own browsers and folders, or the stubs of the test mode.

    Args:
        asked: What is to be opened.
        local: Opens what is of this machine; given what `LocalResources` takes.

    Raises:
        BrowserNotFoundError, ProfileCorruptionError, DownloadFolderError: As `LocalResources`.
        ConfigurationError: As `require_state_folder`.
    """
    mode = asked.test_mode
    if mode.mock_workers:
        failures = mode.simulate_failures
        # Made-up pages are nobody's: no adapter but the stub's own knows them.
        portal = StubPortal(simulate_failures=failures)
        return StubResources(asked.settings, simulate_failures=failures, fixed=mode.fixed_timing, portal=portal)
    require_state_folder()
    opened = local(asked.settings, asked.headless, asked.run_id, asked.journal, asked.lock)
    if mode.simulate_failures:
        try:
            opened.simulate_failures()
        except BaseException:
            opened.close()
            raise
    return opened
