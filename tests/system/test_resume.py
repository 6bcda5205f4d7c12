"""A run that was interrupted or killed, gone on with by `purser resume`: real browsers and a portal that counts."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from scripts.demo_portal import DemoPortal
from tests.system.conftest import Sandbox, StartPortal, StartProgram, published, superseded, until

pytestmark = pytest.mark.chromium


def assert_folder_is_true(portal: DemoPortal, downloads: Path) -> None:
    """Check the results file and every order's folder against what the portal serves."""
    truth = portal.truth()
    with (downloads / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["PO_NUMBER"]: row for row in csv.DictReader(file)}
    assert list(rows) == list(truth)
    folders = set()
    for number, row in rows.items():
        files = truth[number].files
        assert row["STATUS"] == ("COMPLETED" if files else "NO_ATTACHMENTS"), row
        if not files:
            continue
        folder = Path(row["DOWNLOAD_FOLDER"])
        assert folder.is_relative_to(downloads), "the place where it lies now"
        hashes = sorted(sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())
        assert hashes == sorted(file.sha256 for file in files)
        folders.add(folder)
    assert set(published(downloads)) == folders
    assert superseded(downloads) == []


@pytest.mark.parametrize(("how", "moved"), [(signal.SIGINT, False), (signal.SIGINT, True), (signal.SIGKILL, False)])
def test_what_a_run_did_not_finish_is_finished_by_resume(
    start_portal: StartPortal,
    start_program: StartProgram,
    sandbox: Sandbox,
    tmp_path: Path,
    how: signal.Signals,
    moved: bool,
) -> None:
    """Orders that have an outcome are not visited again, also when the folder was moved in between."""
    portal = start_portal(orders=9, page_latency_ms=250, file_size=8192)
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["po_number", *portal.numbers()]) + "\n")
    program = start_program(
        "run", file, "--base-url", portal.url, "--download-dir", sandbox.downloads, "--workers", "2"
    )
    until(lambda: sandbox.downloads.is_dir() and len(published(sandbox.downloads)) >= 3, "some orders are done")
    program.process.send_signal(how)
    assert program.code() == (130 if how is signal.SIGINT else -how), program.told()
    until(lambda: sandbox.folders() == [], "what the program could not remove is removed", 10)
    status = start_program("status", sandbox.downloads, "--json")
    assert status.code() == 3, status.told()
    run = json.loads(status.out.read_text())["run"]
    assert (run["total"], run["state"]) == (9, "not finished")
    # The last folder may have been put in its place just before its outcome was written; resume finishes that.
    assert 2 <= run["succeeded"] < 9
    before = portal.counters().pages
    done = {path.name.partition("_")[0] for path in published(sandbox.downloads)}
    downloads = sandbox.downloads
    if moved:
        downloads = tmp_path / "elsewhere"
        shutil.move(sandbox.downloads, downloads)
    resumed = start_program("resume", downloads, "--json")
    assert resumed.code() == 0, resumed.told()
    document = json.loads(resumed.out.read_text())
    assert (document["total_pos"], document["successful_pos"]) == (9, 9)
    assert document["resumed_pos"] == run["succeeded"]
    after = portal.counters().pages
    assert {number for number in done if after[number] > before[number]} == set()
    assert_folder_is_true(portal, downloads)
    verified = start_program("verify", downloads, "--head", document["manifest_head"])
    assert verified.code() == 0, verified.told()
    assert start_program("status", downloads).code() == 0


def test_verify_names_a_file_that_was_changed_after_a_real_run(
    start_portal: StartPortal, start_program: StartProgram, sandbox: Sandbox, tmp_path: Path
) -> None:
    portal = start_portal(orders=2, files_per_order=1)
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["po_number", *portal.numbers()]) + "\n")
    run = start_program("run", file, "--base-url", portal.url, "--download-dir", sandbox.downloads, "--sequential")
    assert run.code() == 0, run.told()
    victim = next(iter(published(sandbox.downloads)[0].iterdir()))
    victim.write_bytes(victim.read_bytes() + b" ")
    verified = start_program("verify", sandbox.downloads)
    assert verified.code() == 1
    assert f"{victim.relative_to(sandbox.downloads)} is not what it was" in verified.told()
