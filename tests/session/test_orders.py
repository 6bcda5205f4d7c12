"""From the caller's rows to orders: each once, in line, and none that loses another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from actors.session import outcome
from actors.session.orders import as_task, prepare
from contracts.ports import KnownTask
from contracts.tasks import POTask

BASE = "https://portal.example/coupa"


def row(number: Any = "PO1", **fields: Any) -> dict[str, Any]:
    """Make a row as a caller would."""
    return {"po_number": number, **fields}


def test_orders_get_consecutive_places_in_the_order_of_their_first_rows() -> None:
    batch = prepare([row("B"), row("A"), row("C")], BASE, 40)
    assert [(one.handle.sequence, one.handle.po_number) for one in batch.orders] == [(40, "B"), (41, "A"), (42, "C")]
    assert batch.rows == (0, 1, 2)


def test_rows_of_one_number_and_address_are_one_order() -> None:
    batch = prepare([row("A"), row("B"), row(" A "), row("A", url=f"{BASE}/x")], BASE, 0)
    assert len(batch.orders) == 3
    assert batch.rows == (0, 1, 0, 2)


def test_a_row_without_an_address_is_looked_for_at_the_base_url() -> None:
    (order,) = prepare([row()], BASE + "/", 0).orders
    assert (order.url, order.base_url, order.host, order.fault) == ("", BASE, "portal.example", "")


def test_a_row_with_an_address_belongs_to_that_addresss_portal() -> None:
    (order,) = prepare([row(url="https://Other.example:8443/orders/1?x=1")], BASE, 0).orders
    assert (order.base_url, order.host) == ("https://Other.example:8443", "other.example:8443")


def test_an_address_on_the_base_urls_host_keeps_the_base_url() -> None:
    (order,) = prepare([row(url="https://PORTAL.example/coupa/orders/1")], BASE, 0).orders
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
    batch = prepare([row(**fields), row("GOOD", url="https://portal.example/1")], base, 0)
    assert says in batch.orders[0].fault
    assert "secret" not in batch.orders[0].fault
    assert (batch.orders[0].host, batch.orders[0].url) == ("", "")
    assert batch.orders[1].fault == ""


def test_a_row_that_is_no_row_is_told_to_the_caller() -> None:
    with pytest.raises(TypeError, match="po_number"):
        prepare(["PO1"], BASE, 0)  # type: ignore[list-item]  # what a caller might do


def test_unknown_fields_travel_as_metadata() -> None:
    task = as_task(row(buyer="Ann", metadata={"x": 1}, amount="12.5", priority=4, timeout_override=7))
    assert task.metadata == {"x": 1, "buyer": "Ann"}
    assert (task.amount, task.priority, task.timeout_override) == (12.5, 4, 7.0)


@pytest.mark.parametrize("amount", ["", None, "a lot", object()])
def test_an_amount_that_is_none_is_no_amount(amount: object) -> None:
    assert as_task(row(amount=amount)).amount is None


@pytest.mark.parametrize("timeout", [0, -5, "soon", None, float("nan")])
def test_a_timeout_that_is_none_is_no_timeout(timeout: object) -> None:
    assert as_task(row(timeout_override=timeout)).timeout_override is None


def test_metadata_that_is_no_mapping_loses_no_row() -> None:
    batch = prepare([row(metadata="urgent"), row("B")], BASE, 0)
    assert len(batch.orders) == 2


def test_a_task_is_taken_as_it_is_without_spaces_around_its_number() -> None:
    task = POTask(" PO7 ", priority=2, retry_count=1, url=" https://portal.example/7 ")
    (order,) = prepare([task], BASE, 0).orders
    assert (order.handle.po_number, order.url) == ("PO7", "https://portal.example/7")
    assert (order.task.priority, order.task.retry_count) == (2, 1)


def test_a_number_may_be_a_number() -> None:
    assert prepare([row(4500012)], BASE, 0).orders[0].handle.po_number == "4500012"


_values = st.one_of(st.none(), st.text(max_size=30), st.integers(), st.floats(), st.booleans())


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["po_number", "supplier", "url", "amount", "priority", "timeout_override", "note", "retry_count"]
            ),
            _values,
        ),
        max_size=12,
    )
)
def test_no_row_whatever_it_holds_raises_or_loses_another(rows: list[dict[str, Any]]) -> None:
    batch = prepare(rows, BASE, 5)
    assert len(batch.rows) == len(rows)
    assert [order.handle.sequence for order in batch.orders] == list(range(5, 5 + len(batch.orders)))
    assert all(0 <= place < len(batch.orders) for place in batch.rows)
    assert set(batch.rows) == set(range(len(batch.orders)))
    for order in batch.orders:
        assert bool(order.fault) != bool(order.host)


def test_rows_that_mean_one_order_of_an_unfinished_run_are_that_order_with_or_without_its_address() -> None:
    known = [KnownTask(one, has_ended=False) for one in prepare([row("A"), row("B")], BASE, 0).orders]
    batch = prepare(
        [row("A"), row("C"), row("A", url=f"{BASE}/A"), row("B", url=f"{BASE}/B"), row("B")], BASE, 2, known
    )
    assert [(one.handle.sequence, one.handle.po_number) for one in batch.orders] == [(0, "A"), (2, "C"), (1, "B")]
    assert batch.rows == (0, 1, 0, 2, 2)


@pytest.mark.parametrize(
    ("error", "said"), [(ValueError("no room"), "no room"), (KeyboardInterrupt(), "the run was broken off before")]
)
def test_an_order_that_was_not_done_says_why_also_when_what_broke_the_run_off_says_nothing(
    error: BaseException, said: str
) -> None:
    (order,) = prepare([row()], BASE, 0).orders
    assert outcome.cancelled(order, error).error_message.startswith(said)
