"""What is ours and alive on this machine, by the run files alone. It looks and touches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from actors.processes import groups, leftovers
from actors.processes.records import RunHeader, is_run_folder, read_run
from actors.processes.runfile import is_live, runs_folder


class RunOnMachine(NamedTuple):
    """A run that has left its file.

    Args:
        program: Process id of the program.
        is_live: Whether that program runs.
        processes: Process ids of its browsers and drivers that are alive.
        folder: Its temporary folder, or empty when that is gone.
    """

    program: int
    is_live: bool
    processes: tuple[int, ...]
    folder: str


def runs_on_machine(state_dir: Path) -> tuple[RunOnMachine, ...]:
    """Return every run that has something here.

    Args:
        state_dir: The user's state folder.

    Raises:
        OSError: A run's file cannot be read.
    """
    found = []
    for path in sorted(runs_folder(state_dir).glob("*.jsonl")):
        try:
            with path.open("rb") as file:
                run = read_run(file)
        except FileNotFoundError:
            continue  # that run has ended meanwhile
        if run.header is None:
            continue
        records = tuple(run.groups.values())
        pids: set[int] = set()
        if run.header.boot == groups.boot_id():
            pids = {one.pid for record in records for one in leftovers.owned_members(record)}
            pids |= {one.pid for one in leftovers.strays(records)}
        found.append(RunOnMachine(run.header.pid, is_live(run.header), tuple(sorted(pids)), _folder(run.header)))
    return tuple(found)


def _folder(header: RunHeader) -> str:
    return header.root if is_run_folder(Path(header.root), header.run) else ""
