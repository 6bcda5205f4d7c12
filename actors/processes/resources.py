"""What the machine has and how busy it is: for reports, for the status display and for choosing a crew's size."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import attrs
import psutil

from actors.processes import cgroups, measure

_CLOCKS_DIFFER = 2.0
"""Seconds by which the times of processes and files may differ on one machine."""


@attrs.frozen(kw_only=True)
class Machine:
    """What a crew may count on.

    Args:
        cores: Processor cores this program may use, at least 1.
        memory: Bytes of memory: the machine's, or the control group's limit if that is smaller.
        available: Bytes of it that are free to use now.
    """

    cores: int
    memory: int
    available: int


@attrs.frozen(kw_only=True)
class Usage:
    """How busy the machine is.

    Args:
        cpu_percent: Load of the machine's processors as a mean over a minute, 0 to 100.
        memory_percent: Memory in use, 0 to 100, of the smaller of machine and control group.
        memory_limit: Bytes in all.
        disk_free: Free bytes for each folder that was asked for; -1 where it cannot be told.
        own_memory: Bytes that belong to this program's own process alone.
    """

    cpu_percent: float
    memory_percent: float
    memory_limit: int
    disk_free: dict[Path, int]
    own_memory: int


def machine() -> Machine:
    """Read what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or 1
    allowed = cgroups.processor_limit()
    if allowed is not None:
        cores = min(cores, max(int(allowed), 1))
    memory = measure.machine_memory()
    return Machine(cores=max(cores, 1), memory=memory.limit, available=max(memory.limit - memory.used, 0))


def processor_load() -> float:
    """Return the load of the machine's processors as a mean over the last minute, 0 to 100.

    Whoever asks sees the same, since nothing is measured from one question to the next.
    """
    waiting, _, _ = psutil.getloadavg()
    return max(0.0, min(100.0, 100.0 * waiting / (psutil.cpu_count() or 1)))


def own_processor_seconds() -> float:
    """Return the seconds of processor time that this process has taken since it began."""
    return time.process_time()


def usage(*folders: Path) -> Usage:
    """Read how busy the machine is, and how much is free where each of `folders` lies."""
    memory = measure.machine_memory()
    return Usage(
        cpu_percent=processor_load(),
        memory_percent=memory.fraction * 100,
        memory_limit=memory.limit,
        disk_free={folder: _free(folder) for folder in folders},
        own_memory=measure.own_memory(os.getpid()),
    )


def ran_at(pid: int, when: float) -> bool:
    """Whether the process with this id is alive, and was at that time (seconds since the epoch) already.

    One that began later has only inherited the number.
    """
    try:
        process = psutil.Process(pid)
        return process.create_time() <= when + _CLOCKS_DIFFER and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _free(folder: Path) -> int:
    # A download folder that does not exist yet lies on its nearest existing parent's volume.
    try:
        there = next((place for place in (folder, *folder.absolute().parents) if _is_there(place)), None)
        return shutil.disk_usage(there).free if there is not None else -1
    except OSError:
        return -1


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # it may not be looked at, or no folder can have its name
        return False
