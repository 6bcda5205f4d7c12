"""How much memory processes and the machine use, by measures that do not jump when a sibling dies, and their time."""

from __future__ import annotations

import sys

import psutil

from actors.processes import cgroups
from contracts.ports import MachineMemory

_KIB = 1024


def own_memory(pid: int) -> int:
    """Bytes that belong to this process alone; 0 when it is gone.

    On Linux this is the anonymous memory. The proportional share would double in a worker whose siblings end, and a
    threshold on it would then take down one worker after the other.
    """
    if sys.platform == "linux":
        return _field(f"/proc/{pid}/smaps_rollup", b"Anonymous:") or _field(f"/proc/{pid}/status", b"RssAnon:")
    else:  # noqa: RET505 - mypy takes what follows a platform check for unreachable
        try:
            return int(psutil.Process(pid).memory_full_info().uss)
        except psutil.Error:
            return 0


def _field(path: str, name: bytes) -> int:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a /proc path, read for every process of every worker
            line = next((line for line in file if line.startswith(name)), b"")
    except OSError:
        return 0
    return int(line.split()[1]) * _KIB if line else 0


def processor_seconds(pid: int) -> float:
    """Seconds of processor time that a process has taken since it began; 0 when it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def machine_memory() -> MachineMemory:
    """The machine's memory, or the control group's when its limit is smaller."""
    machine = psutil.virtual_memory()
    limit = cgroups.memory_limit()
    if limit is not None and limit.limit < machine.total:
        return MachineMemory(limit=limit.limit, used=limit.used)
    return MachineMemory(limit=machine.total, used=machine.total - machine.available)
