"""Watching a start: a driver whose browser is gone before it has answered waits for it in silence, to its deadline."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Protocol

from actors.runtime import Revocation, ThreadEnvironment
from contracts.ports import Owner

log = logging.getLogger("purser.browser")

_STEP = 0.1
_LOOKS = 3
"""Looks in a row without a browser after which it is gone; between two of its programs there may be none for one."""
_LOOKS_FOR_THE_FIRST = 50
"""Looks within which it must have been seen once. One that died between two looks never is."""


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


def _watch(ledger: StartLedger, owner: Owner, over: Revocation) -> None:
    missed, most = 0, _LOOKS_FOR_THE_FIRST
    while missed < most:
        if over.wait(_STEP):
            return
        if ledger.has_more_than_driver(owner):
            missed, most = 0, _LOOKS
        else:
            missed += 1
    log.info("The browser of %s ended while it was starting.", owner.worker)
    ledger.kill(owner)
