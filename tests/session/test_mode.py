"""Which mode fits a batch, and how many workers are worth starting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.filing.lock import FolderLock
from actors.session import figures
from actors.session.mode import (
    MEMORY_PER_WORKER_MB,
    MEMORY_TO_LEAVE_MB,
    MachineFigures,
    choose_mode,
    fits_memory,
    recommend_workers,
)


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


def test_a_folder_is_in_use_while_another_holds_its_lock_and_not_before_anybody_did(tmp_path: Path) -> None:
    assert not figures.folder_is_in_use(tmp_path / "new")
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert figures.folder_is_in_use(tmp_path)
    lock.release()
    assert not figures.folder_is_in_use(tmp_path)
