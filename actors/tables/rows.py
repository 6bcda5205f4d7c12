"""What a file of orders turns into: every row, good or bad, in the order of the file. All of it is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import attrs

from contracts.tasks import POTask

_NOTHING: Mapping[str, str] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class OrderRow:
    """A row that can be visited.

    Args:
        line: Line of the file where the row begins, counted from 1.
        task: The order. Its metadata holds the columns that are passed through, by header.
        others: The cells of the columns that are passed through, in their order.
        already_done: An earlier run ended it as COMPLETED or NO_ATTACHMENTS.
        duplicate_of: Line of the first row with the same number and URL, or None.
        warnings: What was odd without making the row useless.
        previous: What an earlier run wrote about it, by result column.
        written: The cell of the number as it stands in the file, when that is not the number itself; else empty.
    """

    line: int
    task: POTask
    others: tuple[str, ...] = ()
    already_done: bool = False
    duplicate_of: int | None = None
    warnings: tuple[str, ...] = ()
    previous: Mapping[str, str] = attrs.field(default=_NOTHING, hash=False)
    written: str = ""

    @property
    def po_number(self) -> str:
        """The order's number."""
        return self.task.po_number


@attrs.frozen(kw_only=True)
class BadRow:
    """A row that cannot be visited.

    Args:
        line: Line of the file where the row begins, counted from 1.
        message: What is wrong and what to do, without the line.
        po_number: The number if there was one, or empty.
        supplier: The supplier if there was one, or empty.
        url: The address as written, or empty.
        others: The cells of the columns that are passed through, in their order.
        written: The cell of the number as it stands in the file, when that is not the number itself; else empty.
    """

    line: int
    message: str
    po_number: str = ""
    supplier: str = ""
    url: str = ""
    others: tuple[str, ...] = ()
    written: str = ""


Row = OrderRow | BadRow


@attrs.frozen(kw_only=True)
class OrderFile:
    """One file of orders, read whole.

    Args:
        path: Where it was read from.
        encoding: How it was decoded.
        delimiter: What separates its cells.
        other_columns: Headers of the columns that are passed through, as written.
        is_results_file: Whether an earlier run wrote it.
        rows: Every row that is not blank, in the order of the file.
        notes: What was odd about many rows, a line each, counted.
    """

    path: Path
    encoding: str
    delimiter: str
    other_columns: tuple[str, ...]
    is_results_file: bool
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def to_visit(self) -> tuple[OrderRow, ...]:
        """The good rows that are not done yet, duplicates included."""
        return tuple(row for row in self.rows if isinstance(row, OrderRow) and not row.already_done)

    @property
    def already_done(self) -> tuple[OrderRow, ...]:
        """The rows that an earlier run finished."""
        return tuple(row for row in self.rows if isinstance(row, OrderRow) and row.already_done)

    @property
    def bad(self) -> tuple[BadRow, ...]:
        """The rows that cannot be visited."""
        return tuple(row for row in self.rows if isinstance(row, BadRow))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was odd, a line each, with the line of the file."""
        return self.notes + tuple(
            f"line {row.line}: {warning}" for row in self.rows if isinstance(row, OrderRow) for warning in row.warnings
        )
