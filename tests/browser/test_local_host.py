"""What the browsers of this machine leave is cleared away once they are gone, and not before."""

from __future__ import annotations

from typing import Any, cast

import pytest

from actors.browser.local_host import LocalBrowserHost
from contracts.ports import Owner

OWNER = Owner("w1", 1)


class Both:
    """Launcher and ledger in one, which note what is asked of them."""

    def __init__(self, gone: bool) -> None:
        self.gone = gone
        self.did: list[str] = []

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Nobody waits."""
        assert timeout == 0.0
        return self.gone

    def remove_folder(self, owner: Owner) -> None:
        """Note it."""
        self.did.append("folder")

    def forget(self, owner: Owner) -> None:
        """Note it."""
        self.did.append("record")


@pytest.mark.parametrize(("gone", "did"), [(True, ["folder", "record"]), (False, ["record"])])
def test_a_browser_that_lives_keeps_its_folder_and_the_record_outlives_the_folder(gone: bool, did: list[str]) -> None:
    """The ledger itself strikes nobody who lives."""
    both = Both(gone)
    LocalBrowserHost(cast("Any", both), cast("Any", both)).forget(OWNER)
    assert both.did == did
