"""From the caller's rows to orders: each once, in line, and none that loses another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.session import outcome
from actors.session.orders import prepare
from contracts.ports import KnownTask
from contracts.tasks import Order, POTask, TaskHandle, TaskStatus

BASE = "https://portal.example/coupa"


def row(number: Any = "PO1", **fields: Any) -> dict[str, Any]:
    """Make a row as a caller would."""
    return {"po_number": number, **fields}


def known_tasks(orders: Iterable[Order]) -> list[KnownTask]:
    """The orders as an unfinished run knows them."""
    return [KnownTask(TaskHandle(place, one.po_number), one, has_ended=False) for place, one in enumerate(orders)]


def test_orders_come_in_the_order_of_their_first_rows() -> None:
    batch = prepare([row("B"), row("A"), row("C")], BASE)
    assert [one.po_number for one in batch.orders] == ["B", "A", "C"]
    assert batch.rows == (0, 1, 2)


def test_rows_of_one_number_and_address_are_one_order() -> None:
    batch = prepare([row("A"), row("B"), row(" A "), row("A", url=f"{BASE}/x")], BASE)
    assert len(batch.orders) == 3
    assert batch.rows == (0, 1, 0, 2)


def test_a_row_without_an_address_is_looked_for_at_the_base_url() -> None:
    (order,) = prepare([row()], BASE + "/").orders
    assert (order.url, order.base_url, order.host, order.fault) == ("", BASE, "portal.example", "")


def test_a_row_with_an_address_belongs_to_that_addresss_portal() -> None:
    (order,) = prepare([row(url="https://Other.example:8443/orders/1?x=1")], BASE).orders
    assert (order.base_url, order.host) == ("https://other.example:8443", "other.example:8443")


def test_an_address_on_the_base_urls_host_keeps_the_base_url() -> None:
    (order,) = prepare([row(url="https://PORTAL.example/coupa/orders/1")], BASE).orders
    assert order.base_url == BASE
    assert order.host == "portal.example"


@pytest.mark.parametrize(
    ("fields", "base", "says"),
    [
        ({"number": ""}, BASE, "no PO number"),
        ({"number": None}, BASE, "no PO number"),
        ({"number": "   "}, BASE, "no PO number"),
        ({}, "", "no URL"),
        ({"url": "not a url"}, BASE, "http"),
        ({"url": "ftp://portal.example/1"}, BASE, "http"),
        ({"url": "file:///etc/passwd"}, BASE, "http"),
        ({"url": "javascript:alert(1)"}, BASE, "http"),
        ({"url": "https://user:secret@portal.example/1"}, BASE, "password"),
    ],
)
def test_a_row_that_cannot_be_visited_is_an_order_with_a_fault(fields: dict[str, Any], base: str, says: str) -> None:
    batch = prepare([row(**fields), row("GOOD", url="https://portal.example/1")], base)
    assert says in batch.orders[0].fault
    assert "secret" not in batch.orders[0].fault
    assert (batch.orders[0].host, batch.orders[0].url) == ("", "")
    assert batch.orders[1].fault == ""


def test_a_row_that_is_no_row_is_told_to_the_caller() -> None:
    with pytest.raises(TypeError, match="po_number"):
        prepare(["PO1"], BASE)  # type: ignore[list-item]  # what a caller might do


def test_metadata_that_is_no_mapping_loses_no_row() -> None:
    batch = prepare([row(metadata="urgent"), row("B")], BASE)
    assert len(batch.orders) == 2


def test_a_task_is_taken_as_it_is_without_spaces_around_its_number() -> None:
    task = POTask(" PO7 ", priority=2, retry_count=1, url=" https://portal.example/7 ")
    (order,) = prepare([task], BASE).orders
    assert (order.po_number, order.url) == ("PO7", "https://portal.example/7")
    assert (order.task.priority, order.task.retry_count) == (2, 1)


_texts = st.text(st.characters(exclude_categories=()), max_size=30)
_values = st.one_of(
    st.none(), _texts, st.integers(), st.floats(), st.booleans(), st.binary(), st.decimals(), st.lists(st.none()),
    st.just("7" * 10_000), st.just(10**10_000), st.dates(), st.sampled_from(["9", "1,000.00", "16928002.0", "nan"]),
)  # fmt: skip


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    "po_number",
                    "supplier",
                    "url",
                    "amount",
                    "priority",
                    "timeout_override",
                    "timeout",
                    "note",
                    "retry_count",
                ]
            ),
            _values,
        ),
        max_size=12,
    )
)
def test_no_row_whatever_it_holds_raises_or_loses_another(rows: list[dict[str, Any]]) -> None:
    batch = prepare(rows, BASE)
    assert len(batch.rows) == len(rows)
    assert batch.fresh == batch.to_do == batch.orders
    assert all(0 <= place < len(batch.orders) for place in batch.rows)
    assert set(batch.rows) == set(range(len(batch.orders)))
    for order in batch.orders:
        assert bool(order.fault) != bool(order.host)
        json.dumps([order.task.po_number, order.task.supplier, order.url, order.fault]).encode()
        (order.task.po_number + order.task.supplier + order.task.url + order.fault).encode()


def _addresses(base_url: str, number: str) -> tuple[str, ...]:
    return (f"{base_url}/orders/{number}", f"{base_url}/order_headers/{number}")


SPELLINGS = [
    "",
    f"{BASE}/orders/A",
    f"{BASE}/orders/A/",
    f"{BASE}/orders/A#files",
    "HTTPS://Portal.Example:443/coupa/orders/A",
    "https://portal.example/coupa/x/../orders/%41",
    f"  {BASE}/orders/A\t",
    f"{BASE}/order_headers/A",
]


@pytest.mark.parametrize("shift", range(len(SPELLINGS)))
def test_rows_whose_addresses_lead_to_one_page_are_one_order_in_whichever_order_they_come(shift: int) -> None:
    """The number alone, its address, the same with a slash, a fragment, another spelling of the host."""
    spellings = [url for url in SPELLINGS[shift:] + SPELLINGS[:shift] if "order_headers" not in url or shift == 0]
    batch = prepare([row("A", url=url) for url in spellings], BASE, addresses=_addresses)
    assert len(batch.orders) == 1
    assert batch.rows == (0,) * len(spellings)
    assert batch.orders[0].url == spellings[0].strip(), "the first row's own address is visited"


@pytest.mark.parametrize(
    "other",
    [
        f"{BASE}/orders/A?version=2",
        f"{BASE}/orders/A?",
        f"{BASE}/orders/a",
        f"{BASE}/orders/A%2F",
        "http://portal.example/coupa/orders/A",
        "https://portal.example:8443/coupa/orders/A",
        "https://www.portal.example/coupa/orders/A",
    ],
)
def test_what_differs_in_more_than_spelling_is_another_page(other: str) -> None:
    batch = prepare([row("A", url=f"{BASE}/orders/A"), row("A", url=other), row("A")], BASE, addresses=_addresses)
    assert batch.rows == (0, 1, 0)


def test_one_address_under_two_numbers_is_two_orders() -> None:
    batch = prepare([row("A", url=f"{BASE}/orders/A"), row("B", url=f"{BASE}/orders/A")], BASE)
    assert batch.rows == (0, 1)


def test_rows_that_are_refused_are_one_order_only_when_they_are_the_same() -> None:
    wrong = row("A", amount="a lot")
    batch = prepare([wrong, row("A"), wrong, row("A", amount="more")], BASE, addresses=_addresses)
    assert batch.rows == (0, 1, 0, 2)
    assert [bool(one.fault) for one in batch.orders] == [True, False, True]


def test_an_order_of_an_unfinished_run_is_found_however_its_address_is_written_and_refused_rows_too() -> None:
    first = prepare([row("A", url=f"{BASE}/orders/A"), row("B", amount="a lot")], BASE, addresses=_addresses)
    known = known_tasks(first.orders)
    known[1] = attrs.evolve(known[1], has_ended=True)
    again = [row("A", url="https://PORTAL.example/coupa/orders/A/#x"), row("B", amount="a lot"), row("A")]
    batch = prepare(again, BASE, known, addresses=_addresses)
    assert batch.rows == (0, 1, 0)
    assert batch.known == dict(enumerate(known))
    assert [batch.has_ended(index) for index in (0, 1)] == [False, True]
    assert batch.removed == ()


def test_rows_that_mean_one_order_of_an_unfinished_run_are_that_order_with_or_without_its_address() -> None:
    known = known_tasks(prepare([row("A"), row("B")], BASE).orders)
    batch = prepare([row("A"), row("C"), row("A", url=f"{BASE}/A"), row("B", url=f"{BASE}/B"), row("B")], BASE, known)
    assert [one.po_number for one in batch.orders] == ["A", "C", "B"]
    assert batch.known == {0: known[0], 2: known[1]}
    assert batch.rows == (0, 1, 0, 2, 2)


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("no room"), "no room"), (KeyboardInterrupt(), "the run was broken off before")]
)
def test_an_order_that_was_not_done_says_why_also_when_what_broke_the_run_off_says_nothing(
    error: BaseException, said: str
) -> None:
    told = outcome.cancel([TaskHandle(7, "PO1")], error)
    assert told.sequences == (7,)
    assert told.text.startswith(said)


def test_an_order_that_no_engine_took_is_left_to_the_journal_or_cancelled_without_one() -> None:
    """Contract part 1: what was interrupted is INTERRUPTED with a journal that resumes it, and else CANCELLED."""
    (order,) = prepare([row()], BASE).orders
    kept = outcome.left_open(order, TaskHandle(3, "PO1"), "", "", resumes=True)
    gone = outcome.left_open(order, None, "no browser", "SESSION_ERROR", resumes=False)
    assert (kept.status, kept.error_code) == (TaskStatus.INTERRUPTED, "POOL_SHUTDOWN")
    assert "the next run goes on with it" in kept.error_message
    assert (kept.handle, gone.handle) == (TaskHandle(3, "PO1"), TaskHandle(outcome.NEVER_ACCEPTED, "PO1"))
    assert (gone.status, gone.error_code, gone.error_message) == (TaskStatus.CANCELLED, "SESSION_ERROR", "no browser")


@pytest.mark.parametrize(
    "url", ["https://portal.example:443/coupa/1", "HTTPS://PORTAL.EXAMPLE/coupa/1", "https://portal.example/coupa/1#x"]
)
@pytest.mark.parametrize("base", [BASE, "https://Portal.example:443/coupa/"])
def test_a_portal_is_one_login_however_its_host_is_written(url: str, base: str) -> None:
    batch = prepare([row("A", url=url), row("B")], base)
    assert {one.host for one in batch.orders} == {"portal.example"}
    assert {one.base_url for one in batch.orders} == {base.rstrip("/")}
    known = known_tasks(batch.orders)
    assert prepare([row("A", url=url), row("B")], base, known).known == dict(enumerate(known))


@pytest.mark.parametrize(
    "url", ["https://user:secret@portal.example/1", "x://a:secret@\ud800", "https://a:secret@" + "b" * 20_000]
)
def test_of_an_address_that_is_refused_nothing_is_kept(url: str) -> None:
    batch = prepare([row("A", url=url), row("A", url=url)], BASE)
    (order,) = batch.orders
    assert order.fault
    assert "secret" not in repr(order)
    known = known_tasks([order])
    assert prepare([row("A", url=url)], BASE, known).known == {0: known[0]}


def test_a_host_in_another_script_is_written_as_a_browser_does() -> None:
    (order,) = prepare([row("A", url="https://b\u00fccher.example/1")], "").orders
    assert (order.host, order.base_url) == ("xn--bcher-kva.example", "https://xn--bcher-kva.example")
