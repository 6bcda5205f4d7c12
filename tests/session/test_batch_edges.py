"""The edges of a batch, without a browser: who is told as cancelled, whose silence stops it, what a crew is handed."""

from __future__ import annotations

import threading
from typing import Any, cast

import attrs
import pytest

from actors.dispatch.submissions import Submissions
from actors.journal import SqliteJournal
from actors.runtime import ThreadEnvironment
from actors.session.batch import BatchRun
from actors.session.first_look import HOSTS_ASKED_FIRST
from actors.session.orders import prepare
from actors.session.outcome import Outcome
from actors.session.resources import SessionResources
from actors.session.sequential import SequentialEngine
from contracts.config import Settings
from contracts.errors import AuthenticationError, PortalUnreachableError
from contracts.ports import BatchBegun, OutcomeRecorded
from contracts.tasks import POResult, TaskHandle, TaskStatus
from tests.session.conftest import BASE, PATIENCE, Ground, MakeSession, accepted, orders, until


@attrs.define
class SilentResources:
    """Resources whose fetcher gets an answer from few or nobody, and counts whom it asked."""

    asked: list[str] = attrs.field(factory=list)
    ends: list[str] = attrs.field(factory=list)
    lively: str = ""
    never: threading.Event = attrs.field(factory=threading.Event)
    hangs: bool = False
    answered: set[str] = attrs.field(factory=set)
    submissions: Submissions = attrs.field(factory=Submissions)
    run_job: Any = attrs.field(factory=lambda: ThreadEnvironment().run_job)

    def run_resources(self, _settings: Settings) -> SilentResources:
        """Stand for the resources of a run, too."""
        return self

    def make_fetcher(self) -> SilentResources:
        """And for the fetcher."""
        return self

    def probe(self, root: str) -> int | None:
        """Get an answer from the lively one alone."""
        self.asked.append(root)
        if root == self.lively:
            return 200
        if self.hangs:
            self.never.wait(PATIENCE)
        return None

    def close(self) -> None:
        """Count it."""
        self.ends.append("")

    @property
    def closed(self) -> int:
        """How many fetchers were closed."""
        return len(self.ends)


def batch_run(resources: SilentResources | None = None) -> BatchRun:
    """A batch that has not begun."""

    def nobody(*_arguments: object) -> tuple[int, int]:
        raise AssertionError("no crew fails here")

    return BatchRun(cast("SessionResources", resources or SilentResources()), Settings(), 2, nobody)


def of_hosts(count: int) -> tuple[Any, ...]:
    """One order at each of so many hosts."""
    rows = [{"po_number": f"PO{n}", "supplier": "Acme", "url": f"http://host{n}.example/PO{n}"} for n in range(count)]
    return prepare(rows, "").orders


@pytest.mark.parametrize("count", [1, HOSTS_ASKED_FIRST])
def test_a_batch_none_of_whose_few_hosts_answers_is_stopped(count: int) -> None:
    resources = SilentResources()
    with pytest.raises(PortalUnreachableError):
        batch_run(resources)._check_portals(of_hosts(count))
    assert (len(resources.asked), resources.closed) == (count, count)


def test_a_batch_of_more_hosts_than_are_asked_goes_on_at_once() -> None:
    resources = SilentResources()
    batch_run(resources)._check_portals(of_hosts(HOSTS_ASKED_FIRST + 1))
    assert (resources.asked, resources.closed) == ([], 0)


def test_a_batch_waits_for_no_silent_host_once_another_has_answered() -> None:
    resources = SilentResources(lively="http://host3.example", hangs=True)
    batch_run(resources)._check_portals(of_hosts(5))
    assert resources.answered == {"host3.example"}
    assert resources.closed == 1, "all others are still being asked"
    resources.never.set()
    until(lambda: resources.closed == 5, "every fetcher is closed")


def test_a_batch_that_is_to_be_stopped_waits_for_no_silent_host() -> None:
    resources = SilentResources(hangs=True)
    run = batch_run(resources)
    run.request_stop("stopped")
    run._check_portals(of_hosts(2))
    resources.never.set()
    until(lambda: resources.closed == 2, "every fetcher is closed")


def test_only_a_batch_of_which_no_order_was_let_in_fails_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    shut_out = POResult(TaskHandle(0, "PO0"), TaskStatus.CANCELLED, error_code="AUTH_ERROR")
    done = POResult(TaskHandle(1, "PO1"), TaskStatus.COMPLETED)
    run = batch_run()
    for results, fails in (((shut_out, done), False), ((shut_out, shut_out), True), ((), False)):
        monkeypatch.setattr(
            run, "_summed_up", lambda results=results: Outcome(orders=results, stopped_early="no login")
        )
        if fails:
            with pytest.raises(AuthenticationError, match="no login"):
                run._outcome()
        else:
            assert run._outcome().orders == results


def test_orders_that_had_ended_before_they_left_the_list_are_not_told_as_cancelled(
    make_session: MakeSession, ground: Ground, tmp_path: Any
) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", tmp_path / "manifest.jsonl", tmp_path)
    known = prepare(orders(3), BASE).orders
    ended = OutcomeRecorded(POResult(TaskHandle(0, "PO1"), TaskStatus.COMPLETED))
    journal.append(journal.open_epoch(), (BatchBegun(0, 3), *accepted(known), ended))
    report = make_session(parallel=False, journal=journal).process_pos(orders(1, first=3))[2]
    assert report["removed_pos"] == ["PO2"]
    assert [one.status for one in journal.results(0, 2)] == [TaskStatus.COMPLETED, TaskStatus.CANCELLED]
    journal.close()


def test_nothing_of_a_visit_stays_behind_that_could_kill_the_idle_browser(
    make_session: MakeSession, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_session(parallel=False) as session:
        assert session.process_pos(orders(2))[:2] == (2, 0)
        engine = session._resources.warm_engine
        assert isinstance(engine, SequentialEngine)
        assert not engine._browser.is_busy
        later = engine._browser._now() + 1e6
        with monkeypatch.context() as patch:  # every deadline that was set has passed
            patch.setattr(engine._browser, "_now", lambda: later)
            engine._browser.look()
        assert not engine._browser.is_busy
        assert session.process_pos(orders(2, 10))[:2] == (2, 0)
        assert [owner.generation for owner in ground.launches] == [1]
