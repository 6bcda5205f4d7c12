"""`purser run` as a person runs it: from a CSV to files, results, report and exit code, through signals too."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from actors.filing.lock import FolderLock
from scripts.demo_portal import DemoPortal
from tests.system.conftest import Program, Sandbox, StartPortal, StartProgram, published, until

pytestmark = pytest.mark.chromium

COLUMNS = [
    "PO_NUMBER", "STATUS", "SUPPLIER", "ATTACHMENTS_FOUND", "ATTACHMENTS_DOWNLOADED", "AttachmentName",
    "LAST_PROCESSED", "ERROR_MESSAGE", "DOWNLOAD_FOLDER", "COUPA_URL",
]  # fmt: skip


def _csv(path: Path, numbers: list[str]) -> Path:
    lines = ["po_number;supplier;url;amount;cost_centre", *(f"{number};;;12,50;=cmd()" for number in numbers)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture
def run(start_program: StartProgram, sandbox: Sandbox, tmp_path: Path) -> Any:
    """Start `purser run` on orders of a portal."""

    def start(url: str, numbers: list[str], *more: object) -> Program:
        file = _csv(tmp_path / "orders.csv", numbers)
        return start_program("run", file, "--base-url", url, "--download-dir", sandbox.downloads, *more)

    return start


def test_a_run_from_csv_to_disk_and_a_rerun_that_does_only_what_is_left(
    start_portal: StartPortal, start_program: StartProgram, run: Any, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Exit 1 with one order missing; then the results file is run again: done rows are skipped, and it exits 0."""
    portal = start_portal(orders=7)
    numbers = portal.numbers()
    portal.set_faults({numbers[2]: "page-404"})
    program = run(portal.url, numbers, "--workers", "2")
    assert program.code() == 1, program.told()
    before = (tmp_path / "orders.csv").read_bytes()
    rows = _rows(sandbox.downloads / "results.csv")
    truth = portal.truth()
    assert list(rows[0]) == [*COLUMNS, "amount", "cost_centre"]
    assert [row["PO_NUMBER"] for row in rows] == numbers
    for row in rows:
        files = truth[row["PO_NUMBER"]].files
        if row["PO_NUMBER"] == numbers[2]:
            assert row["STATUS"] == "PO_NOT_FOUND"
            assert row["ERROR_MESSAGE"]
            continue
        assert row["STATUS"] == ("COMPLETED" if files else "NO_ATTACHMENTS")
        assert row["ATTACHMENTS_DOWNLOADED"] == str(len(files))
        assert bool(row["DOWNLOAD_FOLDER"]) is bool(files)
        assert not row["cost_centre"].startswith("=")
    report = json.loads((sandbox.downloads / "report.json").read_text(encoding="utf-8"))
    assert (report["total_pos"], report["successful_pos"], report["failed_pos"]) == (7, 6, 1)
    assert report["run"]["exit_code"] == 1
    assert report["processing_mode"] == "parallel"
    assert (tmp_path / "orders.csv").read_bytes() == before
    told = program.told()
    assert "successful: 6" in told
    assert DemoPortal.password not in told.replace("/demo", "").replace("_demo", "")

    portal.set_faults({}, replace=True)
    pages = dict(portal.counters().pages)
    again = start_program(
        "run",
        sandbox.downloads / "results.csv",
        "--base-url",
        portal.url,
        "--download-dir",
        sandbox.downloads,
        "--json",
    )
    assert again.code() == 0, again.told()
    document = json.loads(again.out.read_text(encoding="utf-8"))
    assert (document["run"]["skipped"], document["run"]["successful"], document["run"]["failed"]) == (6, 1, 0)
    visited = {number for number, count in portal.counters().pages.items() if count > pages.get(number, 0)}
    assert visited == {numbers[2]}
    assert len(published(sandbox.downloads)) == sum(bool(order.files) for order in truth.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_drains(start_portal: StartPortal, run: Any, sandbox: Sandbox, number: signal.Signals) -> None:
    """What is in hand is finished and published, the rest is reported, exit 130."""
    portal = start_portal(orders=30, page_latency_ms=400)
    program = run(portal.url, portal.numbers(), "--workers", "2")
    until(lambda: sum(portal.counters().files.values()) >= 1, "the run is in the middle")
    program.process.send_signal(number)
    assert program.code() == 130, program.told()
    rows = _rows(sandbox.downloads / "results.csv")
    statuses = [row["STATUS"] for row in rows]
    assert len(rows) == 30
    assert statuses.count("COMPLETED") >= 1
    assert set(statuses) <= {"COMPLETED", "NO_ATTACHMENTS", "CANCELLED", "INTERRUPTED"}
    assert statuses.count("COMPLETED") + statuses.count("NO_ATTACHMENTS") < 30
    assert len(published(sandbox.downloads)) == statuses.count("COMPLETED")
    report = json.loads((sandbox.downloads / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["exit_code"] == 130
    assert "Interrupted. To go on with what is left" in program.told()


@pytest.mark.parametrize("mode", ["--workers=2", "--sequential"])
def test_a_second_signal_forces(start_portal: StartPortal, run: Any, sandbox: Sandbox, mode: str) -> None:
    """A page that takes a minute is not waited for; browsers and folders go all the same."""
    portal = start_portal(orders=4)
    numbers = portal.numbers()
    portal.set_faults(dict.fromkeys(numbers, "page-latency:*:70"))
    program = run(portal.url, numbers, mode)
    until(lambda: sum(portal.counters().pages.values()) >= 1, "a page is being waited for")
    program.process.send_signal(signal.SIGINT)
    program.process.send_signal(signal.SIGTERM)
    assert program.code(30) == 130, program.told()
    assert {row["STATUS"] for row in _rows(sandbox.downloads / "results.csv")} <= {"CANCELLED", "INTERRUPTED"}


def test_a_wrong_password_is_one_clear_message(
    start_portal: StartPortal, run: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, sent once, and the password stands nowhere."""
    monkeypatch.setenv("PURSER_PASSWORD", "s3cret-and-wrong")
    portal = start_portal(orders=4)
    program = run(portal.url, portal.numbers(), "--workers", "2")
    assert program.code() == 2, program.told()
    assert "rejected the login" in program.told()
    assert "PURSER_PASSWORD" in program.told()
    assert portal.counters().failed_logins == 1
    written = [path for folder in (sandbox.downloads, sandbox.state) for path in folder.rglob("*") if path.is_file()]
    assert "s3cret-and-wrong" not in program.told() + "".join(path.read_text(errors="replace") for path in written)


def test_a_portal_that_cannot_be_reached_is_one_clear_message(run: Any, sandbox: Sandbox) -> None:
    """Exit 2 before any browser is started."""
    program = run("http://127.0.0.1:1", ["PO1", "PO2"])
    assert program.code() == 2, program.told()
    assert "does not answer" in program.told()
    assert not (sandbox.downloads / "results.csv").exists()


def test_a_folder_in_use_is_one_clear_message_and_disturbs_nothing(
    start_portal: StartPortal, run: Any, sandbox: Sandbox
) -> None:
    """Exit 2; the other run keeps its lock."""
    portal = start_portal(orders=2)
    lock = FolderLock(sandbox.downloads)
    lock.acquire()
    try:
        program = run(portal.url, portal.numbers())
        assert program.code() == 2, program.told()
    finally:
        lock.release()
    assert "in use" in program.told() or "using it" in program.told(), program.told()
    assert portal.counters().protected == 0


def test_json_on_stdout_is_one_document_even_when_orders_fail_in_one_browser(
    start_portal: StartPortal, run: Any, sandbox: Sandbox
) -> None:
    """`--json --sequential`: nothing but JSON on stdout, exit 1."""
    portal = start_portal(orders=2)
    numbers = [*portal.numbers(), "NOPE", "", portal.numbers()[0]]
    program = run(portal.url, numbers, "--sequential", "--json")
    assert program.code() == 1, program.told()
    document = json.loads(program.out.read_text(encoding="utf-8"))
    assert (document["run"]["successful"], document["run"]["failed"]) == (3, 2)
    assert len(document["run"]["bad_rows"]) == 1
