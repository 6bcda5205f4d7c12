"""Ending what a dead run left behind, by the watchdog at once or by the next start's reaper.

A group is ours if one of its living members is the recorded process itself, or carries our nonce or our folder in
its command line. A process outside the groups is ours if it carries our nonce and our folder. Nothing else is ever
touched. Only the standard library is used.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from actors.processes import groups
from actors.processes.records import GroupRecord, RunRecord, is_run_folder

_ROUND = 0.01
_ROUNDS = 500


class Ended(NamedTuple):
    """What was removed: groups and processes that were signalled, folders deleted, and whether all of it is gone."""

    groups: int
    processes: int
    folders: int
    complete: bool


def owned_members(record: GroupRecord, machine: tuple[groups.Process, ...] | None = None) -> tuple[groups.Process, ...]:
    """Living members of a recorded group; empty when the group's number belongs to somebody else by now.

    Args:
        record: The group.
        machine: The living processes, when the caller has just looked.
    """
    if not record.pid:
        return ()
    if machine is None:
        found = groups.members(record.pid)
    else:
        found = tuple(process for process in machine if process.group == record.pid)
    proven = any(
        (member.pid == record.pid and member.start == record.start) or groups.mentions(member.pid, record.folder)
        for member in found
    )
    if proven or not found:
        return found
    holders = {process.pid for process in groups.holders((record.nonce,))}
    return found if any(member.pid in holders for member in found) else ()


def strays(records: tuple[GroupRecord, ...]) -> tuple[groups.Process, ...]:
    """Living processes that carry the nonce of one of these groups and its folder: what left the group, too."""
    found = groups.holders(record.nonce for record in records)
    folders = [record.folder for record in records]
    return tuple(one for one in found if any(_carries(one, folder) for folder in folders))


def _carries(process: groups.Process, folder: str) -> bool:
    return groups.mentions(process.pid, folder) or groups.in_environment(process.pid, folder)


def end_run(run: RunRecord, wait: Callable[[float], object]) -> Ended:
    """Kill what a dead run left and delete its folder.

    Args:
        run: The run's record.
        wait: Waits the given seconds.
    """
    header = run.header
    if header is None:
        return Ended(0, 0, 0, complete=False)
    records = tuple(run.groups.values())
    ended = killed = 0
    complete = True
    # After a reboot none of its processes can be alive, and its numbers belong to others.
    if records and header.boot == groups.boot_id():
        ended, killed, complete = _kill(records, wait)
    folders = 0
    root = Path(header.root)
    if is_run_folder(root, header.run):
        delete_tree(root, wait)
        folders = 1
        complete = complete and not root.exists()
    return Ended(ended, killed, folders, complete)


def _kill(records: tuple[GroupRecord, ...], wait: Callable[[float], object]) -> tuple[int, int, bool]:
    signalled: set[int] = set()
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        machine = groups.living()
        left = 0
        for record in records:
            found = owned_members(record, machine)
            if found:
                signalled.add(record.pid)
                killed.update(process.pid for process in found)
                groups.kill_group(record.pid)
            left += len(found)
        for process in strays(records):
            killed.add(process.pid)
            groups.kill_process(process)
            left += 1
        if not left:
            return len(signalled), len(killed), True
        wait(_ROUND)
    return len(signalled), len(killed), False


def delete_tree(folder: Path, wait: Callable[[float], object], rounds: int = 50) -> bool:
    """Delete a folder with all in it; say whether it is gone.

    A process that was killed a moment ago may still be writing its last file, so this is tried for a while.
    """
    for _ in range(rounds):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            return True
        wait(_ROUND)
    return False
