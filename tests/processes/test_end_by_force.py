"""Two signals end a program, whatever holds it up, and what it had started is cleared away."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.processes import groups

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and process groups as Linux has them")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

# A program with a ledger and a recorded group, which then calls into a library that keeps the interpreter's lock.
_PROGRAM = """
import ctypes, os, signal, subprocess, sys
from pathlib import Path
from actors.cli.batch import StopSignals
from actors.processes.ledger import ProcessLedger
from actors.processes.stop_pipe import Bounds
from contracts.config import Timeouts
from contracts.ports import Owner
with StopSignals() as signals:
    signals.bound(Timeouts())
    signals._pipe.bounds = Bounds(float(sys.argv[2]), float(sys.argv[3]))
    ledger = ProcessLedger(Path(sys.argv[1]))
    ledger.open()
    folder, owner = ledger.root / "w1-1", Owner("w1", 1)
    folder.mkdir()
    ledger.announce(owner, folder, "n" * 16)
    env = {**os.environ, "PURSER_NONCE": "n" * 16}
    idle = [sys.executable, "-S", "-c", "import signal; print(flush=True); signal.pause()", str(folder)]
    driver = subprocess.Popen(idle, start_new_session=True, env=env, stdout=subprocess.PIPE)
    driver.stdout.readline()
    ledger.record(owner, driver.pid, folder, "n" * 16, driver)
    print(driver.pid, ledger.root, flush=True)
    if sys.argv[4] == "locked":
        # It keeps the interpreter's lock: the state under test is that no Python thread runs, and the test ends it.
        ctypes.PyDLL(None).sleep(600)
    sys.stdin.readline()
    signals.note_end()
    sys.stdin.readline()
    ledger.close()
"""


def start(state: Path, first: float, second: float, kind: str) -> tuple[subprocess.Popen[bytes], int, Path]:
    program = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(state), str(first), str(second), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=ROOT,
        bufsize=0,
    )
    assert program.stdout is not None
    pid, root = program.stdout.readline().split()
    return program, int(pid), Path(root.decode())


def end(program: subprocess.Popen[bytes]) -> int:
    try:
        return program.wait(PATIENCE)
    finally:
        program.kill()
        program.communicate()


def wait_gone(pid: int, folder: Path) -> None:
    """Wait until the watchdog has cleared away."""
    deadline = 600
    while (groups.look(pid) is not None or folder.exists()) and deadline:
        deadline -= 1
        select.select([], [], [], 0.1)
    assert groups.look(pid) is None
    assert not folder.exists()


@pytest.mark.parametrize("bounds", [(600.0, 0.2), (0.2, 600.0)], ids=["two signals", "one signal and a long wait"])
def test_a_program_that_cannot_even_see_the_signals_is_ended(tmp_path: Path, bounds: tuple[float, float]) -> None:
    program, driver, root = start(tmp_path, *bounds, "locked")
    for _ in range(2 if bounds[1] < bounds[0] else 1):
        program.send_signal(signal.SIGINT)
        select.select([], [], [], 0.3)  # two that come at once may count as one
    assert end(program) == -signal.SIGKILL
    wait_gone(driver, root)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_that_ask_to_stop_count_as_well(tmp_path: Path, number: signal.Signals) -> None:
    program, driver, root = start(tmp_path, 0.2, 0.2, "locked")
    program.send_signal(number)
    assert end(program) == -signal.SIGKILL
    wait_gone(driver, root)


def test_a_program_that_comes_to_its_end_is_let_be(tmp_path: Path) -> None:
    """It may take longer than the bound to write down what came of its run."""
    program, driver, root = start(tmp_path, 600, 1.0, "free")
    assert program.stdin is not None
    for _ in range(2):
        program.send_signal(signal.SIGINT)
        select.select([], [], [], 0.1)
    program.stdin.write(b"\n")  # it is at its end
    select.select([], [], [], 1.5)
    program.stdin.write(b"\n")
    assert end(program) == 0
    wait_gone(driver, root)


def test_a_program_that_was_not_asked_to_stop_is_let_be(tmp_path: Path) -> None:
    program, driver, root = start(tmp_path, 0.1, 0.1, "free")
    assert program.stdin is not None
    os.kill(program.pid, signal.SIGWINCH)
    select.select([], [], [], 0.5)
    program.stdin.write(b"\n\n")
    assert end(program) == 0
    wait_gone(driver, root)
