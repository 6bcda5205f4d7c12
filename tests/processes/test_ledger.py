"""The ledger kills what it recorded, proves it gone, and touches nothing else."""

from __future__ import annotations

import os
import secrets
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from actors.browser.local_host import HostLedger
from actors.processes import groups, records
from actors.processes.ledger import ProcessLedger
from contracts.errors import BrowserDiedError, MachineError
from contracts.ports import CountsProcessorTime, Owner
from tests.processes.conftest import Crew, StartCrew


def record(ledger: ProcessLedger, owner: Owner, start_crew: StartCrew, *, stray: bool = False) -> Crew:
    folder, nonce = ledger.root / owner.worker, secrets.token_hex(8)
    ledger.announce(owner, folder, nonce)
    crew = start_crew(folder, nonce, stray=stray)
    ledger.record(owner, crew.leader.pid, folder, nonce, crew.leader)
    return crew


def wait_for_zombie(pid: int) -> None:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_ledger_is_what_a_local_browser_host_stands_on(ledger: ProcessLedger) -> None:
    table: HostLedger = ledger
    assert table.live_owners() == ()


def test_kill_ends_the_whole_group_and_what_left_it(ledger: ProcessLedger, owner: Owner, start_crew: StartCrew) -> None:
    crew = record(ledger, owner, start_crew, stray=True)
    assert ledger.live_owners() == (owner,)
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    assert groups.members(crew.leader.pid) == ()
    assert not any(process.pid == crew.stray for process in groups.living())
    assert ledger.live_owners() == ()
    ledger.forget(owner)
    assert crew.leader.returncode == -signal.SIGKILL


def test_a_group_whose_leader_died_is_still_killed(ledger: ProcessLedger, owner: Owner, start_crew: StartCrew) -> None:
    crew = record(ledger, owner, start_crew)
    crew.leader.kill()
    crew.leader.wait()
    assert not ledger.is_alive(owner)
    assert ledger.live_owners() == (owner,)
    assert not ledger.wait_gone(owner, 0)
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    assert groups.members(crew.leader.pid) == ()


def test_a_zombie_leader_counts_as_gone_and_is_reaped(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    crew = record(ledger, owner, start_crew)
    os.killpg(crew.leader.pid, signal.SIGKILL)
    wait_for_zombie(crew.leader.pid)
    assert groups.look(crew.leader.pid) is not None
    assert not ledger.is_alive(owner)
    assert ledger.wait_gone(owner, 10)
    ledger.forget(owner)
    assert groups.look(crew.leader.pid) is None


def test_a_group_of_somebody_else_with_the_recorded_number_is_left_alone(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew, tmp_path: Path
) -> None:
    """The number was given away: start time, folder and nonce all differ."""
    foreign = start_crew(tmp_path / "elsewhere", "foreign")
    ours = record(ledger, owner, start_crew)
    entry = ledger._entries[owner]
    entry.record = entry.record._replace(pid=foreign.leader.pid)
    ledger.kill(owner)
    assert groups.is_running(foreign.leader.pid, groups.look(foreign.leader.pid).start)  # type: ignore[union-attr] # alive
    entry.record = entry.record._replace(pid=ours.leader.pid)


def test_a_group_that_lives_is_not_forgotten(ledger: ProcessLedger, owner: Owner, start_crew: StartCrew) -> None:
    record(ledger, owner, start_crew)
    ledger.forget(owner)
    assert ledger.live_owners() == (owner,)


def test_a_kill_between_announcing_and_recording_is_not_lost(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    folder = ledger.root / "w1"
    ledger.announce(owner, folder, "n1")
    ledger.kill(owner)
    crew = start_crew(folder, "n1")
    with pytest.raises(BrowserDiedError):
        ledger.record(owner, crew.leader.pid, folder, "n1", crew.leader)
    assert groups.members(crew.leader.pid) == ()


def test_a_start_that_was_given_up_cannot_be_recorded_under_its_successor(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    folder = ledger.root / "w1"
    ledger.announce(owner, folder, "old")
    ledger.forget(owner)
    ledger.announce(owner, folder, "new")
    crew = start_crew(folder, "old")
    with pytest.raises(BrowserDiedError):
        ledger.record(owner, crew.leader.pid, folder, "old", crew.leader)
    assert groups.members(crew.leader.pid) == ()


def test_an_owner_has_one_browser_at_a_time(ledger: ProcessLedger, owner: Owner) -> None:
    ledger.announce(owner, ledger.root / "w1", "a")
    with pytest.raises(BrowserDiedError, match="next generation"):
        ledger.announce(owner, ledger.root / "w1", "b")


def test_a_dead_browser_is_noticed_while_its_driver_lives(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    crew = record(ledger, owner, start_crew)
    ledger.note_browser(owner, crew.child)
    assert ledger.is_alive(owner)
    os.kill(crew.child, signal.SIGKILL)
    deadline = threading.Event()
    while any(process.pid == crew.child for process in groups.living()):
        deadline.wait(0.005)
    assert not ledger.is_alive(owner)


def test_waiting_for_a_living_group_ends_with_the_time_it_was_given(
    tmp_path: Path, owner: Owner, start_crew: StartCrew
) -> None:
    now = [0.0]
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    with ProcessLedger(tmp_path / "state", watchdog=False, monotonic=lambda: now[0], wait=wait) as ledger:
        record(ledger, owner, start_crew)
        assert not ledger.wait_gone(owner, 0.02)
        assert sum(waits) == pytest.approx(0.02)


def test_memory_is_that_of_the_group_and_nothing_once_it_is_gone(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    record(ledger, owner, start_crew)
    assert ledger.memory(owner) > 2**20
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    assert ledger.memory(owner) == 0
    assert ledger.memory(Owner("nobody", 1)) == 0


def test_closing_ends_every_group_and_removes_folder_and_file(
    tmp_path: Path, owner: Owner, start_crew: StartCrew
) -> None:
    with ProcessLedger(tmp_path / "state", watchdog=False) as ledger:
        crew = record(ledger, owner, start_crew)
        assert stat.S_IMODE(ledger.root.stat().st_mode) == 0o700
        (ledger.root / "w1").mkdir()
    assert groups.members(crew.leader.pid) == ()
    assert not ledger.root.exists()
    assert list((tmp_path / "state" / "runs").iterdir()) == []
    with pytest.raises(BrowserDiedError, match="ending"):
        ledger.announce(owner, ledger.root, "late")


def test_the_run_file_tells_what_lives(ledger: ProcessLedger, owner: Owner, start_crew: StartCrew) -> None:
    crew = record(ledger, owner, start_crew)
    (path,) = (ledger.root.parent / ledger._file.path).parent.glob("*.jsonl")
    run = records.read_run(path.read_bytes().splitlines())
    assert run.header is not None
    assert run.header.pid == os.getpid()
    assert [group.pid for group in run.groups.values()] == [crew.leader.pid]
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    ledger.forget(owner)
    assert records.read_run(path.read_bytes().splitlines()).groups == {}


def test_a_state_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(MachineError, match="XDG_STATE_HOME"):
        ProcessLedger(tmp_path / "state").open()


def test_eight_workers_are_recorded_and_killed_at_once(ledger: ProcessLedger, start_crew: StartCrew) -> None:
    crews = [record(ledger, Owner(f"w{number}", 1), start_crew) for number in range(8)]
    gone: list[bool] = []

    def end(owner: Owner) -> None:
        ledger.kill(owner)
        gone.append(ledger.wait_gone(owner, 20))
        ledger.forget(owner)

    threads = [threading.Thread(target=end, args=(owner,)) for owner in ledger.live_owners()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gone == [True] * 8
    assert all(groups.members(crew.leader.pid) == () for crew in crews)


def test_our_own_group_and_the_systems_are_never_signalled() -> None:
    """Were the guard missing, this would end the test run itself, so it is proved in a child."""
    code = "import os; from actors.processes import groups; groups.kill_group(os.getpgrp()); groups.kill_group(0)"
    done = subprocess.run([sys.executable, "-c", code], start_new_session=True, check=False)
    assert done.returncode == 0


def test_processor_time_is_that_of_the_recorded_processes_alone(
    ledger: ProcessLedger, owner: Owner, start_crew: StartCrew
) -> None:
    table: CountsProcessorTime = ledger
    assert isinstance(ledger, CountsProcessorTime)
    assert table.processor_seconds() == {}
    crew = record(ledger, owner, start_crew)
    told = table.processor_seconds()
    assert {int(name.partition("/")[0]) for name in told} == {crew.leader.pid, crew.child}
    assert all(seconds >= 0 for seconds in told.values())
    assert sum(told.values()) > 0, "to start an interpreter takes some"
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    assert table.processor_seconds() == {}
