"""Hosts that never answer beside one that does: their orders fail soon, and those of others wait for nothing.

What a host does is decided by its name: `refuses` says no at once, `swallows` never comes back.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from actors.testing import StubBrowser, StubFetcher
from contracts.config import Timeouts
from contracts.errors import NetworkError, PortalUnreachableError
from contracts.ports import PageSnapshot
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.session.conftest import BASE, PATIENCE, TIMEOUTS, Beside, Ground, MakeSession, orders, until

both_modes = pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
both_silences = pytest.mark.parametrize("host", ["refuses.example", "swallows.example"])
SOON = attrs.evolve(TIMEOUTS, unreachable=2.5)
REFUSED = "The portal could not be reached while opening the page: ERR_CONNECTION_REFUSED."


@attrs.define(eq=False)
class Outside:
    """What is there: the hosts that have come up, whoever waits for one that swallows, and whether that may go on."""

    up: set[str] = attrs.field(factory=set)
    over: threading.Event = attrs.field(factory=threading.Event)
    waiting: list[str] = attrs.field(factory=list)
    asked: list[str] = attrs.field(factory=list)

    def is_up(self, address: str) -> bool:
        """Whether the host of an address answers; comes back late where it swallows."""
        host = urlsplit(address).hostname or ""
        if host in self.up or not host.endswith(".example"):
            return True
        if host.startswith("swallows"):
            self.waiting.append(host)
            self.over.wait(PATIENCE)
            self.waiting.remove(host)
        return False


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, ground: Ground) -> Iterator[Outside]:
    """Puts such hosts behind every stub browser and fetcher of the test."""
    made = Outside()
    opened = StubBrowser.open

    def open_(self: StubBrowser, url: str) -> PageSnapshot:
        if not made.is_up(url):
            ground.visits.append(url)
            raise NetworkError(REFUSED)
        return opened(self, url)

    def probe(_self: StubFetcher, base_url: str) -> int | None:
        made.asked.append(base_url)
        return 200 if made.is_up(base_url) else None

    monkeypatch.setattr(StubBrowser, "open", open_)
    monkeypatch.setattr(StubFetcher, "probe", probe)
    yield made
    made.over.set()
    until(lambda: not made.waiting, "every question came back")


def at(host: str, count: int, first: int = 100) -> list[dict[str, Any]]:
    """Orders of a host."""
    return [{**order, "url": order["url"].replace(BASE, f"http://{host}")} for order in orders(count, first)]


def mixed(host: str) -> list[dict[str, Any]]:
    """Three orders of a host, and before and behind each of them one of a portal that answers."""
    good, bad = orders(4), at(host, 3)
    return [row for pair in zip(good, [*bad, None], strict=True) for row in pair if row is not None]


@both_modes
@both_silences
@pytest.mark.parametrize("journal", [True, False], ids=["journal", "memory"])
def test_orders_of_a_host_that_never_answers_fail_with_their_reason_and_the_batch_ends_well(
    make_session: MakeSession, outside: Outside, tmp_path: Path, parallel: bool, host: str, journal: bool
) -> None:
    kept = {"journal": sqlite_in(tmp_path)} if journal else {}
    session = make_session(parallel, timeouts=SOON, **kept)
    successful, failed, report = session.process_pos(mixed(host))
    assert (successful, failed) == (4, 3)
    assert report["stopped_early"] == ""
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    for result in session.results:
        if not result.url.startswith(BASE):
            assert (result.status, result.error_code) == (TaskStatus.FAILED, "NETWORK_ERROR")
            assert f"{host} did not answer anything within 2.5 seconds" in result.error_message
            assert "Check the address" in result.error_message
            assert "purser retry" in result.error_message
            if host.startswith("refuses"):
                assert "ERR_CONNECTION_REFUSED" in result.error_message
    if journal:
        assert kept["journal"].replay().open_tasks == (), "the run in the journal is over"
        kept["journal"].close()


def sqlite_in(folder: Path) -> Any:
    """A journal on disk."""
    from actors.journal import SqliteJournal

    return SqliteJournal(folder / "journal.db", folder / "manifest.jsonl", folder)


@both_modes
@both_silences
def test_the_orders_of_other_hosts_wait_for_nothing(
    make_session: MakeSession, ground: Ground, outside: Outside, parallel: bool, host: str
) -> None:
    never = attrs.evolve(TIMEOUTS, unreachable=10 * PATIENCE)
    session = make_session(parallel, workers=2, timeouts=never)
    batch = Beside(session, mixed(host))
    until(lambda: session.get_progress()["completed_tasks"] == 4, "every order of the portal that answers")
    assert session.get_progress()["failed_tasks"] == 0
    tried = [url for url in ground.visits if host in url]
    assert len(tried) == (1 if host.startswith("refuses") else 0), "no browser waits for a host that swallows"
    session.request_stop()
    batch.result()


@both_modes
def test_a_host_that_comes_up_in_time_is_visited(make_session: MakeSession, outside: Outside, parallel: bool) -> None:
    patient = attrs.evolve(TIMEOUTS, unreachable=PATIENCE)
    session = make_session(parallel, timeouts=patient)
    batch = Beside(session, mixed("refuses.example"))
    until(lambda: session.get_progress()["completed_tasks"] == 4, "every order of the portal that answers")
    outside.up.add("refuses.example")
    assert batch.result()[:2] == (7, 0)


@both_modes
def test_a_new_batch_of_the_session_tries_a_host_again_that_was_given_up(
    make_session: MakeSession, outside: Outside, parallel: bool
) -> None:
    with make_session(parallel, timeouts=attrs.evolve(SOON, unreachable=0.1)) as session:
        assert session.process_pos(mixed("refuses.example"))[:2] == (4, 3)
        outside.up.add("refuses.example")
        assert session.process_pos(at("refuses.example", 3, 200))[:2] == (3, 0)


@both_modes
def test_a_host_that_has_answered_once_and_fails_then_fails_no_order(
    make_session: MakeSession, outside: Outside, parallel: bool
) -> None:
    """An outage ends the run resumable, or cancels what no journal keeps; it is told in the words of people."""
    short = attrs.evolve(TIMEOUTS, unreachable=0.1, circuit_open=2)
    session = make_session(parallel, workers=2, timeouts=short)
    outside.up.add("refuses.example")
    with session:
        assert session.process_pos(at("refuses.example", 2))[:2] == (2, 0)
        outside.up.clear()
        session.process_pos([*orders(2), *at("refuses.example", 2, 300)])
    statuses = [result.status for result in session.results]
    assert statuses == [TaskStatus.NO_ATTACHMENTS] * 2 + [TaskStatus.CANCELLED] * 2
    assert "did not recover within 2 seconds" in session.results[2].error_message


@both_modes
@both_silences
def test_a_batch_of_which_no_host_answers_is_refused_before_the_first_browser(
    make_session: MakeSession, ground: Ground, outside: Outside, parallel: bool, host: str
) -> None:
    session = make_session(parallel, timeouts=attrs.evolve(SOON, http_connect=0.1, http_read=0.1))
    if host.startswith("swallows"):
        outside.over.set()
    with pytest.raises(PortalUnreachableError, match="Check the address"):
        session.process_pos([*at(host, 2), *at("refuses.example", 2, 300)])
    assert ground.launches == []


def test_the_time_until_a_host_is_given_up_is_a_setting() -> None:
    assert Timeouts().unreachable == 30
    assert Timeouts(unreachable=5).unreachable == 5
