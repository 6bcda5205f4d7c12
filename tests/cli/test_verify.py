"""`purser verify`: every kind of change to what was brought home is found and named, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from actors import FolderJournal
from actors.cli.summary import ExitCode
from actors.cli.verifying import verify
from actors.session.folder_journal import manifest_path
from actors.session.orders import prepare
from contracts.ports import BatchBegun, OutcomeRecorded, TaskAccepted
from contracts.tasks import Attachment, POResult, TaskHandle, TaskStatus
from tests.cli import fakes
from tests.session.conftest import BASE, orders

PDF = b"%PDF-1.7 a quote"


def bring_home(
    folder_journal: FolderJournal, count: int, status: TaskStatus = TaskStatus.COMPLETED, content: bytes = PDF
) -> None:
    """File that many orders, as a run would, and write their outcomes down."""
    journal = folder_journal.journal
    first = journal.replay().next_sequence
    batch = prepare(orders(count), BASE)
    tasks = [TaskAccepted(TaskHandle(place, one.po_number), one) for place, one in enumerate(batch.orders, first)]
    journal.append(journal.open_epoch(), (BatchBegun(first, count), *tasks))
    for task in tasks:
        number = task.handle.po_number
        folder = folder_journal.download_dir / "Acme" / f"{number}_{status.value}"
        files = tuple(
            Attachment(name, len(content), sha256(content).hexdigest(), f"{BASE}/{name}") for name in ("a.pdf", "b.pdf")
        )
        for other in folder.parent.glob(f"{number}_*"):
            shutil.rmtree(other)
        folder.mkdir(parents=True)
        for file in files:
            (folder / file.name).write_bytes(content)
        result = POResult(task.handle, status, attachments_found=2, attachments=files, folder=folder)
        journal.append(journal.open_epoch(), (OutcomeRecorded(result),))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A download folder with three orders of two files each."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    with FolderJournal(tmp_path / "dl") as folder_journal:
        bring_home(folder_journal, 3)
    return tmp_path / "dl"


def ask(folder: Path, head: str | None = None, *, as_json: bool = False) -> tuple[ExitCode, fakes.Heard]:
    """Verify a folder."""
    heard = fakes.Heard(json=as_json)
    return verify(folder, head, heard.output), heard


def head_of(home: Path) -> str:
    """Compute the head as anybody can."""
    return sha256(manifest_path(home).read_bytes().splitlines()[-1]).hexdigest()


def test_a_folder_as_it_was_brought_home_is_good(home: Path) -> None:
    code, heard = ask(home, head_of(home))
    assert (code, heard.err) == (ExitCode.SUCCESS, "")
    assert heard.out == f"3 lines, 3 orders with files, 6 files as they were\nhead {head_of(home)}\n"


def make_pipe(file: Path) -> None:
    """Put a pipe in a file's place."""
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.write_bytes(PDF[:-1] + b"X"), "Acme/PO2_COMPLETED/a.pdf is not what it was (order PO2)"),
        (lambda f: f.write_bytes(PDF + b"X"), "Acme/PO2_COMPLETED/a.pdf is not what it was (order PO2)"),
        (lambda f: f.unlink(), "Acme/PO2_COMPLETED/a.pdf is missing (order PO2)"),
        (lambda f: f.rename(f.with_name("c.pdf")), "Acme/PO2_COMPLETED/c.pdf is not in the manifest"),
        (lambda f: (f.parent / "note.txt").write_text("x"), "Acme/PO2_COMPLETED/note.txt is not in the manifest"),
        (lambda f: (f.parent / "sub").mkdir(), "Acme/PO2_COMPLETED/sub is not in the manifest"),
        (lambda f: shutil.rmtree(f.parent), "Acme/PO2_COMPLETED/b.pdf is missing (order PO2)"),
        (lambda f: f.parent.rename(f.parent.with_name("PO2_PARTIAL")), "Acme/PO2_COMPLETED/a.pdf is missing"),
        (lambda f: (f.unlink(), f.symlink_to("b.pdf")), "Acme/PO2_COMPLETED/a.pdf is not what it was"),
        (lambda f: (f.unlink(), f.mkdir()), "Acme/PO2_COMPLETED/a.pdf is not what it was"),
        (make_pipe, "Acme/PO2_COMPLETED/a.pdf is not what it was"),
    ],
)
def test_a_changed_a_missing_and_an_additional_file_is_named(
    home: Path, change: Callable[[Path], object], says: str
) -> None:
    change(home / "Acme" / "PO2_COMPLETED" / "a.pdf")
    code, heard = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert says in heard.err
    assert "PO1" not in heard.err
    assert "PO3" not in heard.err


def test_an_order_folder_that_leads_elsewhere_is_not_followed(home: Path, tmp_path: Path) -> None:
    folder = home / "Acme" / "PO2_COMPLETED"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    code, heard = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert "PO2: its folder Acme/PO2_COMPLETED leads out of the download folder" in heard.err


def edited(home: Path, line: int, change: Callable[[dict[str, object]], object]) -> None:
    """Change a line of the manifest by hand."""
    path = manifest_path(home)
    lines = path.read_text().splitlines()
    told = json.loads(lines[line])
    change(told)
    lines[line] = json.dumps(told, separators=(",", ":"))
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("line", [0, 1])
def test_a_line_changed_by_hand_breaks_the_chain_behind_it(home: Path, line: int) -> None:
    edited(home, line, lambda told: told.update(supplier="Somebody else"))
    code, heard = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert f"Line {line + 2} does not follow from line {line + 1}" in heard.err


def test_a_last_line_changed_by_hand_is_told_by_the_journal_and_by_the_head(home: Path) -> None:
    before = head_of(home)
    edited(home, 2, lambda told: told.update(supplier="Somebody else"))
    assert f"The journal knows the head {before}" in ask(home)[1].err
    shutil.rmtree(home / ".purser" / "input", ignore_errors=True)
    (home / ".purser" / "journal.db").unlink()
    assert ask(home, before)[0] is ExitCode.SOME_FAILED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[:-1], "The journal knows the head"),
        (lambda lines: lines[1:], "Line 1 says that it is line 2"),
        (lambda lines: [lines[0], lines[2]], "Line 2 says that it is line 3"),
        (lambda lines: [*lines, lines[2]], "Line 4 says that it is line 3"),
        (lambda lines: [*lines, "{}"], "Line 4 is not a line of a manifest"),
        (lambda lines: [*lines, "\u00fc"], "Line 4 is not a line of a manifest"),
        (lambda lines: [lines[0], lines[1], lines[2][:-9]], "Line 3 is not a line of a manifest"),
        (lambda _lines: [], "The journal knows the head"),
    ],
)
def test_lines_taken_out_or_put_in_are_told(home: Path, change: Callable[[list[str]], list[str]], says: str) -> None:
    path = manifest_path(home)
    path.write_text("".join(f"{line}\n" for line in change(path.read_text().splitlines())), encoding="latin-1")
    code, heard = ask(home)
    assert code is ExitCode.SOME_FAILED
    assert says in heard.err


def test_a_line_that_names_a_file_outside_is_not_followed(home: Path, tmp_path: Path) -> None:
    """Only the last line can be changed so that the chain still holds."""
    (tmp_path / "secret").write_bytes(PDF)
    for name in ("../../../secret", "/etc/passwd", ".."):
        edited(home, 2, lambda told, name=name: told["files"][0].update(name=name))  # type: ignore[misc] # bound now
        assert f"{name} has a name that no file of an order has" in ask(home)[1].err
    for folder in ("../../x", "/etc", ".."):
        edited(home, 2, lambda told, folder=folder: told.update(folder=folder))  # type: ignore[misc] # bound now
        heard = ask(home)[1]
        assert "leads out of the download folder" in heard.err
        assert "3 orders with files, 4 files as they were" in heard.out


@pytest.mark.parametrize("head", ["0" * 64, "nonsense", ""])
def test_a_wrong_head_is_told(home: Path, head: str) -> None:
    code, heard = ask(home, head)
    assert code is ExitCode.SOME_FAILED
    assert f"The head is {head_of(home)}, not {head}" in heard.err


def test_a_head_may_be_written_as_people_copy_it(home: Path) -> None:
    assert ask(home, f"  {head_of(home).upper()}\n")[0] is ExitCode.SUCCESS


def test_a_copy_without_the_journal_is_proven_by_the_head_alone(home: Path, tmp_path: Path) -> None:
    """What an auditor gets: the folders, the manifest, and a head on paper."""
    copy = tmp_path / "copy"
    shutil.copytree(home / "Acme", copy / "Acme")
    manifest_path(copy).parent.mkdir(parents=True)
    shutil.copy(manifest_path(home), manifest_path(copy))
    assert ask(copy, head_of(home))[0] is ExitCode.SUCCESS
    code, heard = ask(copy)
    assert code is ExitCode.SOME_FAILED
    assert "The journal cannot be compared with: There is no journal at" in heard.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_folder_without_a_manifest_exits_2(tmp_path: Path, as_json: bool) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        code, heard = ask(folder, as_json=as_json)
        assert code is ExitCode.UNUSABLE
        assert "There is no manifest at" in heard.err
        assert not as_json or json.loads(heard.out)["run"] == {"exit_code": 2}
    assert list(tmp_path.iterdir()) == []


def test_json_is_one_document_with_the_differences(home: Path) -> None:
    (home / "Acme" / "PO1_COMPLETED" / "a.pdf").unlink()
    code, heard = ask(home, as_json=True)
    assert code is ExitCode.SOME_FAILED
    found = json.loads(heard.out)["verification"]
    assert (found["lines"], found["orders"], found["files"]) == (3, 3, 5)
    assert found["differences"] == ["file Acme/PO1_COMPLETED/a.pdf is missing (order PO1)"]
    assert found["head"] == head_of(home)


def test_of_an_order_that_was_fetched_again_the_last_files_count(home: Path) -> None:
    with FolderJournal(home) as folder_journal:
        bring_home(folder_journal, 2, TaskStatus.PARTIAL, b"%PDF-1.7 another quote")
    code, heard = ask(home)
    assert (code, heard.err) == (ExitCode.SUCCESS, "")
    assert "5 lines, 3 orders with files, 6 files" in heard.out


def test_while_a_run_works_there_what_it_adds_is_no_difference(home: Path) -> None:
    with FolderJournal(home) as folder_journal:
        bring_home(folder_journal, 1, content=b"%PDF-1.7 newer")
        assert ask(home)[0] is ExitCode.SUCCESS


def test_lines_behind_a_noted_head_are_told_also_while_a_run_works_there(home: Path) -> None:
    """Nothing says that it was that run which added them."""
    with FolderJournal(home) as folder_journal:
        old = folder_journal.journal.head
        bring_home(folder_journal, 1, content=b"%PDF-1.7 newer")
        for head, says in ((old, "lines follow the one that was noted. A run is at work"), ("0" * 63, "changed or")):
            code, heard = ask(home, head)
            assert code is ExitCode.SOME_FAILED
            assert says in heard.err
            assert len(heard.err.splitlines()) == 1
    code, heard = ask(home, old)
    assert code is ExitCode.SOME_FAILED
    assert "lines follow the one that was noted" in heard.err
    assert "at work" not in heard.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(home: Path) -> None:
    folder = home / "Acme" / "PO1_COMPLETED"
    folder.chmod(0)
    try:
        code, heard = ask(home)
    finally:
        folder.chmod(0o700)
    assert code is ExitCode.SOME_FAILED
    assert "cannot be read" in heard.err


def test_verifying_touches_nothing(home: Path) -> None:
    def everything() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}

    before = everything()
    ask(home)
    assert {path: time for path, time in everything().items() if not path.name.endswith(("-wal", "-shm"))} == before


def test_control_characters_in_names_do_not_reach_the_terminal(home: Path) -> None:
    (home / "Acme" / "PO1_COMPLETED" / "\x1b]0;owned\x07.pdf").write_bytes(PDF)
    heard = ask(home)[1]
    assert "\x1b" not in heard.err
    assert "owned" in heard.err


def test_sha256sum_agrees_with_the_manifest(home: Path) -> None:
    """No program of ours is needed to check the files."""
    lines = [json.loads(line) for line in manifest_path(home).read_text().splitlines()]
    listed = "".join(f"{file['sha256']}  {line['folder']}/{file['name']}\n" for line in lines for file in line["files"])
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("this machine has no sha256sum")
    words = [program, "--check", "--strict", "--quiet"]
    assert subprocess.run(words, input=listed, cwd=home, text=True, check=False).returncode == 0
