"""A call on a thread of its own, for promises about what frees it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from contracts.durations import spoken


class Beside:
    """Makes a call beside the test and hands over what it raised.

    Args:
        call: What to call.
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="conformance", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - handed over to the test's own thread
            self._error = error

    def error(self, patience: float) -> BaseException | None:
        """Wait until it has returned, and return what it raised.

        Args:
            patience: Seconds after which waiting has failed.
        """
        self._thread.join(patience)
        assert not self._thread.is_alive(), f"the call has not returned within {spoken(patience)}"
        return self._error
