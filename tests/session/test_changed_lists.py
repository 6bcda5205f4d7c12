"""A list that was changed between two processes: what is known goes on, what is new joins it, what is gone is ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.journal import SqliteJournal
from actors.session.orders import prepare
from contracts.ports import BatchBegun, OutcomeRecorded
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.session.conftest import BASE, Ground, MakeSession, accepted, orders


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    """A journal whose run was broken off: of PO1 and PO2, the first has ended."""
    made = SqliteJournal(tmp_path / "journal.db", tmp_path / "manifest.jsonl", tmp_path)
    known = prepare(orders(2), BASE).orders
    ended = OutcomeRecorded(POResult(TaskHandle(0, "PO1"), TaskStatus.COMPLETED))
    made.append(made.open_epoch(), (BatchBegun(0, 2), *accepted(known), ended))
    yield made
    made.close()


def test_an_order_that_is_gone_is_cancelled_and_a_new_one_visited_and_the_run_ends(
    make_session: MakeSession, ground: Ground, journal: SqliteJournal
) -> None:
    session = make_session(parallel=False, journal=journal)
    assert session.process_pos([*orders(1), *orders(1, first=3)])[:2] == (2, 0)
    assert [visit.rpartition("/")[2] for visit in ground.visits] == ["PO3"]
    assert [result.status for result in journal.results(0, 3)] == [
        TaskStatus.COMPLETED,
        TaskStatus.CANCELLED,
        TaskStatus.NO_ATTACHMENTS,
    ]
    state = journal.replay()
    assert (state.batch_total, state.batch_succeeded, state.batch_failed) == (3, 2, 1)
    assert journal.tasks_in_hand() == ()


def test_the_run_has_not_ended_before_its_new_orders_are_accepted(
    make_session: MakeSession, ground: Ground, journal: SqliteJournal
) -> None:
    seen: list[list[bool]] = []

    accept = journal.append

    def look_and_append(epoch: int, entries: tuple[object, ...]) -> None:
        seen.append([one.has_ended for one in journal.tasks_in_hand()])
        accept(epoch, entries)  # type: ignore[arg-type] # passed on as they are

    journal.append = look_and_append  # type: ignore[method-assign] # watched
    make_session(parallel=False, journal=journal).process_pos([*orders(1), *orders(1, first=3)])
    assert [True, True] in seen, "all that it knew had ended"
    assert [] not in seen, "and yet whoever went on then would have known them"
