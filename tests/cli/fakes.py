"""A session that does what a test tells it, and consoles that keep what was said."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from actors.cli.output import Output, console
from actors.session.folder_journal import FolderJournal
from contracts.config import HeadlessConfiguration, Settings
from contracts.status import Progress, WorkerHealth, WorkerState
from contracts.tasks import POResult, POTask, TaskHandle, TaskStatus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeSession:
    """Ends each order with the status the test gave for its number, COMPLETED otherwise."""

    def __init__(
        self,
        statuses: Mapping[str, TaskStatus] | None = None,
        *,
        error: Exception | None = None,
        stopped_early: str = "",
        on_start: Callable[[], None] | None = None,
        waits_for_stop: bool = False,
        ignores_drain: bool = False,
    ) -> None:
        self.statuses = dict(statuses or {})
        self.error = error
        self.stopped_early = stopped_early
        self.on_start = on_start
        self.waits_for_stop = waits_for_stop
        self.ignores_drain = ignores_drain
        self.stops: list[bool] = []
        self.made_with: dict[str, Any] = {}
        self.tasks: list[POTask] = []
        self._results: list[POResult] = []
        self._stopped = threading.Event()

    def factory(
        self,
        headless_config: HeadlessConfiguration,
        enable_parallel: bool,
        max_workers: int,
        *,
        settings: Settings,
        journal: FolderJournal,
    ) -> FakeSession:
        self.made_with = {
            "headless": headless_config.headless,
            "parallel": enable_parallel,
            "workers": max_workers,
            "settings": settings,
            "journal": journal,
        }
        return self

    @property
    def results(self) -> tuple[POResult, ...]:
        return tuple(self._results)

    def process_pos(self, po_list: Sequence[POTask]) -> tuple[int, int, dict[str, Any]]:
        self.tasks = list(po_list)
        if self.on_start:
            self.on_start()
        if self.waits_for_stop:
            assert self._stopped.wait(60)
        if self.error:
            raise self.error
        for place, task in enumerate(po_list):
            unreached = TaskStatus.INTERRUPTED if self.waits_for_stop else TaskStatus.COMPLETED
            status = self.statuses.get(task.po_number, unreached)
            code = "" if status.is_success else "NETWORK_ERROR"
            message = "" if status.is_success else "The portal did not answer. Try again later."
            self._results.append(
                POResult(
                    TaskHandle(place, task.po_number), status, error_code=code, error_message=message, finished_at=NOW
                )
            )
        done = sum(result.status.is_success for result in self._results)
        return done, len(self._results) - done, self.get_session_report()

    def snapshot(self) -> Progress:
        done = sum(result.status.is_success for result in self._results)
        failed = len(self._results) - done
        worker = WorkerHealth(
            worker_id="worker-1", state=WorkerState.WORKING, activity="reading", po_number="PO[red]1", memory_mb=228.4
        )
        total = len(self.tasks)
        pending = total - done - failed
        return Progress(total=total, completed=done, failed=failed, pending=pending, workers=(worker,))

    def request_stop(self, force: bool = False) -> None:
        self.stops.append(force)
        if force or not self.ignores_drain:
            self._stopped.set()

    def get_session_report(self) -> dict[str, Any]:
        return {"session_id": "s1", "start_time": NOW, "end_time": NOW, "stopped_early": self.stopped_early}


class Heard:
    """Output that keep what was said."""

    def __init__(self, *, terminal: bool = False, quiet: bool = False, json: bool = False) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self.output = Output(
            console(self._out, width=160, force_terminal=False),
            console(self._err, width=160, force_terminal=terminal, color_system=None),
            quiet=quiet,
            json=json,
        )

    @property
    def out(self) -> str:
        return self._out.getvalue()

    @property
    def err(self) -> str:
        return self._err.getvalue()
