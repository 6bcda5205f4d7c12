"""One row of a caller's list, read: each field is understood, or the row is refused with a sentence (contract 6, 36).

Python programs hand over what they have: numbers as texts, a spreadsheet's floats, pandas' NaN for what is missing.
What can only mean one thing is taken for it. Anything else is a fault of its row, which costs no other; nothing is
changed or dropped without a word.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from actors.tables.amounts import parse_amount
from actors.tables.numbers import read_number
from contracts.tasks import POTask

_KNOWN = frozenset(
    {"po_number", "supplier", "url", "amount", "priority", "timeout", "timeout_override", "retry_count", "metadata"}
)
LONGEST_NUMBER = 200
LONGEST_SUPPLIER = 1000
LONGEST_URL = 16 * 1024
LARGEST = 2**63 - 1
"""Of the whole numbers that a journal keeps."""
_EXACT = 2**53
"""Floats from here on have lost digits."""
_SHOWN = 40

T = TypeVar("T")


class _Refused(Exception):  # noqa: N818 - it names what it is: a value that is not taken
    """A value of a row that cannot be understood; says why and what to do."""


@attrs.frozen
class Row:
    """A row as it was understood.

    Args:
        task: The order. Of a row with a fault it holds what can be shown.
        fault: Why it cannot be visited and what to do, or empty.
    """

    task: POTask
    fault: str = ""


def read_row(row: Mapping[str, Any] | POTask) -> Row:
    """Read one row of a caller's list.

    Args:
        row: A mapping with `po_number` and what else is known of the order, or a task. `timeout` and `timeout_override`
            mean the same. Fields of other names become metadata.

    Raises:
        TypeError: It is neither a mapping nor a `POTask`.
    """
    if isinstance(row, POTask):
        fields: Mapping[str, Any] = {
            field.name: getattr(row, field.name) for field in attrs.fields(POTask) if field.name != "metadata"
        }
        metadata: dict[str, Any] = row.metadata
    elif isinstance(row, Mapping):
        fields, metadata = row, _metadata(row)
    else:
        raise TypeError(
            f"Each order must be a dict with po_number, supplier, url and amount, not {type(row).__name__}."
        )
    reader = _Reader(fields)
    task = POTask(
        reader.read("po_number", _number, ""),
        priority=reader.read("priority", _priority, 0),
        timeout_override=reader.read_timeout(),
        retry_count=reader.read("retry_count", _retries, 0),
        metadata=metadata,
        supplier=reader.read("supplier", _supplier, ""),
        url=reader.read("url", _url, ""),
        amount=reader.read("amount", _amount, None),
    )
    return Row(task, reader.fault)


class _Reader:
    """Reads the fields of one row and keeps the first fault."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self.fault = ""

    def read(self, name: str, read: Callable[[Any], T], otherwise: T) -> T:
        value = self._fields.get(name)
        if _is_missing(value) or (_is_nan(value) and name != "po_number"):  # as tables write what is missing
            return otherwise
        try:
            return read(value)
        except _Refused as refused:
            shown = "that was given" if name == "url" else _shown(value)  # a password may stand in it
            self.fault = self.fault or f"{_NAMES[name]} {shown} {refused}"
            if name == "url":
                return otherwise
            return _as_far_as_it_can_be_shown(value) if isinstance(otherwise, str) else otherwise  # type: ignore[return-value]  # T is str

    def read_timeout(self) -> float | None:
        timeouts = {
            name: self.read(name, _seconds, None)
            for name in ("timeout", "timeout_override")
            if not (_is_missing(value := self._fields.get(name)) or _is_nan(value))
        }
        if len(set(timeouts.values())) > 1:
            self.fault = self.fault or "The row names two timeouts, timeout and timeout_override. Leave one out."
        return next(iter(timeouts.values()), None)


_NAMES = {
    "po_number": "The PO number",
    "supplier": "The supplier",
    "url": "The address",
    "amount": "The amount",
    "priority": "The priority",
    "retry_count": "The retry_count",
    "timeout": "The timeout",
    "timeout_override": "The timeout_override",
}


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = row.get("metadata")
    if kept is None or kept == "":
        kept = {}
    elif not isinstance(kept, Mapping):
        kept = {"metadata": kept}
    return {**kept, **{key: row[key] for key in row if key not in _KNOWN}}


def _is_missing(value: object) -> bool:
    """Whether a field says nothing."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_nan(value: object) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


def _number(value: object) -> str:
    if isinstance(value, str):
        number = str.__str__(value).strip()
    else:
        whole = _whole(value, "is neither text nor a whole number. Give it as text.")
        if abs(whole) >= 10**LONGEST_NUMBER:
            raise _Refused(f"has more than {LONGEST_NUMBER} digits. Correct it.")
        number = str(whole)
    if len(number) > LONGEST_NUMBER:
        raise _Refused(f"has more than {LONGEST_NUMBER} characters. Correct it.")
    _refuse_broken(number)
    if problem := read_number(number).problem:
        raise _Refused(f"cannot be used: {problem}")
    return number


def _supplier(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return str(int(value))
    if not isinstance(value, str):
        raise _Refused("is not text. Give its name, or leave it out.")
    if len(value) > LONGEST_SUPPLIER:
        raise _Refused(f"has more than {LONGEST_SUPPLIER} characters. Correct it.")
    _refuse_broken(value)
    return str.__str__(value).strip()


def _url(value: object) -> str:
    if not isinstance(value, str):
        raise _Refused("is not text. Give an address with http or https, or leave it out.")
    if len(value) > LONGEST_URL:
        raise _Refused(f"has more than {LONGEST_URL} characters. Correct it.")
    _refuse_broken(value)
    return str.__str__(value).strip()


def _amount(value: object) -> float:
    return _real_of_any(value, "is not an amount. Correct it, or leave it out.")


def _priority(value: object) -> int:
    whole = _whole_of_any(value, "is not a whole number. Give one; higher ones go first.")
    if abs(whole) > LARGEST:
        raise _Refused("is too large. Give a smaller whole number.")
    return whole


def _retries(value: object) -> int:
    hint = "is not a count of attempts already made. Give a whole number from 0 on, or leave it out."
    whole = _whole_of_any(value, hint)
    if not 0 <= whole <= LARGEST:
        raise _Refused(hint)
    return whole


def _seconds(value: object) -> float:
    hint = "is not a number of seconds above 0. Correct it, or leave it out."
    seconds = _real_of_any(value, hint)
    if seconds <= 0:
        raise _Refused(hint)
    return seconds


def _real_of_any(value: object, hint: str) -> float:
    real = parse_amount(value) if isinstance(value, str) else _real(value, hint)
    if real is None or not math.isfinite(real):
        raise _Refused(hint)
    return real


def _real(value: object, hint: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return float(_whole(value, hint))
    try:
        return float(value)
    except (OverflowError, ValueError) as error:
        raise _Refused(hint) from error


_WHOLE_TEXT = re.compile(r"[+-]?\d{1,20}(?:\.0{1,20})?", re.ASCII)


def _whole_of_any(value: object, hint: str) -> int:
    if not isinstance(value, str):
        return _whole(value, hint)
    text = value.strip()
    if not _WHOLE_TEXT.fullmatch(text):
        raise _Refused(hint)
    return int(text.partition(".")[0])


def _whole(value: object, hint: str) -> int:
    """Return a number that is whole, of whatever type."""
    if isinstance(value, bool):
        raise _Refused(hint)
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > LONGEST_NUMBER or value != int(value):
            raise _Refused(hint)
        return int(value)
    if isinstance(value, float):
        if not value.is_integer():
            raise _Refused(hint)
        if abs(value) >= _EXACT:
            raise _Refused("has lost its last digits as a number. Give it as text.")
        return int(value)
    try:
        return operator.index(value)  # type: ignore[arg-type]  # whatever can be one; what cannot raises
    except (TypeError, ValueError) as error:
        raise _Refused(hint) from error


def _refuse_broken(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _Refused("holds half a character, which nothing can store. Correct it.") from error


def _as_far_as_it_can_be_shown(value: object) -> str:
    """Return a value that was refused as the report shows it."""
    return _shown(value).strip("'\"") if not isinstance(value, str) else _storable(value)


def _storable(text: str) -> str:
    plain = text.encode("utf-8", "backslashreplace").decode().strip()
    return plain if len(plain) <= LONGEST_NUMBER else f"{plain[:_SHOWN]}..."


def _shown(value: object) -> str:
    """Return a value for a message: short, printable, and whatever its own code may do."""
    if isinstance(value, str):
        return repr(_storable(value[: LONGEST_NUMBER + 1])[: _SHOWN + 3])
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        return f"of about {value.bit_length() * 3 // 10} digits"
    if isinstance(value, bool | int | float | Decimal):
        return str(value)[:_SHOWN]
    return f"of type {type(value).__name__}"
