"""From the caller's list to orders: checked, given their place in line, each order once.

A row that cannot be visited becomes an order with a fault, never an exception, so that it loses no other row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from contracts.config import check_web_address
from contracts.errors import ConfigurationError, JournalError
from contracts.ports import Journal, KnownTask
from contracts.tasks import Order, POTask, TaskHandle

_KNOWN = frozenset(
    {"po_number", "supplier", "url", "amount", "priority", "timeout_override", "retry_count", "metadata"}
)


@attrs.frozen
class Batch:
    """One call's orders.

    Args:
        orders: Each order once, in the order of its first row.
        rows: For each row of the caller's list, the index of its order.
        known: Sequence numbers of the orders that the journal knows from a run that was not finished.
        ended: Sequence numbers of those among them that have ended.
        removed: Orders of that run that are in no row any more.
    """

    orders: tuple[Order, ...]
    rows: tuple[int, ...]
    known: frozenset[int] = frozenset()
    ended: frozenset[int] = frozenset()
    removed: tuple[KnownTask, ...] = ()

    @property
    def continues(self) -> bool:
        """Whether the batch goes on with a run that was not finished."""
        return bool(self.known)

    @property
    def fresh(self) -> tuple[Order, ...]:
        """The orders that the journal does not know yet."""
        return tuple(order for order in self.orders if order.handle.sequence not in self.known)

    @property
    def to_do(self) -> tuple[Order, ...]:
        """The orders that have not ended."""
        return tuple(order for order in self.orders if order.handle.sequence not in self.ended)


def prepare(
    po_list: Iterable[Mapping[str, Any] | POTask],
    base_url: str,
    first_sequence: int,
    known: Iterable[KnownTask] = (),
) -> Batch:
    """Check a list of orders and give them their places, beginning with `first_sequence`.

    Rows with the same number and address become one order (contract part 1, "Order, retries, restarts"). One that the
    unfinished run of the journal knows stays the order that it is there.

    Raises:
        TypeError: A row is neither a mapping nor a `POTask`.
        JournalError: There is an unfinished run, and it has no order in common with the list.
    """
    before = _Known(known, base_url)
    orders: list[Order] = []
    rows: list[int] = []
    places: dict[tuple[str, str], int] = {}
    met: dict[int, tuple[KnownTask, int]] = {}
    sequence = first_sequence
    tasks = [as_task(row) for row in po_list]
    for task in tasks:
        key = _key(task)
        if key not in places:
            same = before.find(task)
            place = len(orders)
            if same is not None:  # which may have been met already, written in another way
                _, place = met.setdefault(same.order.handle.sequence, (same, place))
            places[key] = place
            if place == len(orders) and same is not None:
                orders.append(same.order)
            elif place == len(orders):
                orders.append(_order(TaskHandle(sequence, task.po_number), task, base_url.rstrip("/")))
                sequence += 1
        rows.append(places[key])
    if orders and not met:
        _refuse_others(before.all)
    _refuse_other_hosts((one for one, _ in met.values()), tasks, base_url)
    return Batch(
        tuple(orders),
        tuple(rows),
        known=frozenset(met),
        ended=frozenset(sequence for sequence, (one, _) in met.items() if one.has_ended),
        removed=tuple(one for one in before.all if one.order.handle.sequence not in met) if met else (),
    )


def from_list(rows: Iterable[Mapping[str, Any] | POTask], base_url: str, journal: Journal) -> Batch:
    """Return the batch of a caller's list: a new one, or the journal's unfinished one. Raises as `prepare`."""
    return prepare(rows, base_url, journal.replay().next_sequence, journal.tasks_in_hand())


def from_journal(journal: Journal) -> Batch:
    """Return the journal's unfinished batch without its list.

    Raises:
        ConfigurationError: The journal is none that a later process can go on from.
        JournalError: The program ended before it had taken over the whole list.
    """
    if not journal.resumes:
        raise ConfigurationError("There is nothing to resume from: give the session a journal on disk (journal=).")
    known, state = journal.tasks_in_hand(), journal.replay()
    if state.batch_total > max(len(known), state.batch_succeeded + state.batch_failed):
        told = f"The program ended while it took over the list: it has {len(known)} of {state.batch_total} orders."
        raise JournalError(f"{told} Give the list again: process_pos.")
    return Batch(
        tuple(one.order for one in known),
        tuple(range(len(known))),
        known=frozenset(one.order.handle.sequence for one in known),
        ended=frozenset(one.order.handle.sequence for one in known if one.has_ended),
    )


def require_common(tasks: Iterable[POTask], known: Iterable[KnownTask], base_url: str) -> None:
    """Return when a list may go on with an unfinished run: there is none, or they have an order in common.

    Raises:
        JournalError: There is one, of other orders alone.
    """
    before = _Known(known, base_url)
    rows = [as_task(task) for task in tasks]
    common = [same for row in rows if (same := before.find(row)) is not None]
    if not common:
        _refuse_others(before.all)
    _refuse_other_hosts(common, rows, base_url)


def _refuse_other_hosts(common: Iterable[KnownTask], rows: Iterable[POTask], base_url: str) -> None:
    """Return when orders of the journal go where the caller's own list sends them: its hosts alone are agreed to."""
    agreed = {origin_of(base_url), *(origin_of(row.url) for row in rows if row.url)} - {""}
    for one in common:
        order = one.order
        if one.has_ended or order.fault:
            continue
        asked = {origin_of(order.base_url), *([origin_of(order.url)] if order.url else [])}
        if not asked <= agreed or urlsplit(order.base_url).netloc.lower() != order.host:
            raise JournalError(
                f"The journal would visit order {order.task.po_number!r} at {order.url or order.base_url}, where "
                "neither your list nor your base URL sends it. Finish the run as it was begun (purser resume), or "
                "start anew with new books (--fresh)."
            )


def _refuse_others(known: tuple[KnownTask, ...]) -> None:
    if known:
        raise JournalError(
            f"The journal holds an unfinished run of {len(known)} other orders. Finish it first (purser resume, or "
            "resume() of the session), or start anew with new books (--fresh)."
        )


class _Known:
    """The orders of an unfinished run, as rows of a list are compared with them."""

    def __init__(self, known: Iterable[KnownTask], base_url: str) -> None:
        self.all = tuple(known)
        self._host = _host(base_url)
        self._exactly = {_key(one.order.task): one for one in self.all}
        self._by_number: dict[str, list[KnownTask]] = {}
        for one in self.all:
            self._by_number.setdefault(one.order.task.po_number, []).append(one)

    def find(self, task: POTask) -> KnownTask | None:
        """Return the order that a row means: with its number and address, or with the address left out on one side.

        A results file names the address that was visited, also where the first list named none.
        """
        exact = self._exactly.get(_key(task))
        if exact is not None:
            return exact
        alike = [one for one in self._by_number.get(task.po_number, ()) if self._may_be(one.order, task.url)]
        return alike[0] if len(alike) == 1 else None

    def _may_be(self, order: Order, url: str) -> bool:
        if order.fault or bool(url) is bool(order.task.url):
            return False
        return order.host == (_host(url) if url else self._host)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _key(task: POTask) -> tuple[str, str]:
    return (task.po_number, task.url)


def as_task(row: Mapping[str, Any] | POTask) -> POTask:
    """Return a row as a task (contract 6); fields that are missing are empty, unknown ones become metadata.

    Raises:
        TypeError: It is neither a mapping nor a `POTask`.
    """
    if isinstance(row, POTask):
        return attrs.evolve(row, po_number=row.po_number.strip(), url=row.url.strip())
    if not isinstance(row, Mapping):
        raise TypeError(
            f"Each order must be a dict with po_number, supplier, url and amount, not {type(row).__name__}."
        )
    kept = row.get("metadata") or {}
    if not isinstance(kept, Mapping):
        kept = {"metadata": kept}
    metadata = {**kept, **{key: row[key] for key in row if key not in _KNOWN}}
    timeout = row.get("timeout_override")
    return POTask(
        po_number=_text(row.get("po_number")),
        priority=row["priority"] if isinstance(row.get("priority"), int) else 0,
        timeout_override=float(timeout) if isinstance(timeout, int | float) and timeout > 0 else None,
        metadata=metadata,
        supplier=_text(row.get("supplier")),
        url=_text(row.get("url")),
        amount=_amount(row.get("amount")),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _amount(value: object) -> float | None:
    try:
        return None if value is None or value == "" else float(str(value))
    except ValueError:
        return None


def _order(handle: TaskHandle, task: POTask, base_url: str) -> Order:
    fault = ""
    root = base_url
    if not task.po_number:
        fault = "This row has no PO number. Add one."
    elif task.url:
        try:
            check_web_address(task.url, "url")
        except ConfigurationError as error:
            fault = str(error)
        else:
            root = _root_of(task.url, base_url)
    elif not base_url:
        fault = "This order has no URL and no base URL is set. Add a url column or give --base-url."
    host = "" if fault else urlsplit(root).netloc.lower()
    return Order(handle, task, "" if fault else task.url, root, host, fault)


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address in lower case; empty when it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def _root_of(url: str, base_url: str) -> str:
    parts = urlsplit(url)
    same = base_url and urlsplit(base_url).netloc.lower() == parts.netloc.lower()
    return base_url if same else f"{parts.scheme}://{parts.netloc}"
