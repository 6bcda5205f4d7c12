"""The worker's shell: one generation of something that does duties, from its start to its end. Plain, without actors.

The crew's actor and the sequential mode drive the same one. It knows nothing of portals or browsers: it serves any kind
of work whose process can be killed by its owner, which frees the thread that works with it. Whatever is raised here
ends the generation; what the loss costs is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import attrs

from contracts.errors import SessionCorruptionError

SECONDS_BETWEEN_LOOKS = 0.5
"""How often whoever drives an idle one looks whether it is alive. For a browser that reads two lines of the process
table."""

D_contra = TypeVar("D_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")
T = TypeVar("T")


class Visits(Protocol[D_contra, T_co]):
    """Does duties with a process that its owner can kill. Used by one thread at a time."""

    def perform(self, duty: D_contra, tell: Callable[[T_co], object]) -> bool:
        """Do a duty, and tell what comes of it; return whether that proves this generation to be of use.

        Raises:
            SessionCorruptionError: It is of no use any more, or its process is gone.
        """
        ...

    def check_alive(self) -> None:
        """Raise `SessionCorruptionError` when its process has ended by itself."""
        ...

    def close(self) -> None:
        """Let go of what it holds beside its process, which its owner ends."""
        ...


@attrs.frozen
class Reports(Generic[T]):
    """Whom a shell reports to.

    Args:
        ready: Called once it can take duties.
        stable: Called once, when it has proved to be of use.
        tell: Told whatever comes of its duties.
    """

    ready: Callable[[], object]
    stable: Callable[[], object]
    tell: Callable[[T], object]


class Shell(Generic[D, T]):
    """One generation.

    Args:
        start: Starts it, and returns what does its duties. May take long, and may be cut short by a kill.
        reports: Whom it reports to.
    """

    def __init__(self, start: Callable[[], Visits[D, T]], reports: Reports[T]) -> None:
        self._start = start
        self._reports = reports
        self._visits: Visits[D, T] | None = None
        self._proved = False

    def start(self) -> None:
        """Start it, then report ready. Raises whatever its start raises."""
        self._visits = self._start()
        self._reports.ready()

    def perform(self, duty: D) -> None:
        """Do one duty and report what comes of it.

        Raises:
            SessionCorruptionError: It is of no use any more.
        """
        if self._visits is None:
            raise SessionCorruptionError("The worker was given work before it had started.")
        if self._visits.perform(duty, self._reports.tell) and not self._proved:
            self._proved = True
            self._reports.stable()

    def look(self) -> None:
        """Look whether an idle one is alive.

        Raises:
            SessionCorruptionError: It has ended by itself.
        """
        if self._visits is not None:
            self._visits.check_alive()

    def close(self) -> None:
        """Let go of what it holds. Its process is ended by whoever owns it."""
        if self._visits is not None:
            self._visits.close()
