"""Looking at process groups and signalling them, on whatever this machine offers.

Everything here asks the system afresh, so that a process id that was given away again is noticed. Only the standard
library is used on Linux, because the watchdog runs this too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterable
from typing import NamedTuple

if sys.platform == "linux":
    from actors.processes import linux as source
else:
    from actors.processes import psutil_source as source

NONCE_VARIABLE = "PURSER_NONCE"


class Process(NamedTuple):
    """One process as it was a moment ago. `start` and the boot id together tell it from any other with its id."""

    pid: int
    group: int
    start: int
    living: bool


def boot_id() -> str:
    """A text that changes with each start of the machine."""
    return source.boot_id()


def look(pid: int) -> Process | None:
    """Return the process with this id, zombies included, or None when there is none."""
    seen = source.stat(pid)
    return Process(*seen) if seen is not None else None


def living() -> tuple[Process, ...]:
    """Every process of the machine that is neither a zombie nor dead."""
    seen = (look(pid) for pid in source.pids())
    return tuple(process for process in seen if process is not None and process.living)


def members(group: int) -> tuple[Process, ...]:
    """Living processes of one group. Zombies do not count: a killed group may keep them for seconds."""
    if not source.group_exists(group):
        return ()
    return tuple(process for process in living() if process.group == group)


def is_running(pid: int, start: int) -> bool:
    """Whether the process with this id and start time is alive."""
    process = look(pid)
    return process is not None and process.living and process.start == start


def holders(nonces: Iterable[str]) -> tuple[Process, ...]:
    """Living processes whose environment holds one of these nonces."""
    entries = frozenset(f"{NONCE_VARIABLE}={nonce}".encode() for nonce in nonces)
    if not entries:
        return ()
    found = (pid for pid in source.pids() if not entries.isdisjoint(source.environment(pid)))
    processes = (look(pid) for pid in found)
    return tuple(process for process in processes if process is not None and process.living)


def mentions(pid: int, folder: str) -> bool:
    """Whether the command line of a process names a path at or below `folder`."""
    return any(_names(argument, os.fsencode(folder)) for argument in source.command_line(pid))


def _names(argument: bytes, folder: bytes) -> bool:
    before, found, after = argument.partition(folder)
    return bool(found) and after[:1] in (b"", b"/", b"\\", b" ", b",") and before[-1:] in (b"", b"=", b" ", b",", b'"')


def in_environment(pid: int, folder: str) -> bool:
    """Whether the environment of a process names a path at or below `folder`."""
    return any(_names(entry, os.fsencode(folder)) for entry in source.environment(pid))


def kill_group(group: int) -> None:
    """Send SIGKILL to a whole group. Nothing happens if it is gone."""
    source.kill_group(group)


def kill_process(process: Process) -> None:
    """Send SIGKILL to one process, unless its id has been given to another since it was looked at."""
    if is_running(process.pid, process.start):
        try:
            os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        except (ProcessLookupError, PermissionError):
            return


def ask_to_end(pid: int) -> None:
    """Send SIGTERM to one process. Nothing happens if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGTERM)
