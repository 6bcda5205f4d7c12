"""Clearing up after a generation: what it owned is killed, seen to be gone, and what it left is removed.

What may live and what merely lies around weigh differently. Nothing may start beside something of the generation
before that may be alive, so code that raises before that is seen to be gone keeps the child down. What has no life
harms nobody: a `cleanup` that raises is told in the log and holds up nothing, and whoever owns the place sweeps it.

Whoever performs a core's effects uses this, a supervisor's actor as well as a loop without actors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.supervise.spec import ChildSpec

log = logging.getLogger("purser.supervise")


def clear_up(child: ChildSpec, generation: int, tell: Callable[[bool], None]) -> None:
    """Kill what a generation owned, wait until it is gone and remove what it left. It blocks: run it as a job.

    Args:
        child: Whose generation, and how it is cleared up after.
        generation: Which.
        tell: Told once, whatever happens, whether nothing of it is alive.

    Raises:
        BaseException: What is no `Exception` passes, after `tell` was called.
    """
    gone = False
    try:
        child.kill(generation)
        gone = child.confirm_dead(generation, child.confirm_timeout)
        if gone:
            child.cleanup(generation)
    except Exception:  # boundary: a child's own clearing code must not leave whoever restarts it waiting for ever
        what = "nothing of it is alive, but what it left stays for now" if gone else "something of it may be alive"
        log.exception("Clearing up after %s generation %d failed: %s.", child.id, generation, what)
    finally:
        tell(gone)
