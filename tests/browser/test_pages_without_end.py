"""Pages that lead on to one another for ever are given up before their lease counts as silent; no browser is needed."""

from __future__ import annotations

from typing import Any

import pytest

from actors.browser.faults import PageReplacedError
from actors.browser.page import Page
from contracts.config import Timeouts


class _Tab:
    """A tab whose page goes on to another one after some seconds, whatever it is asked."""

    window = "window"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.time = 0.0

    def command(self, name: str, doing: str, **parameters: Any) -> dict[str, Any]:
        return {"executionContextId": 1}

    def evaluate(self, expression: str, doing: str, **given: Any) -> Any:
        self.time += self.seconds
        raise PageReplacedError("on to the next one")


@pytest.mark.parametrize("seconds", [0.1, 3.0, 9.9])
def test_pages_that_follow_one_another_are_given_up_before_the_lease_is(seconds: float) -> None:
    """Else the browser would be killed for them, and twice more when the order comes back."""
    tab = _Tab(seconds)
    page = Page(tab, Timeouts().settle, monotonic=lambda: tab.time)  # type: ignore[arg-type] # what is used of a tab
    with pytest.raises(PageReplacedError, match="without end"):
        page.read("reading")
    assert tab.time < Timeouts().inactivity / 1.5
