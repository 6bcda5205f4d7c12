"""What is done costs nothing more: no step of the journal's takes longer because much has ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actors.journal import SqliteJournal
from actors.journal.payloads import ORDERS
from actors.journal.replaying import require_known_kinds
from contracts.ports import BatchBegun, LeaseGranted
from tests.journal.entries import Place, lease, outcome, submitted

FEW, MANY = 5, 1500
SLACK = 1.1  # deeper trees


def write(journal: SqliteJournal, first: int) -> None:
    """Accept a submission and work on it."""
    batch = BatchBegun(0, first + 3, is_open=True)
    journal.append(1, (batch, *submitted("more", 3, first=first), LeaseGranted(lease(first)), outcome(first)))


STEPS: dict[str, Callable[[SqliteJournal, int], object]] = {
    "a submission and its work": write,
    "a submission that is known": lambda journal, _: journal.handles_of("first"),
    "one that is not": lambda journal, _: journal.handles_of("no key"),
    "its closing": lambda journal, first: journal.append(1, (BatchBegun(0, first),)),
    "looking for unknown work": lambda journal, _: require_known_kinds(journal._db, ORDERS),
    "a replay": lambda journal, _: journal.replay(),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_it_costs_no_more_when_much_has_ended(tmp_path: Path, step: Callable[[SqliteJournal, int], object]) -> None:
    costs = {}
    for ended in (FEW, MANY):
        counted: list[int] = []
        place = Place(tmp_path / str(ended))
        with closing(place.open()) as journal:
            rest = (submitted(f"key {one}", 1, first=one) for one in range(3, ended))
            tasks = (*submitted("first", 3), *(entry for entries in rest for entry in entries))
            outcomes = map(outcome, range(ended - 1))
            journal.append(journal.open_epoch(), (BatchBegun(0, ended, is_open=True), *tasks, *outcomes))
            journal._db.set_progress_handler(lambda: counted.append(1), 1)  # noqa: B023 - it is used here alone
            step(journal, ended)
            journal._db.set_progress_handler(None, 0)
        costs[ended] = len(counted)
    assert costs[FEW] > 0
    assert costs[MANY] <= costs[FEW] * SLACK
