"""What the contract calls progress and report, as plain dictionaries made from frozen snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from actors.session.error_kinds import ErrorSummary
from contracts.status import Progress, SessionStatus, WorkerHealth
from contracts.tasks import POResult


@attrs.define
class Totals:
    """What a session has done so far, over all its batches.

    Args:
        session_id: Unique for the session.
        started_at: When the session was made.
        ended_at: When its last batch ended; None while one is running or none was.
        total: Rows that were given.
        open: Those of them that have not ended.
        simulated: Those of them that have ended while a test mode made up outcomes, of all orders or of some.
    """

    session_id: str
    started_at: datetime
    ended_at: datetime | None = None
    mode: str = "sequential"
    total: int = 0
    open: int = 0
    successful: int = 0
    failed: int = 0
    files: int = 0
    bytes: int = 0
    unknown_lengths: int = 0
    differing_types: int = 0
    odd_files: list[dict[str, Any]] = attrs.field(factory=list)
    seconds: float = 0.0
    restarts: int = 0
    crashes: int = 0
    stale_outcomes: int = 0
    peak_memory_mb: float = 0.0
    errors: ErrorSummary = attrs.field(factory=ErrorSummary)
    workers: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    fallback: str = ""
    stopped_early: str = ""
    resumed: int = 0
    removed: tuple[str, ...] = ()
    manifest_head: str = ""
    waited_for: dict[str, dict[str, float]] = attrs.field(factory=dict)
    test_mode: dict[str, bool] | None = None
    simulated: int = 0

    def copy(self) -> Totals:
        """Return totals that can be added to while others look at these."""
        return attrs.evolve(
            self,
            odd_files=list(self.odd_files),
            errors=self.errors.copy(),
            workers={name: dict(values) for name, values in self.workers.items()},
            waited_for={text: dict(values) for text, values in self.waited_for.items()},
        )


MOST_ODD_FILES = 1000
"""More than these are only counted; the manifest names them all."""


def add_results(totals: Totals, results: Iterable[POResult]) -> None:
    """Count outcomes, each row once."""
    for result in results:
        totals.total += 1
        totals.successful += result.status.is_success
        totals.failed += not result.status.is_success
        if not result.status.is_success:
            totals.errors.add(result)


def add_progress(totals: Totals, progress: Progress) -> None:
    """Count a batch in work, each order once: what of it has ended, and what is still open."""
    ended = progress.completed + progress.failed
    totals.total += progress.total
    totals.open += progress.total - ended
    totals.successful += progress.completed
    totals.failed += progress.failed
    totals.resumed += progress.resumed
    switches = totals.test_mode or {}
    totals.simulated += ended if switches.get("mock_workers") or switches.get("simulate_failures") else 0


def add_files(totals: Totals, results: Iterable[POResult]) -> None:
    """Count files, each order once, and name those that are odd."""
    for result in results:
        if result.folder is None:
            continue
        totals.files += len(result.attachments)
        totals.bytes += sum(file.size for file in result.attachments)
        for file in result.attachments:
            totals.unknown_lengths += not file.length_known
            totals.differing_types += file.type_differs
            if (file.type_differs or not file.length_known) and len(totals.odd_files) < MOST_ODD_FILES:
                told = {"po_number": result.po_number, "name": file.name}
                totals.odd_files.append({**told, "length_known": file.length_known, "type_differs": file.type_differs})


def add_workers(totals: Totals, progress: Progress, memory_mb: Mapping[str, float], seconds: float) -> None:
    """Add what each worker did in a batch."""
    for pause in progress.waited_for:
        known_pause = totals.waited_for.setdefault(pause.text, {"times": 0, "seconds": 0.0})
        known_pause["times"] += pause.times
        known_pause["seconds"] = round(known_pause["seconds"] + pause.seconds, 3)
    totals.crashes += progress.crashes
    totals.stale_outcomes += progress.stale_outcomes
    for worker in progress.workers:
        known = totals.workers.setdefault(worker.worker_id, {"processed": 0, "restarts": 0})
        totals.restarts += worker.restarts
        known["processed"] += worker.processed_count
        known["restarts"] += worker.restarts
        known["memory_mb"] = round(memory_mb.get(worker.worker_id, 0.0), 1)
        known["state"] = worker.state.value
        known["last_error"] = worker.last_error
        known["pos_per_second"] = round(worker.processed_count / seconds, 3) if seconds > 0 else 0.0


def session_report(totals: Totals) -> dict[str, Any]:
    """Return the session's report (contract 19), with what else is worth knowing beside it.

    total_pos = successful_pos + failed_pos + open_pos. Nothing in it belongs to the session: change it as you like.
    """
    here = totals.total - totals.open - totals.resumed  # what an earlier process had ended says nothing about the pace
    report: dict[str, Any] = {
        "session_id": totals.session_id,
        "start_time": totals.started_at,
        "end_time": totals.ended_at,
        "processing_mode": totals.mode,
        "total_pos": totals.total,
        "successful_pos": totals.successful,
        "failed_pos": totals.failed,
        "open_pos": totals.open,
        "performance_metrics": {
            "elapsed_seconds": round(totals.seconds, 3),
            "pos_per_second": round(here / totals.seconds, 3) if totals.seconds > 0 else 0.0,
            "average_po_seconds": round(totals.seconds / here, 3) if here else 0.0,
            "files_downloaded": totals.files,
            "bytes_downloaded": totals.bytes,
            "files_of_unknown_length": totals.unknown_lengths,
            "files_of_differing_type": totals.differing_types,
            "worker_restarts": totals.restarts,
            "browser_crashes": totals.crashes,
            "stale_outcomes": totals.stale_outcomes,
            "peak_memory_mb": round(totals.peak_memory_mb, 1),
        },
        "worker_performance": {name: dict(values) for name, values in totals.workers.items()},
        "error_summary": totals.errors.as_list(),
        "odd_files": [dict(told) for told in totals.odd_files],
        "waited_for": [{"reason": text, **values} for text, values in totals.waited_for.items()],
        "resumed_pos": totals.resumed,
        "simulated_pos": totals.simulated,
        "removed_pos": list(totals.removed),
        "manifest_head": totals.manifest_head,
        "fallback": totals.fallback,
        "stopped_early": totals.stopped_early,
    }
    if totals.test_mode is not None:
        report["test_mode"] = dict(totals.test_mode)
    return report


def remaining(progress: Progress, elapsed: float) -> float | None:
    """Return the seconds that the rest of a batch will take at its pace so far; None while nothing of it has ended."""
    ended = progress.completed + progress.failed
    here = ended - progress.resumed
    return elapsed / here * (progress.total - ended) if here > 0 else None


def progress_dict(
    progress: Progress,
    *,
    status: SessionStatus,
    elapsed: float,
    mode: str,
    memory_mb: Mapping[str, float],
    memory_percent: float,
) -> dict[str, Any]:
    """Return progress as contract 14 describes it. Memory is in percent, times in seconds."""
    is_running = status is SessionStatus.RUNNING and progress.total > progress.completed + progress.failed
    left = remaining(progress, elapsed) if is_running else None
    return {
        "session_status": status,
        "total_tasks": progress.total,
        "completed_tasks": progress.completed,
        "failed_tasks": progress.failed,
        "active_tasks": progress.active,
        "pending_tasks": progress.pending,
        "elapsed_time": elapsed,
        "estimated_remaining": 0.0 if progress.finished else left,
        "processing_mode": mode,
        "memory_percent": memory_percent,
        "pauses": list(progress.pauses),
        "worker_details": [worker_dict(worker, memory_mb) for worker in progress.workers],
    }


def worker_dict(worker: WorkerHealth, memory_mb: Mapping[str, float]) -> dict[str, Any]:
    """Return one worker's line of the progress."""
    return {
        "worker_id": worker.worker_id,
        "state": worker.state.value,
        "activity": worker.activity,
        "po_number": worker.po_number,
        "generation": worker.generation,
        "processed": worker.processed_count,
        "restarts": worker.restarts,
        "memory_mb": round(memory_mb.get(worker.worker_id, worker.memory_mb), 1),
        "uptime": worker.session_uptime,
        "last_error": worker.last_error,
    }
