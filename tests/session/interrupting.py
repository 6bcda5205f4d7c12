"""Interrupts at a chosen line: of the caller's thread itself, or of the caller's thread while another is at that line.

A line is a place in the program's own text. A trace function finds out which lines a run passes, and strikes at one.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import actors

ROOT = Path(actors.__file__).parent
PATIENCE = 20.0

Line = tuple[str, int]
Act = Callable[[Line], object]


def _is_below(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name.startswith(str(ROOT / room)) for room in rooms)


class Lines:
    """Calls `act` at each line below some rooms or files of `actors`; `act` may raise."""

    def __init__(self, act: Act, *rooms: str, but: tuple[str, ...] = ()) -> None:
        self._act = act
        self._rooms = rooms
        self._but = but

    def __call__(self, frame: FrameType, event: str, _arg: object) -> Any:
        """Trace a call, or not."""
        name = frame.f_code.co_filename
        return self._trace if _is_below(name, self._rooms) and not _is_below(name, self._but) else None

    def _trace(self, frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            self._act((frame.f_code.co_filename, frame.f_lineno))
        return self._trace

    def go_on(self, frame: FrameType) -> None:
        """Trace on in a frame and below: whoever raises out of a trace function has ended it."""
        frame.f_trace = self._trace
        sys.settrace(self)


@contextmanager
def traced(lines: Lines, *, here: bool, elsewhere: bool) -> Iterator[None]:
    """Trace this thread, and those that are started meanwhile."""
    before = sys.gettrace()
    if elsewhere:
        threading.settrace(lines)
    if here:
        sys.settrace(lines)
    try:
        yield
    finally:
        sys.settrace(before)
        threading.settrace(None)


def interrupt_main(noted: threading.Event) -> None:
    """Send the main thread an interrupt, and wait until the program has noted it."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    assert noted.wait(PATIENCE), "nobody takes note of the interrupt"
