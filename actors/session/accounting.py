"""Adding a batch to its session's totals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actors.session import reports
from actors.session.outcome import Outcome
from actors.session.resources import SessionResources


def account(
    session: reports.Totals,
    outcome: Outcome,
    resources: SessionResources,
    *,
    started_at: datetime,
    ended_at: datetime,
    seconds: float,
    mode: str,
) -> tuple[reports.Totals, dict[str, Any]]:
    """Return the session's totals with a batch more, and the batch's own report.

    Args:
        session: The session's totals so far; left as they are, since others may be looking at them.
        outcome: How the batch ended.
        resources: Knows the memory readings, the test mode and the manifest.
        started_at: When the batch began.
        ended_at: When it ended.
        seconds: How long it took.
        mode: "parallel" or "sequential".
    """
    session = session.copy()
    own = reports.Totals(session_id=session.session_id, started_at=started_at, mode=mode)
    own.test_mode = resources.test_mode_dict()
    simulated = len(outcome.rows) if resources.simulates else 0
    memory = resources.memory.read()
    for totals in (own, session):
        totals.mode, totals.ended_at = mode, ended_at
        totals.simulated += simulated
        totals.seconds += seconds
        totals.fallback = outcome.fallback or totals.fallback
        totals.stopped_early = outcome.stopped_early
        totals.resumed += outcome.resumed
        totals.removed += outcome.removed
        totals.manifest_head = resources.manifest_head()
        totals.peak_memory_mb = max(totals.peak_memory_mb, memory.peak_crew_mb)
        reports.add_results(totals, outcome.rows)
        reports.add_files(totals, outcome.orders)
        reports.add_workers(totals, outcome.progress, memory.worker_mb, seconds)
    return session, reports.session_report(own)
