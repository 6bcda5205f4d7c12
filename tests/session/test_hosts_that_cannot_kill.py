"""A place where browsers live whose `kill` raises: the run ends, and what it opened is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from actors.runtime import ThreadEnvironment
from actors.session.owned_browsers import OwnedBrowsers
from actors.testing import StubBrowserHost
from actors.worker.watch import Revocations
from contracts.config import Timeouts
from contracts.ports import Owner
from contracts.tasks import TaskStatus
from tests.session.conftest import Beside, GatedHost, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
SHORT = Timeouts(shutdown=20, force=1)


def refuse(_owner: Owner) -> None:
    """A kill that raises."""
    raise ConnectionError("The grid does not answer.")


class Unable(GatedHost):
    """Does something else when it is to kill."""

    def __init__(self, ground: Ground, kill: Callable[[Owner], None]) -> None:
        super().__init__(ground, False)
        self._kill = kill

    def kill(self, owner: Owner) -> None:
        self._kill(owner)


def force_amid_a_visit(make_session: MakeSession, ground: Ground, parallel: bool) -> dict[str, TaskStatus]:
    """Force the end while the first order is visited; return what became of each."""
    ground.gate.clear()
    session = make_session(parallel, workers=1, timeouts=SHORT)
    batch = Beside(session, orders(2))
    until(lambda: session.get_progress()["active_tasks"] == 1, "the first order is visited")
    session.request_stop()
    session.request_stop(force=True)
    assert batch.result()[:2] == (0, 2)
    return {one.po_number: one.status for one in session.results}


@both_modes
def test_a_kill_that_raises_keeps_no_run_from_ending_and_closing(
    make_session: MakeSession, ground: Ground, caplog: pytest.LogCaptureFixture, parallel: bool
) -> None:
    ground.host = lambda: Unable(ground, refuse)
    with caplog.at_level(logging.ERROR, "purser"):
        assert set(force_amid_a_visit(make_session, ground, parallel).values()) == {TaskStatus.CANCELLED}
    assert (ground.opened, ground.closed) == (1, 1)
    (first, *_) = [one for one in caplog.records if one.getMessage().startswith("Killing the browser of")]
    assert first.exc_info is not None
    assert first.exc_info[0] is ConnectionError


@both_modes
def test_an_engine_that_cannot_be_closed_leaves_no_resources_open(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    def fail(_self: object) -> None:
        raise ConnectionError("The grid does not answer.")

    monkeypatch.setattr(ThreadEnvironment, "close", fail)
    session = make_session(parallel)
    with pytest.raises(ConnectionError):
        session.process_pos(orders(2))
    assert (ground.opened, ground.closed) == (1, 1)


def test_one_browser_that_cannot_be_killed_keeps_none_of_the_others_from_it() -> None:
    killed: list[Owner] = []

    class Some(StubBrowserHost):
        """Cannot kill the first."""

        def kill(self, owner: Owner) -> None:
            if owner.worker == "w1":
                refuse(owner)
            killed.append(owner)

    host, revocations = Some(), Revocations()
    owners = [Owner(name, 1) for name in ("w1", "w2", "w3")]
    for owner in owners:
        host.launch(owner)
    assert OwnedBrowsers(host, revocations).kill_all() == tuple(owners)
    assert killed == owners[1:]
    assert all(revocations.of(owner).is_revoked for owner in owners)
