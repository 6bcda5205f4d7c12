"""A stop that is forced before a warm browser has begun what it was given: it is not begun, and nobody waits for it."""

from __future__ import annotations

import pytest

from actors.session.batch import BatchRun
from contracts.ports import Owner
from contracts.tasks import Order, TaskStatus
from tests.session.conftest import Beside, GatedHost, Ground, MakeSession, orders, until


def test_a_stop_that_is_forced_before_the_first_visit_of_a_warm_batch_visits_nothing(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(batch: BatchRun, _orders: tuple[Order, ...]) -> None:
        batch.request_stop("stopped", force=True)

    with make_session(False) as session:
        assert session.process_pos(orders(2))[:2] == (2, 0)
        ground.gate.clear()
        with monkeypatch.context() as patch:
            patch.setattr(BatchRun, "_check_portals", stop)
            beside = Beside(session, orders(3, first=10))
            until(lambda: session._running is None and len(session.results) == 3, "the batch has ended")
            beside.result()
        assert {one.status for one in session.results} == {TaskStatus.CANCELLED}
        ground.gate.set()
        assert session.process_pos(orders(2, first=20))[:2] == (2, 0)
        assert not [url for url in ground.visits if "/PO1" in url and not url.endswith("/PO1")]


def test_what_a_forced_stop_killed_is_not_held_against_the_browser(make_session: MakeSession, ground: Ground) -> None:
    """Three of them within a minute, and the next batch is done all the same."""
    with make_session(False) as session:
        for turn in range(4):
            ground.gate.clear()
            beside = Beside(session, orders(2, first=10 * turn + 1))
            until(lambda: session.snapshot().active > 0, "one is worked on")
            session.request_stop(force=True)
            ground.gate.set()
            beside.result()
        assert session.process_pos(orders(2, first=90))[:2] == (2, 0)


def test_a_place_for_browsers_that_raises_when_it_is_to_end_one_keeps_nothing_from_being_closed(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_host: GatedHost, owner: Owner) -> None:
        raise OSError(f"{owner} cannot be ended")

    session = make_session(False)
    with session:
        assert session.process_pos(orders(1))[:2] == (1, 0)
        monkeypatch.setattr(GatedHost, "kill", refuse)
    assert ground.opened == ground.closed == 1
