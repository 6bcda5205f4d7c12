"""Watching a start: a driver whose browser is gone before it has answered waits for it in silence, to its deadline."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from actors.runtime import Revocation, ThreadEnvironment
from contracts.ports import Owner

log = logging.getLogger("purser.browser")

_STEP = 0.1
_LOOKS = 3
"""Looks in a row without a browser after which it is gone; between two of its programs there may be none for one."""
_SECONDS_FOR_THE_FIRST = 5.0
"""Seconds within which it must have been seen once. One that died between two looks never is."""
_LEAST_LOOKS_FOR_THE_FIRST = 10
"""Looks that there must have been by then. The busier a machine is, the longer its driver takes to begin, and a look,
too; one that stood still has not been looked at."""


class StartLedger(Protocol):
    """What a start is watched with."""

    def has_more_than_driver(self, owner: Owner) -> bool:
        """Whether a process besides the driver lives in the owner's group."""
        ...

    def kill(self, owner: Owner) -> None:
        """Kill the owner's group."""
        ...


@contextlib.contextmanager
def watched_start(ledger: StartLedger, owner: Owner) -> Iterator[None]:
    """Kill the owner's driver when its browser, once there, is gone before the block has ended.

    That frees the call that waits for the driver's answer.
    """
    over = Revocation()
    ThreadEnvironment().run_job(f"start-{owner.worker}", lambda: _watch(ledger, owner, over))
    try:
        yield
    finally:
        over.revoke()


def _watch(
    ledger: StartLedger, owner: Owner, over: Revocation, monotonic: Callable[[], float] = time.monotonic
) -> None:
    began = monotonic()
    missed, was_seen = 0, False
    while not _is_gone(missed, monotonic() - began, was_seen=was_seen):
        if over.wait(_STEP):
            return
        if ledger.has_more_than_driver(owner):
            missed, was_seen = 0, True
        else:
            missed += 1
    if over.wait(0.0):  # a look may take longer than what is left of a start
        return
    log.info("The browser of %s ended while it was starting.", owner.worker)
    ledger.kill(owner)


def _is_gone(missed: int, seconds: float, *, was_seen: bool) -> bool:
    if was_seen:
        return missed >= _LOOKS
    return missed >= _LEAST_LOOKS_FOR_THE_FIRST and seconds >= _SECONDS_FOR_THE_FIRST
