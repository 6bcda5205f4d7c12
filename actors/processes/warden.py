"""A small program that outlives the program it watches by a second, to end its browsers if it was killed.

It is told on its standard input what `records` writes down. When that pipe closes without a `bye`, the program is dead:
the recorded groups are killed, the run's folder and file are deleted, and this ends too. It runs in a session of its
own, so that Ctrl-C and a closing terminal do not reach it, and imports nothing but the standard library.
"""

from __future__ import annotations

import sys
import threading
import types
from pathlib import Path
from typing import BinaryIO

BYE = b"bye\n"


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


if __name__ == "__main__":
    _stand_alone()
    watch(sys.stdin.buffer)
