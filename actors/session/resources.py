"""What a session keeps between batches: journal, callback runner, inside `with` what a run works with and an engine."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from actors.addresses import authority_of
from actors.dispatch.submissions import Submissions
from actors.journal import MemoryJournal
from actors.logins.core import LoginBook
from actors.monitor.actor import MemoryView
from actors.processes import resources as machine_resources
from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Latest, Notifier, ThreadEnvironment
from actors.session import figures
from actors.session.adapters import adapter_of
from actors.session.credentials import NotedCredentials, SystemCredentials
from actors.session.crew import CrewEngine
from actors.session.engine import Engine
from actors.session.enough import require_memory
from actors.session.folder_journal import FolderJournal
from actors.session.run_resources import (
    CountsTraffic,
    OpenResources,
    RunRequest,
    RunResources,
    TestMode,
    open_resources,
)
from actors.session.sequential import SequentialEngine
from actors.session.tree import TreeParts
from actors.session.usage import Reading
from actors.testing import StubPortal
from actors.worker.secrets import KnownSecrets
from contracts.config import HeadlessConfiguration, Settings
from contracts.ports import BrowserHost, CountsProcessorTime, CredentialSource, Journal, Owner, Portal
from contracts.status import Progress, WorkerHealth
from contracts.tasks import Order

log = logging.getLogger("purser.session")


SECONDS_TO_END = 1.0
"""How long the threads of an engine are waited for that has been closed, all together."""
_OTHERS = ("purser-worker-", "purser-job-")
_OWN_JOBS = ("purser-job-memory", "purser-job-kill", "purser-job-clear")
FIXED_SEED = 1
"""What a test mode with fixed timing decides by, where no seed is set."""


class SessionResources:
    """Opens and closes what engines need.

    Args:
        headless: Which browser.
        environment: Where the callback's threads come from.
        journal: The journal, where it lies, or None for one in memory.
        credentials: What to log in with, or None for the environment and the keyring.
        make_progress: Returns what the callback gets, or None while no batch is in work.
        open_run: Opens what a run works with; `open_resources` when None.
    """

    def __init__(
        self,
        headless: HeadlessConfiguration,
        environment: ThreadEnvironment,
        journal: Journal | FolderJournal | Path | str | None,
        credentials: CredentialSource | None,
        make_progress: Callable[[], dict[str, Any] | None],
        open_run: OpenResources | None,
    ) -> None:
        self._headless = headless
        self._open_run = open_run or open_resources
        self._variables = SystemCredentials("")
        self._credentials = credentials or self._variables
        self._make_progress = make_progress
        self._journal_path = Path(journal) if isinstance(journal, str | Path) else None
        self._folder_journal = journal if isinstance(journal, FolderJournal) else None
        self._own_folder_journal = False
        self.journal: Journal = MemoryJournal()
        if self._folder_journal is not None:
            self.journal = self._folder_journal.journal
        elif journal is not None and not isinstance(journal, str | Path | FolderJournal):
            self.journal = journal
        self.notifier = Notifier()
        self.progress = Latest(Progress(finished=True), self.notifier)
        self.memory = Latest(MemoryView())
        self.callbacks = CallbackRunner(environment)
        self.run_job = environment.run_job
        self.test_mode = TestMode()
        self._logins = LoginBook()
        self.submissions = Submissions(self.notifier.notify)
        self.answered: set[str] = set()
        """Hosts that have answered something in this session."""
        self._secrets = KnownSecrets()
        self._clock = environment.clock
        self._traffic_before = (0, 0)
        """Bytes received and sent over resources that were closed."""
        self._run_resources: RunResources | None = None
        self._opened_with: Settings | None = None
        self._engine: Engine | None = None
        self._engine_mode, self._engine_workers = "", 0
        self.counted: tuple[WorkerHealth, ...] = ()
        """What the workers of the engine had done when it was last reported; what they do after it counts later."""
        self._environment: ThreadEnvironment | None = None
        self._closed: tuple[ThreadEnvironment, ...] = ()
        """Environments of closed engines that have threads left."""

    @property
    def holds_folder(self) -> bool:
        """Whether this session itself holds the download folder's lock."""
        return self._run_resources is not None or self._folder_journal is not None

    def open_folder_journal(self, settings: Settings) -> None:
        """Open a journal that lies in a file. Nothing happens if it is open, or if it lies in none.

        Raises:
            JournalError, DownloadFolderError, MachineError: As `FolderJournal`.
        """
        if self._folder_journal is not None and self._own_folder_journal and settings != self._opened_with:
            self.close()
        if self._journal_path is not None and self._folder_journal is None and not self.simulates:
            self._folder_journal, self._own_folder_journal = (
                FolderJournal(settings.download_dir, self._journal_path),
                True,
            )
            self.journal, self._opened_with = self._folder_journal.journal, settings

    def manifest_head(self) -> str:
        """Return the hash of the manifest's last line, or empty when no manifest is kept."""
        return self._folder_journal.journal.head if self._folder_journal is not None else ""

    def run_resources(self, settings: Settings) -> RunResources:
        """Return the resources of a run, opened if need be. Raises as `open_resources`."""
        if self._run_resources is not None and settings != self._opened_with:
            self.close()
        self.open_folder_journal(settings)
        if self._run_resources is None:
            kept = self._folder_journal
            self._run_resources = self._open_run(
                RunRequest(
                    settings=settings,
                    headless=self._headless,
                    test_mode=self.test_mode,
                    # Whoever goes on with a run must know its folders for this run's own, not for an earlier one's.
                    run_id=kept.journal.run_name() if kept is not None else secrets.token_hex(4),
                    journal=self.journal,
                    lock=kept.lock if kept is not None else None,
                )
            )
            self._opened_with = settings
        return self._run_resources

    def portal(self, settings: Settings) -> Portal:
        """Return the adapter that a batch will be read with; nothing is opened to ask it for addresses.

        Raises:
            ConfigurationError: As `adapter_of`.
        """
        if self.test_mode.mock_workers:
            return StubPortal(simulate_failures=False)
        return adapter_of(settings, tell=lambda _text: None)  # what a run works with tells it

    def engine(self, mode: str, workers: range, settings: Settings, orders: tuple[Order, ...]) -> Engine:
        """Return a warm engine that is fit, or start one. There is one at a time, since the journal has one writer.

        Args:
            mode: "parallel" or "sequential".
            workers: How many of them are right. A first crew has the fewest; one that takes the place of a smaller one
                has the most, so that batches that grow cost one start and one login more, and not one each time.
            settings: Every setting.
            orders: The batch. The variables' credentials are for its host, whatever a warm engine was opened for.

        Raises:
            InsufficientResourcesError: The machine is too small for a crew. Else as `run_resources`.
        """
        run_resources = self.run_resources(settings)
        self._variables.belong_to(_own_host(settings, orders))
        if self._logins.forgive(self._credentials):
            self.close_engine()  # its login broker counts logins that came to nothing
        count = workers[0]
        if self._engine is not None and (self._engine_mode != mode or self._engine_workers not in workers):
            if self._engine_mode == mode and self._engine_workers < count:
                count = workers[-1]
            self.close_engine()
        if self._engine is None:
            self._environment = environment = ThreadEnvironment()
            parts = self._parts(count, settings, run_resources)
            if mode == "parallel":
                if not self.is_exempt:
                    require_memory(figures.memory())
                self._engine = CrewEngine(parts, environment, self.notifier)
            else:
                self._engine = SequentialEngine(parts, environment, self.notifier)
            self._engine_mode, self._engine_workers = mode, count
        return self._engine

    def _parts(self, workers: int, settings: Settings, run_resources: RunResources) -> TreeParts:
        return TreeParts(
            workers=workers,
            settings=settings,
            run_resources=run_resources,
            journal=self.journal,
            progress=self.progress,
            memory=self.memory,
            callbacks=self.callbacks,
            make_progress=self._make_progress,
            credentials=NotedCredentials(self._credentials, self._secrets),
            logins=self._logins,
            submissions=self.submissions,
            answered=self.answered,
            secrets=self._secrets,
            seed=self._seed(settings),
        )

    @property
    def is_exempt(self) -> bool:
        """Whether the machine may be of any size: in test mode."""
        return self.test_mode != TestMode()

    def _seed(self, settings: Settings) -> int:
        if settings.seed is not None:
            return settings.seed
        return FIXED_SEED if self.test_mode.fixed_timing else secrets.randbits(32)

    @property
    def warm_engine(self) -> Engine | None:
        """The engine that the batch before left running, or None."""
        return self._engine

    def close_engine(self) -> bool:
        """End the engine; False when something had to be forced."""
        engine, self._engine = self._engine, None
        environment, self._environment = self._environment, None
        try:
            return engine.close() if engine is not None else True
        finally:
            if environment is not None:
                environment.close()
                self._wait_for_threads(environment)

    def _wait_for_threads(self, environment: ThreadEnvironment) -> None:
        """Give the threads of an engine that was closed a moment to end, and keep those in mind that do not."""
        ends_at = environment.clock.monotonic() + SECONDS_TO_END
        for thread in _must_end(environment):
            thread.join(max(0.0, ends_at - environment.clock.monotonic()))
        self._closed = tuple(one for one in (*self._closed, environment) if _must_end(one))

    def threads_left(self) -> tuple[str, ...]:
        """Name the threads that have not ended though their engine has."""
        return tuple(thread.name for environment in self._closed for thread in _must_end(environment))

    @property
    def is_open(self) -> bool:
        """Whether it holds the download folder or a temporary folder by itself."""
        return self._run_resources is not None or self._own_folder_journal

    def close(self) -> bool:
        """End the engine and close what the run used; False when something had to be forced or is left."""
        try:
            in_time = self.close_engine()
        finally:
            left = self._close_run_resources()
        return in_time and not left

    def _close_run_resources(self) -> tuple[str, ...]:
        """Close what a run used; name what is left."""
        run_resources, self._run_resources, self._opened_with = self._run_resources, None, None
        try:
            left = run_resources.close() if run_resources is not None else ()
        finally:
            if run_resources is not None and isinstance(run_resources, CountsTraffic):
                received, sent = self._traffic_before
                self._traffic_before = (received + run_resources.traffic.received, sent + run_resources.traffic.sent)
            self._close_folder_journal()
        for name in left:
            log.error("Could not be removed: the %s. The next start will try again.", name)
        return left

    def _close_folder_journal(self) -> None:
        if self._folder_journal is not None and self._own_folder_journal:
            folder_journal, self._folder_journal, self._own_folder_journal = self._folder_journal, None, False
            self.journal = MemoryJournal()  # nobody may read from the one that is closed
            folder_journal.close()

    def usage(self) -> Reading:
        """Take a reading of what this session has used: processor time, and bytes over the network."""
        run_resources = self._run_resources  # read once, as below
        received, sent = self.traffic()
        return Reading(
            at=self._clock.monotonic(),
            own=machine_resources.own_processor_seconds(),
            browsers=_processor_seconds(run_resources.browsers) if run_resources is not None else {},
            received=received,
            sent=sent,
        )

    def traffic(self) -> tuple[int, int]:
        """Return how many bytes this session has received and sent."""
        run_resources, (received, sent) = self._run_resources, self._traffic_before
        if run_resources is None or not isinstance(run_resources, CountsTraffic):
            return received, sent
        return received + run_resources.traffic.received, sent + run_resources.traffic.sent

    def live_owners(self) -> tuple[Owner, ...]:
        """Owners of browsers that are alive."""
        run_resources = self._run_resources  # read once: the batch's own thread may leave them at any moment
        return run_resources.browsers.live_owners() if run_resources is not None else ()

    def temporary_root(self) -> Path | None:
        """Where the profiles lie, while there are any."""
        run_resources = self._run_resources
        return run_resources.temporary_root if run_resources is not None else None

    @property
    def simulates(self) -> bool:
        """Whether what comes of orders is made up, for all of them or for some."""
        return self.test_mode.mock_workers or self.test_mode.simulate_failures

    def test_mode_dict(self) -> dict[str, bool] | None:
        """Return the test mode's switches for reports; None when none is on."""
        return attrs.asdict(self.test_mode) if self.is_exempt else None


def _processor_seconds(browsers: BrowserHost) -> Mapping[str, float]:
    return browsers.processor_seconds() if isinstance(browsers, CountsProcessorTime) else {}


def _must_end(environment: ThreadEnvironment) -> list[threading.Thread]:
    """Return the threads that a closed engine has no business to leave.

    Visits, logins and starts of browsers run code of others. One that does not come back is left behind, and the log
    has said so.
    """
    return [one for one in environment.threads() if one.name.startswith(_OWN_JOBS) or not one.name.startswith(_OTHERS)]


def _own_host(settings: Settings, orders: tuple[Order, ...]) -> str:
    """The host that PURSER_USERNAME and PURSER_PASSWORD belong to."""
    if settings.base_url:
        return authority_of(settings.base_url)
    hosts = {order.host for order in orders if not order.fault}
    return hosts.pop() if len(hosts) == 1 else ""
