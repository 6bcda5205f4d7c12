"""The way without /proc gives the same answers as the Linux one, as far as this machine can show."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from actors.processes import groups, linux, psutil_source
from tests.processes.conftest import StartCrew


def test_both_ways_see_the_same_process() -> None:
    pid = os.getpid()
    seen, known = psutil_source.stat(pid), linux.stat(pid)
    assert seen is not None
    assert known is not None
    assert (seen[0], seen[1], seen[3]) == (known[0], known[1], known[3])
    assert psutil_source.stat(pid) == seen
    assert psutil_source.boot_id() == psutil_source.boot_id()
    assert pid in psutil_source.pids()


def test_both_ways_see_a_nonce_and_a_folder(start_crew: StartCrew, tmp_path: Path) -> None:
    crew = start_crew(tmp_path, "a-nonce")
    assert f"{groups.NONCE_VARIABLE}=a-nonce".encode() in psutil_source.environment(crew.child)
    assert os.fsencode(tmp_path) in psutil_source.command_line(crew.child)
    assert psutil_source.stat(2**22 + 1) is None
    assert psutil_source.environment(2**22 + 1) == psutil_source.command_line(2**22 + 1) == []


def test_a_group_is_killed_without_killpg_too(start_crew: StartCrew, tmp_path: Path) -> None:
    crew, bystander = start_crew(tmp_path, "one"), start_crew(tmp_path, "two")
    psutil_source.kill_group(crew.leader.pid)
    assert crew.leader.wait() == -signal.SIGKILL
    assert len(groups.members(bystander.leader.pid)) == 2
