"""What was odd about the numbers of a whole file, counted: one warning of a kind, however many rows it is about."""

from __future__ import annotations

import attrs

from actors.tables.numbers import NumberCell


@attrs.define
class NumberNotes:
    """Counts while a file is read."""

    _invisible: int = 0
    _places: dict[str, list[int]] = attrs.field(factory=dict)

    def add(self, line: int, cell: NumberCell) -> None:
        """Take note of one cell of the number column.

        Args:
            line: Line of the file where its row begins, counted from 1.
            cell: What it was read as.
        """
        self._invisible += cell.invisible if cell.number else 0
        for kind, is_so in (
            ("invisible", bool(cell.invisible and cell.number)),
            ("other digits", cell.other_digits),
            ("rounded", cell.rounded),
            ("formatted", cell.formatted),
        ):
            if is_so:
                self._places.setdefault(kind, []).append(line)

    def lines(self) -> tuple[str, ...]:
        """Return the warnings, the same kinds always in the same order."""
        marks = "1 invisible character was" if self._invisible == 1 else f"{self._invisible} invisible characters were"
        texts = {
            "invisible": f"{marks} removed from {{numbers}}.",
            "other digits": "Full-width characters or digits of another script are read as ordinary ones in {numbers}.",
            "rounded": (
                "A spreadsheet has rounded {numbers}, as in 4,5E+09; these rows cannot be visited. "
                "Format the column as text, fill in the whole numbers and export the file again."
            ),
            "formatted": (
                "A program may have turned {numbers} into quantities, as in 4500000001.0 or 4,500,000,001. "
                "These rows are visited as they stand. If the portal does not know them, export the column as text."
            ),
        }
        return tuple(text.format(numbers=self._numbers(kind)) for kind, text in texts.items() if kind in self._places)

    def _numbers(self, kind: str) -> str:
        places = self._places[kind]
        if len(places) == 1:
            return f"1 PO number (line {places[0]})"
        return f"{len(places)} PO numbers (the first in line {places[0]})"
