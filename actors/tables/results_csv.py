"""Writes the results: the contract's columns in their order, then the input's other columns, a row for each input row.

The file is UTF-8 with a byte-order mark, so that spreadsheets read it right, and separated as the input was. Cells are
escaped by the rule of `cells.py`. It can be fed to the next run, which skips what is done.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_never

from actors.folders.ground import Ground
from actors.tables.cells import escape_cell
from actors.tables.columns import RESULT_COLUMNS
from actors.tables.orders_csv import read_orders
from actors.tables.replacing import backup_path, replacing
from actors.tables.rows import BadRow, OrderFile, OrderRow
from contracts.errors import InputFileError
from contracts.tasks import POResult, TaskStatus

AS_WRITTEN = "PO_NUMBER (as written)"
"""The last column, when a cell of the input says its number in a way of its own: that cell, to join lists by."""

_NOT_RUN = frozenset({TaskStatus.CANCELLED.value, TaskStatus.INTERRUPTED.value, ""})

NOT_REACHED = "The run ended before this order. Run again to process it."


def pair_outcomes(rows: Sequence[OrderRow], outcomes: Sequence[POResult]) -> tuple[POResult | None, ...]:
    """Return the outcome of each row, or None where the run ended before it.

    Args:
        rows: The rows that were visited, in order.
        outcomes: Their outcomes in the same order; some may be missing.
    """
    if len(rows) == len(outcomes):
        return tuple(outcomes)
    paired: list[POResult | None] = []
    place = 0
    for row in rows:
        if place < len(outcomes) and outcomes[place].po_number == row.po_number:
            paired.append(outcomes[place])
            place += 1
        else:
            paired.append(None)
    return tuple(paired)


def write_results(
    path: str | Path, orders: OrderFile, outcomes: Sequence[POResult], now: datetime, ground: Ground | None = None
) -> None:
    """Write the results of a run, replacing the file at `path` in one step and keeping the old one as `.bak`.

    The results of a run that was not finished take nobody's place as `.bak`: what is there may be the last whole ones.

    Args:
        path: Where to.
        orders: What was read.
        outcomes: Outcomes of `orders.to_visit`, in that order; rows without one are written as CANCELLED.
        now: The time stated for rows that were not visited.
        ground: As in `replacing`.

    Raises:
        MachineError: It cannot be written.
    """
    target = Path(path)
    half = backup_path(target).exists() and is_unfinished(target)
    with replacing(target, encoding="utf-8-sig", newline="", keeps_backup=half, ground=ground) as stream:
        writer = csv.writer(stream, delimiter=orders.delimiter, lineterminator="\r\n")
        own_cells = any(row.written for row in orders.rows)
        headers = (*RESULT_COLUMNS, *orders.other_columns, *([AS_WRITTEN] if own_cells else []))
        writer.writerow([escape_cell(header) for header in headers])
        for row, cells in zip(orders.rows, _result_rows(orders, outcomes, now), strict=True):
            own = [row.written or row.po_number] if own_cells else []
            writer.writerow([escape_cell(cell) for cell in (*cells, *own)])


def holds_results(path: str | Path) -> bool:
    """Whether there is something at `path` that a list without one visited order must not take the place of."""
    if not os.path.lexists(path):
        return False
    found = _statuses(Path(path))
    return found is None or not found <= _NOT_RUN


def was_visited(outcome: POResult) -> bool:
    """Whether an outcome says what a portal answered, and not only that the run ended before it."""
    return outcome.status.value not in _NOT_RUN


def is_unfinished(path: Path) -> bool:
    """Whether `path` holds the results of a run that ended before some of its orders."""
    found = _statuses(path)
    return found is not None and not found.isdisjoint(_NOT_RUN)


def _statuses(path: Path) -> frozenset[str] | None:
    """Return how the orders of a results file ended, or None when it is none or cannot be read."""
    try:
        if not path.is_file():  # to open a pipe is to wait for whoever writes into it
            return None
        orders = read_orders(path)
    except (InputFileError, OSError):
        return None
    if not orders.is_results_file:
        return None
    return frozenset(row.previous.get("STATUS", "").upper() for row in orders.rows if isinstance(row, OrderRow))


def _result_rows(orders: OrderFile, outcomes: Sequence[POResult], now: datetime) -> Iterator[tuple[str, ...]]:
    ended = iter(pair_outcomes(orders.to_visit, outcomes))
    for row in orders.rows:
        match row:
            case BadRow():
                yield (*_bad_cells(row, now), *row.others)
            case OrderRow(already_done=True):
                yield (row.po_number, *(row.previous.get(name, "") for name in RESULT_COLUMNS[1:]), *row.others)
            case OrderRow():
                yield (*_outcome_cells(row, next(ended), now), *row.others)
            case _:
                assert_never(row)


def _bad_cells(row: BadRow, now: datetime) -> tuple[str, ...]:
    message = f"line {row.line}: {row.message}"
    return row.po_number, TaskStatus.FAILED.value, row.supplier, "0", "0", "", _stamp(now), _flat(message), "", row.url


def _outcome_cells(row: OrderRow, outcome: POResult | None, now: datetime) -> tuple[str, ...]:
    if outcome is None:
        status = TaskStatus.CANCELLED.value
        return row.po_number, status, row.task.supplier, "0", "0", "", _stamp(now), NOT_REACHED, "", row.task.url
    return (
        row.po_number,
        outcome.status.value,
        outcome.supplier or row.task.supplier,
        str(outcome.attachments_found),
        str(len(outcome.attachments)),
        "; ".join(attachment.name for attachment in outcome.attachments),
        _stamp(outcome.finished_at or now),
        _flat(": ".join(part for part in (outcome.error_code, outcome.error_message) if part)),
        str(outcome.folder) if outcome.folder else "",
        outcome.url or row.task.url,
    )


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _flat(text: str) -> str:
    return " ".join(text.split())
