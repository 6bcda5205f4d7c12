"""Cells and values of rows, taken for what they are only after a look: a row may be damaged, or somebody else's work.

SQLite keeps whatever it is given in any column, and a text that was JSON once may be anything now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import cattrs

from contracts.ports import KeptFile, Lease, PublishStarted
from contracts.tasks import POResult

LARGEST = 2**63 - 1
"""Of the whole numbers that the database takes."""


class DamagedRowError(ValueError):
    """A row does not hold what this program writes."""


class UnknownKindError(ValueError):
    """A task is of a kind that this program does not know. Its one argument is the kind."""


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever making sense of a row raises into a `DamagedRowError` that says where.

    Args:
        what: What is read, as in "order 3".
    """
    try:
        yield
    except (DamagedRowError, UnknownKindError):
        raise
    except (
        ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, cattrs.BaseValidationError,
    ) as error:  # fmt: skip
        raise DamagedRowError(f"{what} cannot be read: {type(error).__name__}") from error


def whole(row: Any, name: str) -> int:
    """Return a cell that must hold a whole number."""
    value = row[name]
    if not isinstance(value, int) or isinstance(value, bool) or not -LARGEST - 1 <= value <= LARGEST:
        raise DamagedRowError(f"{name} should be a whole number")
    return value


def number(row: Any, name: str) -> float | None:
    """Return a cell that must hold a number, or nothing."""
    value = row[name]
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise DamagedRowError(f"{name} should be a number")
    return value


def text(value: Any, name: str) -> str:
    """Return what must be a text."""
    if not isinstance(value, str):
        raise DamagedRowError(f"{name} should be a text")
    return value


def check_result(result: POResult, sequence: int) -> None:
    """Return when an outcome is that of the order with this number in line.

    Raises:
        DamagedRowError: It is another's.
    """
    if result.handle.sequence != sequence:
        raise DamagedRowError(f"order {sequence} has the outcome of another one")


def check_started(started: PublishStarted, sequence: int) -> None:
    """The same for a publish that had begun."""
    _check_lease(started.lease, sequence)
    check_result(started.result, sequence)


def check_kept(kept: KeptFile, sequence: int) -> None:
    """The same for a file that is kept for the next visit."""
    _check_lease(kept.lease, sequence)


def _check_lease(lease: Lease, sequence: int) -> None:
    if lease.task.sequence != sequence:
        raise DamagedRowError(f"order {sequence} has the lease of another one")
