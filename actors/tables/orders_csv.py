"""Reads a CSV of purchase orders: every row comes out, good or bad, in the order of the file. It is never changed.

Encoding, delimiter and headers are found out; a row that cannot be visited says why and spoils no other. Only what
makes the whole file useless raises.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from actors.tables.amounts import parse_amount
from actors.tables.cells import unescape_cell
from actors.tables.characters import bare, without_invisible
from actors.tables.columns import Columns, find_columns, sniff_delimiter
from actors.tables.encoding import detect_encoding
from actors.tables.number_notes import NumberNotes
from actors.tables.numbers import read_number
from actors.tables.rows import BadRow, OrderFile, OrderRow, Row
from contracts.checks import check_web_address
from contracts.errors import ConfigurationError, InputFileError
from contracts.tasks import POTask

_DONE = frozenset({"COMPLETED", "NO_ATTACHMENTS"})
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*\Z", re.IGNORECASE)
_UNCLOSED = "A quotation mark opens there and never closes. Close it, or double it if it belongs to the text."
_HEADER_LINES = 200
"""A header that is broken over more lines than this is none."""


def read_orders(path: str | Path) -> OrderFile:
    """Read a CSV of orders, or the results of an earlier run.

    Args:
        path: The file. UTF-8, Windows-1252 or Latin-1; cells separated by `,` `;` or tab; the first line names the
            columns and one of them holds the PO number.

    Returns:
        Every row that is not blank.

    Raises:
        InputFileError: The file cannot be read at all, is empty, has no rows or no column with the PO number.
    """
    file = Path(path)
    encoding = detect_encoding(file)
    try:
        with file.open(encoding=encoding, newline="") as stream:
            return _Reader(file, encoding).read(stream)
    except OSError as error:
        raise InputFileError(
            f"The orders file {str(file)!r} cannot be read: {error.strerror or error}. Check who may read it."
        ) from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"The orders file {str(file)!r} changed while it was read. Try again.") from error


def create_po_tasks_from_csv(csv_path: str | Path) -> list[POTask]:
    """Return the orders of a CSV that are to be visited, in the order of the file (contract 107).

    Rows that cannot be visited and rows that an earlier run finished are left out; `read_orders` tells them.

    Args:
        csv_path: The file, as `read_orders` takes it.

    Raises:
        InputFileError: As `read_orders`.
    """
    return [row.task for row in read_orders(csv_path).to_visit]


class _Reader:
    """Reads one file once, from its first line to its last."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._line = 0
        self._pending: list[str] = []
        self._first_seen: dict[tuple[str, str], int] = {}
        self._notes = NumberNotes()

    def read(self, stream: TextIO) -> OrderFile:
        delimiter = self._find_delimiter(stream)
        rows = self._cells(stream, delimiter)
        headers = next(rows, None)
        if headers is None:
            raise self._unusable("is empty. It needs a first line that names the columns, and a row for each order")
        columns = find_columns(headers[1])
        if columns is None:
            found = ", ".join(repr(bare(header)[:40]) for header in headers[1][:12])
            raise self._unusable(
                f"has no column with the PO number; its first line names {found}. Name one column PO_NUMBER"
            )
        labels = _labels(columns)
        read = tuple(self._row(line, cells, columns, labels) for line, cells in rows)
        if not read:
            raise self._unusable("has a header but no rows. Add a row for each order")
        return OrderFile(
            path=self._path,
            encoding=self._encoding,
            delimiter=delimiter,
            other_columns=tuple(columns.headers[place] for place in columns.others),
            is_results_file=columns.is_results_file,
            rows=read,
            notes=self._notes.lines(),
        )

    def _unusable(self, what: str) -> InputFileError:
        return InputFileError(f"The orders file {str(self._path)!r} {what}.")

    def _find_delimiter(self, stream: TextIO) -> str:
        """Sniff it from the header, and leave the stream at the header's line."""
        while True:
            start = stream.tell()
            line = stream.readline()
            stated = _SEPARATOR_LINE.match(line)
            if stated:
                # Spreadsheets write this line themselves; it is not a header.
                self._line += 1
                return stated[1]
            if not line or bare(line):
                first_lines = [line, *(stream.readline() for _ in range(_HEADER_LINES))]
                stream.seek(start)
                return sniff_delimiter(first_lines)
            self._line += 1

    def _cells(self, stream: TextIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank with the line where it begins."""
        reader = csv.reader(self._lines(stream), delimiter=delimiter)
        skipped = self._line
        while True:
            line = skipped + reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise self._unusable(f"cannot be read from line {line} on. {_UNCLOSED[:-1]}") from error
            if cells is None:
                return
            if len(self._pending) > 1 or '"' in self._pending[0]:
                self._require_closed(line, delimiter)
            self._pending.clear()
            if any(map(bare, cells)):
                yield line, cells

    def _lines(self, stream: TextIO) -> Iterator[str]:
        for line in stream:
            self._pending.append(line)
            yield line

    def _require_closed(self, line: int, delimiter: str) -> None:
        """Refuse a last row that the end of the file closed: it has swallowed all rows after its quotation mark."""
        if self._pending[-1].endswith(("\n", "\r")) and not len(self._pending) > 1:
            return
        try:
            next(csv.reader(iter(self._pending), delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "end of data" in str(error):
                raise self._unusable(f"cannot be read from line {line} on. {_UNCLOSED[:-1]}") from error

    def _row(self, line: int, cells: list[str], columns: Columns, labels: tuple[str, ...]) -> Row:
        def cell(place: int | None) -> str:
            return unescape_cell(bare(cells[place])) if place is not None and place < len(cells) else ""

        supplier, url = cell(columns.supplier), cell(columns.url)
        others = tuple(unescape_cell(cells[place]) if place < len(cells) else "" for place in columns.others)
        as_read = cells[columns.number] if columns.number < len(cells) else ""
        own, found = unescape_cell(as_read), read_number(as_read)
        number = found.number
        self._notes.add(line, found)
        written = own if own.strip() != number else ""
        problem = found.problem or _problem(cells, columns, url)
        if problem:
            return BadRow(
                line=line, message=problem, po_number=number, supplier=supplier, url=url, others=others, written=written
            )
        warnings: list[str] = []
        amount, priority = cell(columns.amount), cell(columns.priority)
        parsed_amount = parse_amount(without_invisible(amount))
        if amount and parsed_amount is None:
            warnings.append(f"the amount {amount[:40]!r} is not a number and is only carried along")
        if priority and not re.fullmatch(r"[+-]?[0-9]{1,9}", priority):
            warnings.append(f"the priority {priority[:40]!r} is not a whole number and counts as 0")
            priority = ""
        first = self._first_seen.setdefault((number, url), line)
        previous = {name: cell(place) for name, place in columns.previous}
        return OrderRow(
            line=line,
            task=POTask(
                number,
                priority=int(priority or 0),
                metadata=dict(zip(labels, others, strict=True)),
                supplier=supplier,
                url=url,
                amount=parsed_amount,
            ),
            others=others,
            already_done=previous.get("STATUS", "").upper() in _DONE,
            duplicate_of=None if first == line else first,
            warnings=tuple(warnings),
            previous=previous,
            written=written,
        )


def _labels(columns: Columns) -> tuple[str, ...]:
    """Return a distinct metadata key for each column that is passed through."""
    labels: list[str] = []
    for place in columns.others:
        name = columns.headers[place] or f"column {place + 1}"
        labels.append(name if name not in labels else f"{name} (column {place + 1})")
    return tuple(labels)


def _problem(cells: list[str], columns: Columns, url: str) -> str:
    """Return why a row cannot be visited, whatever its number, or nothing."""
    if any(map(bare, cells[len(columns.headers) :])):
        return (
            f"the row has {len(cells)} cells, but the header has {len(columns.headers)}. "
            "Put quotation marks around a text that holds the separator."
        )
    if url:
        try:
            check_web_address(url, "the URL")
        except ConfigurationError as error:
            return str(error)
    return ""
