"""The signals that ask to stop, told to the watchdog the moment they come.

The interpreter runs a signal's handler in its main thread, between two steps of it. That may be never: a call into a
library may hold the interpreter's lock for hours. But it writes each signal's number into a pipe at once, whoever holds
the lock, and at the other end of that pipe the watchdog ends the program if it has not ended by itself in time.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import NamedTuple

AT_ITS_END = 0
"""Stands for no signal: the program is done and only writes down what came of it."""

_open: StopPipe | None = None


class Bounds(NamedTuple):
    """Seconds after which the program is killed: after the first signal that asks to stop, and after the second."""

    after_first: float
    after_second: float


class StopPipe:
    """The one pipe of this process. `listen` and `close` belong to its main thread."""

    def __init__(self) -> None:
        self.bounds: Bounds | None = None
        """Set before the watchdog is started; without them it is told of no signal."""
        self.read_end, self._write_end = os.pipe()
        os.set_blocking(self._write_end, False)
        self._before = -1

    def listen(self) -> None:
        """Have every signal that has a handler told from now on."""
        global _open  # noqa: PLW0603 - there is one place for it in a process, too
        self._before = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        _open = self

    def tell_end(self) -> None:
        """Tell that the program is at its end."""
        with contextlib.suppress(OSError):  # nobody may listen any more
            os.write(self._write_end, bytes([AT_ITS_END]))

    def close(self) -> None:
        """Tell nothing more. A watchdog that waits gives up waiting."""
        global _open  # noqa: PLW0603 - see above
        _open = None
        signal.set_wakeup_fd(self._before)
        os.close(self._write_end)
        os.close(self.read_end)


def stop_pipe() -> StopPipe | None:
    """Return this process's pipe while it listens, and bounds are set."""
    return _open if _open is not None and _open.bounds is not None else None
