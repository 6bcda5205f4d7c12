"""Which orders of a list are still to be done when a crew is given up by hand (contract 21)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from actors.addresses import page_key
from actors.session.orders import OrderKeys
from actors.session.rows import read_row
from contracts.tasks import POResult, POTask, TaskStatus

_NOT_DONE = (TaskStatus.CANCELLED, TaskStatus.INTERRUPTED)


@attrs.frozen
class Split:
    """A list, split.

    Args:
        left: The rows that are to be done.
        successful: Rows that have succeeded.
        failed: Rows that have failed.
    """

    left: tuple[Mapping[str, Any] | POTask, ...]
    successful: int = 0
    failed: int = 0


def split(
    rows: Sequence[Mapping[str, Any] | POTask],
    results: Iterable[POResult],
    keys: OrderKeys,
    partial_results: tuple[int, int],
) -> Split:
    """Find the rows that are still to be done.

    Args:
        rows: The whole list.
        results: What the session knows of orders that have ended.
        keys: By what orders are told.
        partial_results: How many rows are said to have succeeded and failed. When it is none, all are to be done; when
            it is all of them, none is. In between, those are that no result is known of.

    Raises:
        TypeError: A row is neither a mapping nor a `POTask`.
    """
    said = sum(partial_results)
    if said <= 0:
        return Split(tuple(rows))
    if said >= len(rows):
        return Split((), *partial_results)
    ended = {(one.po_number, page_key(one.url)): one for one in results if one.status not in _NOT_DONE}
    left, successful, failed = [], 0, 0
    for row in rows:
        read = read_row(row)
        found = next((ended[key] for key in keys.of(read.task, read.fault) if key in ended), None)
        if found is None:
            left.append(row)
        else:
            successful += found.status.is_success
            failed += not found.status.is_success
    return Split(tuple(left), successful, failed)
