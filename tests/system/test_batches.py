"""Whole batches over real browsers: every file is the portal's own, one login serves all, and nothing is left."""

from __future__ import annotations

import pytest

from actors.testing.failures import is_missing
from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.system.conftest import (
    Beside,
    MakeSession,
    Sandbox,
    StartPortal,
    assert_files_are_true,
    orders,
    superseded,
    until,
)

pytestmark = pytest.mark.chromium


def test_a_crew_brings_home_every_file_with_one_login(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """Twelve orders, four workers, files over HTTP: hashes equal the portal's, and one login serves all."""
    portal = start_portal(orders=12, page_latency_ms=300)
    session = make_session(portal, 4)
    successful, failed, report = session.process_pos(orders(portal.numbers()))
    assert (successful, failed) == (12, 0)
    assert report["processing_mode"] == "parallel"
    assert report["fallback"] == ""
    assert_files_are_true(portal, session.results, sandbox.downloads)
    counters = portal.counters()
    assert (counters.logins, counters.failed_logins) == (1, 0)
    assert {result.attempts for result in session.results} == {1}
    assert len({result.worker_id for result in session.results}) > 1
    assert superseded(sandbox.downloads) == []
    assert session.validate_session_state() == []


@pytest.mark.parametrize("parallel", [True, False])
def test_the_browser_route_clicks_all_four_forms(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, parallel: bool
) -> None:
    """Pages and files in the browser: a file of each form and each way of naming, whole."""
    portal = start_portal(orders=2 if parallel else 1, files_per_order=4)
    session = make_session(portal, 2, parallel=parallel, route="browser")
    numbers = portal.numbers()
    assert session.process_pos(orders(numbers))[:2] == (len(numbers), 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    forms = {file.form for order in portal.truth().values() for file in order.files}
    assert forms == {1, 2, 3, 4}


def test_sequential_mode_does_the_same_with_one_browser(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """The same visits in the caller's thread, a login that ends in the middle included."""
    portal = start_portal(orders=8, expire_at_requests=[9])
    session = make_session(portal, parallel=False)
    successful, failed, report = session.process_pos(orders(portal.numbers()))
    assert (successful, failed, report["processing_mode"]) == (8, 0, "sequential")
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert portal.counters().logins == 2
    assert {result.attempts for result in session.results} == {1}


def test_a_login_that_expires_in_the_middle_is_renewed_once_and_charged_to_nobody(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """Every worker meets the login page; the login broker logs in once for all."""
    portal = start_portal(orders=16, page_latency_ms=150)
    session = make_session(portal, 3)
    batch = Beside(session, orders(portal.numbers()))
    until(lambda: session.get_progress()["completed_tasks"] >= 5, "some orders are done")
    assert portal.expire_logins() == 1
    assert batch.result()[:2] == (16, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert portal.counters().logins == 2
    assert {result.attempts for result in session.results} == {1}


def test_the_generic_adapter_brings_home_what_its_pages_list(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """The flavour that no adapter was written for, found by `auto` and by name."""
    portal = start_portal(orders=2, files_per_order=2)
    rows = [
        {"po_number": number, "url": f"{portal.generic_url}/orders/{number}", "supplier": "Acme"}
        for number in portal.numbers()
    ]
    session = make_session(portal)
    assert session.process_pos(rows)[:2] == (2, 0)
    assert_files_are_true(portal, session.results, sandbox.downloads)
    assert {result.folder.parent.name for result in session.results if result.folder} == {"Acme"}


def test_names_that_try_to_do_harm_end_inside_the_folder(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """File names, suppliers and numbers such as `../../x`, `CON`, `a/b`, 300 characters, `=cmd()`."""
    portal = start_portal(orders=9, files_per_order=2, nasty_names=True)
    rows = orders(portal.numbers())
    for row, supplier in zip(
        rows, ["../../up", "CON", "a/b", "x" * 300, "=cmd()", ".", "..", " ", "..\\x"], strict=True
    ):
        row["supplier"] = supplier
    strange = ["../../x", "CON", "a/b", "9" * 300, "=cmd()"]
    session = make_session(portal)
    successful, failed, _ = session.process_pos([*rows, *orders(strange)])
    assert (successful, failed) == (9, len(strange))
    assert_files_are_true(portal, session.results[:9], sandbox.downloads)
    assert {result.status for result in session.results[9:]} <= {TaskStatus.PO_NOT_FOUND, TaskStatus.FAILED}
    inside = {sandbox.downloads, sandbox.state}
    assert {path for path in sandbox.downloads.parent.iterdir() if path.is_dir()} == inside


def test_a_warm_crew_replaces_an_idle_browser_that_died_before_the_next_batch(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox
) -> None:
    """Inside `with` browsers stay; one that is killed between two batches is noticed at once."""
    portal = start_portal(orders=8)
    numbers = portal.numbers()
    with make_session(portal, 2) as session:
        assert session.process_pos(orders(numbers[:4]))[:2] == (4, 0)
        until(lambda: {w.state.value for w in session.snapshot().workers} == {"idle"}, "both workers are idle")
        browsers = sandbox.browsers()
        assert len(browsers) == 2
        victim = browsers[0]
        victim.kill()

        def is_replaced() -> bool:
            workers = session.snapshot().workers
            return sorted(worker.generation for worker in workers) == [1, 2] and len(sandbox.browsers()) == 2

        def standing() -> object:
            return session.snapshot().workers, sandbox.processes()

        until(is_replaced, "it was noticed while idle and replaced", instead=standing)
        assert session.process_pos(orders(numbers[4:]))[:2] == (4, 0)
        assert is_replaced()
        assert portal.counters().logins == 1
        assert session.validate_session_state() == []
    assert sandbox.processes() == []
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED


@pytest.mark.parametrize("parallel", [True, False])
def test_failures_are_simulated_in_real_browsers_and_the_other_orders_come_home(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, parallel: bool
) -> None:
    """The test mode without stub workers: the same orders fail, marked as simulated, and nothing else is different."""
    portal = start_portal(orders=8)
    session = make_session(portal, 2, parallel=parallel)
    session.enable_test_mode(simulate_failures=True)
    numbers = portal.numbers()
    missing = {number for number in numbers if is_missing(number)}
    assert missing
    successful, failed, report = session.process_pos(orders(numbers))
    assert (successful, failed) == (8 - len(missing), len(missing))
    lost = [result for result in session.results if not result.status.is_success]
    assert {result.po_number for result in lost} == missing
    assert all("simulated by the test mode" in result.error_message for result in lost)
    assert_files_are_true(portal, [one for one in session.results if one.status.is_success], sandbox.downloads)
    assert report["test_mode"]["simulate_failures"]
    assert session.validate_session_state() == []


@pytest.mark.parametrize("route", ["hybrid", "browser"])
def test_processor_time_of_browsers_and_bytes_of_files_are_counted(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, route: str
) -> None:
    """Files count on both ways, over HTTP and in the browser."""
    portal = start_portal(orders=4, files_per_order=2)
    session = make_session(portal, 2, route=route)
    with session:
        successful, _, report = session.process_pos(orders(portal.numbers()))
        told = session._monitor_resources()
    assert successful == 4
    assert told["cpu_percent"] > told["own_cpu_percent"] > 0
    assert told["network_bytes_received"] >= report["performance_metrics"]["bytes_downloaded"] > 0
    assert session._monitor_resources()["network_bytes_received"] >= told["network_bytes_received"]
