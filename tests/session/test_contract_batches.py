"""`ProcessingSession` keeps its contract, line by line: making one, a batch, its report (1 to 13, 19)."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import pytest

import actors
from actors import ProcessingSession
from actors.session import figures
from actors.session.mode import MachineFigures
from contracts.config import HeadlessConfiguration
from contracts.errors import ConfigurationError
from contracts.tasks import POTask
from tests.session.conftest import BASE, Ground, MakeSession, orders

REPORT_KEYS = {
    "session_id", "start_time", "end_time", "processing_mode", "total_pos", "successful_pos", "failed_pos",
    "performance_metrics", "worker_performance", "error_summary",
}  # fmt: skip


# -------------------------------------------------------------------------------------------------- making one: 1 to 4


def test_1_and_2_the_four_parameters_alone_are_enough() -> None:
    """Contract 1, 2: importable from the package root; all but the first have defaults."""
    assert actors.ProcessingSession is ProcessingSession
    session = ProcessingSession(HeadlessConfiguration())
    assert session.get_processing_mode(2) == "parallel"
    called: list[dict[str, Any]] = []
    ProcessingSession(HeadlessConfiguration(), True, 4, called.append)
    ProcessingSession(
        headless_config=HeadlessConfiguration(), enable_parallel=False, max_workers=1, progress_callback=called.append
    )


@pytest.mark.parametrize("count", [0, 9, -1, 16, 2.5, "4", True, None])
def test_3_a_worker_count_outside_1_to_8_is_a_value_error(count: Any) -> None:
    """Contract 3."""
    with pytest.raises(ValueError, match="max_workers must be a whole number from 1 to 8"):
        ProcessingSession(HeadlessConfiguration(), max_workers=count)


@pytest.mark.parametrize("count", [1, 8])
def test_3_the_ends_of_the_range_are_accepted(count: int) -> None:
    """Contract 3."""
    ProcessingSession(HeadlessConfiguration(), max_workers=count)


@pytest.mark.parametrize("config", [None, {}, True, HeadlessConfiguration])
def test_4_anything_but_a_headless_configuration_is_a_type_error(config: Any) -> None:
    """Contract 4."""
    with pytest.raises(TypeError, match="headless_config must be a HeadlessConfiguration"):
        ProcessingSession(config)


def test_4_a_setting_that_is_none_is_a_type_error_and_a_bad_value_a_value_error() -> None:
    """Contract 2, 4: further settings are keyword-only and checked at once."""
    with pytest.raises(TypeError, match="fields of contracts"):
        ProcessingSession(HeadlessConfiguration(), colour="red")  # type: ignore[call-arg] # that is the point
    with pytest.raises(ConfigurationError):
        ProcessingSession(HeadlessConfiguration(), route="bicycle")
    with pytest.raises(ConfigurationError):
        ProcessingSession(HeadlessConfiguration(), base_url="ftp://portal.example")


# ------------------------------------------------------------------------------------------------- processing: 5 to 13


@pytest.mark.parametrize("parallel", [True, False])
def test_5_the_two_numbers_add_up_to_the_rows_and_equal_the_report(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    """Contract 5: (successful, failed, report)."""
    session = make_session(parallel, simulate_failures=True)
    successful, failed, report = session.process_pos(orders(30))
    assert successful + failed == 30
    assert successful > 0
    assert failed > 0
    assert (report["successful_pos"], report["failed_pos"], report["total_pos"]) == (successful, failed, 30)
    assert [result.po_number for result in session.results] == [order["po_number"] for order in orders(30)]


def test_5_an_empty_list_is_no_error(make_session: MakeSession, ground: Ground) -> None:
    """Contract 5."""
    successful, failed, report = make_session().process_pos([])
    assert (successful, failed, report["total_pos"]) == (0, 0, 0)
    assert not ground.launches


def test_6_bad_rows_fail_alone_and_are_named(make_session: MakeSession, ground: Ground) -> None:
    """Contract 6, 36: the keys of a row; only the number is required, and a bad row loses no other."""
    rows: list[Any] = [
        *orders(1),
        {"po_number": "PO2"},
        {"po_number": "", "url": f"{BASE}/x"},
        {"supplier": "Acme"},
        {"po_number": "PO5", "url": "invalid-url", "amount": "much"},
        {"po_number": "PO6", "url": "ftp://portal.example/PO6"},
        {"po_number": 7, "amount": None, "colour": "red"},
        POTask("PO8"),
    ]
    session = make_session()
    successful, failed, report = session.process_pos(rows)
    assert (successful, failed) == (4, 4)
    assert [result.status.is_success for result in session.results] == [
        True, True, False, False, False, False, True, True
    ]  # fmt: skip
    assert all(r.error_message for r in session.results if not r.status.is_success)
    assert sum(entry["count"] for entry in report["error_summary"]) == 4


def test_6_a_row_that_is_no_mapping_is_a_type_error_and_leaves_the_session_usable(
    make_session: MakeSession, ground: Ground
) -> None:
    """Contract 6."""
    session = make_session()
    with pytest.raises(TypeError, match="Each order must be a dict"):
        session.process_pos(["PO1"])  # type: ignore[list-item] # that is the point
    assert session.validate_session_state() == []
    assert session.process_pos(orders(2))[:2] == (2, 0)


def test_6_a_list_that_is_none_is_a_type_error_and_leaves_the_session_usable(
    make_session: MakeSession, ground: Ground
) -> None:
    session = make_session()
    nothing: Any = None
    with pytest.raises(TypeError, match="not iterable"):
        session.process_pos(nothing)
    assert session.process_pos(orders(2))[:2] == (2, 0)


@pytest.mark.parametrize(
    ("parallel", "count", "mode"), [(True, 2, "parallel"), (True, 1, "sequential"), (False, 5, "sequential")]
)
def test_7_8_and_12_the_mode_follows_the_setting_and_the_count(
    make_session: MakeSession, ground: Ground, parallel: bool, count: int, mode: str
) -> None:
    """Contract 7, 8, 12: a crew exists only when parallel mode is selected."""
    session = make_session(parallel)
    assert session.get_processing_mode(count) == mode
    _, _, report = session.process_pos(orders(count))
    assert report["processing_mode"] == mode
    assert {owner.worker == "sequential" for owner in ground.launches} == {mode == "sequential"}


def test_9_and_11_mode_and_throughput_are_logged(
    make_session: MakeSession, ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    """Contract 9, 11."""
    with caplog.at_level(logging.INFO, logger="purser"):
        make_session().process_pos(orders(3))
    assert "Mode parallel" in caplog.text
    assert "3 of 3 succeeded in" in caplog.text


@pytest.mark.parametrize(
    ("machine", "mode"),
    [
        (MachineFigures(cores=4, memory_free_mb=16_000, memory_fraction=0.2, cpu_percent=100), "parallel"),
        (MachineFigures(cores=1, memory_free_mb=16_000, memory_fraction=0.2, cpu_percent=0), "parallel"),
        (MachineFigures(cores=4, memory_free_mb=900, memory_fraction=0.2, cpu_percent=0), "sequential"),
        (MachineFigures(cores=4, memory_free_mb=16_000, memory_fraction=0.8, cpu_percent=0), "sequential"),
    ],
)
def test_13_missing_memory_changes_the_mode_and_load_never_does(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, machine: MachineFigures, mode: str
) -> None:
    """Contract 13."""
    monkeypatch.setattr(figures, "machine", lambda: machine)
    assert make_session().get_processing_mode(10) == mode


def test_13_a_download_folder_in_use_changes_the_mode(
    make_session: MakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract 13: no conflicting operation."""
    monkeypatch.setattr(figures, "is_worked_in", lambda _folder: True)
    assert make_session().get_processing_mode(10) == "sequential"


# ---------------------------------------------------------------------------------------------------------- report: 19


@pytest.mark.parametrize("parallel", [True, False])
def test_19_the_report_has_every_key_of_its_type(make_session: MakeSession, ground: Ground, parallel: bool) -> None:
    """Contract 19."""
    session = make_session(parallel, simulate_failures=True)
    before = session.get_session_report()
    assert set(before) >= REPORT_KEYS
    assert before["end_time"] is None
    _, failed, report = session.process_pos(orders(20))
    for one in (report, session.get_session_report()):
        assert set(one) >= REPORT_KEYS
        assert isinstance(one["session_id"], str)
        assert one["session_id"]
        assert isinstance(one["start_time"], datetime)
        assert isinstance(one["end_time"], datetime)
        assert one["start_time"] <= one["end_time"]
        assert one["total_pos"] == one["successful_pos"] + one["failed_pos"] == 20
        metrics = one["performance_metrics"]
        assert metrics["elapsed_seconds"] > 0
        assert metrics["pos_per_second"] > 0
        assert sum(entry["count"] for entry in one["error_summary"]) == failed
        assert all(entry["error_code"] and entry["message"] for entry in one["error_summary"])
        assert all(entry["evidence"] == [] for entry in one["error_summary"]), "the test mode leaves nothing on disk"
        assert sum(worker["processed"] for worker in one["worker_performance"].values()) == 20


def test_19_the_session_report_totals_its_batches(make_session: MakeSession, ground: Ground) -> None:
    """Contract 19: each returned report covers its batch, `get_session_report` the session; ids are unique."""
    session, other = make_session(), make_session()
    session.process_pos(orders(3))
    _, _, second = session.process_pos(orders(4, 10))
    assert second["total_pos"] == 4
    assert session.get_session_report()["total_pos"] == 7
    assert session.get_session_report()["session_id"] != other.get_session_report()["session_id"]


def test_19_equal_rows_are_one_visit_and_each_is_reported(make_session: MakeSession, ground: Ground) -> None:
    """Contract part 1: duplicates by number and resolved address."""
    one, two = orders(2)
    plain = {"po_number": "PO9"}
    session = make_session()
    successful, failed, _ = session.process_pos([one, two, dict(one), plain, plain, dict(one, supplier="Other")])
    assert (successful, failed) == (6, 0)
    assert len(ground.visits) == 3
    assert [result.po_number for result in session.results] == ["PO1", "PO2", "PO1", "PO9", "PO9", "PO1"]
