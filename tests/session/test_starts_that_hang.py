"""Browsers that hang when they start: a crew of them ends, however long each took over it, and its rows are not lost.

Each start runs into its deadline, and the window of the limit is shorter than that, as 30 and 60 seconds are for three.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from actors.session.crew_of_one import WORKER
from actors.testing import StubBrowser, StubBrowserHost
from contracts.config import ResourceLimits, RestartIntensity, Timeouts
from contracts.ports import Owner
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import PATIENCE, Beside, Ground, MakeSession, orders, until

MOST = 3
OPTIONS = {
    # No other limit ends it: without the row of starts that hang, each slot is restarted for ever.
    "intensity": RestartIntensity(max_restarts=10_000, first_delay=0.01, max_delay=0.02),
    "limits": ResourceLimits(max_restart_attempts=MOST, restart_window=0.05),
    "timeouts": Timeouts(shutdown=20, force=5, worker_ready=1.0),
}


class HungHost(StubBrowserHost):
    """Stub browsers that hang at their start, those of them that are to.

    Args:
        ground: What the test shares.
        hangs: Whether an owner's browser does.
    """

    def __init__(self, ground: Ground, hangs: Callable[[Owner], bool]) -> None:
        super().__init__(lambda _owner, _url: ground.gate.wait(PATIENCE))
        self._ground = ground
        self.hangs = hangs

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a browser, or hang until it is killed."""
        self._ground.launches.append(owner)
        browser = super().launch(owner)
        if self.hangs(owner):
            self.hold(owner)
        return browser


LetHang = Callable[[Callable[[Owner], bool]], None]


@pytest.fixture
def let_hang(ground: Ground) -> Iterator[LetHang]:
    """Say whose browsers hang; after the test none do, so that a session that would never end ends."""
    hosts: list[HungHost] = []

    def let(hangs: Callable[[Owner], bool]) -> None:
        def host() -> StubBrowserHost:
            hosts.append(HungHost(ground, hangs))
            return hosts[-1]

        ground.host = host

    yield let
    for host in hosts:
        host.hangs = lambda _owner: False


def starts(ground: Ground) -> dict[str, int]:
    """How often each slot was started."""
    return dict(Counter(owner.worker for owner in ground.launches))


def test_a_crew_whose_browsers_all_hang_ends_and_one_browser_does_its_work(
    make_session: MakeSession, ground: Ground, let_hang: LetHang
) -> None:
    """Contract 20: fall back to sequential, and say why."""
    let_hang(lambda owner: owner.worker != WORKER)
    session = make_session(**OPTIONS)
    successful, failed, report = Beside(session, orders(4)).result()
    assert (successful, failed) == (4, 0)
    assert starts(ground) == {"worker-1": MOST, "worker-2": MOST, WORKER: 1}
    assert "3 browsers in a row did not become ready; the last: not ready within" in report["fallback"]
    assert report["processing_mode"] == "sequential"
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.validate_session_state() == []


def test_when_the_one_browser_hangs_too_every_row_has_its_outcome_and_the_run_ends(
    make_session: MakeSession, ground: Ground, let_hang: LetHang
) -> None:
    let_hang(lambda _owner: True)
    session = make_session(**OPTIONS)
    successful, failed, report = Beside(session, orders(4)).result()
    assert (successful, failed) == (0, 4)
    assert starts(ground) == {"worker-1": MOST, "worker-2": MOST, WORKER: MOST}
    assert {one.status for one in session.results} == {TaskStatus.CANCELLED}
    assert "3 browsers in a row did not become ready" in report["fallback"]
    assert "3 browsers in a row did not become ready" in report["stopped_early"]
    assert session.get_progress()["session_status"] is SessionStatus.FAILED
    assert session.validate_session_state() == []
    assert ground.opened == ground.closed


def test_a_slot_whose_browsers_hang_is_given_up_and_the_others_do_the_work(
    make_session: MakeSession, ground: Ground, let_hang: LetHang, caplog: pytest.LogCaptureFixture
) -> None:
    let_hang(lambda owner: owner.worker == "worker-1")
    ground.gate.clear()
    session = make_session(**OPTIONS)
    with caplog.at_level(logging.INFO, logger="purser.monitor"):
        batch = Beside(session, orders(4))
        until(lambda: session.get_progress()["active_tasks"] == 1, "the other is at work")
        until(lambda: "retires worker-1: 3 browsers in a row did not become ready" in caplog.text, "it is given up")
    ground.gate.set()
    successful, failed, report = batch.result()
    assert (successful, failed, report["fallback"]) == (4, 0, "")
    assert starts(ground) == {"worker-1": MOST, "worker-2": 1}


@pytest.mark.parametrize("parallel", [True, False])
def test_browsers_that_start_at_last_end_the_row(
    make_session: MakeSession, ground: Ground, let_hang: LetHang, parallel: bool
) -> None:
    let_hang(lambda owner: owner.generation < MOST)
    session = make_session(parallel, **OPTIONS)
    successful, failed, report = Beside(session, orders(4)).result()
    assert (successful, failed, report["fallback"], report["stopped_early"]) == (4, 0, "", "")
    assert all(count <= MOST for count in starts(ground).values())
