"""The report's list of errors: how often each, some of the orders, and where their evidence lies."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.session.error_kinds import EXAMPLES_PER_ERROR
from actors.session.reports import MOST_ODD_FILES, Totals, add_files, add_results, remaining, session_report
from contracts.status import Progress
from contracts.tasks import Attachment, POResult, TaskHandle, TaskStatus


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


def filed(count: int, **facts: Any) -> POResult:
    """An order with so many files in its folder."""
    files = tuple(Attachment(f"{number}.jpg", 3, "ab" * 32, "", **facts) for number in range(count))
    return POResult(TaskHandle(0, "PO0"), TaskStatus.COMPLETED, attachments=files, folder=Path("PO0_COMPLETED"))


def test_files_that_are_odd_are_counted_and_named() -> None:
    totals = Totals("id", datetime(2025, 1, 1, tzinfo=UTC))
    add_files(totals, [filed(3), filed(1, type_differs=True), filed(1, length_known=False)])
    report = session_report(totals)
    metrics = report["performance_metrics"]
    assert metrics["files_downloaded"] == 5
    assert (metrics["files_of_differing_type"], metrics["files_of_unknown_length"]) == (1, 1)
    assert report["odd_files"] == [
        {"po_number": "PO0", "name": "0.jpg", "length_known": True, "type_differs": True},
        {"po_number": "PO0", "name": "0.jpg", "length_known": False, "type_differs": False},
    ]


def test_a_report_names_no_more_odd_files_than_can_be_read_and_counts_them_all() -> None:
    totals = Totals("id", datetime(2025, 1, 1, tzinfo=UTC))
    add_files(totals, [filed(MOST_ODD_FILES + 5, length_known=False)])
    report = session_report(totals)
    assert len(report["odd_files"]) == MOST_ODD_FILES
    assert report["performance_metrics"]["files_of_unknown_length"] == MOST_ODD_FILES + 5


def test_the_pace_is_that_of_the_orders_ended_here() -> None:
    totals = Totals("id", datetime(2025, 1, 1, tzinfo=UTC), total=10, resumed=8, seconds=4.0)
    figures = session_report(totals)["performance_metrics"]
    assert (figures["pos_per_second"], figures["average_po_seconds"]) == (0.5, 2.0)
    assert remaining(Progress(total=12, completed=9, failed=1, resumed=8), 4.0) == 4.0
    assert remaining(Progress(total=12, completed=7, failed=1, resumed=8), 4.0) is None
    assert remaining(Progress(total=3, completed=1), 4.0) == 8.0


def test_a_report_of_nothing_is_all_noughts() -> None:
    figures = session_report(Totals("id", datetime(2025, 1, 1, tzinfo=UTC)))["performance_metrics"]
    assert not any(figures.values()), figures
