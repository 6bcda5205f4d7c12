"""Real stub processes in groups of their own, standing in for a driver and its browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import attrs
import pytest

from actors.processes import groups
from actors.processes.ledger import ProcessLedger
from contracts.ports import Owner

# A leader with one child in its group and, when asked, one grandchild that left the group as crash handlers do.
_LEADER = """
import os, signal, subprocess, sys
idle = [sys.executable, "-S", "-c", "import signal; print(flush=True); signal.pause()", sys.argv[1]]
mine = subprocess.Popen(idle, stdout=subprocess.PIPE)
mine.stdout.readline()
left = subprocess.Popen(idle, stdout=subprocess.PIPE, start_new_session=True) if "stray" in sys.argv else None
if left:
    left.stdout.readline()
print(mine.pid, left.pid if left else 0, flush=True)
signal.pause()
"""


@attrs.define(eq=False)
class Crew:
    """A stub group: its leader, its child, and the one that left."""

    leader: subprocess.Popen[bytes]
    child: int
    stray: int


StartCrew = Callable[..., Crew]


@pytest.fixture
def start_crew() -> Iterator[StartCrew]:
    """Start stub groups; end what is left of them afterwards."""
    started: list[Crew] = []

    def start(folder: Path, nonce: str, *, stray: bool = False) -> Crew:
        leader = subprocess.Popen(
            [sys.executable, "-S", "-c", _LEADER, str(folder), *(["stray"] if stray else [])],
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, groups.NONCE_VARIABLE: nonce},
        )
        assert leader.stdout is not None
        child, left = leader.stdout.readline().split()
        leader.stdout.close()
        crew = Crew(leader, int(child), int(left))
        started.append(crew)
        return crew

    yield start
    for crew in started:
        groups.kill_group(crew.leader.pid)
        crew.leader.wait()
        if (
            crew.stray
            and (seen := groups.look(crew.stray)) is not None
            and groups.mentions(crew.stray, str(cast("list[str]", crew.leader.args)[4]))
        ):
            os.kill(seen.pid, signal.SIGKILL)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ProcessLedger]:
    """An open ledger without a watchdog."""
    with ProcessLedger(tmp_path / "state", watchdog=False) as opened:
        yield opened


@pytest.fixture
def owner() -> Owner:
    """One worker's first generation."""
    return Owner("w1", 1)
