"""An adapter and a driver that raise anything at any call: their order ends, the others are done, the run goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from actors.browser.tab import Tab
from actors.portals.coupa import CoupaPortal
from contracts.config import RestartIntensity
from contracts.ports import PageSnapshot
from contracts.status import SessionStatus
from tests.system.conftest import MakeSession, StartPortal, assert_files_are_true, orders

pytestmark = pytest.mark.chromium

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
UNEXPECTED = (TypeError, ValueError, KeyError, RecursionError, AssertionError)


@both_modes
def test_a_driver_that_raises_at_any_call_costs_a_browser_and_no_order(
    start_portal: StartPortal,
    make_session: MakeSession,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Any,
    parallel: bool,
) -> None:
    """Each bad order's first visit meets another error at another command; its second visit is well.

    At the last command of a visit, when it is over and the browser looks back, there is nothing left to do again.
    """
    portal = start_portal(orders=8, files_per_order=1, file_size=4096)
    numbers = portal.numbers()
    raised, over = Counter[str](), Counter[str]()
    in_hand: dict[int, list[Any]] = {}
    go, command = Tab.go, Tab.command

    def noting(self: Tab, url: str, doing: str) -> None:
        number = url.rpartition("/")[2]
        if number in numbers:
            in_hand[id(self)] = [number, 0]
        go(self, url, doing)

    def raising(self: Tab, name: str, doing: str, **parameters: Any) -> dict[str, Any]:
        known = in_hand.get(id(self))
        if known is not None and known[0] in numbers[:5]:
            known[1] += 1
            place = numbers.index(known[0])
            if known[1] == place + 1 and not raised[known[0]]:
                raised[known[0]] += 1
                over[known[0]] += doing.startswith("looking back")
                raise UNEXPECTED[place]("nobody expects this")
        return command(self, name, doing, **parameters)

    monkeypatch.setattr(Tab, "go", noting)
    monkeypatch.setattr(Tab, "command", raising)
    intensity = RestartIntensity(first_delay=0.05, max_delay=0.1)
    session = make_session(portal, 2, parallel=parallel, intensity=intensity)
    assert session.process_pos(orders(numbers))[:2] == (8, 0), session.results
    assert len(raised) >= 3, "most orders take that many commands"
    assert_files_are_true(portal, session.results, sandbox.downloads)
    report = session.get_session_report()
    assert (report["fallback"], report["stopped_early"]) == ("", "")
    assert report["performance_metrics"]["browser_crashes"] == sum(raised.values()) - sum(over.values())


@both_modes
def test_an_adapter_that_raises_at_any_call_fails_its_order_alone_and_costs_no_browser(
    start_portal: StartPortal, make_session: MakeSession, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    """Each bad order meets another of the adapter's methods; two of them are asked only about an order that failed."""
    portal = start_portal(orders=6, files_per_order=1, file_size=4096)
    numbers = portal.numbers()
    bad = dict(zip(numbers, ("order_addresses", "read", "wants_login", "visible_text"), strict=False))
    portal.set_faults(dict.fromkeys(numbers[2:4], "page-404"))

    def raising(method: str) -> Callable[..., Any]:
        good = getattr(CoupaPortal, method)

        def asked(self: CoupaPortal, *given: Any) -> Any:
            told = [one.requested_url if isinstance(one, PageSnapshot) else str(one) for one in given]
            if any(method == bad[number] and number in text for number in bad for text in told):
                raise TypeError("nobody expects this")
            return good(self, *given)

        return asked

    for method in bad.values():
        monkeypatch.setattr(CoupaPortal, method, raising(method))
    session = make_session(portal, 2, parallel=parallel, portal="coupa")
    session.process_pos(orders(numbers))
    ended = {result.po_number: result for result in session.results}
    assert [ended[number].status.value for number in numbers] == [
        "FAILED", "FAILED", "PO_NOT_FOUND", "PO_NOT_FOUND", "COMPLETED", "COMPLETED",
    ]  # fmt: skip
    assert all("adapter" in ended[number].error_message for number in numbers[:2])
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.get_session_report()["performance_metrics"]["browser_crashes"] == 0
