"""One row costs one row, and rows that lead to one page one visit: in both modes, journals in memory and on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, Ground, MakeSession, orders

ODD: list[dict[str, Any]] = [
    {"po_number": "PO\ud8001"},
    {"po_number": "PO2", "supplier": "Acme\udc00"},
    {"po_number": "PO3", "url": f"{BASE}/\ud800"},
    {"po_number": "7" * 10_000},
    {"po_number": 10**10_000},
    {"po_number": float("nan")},
    {"po_number": float("inf")},
    {"po_number": None},
    {},
    {"po_number": "PO4", "url": "invalid-url"},
    {"po_number": "PO5", "priority": "high"},
    {"po_number": "PO6", "timeout": -1},
    {"po_number": "PO7", "retry_count": "often"},
    {"po_number": "PO8", "amount": object()},
    {"po_number": ["PO9"]},
]
NOT_GIVEN: list[dict[str, Any]] = [
    {"po_number": "PO20", "supplier": None, "url": None, "amount": None},
    {"po_number": 16928002.0, "amount": "1,000.00", "priority": "9"},
]


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize("parallel", [True, False])
def test_a_row_that_cannot_be_understood_fails_with_a_sentence_and_costs_no_other(
    make_session: MakeSession, ground: Ground, tmp_path: Path, parallel: bool, kept: bool
) -> None:
    from actors.journal import SqliteJournal

    journal = SqliteJournal(tmp_path / "journal.db", tmp_path / "manifest.jsonl", tmp_path) if kept else None
    session = make_session(parallel, journal=journal)
    good = [*orders(3, 100), *NOT_GIVEN]
    successful, failed, report = session.process_pos([*ODD, *good])
    if journal is not None:
        journal.close()
    assert (successful, failed) == (len(good), len(ODD))
    odd, fine = session.results[: len(ODD)], session.results[len(ODD) :]
    assert {one.status for one in odd} == {TaskStatus.FAILED}
    assert all(one.error_message.endswith(".") for one in odd)
    assert {one.status for one in fine} == {TaskStatus.NO_ATTACHMENTS}
    assert fine[-1].po_number == "16928002"
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    json.dumps(report, default=str).encode()
    assert session.validate_session_state() == []


SAME = ["", "/PO1", "/PO1/", "/PO1#files", "/%50O1"]


@pytest.mark.parametrize("shift", range(len(SAME)))
@pytest.mark.parametrize("parallel", [True, False])
def test_one_page_is_visited_once_however_its_address_is_written_and_each_row_is_reported(
    make_session: MakeSession, ground: Ground, parallel: bool, shift: int
) -> None:
    """The number alone, its address, the same with a slash, a fragment, an escape."""
    written = SAME[shift:] + SAME[:shift]
    rows = [{"po_number": "PO1", "url": BASE + one if one else ""} for one in written]
    rows.insert(2, {"po_number": "PO1", "url": f"{BASE}/PO1?version=2"})
    session = make_session(parallel)
    successful, failed, report = session.process_pos(rows)
    assert (successful, failed, report["total_pos"]) == (6, 0, 6)
    assert len(ground.visits) == 2
    assert f"{BASE}/PO1?version=2" in ground.visits
    assert [one.po_number for one in session.results] == ["PO1"] * 6
    assert len({one.handle for one in session.results}) == 2
