"""Whether a machine is large enough for a crew (contract part 1, "Workers").

Values are checked in constructors. This is checked when a crew is started, and never in test mode.
"""

from __future__ import annotations

import logging

from contracts.errors import InsufficientResourcesError

log = logging.getLogger("purser.session")

GB = 10**9
LEAST_MEMORY = 4 * GB
"""Bytes below which no crew is started."""
GOOD_MEMORY = 8 * GB
"""Bytes below which it is started with a warning."""


def require_memory(memory: int) -> None:
    """Return when a machine has memory enough for a crew; warn when it has little.

    Args:
        memory: Bytes of the machine, or of its control group if that has fewer.

    Raises:
        InsufficientResourcesError: It has less than 4 GB.
    """
    if memory < LEAST_MEMORY:
        raise InsufficientResourcesError(
            f"The machine has {memory / GB:.1f} GB of memory, and a crew of browsers needs 4 GB. "
            "Use a larger one, or one browser (enable_parallel=False)."
        )
    if memory < GOOD_MEMORY:
        log.warning("The machine has %.1f GB of memory; a crew of browsers does better with 8 GB.", memory / GB)
