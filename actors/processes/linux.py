"""Where `groups` gets its answers on Linux: /proc and killpg."""

from __future__ import annotations

import os
import signal
from pathlib import Path

_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


def pids() -> list[int]:
    """Ids of all processes, zombies included."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names, not 300 Path objects


def boot_id() -> str:
    """The kernel's random id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _read(pid: int, name: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:  # noqa: PTH123 - called for every process, Path costs double
            return file.read()
    except _GONE:
        return b""


def stat(pid: int) -> tuple[int, int, int, bool] | None:
    """Id, group, start time in clock ticks since boot, and whether it is alive; None when there is none."""
    # The command's name may hold spaces and brackets, so the fields are counted from the last bracket.
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return None
    return pid, int(fields[2]), int(fields[19]), fields[0] not in (b"Z", b"X", b"x")


def environment(pid: int) -> list[bytes]:
    """The environment a process was started with; empty for zombies and other users' processes."""
    return _read(pid, "environ").split(b"\0")


def command_line(pid: int) -> list[bytes]:
    """Its arguments; empty for zombies."""
    return _read(pid, "cmdline").split(b"\0")


def group_exists(group: int) -> bool:
    """Whether any process, zombies included, is in this group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def kill_group(group: int) -> None:
    """SIGKILL the group."""
    # Groups 0 and 1 would be our own and the system's.
    if group <= 1 or group == os.getpgrp():
        return
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
