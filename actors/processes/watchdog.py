"""A small program that outlives the program it watches by a second, to end its browsers if it was killed.

It is told on its standard input what `records` writes down. When that pipe closes without a `bye`, the program is dead:
the recorded groups are killed, the run's folder and file are deleted, and this ends too. It runs in a session of its
own, so that Ctrl-C and a closing terminal do not reach it, and imports nothing but the standard library.

Where the program lets it (`stop_pipe.py`) it hears of the signals that ask the program to stop, and kills a program
that does not: it may not even have seen them.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
import types
from pathlib import Path
from typing import BinaryIO

BYE = b"bye\n"
AT_ITS_END_SECONDS = 60.0
"""Seconds that a program may take to write down what came of its run."""


def _stand_alone() -> None:
    """Make this package's modules importable without running `actors/__init__.py`, which loads every library."""
    package = types.ModuleType("actors")
    package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["actors"] = package


def watch(told: BinaryIO) -> None:
    """Listen until told goodbye or until the other end is gone, and in the second case end what it left."""
    from actors.processes.leftovers import end_run  # noqa: PLC0415 - importable only after `_stand_alone`
    from actors.processes.records import RunRecord  # noqa: PLC0415 - the same

    run = RunRecord()
    for line in told:
        if line == BYE:
            return
        run.apply(line)
    ended = end_run(run, threading.Event().wait)
    # What could not be ended stays written down for the next start.
    if ended.complete and run.header is not None:
        Path(run.header.file).unlink(missing_ok=True)


def end_by_force(signals: int, program: int, after_first: float, after_second: float) -> None:
    """Kill the program if it was asked to stop and has not done so in time.

    Args:
        signals: The end of the pipe at which signals are told.
        program: Its process id; this process is its child.
        after_first: Seconds it may take from the first signal that asks to stop.
        after_second: Seconds it may take from the second one.
    """
    from actors.processes.stop_pipe import AT_ITS_END  # noqa: PLC0415 - importable only after `_stand_alone`

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    asking = {int(getattr(signal, name)) for name in names if hasattr(signal, name)}
    count, due = 0, float("inf")
    while True:
        left = due - time.monotonic()
        if left <= 0:
            break
        if not select.select([signals], [], [], None if left == float("inf") else left)[0]:
            continue
        told = os.read(signals, 512)
        if not told:
            return  # it no longer listens, or is gone
        for number in told:
            if number in asking:
                count += 1
                due = min(due, time.monotonic() + (after_first if count == 1 else after_second))
            elif number == AT_ITS_END and count:
                due = time.monotonic() + AT_ITS_END_SECONDS
    # Its child for as long as it lives: nobody else can have its number then.
    if os.getppid() == program:
        os.kill(program, signal.SIGKILL)


def _listen(words: list[str]) -> None:
    if words:
        signals, program = map(int, words[:2])
        bounds = [float(word) for word in words[2:]]
        threading.Thread(target=end_by_force, args=(signals, program, *bounds), daemon=True).start()


if __name__ == "__main__":
    _stand_alone()
    _listen(sys.argv[1:])
    watch(sys.stdin.buffer)
