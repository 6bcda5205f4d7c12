"""What a start does first: end the processes and delete the folders that dead runs left behind.

It goes by the run files alone. A file whose run still lives, or that it cannot understand, is left as it is.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import attrs

from actors.processes.leftovers import end_run
from actors.processes.records import read_run
from actors.processes.runfile import is_live, lock, runs_folder

log = logging.getLogger("purser.processes")


@attrs.frozen(kw_only=True)
class Reaped:
    """What dead runs had left and what became of it.

    Args:
        runs: Dead runs that were cleaned up after.
        processes: Processes that were killed.
        folders: Temporary folders that were deleted.
        left: Files of dead runs that could not be cleaned up after wholly; the next start tries again.
    """

    runs: int = 0
    processes: int = 0
    folders: int = 0
    left: tuple[Path, ...] = ()


def reap(state_dir: Path, wait: Callable[[float], object] | None = None) -> Reaped:
    """Clean up after dead runs.

    Args:
        state_dir: The user's state folder.
        wait: Waits the given seconds between two looks at the processes.

    Returns:
        What was removed.
    """
    reaped = Reaped()
    folder = runs_folder(state_dir)
    if not folder.is_dir():
        return reaped
    for path in sorted(folder.glob("*.jsonl")):
        try:
            reaped = _reap_one(path, reaped, wait or threading.Event().wait)
        except OSError as error:
            log.warning("The run file %s cannot be read: %s.", path, error)
            reaped = attrs.evolve(reaped, left=(*reaped.left, path))
    return reaped


def _reap_one(path: Path, reaped: Reaped, wait: Callable[[float], object]) -> Reaped:
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        # Its own watchdog, or another start, was faster.
        return reaped
    with file:
        # Held while cleaning up, so that two starts at once do not work on the same run.
        if not lock(file):
            return reaped
        run = read_run(file)
        if run.header is None:
            log.warning("%s is not a run file of this program and is left alone.", path)
            return reaped
        if is_live(run.header):
            return reaped
        ended = end_run(run, wait)
        if not ended.complete:
            log.warning("What a killed run left could not all be removed; see %s.", path)
            return attrs.evolve(reaped, left=(*reaped.left, path))
        path.unlink(missing_ok=True)
    return attrs.evolve(
        reaped,
        runs=reaped.runs + 1,
        processes=reaped.processes + ended.processes,
        folders=reaped.folders + ended.folders,
    )
