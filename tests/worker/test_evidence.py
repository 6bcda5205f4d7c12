"""What is kept of a visit that failed, of which page, and that it never changes what came of the visit."""

from __future__ import annotations

import logging
from pathlib import Path

import attrs
import pytest

from actors.evidence import BLACK
from actors.testing.browsers import PICTURE_OF_NOTHING
from actors.worker.process_po import process_po
from contracts.config import Route
from contracts.errors import (
    AttachmentError,
    AuthenticationError,
    BrowserDiedError,
    MachineError,
    NetworkError,
    SessionCorruptionError,
    WorkerError,
)
from contracts.messages import LoginMet, Visited, VisitFailed, VisitOutcome
from contracts.ports import Cookie, HttpFailure, LoginPage, NotFoundPage, PageReading, PageSnapshot, WrongPage
from contracts.tasks import TaskStatus
from tests.worker.fakes import BASE, HOST, Watch, World, listed, order_page, page, visit

ADDRESS = f"{BASE}/order_headers/1"
SECOND = f"{BASE}/order_headers/number/PO1"
BOTH = ("page.txt", "screenshot.png")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal that does not know the order."""
    made = World(tmp_path)
    made.readings[ADDRESS] = NotFoundPage("no such order")
    return made


def run(world: World, *, screenshots: bool = True, route: Route = Route.HYBRID, seconds: float = 100.0) -> VisitOutcome:
    """Visit the order."""
    watch = Watch(world.log)
    watch.seconds = seconds
    return process_po(visit(), world.tools(route, screenshots=screenshots), watch)


def evidence(outcome: VisitOutcome) -> tuple[str, ...]:
    """Return what the outcome names."""
    if isinstance(outcome, Visited):
        return outcome.result.evidence
    assert isinstance(outcome, VisitFailed), outcome
    return outcome.evidence


@pytest.mark.parametrize("reading", [NotFoundPage("none"), WrongPage("Orders"), HttpFailure(503), HttpFailure(403)])
def test_each_kind_of_failure_leaves_the_page_and_a_picture(world: World, reading: PageReading) -> None:
    world.readings[ADDRESS] = reading
    world.pages[ADDRESS] = page(ADDRESS, status=404, html="what it said")
    outcome = run(world)
    assert evidence(outcome) == BOTH
    ((text, picture),) = world.kept
    assert picture == PICTURE_OF_NOTHING
    assert isinstance(outcome, VisitFailed)
    for fact in ("order: PO1", "visit: 1", f"address: {ADDRESS}", "HTTP status: 404", outcome.message, "what it said"):
        assert fact in text


@pytest.mark.parametrize(
    ("names", "status"), [(("bad.pdf", "good.pdf"), TaskStatus.PARTIAL), (("bad.pdf",), TaskStatus.FAILED)]
)
def test_files_that_are_missing_leave_evidence_in_the_result(
    world: World, names: tuple[str, ...], status: TaskStatus
) -> None:
    world.readings[ADDRESS] = order_page(*map(listed, names))
    world.files[f"{BASE}/files/bad.pdf"] = AttachmentError("it is empty")
    outcome = run(world)
    assert isinstance(outcome, Visited)
    assert (outcome.result.status, outcome.result.evidence) == (status, BOTH)
    assert "bad.pdf: it is empty" in world.kept[0][0]


@pytest.mark.parametrize("files", [("a.pdf",), ()])
def test_a_success_costs_nothing(world: World, files: tuple[str, ...]) -> None:
    world.readings[ADDRESS] = order_page(*(listed(name, url=False, control=True) for name in files))
    assert evidence(run(world)) == ()
    assert world.did("look", "screenshot", "cookies", "keep") == []


def test_the_portal_is_asked_whether_it_is_up_before_anything_is_kept(world: World) -> None:
    world.readings[ADDRESS] = HttpFailure(503)
    run(world)
    assert world.did("probe", "look", "screenshot", "cookies", "keep") == [
        f"probe {BASE}", "cookies", "look", "screenshot", "look", "keep",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------- which page


def two_denials(world: World) -> None:
    """Let the order be denied at two addresses; the first is the one that is told."""
    world.addresses = (ADDRESS, SECOND)
    world.readings[SECOND] = WrongPage("Orders")
    world.pages[SECOND] = attrs.evolve(page(SECOND, html="not this"), time_origin=2.0)


def test_of_two_addresses_the_page_is_kept_that_the_message_is_about(world: World) -> None:
    two_denials(world)
    outcome = run(world)
    assert isinstance(outcome, VisitFailed)
    assert "no such order" in outcome.message
    ((text, _picture),) = world.kept
    assert f"address: {ADDRESS}" in text
    assert "not this" not in text


def test_the_page_that_is_no_longer_shown_is_opened_again_for_its_picture(world: World) -> None:
    two_denials(world)
    assert evidence(run(world)) == BOTH
    assert world.did("open", "screenshot") == [f"open {url}" for url in (ADDRESS, SECOND, ADDRESS)] + ["screenshot"]


@pytest.mark.parametrize(
    "again",
    [
        NetworkError("refused"),
        page(ADDRESS, status=500),
        page(ADDRESS, is_new=False),
        page(f"{BASE}/elsewhere"),
        page(f"{BASE}/login"),
    ],
)
def test_a_page_that_is_another_when_opened_again_is_not_drawn(world: World, again: PageSnapshot | Exception) -> None:
    two_denials(world)
    world.login_reason[f"{BASE}/login"] = "the login page"
    world.again[ADDRESS] = again
    assert evidence(run(world)) == ("page.txt",)
    assert world.did("screenshot") == []


def test_with_little_time_left_no_page_is_opened_again(world: World) -> None:
    two_denials(world)
    assert evidence(run(world, seconds=30.0)) == ("page.txt",)
    assert world.did("open") == [f"open {ADDRESS}", f"open {SECOND}"]


def test_a_page_that_did_not_open_leaves_nothing_of_the_one_before(world: World) -> None:
    world.addresses = (ADDRESS, SECOND)
    world.pages[SECOND] = NetworkError("refused")
    assert evidence(run(world)) == ()
    assert world.did("screenshot", "cookies", "keep") == []


def test_the_last_orders_page_is_nobodys_evidence(world: World) -> None:
    world.pages[ADDRESS] = page(ADDRESS, is_new=False, html="another order")
    assert evidence(run(world)) == ()
    assert world.did("screenshot", "cookies", "keep") == []


def test_the_requisition_is_the_page_in_hand_once_it_is_open(world: World) -> None:
    requisition = f"{BASE}/requisition_headers/9"
    world.readings[ADDRESS] = order_page(requisitions=(requisition,))
    world.pages[requisition] = page(requisition, status=500)
    run(world)
    assert f"address: {requisition}" in world.kept[0][0]


# ---------------------------------------------------------------------------------------------------- no login page


def test_a_login_met_leaves_nothing(world: World) -> None:
    world.readings[ADDRESS] = LoginPage("a password field")
    assert isinstance(run(world), LoginMet)
    world.readings[ADDRESS] = order_page(listed("a.pdf"))
    world.files[f"{BASE}/files/a.pdf"] = AuthenticationError("302 to /login")
    world.login_reason[ADDRESS] = "a password field"
    assert isinstance(run(world), LoginMet)
    assert world.did("screenshot", "keep") == []


def test_a_failure_whose_page_is_a_login_page_after_all_leaves_nothing(world: World) -> None:
    world.login_reason[ADDRESS] = "a password field"
    assert evidence(run(world)) == ()
    assert world.did("look", "screenshot", "cookies", "keep") == []


@pytest.mark.parametrize("look", [0, 1])
def test_no_picture_is_kept_when_a_login_comes_up_around_it(world: World, look: int) -> None:
    """Before it is taken, or while it is."""
    login = f"{BASE}/login"
    world.login_reason[login] = "the login page"
    world.later = [*[page(ADDRESS)] * look, page(login)]
    assert evidence(run(world)) == ("page.txt",)
    assert [picture for _text, picture in world.kept] == [b""]
    assert len(world.did("screenshot")) == look


@pytest.mark.parametrize(
    ("before", "other"),
    [
        (0, NetworkError("its own error page")),
        (1, NetworkError("its own error page")),
        (1, attrs.evolve(page(ADDRESS), time_origin=2.0)),
    ],
)
def test_no_picture_is_kept_when_the_page_goes_before_it_is_taken_or_meanwhile(
    world: World, before: int, other: PageSnapshot | Exception
) -> None:
    world.later = [*([page(ADDRESS)] * before), other]
    assert evidence(run(world)) == ("page.txt",)


def test_who_was_sent_to_an_identity_provider_is_told_by_the_first_address(world: World) -> None:
    there = f"https://sso.{HOST}/x"
    world.readings[there] = NotFoundPage("no such order")
    world.pages[ADDRESS] = attrs.evolve(page(there), requested_url=ADDRESS)
    world.later = [page(there)] * 2
    run(world)
    assert world.did("login?") == [f"login? {ADDRESS}"] * 3


# -------------------------------------------------------------------------------------------------------- what is kept


def test_cookies_and_tokens_of_the_page_are_black(world: World) -> None:
    world.jar = (Cookie("sid", "s3cr3t/cookie", HOST), Cookie("lang", "en", HOST))
    there = f"{ADDRESS}?ticket=abc"
    world.readings[there] = NotFoundPage("no such order")
    world.pages[ADDRESS] = page(there, html="PO1 is gone, en route. s3cr3t/cookie token=xyz s3cr3t%2Fcookie")
    run(world)
    ((text, _picture),) = world.kept
    assert f"PO1 is gone, en route. {BLACK} token={BLACK}" in text
    for secret in ("s3cr3t", "xyz", "ticket=abc"):
        assert secret not in text


def test_a_cookie_that_was_renewed_meanwhile_is_black_as_well(world: World) -> None:
    world.jar = (Cookie("sid", "walrus-teapot-two", HOST),)
    tools = world.tools()
    tools.secrets.learn_cookies((Cookie("sid", "walrus-teapot-one", HOST),))
    world.readings[ADDRESS] = NotFoundPage("no such order")
    world.pages[ADDRESS] = page(ADDRESS, html="Your session walrus-teapot-one was renewed as walrus-teapot-two")
    process_po(visit(), tools, Watch(world.log))
    ((text, _picture),) = world.kept
    assert f"Your session {BLACK} was renewed as {BLACK}" in text


def test_screenshots_can_be_switched_off(world: World) -> None:
    assert evidence(run(world, screenshots=False)) == ("page.txt",)
    assert world.did("look", "screenshot") == []


# ---------------------------------------------------------------------------------------------- what may not happen


@pytest.mark.parametrize(
    "broken",
    [
        {"cookie_error": NetworkError("no cookies")},
        {"evidence_error": MachineError("no space left")},
    ],
)
def test_evidence_that_cannot_be_kept_changes_no_outcome_and_is_told(
    world: World, caplog: pytest.LogCaptureFixture, broken: dict[str, Exception]
) -> None:
    expected = run(world)
    for name, error in broken.items():
        setattr(world, name, error)
    with caplog.at_level(logging.WARNING):
        outcome = run(world)
    assert isinstance(outcome, VisitFailed)
    assert attrs.evolve(outcome, evidence=BOTH) == expected
    assert outcome.evidence == ()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(*broken.values()) in caplog.text


def test_a_browser_that_will_not_draw_leaves_the_text(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.picture = b""
    assert evidence(run(world)) == ("page.txt",)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_picture_that_cannot_be_taken_leaves_the_text(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.picture = WorkerError("no picture")
    assert evidence(run(world)) == ("page.txt",)
    assert "no picture" in caplog.text
    assert world.worn_by == []


@pytest.mark.parametrize("where", ["later", "picture", "cookie_error"])
@pytest.mark.parametrize("error", [BrowserDiedError("gone"), SessionCorruptionError("its tab crashed")])
def test_a_browser_that_is_lost_over_it_changes_no_outcome_and_is_replaced(
    world: World, where: str, error: Exception
) -> None:
    expected = run(world)
    world.kept.clear()
    setattr(world, where, [error] if where == "later" else error)
    outcome = run(world)
    assert isinstance(outcome, VisitFailed)
    assert attrs.evolve(outcome, evidence=BOTH) == expected
    assert outcome.evidence == (() if where == "cookie_error" else ("page.txt",))
    assert world.worn_by == [str(error)]


def test_a_machine_in_trouble_is_not_asked_to_keep_anything(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"))
    world.stage_error = MachineError("no space left")
    assert evidence(run(world)) == ()
    assert world.did("screenshot", "keep") == []


def test_close_to_the_deadline_nothing_is_begun_that_could_cost_the_browser(world: World) -> None:
    assert evidence(run(world, seconds=1.0)) == ()
    assert world.did("look", "screenshot", "cookies", "keep") == []
