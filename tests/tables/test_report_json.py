"""The report on disk is JSON that any reader takes, whatever a session put in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actors.tables import report_text, write_report
from contracts.ports import Credentials
from contracts.status import SessionStatus, WorkerHealth, WorkerState

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_times_paths_values_and_numbers_become_plain_json(tmp_path: Path) -> None:
    report: dict[Any, Any] = {
        "start_time": NOW,
        "end_time": None,
        "status": SessionStatus.COMPLETED,
        "folder": Path("a/b"),
        "workers": (WorkerHealth(worker_id="w1", state=WorkerState.IDLE),),
        "rate": float("nan"),
        "names": frozenset({"b", "a"}),
        1: "é\ud800",
        "error": ValueError("x"),
    }
    write_report(tmp_path / "report.json", report)
    read = json.loads((tmp_path / "report.json").read_bytes())
    assert read["start_time"] == "2026-01-02T03:04:05+00:00"
    assert (read["end_time"], read["status"], read["folder"], read["rate"]) == (None, "completed", "a/b", None)
    assert read["workers"][0]["state"] == "idle"
    assert (read["names"], read["1"], read["error"]) == (["a", "b"], "é\ud800", "x")


def test_the_report_before_stays_as_a_backup(tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", {"run": 1})
    write_report(tmp_path / "report.json", {"run": 2})
    assert json.loads((tmp_path / "report.json.bak").read_text()) == {"run": 1}


def test_what_a_class_hides_from_its_repr_stays_hidden() -> None:
    assert "hunter2" not in report_text({"login": Credentials("me", "hunter2")})
