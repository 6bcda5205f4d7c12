"""`MainApp`: the face the existing application knows (contract 27 to 39). Parallel work is opt-in here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from actors.session.options import SettingsOptions
from actors.session.session import ProcessingSession
from contracts.checks import MAX_LOCAL_WORKERS, check_worker_count
from contracts.config import HeadlessConfiguration
from contracts.errors import AuthenticationError, PortalUnreachableError

log = logging.getLogger("purser.session")


class MainApp:
    """Works on one order, or on a list in the mode that fits.

    Args:
        headless_config: Which browser; by default any, without a window.
        enable_parallel: Whether a crew may be used for more than one order.
        max_workers: Kept as given; more than 8 are cut to 8, with a warning (contract part 1, "Workers").
        options: Every setting of `ProcessingSession`.

    Raises:
        TypeError, ValueError: `max_workers` is not a whole number of at least 1, or as `ProcessingSession`.
    """

    def __init__(
        self,
        headless_config: HeadlessConfiguration | None = None,
        enable_parallel: bool = False,
        max_workers: int = 4,
        **options: Unpack[SettingsOptions],
    ) -> None:
        check_worker_count(max_workers, most=None)
        self.headless_config = headless_config if headless_config is not None else HeadlessConfiguration()
        self.enable_parallel = enable_parallel
        self.max_workers = max_workers
        if max_workers > MAX_LOCAL_WORKERS:
            log.warning("%d workers were asked for; %d are used.", max_workers, MAX_LOCAL_WORKERS)
        self._options = options
        self._session = self._new_session()

    def _new_session(self) -> ProcessingSession:
        workers = min(self.max_workers, MAX_LOCAL_WORKERS)
        return ProcessingSession(self.headless_config, self.enable_parallel, workers, **self._options)

    def process_single_po(self, po_data: Mapping[str, Any]) -> bool:
        """Work on one order in one browser; say whether it succeeded (contract 32).

        Raises:
            ConfigurationError: Nothing could be started, for instance because there is no browser.
        """
        return self._run([po_data], parallel=False) == (1, 0)

    def _process_po_entries(self, po_list: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
        """Work on a list; return how many succeeded and how many did not (contract 33). They add up to the list."""
        return self._run(list(po_list), parallel=self.enable_parallel)

    def _run(self, po_list: list[Mapping[str, Any]], *, parallel: bool) -> tuple[int, int]:
        # One session for all calls, because it remembers which passwords were rejected.
        self._session.configure_parallel_processing(parallel, min(self.max_workers, MAX_LOCAL_WORKERS))
        try:
            successful, failed, _ = self._session.process_pos(po_list)
        except (PortalUnreachableError, AuthenticationError) as error:
            # The existing application counts, and goes on with its next list.
            log.error("%s", error)  # noqa: TRY400 - the message says it all
            return 0, len(po_list)
        return successful, failed
