"""A browser that is gone but left something is replaced; one that may live is not. In a crew and with one browser."""

from __future__ import annotations

import pytest

from actors.testing import StubBrowserHost
from contracts.config import RestartIntensity, Timeouts
from contracts.errors import BrowserDiedError
from contracts.ports import Owner
from contracts.status import SessionStatus
from tests.session.conftest import Ground, MakeSession, orders

QUICK = RestartIntensity(first_delay=0.0)
BOTH = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "one browser"])


class LosingHost(StubBrowserHost):
    """Each worker's first browser is lost over its first page. What it left, or it itself, cannot be got rid of.

    Args:
        lives_on: Whether a browser that was lost is never seen to be gone; else its folder cannot be deleted.
    """

    def __init__(self, *, lives_on: bool) -> None:
        super().__init__(self._lose_the_first)
        self._lives_on = lives_on
        self.launched: list[Owner] = []
        self.not_deleted: list[Owner] = []
        self.swept = False

    def _lose_the_first(self, owner: Owner, _url: str) -> None:
        if owner.generation == 1 or self._lives_on:
            self.kill(owner)
            raise BrowserDiedError("on purpose")

    def launch(self, owner: Owner) -> object:  # type: ignore[override]  # what it is does not matter here
        """Start it, and note whose it is."""
        self.launched.append(owner)
        return super().launch(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Say what is to be said of one that was lost."""
        return not self._lives_on and super().wait_gone(owner, timeout)

    def forget(self, owner: Owner) -> None:
        """Delete nothing."""
        self.not_deleted.append(owner)
        raise OSError(f"the folder of {owner.worker} cannot be deleted")

    def close(self) -> tuple[Owner, ...]:
        """Sweep."""
        self.swept = True
        return super().close()


@BOTH
def test_a_folder_that_cannot_be_deleted_keeps_no_browser_from_being_replaced(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    host = LosingHost(lives_on=False)
    ground.host = lambda: host
    session = make_session(parallel, intensity=QUICK)
    successful, failed, report = session.process_pos(orders(6))
    assert (successful, failed) == (6, 0)
    assert report["fallback"] == ""
    assert report["stopped_early"] == ""
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert {owner.generation for owner in host.launched} == {1, 2}
    assert {owner.generation for owner in host.not_deleted} >= {1}
    assert host.swept
    assert session.validate_session_state() == []


@BOTH
def test_beside_a_browser_that_may_live_none_is_started_in_its_place(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    host = LosingHost(lives_on=True)
    ground.host = lambda: host
    session = make_session(parallel, intensity=QUICK, timeouts=Timeouts(shutdown=20, force=1))
    successful, _, report = session.process_pos(orders(3))
    assert successful == 0
    assert "could not be cleared away" in report["stopped_early"]
    assert {owner.generation for owner in host.launched} == {1}
    assert host.not_deleted == []
