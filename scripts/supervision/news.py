"""What the crew logs, as it is said, and blows struck at browsers at work: for scripts that time what comes of them."""

from __future__ import annotations

import logging
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import psutil

from actors import ProcessingSession
from contracts import WorkerState
from scripts.supervision.processes import OwnProcesses

PATIENCE = 30.0


@attrs.define(eq=False, slots=False)
class News(logging.Handler):
    """Hears what the crew logs, with the time at which it was said."""

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    heard: list[tuple[float, str]] = attrs.field(factory=list)
    changed: threading.Condition = attrs.field(factory=threading.Condition)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear everything that is said inside."""
        logger = logging.getLogger("purser")
        level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Remember one line."""
        with self.changed:
            self.heard.append((time.monotonic(), record.getMessage()))
            self.changed.notify_all()

    def wait_for(self, pattern: str, after: float, patience: float = PATIENCE) -> float:
        """Return when a line matching `pattern` was first said after `after`; infinity if it never is."""
        deadline = time.monotonic() + patience
        with self.changed:
            while True:
                for at, line in self.heard:
                    if at >= after and re.search(pattern, line):
                        return at
                if not self.changed.wait(max(0.0, deadline - time.monotonic())):
                    return float("inf")


def busy_worker(session: ProcessingSession, chance: random.Random) -> tuple[str, str, int] | None:
    """Return name, order and generation of a worker at work."""
    working = [w for w in session.snapshot().workers if w.state is WorkerState.WORKING and w.activity != "opening"]
    chosen = chance.choice(working) if working else None
    return (chosen.worker_id, chosen.po_number, chosen.generation) if chosen is not None else None


def strike(
    session: ProcessingSession, own: OwnProcesses, chance: random.Random, what: signal.Signals
) -> tuple[float, str, str, int] | None:
    """Send a signal to the browser of a worker at work; return when, and whose it was."""
    found = busy_worker(session, chance)
    browser = own.browser_of(found[0]) if found is not None else None
    if found is None or browser is None:
        return None
    try:
        browser.send_signal(what)
    except psutil.NoSuchProcess:
        return None
    return (time.monotonic(), *found)
