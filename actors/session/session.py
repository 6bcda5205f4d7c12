"""`ProcessingSession`: the front door. A plain, thread-safe object in the caller's thread (contract 1 to 26)."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

import attrs

from actors.dispatch.submissions import Hear
from actors.runtime import ThreadEnvironment
from actors.session import figures, reports
from actors.session.accounting import account
from actors.session.adapters import check_choice
from actors.session.apart import Apart, run_apart
from actors.session.arguments import (
    check_callback,
    check_credentials,
    check_headless,
    check_journal,
    check_opener,
    check_settings,
    check_switch,
)
from actors.session.batch import BatchRun
from actors.session.folder_journal import FolderJournal
from actors.session.looking import LooksAtSession
from actors.session.mode import check_order_count, choose_mode, recommend_workers
from actors.session.open_batch import OpenBatch, OutcomeCalls, begin_open_batch
from actors.session.options import SettingsOptions
from actors.session.orders import (
    Batch,
    OrderKeys,
    addresses_of,
    from_journal,
    from_list,
    prepare,
    refuse_unfinished,
)
from actors.session.outcome import Outcome
from actors.session.resources import SessionResources
from actors.session.run_resources import OpenResources, TestMode
from actors.session.unprocessed import split
from actors.session.usage import UsageMeter
from actors.session.view import SessionView, Shown
from contracts.checks import check_worker_count
from contracts.config import HeadlessConfiguration, Settings
from contracts.durations import spoken
from contracts.errors import ConfigurationError, SessionBusyError
from contracts.ports import CredentialSource, Journal
from contracts.status import SessionStatus
from contracts.tasks import POTask

log = logging.getLogger("purser.session")

ProgressCallback = Callable[[dict[str, Any]], None]


class ProcessingSession(LooksAtSession):
    """Works through batches of purchase orders and brings their attachments home, verified.

    Outside `with`, each `process_pos` starts and stops its own browsers. Inside `with`, they stay warm between batches.

    Args:
        headless_config: Which browser, and whether it shows a window.
        enable_parallel: Whether a crew may be used for more than one order.
        max_workers: Workers of the crew, 1 to 8.
        progress_callback: Called about every second with `get_progress()`, and once more at the end.
        settings: All further settings at once; each can also be given by its own name.
        journal: Where tasks and outcomes are kept: a path, the open `FolderJournal` of the download folder, or a
            journal of the caller's own; by default in memory, for as long as the session lives. With a journal on disk,
            `process_pos` goes on with a run that was not finished.
        credentials: Where user names and passwords come from; by default the environment, then the keyring.
        open_resources: Opens the `RunResources` that a run works with, given a `RunRequest`; None opens browsers and
            folders of this machine.

    Raises:
        TypeError: `headless_config` is no `HeadlessConfiguration` (contract 4), another argument is of the wrong type,
            the callback cannot be called or would have to be awaited, or an unknown setting is given.
        ValueError: `max_workers` or another value is out of its range (contract 3).
    """

    def __init__(
        self,
        headless_config: HeadlessConfiguration,
        enable_parallel: bool = True,
        max_workers: int = 4,
        progress_callback: ProgressCallback | None = None,
        *,
        settings: Settings | None = None,
        journal: Journal | FolderJournal | Path | str | None = None,
        credentials: CredentialSource | None = None,
        open_resources: OpenResources | None = None,
        **options: Unpack[SettingsOptions],
    ) -> None:
        check_headless(headless_config)
        check_settings(settings)
        check_journal(journal)
        check_credentials(credentials)
        check_callback(progress_callback)
        check_opener(open_resources)
        self._workers = check_worker_count(max_workers)
        self._parallel = check_switch(enable_parallel, "enable_parallel")
        try:
            self._settings = attrs.evolve(settings if settings is not None else Settings(), **options)
        except TypeError as error:
            raise TypeError(f"{error}. The settings are the fields of contracts.Settings.") from error
        except ConfigurationError:
            raise
        except ValueError as error:
            raise ConfigurationError(f"{error}.") from error
        check_choice(self._settings.portal)
        environment = ThreadEnvironment()
        self._clock = environment.clock
        self._machine = figures.SteadyMachine(self._clock.monotonic)
        self._resources = SessionResources(
            headless_config, environment, journal, credentials, self._callback_progress, open_resources
        )
        self._usage = UsageMeter(self._resources.usage, self._clock.monotonic)
        self._resources.callbacks.set_callback(progress_callback)
        totals = reports.Totals(session_id=secrets.token_hex(8), started_at=self._clock.now())
        self._shown = Shown(SessionView(totals=totals), self._resources.progress)
        self._busy = threading.Lock()
        """Held by whoever works with the resources; never taken in the caller's own thread."""
        self._turn = 0
        """Counts who has taken them."""
        self._running: BatchRun | None = None
        self._warm = False

    # ---------------------------------------------------------------------------------------------------- processing

    def process_pos(self, po_list: Iterable[Mapping[str, Any] | POTask]) -> tuple[int, int, dict[str, Any]]:
        """Work through a list of orders (contract 5 to 11).

        Args:
            po_list: Dicts with `po_number`, `supplier`, `url` and `amount`, or `POTask`s. Only the number is required,
                if a base URL is set.

        Returns:
            How many rows succeeded, how many did not, and the report of this batch. They add up to the rows given.

        Raises:
            SessionBusyError: Another batch is in work in this session.
            BrowserNotFoundError, DownloadFolderError, ProfileCorruptionError: Nothing could be started.
            PortalUnreachableError: No portal of the batch answers.
            AuthenticationError: No order could be visited, because the portal let nobody in.
            KeyboardInterrupt: After an orderly end, when the user asked for it.
        """
        rows = tuple(po_list)  # in the caller's thread, where whatever makes them belongs
        return self._run(lambda: self._from_list(rows))

    def _from_list(self, rows: tuple[Mapping[str, Any] | POTask, ...]) -> Batch:
        addresses = addresses_of(self._resources.portal(self._settings))
        return from_list(rows, self._settings.base_url, self._resources.journal, addresses)

    def _keys(self) -> OrderKeys:
        return OrderKeys(self._settings.base_url, addresses_of(self._resources.portal(self._settings)))

    def resume(self) -> tuple[int, int, dict[str, Any]]:
        """Go on with the run in the journal that was not finished, without its list.

        Returns:
            As `process_pos`, over all orders of that run. Without such a run there are none, and nothing is started.

        Raises:
            ConfigurationError: The session has no journal that outlives it. Else as `process_pos`.
            JournalError: The program ended before it had taken over the whole list, which must be given again.
        """
        return self._run(lambda: from_journal(self._resources.journal))

    def _run(self, prepare_batch: Callable[[], Batch], fallback: str = "") -> tuple[int, int, dict[str, Any]]:
        """Run a batch on a thread of its own, so that an interrupt finds nothing half done.

        Args:
            prepare_batch: Makes the batch; called once the session is taken and its journal is open.
            fallback: Why no crew may be used, or empty.
        """
        batch = BatchRun(self._resources, self._settings, self._workers, self._handle_parallel_failure)
        return run_apart(self._work(batch, prepare_batch, fallback), on_interrupt=batch.interrupt)

    def open_batch(self, on_outcome: Hear | None = None) -> OpenBatch:
        """Begin a batch that orders are put into one by one, by any threads, until it is closed.

        Progress, stop, reports and the checks of the session's state are as with `process_pos`; the total is what has
        come so far. A journal on disk keeps what has not ended, and `resume` goes on with it.

        Args:
            on_outcome: Told the outcome of each order, once, on a thread of the batch's own, one after the other.

        Raises:
            TypeError: `on_outcome` cannot be called.
            JournalError: The journal holds a run that was not finished.
            SessionBusyError: Another batch is in work. Else as `process_pos`.
        """
        check_callback(on_outcome)
        batch = BatchRun(self._resources, self._settings, self._workers, self._handle_parallel_failure, is_open=True)
        calls = OutcomeCalls(self._resources.run_job, on_outcome)
        run = self._work(batch, self._nothing_yet, "")

        def work() -> tuple[int, int, dict[str, Any]]:
            try:
                return run()
            finally:
                calls.finish()  # whoever closes it, and whether anybody does

        return begin_open_batch(batch, Apart(work), self._from_rows, self._keys, calls)

    def _nothing_yet(self) -> Batch:
        refuse_unfinished(self._resources.journal)
        return Batch((), ())

    def _from_rows(self, rows: tuple[Mapping[str, Any] | POTask, ...]) -> Batch:
        return prepare(rows, self._settings.base_url, (), addresses_of(self._resources.portal(self._settings)))

    def _work(
        self, batch: BatchRun, prepare_batch: Callable[[], Batch], fallback: str
    ) -> Callable[[], tuple[int, int, dict[str, Any]]]:
        """Return what takes the session, works through a batch, and lets the session go."""

        def work() -> tuple[int, int, dict[str, Any]]:
            if not self._busy.acquire(blocking=False):
                batch.settle()
                raise SessionBusyError("This session is working on a batch. Wait for it, or use a second session.")
            self._turn += 1
            self._running = batch
            try:
                return self._process(batch, prepare_batch, fallback)
            finally:
                batch.settle()
                self._running = None
                self._busy.release()

        return work

    def _process(
        self, batch: BatchRun, prepare_batch: Callable[[], Batch], fallback: str
    ) -> tuple[int, int, dict[str, Any]]:
        try:
            self._resources.open_folder_journal(self._settings)
            prepared = prepare_batch()
            batch.take(prepared)
        except BaseException:
            if not self._warm:
                self._resources.close()
            raise
        mode, why = ("sequential", fallback) if fallback else self._choose(batch.most_at_once)
        log.info("Mode %s: %s.", mode, why)
        self._usage.begin()
        self._shown.change(
            status=SessionStatus.RUNNING, mode=mode, began_at=self._clock.monotonic(), ended_at=None, batch=batch,
            given=len(prepared.rows), results=(), removed=len(prepared.removed),
        )  # fmt: skip
        outcome = Outcome()
        started_at = self._clock.now()
        try:
            outcome = batch.run(mode, fallback)
        except BaseException as error:
            self._resources.close_engine()
            outcome = batch.break_off(error)
            raise
        finally:
            report = self._wind_up(batch, outcome, started_at)
        seconds = report["performance_metrics"]["elapsed_seconds"]
        log.info("%d of %d succeeded in %s.", report["successful_pos"], report["total_pos"], spoken(seconds))
        return report["successful_pos"], report["failed_pos"], report

    def _wind_up(self, batch: BatchRun, outcome: Outcome, started_at: datetime) -> dict[str, Any]:
        """Close what the batch opened, whatever goes wrong over it, and return its report."""
        self._shown.change(ended_at=self._clock.monotonic())
        totals = self._shown.view.totals
        try:
            totals, report = account(
                totals, outcome, self._resources, started_at=started_at, ended_at=self._clock.now(),
                seconds=self._look().elapsed, mode=self._shown.view.mode,
            )  # fmt: skip
            return report
        finally:
            try:
                # An engine that failed may have no browser to go on with: the next batch gets a new one.
                if not self._warm or outcome.status is SessionStatus.FAILED:
                    self._resources.close()
            finally:
                self._shown.change(
                    status=outcome.status, batch=None, last=batch.progress(), totals=totals, given=batch.given,
                    results=outcome.rows, orders=len(outcome.orders), left=outcome.left,
                    successful=sum(one.status.is_success for one in outcome.orders),
                )  # fmt: skip
                # Before the final call, which may itself ask for a stop and wait for it.
                batch.settle()
                self._resources.callbacks.finish(self.get_progress, timeout=5.0)

    def get_processing_mode(self, po_count: int) -> str:
        """Return "sequential" or "parallel" for a batch of that size, as things stand (contract 12, 13).

        It only looks, and takes no lock. No order, or fewer, is "sequential".

        Raises:
            TypeError: `po_count` is not a whole number.
        """
        return self._choose(check_order_count(po_count))[0]

    def _choose(self, orders: int) -> tuple[str, str]:
        return choose_mode(
            enabled=self._parallel,
            orders=orders,
            workers=self._workers,
            machine=figures.machine(),
            memory_threshold=self._settings.limits.memory_threshold,
            busy=not self._resources.holds_folder and figures.is_worked_in(self._settings.download_dir),
        )

    def stop_processing(self) -> bool:
        """End the batch in work: current orders are finished, up to the shutdown timeout (contract 15, 16).

        Callable from any thread, also from the callback.

        Returns:
            Whether everything ended in time, nothing forced.
        """
        batch = self._running
        if batch is None:
            return True
        batch.request_stop("stopped by stop_processing")
        bound = self._settings.timeouts.shutdown + 3 * self._settings.timeouts.force
        return batch.wait_settled(bound) and not batch.was_forced

    def request_stop(self, force: bool = False) -> None:
        """Ask the batch in work to end and return at once. With `force` nothing in hand is waited for."""
        batch = self._running
        if batch is not None:
            batch.request_stop("stopped by the user", force=force)

    # ------------------------------------------------------------------------------------------------------ changing

    def set_progress_callback(self, callback: ProgressCallback | None) -> None:
        """Set or replace the callback (contract 17, 18).

        Raises:
            TypeError: It cannot be called.
        """
        check_callback(callback)
        self._resources.callbacks.set_callback(callback)

    def configure_parallel_processing(
        self, enabled: bool, max_workers: int | None = None, worker_timeout: int | None = None
    ) -> None:
        """Change how the next batch is worked on; None leaves a value as it is (contract 23).

        Args:
            enabled: Whether a crew may be used.
            max_workers: Workers, 1 to 8.
            worker_timeout: Seconds one order may take in all.

        Raises:
            TypeError: `enabled` is neither True nor False.
            ValueError: A value is out of its range. Nothing is changed then.
        """
        workers = self._workers if max_workers is None else check_worker_count(max_workers)
        settings = self._settings
        if worker_timeout is not None:
            try:
                timeouts = attrs.evolve(settings.timeouts, task=worker_timeout)
            except ConfigurationError as error:
                raise ConfigurationError(f"worker_timeout{str(error).removeprefix('task')}") from error
            settings = attrs.evolve(settings, timeouts=timeouts)
        self._parallel, self._workers, self._settings = check_switch(enabled, "enabled"), workers, settings

    def auto_configure_workers(self, po_count: int) -> int:
        """Return how many workers are worth starting for that many orders (contract 24); one for none or fewer.

        Cores, free memory, the machine's load over the last minute, the number of orders and what an order has taken
        in this session decide. Asked again within some seconds, it gives the same answer.

        Raises:
            TypeError: `po_count` is not a whole number.
        """
        totals = self._shown.view.totals
        done = totals.successful + totals.failed
        workers = max(1, len(totals.workers))
        return recommend_workers(
            orders=check_order_count(po_count),
            most=self._workers,
            machine=self._machine.read(figures.machine),
            seconds_per_order=totals.seconds * workers / done if done else None,
        )

    def enable_test_mode(
        self, mock_workers: bool = False, simulate_failures: bool = False, fixed_timing: bool = False
    ) -> None:
        """Try things out in the next batches (contract 25). Each switch works by itself; without any, all is real.

        Every report names the switches that are on (`test_mode`). With made-up outcomes nothing is written into a
        journal's file.

        Args:
            mock_workers: Stub browsers read made-up pages without attachments, and nothing goes over the network.
            simulate_failures: Some orders fail and some cost their browser, always the same ones; with real browsers,
                if there are no stubs. Messages say that it is simulated.
            fixed_timing: Stub visits take the same time, and all jitter is the same in each run.

        Raises:
            TypeError: A switch is neither True nor False.
            SessionBusyError: A batch is in work.
        """
        chosen = TestMode(mock_workers, simulate_failures, fixed_timing)

        def choose() -> None:
            if not self._busy.acquire(blocking=False):
                raise SessionBusyError("This session is working on a batch. Choose the mode before it.")
            self._turn += 1
            try:
                self._resources.close()
                self._resources.test_mode = chosen
                self._shown.change(test_mode=self._resources.test_mode_dict())
            finally:
                self._busy.release()

        run_apart(choose, on_interrupt=lambda: None)

    # ------------------------------------------------------------------------------------------------------ lifetime

    def __enter__(self) -> Self:
        self._warm = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            run_apart(self._leave, on_interrupt=self._hurry)
        finally:
            if self._warm:  # an interrupt struck before it had begun
                run_apart(self._leave, on_interrupt=self._hurry)

    def _leave(self) -> None:
        self.request_stop()
        with self._busy:
            self._turn += 1
            self._warm = False
            self._resources.close()

    def _hurry(self) -> None:
        self.request_stop(force=True)

    def _handle_parallel_failure(
        self, error: Exception, po_list: Iterable[Mapping[str, Any] | POTask], partial_results: tuple[int, int]
    ) -> tuple[int, int]:
        """Go on sequentially with what the crew left undone (contract 20, 21).

        A batch whose crew has failed calls it; what has ended already is not visited again. Called by hand it is a
        batch of its own.

        Args:
            error: Why the crew failed.
            po_list: The orders.
            partial_results: Successful and failed orders so far. When there are some, orders that this session's last
                batch has ended are counted and not visited again.

        Returns:
            Successful and failed orders of both phases together.

        Raises:
            SessionBusyError: Another batch is in work. Else as `process_pos`.
        """
        orders = tuple(po_list)
        left = max(0, len(orders) - sum(partial_results))
        log.warning("The crew failed: %s Going on with %d orders in one browser.", error, left)
        batch = self._running
        if batch is not None and batch.crew_error is error:
            self._shown.change(mode="sequential")
            return batch.run_rest_sequentially(str(error))
        found = split(orders, self.results, self._keys(), partial_results)
        if not found.left:
            return found.successful, found.failed
        why = str(error) or type(error).__name__
        successful, failed, _ = self._run(lambda: self._from_list(found.left), fallback=why)
        return successful + found.successful, failed + found.failed
