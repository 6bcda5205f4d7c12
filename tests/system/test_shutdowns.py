"""A forced end on real browsers, from the states in which it is hardest. `scripts/shutdowns.py` times all of them."""

from __future__ import annotations

import pytest

from contracts import Timeouts
from scripts.shutdowns import end_from

pytestmark = pytest.mark.chromium


@pytest.mark.parametrize("state", ["with a stopped browser", "amid a restart"])
def test_a_forced_end_from_any_state_accounts_for_every_order_and_leaves_nothing(
    state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PURSER_USERNAME", "PURSER_PASSWORD", "PURSER_STATE_DIR", "TMPDIR"):
        monkeypatch.setenv(name, "")  # the scene sets its own, which must not stay
    end = end_from(state, force=True, timeouts=Timeouts(shutdown=20.0, force=20.0))
    assert end.trouble == ""
    assert end.is_good
