"""A program killed with -9 leaves neither processes nor folders, by the watchdog at once or by the next start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from actors.processes import groups, records
from actors.processes.ledger import ProcessLedger
from actors.processes.reaper import Reaped, reap
from actors.processes.runfile import lock, runs_folder
from contracts.ports import Owner
from tests.processes.conftest import StartCrew

ROOT = Path(__file__).resolve().parents[2]

# A program with a ledger, one recorded group and a stray; it says what there is and then waits to be killed.
_PROGRAM = """
import json, os, signal, subprocess, sys
from pathlib import Path
from actors.processes.ledger import ProcessLedger
from contracts.ports import Owner
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it runs in the background ignore it
ledger = ProcessLedger(Path(sys.argv[1]), watchdog=sys.argv[2] == "watchdog")
ledger.open()
folder, owner = ledger.root / "w1-1", Owner("w1", 1)
folder.mkdir()
(folder / "secret").write_text("a live login")
ledger.announce(owner, folder, "n" * 16)
env = {**os.environ, "PURSER_NONCE": "n" * 16, "TMPDIR": str(folder)}
idle = [sys.executable, "-S", "-c", "import signal; print(flush=True); signal.pause()"]
driver = subprocess.Popen([*idle, str(folder)], start_new_session=True, env=env, stdout=subprocess.PIPE)
driver.stdout.readline()
ledger.record(owner, driver.pid, folder, "n" * 16, driver)
stray = subprocess.Popen(idle, start_new_session=True, env=env, stdout=subprocess.PIPE)
stray.stdout.readline()
pipes = [os.readlink(f"/proc/{driver.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{driver.pid}/fd")]
told = os.readlink(f"/proc/{os.getpid()}/fd/{ledger._watchdog._process.stdin.fileno()}") if ledger._watchdog else ""
print(json.dumps({"driver": driver.pid, "stray": stray.pid, "watchdog": ledger.watchdog_pid,
                  "root": str(ledger.root), "leaked": told in pipes}), flush=True)
if "bye" in sys.argv:
    stray.kill(); stray.wait(); ledger.close()
else:
    signal.pause()
"""


def run_program(state: Path, *words: str) -> tuple[subprocess.Popen[bytes], dict[str, object]]:
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(state), *words],
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
    )
    assert program.stdout is not None
    told = json.loads(program.stdout.readline())
    program.stdout.close()
    return program, told


def until_gone(*pids: object) -> None:
    """Wait for processes that somebody else must end; what is left after that fails the test and is ended here."""
    waiter = threading.Event()
    for _ in range(1000):
        left = [process for process in groups.living() if process.pid in pids]
        if not left:
            return
        waiter.wait(0.01)
    for process in left:
        groups.kill_process(process)
    raise AssertionError(f"{len(left)} processes were not ended")


def test_the_watchdog_ends_what_a_killed_program_left(tmp_path: Path) -> None:
    program, told = run_program(tmp_path, "watchdog")
    assert told["leaked"] is False
    program.kill()
    program.wait()
    until_gone(told["driver"], told["stray"], told["watchdog"])
    assert not Path(str(told["root"])).exists()
    assert list(runs_folder(tmp_path).iterdir()) == []


def test_the_watchdog_survives_an_interrupt_of_the_programs_terminal(tmp_path: Path) -> None:
    """Ctrl-C goes to the whole foreground group; the watchdog must not be in it."""
    program, told = run_program(tmp_path, "watchdog")
    os.killpg(program.pid, signal.SIGINT)
    program.wait()
    until_gone(told["driver"], told["stray"], told["watchdog"])
    assert not Path(str(told["root"])).exists()


def test_a_program_that_says_goodbye_leaves_no_watchdog(tmp_path: Path) -> None:
    program, told = run_program(tmp_path, "watchdog", "bye")
    assert program.wait() == 0
    until_gone(told["driver"], told["watchdog"])
    assert list(runs_folder(tmp_path).iterdir()) == []


def test_the_next_start_ends_what_even_the_watchdog_missed(tmp_path: Path) -> None:
    program, told = run_program(tmp_path, "no watchdog")
    assert reap(tmp_path) == Reaped()
    program.kill()
    program.wait()
    assert Path(str(told["root"])).exists()
    assert reap(tmp_path) == Reaped(runs=1, processes=2, folders=1)
    until_gone(told["driver"], told["stray"])
    assert not Path(str(told["root"])).exists()
    assert reap(tmp_path) == Reaped()


def test_a_lost_watchdog_does_not_stop_the_ledger(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ProcessLedger(tmp_path) as ledger:
        pid = ledger.watchdog_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until_gone(pid)
        ledger.announce(Owner("w1", 1), ledger.root / "w1", "n")
        assert ledger.watchdog_pid is None
    assert "does not listen" in caplog.text
    assert not ledger.root.exists()


def dead_run(state: Path, root: Path, group: records.GroupRecord, boot: str | None = None) -> Path:
    runs_folder(state).mkdir(parents=True, exist_ok=True)
    path = runs_folder(state) / "dead.jsonl"
    # No process has the id 2**22 + 1: it is above what the kernel ever gives.
    header = records.RunHeader("dead", 2**22 + 1, 1, boot or groups.boot_id(), str(root), str(path))
    path.write_bytes(records.header_line(header) + records.group_line(group) + b'{"group": {"ow')
    return path


def test_the_reaper_leaves_a_foreign_group_with_a_recorded_number_alone(tmp_path: Path, start_crew: StartCrew) -> None:
    foreign = start_crew(tmp_path / "elsewhere", "foreign")
    group = records.GroupRecord("w1/1", str(tmp_path / "ours"), "nonce", foreign.leader.pid, 12345)
    dead_run(tmp_path, tmp_path / "purser-none", group)
    assert reap(tmp_path) == Reaped(runs=1)
    assert len(groups.members(foreign.leader.pid)) == 2


def test_nothing_is_signalled_after_the_machine_was_restarted(tmp_path: Path, start_crew: StartCrew) -> None:
    crew = start_crew(tmp_path / "ours", "nonce")
    seen = groups.look(crew.leader.pid)
    assert seen is not None
    group = records.GroupRecord("w1/1", str(tmp_path / "ours"), "nonce", seen.pid, seen.start)
    dead_run(tmp_path, tmp_path / "purser-none", group, boot="another boot")
    assert reap(tmp_path).processes == 0
    assert len(groups.members(crew.leader.pid)) == 2


@pytest.mark.parametrize("name", ["purser-documents", "holiday"])
def test_a_folder_that_is_not_the_runs_own_is_never_deleted(tmp_path: Path, name: str) -> None:
    precious = tmp_path / name
    precious.mkdir()
    (precious / "letter").write_text("dear")
    path = dead_run(tmp_path, precious, records.GroupRecord("w1/1", "/nowhere", "nonce"))
    assert reap(tmp_path) == Reaped(runs=1)
    assert (precious / "letter").read_text() == "dear"
    assert not path.exists()


def test_a_foreign_file_among_the_run_files_is_left_alone(tmp_path: Path) -> None:
    runs_folder(tmp_path).mkdir(parents=True)
    strange = runs_folder(tmp_path) / "notes.jsonl"
    strange.write_bytes(b'["not", "ours"]\n\xff\n{"run": 5}\n')
    assert reap(tmp_path) == Reaped()
    assert strange.exists()


def test_a_run_whose_file_is_locked_is_alive_even_if_its_process_cannot_be_seen(tmp_path: Path) -> None:
    """Two containers may share a state folder without seeing each other's processes."""
    path = dead_run(tmp_path, tmp_path / "purser-none", records.GroupRecord("w1/1", "/nowhere", "nonce"))
    with path.open("ab") as held:
        assert lock(held)
        assert reap(tmp_path) == Reaped()
        assert path.exists()
    assert reap(tmp_path) == Reaped(runs=1)
