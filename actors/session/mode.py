"""Which mode fits a batch, and how many workers. Pure, but for the machine's figures that are handed in."""

from __future__ import annotations

import attrs

MEMORY_PER_WORKER_MB = 450.0
MEMORY_TO_LEAVE_MB = 700.0
WORKERS_PER_CORE = 2
SECONDS_TO_START = 1.5
"""What one more browser costs before it helps."""
SECONDS_PER_ORDER = 1.0
"""What an order takes before this session knows better."""


@attrs.frozen(kw_only=True)
class MachineFigures:
    """The machine as it is now.

    Args:
        cores: Logical processors.
        memory_free_mb: MiB that may still be used.
        memory_fraction: Share of memory in use, 0 to 1.
        cpu_percent: Load of the processors, 0 to 100, as a mean over a minute or so.
    """

    cores: int
    memory_free_mb: float
    memory_fraction: float
    cpu_percent: float


def check_order_count(po_count: int) -> int:
    """Return a number of orders; less than none is none.

    Raises:
        TypeError: It is not a whole number.
    """
    given: object = po_count
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError(f"po_count must be a whole number of orders, not {given!r}.")
    return max(0, given)


def fits_memory(machine: MachineFigures, workers: int) -> int:
    """Return how many of `workers` fit into the free memory, possibly none."""
    room = (machine.memory_free_mb - MEMORY_TO_LEAVE_MB) / MEMORY_PER_WORKER_MB
    return max(0, min(workers, int(room)))


def choose_mode(
    *, enabled: bool, orders: int, workers: int, machine: MachineFigures, memory_threshold: float, busy: bool
) -> tuple[str, str]:
    """Return "parallel" or "sequential", and why (contract 13).

    CPU load never changes the mode; missing memory does.
    """
    if not enabled:
        return "sequential", "parallel processing is off"
    if orders <= 1:
        return "sequential", "there is only one order" if orders else "there is no order"
    if workers < 1:
        return "sequential", "no worker is allowed"
    if busy:
        return "sequential", "another run is using the download folder"
    if machine.memory_fraction >= memory_threshold:
        return "sequential", f"the machine's memory is {machine.memory_fraction:.0%} used"
    if fits_memory(machine, workers) < min(2, workers):
        return "sequential", f"only {machine.memory_free_mb:.0f} MiB of memory are free"
    return "parallel", f"{orders} orders for {workers} workers"


def recommend_workers(*, orders: int, most: int, machine: MachineFigures, seconds_per_order: float | None) -> int:
    """Return how many workers are worth starting, from 1 to `most` (contract 24).

    Cores and memory bound it, load lowers it, and no worker is started that would cost more time than it saves.
    """
    if orders <= 1:
        return 1
    idle_cores = machine.cores * max(0.25, 1.0 - machine.cpu_percent / 100.0)
    bound = min(most, orders, max(1, round(WORKERS_PER_CORE * idle_cores)), max(1, fits_memory(machine, most)))
    each = seconds_per_order or SECONDS_PER_ORDER

    def total_seconds(workers: int) -> float:
        return SECONDS_TO_START * workers / machine.cores + orders * each / workers

    return min(range(1, bound + 1), key=lambda workers: (total_seconds(workers), workers))
