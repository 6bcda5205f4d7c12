"""No page takes others down: adapters, drivers and folders that raise anything at any call, in both modes.

Whatever is raised, every order ends, the others are done, the run goes on and nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors import ProcessingSession
from actors.testing import StubBrowser, StubFetcher, StubFolder, StubPortal
from contracts.config import HeadlessConfiguration, RestartIntensity, RetryPolicy
from contracts.errors import BrowserDiedError
from contracts.ports import Cookie, Credentials, LoginPage, PageReading, PageSnapshot
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, TIMEOUTS, Ground, MakeSession, orders

QUICK = RestartIntensity(first_delay=0.01, max_delay=0.02)
AT_ONCE = RetryPolicy(base_delay=0.01, jitter=False)
BAD = ("PO1", "PO2", "PO3")
UNEXPECTED = (TypeError, ValueError, KeyError, OSError, RecursionError, AssertionError)
both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])


def raising(
    good: Callable[..., Any], kind: type[Exception] = TypeError, numbers: tuple[str, ...] = BAD
) -> Callable[..., Any]:
    """Return a method that raises whenever it hears of one of these orders."""

    def bad(self: Any, *arguments: Any, **named: Any) -> Any:
        texts = [one.requested_url if isinstance(one, PageSnapshot) else str(one) for one in arguments]
        if any(text.rpartition("/")[2] in numbers for text in texts):
            raise kind("nobody expects this, not even secret-4711")
        return good(self, *arguments, **named)

    return bad


def ended(session: ProcessingSession) -> dict[str, TaskStatus]:
    """Return how each order ended."""
    return {result.po_number: result.status for result in session.results}


def check_the_rest(session: ProcessingSession, bad: tuple[str, ...] = BAD) -> None:
    """All but the bad ones are done, by the mode that began, and nothing is left."""
    others = {number: status for number, status in ended(session).items() if number not in bad}
    assert set(others.values()) == {TaskStatus.NO_ATTACHMENTS}
    report = session.get_session_report()
    assert (report["stopped_early"], report["fallback"]) == ("", "")
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert session.validate_session_state() == []


@both_modes
@pytest.mark.parametrize("kind", UNEXPECTED)
@pytest.mark.parametrize("method", ["order_addresses", "read"])
def test_an_adapter_that_raises_fails_its_orders_after_a_second_look_and_costs_no_browser(
    make_session: MakeSession,
    ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    kind: type[Exception],
    parallel: bool,
) -> None:
    monkeypatch.setattr(StubPortal, method, raising(getattr(StubPortal, method), kind))
    session = make_session(parallel, workers=2, intensity=QUICK, retry=AT_ONCE)
    session.process_pos([{**row, "url": ""} for row in orders(8)])
    failed = [result for result in session.results if result.po_number in BAD]
    assert {(one.status, one.error_code, one.attempts) for one in failed} == {(TaskStatus.FAILED, "WORKER_ERROR", 2)}
    assert all(f"raised {kind.__name__} in {method}" in one.error_message for one in failed)
    assert not any("secret-4711" in one.error_message for one in failed), "the page's own text stays in the log"
    assert {owner.generation for owner in ground.launches} == {1}
    check_the_rest(session)


@both_modes
def test_an_adapter_that_answers_what_no_adapter_may_fails_its_orders_only(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    read = StubPortal.read
    monkeypatch.setattr(
        StubPortal, "read", lambda self, page, number: None if number in BAD else read(self, page, number)
    )
    session = make_session(parallel, workers=2, retry=AT_ONCE)
    session.process_pos(orders(8))
    assert {ended(session)[number] for number in BAD} == {TaskStatus.FAILED}
    assert {owner.generation for owner in ground.launches} == {1}
    check_the_rest(session)


@both_modes
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", UNEXPECTED)
def test_a_driver_that_raises_over_three_orders_costs_browsers_but_neither_crew_nor_run(
    make_session: MakeSession,
    ground: Ground,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Exception],
    workers: int,
    parallel: bool,
) -> None:
    """Also with a single slot, whose browsers end nine times before anything else could be done."""
    monkeypatch.setattr(StubBrowser, "open", raising(StubBrowser.open, kind))
    session = make_session(parallel, workers=workers, intensity=QUICK)
    session.process_pos(orders(8))
    lost = [result for result in session.results if result.po_number in BAD]
    assert {one.status for one in lost} == {TaskStatus.QUARANTINED}
    assert all(kind.__name__ in one.error_message for one in lost)
    assert not any("secret-4711" in one.error_message for one in lost)
    check_the_rest(session)


@both_modes
@pytest.mark.parametrize(
    ("owner", "method"),
    [(StubBrowser, "cookies"), (StubBrowser, "screenshot"), (StubBrowser, "is_alive"), (StubFetcher, "close")],
)
def test_a_driver_that_raises_once_at_some_other_call_is_survived(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, parallel: bool
) -> None:
    """Evidence, the look at an idle browser, and its end."""
    good, left = getattr(owner, method), [1]

    def bad(self: Any, *arguments: Any) -> Any:
        if left and ground.launches:  # before that, the session asks whether the portal is there
            left.clear()
            raise KeyError("nobody expects this")
        return good(self, *arguments)

    monkeypatch.setattr(owner, method, bad)
    monkeypatch.setattr(StubPortal, "read", raising(StubPortal.read, numbers=("PO2",)))
    session = make_session(parallel, workers=1, intensity=QUICK, retry=AT_ONCE)
    session.process_pos(orders(4))
    assert ended(session)["PO2"] is TaskStatus.FAILED
    assert not left, f"{method} was not called"
    check_the_rest(session, ("PO2",))


@both_modes
def test_a_browser_that_raises_what_nobody_expects_when_it_is_started_is_started_again(
    make_session: MakeSession, ground: Ground, parallel: bool
) -> None:
    def refuse_the_first(owner: Any) -> bool:
        if owner.generation == 1:
            raise TypeError("nobody expects this")
        return True

    ground.may_launch = refuse_the_first
    session = make_session(parallel, workers=1, intensity=QUICK)
    session.process_pos(orders(3))
    check_the_rest(session, ())


@both_modes
def test_a_folder_that_raises_over_evidence_ends_no_run(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    def refuse(*_: Any) -> tuple[str, ...]:
        raise ValueError("nobody expects this")

    monkeypatch.setattr(StubFolder, "keep_evidence", refuse)
    monkeypatch.setattr(StubPortal, "read", raising(StubPortal.read, numbers=("PO1",)))
    session = make_session(parallel, workers=1, intensity=QUICK, retry=AT_ONCE)
    session.process_pos(orders(4))
    assert ended(session)["PO1"] in (TaskStatus.FAILED, TaskStatus.QUARANTINED)
    check_the_rest(session, ("PO1",))


class _Known:
    """Credentials for every host."""

    def credentials(self, host: str) -> Credentials | None:
        return Credentials("demo", "demo")

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        return ()


@both_modes
@pytest.mark.parametrize("method", ["login_address", "wants_login", "login_form"])
def test_an_adapter_that_raises_at_a_login_is_a_login_that_failed(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, method: str, parallel: bool
) -> None:
    """The host is given up after three tries; orders of another host are done, with the same browsers."""
    read = StubPortal.read

    def read_or_login(self: StubPortal, page: PageSnapshot, number: str) -> PageReading:
        return LoginPage("the login page") if "127.0.0.1:9/" in page.url else read(self, page, number)

    def raise_it(*_: Any) -> Any:
        raise KeyError("nobody expects this")

    monkeypatch.setattr(StubPortal, "read", read_or_login)
    monkeypatch.setattr(StubPortal, "wants_login", lambda _self, page: "a form" if "/login" in page.url else "")
    monkeypatch.setattr(StubPortal, method, raise_it)
    session = make_session(parallel, workers=2, credentials=_Known())
    other = [{"po_number": f"PO{n}", "url": f"http://127.0.0.1:10/PO{n}"} for n in (5, 6, 7)]
    session.process_pos([*orders(2), *other])
    told = {result.po_number: result for result in session.results}
    assert {told[number].status for number in ("PO5", "PO6", "PO7")} == {TaskStatus.NO_ATTACHMENTS}
    assert {told[number].status for number in ("PO1", "PO2")} == {TaskStatus.CANCELLED}
    assert "adapter raised KeyError" in told["PO1"].error_message
    assert {owner.generation for owner in ground.launches} == {1}
    assert session.validate_session_state() == []


@both_modes
def test_a_login_page_that_kills_browsers_takes_no_other_host_down(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    read, open_page = StubPortal.read, StubBrowser.open

    def read_or_login(self: StubPortal, page: PageSnapshot, number: str) -> PageReading:
        return LoginPage("the login page") if "127.0.0.1:9/" in page.url else read(self, page, number)

    def open_or_die(self: StubBrowser, url: str) -> PageSnapshot:
        if url.endswith("/login"):
            self._host.kill(self._owner)
            raise BrowserDiedError("This login page kills browsers.")
        return open_page(self, url)

    monkeypatch.setattr(StubPortal, "read", read_or_login)
    monkeypatch.setattr(StubBrowser, "open", open_or_die)
    session = make_session(parallel, workers=1, credentials=_Known(), intensity=QUICK)
    other = [{"po_number": f"PO{n}", "url": f"http://127.0.0.1:10/PO{n}"} for n in (5, 6, 7)]
    session.process_pos([*orders(2), *other])
    assert {ended(session)[number] for number in ("PO5", "PO6", "PO7")} == {TaskStatus.NO_ATTACHMENTS}
    assert session.get_session_report()["fallback"] == ""
    assert session.validate_session_state() == []


@both_modes
def test_a_crew_whose_every_browser_dies_over_every_order_comes_to_its_end(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    """Then it is not the orders: few are charged, and the run says why it stops."""

    def die(self: StubBrowser, url: str) -> PageSnapshot:
        self._host.kill(self._owner)
        raise BrowserDiedError("No browser lives here.")

    monkeypatch.setattr(StubBrowser, "open", die)
    session = make_session(parallel, workers=2, intensity=QUICK)
    session.process_pos(orders(100))
    assert "3 browsers in a row ended" in session.get_session_report()["stopped_early"]
    assert set(ended(session).values()) == {TaskStatus.CANCELLED}
    assert len(ground.launches) <= 80
    assert session.validate_session_state() == []


# --------------------------------------------------------------------------------------------------------- resumed runs


def test_an_order_that_ends_the_program_at_each_resume_keeps_no_other_from_its_end_and_is_left_out_at_last(
    tmp_path: Path, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is met three times in its place, three times behind all others, and then no more."""

    class ProgramEndError(BaseException):
        """Nothing that any boundary takes for an error of a page."""

    def end_the_program(self: StubBrowser, url: str) -> PageSnapshot:
        if url.endswith("/PO2"):
            raise ProgramEndError
        return open_page(self, url)

    open_page = StubBrowser.open
    monkeypatch.setattr(StubBrowser, "open", end_the_program)

    def make() -> ProcessingSession:
        return ProcessingSession(
            HeadlessConfiguration(),
            False,
            1,
            base_url=BASE,
            download_dir=tmp_path / "dl",
            timeouts=TIMEOUTS,
            journal=tmp_path / "dl" / ".purser" / "journal.db",
            open_resources=ground.open,
        )

    session = make()
    with pytest.raises(ProgramEndError):
        session.process_pos(orders(4))
    for meeting in range(2, 7):
        session = make()
        with pytest.raises(ProgramEndError):
            session.resume()
        done = {number for number, status in ended(session).items() if status is TaskStatus.NO_ATTACHMENTS}
        assert done == ({"PO1"} if meeting <= 3 else {"PO1", "PO3", "PO4"})
    session = make()
    assert session.resume()[:2] == (3, 1)
    assert ended(session)["PO2"] is TaskStatus.QUARANTINED


@both_modes
def test_a_browser_that_a_page_has_worn_out_is_replaced_before_the_next_order_and_charged_to_nobody(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch, parallel: bool
) -> None:
    good_open = StubBrowser.open
    visits: list[tuple[str, int]] = []

    def noting(self: StubBrowser, url: str) -> PageSnapshot:
        visits.append((url.rpartition("/")[2], self._owner.generation))
        return good_open(self, url)

    def wear(self: StubBrowser) -> str:
        mine = [number for number, generation in visits if generation == self._owner.generation]
        return "a page keeps it busy" if mine[-1] in BAD else ""

    monkeypatch.setattr(StubBrowser, "open", noting)
    monkeypatch.setattr(StubBrowser, "wear", wear)
    session = make_session(parallel, workers=1, intensity=QUICK, retry=AT_ONCE)
    session.process_pos([{**row, "url": ""} for row in orders(8)])
    assert [number for number, _generation in visits] == [f"PO{place}" for place in range(1, 9)], "each once, in order"
    for (number, generation), (_next, after) in pairwise(visits):
        assert after == generation + (number in BAD)
    assert session.get_session_report()["performance_metrics"]["browser_crashes"] == 0
    check_the_rest(session, ())
