"""Where `groups` gets its answers on macOS and Windows: psutil.

Windows has no process groups of this kind. There a group is the recorded process and all that descend from it.
"""

from __future__ import annotations

import os
import signal

import psutil

_GONE = (psutil.Error, OSError)


def pids() -> list[int]:
    """Ids of all processes."""
    return psutil.pids()


def boot_id() -> str:
    """The time of this boot, to ten seconds, since the reading drifts a little."""
    return str(round(psutil.boot_time(), -1))


def _group(process: psutil.Process) -> int:
    if hasattr(os, "getpgid"):
        return os.getpgid(process.pid)
    chain = [process, *process.parents()]
    # The driver is our child; the group is named after the ancestor just below the program that started it.
    ours = [one.pid for one in chain if one.name().lower().startswith(("chromedriver", "msedgedriver"))]
    return ours[0] if ours else process.pid


def stat(pid: int) -> tuple[int, int, int, bool] | None:
    """Id, group, start time in milliseconds, and whether it is alive; None when there is none."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            living = process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
            return pid, _group(process), int(process.create_time() * 1000), living
    except _GONE:
        return None


def environment(pid: int) -> list[bytes]:
    """The environment a process was started with; empty when it may not be read."""
    try:
        return [f"{name}={value}".encode() for name, value in psutil.Process(pid).environ().items()]
    except _GONE:
        return []


def command_line(pid: int) -> list[bytes]:
    """Its arguments; empty when they may not be read."""
    try:
        return [os.fsencode(argument) for argument in psutil.Process(pid).cmdline()]
    except _GONE:
        return []


def group_exists(group: int) -> bool:
    """Always true: only the list of processes can tell here."""
    return group > 1


def kill_group(group: int) -> None:
    """Kill every process of the group."""
    if group <= 1:
        return
    for pid in pids():
        seen = stat(pid)
        if seen is not None and seen[1] == group:
            try:
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            except OSError:
                continue
