"""`purser status`: how a run stands, from outside, without touching anything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from actors.cli.status import tell_status
from actors.cli.summary import ExitCode
from tests.cli import fakes
from tests.cli.conftest import Stand
from tests.cli.stub_purser import BASE, PATIENCE, program
from tests.cli.test_resume import stopping_after
from tests.session.conftest import until


def tell(folder: Path, *, as_json: bool = False) -> tuple[ExitCode, Any]:
    """Ask for the status; return exit code and what stdout got."""
    heard = fakes.Heard(json=as_json)
    code = tell_status(folder, heard.output)
    return code, json.loads(heard.out) if as_json else heard.out


def everything(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return every file with size and time, but for those that readers of a database share."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_a_finished_run_is_told_and_exits_0(stand: Stand) -> None:
    stand.script.answers = {"PO2": 500}
    stand.run(stand.orders("PO1", "PO2"))
    before = everything(stand.downloads)
    code, told = tell(stand.downloads)
    assert code is ExitCode.SUCCESS
    for line in ("orders:     2", "successful: 1", "failed:     1", "open:       0"):
        assert line in told
    assert "finished" in told
    assert "1  FAILED" in told
    assert "1  portal" in told
    assert stand.report()["manifest_head"] in told
    assert everything(stand.downloads) == before


def test_an_interrupted_run_is_told_with_the_way_on_and_exits_3(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2", "PO3"), sequential=True)
    code, told = tell(stand.downloads)
    assert code is ExitCode.NOT_FINISHED
    assert "not finished" in told
    assert "open:       2" in told
    assert f"purser resume {stand.downloads}" in told
    code, document = tell(stand.downloads, as_json=True)
    assert code is ExitCode.NOT_FINISHED
    assert (document["run"]["state"], document["run"]["open"], document["running"]) == ("not finished", 2, False)


def test_the_way_on_can_be_copied_whatever_the_folder_is_called(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    there = stand.folder / "orders of May; rm -rf $HOME"
    stand.downloads.rename(there)
    assert f"purser resume '{there}'" in tell(there)[1]


@pytest.mark.parametrize("as_json", [False, True])
def test_a_folder_that_was_never_used_exits_2_and_gets_nothing(tmp_path: Path, as_json: bool) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        heard = fakes.Heard(json=as_json)
        assert tell_status(folder, heard.output) is ExitCode.UNUSABLE
        assert "There is no journal" in heard.err
        assert not as_json or json.loads(heard.out)["error"]["code"] == "CONFIG_ERROR"
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_going_on_and_one_that_was_killed_are_told_apart(stand: Stand) -> None:
    """A real program: first it works, then it is killed."""
    file, log = stand.orders("PO1", "PO2", "PO3", "PO4"), stand.folder / "log"
    child = program(
        "run", file, "--base-url", BASE, "--download-dir", stand.downloads, "--workers", "1",
        cwd=stand.folder, STUB_LOG=str(log), STUB_STOP_AFTER="2",
    )  # fmt: skip
    with child:
        try:
            until(lambda: log.exists() and "held" in log.read_text(), "the program is in the middle")
            before = everything(stand.downloads)
            code, document = tell(stand.downloads, as_json=True)
            assert code is ExitCode.SUCCESS
            assert document["running"] is True
            run = document["run"]
            assert (run["state"], run["total"], run["succeeded"], run["open"]) == ("going on", 4, 2, 2)
            assert [lease["po_number"] for lease in run["in_hand"]] == ["PO3"]
            assert "going on" in tell(stand.downloads)[1]
            assert everything(stand.downloads) == before
        finally:
            child.kill()
        child.wait(PATIENCE)
    code, document = tell(stand.downloads, as_json=True)
    assert code is ExitCode.NOT_FINISHED
    assert (document["running"], document["run"]["state"]) == (False, "not finished")
    assert "until the program ended" in tell(stand.downloads)[1]


def test_a_note_of_a_process_that_only_has_the_number_of_the_dead_one_is_no_run(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    note = stand.downloads / ".purser" / "lock.json"
    note.write_text(json.dumps({"pid": os.getpid()}))
    os.utime(note, (1, 1))  # long before this process began
    assert tell(stand.downloads, as_json=True)[1]["running"] is False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read_is_told_as_it_is(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    inside = stand.downloads / ".purser"
    inside.chmod(0o500)
    try:
        assert tell(stand.downloads)[0] is ExitCode.NOT_FINISHED
    finally:
        inside.chmod(0o700)


def test_books_in_which_no_run_has_begun_are_told_so(stand: Stand) -> None:
    from actors import FolderJournal

    with FolderJournal(stand.downloads):
        code, told = tell(stand.downloads)
    assert code is ExitCode.SUCCESS
    assert "No run has begun" in told
    assert not stand.downloads.exists()
