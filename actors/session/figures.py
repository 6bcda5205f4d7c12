"""The machine's figures for the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.filing.lock import FolderLock
from actors.monitor.actor import MemoryView
from actors.processes import resources as machine_resources
from actors.session.mode import MachineFigures

STEADY_SECONDS = 10.0
"""How long one reading of the machine holds for a recommendation."""


def machine() -> MachineFigures:
    """Read what the choice of a mode needs."""
    figures = machine_resources.machine()
    used = figures.memory - figures.available
    return MachineFigures(
        cores=figures.cores,
        memory_free_mb=figures.available / 2**20,
        memory_fraction=used / figures.memory if figures.memory else 0.0,
        cpu_percent=machine_resources.processor_load(),
    )


def memory() -> int:
    """Return the bytes of memory the machine has, or its control group if that has fewer."""
    return machine_resources.machine().memory


class SteadyMachine:
    """The machine's figures for whoever asks often: one reading holds for a while, so that the answers do not jump.

    Args:
        monotonic: The clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._last: tuple[float, Callable[[], MachineFigures], MachineFigures] | None = None

    def read(self, source: Callable[[], MachineFigures]) -> MachineFigures:
        """Return what `source` read last, or reads now when that was `STEADY_SECONDS` ago."""
        now, last = self._monotonic(), self._last
        if last is not None and last[1] is source and now - last[0] < STEADY_SECONDS:
            return last[2]
        found = source()
        self._last = (now, source, found)
        return found


def is_worked_in(folder: Path) -> bool:
    """Whether a living process works in a download folder. It only looks: it takes no lock, writes nothing, and a
    folder that nobody could work in is not worked in.
    """
    lock = FolderLock(folder)
    taken = lock.is_taken()
    if taken is not None:
        return taken
    noted = lock.noted_holder()
    return noted is not None and machine_resources.ran_at(*noted)


def resources(download_dir: Path, profiles: Path | None, memory: MemoryView) -> dict[str, Any]:
    """Return memory, CPU, disk and network as contract 22 lists them. MiB, percent, bytes."""
    folders = (download_dir, profiles) if profiles is not None else (download_dir,)
    usage = machine_resources.usage(*folders)
    return {
        "memory_per_worker_mb": {name: round(size, 1) for name, size in memory.worker_mb.items()},
        "memory_total_mb": round(memory.crew_mb, 1),
        "memory_peak_mb": round(memory.peak_crew_mb, 1),
        "memory_percent": usage.memory_percent,
        "own_memory_mb": round(usage.own_memory / 2**20, 1),
        "cpu_percent": usage.cpu_percent,
        "disk_free_downloads": usage.disk_free[download_dir],
        "disk_free_profiles": usage.disk_free[profiles] if profiles is not None else None,
        "network_bytes_sent": usage.network_sent,
        "network_bytes_received": usage.network_received,
    }
