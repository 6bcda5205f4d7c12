"""What a shell, a container or a full disk may do to the command: closed streams, no home, no folder, no room."""

from __future__ import annotations

import json
import os
import pty
import shlex
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.journal import JournalReader
from actors.session.folder_journal import journal_path
from tests.cli.stub_purser import ROOT

fcntl = pytest.importorskip("fcntl")
termios = pytest.importorskip("termios")

STUB = ROOT / "tests" / "cli" / "stub_purser.py"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return what a plain user has set, and `more`; what is empty there is not set at all."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    own = {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder), "PURSER_STATE_DIR": str(folder / "state")}
    return {name: value for name, value in {**kept, **own, **more}.items() if value}


def shell(line: str, folder: Path, *, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `$PURSER` is the command over stub browsers."""
    purser = shlex.join([sys.executable, str(STUB)])
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("$PURSER", purser)],
        cwd=cwd or folder, env=environment(folder, **more), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with a list of two orders."""
    (tmp_path / "o.csv").write_text("po_number,url\nPO1,http://127.0.0.1:9/PO1\nPO2,http://127.0.0.1:9/PO2\n")
    return tmp_path


def assert_whole(place: Path) -> None:
    """Look that results and journal are those of a finished run, and hold no stray words."""
    lines = (place / "download" / "results.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in lines[1:]] == [["PO1", "NO_ATTACHMENTS"], ["PO2", "NO_ATTACHMENTS"]]
    assert json.loads((place / "download" / "report.json").read_text())["run"]["exit_code"] == 0
    with JournalReader(journal_path(place / "download")) as journal:
        standing = journal.status()
    assert standing is not None
    assert (standing.succeeded, bool(standing.ended)) == (2, True)


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "--json <&- >&- 2>&-"])
def test_streams_that_the_shell_closed_change_nothing_about_the_run(place: Path, closed: str) -> None:
    done = shell(f"$PURSER run o.csv {closed}", place)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert_whole(place)


def test_with_closed_streams_the_exit_code_still_tells_what_is_wrong(place: Path) -> None:
    assert shell("$PURSER run none.csv >&- 2>&-", place).returncode == 2


@full
@pytest.mark.parametrize(
    ("more", "buffered"), [("", ""), ("--json", "1")], ids=["words, buffered", "a document, unbuffered"]
)
def test_words_that_find_no_room_are_no_success_and_the_results_are_whole(
    place: Path, more: str, buffered: str
) -> None:
    done = shell(f"$PURSER run o.csv {more} >/dev/full", place, PYTHONUNBUFFERED=buffered)
    assert done.returncode == 3
    assert done.stderr.count("error: The output could not be written: No space left on device.") == 1
    assert "Traceback" not in done.stderr
    assert_whole(place)


@full
@pytest.mark.parametrize("words", ["--version", "run --help", "doctor --leaks"])
def test_no_command_takes_a_full_disk_for_a_success(place: Path, words: str) -> None:
    done = shell(f"$PURSER {words} >/dev/full", place)
    assert done.returncode != 0
    assert "could not be written" in done.stderr
    assert "Traceback" not in done.stderr


@full
def test_an_exit_code_that_says_more_is_kept_when_words_find_no_room(place: Path) -> None:
    (place / "o.csv").write_text("po_number,url\nPO1,ftp://x\n")
    assert shell("$PURSER run o.csv >/dev/full", place).returncode == 1


@full
def test_a_full_disk_under_stderr_leaves_the_exit_code_alone(place: Path) -> None:
    assert shell("$PURSER run none.csv 2>/dev/full", place).returncode == 2


def test_a_reader_that_has_had_enough_ends_nothing(place: Path) -> None:
    done = shell("{ $PURSER run o.csv --json; echo $? >&2; } | head -1", place)
    assert done.stderr.rstrip().endswith("\n0")
    assert "Traceback" not in done.stderr
    assert_whole(place)


def one_sentence(done: subprocess.CompletedProcess[str], way_out: str) -> None:
    """Look that nothing was begun, and that one line says what to do."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(errors) == 1, done.stderr
    assert errors[0].startswith("error: ")
    assert way_out in errors[0]


NO_STATE = [
    ({"STUB_NAMELESS": "1", "PURSER_STATE_DIR": ""}, "no home"),
    ({"HOME": "/dev/null", "PURSER_STATE_DIR": ""}, "cannot be written"),
    ({"PURSER_STATE_DIR": "/dev/null/state"}, "cannot be written"),
    ({"PURSER_STATE_DIR": "/proc/state"}, "cannot be written"),
]


@pytest.mark.parametrize(("more", "what"), NO_STATE, ids=["nameless", "no home", "a file in the way", "a dead place"])
def test_without_a_place_for_its_state_the_command_names_the_way_out_and_leaves_nothing(
    place: Path, more: dict[str, Any], what: str
) -> None:
    mode = "--sequential" if "HOME" in more else ""
    done = shell(f"$PURSER run o.csv {mode}", place, **more)
    one_sentence(done, "PURSER_STATE_DIR=")
    assert what in done.stderr
    assert [path.name for path in place.iterdir()] == ["o.csv"]


def test_the_way_out_is_one_and_without_it_earlier_results_stay(place: Path) -> None:
    done = shell("$PURSER run o.csv", place, STUB_NAMELESS="1", PURSER_STATE_DIR=str(place / "elsewhere"))
    assert done.returncode == 0
    assert shell("$PURSER run o.csv", place, STUB_NAMELESS="1", PURSER_STATE_DIR="").returncode == 2
    assert_whole(place)


def test_the_doctor_finds_that_there_is_no_place_for_the_state(place: Path) -> None:
    done = shell("$PURSER doctor", place, STUB_NAMELESS="1", PURSER_STATE_DIR="")
    assert done.returncode == 2
    assert "missing  state folder: this user has no home folder" in done.stdout
    assert "PURSER_STATE_DIR=" in done.stdout


def test_leaks_cannot_be_looked_for_without_a_home(place: Path) -> None:
    one_sentence(shell("$PURSER doctor --leaks", place, STUB_NAMELESS="1", PURSER_STATE_DIR=""), "PURSER_STATE_DIR=")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_and_a_current_folder_that_are_read_only_are_told_before_anything_is_begun(place: Path) -> None:
    home = place / "home"
    home.mkdir(mode=0o500)
    one_sentence(shell("$PURSER run o.csv", place, HOME=str(home), PURSER_STATE_DIR=""), "PURSER_STATE_DIR=")
    one_sentence(shell(f"$PURSER run {place}/o.csv", place, cwd=home), "cannot be written")


def test_a_state_folder_whose_inside_belongs_to_somebody_else_is_none(place: Path) -> None:
    """As after a run by another user. A link to a place that takes no files stands for it: root may write the rest."""
    (place / "state").mkdir()
    (place / "state" / "runs").symlink_to("/proc")
    one_sentence(shell("$PURSER run o.csv", place), "PURSER_STATE_DIR=")


def test_a_current_folder_that_is_gone_is_told(place: Path) -> None:
    one_sentence(shell("mkdir gone; cd gone; rmdir ../gone; $PURSER run ../o.csv", place), "current folder")


def test_a_temporary_folder_that_is_not_there_costs_nothing(place: Path) -> None:
    assert shell("$PURSER run o.csv", place, TMPDIR="/nonexistent").returncode == 0


@pytest.mark.parametrize(
    "more",
    [{"LC_ALL": "C", "TERM": ""}, {"PYTHONIOENCODING": "ascii", "COLUMNS": "0"}],
    ids=["plain C", "ASCII, no width"],
)
def test_odd_surroundings_do_not_keep_a_run_from_its_end(place: Path, more: dict[str, Any]) -> None:
    (place / "o.csv").write_text("po_number,supplier,url\nPO1,M\u00fcller \u65e5\u672c,http://127.0.0.1:9/PO1\n,x,\n")
    done = shell("$PURSER run o.csv --download-dir d\u00fc", place, **more)
    assert done.returncode == 1
    assert "successful: 1" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_locale_that_cannot_name_every_file_is_told_with_the_way_out(place: Path) -> None:
    ascii_only: dict[str, Any] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    one_sentence(shell("$PURSER run o.csv", place, **ascii_only), "PYTHONUTF8=1")


@pytest.mark.parametrize("size", [(0, 0), (1, 1)], ids=str)
def test_a_terminal_of_any_size_shows_a_run_to_its_end(place: Path, size: tuple[int, int]) -> None:
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.chdir(place)
        os.execve(sys.executable, [sys.executable, str(STUB), "run", "o.csv"], environment(place, TERM="xterm"))  # noqa: S606 - fixed words
    said = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert b"successful: 2" in said
    assert_whole(place)
