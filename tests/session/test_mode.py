"""Which mode fits a batch, and how many workers are worth starting."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given, strategies as st

from actors import ProcessingSession
from actors.filing.lock import FolderLock
from actors.processes import resources
from actors.session import figures
from actors.session.mode import (
    MEMORY_PER_WORKER_MB,
    MEMORY_TO_LEAVE_MB,
    MachineFigures,
    choose_mode,
    fits_memory,
    recommend_workers,
)
from contracts.config import HeadlessConfiguration

READ_MACHINE = figures.machine
"""The real one; the tests of this room are given a machine with room."""


def machine(**figures: Any) -> MachineFigures:
    """A machine with room, unless told otherwise."""
    known = {"cores": 4, "memory_free_mb": 8000.0, "memory_fraction": 0.3, "cpu_percent": 10.0}
    return MachineFigures(**{**known, **figures})


def mode(**fields: Any) -> str:
    """Choose, for many orders and four workers unless told otherwise."""
    known = {"enabled": True, "orders": 40, "workers": 4, "memory_threshold": 0.75, "busy": False}
    figures = fields.pop("machine", machine())
    chosen, why = choose_mode(**{**known, **fields}, machine=figures)
    assert why
    return chosen


def test_many_orders_on_a_machine_with_room_run_in_parallel() -> None:
    assert mode() == "parallel"


@pytest.mark.parametrize(
    "fields",
    [
        {"enabled": False},
        {"orders": 0},
        {"orders": 1},
        {"workers": 0},
        {"busy": True},
        {"machine": machine(memory_fraction=0.75)},
        {"machine": machine(memory_free_mb=800.0)},
    ],
)
def test_anything_in_the_way_makes_it_sequential(fields: dict[str, Any]) -> None:
    assert mode(**fields) == "sequential"


@given(st.floats(0, 100))
def test_the_load_of_the_processors_never_changes_the_mode(load: float) -> None:
    assert mode(machine=machine(cpu_percent=load)) == "parallel"


def test_memory_is_a_fraction_here() -> None:
    assert mode(machine=machine(memory_fraction=0.7499)) == "parallel"
    assert mode(machine=machine(memory_fraction=0.7499), memory_threshold=0.5) == "sequential"


@given(st.floats(0, 1e6), st.integers(1, 8))
def test_what_fits_is_between_none_and_what_was_asked_for(free: float, workers: int) -> None:
    fits = fits_memory(machine(memory_free_mb=free), workers)
    assert 0 <= fits <= workers
    assert fits_memory(machine(memory_free_mb=free + 1000), workers) >= fits


@given(
    orders=st.integers(0, 5000),
    most=st.integers(1, 8),
    cores=st.integers(1, 64),
    free=st.floats(0, 1e5),
    load=st.floats(0, 100),
    each=st.one_of(st.none(), st.floats(0.01, 60)),
)
def test_a_recommendation_is_always_a_number_that_may_be_used(
    orders: int, most: int, cores: int, free: float, load: float, each: float | None
) -> None:
    figures = machine(cores=cores, memory_free_mb=free, cpu_percent=load)
    workers = recommend_workers(orders=orders, most=most, machine=figures, seconds_per_order=each)
    assert 1 <= workers <= most
    assert workers <= max(1, orders)


def test_more_orders_are_worth_no_fewer_workers_and_slow_ones_more() -> None:
    def recommended(orders: int, each: float) -> int:
        return recommend_workers(orders=orders, most=8, machine=machine(), seconds_per_order=each)

    counts = [recommended(orders, 1.0) for orders in (1, 2, 5, 20, 100, 1000)]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert recommended(5, 20.0) >= recommended(5, 0.1)


def test_a_busy_machine_is_given_fewer() -> None:
    busy = recommend_workers(orders=1000, most=8, machine=machine(cpu_percent=95.0), seconds_per_order=5.0)
    idle = recommend_workers(orders=1000, most=8, machine=machine(cpu_percent=0.0), seconds_per_order=5.0)
    assert busy < idle


def test_a_crew_of_two_is_worth_it_though_not_all_its_workers_fit_into_memory() -> None:
    assert mode(machine=machine(memory_free_mb=MEMORY_TO_LEAVE_MB + 2 * MEMORY_PER_WORKER_MB)) == "parallel"
    assert mode(machine=machine(memory_free_mb=MEMORY_TO_LEAVE_MB + 1.9 * MEMORY_PER_WORKER_MB)) == "sequential"
    assert mode(workers=1, machine=machine(memory_free_mb=MEMORY_TO_LEAVE_MB + MEMORY_PER_WORKER_MB)) == "parallel"


def test_a_folder_is_worked_in_while_another_holds_its_lock_and_not_before_anybody_did(tmp_path: Path) -> None:
    assert not figures.is_worked_in(tmp_path / "new")
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert figures.is_worked_in(tmp_path)
    lock.release()
    assert not figures.is_worked_in(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\udc80", "file/below", ".", "loop"])
def test_a_folder_that_nobody_could_work_in_is_not_worked_in(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert not figures.is_worked_in(tmp_path / name)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_folder_without_its_lock_file_is_not_worked_in(tmp_path: Path) -> None:
    (tmp_path / ".purser").mkdir(mode=0o700)
    assert not figures.is_worked_in(tmp_path)
    assert list((tmp_path / ".purser").iterdir()) == []


def test_whoever_looks_takes_no_lock_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FolderLock(tmp_path / "free"):
        pass  # its lock file stays

    def refuse(_lock: FolderLock) -> None:
        raise AssertionError("a lock is taken")

    monkeypatch.setattr(FolderLock, "acquire", refuse)
    session = ProcessingSession(HeadlessConfiguration(), download_dir=tmp_path / "free")
    assert session.get_processing_mode(10) in ("parallel", "sequential")


@pytest.mark.parametrize("count", [True, False, "5", 5.0, None, [5]])
def test_a_number_of_orders_that_is_none_is_refused_in_words(count: Any) -> None:
    session = ProcessingSession(HeadlessConfiguration())
    for ask in (session.get_processing_mode, session.auto_configure_workers):
        with pytest.raises(TypeError, match="po_count must be a whole number of orders, not"):
            ask(count)


@pytest.mark.parametrize("count", [0, -1, -(10**30)])
def test_no_order_or_fewer_wants_one_worker_and_no_crew(count: int) -> None:
    session = ProcessingSession(HeadlessConfiguration())
    assert session.get_processing_mode(count) == "sequential"
    assert session.auto_configure_workers(count) == 1


def test_a_thousand_questions_in_a_row_have_one_answer_whatever_the_processors_do_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jumping = itertools.cycle([0.0, 100.0])
    monkeypatch.setattr(psutil, "cpu_percent", lambda *_given, **_named: next(jumping))
    loads = itertools.cycle([0.0, 64.0])
    monkeypatch.setattr(psutil, "getloadavg", lambda: (next(loads), 0.0, 0.0))
    monkeypatch.setattr(figures, "machine", READ_MACHINE)
    session = ProcessingSession(HeadlessConfiguration(), max_workers=8)
    assert len({session.auto_configure_workers(1000) for _ in range(1000)}) == 1


def test_a_busy_machine_is_seen_in_a_later_question(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    steady = figures.SteadyMachine(lambda: now[0])
    readings = iter([machine(cpu_percent=10.0), machine(cpu_percent=90.0)])

    def source() -> MachineFigures:
        return next(readings)

    assert [steady.read(source).cpu_percent for _ in range(3)] == [10.0] * 3
    now[0] += figures.STEADY_SECONDS
    assert [steady.read(source).cpu_percent for _ in range(3)] == [90.0] * 3


@pytest.mark.parametrize(("waiting", "percent"), [(0.0, 0.0), (1.0, 25.0), (4.0, 100.0), (400.0, 100.0)])
def test_the_load_is_a_mean_over_the_last_minute_and_a_share_of_the_processors(
    monkeypatch: pytest.MonkeyPatch, waiting: float, percent: float
) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (waiting, 9.0, 9.0))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    assert {resources.processor_load() for _ in range(10)} == {percent}
    assert resources.usage().cpu_percent == percent
