"""A note that somebody forged, on who works in a folder, makes nobody believe that a run does."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from actors.cli.summary import ExitCode
from actors.evidence.chain import line_of
from actors.filing import lock
from actors.session.folder_journal import manifest_path
from tests.cli.conftest import Stand, stand as stand
from tests.cli.test_resume import stopping_after
from tests.cli.test_status import tell
from tests.cli.test_verify import PDF, ask, head_of, home as home


def forge(folder: Path, pid: object) -> None:
    """Say that a process works there."""
    (folder / ".purser" / "lock.json").write_text(json.dumps({"pid": pid}))


def add_an_order(folder: Path) -> None:
    """Add a line that follows from the last one, and the file that it tells of."""
    manifest = manifest_path(folder)
    last = manifest.read_bytes().splitlines()[-1]
    told = json.loads(last)
    told.update(po_number="PO9", folder="Acme/PO9_COMPLETED")
    told.update(files=[{"name": "a.pdf", "size": len(PDF), "sha256": sha256(PDF).hexdigest()}])
    number = told.pop("number") + 1
    told.pop("previous")
    manifest.write_bytes(manifest.read_bytes() + line_of(told, number, sha256(last).hexdigest()).encode() + b"\n")
    (folder / "Acme" / "PO9_COMPLETED").mkdir()
    (folder / "Acme" / "PO9_COMPLETED" / "a.pdf").write_bytes(PDF)


def test_lines_that_were_added_are_told_whoever_is_said_to_work_there(home: Path, tmp_path: Path) -> None:
    """An auditor has a copy and a head on paper."""
    noted, copy = head_of(home), tmp_path / "copy"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("journal.db*"))
    add_an_order(copy)
    forge(copy, 1)
    code, heard = ask(copy, noted)
    assert code is ExitCode.SOME_FAILED
    assert "lines follow the one that was noted" in heard.err
    assert "at work" not in heard.err


def test_a_run_that_is_not_finished_is_not_going_on_whatever_a_note_says(stand: Stand) -> None:
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    forge(stand.downloads, 1)
    code, document = tell(stand.downloads, as_json=True)
    assert (code, document["running"]) == (ExitCode.NOT_FINISHED, False)


@pytest.mark.parametrize("pid", [-1, 0, True, 2**31, 10**30, "1", None])
def test_a_number_that_no_process_has_ends_no_command(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, pid: object
) -> None:
    """Also where only the note can tell."""
    with stopping_after(stand, 1):
        stand.run(stand.orders("PO1", "PO2"), sequential=True)
    monkeypatch.setattr(lock, "_CAN_BE_ASKED", False)
    forge(stand.downloads, pid)
    assert tell(stand.downloads)[0] is ExitCode.NOT_FINISHED
    assert ask(stand.downloads)[0] is ExitCode.SUCCESS
