"""The report's list of errors: how often each, some of the orders, and where their evidence lies."""

from __future__ import annotations

from datetime import UTC, datetime

from actors.session.reports import EXAMPLES_PER_ERROR, Totals, add_results, session_report
from contracts.tasks import POResult, TaskHandle, TaskStatus


def test_evidence_is_named_for_the_orders_that_stand_as_examples() -> None:
    count = EXAMPLES_PER_ERROR + 2
    lost = [
        POResult(
            TaskHandle(number, f"PO{number}"),
            TaskStatus.PO_NOT_FOUND,
            error_code="PO_NOT_FOUND",
            error_message="gone",
            evidence=(f"PO{number}/page.txt",) if number else (),
        )
        for number in range(count)
    ]
    totals = Totals("id", datetime(2025, 1, 1, tzinfo=UTC))
    add_results(totals, lost)
    (entry,) = session_report(totals)["error_summary"]
    assert entry["count"] == count
    assert entry["examples"] == [f"PO{number}" for number in range(EXAMPLES_PER_ERROR)]
    assert entry["evidence"] == [f"PO{number}/page.txt" for number in range(1, EXAMPLES_PER_ERROR)]
