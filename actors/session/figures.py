"""The machine's figures for the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.filing.lock import FolderLock
from actors.monitor.actor import MemoryView
from actors.processes import resources as machine_resources
from actors.session.mode import MachineFigures
from actors.session.usage import Rates

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


def resources(
    download_dir: Path, profiles: Path | None, memory: MemoryView, rates: Rates, traffic: tuple[int, int]
) -> dict[str, Any]:
    """Return memory, CPU, disk and network as contract 22 lists them. MiB, percent, bytes, bytes a second.

    Args:
        download_dir: Where the files go.
        profiles: Where the profiles lie, or None when there are none.
        memory: The last reading of memory.
        rates: What the session is using.
        traffic: Bytes that it has received and sent.
    """
    folders = (download_dir, profiles) if profiles is not None else (download_dir,)
    usage = machine_resources.usage(*folders)
    cores = machine_resources.machine().cores
    return {
        "memory_per_worker_mb": {name: round(size, 1) for name, size in memory.worker_mb.items()},
        "memory_total_mb": round(memory.crew_mb, 1),
        "memory_peak_mb": round(memory.peak_crew_mb, 1),
        "memory_percent": usage.memory_percent,
        "own_memory_mb": round(usage.own_memory / 2**20, 1),
        "cpu_percent": _percent(rates.processors, cores),
        "own_cpu_percent": _percent(rates.own_processors, cores),
        "machine_cpu_percent": round(usage.cpu_percent, 1),
        "disk_free_downloads": usage.disk_free[download_dir],
        "disk_free_profiles": usage.disk_free[profiles] if profiles is not None else None,
        "network_bytes_sent": traffic[1],
        "network_bytes_received": traffic[0],
        "network_sent_per_second": round(rates.sent, 1),
        "network_received_per_second": round(rates.received, 1),
    }


def _percent(processors: float, cores: int) -> float:
    return round(min(100.0, 100.0 * processors / cores), 1)
