"""Every fault of the demo portal gets what it deserves, and none of them costs another order anything."""

from __future__ import annotations

import stat

import pytest

from contracts.config import AttachmentLimits, RetryPolicy
from contracts.tasks import POResult, TaskStatus
from tests.system.conftest import (
    Beside,
    MakeSession,
    Sandbox,
    StartPortal,
    assert_files_are_true,
    orders,
    published,
    until,
)

pytestmark = pytest.mark.chromium

COMPLETED, FAILED, NOT_FOUND = TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.PO_NOT_FOUND

# What strikes, how the order ends, under which code, and how many visits are charged to it.
EXPECTED: dict[str, tuple[TaskStatus, str, int]] = {
    "page-404": (NOT_FOUND, "PO_NOT_FOUND", 1),
    "page-not-found-200": (NOT_FOUND, "PO_NOT_FOUND", 1),
    "page-not-authorised": (NOT_FOUND, "PO_NOT_FOUND", 1),
    "page-500": (FAILED, "NETWORK_ERROR", 3),
    "page-503:1": (COMPLETED, "", 2),
    "page-429:1:1": (COMPLETED, "", 2),
    "page-204": (FAILED, "NETWORK_ERROR", 3),
    "page-204:1": (COMPLETED, "", 1),
    "page-wrong-title": (FAILED, "WORKER_ERROR", 2),
    "page-latency:1:0.5": (COMPLETED, "", 1),
    "page-login:1": (COMPLETED, "", 1),
    "file-latency:*:0.3": (COMPLETED, "", 1),
    "file-404": (FAILED, "WORKER_ERROR", 3),
    "file-500": (FAILED, "NETWORK_ERROR", 3),
    "file-503:1": (COMPLETED, "", 2),
    "file-429:1:1": (COMPLETED, "", 2),
    "file-truncated": (FAILED, "NETWORK_ERROR", 3),
    "file-truncated:1": (COMPLETED, "", 2),
    "file-stall:1": (COMPLETED, "", 2),
    "file-empty": (FAILED, "WORKER_ERROR", 3),
    "file-empty:1": (COMPLETED, "", 2),
    "file-login:1": (COMPLETED, "", 1),
}
FAULTS = list(EXPECTED)


def _policy(fault: str, result: POResult) -> list[str]:
    status, code, visits = EXPECTED[fault]
    wrong = []
    if result.status is not status:
        wrong.append(f"{fault}: {result.status.value}, not {status.value} ({result.error_message})")
    if result.error_code != code:
        wrong.append(f"{fault}: code {result.error_code!r}, not {code!r} ({result.error_message})")
    if result.attempts != visits:
        wrong.append(f"{fault}: {result.attempts} visits were charged, not {visits}")
    if status is not COMPLETED and (not result.error_message or result.folder is not None or result.attachments):
        wrong.append(f"{fault}: {result}")
    return wrong


def test_each_fault_ends_as_it_should_and_the_healthy_orders_are_whole(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """One run of many orders, every other one healthy: statuses, codes, numbers of visits, and every file's hash."""
    portal = start_portal(orders=2 * len(FAULTS), files_per_order=1, file_size=4096, forms=[2, 3, 4])
    numbers = portal.numbers()
    struck = dict(zip(numbers[::2], FAULTS, strict=True))
    portal.set_faults(struck)
    session = make_session(portal, 3)
    successful, failed, report = session.process_pos(orders(numbers))
    results = {result.po_number: result for result in session.results}
    wrong = [line for number, fault in struck.items() for line in _policy(fault, results[number])]
    assert wrong == []
    whole = [result for number, result in results.items() if number not in struck or result.status is COMPLETED]
    assert len(whole) == successful
    assert_files_are_true(portal, whole, sandbox.downloads)
    assert successful + failed == len(numbers)
    assert report["stopped_early"] == ""
    assert sum(entry["count"] for entry in report["error_summary"]) == failed


@pytest.mark.parametrize("route", ["hybrid", "browser"])
def test_a_login_that_ends_between_page_and_file_is_charged_to_nobody(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, route: str
) -> None:
    """Whatever the form and the way a file travels, the login page in a file's place is not a failed attempt."""
    portal = start_portal(orders=5, files_per_order=1, file_size=4096, forms=[3, 1, 2, 3, 4])
    numbers = portal.numbers()
    portal.set_faults(dict.fromkeys(numbers[1:], "file-login:1"))
    session = make_session(portal, parallel=False, route=route)
    assert session.process_pos(orders(numbers))[:2] == (5, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert [result.attempts for result in session.results] == [1] * 5


@pytest.mark.parametrize("route", ["hybrid", "browser"])
def test_what_is_no_document_is_never_filed(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, route: str
) -> None:
    """A login page served as a PDF, a wrong title, a page that never came: nothing is filed, by either route."""
    portal = start_portal(orders=6, files_per_order=1, file_size=4096)
    numbers = portal.numbers()
    faults = ["file-login-html", "page-wrong-title", "file-empty", "page-204", "file-truncated"]
    portal.set_faults(dict(zip(numbers[1:], faults, strict=True)))
    session = make_session(portal, 2, route=route)
    assert session.process_pos(orders(numbers))[:2] == (1, 5), session.results
    assert_files_are_true(portal, session.results[:1], sandbox.downloads)
    assert [result.status for result in session.results[1:]] == [FAILED] * 5
    assert published(sandbox.downloads) == [session.results[0].folder]


def test_the_last_orders_attachments_are_never_filed_under_this_one(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """One browser, one order after the other, and navigation that silently stays where it was."""
    portal = start_portal(orders=4, files_per_order=2, file_size=4096)
    numbers = portal.numbers()
    portal.set_faults({numbers[1]: "page-204", numbers[3]: "page-wrong-title"})
    session = make_session(portal, parallel=False)
    assert session.process_pos(orders(numbers))[:2] == (2, 2)
    assert_files_are_true(portal, session.results[::2], sandbox.downloads)
    unanswered, wrong = session.results[1::2]
    assert (unanswered.error_code, unanswered.attempts) == ("NETWORK_ERROR", 3)
    assert "without a page" in unanswered.error_message
    assert "does not carry this order's number" in wrong.error_message
    files = portal.counters().files
    assert numbers[1] not in files
    assert numbers[3] not in files


def test_some_attachments_that_do_not_arrive_make_an_order_partial_and_name_what_is_missing(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """PARTIAL is a failure; what came is on disk, what did not is named. Limits of size hold."""
    portal = start_portal(orders=3, files_per_order=3, file_size=4096)
    numbers = portal.numbers()
    portal.set_faults({numbers[0]: "file-404:1"})
    session = make_session(portal, parallel=False, retry=RetryPolicy(max_attempts=1))
    assert session.process_pos(orders(numbers[:1]))[:2] == (0, 1)
    partial = session.results[0]
    assert (partial.status, len(partial.attachments), len(partial.missing)) == (TaskStatus.PARTIAL, 2, 1)
    assert partial.missing[0].message in partial.error_message
    assert partial.folder is not None
    assert partial.folder.name.endswith("_PARTIAL")
    assert len(list(partial.folder.iterdir())) == 2
    small = make_session(portal, parallel=False, attachments=AttachmentLimits(max_size=1000))
    assert small.process_pos(orders(numbers[1:2]))[:2] == (0, 1)
    few = make_session(portal, parallel=False, attachments=AttachmentLimits(max_count=2))
    assert few.process_pos(orders(numbers[2:]))[:2] == (0, 1)
    assert {result.attempts for result in (*small.results, *few.results)} == {1}
    assert published(sandbox.downloads) == [partial.folder]


def test_an_outage_fails_no_order(start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox) -> None:
    """Everything answers 503 for a while: the circuit opens, nobody is charged, and all goes on afterwards."""
    portal = start_portal(orders=10, page_latency_ms=100)
    session = make_session(portal, 2)
    batch = Beside(session, orders(portal.numbers()))
    until(lambda: session.get_progress()["completed_tasks"] >= 2, "some orders are done")
    portal.set_down()

    def all_have_met_it() -> bool:
        progress = session.snapshot()
        return bool(progress.circuits_open) and progress.active == 0

    until(all_have_met_it, "the circuit is open and nobody is on the way")
    portal.set_down(False)
    assert batch.result()[:2] == (10, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert {result.attempts for result in session.results} == {1}


def test_what_fails_leaves_evidence_for_this_user_alone_and_a_login_never_does(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """A real page's text and picture; nothing of logins, of orders that succeed, or of cookies."""
    portal = start_portal(orders=5, files_per_order=1, file_size=4096, forms=[2])
    numbers = portal.numbers()
    faults = ["page-404", "page-wrong-title", "file-empty", "page-login:1"]
    portal.set_faults(dict(zip(numbers, faults, strict=False)))
    session = make_session(portal, 2, retry=RetryPolicy(max_attempts=1))
    _, _, report = session.process_pos(orders(numbers))
    kept = {path for result in session.results for path in result.evidence}
    there = sandbox.downloads / ".purser" / "evidence"
    assert kept == {path.relative_to(sandbox.downloads).as_posix() for path in there.rglob("*") if path.is_file()}
    assert kept == {path for entry in report["error_summary"] for path in entry["evidence"]}
    assert {path.split("/")[-2] for path in kept} == set(numbers[:3])
    for result in session.results[:3]:
        text, picture = (sandbox.downloads / path for path in result.evidence)
        assert f"order: {result.po_number}\n" in text.read_text()
        assert result.error_message in text.read_text()
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert {stat.S_IMODE(file.stat().st_mode) for file in (text, picture)} == {0o600}
        assert portal.password not in text.read_text()
