"""The benchmark counts an order only when its files are the portal's, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scripts.bench import Run, check_files, median_rate
from scripts.bench_sides.journal import journal_cost
from scripts.demo_portal import TrueFile, TrueOrder

FILES = (b"first", b"second")
TRUTH = {
    number: TrueOrder(
        supplier="Acme",
        files=tuple(
            TrueFile(f"{content!r}", len(content), hashlib.sha256(content).hexdigest(), 3, "k") for content in FILES
        ),
    )
    for number in ("PO1", "PO2")
}


def put(folder: Path, *contents: bytes) -> None:
    folder.mkdir(parents=True)
    for place, content in enumerate(contents):
        (folder / f"{place}.pdf").write_bytes(content)


@pytest.mark.parametrize(("side", "pattern"), [("baseline", "{}"), ("purser", "Acme/{}_COMPLETED")])
@pytest.mark.parametrize(
    ("second", "right", "files"),
    [
        (FILES, 2, 4),
        ((b"first",), 1, 3),
        ((b"first", b"wrong"), 1, 3),
        ((b"first", b"first"), 1, 3),
        ((*FILES, b"x"), 1, 4),
    ],
)
def test_an_order_is_right_only_with_exactly_its_files(
    tmp_path: Path, side: str, pattern: str, second: tuple[bytes, ...], right: int, files: int
) -> None:
    put(tmp_path / pattern.format("PO1"), *FILES)
    put(tmp_path / pattern.format("PO2"), *second)
    assert check_files(side, tmp_path, TRUTH) == (right, files)


def test_an_order_without_a_folder_is_not_right(tmp_path: Path) -> None:
    assert check_files("purser", tmp_path, TRUTH) == (0, 0)


def test_the_median_is_of_one_sides_rates() -> None:
    runs = [Run("purser", seconds, 10, 10, 20, "") for seconds in (1.0, 2.0, 5.0)] + [
        Run("baseline", 10, 10, 10, 20, "")
    ]
    assert median_rate(runs, "purser") == 5.0
    assert median_rate(runs, "baseline") == 1.0
    assert not Run("purser", 1.0, 10, 9, 18, "").is_good


def test_the_journal_s_cost_is_measured_over_all_orders_and_rows_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    cost = journal_cost(orders=3, rows=1_500)
    assert (cost.orders, cost.rows) == (3, 1_500)
    assert min(cost.cpu_ms, cost.intake_seconds) > 0
    assert list(tmp_path.iterdir()) == []
