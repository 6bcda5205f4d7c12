"""What a session tells of itself: progress, reports, resources, and whether all of that is consistent.

Every method here only looks. It takes no lock, asks no actor, and may be called from any thread at any time.
"""

from __future__ import annotations

import threading
from typing import Any

import attrs

from actors.session import figures, reports
from actors.session.resources import SessionResources
from actors.session.state_checks import SeenState, inconsistencies
from actors.session.usage import UsageMeter
from actors.session.view import Look, Shown, session_report
from contracts.config import Settings
from contracts.ports import Clock
from contracts.status import Progress
from contracts.tasks import POResult


class LooksAtSession:
    """The looking half of `ProcessingSession`, which sets what is looked at."""

    _clock: Clock
    _settings: Settings
    _resources: SessionResources
    _shown: Shown
    _usage: UsageMeter
    _busy: threading.Lock
    _turn: int
    _warm: bool

    @property
    def results(self) -> tuple[POResult, ...]:
        """The outcome of each row of the last batch, in input order."""
        return self._shown.view.results

    def _look(self) -> Look:
        return self._shown.look(self._clock.monotonic())

    def snapshot(self) -> Progress:
        """Return the batch as it stands, as a frozen value, each worker with its memory in MiB."""
        progress, memory = self._look().progress, self._resources.memory.read().worker_mb
        workers = tuple(attrs.evolve(w, memory_mb=memory.get(w.worker_id, 0.0)) for w in progress.workers)
        return attrs.evolve(progress, workers=workers)

    def get_progress(self) -> dict[str, Any]:
        """Return the batch in work or the last one, all of it as of one instant (contract 14). It never asks an actor.

        Orders are counted here, each once; `get_session_report` counts the rows of batches that are over.
        """
        look, memory = self._look(), self._resources.memory.read()
        return reports.progress_dict(
            look.progress,
            status=look.status,
            elapsed=look.elapsed,
            mode=look.view.mode,
            memory_mb=memory.worker_mb,
            memory_percent=memory.machine_percent,
        )

    def _callback_progress(self) -> dict[str, Any] | None:
        return self.get_progress() if self._shown.view.ended_at is None else None

    def get_session_report(self) -> dict[str, Any]:
        """Return the report of the whole session, over all its batches (contract 19).

        A batch in work counts as `get_progress` counts it, each order once; `end_time` is None while there is one.
        `total_pos` is always `successful_pos` + `failed_pos` + `open_pos`, which is what has not ended yet.
        """
        return session_report(self._look(), self._resources.memory.read().worker_mb)

    def _monitor_resources(self) -> dict[str, Any]:
        """Return memory by worker and in all, CPU, free disk and network of this session (contract 22).

        CPU and network are means since the look before, a second ago at least, or since the batch began. `cpu_percent`
        is the share of the processors that this process and its live browsers take, `own_cpu_percent` this process
        alone. Of the network is counted what fetchers read and write over their connections, without what encryption
        adds, and the files that browsers download; what browsers load for pages is not.
        """
        resources, memory = self._resources, self._resources.memory.read()
        rates = self._usage.rates()
        return figures.resources(
            self._settings.download_dir, resources.temporary_root(), memory, rates, resources.traffic()
        )

    def validate_session_state(self) -> list[str]:
        """Return what is inconsistent, in words; nothing when all is well (contract 26).

        It compares progress with the results of the last batch, and between batches it looks for what should be gone:
        browsers, an engine and the download folder's lock outside `with`, threads anywhere.
        """
        turn, resources = self._turn, self._resources
        was_taken, was_warm, look = self._busy.locked(), self._warm, self._look()
        live, engine, held, threads = (
            resources.live_owners(),
            resources.warm_engine,
            resources.is_open,
            resources.threads_left(),
        )
        seen = SeenState(
            look=look,
            # Asked before and after, because a batch may begin or end while this looks.
            is_taken=was_taken or self._busy.locked() or turn != self._turn,
            is_warm=was_warm,
            live=live,
            has_engine=engine is not None,
            has_run_resources=held,
            threads=threads,
        )
        return inconsistencies(seen)
