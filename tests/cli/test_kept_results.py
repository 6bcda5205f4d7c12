"""Results of a finished run: no list of orders that were never visited takes their place, nor that of their backup."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from actors.cli.options import RunOptions
from actors.cli.run import run
from actors.cli.summary import ExitCode
from contracts.errors import CrewFailedError, InsufficientResourcesError
from contracts.tasks import TaskStatus
from tests.cli import fakes


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text("po_number,url\nPO1,https://p.example/1\nPO2,https://p.example/2\n")
    return file


def go(orders: Path, session: fakes.FakeSession, heard: fakes.Heard | None = None) -> ExitCode:
    options = RunOptions(file=orders, download_dir=orders.parent / "download")
    return run(options, {}, (heard or fakes.Heard()).output, session.factory)


def kept(orders: Path) -> dict[str, bytes]:
    """Return each file of results and reports."""
    found = (orders.parent / "download").glob("re*.*")
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def statuses(orders: Path, name: str = "results.csv") -> list[str]:
    text = (orders.parent / "download" / name).read_text(encoding="utf-8-sig")
    return [line.split(",")[1] for line in text.splitlines()[1:]]


def interrupted(**ended: TaskStatus) -> fakes.FakeSession:
    """Return a session that is interrupted as soon as it begins; some orders have ended by then."""
    return fakes.FakeSession(ended, waits_for_stop=True, on_start=lambda: signal.raise_signal(signal.SIGINT))


AT_ONCE: list[Any] = [
    (interrupted, ExitCode.INTERRUPTED),
    (lambda: fakes.FakeSession(error=CrewFailedError("All are gone.")), ExitCode.NOT_FINISHED),
    (lambda: fakes.FakeSession(error=InsufficientResourcesError("No memory.")), ExitCode.NOT_FINISHED),
    (lambda: fakes.FakeSession(error=KeyError("x")), ExitCode.NOT_FINISHED),
]


@pytest.mark.parametrize(("make", "code"), AT_ONCE, ids=["interrupted", "no crew", "no memory", "unforeseen"])
def test_a_run_that_ends_before_its_first_order_leaves_the_results_of_an_earlier_one(
    orders: Path, make: Any, code: ExitCode
) -> None:
    assert go(orders, fakes.FakeSession()) is ExitCode.SUCCESS
    assert go(orders, fakes.FakeSession({"PO2": TaskStatus.FAILED})) is ExitCode.SOME_FAILED
    before, heard = kept(orders), fakes.Heard()
    for _ in range(2):
        assert go(orders, make(), heard) is code
        assert kept(orders) == before
    assert "No order was visited. The results of an earlier run" in heard.err


@pytest.mark.parametrize(("make", "code"), AT_ONCE, ids=["interrupted", "no crew", "no memory", "unforeseen"])
def test_where_there_are_none_every_row_is_reported_all_the_same(orders: Path, make: Any, code: ExitCode) -> None:
    for _ in range(2):
        assert go(orders, make()) is code
        assert set(statuses(orders)) <= {"CANCELLED", "INTERRUPTED"}
        assert len(statuses(orders)) == 2


def test_a_list_of_bad_rows_alone_leaves_the_results_of_an_earlier_run(orders: Path) -> None:
    go(orders, fakes.FakeSession())
    before = kept(orders)
    orders.write_text("po_number,url\nPO1,ftp://x\n")
    assert go(orders, fakes.FakeSession()) is ExitCode.SOME_FAILED
    assert kept(orders) == before


def test_a_run_that_came_half_way_writes_what_it_has_and_the_backup_stays_that_of_the_finished_one(
    orders: Path,
) -> None:
    go(orders, fakes.FakeSession())
    for _ in range(3):
        assert go(orders, interrupted(PO1=TaskStatus.COMPLETED)) is ExitCode.INTERRUPTED
        assert statuses(orders) == ["COMPLETED", "INTERRUPTED"]
        assert statuses(orders, "results.csv.bak") == ["COMPLETED", "COMPLETED"]
    assert go(orders, fakes.FakeSession({"PO1": TaskStatus.FAILED})) is ExitCode.SOME_FAILED
    assert statuses(orders) == ["FAILED", "COMPLETED"]
    assert statuses(orders, "results.csv.bak") == ["COMPLETED", "COMPLETED"]
    go(orders, fakes.FakeSession())
    assert statuses(orders, "results.csv.bak") == ["FAILED", "COMPLETED"]


def test_a_rerun_of_results_that_visits_nothing_leaves_the_second_results(orders: Path) -> None:
    go(orders, fakes.FakeSession({"PO2": TaskStatus.FAILED}))
    first = orders.parent / "download" / "results.csv"

    def again(session: fakes.FakeSession) -> ExitCode:
        options = RunOptions(file=first, download_dir=first.parent)
        return run(options, {}, fakes.Heard().output, session.factory)

    assert again(fakes.FakeSession()) is ExitCode.SUCCESS
    before = kept(orders)
    assert again(interrupted()) is ExitCode.INTERRUPTED
    assert kept(orders) == before


def test_a_file_of_somebody_else_at_that_place_is_not_given_up_for_nothing(orders: Path) -> None:
    results = orders.parent / "download" / "results.csv"
    results.parent.mkdir()
    results.write_bytes(b"\x00\x01 no table")
    go(orders, interrupted())
    assert results.read_bytes() == b"\x00\x01 no table"
    assert go(orders, fakes.FakeSession()) is ExitCode.SUCCESS
    assert (results.parent / "results.csv.bak").read_bytes() == b"\x00\x01 no table"
