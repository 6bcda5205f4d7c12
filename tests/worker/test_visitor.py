"""The boundary of a visit, and which cookies of a login a browser takes over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.runtime import Revocation, SystemClock
from actors.testing import StubBrowser, StubBrowserHost, StubFetcher, StubPortal, StubResources
from actors.worker import visitor as boundary
from actors.worker.duties import perform
from actors.worker.visitor import Visitor, WorkerTools
from contracts.config import Settings
from contracts.errors import (
    Blame,
    BrowserDiedError,
    MachineError,
    NetworkError,
    ProfileCorruptionError,
    SessionCorruptionError,
    WrongPageError,
)
from contracts.messages import (
    HostSession,
    LogIn,
    LoginResult,
    Recycle,
    Visited,
    VisitEnded,
    VisitFailed,
    VisitOrder,
)
from contracts.ports import Cookie, Credentials, Lease, Owner
from contracts.tasks import Order, POResult, POTask, TaskHandle, TaskStatus

BASE = "http://portal.test"
HOST = "portal.test"
HANDLE = TaskHandle(0, "PO1")
SID = Cookie("sid", "1", HOST)
TOKEN = Cookie("token", "t", HOST)


class NotingHost(StubBrowserHost):
    """Stub browsers that note the cookies that they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.adopted: list[tuple[Cookie, ...]] = []

    def launch(self, owner: Owner) -> StubBrowser:
        """Start one that notes its cookies."""
        browser = super().launch(owner)
        browser.adopt_cookies = self.adopted.append  # type: ignore[method-assign, assignment]  # it notes them
        return browser


class RunResources(StubResources):
    """Resources of one test."""

    def __init__(self) -> None:
        self.host = NotingHost()
        super().__init__(Settings(base_url=BASE), browsers=self.host)


@pytest.fixture
def run_resources() -> Any:
    """Resources of one test."""
    made = RunResources()
    yield made
    made.close()


def visitor_tools(run_resources: RunResources) -> WorkerTools:
    """What a visitor over them is built with."""
    return WorkerTools(
        browsers=run_resources.browsers,
        fetcher=run_resources.make_fetcher,
        portal=run_resources.portal,
        filing=run_resources.filing,
        settings=Settings(base_url=BASE),
        revocation=lambda _owner: Revocation(),
    )


def visitor(run_resources: RunResources) -> Visitor:
    """A visitor over them."""
    return Visitor(Owner("w1", 1), visitor_tools(run_resources), SystemClock())


def order(session: HostSession | None = None) -> VisitOrder:
    """An order to visit."""
    made = Order(POTask("PO1"), "", BASE, HOST)
    return VisitOrder(Lease(HANDLE, 1, "w1", 1, 1), made, session or HostSession(HOST), 60.0)


def nobody(_told: Any) -> None:
    """Listen to nothing."""


def raising(error: Exception) -> Callable[..., Any]:
    """Return something that raises when it is called."""

    def call(*_: Any, **__: Any) -> Any:
        raise error

    return call


def test_a_browser_that_was_taken_away_while_it_was_started_is_ended_and_forgotten(run_resources: RunResources) -> None:
    host, revocation, made = run_resources.host, Revocation(), list[StubFetcher]()
    launch, owner = host.launch, Owner("w1", 1)

    def held(asked: Owner) -> StubBrowser:
        """Start one; it was given up meanwhile, killed before it was there, and cleared away."""
        revocation.revoke()
        host.kill(asked)
        host.forget(asked)
        return launch(asked)

    def make_fetcher() -> StubFetcher:
        made.append(StubFetcher())
        return made[-1]

    host.launch = held  # type: ignore[method-assign, assignment]
    tools = attrs.evolve(visitor_tools(run_resources), revocation=lambda _owner: revocation, fetcher=make_fetcher)
    with pytest.raises(BrowserDiedError, match="taken away while"):
        Visitor(owner, tools, SystemClock())
    assert host.live_owners() == ()
    assert not made
    launch(owner)  # it was forgotten, too


@pytest.mark.parametrize("kind", [TypeError, OSError, RecursionError, MemoryError, StopIteration])
def test_what_nobody_expects_of_a_browser_is_that_browser_s_fault(
    run_resources: RunResources,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(StubBrowser, "open", raising(kind("secret")))
    with pytest.raises(SessionCorruptionError, match=kind.__name__) as caught:
        visitor(run_resources).visit(order(), nobody, nobody)
    assert "secret" not in str(caught.value)
    assert caplog.records[-1].exc_info is not None, "the traceback is in the log"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_nobody_s_fault(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def end(*_: Any) -> None:
        raise error

    monkeypatch.setattr(StubBrowser, "open", end)
    with pytest.raises(error):
        visitor(run_resources).visit(order(), nobody, nobody)


@pytest.mark.parametrize("error", [ValueError("of the dispatcher"), MachineError("the journal is full")])
def test_what_the_driver_s_own_callbacks_raise_passes_as_it_is(run_resources: RunResources, error: Exception) -> None:
    """It is neither the page's nor the browser's, and no order may be charged for it."""
    with pytest.raises(type(error)) as caught:
        visitor(run_resources).visit(order(), raising(error), nobody)
    assert caught.value is error


def test_an_adapter_that_raises_leaves_the_browser_as_it_is(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubPortal, "read", raising(KeyError("secret")))
    outcome = visitor(run_resources).visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert (outcome.blame, outcome.code, outcome.look_again) == (Blame.ITEM, "WORKER_ERROR", True)
    assert "KeyError in read" in outcome.message
    assert "secret" not in outcome.message


def test_what_an_adapter_says_on_purpose_stays_what_it_is(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubPortal, "read", raising(WrongPageError("It is another's.")))
    outcome = visitor(run_resources).visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert outcome.message == "It is another's."


@pytest.mark.parametrize("error", [SessionCorruptionError("gone"), MachineError("full")])
def test_an_adapter_cannot_tell_that_a_browser_is_gone_or_a_disk_full(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(StubPortal, "read", raising(error))
    outcome = visitor(run_resources).visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert outcome.blame is Blame.ITEM


def test_an_adapter_that_raises_over_the_evidence_too_is_still_a_failed_order(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("read", "wants_login", "visible_text"):
        monkeypatch.setattr(StubPortal, method, raising(TypeError()))
    outcome = visitor(run_resources).visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert (outcome.blame, outcome.look_again) == (Blame.ITEM, True)


@pytest.mark.parametrize("answers", [200, None])
def test_a_network_failure_that_gets_out_of_a_visit_asks_the_portal_whose_fault_it_is(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch, answers: int | None
) -> None:
    monkeypatch.setattr(boundary, "process_po", raising(NetworkError("cut")))
    monkeypatch.setattr(StubFetcher, "probe", lambda _self, _base: answers)
    outcome = visitor(run_resources).visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert (outcome.blame, outcome.portal_up) == (Blame.NETWORK, answers is not None)


def test_a_browser_host_s_own_errors_pass_and_any_other_counts_as_a_browser_that_did_not_start(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_resources.host, "launch", raising(ProfileCorruptionError("unreadable")))
    with pytest.raises(ProfileCorruptionError):
        visitor(run_resources)
    monkeypatch.setattr(run_resources.host, "launch", raising(PermissionError("secret")))
    with pytest.raises(SessionCorruptionError, match="PermissionError"):
        visitor(run_resources)


@pytest.mark.parametrize("method", ["login_address", "wants_login", "login_form"])
def test_an_adapter_that_raises_at_a_login_ends_it_as_failed(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(StubPortal, "wants_login", lambda _self, _page: "a form")
    monkeypatch.setattr(StubPortal, method, raising(IndexError()))
    ended = visitor(run_resources).log_in(LogIn(HOST, BASE, Credentials("user", "secret"), 10.0))
    assert (ended.host, ended.result) == (HOST, LoginResult.FAILED)
    assert f"IndexError in {method}" in ended.text


def test_a_browser_that_raises_at_a_login_is_at_fault(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubBrowser, "open", raising(TypeError()))
    with pytest.raises(SessionCorruptionError):
        visitor(run_resources).log_in(LogIn(HOST, BASE, Credentials("user", "secret"), 10.0))


def test_a_probe_that_raises_is_no_answer_and_closing_never_raises(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = visitor(run_resources)
    monkeypatch.setattr(StubFetcher, "probe", raising(ValueError()))
    monkeypatch.setattr(StubFetcher, "close", raising(ValueError()))
    assert made.probe(BASE) is None
    made.close()


# --------------------------------------------------------------------------------------------------------------- logins


def test_a_newer_login_is_taken_over_whole_and_once(run_resources: RunResources) -> None:
    made, session = visitor(run_resources), HostSession(HOST, 1, (SID, TOKEN))
    for _ in range(2):
        made.visit(order(session), nobody, nobody)
    made.visit(order(attrs.evolve(session, version=2)), nobody, nobody)
    assert run_resources.host.adopted == [(SID, TOKEN), (SID, TOKEN)]


def test_of_a_renewed_login_only_what_is_new_is_taken_over(run_resources: RunResources) -> None:
    made, fresh = visitor(run_resources), attrs.evolve(SID, value="2")
    made.visit(order(HostSession(HOST, 1, (SID, TOKEN))), nobody, nobody)
    for _ in range(2):
        made.visit(order(HostSession(HOST, 1, (fresh, TOKEN), renewals=1)), nobody, nobody)
    assert run_resources.host.adopted == [(SID, TOKEN), (fresh,)]


def test_the_browser_in_which_cookies_were_renewed_has_them_already(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fresh, other = visitor(run_resources), attrs.evolve(SID, value="2"), attrs.evolve(TOKEN, value="u")
    result = POResult(HANDLE, TaskStatus.NO_ATTACHMENTS)
    monkeypatch.setattr(boundary, "process_po", lambda *_: Visited(result, renewed=(fresh,)))
    made.visit(order(HostSession(HOST, 1, (SID, TOKEN))), nobody, nobody)
    monkeypatch.setattr(boundary, "process_po", lambda *_: Visited(result))
    made.visit(order(HostSession(HOST, 1, (fresh, TOKEN), renewals=1)), nobody, nobody)
    assert run_resources.host.adopted == [(SID, TOKEN)]
    made.visit(order(HostSession(HOST, 1, (fresh, other), renewals=2)), nobody, nobody)
    assert run_resources.host.adopted[1:] == [(other,)], "what another browser renewed is taken over"


def test_an_older_login_is_never_taken_back(run_resources: RunResources) -> None:
    made = visitor(run_resources)
    made.visit(order(HostSession(HOST, 2, (SID,), renewals=3)), nobody, nobody)
    made.visit(order(HostSession(HOST, 2, (TOKEN,), renewals=2)), nobody, nobody)
    made.visit(order(HostSession(HOST, 1, (TOKEN,), renewals=9)), nobody, nobody)
    assert run_resources.host.adopted == [(SID,)]


def test_a_browser_takes_leave_of_the_last_page_before_anybody_can_be_charged_for_it(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that has shown no activity is charged for nothing."""
    told: list[str] = []
    at_work = visitor(run_resources)
    monkeypatch.setattr(StubBrowser, "make_ready", lambda _self: told.append("ready"))
    at_work.visit(order(), told.append, nobody)
    assert told[:2] == ["ready", "opening"]
    told.clear()
    monkeypatch.setattr(StubBrowser, "make_ready", raising(SessionCorruptionError("the last page is busy")))
    with pytest.raises(SessionCorruptionError, match="the last page is busy"):
        at_work.visit(order(), told.append, nobody)
    assert told == []


def test_a_login_takes_leave_of_the_last_page_too(run_resources: RunResources, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = visitor(run_resources)
    monkeypatch.setattr(StubBrowser, "make_ready", raising(SessionCorruptionError("the last page is busy")))
    with pytest.raises(SessionCorruptionError, match="the last page is busy"):
        at_work.log_in(LogIn(HOST, BASE, Credentials("user", "password"), 5.0))


def test_a_browser_that_was_worn_out_by_evidence_says_so_after_the_visit(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = visitor(run_resources)
    assert at_work.wear() == ""
    monkeypatch.setattr(StubPortal, "read", raising(WrongPageError("not this one")))
    monkeypatch.setattr(StubBrowser, "screenshot", raising(SessionCorruptionError("its tab crashed")))
    outcome = at_work.visit(order(), nobody, nobody)
    assert isinstance(outcome, VisitFailed)
    assert outcome.message == "not this one"
    assert at_work.wear() == "its tab crashed"


@pytest.mark.parametrize("error", [BrowserDiedError("it ended"), SessionCorruptionError("its tab crashed")])
def test_a_browser_that_is_lost_while_it_looks_back_is_replaced_and_what_came_of_the_visit_stands(
    run_resources: RunResources, monkeypatch: pytest.MonkeyPatch, error: SessionCorruptionError
) -> None:
    told: list[object] = []
    monkeypatch.setattr(StubBrowser, "wear", raising(error))
    ended, _login = perform(order(), visitor(run_resources), told.append)
    assert isinstance(ended, VisitEnded)
    assert isinstance(ended.outcome, Visited)
    assert [one.text for one in told if isinstance(one, Recycle)] == [str(error)]
