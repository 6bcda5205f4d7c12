"""Which column of a file means what: the names users write, in any case, with or without quotes and invisible marks.

A name may be broken over several lines, as spreadsheets show it in a narrow column.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence

import attrs

from actors.tables.cells import unescape_cell
from actors.tables.characters import bare, without_invisible

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
_AROUND = " \t\r\n\f\v\"'`\u2018\u2019\u201c\u201d:*"
_BETWEEN = re.compile(r"(?:[\s\-.]|_x000d_)+", re.IGNORECASE)  # spreadsheets write a carriage return as _x000D_
_RESULT_NAMES = {name.casefold(): name for name in RESULT_COLUMNS}
_WRITTEN_BY_A_RUN = frozenset(_RESULT_NAMES) - {"po_number", "status", "supplier", "coupa_url"}


def plain_name(header: str) -> str:
    """Return a header in lower case, without quotes and invisible marks, words and lines joined by `_`."""
    # The spaces that no keyboard types become ordinary ones here, and full-width letters ordinary letters.
    seen = without_invisible(unicodedata.normalize("NFKC", header))
    return _BETWEEN.sub("_", seen.strip(_AROUND)).strip("_").casefold()


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
    written = tuple(unescape_cell(bare(header)) for header in headers)
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


def sniff_delimiter(first_lines: Sequence[str]) -> str:
    """Return the delimiter under which the header has a PO column, and among those the most columns.

    Args:
        first_lines: The header's line and some more, since a header may be broken over several.
    """

    def rank(delimiter: str) -> tuple[bool, int]:
        try:
            cells = next(csv.reader(iter(first_lines), delimiter=delimiter), [])
        except csv.Error:  # under this delimiter a quotation mark swallows the rest of the file
            return False, 0
        return find_columns(cells) is not None, len(cells)

    return max(DELIMITERS, key=rank)
