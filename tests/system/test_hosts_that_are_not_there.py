"""Wrong addresses beside right ones, in real browsers: a name that is none, a port that refuses, one that is mute."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from contracts.status import SessionStatus
from contracts.tasks import TaskStatus
from tests.system.conftest import (
    TIMEOUTS,
    MakeSession,
    Sandbox,
    StartPortal,
    StartProgram,
    assert_files_are_true,
    orders,
)

pytestmark = pytest.mark.chromium

NO_NAME = "http://no-such-portal.invalid"
SECONDS = 4


@pytest.fixture
def wrong(request: pytest.FixtureRequest) -> Iterator[tuple[str, ...]]:
    """Addresses at which nothing ever answers. The last one takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as mute, socket.create_server(("127.0.0.1", 0)) as once:
        refusing = once.getsockname()[1]
        once.close()
        yield NO_NAME, f"http://127.0.0.1:{refusing}", f"http://127.0.0.1:{mute.getsockname()[1]}"


def mixed(numbers: list[str], wrong: tuple[str, ...]) -> list[dict[str, Any]]:
    """Two orders of each wrong address, before those of the portal."""
    lost = [{**order, "url": f"{root}/orders/{n}"} for root in wrong for n, order in enumerate(orders(["PO1", "PO2"]))]
    return [*lost, *orders(numbers)]


@pytest.mark.parametrize("parallel", [True, False], ids=["crew", "sequential"])
def test_orders_of_wrong_addresses_fail_with_their_reason_and_the_others_come_home(
    start_portal: StartPortal, make_session: MakeSession, sandbox: Sandbox, wrong: tuple[str, ...], parallel: bool
) -> None:
    portal = start_portal(orders=4)
    patience = attrs.evolve(TIMEOUTS, unreachable=SECONDS)
    session = make_session(portal, parallel=parallel, timeouts=patience)
    successful, failed, report = session.process_pos(mixed(portal.numbers(), wrong))
    assert (successful, failed, report["stopped_early"]) == (4, 6, "")
    assert session.get_progress()["session_status"] is SessionStatus.COMPLETED
    assert_files_are_true(portal, session.results[6:], sandbox.downloads)
    for result, root in zip(session.results[:6], [one for one in wrong for _ in range(2)], strict=True):
        assert (result.status, result.error_code) == (TaskStatus.FAILED, "NETWORK_ERROR")
        assert f"{root.partition('//')[2]} did not answer anything within 4 seconds" in result.error_message
        assert "Check the address" in result.error_message
    assert "ERR_NAME_NOT_RESOLVED" in session.results[0].error_message
    assert "ERR_CONNECTION_REFUSED" in session.results[2].error_message
    assert "No answer came" in session.results[4].error_message
    assert session.validate_session_state() == []


def test_the_command_ends_as_for_failed_orders_and_leaves_nothing_to_resume(
    start_portal: StartPortal, start_program: StartProgram, sandbox: Sandbox, tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    portal = start_portal(orders=2)
    settings, file = tmp_path / "purser.toml", tmp_path / "orders.csv"
    settings.write_text(f"[timeouts]\nunreachable = {SECONDS}\n")
    rows = [f"{order['po_number']},,{order['url']},1" for order in mixed(portal.numbers(), wrong)]
    file.write_text("\n".join(["po_number,supplier,url,amount", *rows, ""]))
    told = ("--base-url", portal.url, "--download-dir", sandbox.downloads, "--config", settings, "--workers", 2)
    program = start_program("run", file, *told)
    assert program.code() == 1, program.told()
    report = json.loads((sandbox.downloads / "report.json").read_text())
    assert (report["successful_pos"], report["failed_pos"], report["stopped_early"]) == (2, 6, "")
    status = start_program("status", sandbox.downloads)
    status.code()
    assert "open:       0" in status.told()
