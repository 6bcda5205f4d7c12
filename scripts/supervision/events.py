"""The log of the run: all of it to a file, and what matters to whoever watches."""

from __future__ import annotations

import logging
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

_KEPT = 20
_GOOD_ENDS = frozenset({"COMPLETED", "NO_ATTACHMENTS"})
_QUIET_ROOMS = frozenset({"reporter", "runtime"})
_QUIET_ENDINGS = (" started", ": the session ends", " is concerned", " knows 0 open orders")


def _is_routine(record: logging.LogRecord, room: str, text: str) -> bool:
    """Whether it goes to the file only: orders that ended well, starts, the orderly end, news that others tell too."""
    if record.levelno > logging.INFO:
        return False
    if isinstance(record.args, tuple) and _GOOD_ENDS.intersection(str(argument) for argument in record.args):
        return True
    # What is stopped on purpose was told to be down a moment before.
    return room in _QUIET_ROOMS or text.endswith(_QUIET_ENDINGS) or " stopped: " in text


@attrs.frozen
class Event:
    """One line of the log.

    Args:
        at: Seconds since the demo began.
        room: Where it comes from, such as `supervise`.
        level: Level of the log.
        text: What it says.
    """

    at: float
    room: str
    level: int
    text: str

    def __str__(self) -> str:
        return f"{self.at:5.1f} s  {self.room:<9}  {self.text}"


class Events(logging.Handler):
    """Keeps the last events while it is entered, and writes all of them to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self._began = time.monotonic()
        self._file = logging.FileHandler(path, encoding="utf-8")
        self._file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
        self._last: deque[Event] = deque(maxlen=_KEPT)
        self._unsaid: deque[Event] = deque()
        self._logger = logging.getLogger("purser")

    def __enter__(self) -> Self:
        self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self)
        self._logger.addHandler(self._file)
        self._logger.propagate = False
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._logger.removeHandler(self)
        self._logger.removeHandler(self._file)
        self._logger.propagate = True
        self._file.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record."""
        room, text = record.name.removeprefix("purser."), record.getMessage()
        if _is_routine(record, room, text):
            return
        event = Event(time.monotonic() - self._began, room, record.levelno, text)
        self._last.append(event)
        self._unsaid.append(event)

    def last(self) -> list[Event]:
        """The last few events, the newest at the end."""
        self.acquire()  # as `emit` has it; a deque may not change while it is read
        try:
            return list(self._last)
        finally:
            self.release()

    def unsaid(self) -> list[Event]:
        """The events since the last call of this."""
        return [self._unsaid.popleft() for _ in range(len(self._unsaid))]
