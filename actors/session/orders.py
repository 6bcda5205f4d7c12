"""From the caller's list to orders: checked, each order once.

A row that cannot be visited becomes an order with a fault, never an exception, so that it loses no other row. Rows that
lead to one page are one order: an order is known by its number and the address that stands for it (`OrderKeys`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from actors.addresses import authority_of, origin_of, page_key
from actors.session.rows import Row, read_row
from actors.worker.guarding import GuardedPortal
from contracts.checks import check_web_address
from contracts.errors import ConfigurationError, JournalError, PageReadingError
from contracts.ports import Journal, KnownTask, Portal
from contracts.tasks import Order, POTask

Addresses = Callable[[str, str], tuple[str, ...]]
"""As `Portal.order_addresses`."""
Key = tuple[str, str]


def no_addresses(_base_url: str, _po_number: str) -> tuple[str, ...]:
    """Name no address: an order without one is known by its number alone."""
    return ()


def addresses_of(portal: Portal) -> Addresses:
    """Return what names an order's addresses on a portal; where its adapter raises, an order is known by its number."""
    guarded = GuardedPortal(portal)

    def addresses(base_url: str, po_number: str) -> tuple[str, ...]:
        try:
            return guarded.order_addresses(base_url, po_number)
        except PageReadingError:  # its visit will say so
            return ()

    return addresses


class OrderKeys:
    """By what rows are told to be one order (contract part 1, "Order, retries, restarts").

    Args:
        base_url: Root of the portal of rows without an address.
        addresses: Where that portal keeps an order.
    """

    def __init__(self, base_url: str, addresses: Addresses = no_addresses) -> None:
        self._base_url = base_url.rstrip("/")
        self._addresses = addresses

    def of(self, task: POTask, fault: str) -> tuple[Key, ...]:
        """Return the keys of an order: its number with each address that stands for it. One in common is enough.

        One that cannot be visited is the same only as another with the very same fault.
        """
        number = task.po_number
        if fault:
            return ((number, f"\0{task.url}\0{fault}"),)
        if task.url:
            return ((number, page_key(task.url) or task.url),)
        found = self._addresses(self._base_url, number) if self._base_url and number else ()
        return ((number, ""), *((number, key) for address in found if (key := page_key(address))))


@attrs.frozen
class Batch:
    """One call's orders.

    Args:
        orders: Each order once, in the order of its first row.
        rows: For each row of the caller's list, the index of its order.
        known: The tasks of those orders that the journal knows from a run that was not finished, by the order's index.
        removed: Orders of that run that are no longer in any row.
    """

    orders: tuple[Order, ...]
    rows: tuple[int, ...]
    known: Mapping[int, KnownTask] = attrs.field(factory=dict)
    removed: tuple[KnownTask, ...] = ()

    @property
    def continues(self) -> bool:
        """Whether the batch goes on with a run that was not finished."""
        return bool(self.known)

    @property
    def fresh(self) -> tuple[Order, ...]:
        """The orders that the journal does not know yet."""
        return tuple(order for index, order in enumerate(self.orders) if index not in self.known)

    @property
    def to_do(self) -> tuple[Order, ...]:
        """The orders that have not ended."""
        return tuple(order for index, order in enumerate(self.orders) if not self.has_ended(index))

    def has_ended(self, index: int) -> bool:
        """Whether an order had ended before this batch."""
        return index in self.known and self.known[index].has_ended


def prepare(
    po_list: Iterable[Mapping[str, Any] | POTask],
    base_url: str,
    known: Iterable[KnownTask] = (),
    addresses: Addresses = no_addresses,
) -> Batch:
    """Check a list of orders.

    Rows with the same number whose addresses lead to one page become one order (contract part 1, "Order, retries,
    restarts"). One that the unfinished run of the journal knows stays the order that it is there.

    Args:
        po_list: The rows.
        base_url: Root of the portal of rows without an address, or empty.
        known: The orders of an unfinished run.
        addresses: Where the portal keeps an order, for rows without an address.

    Raises:
        TypeError: A row is neither a mapping nor a `POTask`.
        JournalError: There is an unfinished run, and it has no order in common with the list.
    """
    keys = OrderKeys(base_url, addresses)
    before = _Known(known, base_url, keys)
    orders: list[Order] = []
    rows: list[int] = []
    places: dict[Key, int] = {}
    met: dict[int, tuple[KnownTask, int]] = {}
    read = [_checked(read_row(row), base_url) for row in po_list]
    for row in read:
        own = keys.of(row.task, row.fault)
        place = next((places[key] for key in own if key in places), None)
        if place is None:
            same = before.find(row, own)
            place = len(orders)
            if same is not None:  # which may have been met already, written in another way
                _, place = met.setdefault(same.handle.sequence, (same, place))
            if place == len(orders):
                orders.append(_order(row, base_url.rstrip("/")) if same is None else same.order)
        for key in own:
            places.setdefault(key, place)
        rows.append(place)
    if orders and not met:
        _refuse_others(before.all)
    if met:
        _refuse_other_hosts((one for one, _ in met.values()), [row.task for row in read], base_url)
    return Batch(
        tuple(orders),
        tuple(rows),
        known={place: one for one, place in met.values()},
        removed=tuple(one for one in before.all if one.handle.sequence not in met) if met else (),
    )


def from_list(
    rows: Iterable[Mapping[str, Any] | POTask], base_url: str, journal: Journal, addresses: Addresses = no_addresses
) -> Batch:
    """Return the batch of a caller's list: a new one, or the journal's unfinished one. As `prepare`."""
    return prepare(rows, base_url, journal.tasks_in_hand(), addresses)


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
        known=dict(enumerate(known)),
    )


def refuse_unfinished(journal: Journal) -> None:
    """Return when a journal holds no unfinished run, so that another one may begin.

    Raises:
        JournalError: It does.
    """
    _refuse_others(journal.tasks_in_hand())


def require_common(
    tasks: Iterable[POTask], known: Iterable[KnownTask], base_url: str, addresses: Addresses = no_addresses
) -> None:
    """Return when a list may go on with an unfinished run: there is none, or they have an order in common.

    Raises:
        JournalError: There is one, of other orders alone.
    """
    keys = OrderKeys(base_url, addresses)
    before = _Known(known, base_url, keys)
    rows = [_checked(read_row(task), base_url) for task in tasks]
    common = [same for row in rows if (same := before.find(row, keys.of(row.task, row.fault))) is not None]
    if not common:
        _refuse_others(before.all)
    _refuse_other_hosts(common, [row.task for row in rows], base_url)


def _refuse_other_hosts(common: Iterable[KnownTask], rows: Iterable[POTask], base_url: str) -> None:
    """Return when orders of the journal go where the caller's own list sends them: its hosts alone are agreed to."""
    agreed = {origin_of(base_url), *(origin_of(row.url) for row in rows if row.url)} - {""}
    for one in common:
        order = one.order
        if one.has_ended or order.fault:
            continue
        asked = {origin_of(order.base_url), *([origin_of(order.url)] if order.url else [])}
        if not asked <= agreed or authority_of(order.base_url) != order.host:
            raise JournalError(
                f"The journal would visit order {order.task.po_number!r} at {order.url or order.base_url}, where "
                "neither your list nor your base URL sends it. Finish the run as it was begun (purser resume), or "
                "start anew with a new journal (--fresh)."
            )


def _refuse_others(known: tuple[KnownTask, ...]) -> None:
    if known:
        raise JournalError(
            f"The journal holds an unfinished run of {len(known)} other orders. Finish it first (purser resume, or "
            "resume() of the session), or start anew with a new journal (--fresh)."
        )


class _Known:
    """The orders of an unfinished run, as rows of a list are compared with them."""

    def __init__(self, known: Iterable[KnownTask], base_url: str, keys: OrderKeys) -> None:
        self.all = tuple(known)
        self._host = authority_of(base_url)
        self._by_key: dict[Key, KnownTask] = {}
        self._by_number: dict[str, list[KnownTask]] = {}
        for one in self.all:
            for key in keys.of(one.order.task, one.order.fault):
                self._by_key.setdefault(key, one)
            self._by_number.setdefault(one.order.task.po_number, []).append(one)

    def find(self, row: Row, own: tuple[Key, ...]) -> KnownTask | None:
        """Return the order that a row means: with its number and address, or with the address left out on one side.

        A results file names the address that was visited, also where the first list named none.
        """
        exact = next((self._by_key[key] for key in own if key in self._by_key), None)
        if exact is not None:
            return exact
        if row.fault:
            return None
        task = row.task
        alike = [one for one in self._by_number.get(task.po_number, ()) if self._may_be(one.order, task.url)]
        return alike[0] if len(alike) == 1 else None

    def _may_be(self, order: Order, url: str) -> bool:
        if order.fault or bool(url) is bool(order.task.url):
            return False
        return order.host == (authority_of(url) if url else self._host)


def _checked(row: Row, base_url: str) -> Row:
    """Return a row with what keeps it from being visited, if anything does.

    Of an address that is refused nothing is kept: a password may stand in it.
    """
    task, fault = row.task, row.fault
    if fault:
        return row
    if not task.po_number:
        fault = "This row has no PO number. Add one."
    elif task.url:
        try:
            check_web_address(task.url, "url")
        except ConfigurationError as error:
            task, fault = attrs.evolve(task, url=""), str(error)
    elif not base_url:
        fault = "This order has no URL and no base URL is set. Add a url column or give --base-url."
    return Row(task, fault) if fault else row


def _order(row: Row, base_url: str) -> Order:
    task, fault = row.task, row.fault
    root = _root_of(task.url, base_url) if task.url and not fault else base_url
    host = "" if fault else authority_of(root)
    return Order(task, "" if fault else task.url, root, host, fault)


def _root_of(url: str, base_url: str) -> str:
    return base_url if base_url and authority_of(base_url) == authority_of(url) else origin_of(url)
