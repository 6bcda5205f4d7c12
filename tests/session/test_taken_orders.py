"""The orders of a batch on their way: handed over in chunks, each heard of once, those of before read once."""

from __future__ import annotations

import pytest

from actors.dispatch.submissions import Submissions
from actors.journal import MemoryJournal
from actors.session.orders import Batch, prepare
from actors.session.taken_orders import CHUNK, TakenOrders
from contracts.ports import BatchBegun, KnownTask, OutcomeRecorded
from contracts.tasks import Order, POResult, TaskHandle, TaskStatus
from tests.session.conftest import BASE, accepted, orders


def left(order: Order, handle: TaskHandle | None) -> POResult:
    """What is told of an order of which nothing was heard."""
    return POResult(handle or TaskHandle(-1, order.po_number), TaskStatus.CANCELLED)


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
def test_every_order_is_handed_over_once_in_chunks(count: int) -> None:
    batch = prepare(orders(count), BASE)
    taken = TakenOrders(batch)
    assert [order for submission in taken.submissions for order in submission.orders] == list(batch.orders)
    assert all(0 < len(submission.orders) <= CHUNK for submission in taken.submissions)
    assert len({submission.key for submission in taken.submissions}) == len(taken.submissions)


def test_two_batches_have_no_key_in_common() -> None:
    batch = prepare(orders(2), BASE)
    assert TakenOrders(batch).submissions[0].key != TakenOrders(batch).submissions[0].key


def test_what_was_heard_what_had_ended_before_and_what_nothing_was_heard_of_come_in_the_order_of_the_list() -> None:
    journal, submissions = MemoryJournal(), Submissions()
    found = prepare(orders(5), BASE).orders
    journal.append(
        journal.open_epoch(),
        (BatchBegun(0, 3), *accepted(found[:3]), OutcomeRecorded(POResult(TaskHandle(1, "PO2"), TaskStatus.COMPLETED))),
    )
    known = {
        place: KnownTask(TaskHandle(place, found[place].po_number), found[place], has_ended=place == 1)
        for place in range(3)
    }
    taken = TakenOrders(Batch(found, tuple(range(5)), known=known))
    taken.follow(submissions)
    (fresh,) = taken.submissions
    assert [order.po_number for order in fresh.orders] == ["PO4", "PO5"]
    submissions.put(fresh)
    begun = [taken.has_begun]
    submissions.accept(1, fresh.key, (TaskHandle(3, "PO4"), TaskHandle(4, "PO5")))
    begun.append(taken.has_begun)
    assert begun == [False, True]
    for place in (4, 2):
        submissions.end(1, POResult(TaskHandle(place, f"PO{place + 1}"), TaskStatus.PARTIAL))
    told = taken.results(journal, left)
    assert [(one.handle.sequence, one.status) for one in told] == [
        (0, TaskStatus.CANCELLED),
        (1, TaskStatus.COMPLETED),
        (2, TaskStatus.PARTIAL),
        (3, TaskStatus.CANCELLED),
        (4, TaskStatus.PARTIAL),
    ]


def test_orders_that_were_never_accepted_have_no_handle() -> None:
    taken = TakenOrders(prepare(orders(2), BASE))
    assert [one.handle.sequence for one in taken.results(MemoryJournal(), left)] == [-1, -1]


def test_whoever_added_an_order_is_told_of_it_once_also_by_an_outcome_that_comes_amid_the_end() -> None:
    """The dispatcher's thread may stand between taking an outcome in hand and telling it."""
    submissions, taken, told = Submissions(), TakenOrders(Batch((), ())), list[POResult]()
    submission = taken.add(prepare(orders(2), BASE).orders, told.append)
    submissions.put(submission)
    submissions.accept(1, submission.key, (TaskHandle(0, "PO1"), TaskHandle(1, "PO2")))
    late = POResult(TaskHandle(0, "PO1"), TaskStatus.COMPLETED)
    taken.tell_the_rest(left)
    submission.hear(late)
    assert [(one.handle.sequence, one.status) for one in told] == [
        (0, TaskStatus.CANCELLED),
        (1, TaskStatus.CANCELLED),
    ]
    assert taken.results(MemoryJournal(), left) == tuple(told), "what is reported is what was told"
