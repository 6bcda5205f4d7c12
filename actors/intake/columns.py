"""Which column of a file means what: the names users write, in any case, with or without quotes and byte-order mark."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

import attrs

from actors.intake.cells import unescape_cell

RESULT_COLUMNS = (
    "PO_NUMBER",
    "STATUS",
    "SUPPLIER",
    "ATTACHMENTS_FOUND",
    "ATTACHMENTS_DOWNLOADED",
    "AttachmentName",
    "LAST_PROCESSED",
    "ERROR_MESSAGE",
    "DOWNLOAD_FOLDER",
    "COUPA_URL",
)
"""The columns of a results file, in their order (contract part 1, "Input, output")."""

DELIMITERS = (",", ";", "\t")

_NUMBER_NAMES = ("po_number", "po_no", "po_num", "po", "po#", "ponumber", "purchase_order_number", "purchase_order")
_SUPPLIER_NAMES = ("supplier", "supplier_name", "vendor")
_URL_NAMES = ("coupa_url", "url", "po_url")
_AMOUNT_NAMES = ("amount",)
_PRIORITY_NAMES = ("priority",)
_AROUND = " \t\r\n\f\v\"'`\u00a0\u200b\u2018\u2019\u201c\u201d\ufeff"
_BETWEEN = re.compile(r"[\s\-.]+")
_RESULT_NAMES = {name.casefold(): name for name in RESULT_COLUMNS}
_WRITTEN_BY_A_RUN = frozenset(_RESULT_NAMES) - {"po_number", "status", "supplier", "coupa_url"}


def plain_name(header: str) -> str:
    """Return a header in lower case, without quotes, marks and outer space, words joined by `_`."""
    return _BETWEEN.sub("_", header.strip(_AROUND)).casefold()


@attrs.frozen
class Columns:
    """Where each meaning stands in a row.

    Args:
        headers: The header as written, without byte-order mark and outer space.
        number: Index of the PO number.
        supplier: Index of the supplier, or None.
        url: Index of the address, or None.
        amount: Index of the amount, or None. It is passed through as well.
        priority: Index of the priority, or None. It is passed through as well.
        previous: Result column and its index, for a file that an earlier run wrote; empty otherwise.
        others: Indexes of the columns that are passed through unchanged.
    """

    headers: tuple[str, ...]
    number: int
    supplier: int | None
    url: int | None
    amount: int | None
    priority: int | None
    previous: tuple[tuple[str, int], ...]
    others: tuple[int, ...]

    @property
    def is_results_file(self) -> bool:
        """Whether an earlier run wrote this file.

        A `status` column alone does not say so: exports of orders have one too, and it means another thing there.
        """
        return bool(self.previous)


def find_columns(headers: Iterable[str]) -> Columns | None:
    """Return what the columns mean, or None when none of them holds the PO number."""
    written = tuple(unescape_cell(header.strip("\ufeff").strip()) for header in headers)
    names = [plain_name(header) for header in written]

    def index(wanted: Iterable[str]) -> int | None:
        return next((names.index(name) for name in wanted if name in names), None)

    number = index(_NUMBER_NAMES)
    if number is None:
        return None
    supplier, url = index(_SUPPLIER_NAMES), index(_URL_NAMES)
    used = {number, supplier, url}
    previous: tuple[tuple[str, int], ...] = ()
    if "status" in names and not _WRITTEN_BY_A_RUN.isdisjoint(names):
        previous = tuple((_RESULT_NAMES[name], names.index(name)) for name in _RESULT_NAMES if name in names)
        used.update(place for _, place in previous)
    others = tuple(place for place in range(len(written)) if place not in used)
    amount, priority = index(_AMOUNT_NAMES), index(_PRIORITY_NAMES)
    return Columns(written, number, supplier, url, amount, priority, previous, others)


def sniff_delimiter(header_line: str) -> str:
    """Return the delimiter under which `header_line` has a PO column, and among those the most columns."""

    def rank(delimiter: str) -> tuple[bool, int]:
        cells = next(csv.reader([header_line], delimiter=delimiter), [])
        return find_columns(cells) is not None, len(cells)

    return max(DELIMITERS, key=rank)
