"""One file fetched ahead of its turn, beside the one in hand, so that two waits for the portal become one."""

from __future__ import annotations

from collections.abc import Callable

from actors.runtime import Notifier
from contracts.errors import NetworkError
from contracts.ports import DownloadedFile, LeaseWatch

SECONDS_BETWEEN_LOOKS = 0.25


class AheadWatch:
    """The watch of a fetch on another thread: it ends with its lease, but reports through the thread that waits."""

    def __init__(self, watch: LeaseWatch) -> None:
        self._watch = watch
        self.touched = False
        self.dropped = False

    def touch(self) -> None:
        """Note activity for whoever waits."""
        self.touched = True

    def check(self) -> None:
        """Raise as the lease's watch does, or `NetworkError` when nobody wants the file any more."""
        if self.dropped:
            raise NetworkError("Nobody waits for this file any more.")
        self._watch.check()

    def wait(self, seconds: float) -> None:
        """Wait as the lease's watch does."""
        self._watch.wait(seconds)

    def remaining(self) -> float:
        """Seconds until the lease's deadline."""
        return self._watch.remaining()


class Ahead:
    """A fetch that has been begun.

    Args:
        fetch: Fetches the file under the given watch.
        watch: The lease's watch.
    """

    def __init__(self, fetch: Callable[[LeaseWatch], DownloadedFile], watch: LeaseWatch) -> None:
        self._fetch = fetch
        self._watch = AheadWatch(watch)
        self._notifier = Notifier()
        self._file: DownloadedFile | None = None
        self._error: Exception | None = None

    def run(self) -> None:
        """Fetch the file. Runs on a thread of its own."""
        try:
            self._file = self._fetch(self._watch)
        except Exception as error:  # noqa: BLE001 - boundary of a thread: raised again where the file is wanted
            self._error = error
        self._notifier.notify()

    def drop(self) -> None:
        """Let the fetch end at its next chunk: nobody wants the file any more."""
        self._watch.dropped = True

    def result(self, watch: LeaseWatch) -> DownloadedFile:
        """Wait for the file, reporting activity meanwhile. Raises what the fetch raised, or as `watch` does."""
        while not self._notifier.wait_for(self._is_over, SECONDS_BETWEEN_LOOKS):
            watch.check()
            if self._watch.touched:
                self._watch.touched = False
                watch.touch()
        watch.touch()
        if self._error is not None:
            raise self._error
        assert self._file is not None  # noqa: S101 - it is over, and without an error
        return self._file

    def _is_over(self) -> bool:
        return self._file is not None or self._error is not None
