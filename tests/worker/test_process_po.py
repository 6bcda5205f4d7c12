"""One order, start to end: which checks in which order, what is filed, what is blamed on whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.worker.process_po import process_po
from contracts.config import Route
from contracts.errors import (
    AttachmentError,
    AttachmentLimitError,
    AuthenticationError,
    Blame,
    BrowserDiedError,
    MachineError,
    NetworkError,
    PortalError,
)
from contracts.messages import LoginMet, Visited, VisitFailed, VisitOutcome
from contracts.ports import HttpFailure, ListedAttachment, LoginPage, NotFoundPage, WrongPage
from contracts.tasks import TaskStatus
from tests.worker.fakes import BASE, COOKIE, HOST, Watch, World, listed, order_page, page, visit

ADDRESS = f"{BASE}/order_headers/1"
SECOND = f"{BASE}/order_headers/number/PO1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A portal where all is well."""
    return World(tmp_path)


def run(world: World, route: Route = Route.HYBRID, *, url: str = "", supplier: str = "", **limits: Any) -> VisitOutcome:
    """Visit the order."""
    return process_po(visit(url, supplier), world.tools(route, **limits), Watch(world.log))


def failed(outcome: VisitOutcome) -> VisitFailed:
    """Return the failure that it must be."""
    assert isinstance(outcome, VisitFailed), outcome
    return outcome


def visited(outcome: VisitOutcome) -> Visited:
    """Return the visit that it must be."""
    assert isinstance(outcome, Visited), outcome
    return outcome


# ----------------------------------------------------------------------------------------------------------- the page


def test_an_order_with_files_is_completed(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf"))
    outcome = visited(run(world))
    result = outcome.result
    assert (result.status, result.attachments_found) == (TaskStatus.COMPLETED, 2)
    assert [one.name for one in result.attachments] == ["a.pdf", "b.pdf"]
    assert (result.handle.po_number, result.url, result.worker_id) == ("PO1", ADDRESS, "w1")
    assert result.duration > 0
    assert result.folder is None, "publishing is the dispatcher's"
    assert not outcome.retry_worthwhile


def test_an_order_without_files_is_a_success_and_stages_nothing(world: World) -> None:
    world.readings[ADDRESS] = order_page()
    assert visited(run(world)).result.status is TaskStatus.NO_ATTACHMENTS
    assert world.did("stage", "cookies") == []


def test_the_supplier_given_goes_before_the_one_on_the_page(world: World) -> None:
    assert visited(run(world, supplier=" Given ")).result.supplier == "Given"
    assert visited(run(world)).result.supplier == "Page Supplier"


def test_a_page_that_is_not_new_files_nothing_whatever_it_shows(world: World) -> None:
    world.pages[ADDRESS] = page(ADDRESS, is_new=False)
    failure = failed(run(world))
    assert failure.blame is Blame.PORTAL
    assert world.did("read", "stage", "fetch", "place") == [], "it is not even read"


def test_the_login_page_is_met_with_the_version_of_the_session_used(world: World) -> None:
    world.readings[ADDRESS] = LoginPage("a password field")
    assert run(world) == LoginMet(3, "a password field")
    assert world.did("probe", "stage") == []


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_portal_in_trouble_is_to_blame_and_its_base_is_asked_right_after(world: World, status: int) -> None:
    world.readings[ADDRESS] = HttpFailure(status)
    failure = failed(run(world))
    assert (failure.blame, failure.portal_up, failure.not_found) == (Blame.PORTAL, True, False)
    assert world.did("open", "read", "probe") == [f"open {ADDRESS}", f"read {ADDRESS}", f"probe {BASE}"]


@pytest.mark.parametrize(("status", "up"), [(200, True), (404, True), (499, True), (500, False), (None, False)])
def test_the_portal_is_up_when_its_base_answers_below_500(world: World, status: int | None, up: bool) -> None:
    world.readings[ADDRESS] = HttpFailure(503)
    world.probe_status = status
    assert failed(run(world)).portal_up is up


def test_no_answer_at_all_is_the_networks_fault(world: World) -> None:
    world.readings[ADDRESS] = HttpFailure(0)
    assert failed(run(world)).blame is Blame.NETWORK
    world.pages[ADDRESS] = NetworkError("refused")
    assert (failed(run(world)).blame, failed(run(world)).code) == (Blame.NETWORK, "NETWORK_ERROR")


@pytest.mark.parametrize("status", [400, 403, 410])
def test_any_other_refusal_is_the_orders_own_and_the_portal_is_not_asked(world: World, status: int) -> None:
    world.readings[ADDRESS] = HttpFailure(status)
    failure = failed(run(world))
    assert (failure.blame, failure.portal_up) == (Blame.ITEM, None)
    assert world.did("probe") == []


def test_what_the_portal_asked_to_wait_is_passed_on(world: World) -> None:
    world.pages[ADDRESS] = PortalError("busy", http_status=429, retry_after=17.0)
    assert failed(run(world)).retry_after == 17.0


def test_an_order_the_portal_does_not_know_is_not_found(world: World) -> None:
    world.readings[ADDRESS] = NotFoundPage("does not exist")
    failure = failed(run(world))
    assert (failure.blame, failure.not_found, failure.code) == (Blame.ITEM, True, "PO_NOT_FOUND")
    assert not failure.look_again
    assert world.did("stage") == []


def test_a_page_of_another_order_files_nothing(world: World) -> None:
    world.readings[ADDRESS] = WrongPage("Purchase Order #PO2")
    failure = failed(run(world))
    assert (failure.blame, failure.not_found, failure.look_again) == (Blame.ITEM, False, True)
    assert "PO2" in failure.message
    assert world.did("stage", "fetch") == []


def test_every_address_is_tried_and_the_first_denial_is_told(world: World) -> None:
    world.addresses = (ADDRESS, SECOND)
    world.readings = {ADDRESS: NotFoundPage("no such id"), SECOND: WrongPage("Orders")}
    assert "no such id" in failed(run(world)).message
    world.readings[SECOND] = order_page(listed("a.pdf"))
    assert visited(run(world)).result.url == SECOND


@pytest.mark.parametrize("reading", [LoginPage("form"), HttpFailure(503)])
def test_a_login_or_an_error_at_the_first_address_ends_the_search(world: World, reading: LoginPage) -> None:
    world.addresses = (ADDRESS, SECOND)
    world.readings = {ADDRESS: reading, SECOND: order_page()}
    run(world)
    assert world.did("open") == [f"open {ADDRESS}"]


def test_an_address_that_was_given_is_the_only_one_tried(world: World) -> None:
    given = f"{BASE}/given"
    world.readings[given] = NotFoundPage("no")
    run(world, url=given)
    assert world.did("open") == [f"open {given}"]


def test_a_page_on_another_host_files_nothing(world: World) -> None:
    moved = page("https://evil.example/order_headers/1")
    world.pages[ADDRESS] = moved
    failure = failed(run(world))
    assert failure.blame is Blame.ITEM
    assert "another host" in failure.message
    assert world.did("stage", "fetch") == []


@pytest.mark.parametrize(
    "url", [f"https://{HOST}.evil.example/x", f"https://{HOST}:444/x", f"https://{HOST}@evil.example/x"]
)
def test_a_host_that_only_looks_like_ours_is_another(world: World, url: str) -> None:
    world.pages[ADDRESS] = page(url)
    assert failed(run(world)).blame is Blame.ITEM


def test_a_browser_that_died_is_no_outcome(world: World) -> None:
    world.pages[ADDRESS] = BrowserDiedError("gone")
    with pytest.raises(BrowserDiedError):
        run(world)


def test_a_deadline_that_passed_while_the_page_came_is_the_networks_fault(world: World) -> None:
    watch = Watch(world.log)
    watch.error = NetworkError("too slow")
    assert failed(process_po(visit(), world.tools(), watch)).blame is Blame.NETWORK
    assert world.did("read") == []


def test_each_step_is_told(world: World) -> None:
    run(world)
    assert [line for line in world.log if line.startswith("say")] == [
        "say opening PO1",
        "say reading PO1",
        "say PO1: file 1 of 1",
    ]


# -------------------------------------------------------------------------------------------------------- attachments


def test_files_travel_over_http_with_the_browsers_cookies_and_name(world: World) -> None:
    run(world)
    (request,) = world.requests
    assert (request.cookies, request.user_agent, request.referer) == ((COOKIE,), "Agent", ADDRESS)
    assert world.did("cookies", "fetch", "click", "browse") == ["cookies", f"fetch {BASE}/files/a.pdf"]


def test_what_has_no_address_is_clicked(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf", url=False, control=True))
    assert visited(run(world)).result.status is TaskStatus.COMPLETED
    assert world.did("cookies", "fetch", "click") == ["click a"]


def test_on_the_browsers_route_nothing_goes_over_http(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf", control=True))
    run(world, Route.BROWSER)
    assert world.did("fetch", "browse", "click", "cookies") == [f"browse {BASE}/files/a.pdf", "click a"]


def test_an_attachment_with_neither_address_nor_control_is_missing(world: World) -> None:
    world.readings[ADDRESS] = order_page(ListedAttachment("ghost"), listed("a.pdf"))
    result = visited(run(world)).result
    assert (result.status, [lost.listed_as for lost in result.missing]) == (TaskStatus.PARTIAL, ["ghost"])


def test_some_files_are_partial_and_worth_another_visit(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf"))
    world.files[f"{BASE}/files/a.pdf"] = AttachmentError("it is empty")
    outcome = visited(run(world))
    assert (outcome.result.status, outcome.retry_worthwhile) == (TaskStatus.PARTIAL, True)
    (lost,) = outcome.result.missing
    assert (lost.listed_as, lost.message) == ("a.pdf", "it is empty")
    assert (outcome.result.error_code, outcome.result.blame) == (lost.code, Blame.PORTAL)
    assert "a.pdf: it is empty" in outcome.result.error_message


def test_a_file_over_the_limit_is_missing_and_no_reason_to_come_again(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"), listed("b.pdf"))
    world.files[f"{BASE}/files/a.pdf"] = AttachmentLimitError("too large")
    outcome = visited(run(world))
    assert (outcome.result.status, outcome.retry_worthwhile) == (TaskStatus.PARTIAL, False)


def test_an_order_none_of_whose_files_are_good_is_failed(world: World) -> None:
    world.place_error = AttachmentError("a login page served as PDF")
    outcome = visited(run(world))
    assert (outcome.result.status, outcome.result.attachments) == (TaskStatus.FAILED, ())
    assert outcome.retry_worthwhile


def test_more_files_than_allowed_are_the_orders_fault_and_none_is_brought(world: World) -> None:
    world.readings[ADDRESS] = order_page(*(listed(f"{number}.pdf") for number in range(4)))
    failure = failed(run(world, max_count=3))
    assert failure.blame is Blame.ITEM
    assert world.did("fetch", "stage") == []
    assert visited(run(world, max_count=4)).result.status is TaskStatus.COMPLETED


def test_the_size_limit_travels_with_each_request(world: World) -> None:
    run(world, max_size=1234)
    assert world.requests[0].max_size == 1234


def test_two_files_that_do_not_arrive_leave_the_rest_untried(world: World) -> None:
    names = ["a", "b", "c", "d"]
    world.readings[ADDRESS] = order_page(*(listed(name) for name in names))
    for name in ("b", "c"):
        world.files[f"{BASE}/files/{name}"] = NetworkError("stalled")
    outcome = visited(run(world))
    assert [one.name for one in outcome.result.attachments] == ["a"]
    assert [lost.listed_as for lost in outcome.result.missing] == ["b", "c", "d"]
    assert len(world.requests) == 3
    assert outcome.retry_worthwhile


def test_failures_that_are_not_in_a_row_do_not_end_the_visit(world: World) -> None:
    names = ["a", "b", "c", "d"]
    world.readings[ADDRESS] = order_page(*(listed(name) for name in names))
    for name in ("a", "c"):
        world.files[f"{BASE}/files/{name}"] = NetworkError("stalled")
    assert [one.name for one in visited(run(world)).result.attachments] == ["b", "d"]


@pytest.mark.parametrize("error", [NetworkError("stalled"), PortalError("HTTP 503", http_status=503)])
def test_an_order_none_of_whose_files_arrived_is_a_failure_of_the_portal(world: World, error: NetworkError) -> None:
    world.files[f"{BASE}/files/a.pdf"] = error
    failure = failed(run(world))
    assert (failure.blame, failure.portal_up) == (error.blame, True)
    assert world.did("probe") == [f"probe {BASE}"]


def test_a_login_page_in_place_of_a_file_is_a_login_met_when_the_order_asks_for_a_login_too(world: World) -> None:
    world.files[f"{BASE}/files/a.pdf"] = AuthenticationError("302 to /login")
    world.login_reason[ADDRESS] = "a password field"
    assert run(world) == LoginMet(3, "302 to /login")


@pytest.mark.parametrize("route", list(Route))
def test_one_file_that_wants_a_login_while_the_order_shows_costs_the_others_nothing(world: World, route: Route) -> None:
    """Whether the portal says 401, 403 or sends its login page: two files of three are two files of three."""
    world.readings[ADDRESS] = order_page(*(listed(name) for name in ("a.pdf", "b.pdf", "c.pdf")))
    world.files[f"{BASE}/files/b.pdf"] = AuthenticationError("401")
    outcome = visited(run(world, route))
    assert (outcome.result.status, outcome.retry_worthwhile) == (TaskStatus.PARTIAL, False)
    assert [one.name for one in outcome.result.attachments] == ["a.pdf", "c.pdf"]
    assert [lost.listed_as for lost in outcome.result.missing] == ["b.pdf"]


def test_a_full_disk_is_the_machines_fault_wherever_it_shows(world: World) -> None:
    world.stage_error = MachineError("no space left")
    assert failed(run(world)).blame is Blame.MACHINE
    world.stage_error, world.place_error = None, MachineError("no space left")
    failure = failed(run(world))
    assert (failure.blame, failure.code) == (Blame.MACHINE, "RESOURCE_ERROR")
    world.place_error, world.files[f"{BASE}/files/a.pdf"] = None, OSError(28, "No space left on device")
    assert failed(run(world)).blame is Blame.MACHINE
    assert world.did("probe") == []


def test_a_browser_that_dies_amid_the_files_is_no_outcome(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf", url=False, control=True))
    world.files["a"] = BrowserDiedError("gone")
    with pytest.raises(BrowserDiedError):
        run(world)


# -------------------------------------------------------------------------------------------------------- requisitions

REQUISITION = f"{BASE}/requisition_headers/9"


def test_an_order_without_files_takes_those_of_its_requisition(world: World) -> None:
    world.readings[ADDRESS] = order_page(requisitions=(REQUISITION,))
    world.requisition_files = (listed("r.pdf"),)
    result = visited(run(world)).result
    assert (result.status, result.url) == (TaskStatus.COMPLETED, ADDRESS)
    assert world.requests[0].referer == REQUISITION


def test_an_order_with_files_of_its_own_opens_no_requisition(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"), requisitions=(REQUISITION,))
    run(world)
    assert world.did("open") == [f"open {ADDRESS}"]


def test_requisitions_are_tried_until_one_has_files(world: World) -> None:
    other = f"{BASE}/requisition_headers/10"
    world.readings[ADDRESS] = order_page(requisitions=(REQUISITION, other))
    assert visited(run(world)).result.status is TaskStatus.NO_ATTACHMENTS
    assert world.did("requisition") == [f"requisition {REQUISITION}", f"requisition {other}"]


@pytest.mark.parametrize(
    ("shown", "blame"),
    [
        (page(REQUISITION, is_new=False), Blame.PORTAL),
        (page(REQUISITION, status=500), Blame.PORTAL),
        (page("https://other.example/requisition_headers/9"), Blame.ITEM),
    ],
)
def test_a_requisition_that_is_not_proven_files_nothing(world: World, shown: object, blame: Blame) -> None:
    world.readings[ADDRESS] = order_page(requisitions=(REQUISITION,))
    world.requisition_files = (listed("r.pdf"),)
    world.pages[REQUISITION] = shown  # type: ignore[assignment]  # a page
    assert failed(run(world)).blame is blame
    assert world.did("requisition", "fetch") == []


def test_a_login_page_in_place_of_a_requisition_is_a_login_met(world: World) -> None:
    world.readings[ADDRESS] = order_page(requisitions=(REQUISITION,))
    world.login_reason[REQUISITION] = "a password field"
    assert run(world) == LoginMet(3, "a password field")


@pytest.mark.parametrize("route", list(Route))
def test_a_file_that_is_a_page_with_a_login_is_no_end_of_the_login_while_the_order_still_shows(
    world: World, route: Route
) -> None:
    """One odd file among many must not stop the run; the order's page tells whether the login is gone."""
    world.readings[ADDRESS] = order_page(listed("a.html"))
    world.place_error = AuthenticationError("a login page instead of a.html")
    outcome = visited(run(world, route))
    assert outcome.result.status is TaskStatus.FAILED
    assert "wants a login for it although" in outcome.result.error_message
    assert world.did("open") == [f"open {ADDRESS}", f"open {ADDRESS}"]


def test_a_file_that_is_a_login_page_is_a_login_met_when_the_order_does_not_show_any_more(world: World) -> None:
    world.readings[ADDRESS] = order_page(listed("a.pdf"))
    world.place_error = AuthenticationError("a login page instead of a.pdf")
    world.login_reason[ADDRESS] = "a password field"
    assert run(world) == LoginMet(3, "a login page instead of a.pdf")
