"""`purser doctor --leaks`: what of ours is alive on this machine, by the run files alone, and nothing is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.cli.leaks import tell_leaks
from actors.cli.summary import ExitCode
from actors.processes import groups
from actors.processes.leaks import runs_on_machine
from actors.processes.reaper import reap
from actors.processes.runfile import runs_folder
from tests.cli import fakes
from tests.processes.test_watchdog import run_program, until_gone


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def crew(state: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A program without a watchdog that has a driver and a stray; all of it is gone afterwards."""
    program, told = run_program(state, "no watchdog")
    yield program, told
    program.kill()
    program.wait()
    reap(state)
    until_gone(told["driver"], told["stray"])


def told() -> tuple[ExitCode, str]:
    """Ask for leaks."""
    heard = fakes.Heard()
    return tell_leaks(heard.output), heard.out + heard.err


def test_where_nothing_ever_ran_nothing_is_told_and_nothing_made(state: Path) -> None:
    code, said = told()
    assert code is ExitCode.SUCCESS
    assert "Nothing of ours is alive" in said
    assert not state.exists()


def test_a_live_run_is_told_with_its_processes_and_is_no_leak(state: Path, crew: Any) -> None:
    program, here = crew
    code, said = told()
    assert code is ExitCode.SUCCESS
    assert f"run of process {program.pid} (at work): 2 processes" in said
    assert {str(here["driver"]), str(here["stray"])} <= set(
        said.replace(",", " ").replace("]", " ").replace("[", " ").split()
    )
    assert here["root"] in said


def test_what_a_dead_run_left_is_a_leak_and_stays_until_the_next_start(state: Path, crew: Any) -> None:
    program, here = crew
    program.kill()
    program.wait()
    for _ in range(2):
        code, said = told()
        assert code is ExitCode.SOME_FAILED
        assert f"run of process {program.pid} (dead): 2 processes" in said
        assert "removed when the next run starts" in said
        assert Path(str(here["root"])).is_dir()
        assert all(groups.look(here[name]) is not None for name in ("driver", "stray"))
    reap(state)
    until_gone(here["driver"], here["stray"])
    assert told()[0] is ExitCode.SUCCESS


def test_processes_of_others_with_a_recorded_number_are_not_told_as_ours(state: Path, crew: Any) -> None:
    """After its own processes have ended, their numbers may be anybody's."""
    program, here = crew
    for name in ("driver", "stray"):
        os.kill(here[name], signal.SIGKILL)
    program.kill()
    program.wait()
    until_gone(here["driver"], here["stray"])
    innocent = subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"], start_new_session=True)
    try:
        (file,) = runs_folder(state).glob("*.jsonl")
        before = file.read_text()
        file.write_text(before.replace(str(here["driver"]), str(innocent.pid)))
        assert file.read_text() != before
        (run,) = runs_on_machine(state)
        assert run.processes == ()
        reap(state)
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_a_foreign_file_and_one_that_vanishes_meanwhile_are_passed_over(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_folder(state).mkdir(parents=True)
    (runs_folder(state) / "foreign.jsonl").write_text("no run\n")
    glob = Path.glob
    monkeypatch.setattr(Path, "glob", lambda path, text: [*glob(path, text), path / "gone.jsonl"])
    assert told()[0] is ExitCode.SUCCESS


def test_a_state_folder_that_is_none_is_said_plainly(state: Path) -> None:
    runs_folder(state).mkdir(parents=True)
    (runs_folder(state) / "x.jsonl").mkdir()
    code, said = told()
    assert code is ExitCode.UNUSABLE
    assert "cannot be read" in said
