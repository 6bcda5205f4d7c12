"""The demo's own view of the processes that the run has started, so that it need not believe the program."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil


class OwnProcesses:
    """The processes that descend from this one, remembered for as long as the demo runs.

    Args:
        scratch: Folder that every browser of the demo names in its command line.
        others: Process ids that are not the run's, such as the portal's.
    """

    def __init__(self, scratch: Path, others: Iterable[int]) -> None:
        self._scratch = str(scratch)
        self._others = frozenset(others)
        self._seen: set[psutil.Process] = set()

    def look(self) -> list[psutil.Process]:
        """Return the descendants as they are now, and remember them."""
        now = [process for process in psutil.Process().children(recursive=True) if process.pid not in self._others]
        self._seen.update(now)
        return now

    def browser_of(self, worker: str) -> psutil.Process | None:
        """Return the worker's browser: not its driver, and not one of the processes that the browser has of its own."""
        mark = f"{self._scratch}/"
        for process in self.look():
            words = _command_line(process)
            folders = [word for word in words if word.startswith("--user-data-dir=") and mark in word]
            if any(f"/{worker}." in word for word in folders) and not any(w.startswith("--type=") for w in words):
                return process
        return None

    def left(self, patience: float) -> list[psutil.Process]:
        """Return what still lives of everything remembered, and whatever else on this machine names the folder.

        Args:
            patience: Seconds that the last ones get to end by themselves.
        """
        known = self._seen | {p for p in psutil.process_iter() if any(self._scratch in w for w in _command_line(p))}
        known.discard(psutil.Process())
        alive = psutil.wait_procs(known, timeout=patience)[1]
        return [process for process in alive if lives(process)]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended, or is none of ours
        return []


def lives(process: psutil.Process) -> bool:
    """Whether it runs, or is stopped, and is not just waiting to be reaped."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
