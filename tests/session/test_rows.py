"""A row of a caller's list is understood or refused with a sentence; nothing in it is changed without a word."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from actors.session.rows import LARGEST, read_row
from contracts.tasks import POTask

NAN, INF = float("nan"), float("inf")


class Index:
    """A whole number of a foreign library."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __index__(self) -> int:
        return self._value


class Rude:
    """Something that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Sentence(str):
    """A text of a foreign library."""

    def __str__(self) -> str:
        return "something else"


def row(**fields: Any) -> dict[str, Any]:
    """A row that is all right but for what is given."""
    return {"po_number": "PO1", **fields}


UNDERSTOOD: list[tuple[str, Any, str, Any]] = [
    ("po_number", " PO7 ", "po_number", "PO7"),
    ("po_number", 4500012, "po_number", "4500012"),
    ("po_number", 16928002.0, "po_number", "16928002"),
    ("po_number", Decimal(16928002), "po_number", "16928002"),
    ("po_number", Index(7), "po_number", "7"),
    ("po_number", Sentence("PO8"), "po_number", "PO8"),
    ("po_number", "0012", "po_number", "0012"),
    ("po_number", "16928002.0", "po_number", "16928002.0"),
    ("supplier", None, "supplier", ""),
    ("supplier", NAN, "supplier", ""),
    ("supplier", 42, "supplier", "42"),
    ("supplier", " M\u00fcller & S\u00f6hne ", "supplier", "M\u00fcller & S\u00f6hne"),
    ("url", None, "url", ""),
    ("url", NAN, "url", ""),
    ("url", " https://portal.example/1 ", "url", "https://portal.example/1"),
    ("amount", "1,000.00", "amount", 1000.0),
    ("amount", "1.000,50", "amount", 1000.5),
    ("amount", "", "amount", None),
    ("amount", NAN, "amount", None),
    ("amount", 7, "amount", 7.0),
    ("amount", Decimal("12.50"), "amount", 12.5),
    ("priority", "9", "priority", 9),
    ("priority", -3, "priority", -3),
    ("priority", "-3.0", "priority", -3),
    ("priority", 5.0, "priority", 5),
    ("priority", Index(4), "priority", 4),
    ("priority", NAN, "priority", 0),
    ("timeout", 45, "timeout_override", 45.0),
    ("timeout", "45.5", "timeout_override", 45.5),
    ("timeout_override", Decimal(7), "timeout_override", 7.0),
    ("timeout_override", None, "timeout_override", None),
    ("timeout_override", NAN, "timeout_override", None),
    ("retry_count", 2, "retry_count", 2),
    ("retry_count", "2", "retry_count", 2),
    ("retry_count", 2.0, "retry_count", 2),
    ("retry_count", "", "retry_count", 0),
]

REFUSED: list[tuple[str, Any, str]] = [
    ("po_number", NAN, "whole number"),
    ("po_number", INF, "whole number"),
    ("po_number", -INF, "whole number"),
    ("po_number", 12.5, "whole number"),
    ("po_number", 1e17, "lost its last digits"),
    ("po_number", Decimal("NaN"), "whole number"),
    ("po_number", Decimal("sNaN"), "whole number"),
    ("po_number", Decimal("1e999999999"), "whole number"),
    ("po_number", Fraction(7, 2), "whole number"),
    ("po_number", True, "whole number"),
    ("po_number", b"PO1", "whole number"),
    ("po_number", ["PO1"], "whole number"),
    ("po_number", Rude(), "whole number"),
    ("po_number", "7" * 10_000, "more than 200 characters"),
    ("po_number", 10**10_000, "more than 200 digits"),
    ("po_number", -(10**10_000), "more than 200 digits"),
    ("po_number", "PO\ud800", "half a character"),
    ("po_number", "PO\x001", "control character"),
    ("po_number", "PO1\nPO2", "line break"),
    ("po_number", "4,5E+09", "rounded by a spreadsheet"),
    ("po_number", "#N/A", "spreadsheet's error"),
    ("supplier", "Acme\udfff", "half a character"),
    ("supplier", ["Acme"], "not text"),
    ("supplier", True, "not text"),
    ("supplier", 2.5, "not text"),
    ("supplier", Rude(), "not text"),
    ("supplier", "A" * 1001, "more than 1000"),
    ("supplier", 10**5000, "not text"),
    ("url", "https://portal.example/\ud800", "half a character"),
    ("url", 7, "not text"),
    ("url", b"https://portal.example", "not text"),
    ("url", "https://portal.example/" + "a" * 20_000, "more than"),
    ("amount", "a lot", "not an amount"),
    ("amount", INF, "not an amount"),
    ("amount", True, "not an amount"),
    ("amount", 10**400, "not an amount"),
    ("amount", object(), "not an amount"),
    ("priority", "high", "not a whole number"),
    ("priority", 2.5, "not a whole number"),
    ("priority", True, "not a whole number"),
    ("priority", INF, "not a whole number"),
    ("priority", LARGEST + 1, "too large"),
    ("priority", 10**5000, "too large"),
    ("timeout", 0, "number of seconds"),
    ("timeout", -1, "number of seconds"),
    ("timeout", "soon", "number of seconds"),
    ("timeout_override", INF, "number of seconds"),
    ("timeout_override", True, "number of seconds"),
    ("timeout_override", [5], "number of seconds"),
    ("retry_count", -1, "whole number from 0 on"),
    ("retry_count", "x", "whole number from 0 on"),
    ("retry_count", 2.5, "whole number from 0 on"),
    ("retry_count", LARGEST + 1, "whole number from 0 on"),
]


def _ids(cases: list[Any]) -> list[str]:
    return [f"{case[0]}-{number}" for number, case in enumerate(cases)]


@pytest.mark.parametrize(("name", "value", "becomes", "wanted"), UNDERSTOOD, ids=_ids(UNDERSTOOD))
def test_what_can_only_mean_one_thing_is_understood(name: str, value: Any, becomes: str, wanted: Any) -> None:
    read = read_row(row(**{name: value}))
    assert read.fault == ""
    assert getattr(read.task, becomes) == wanted
    assert type(getattr(read.task, becomes)) is type(wanted)


@pytest.mark.parametrize(("name", "value", "says"), REFUSED, ids=_ids(REFUSED))
def test_what_cannot_be_understood_is_refused_with_its_name_and_what_to_do(name: str, value: Any, says: str) -> None:
    read = read_row(row(**{name: value}))
    assert says in read.fault
    assert ("PO number" if name == "po_number" else {"url": "address"}.get(name, name)) in read.fault
    assert read.fault.endswith(".")
    assert len(read.fault) < 400
    for text in (read.fault, read.task.po_number, read.task.supplier, read.task.url):
        text.encode()


def test_a_task_is_read_as_a_dict_is() -> None:
    assert read_row(POTask("PO\ud800")).fault
    assert "too large" in read_row(POTask("PO1", priority=LARGEST + 1)).fault
    assert "retry_count" in read_row(POTask("PO1", retry_count=LARGEST + 1)).fault
    good = POTask(" PO7 ", priority=2, retry_count=1, url=" https://portal.example/7 ", metadata={"x": 1})
    read = read_row(good)
    assert read.fault == ""
    assert (read.task.po_number, read.task.url, read.task.metadata) == ("PO7", "https://portal.example/7", {"x": 1})


def test_two_timeouts_that_differ_are_refused_and_two_that_agree_are_not() -> None:
    assert "two timeouts" in read_row(row(timeout=5, timeout_override=6)).fault
    assert read_row(row(timeout=5, timeout_override="5")).task.timeout_override == 5.0


def test_unknown_fields_travel_as_metadata() -> None:
    task = read_row(row(buyer="Ann", metadata={"x": 1}, amount="12.5")).task
    assert task.metadata == {"x": 1, "buyer": "Ann"}
    assert read_row(row(metadata="urgent")).task.metadata == {"metadata": "urgent"}
