"""What works through a batch: the crew, or one browser in the session's thread. The session sees only this."""

from __future__ import annotations

from typing import Protocol

from actors.dispatch.submissions import Submission
from contracts.status import Progress
from contracts.tasks import TaskHandle


class Engine(Protocol):
    """Works through batches of orders. `begin`, `wait` and `close` belong to one thread."""

    def begin(self, total: int | None, *, continues: bool = False) -> None:
        """Begin a batch.

        Args:
            total: Its orders, those that the journal knows included; None for an open one.
            continues: Whether the batch in the journal goes on; a new one begins otherwise.

        Raises:
            CrewFailedError: The engine ended.
        """
        ...

    def put(self, submission: Submission) -> None:
        """Hand over orders of the batch that has begun, and return at once. Callable from any thread."""
        ...

    def close_batch(self) -> None:
        """Say that nothing more will be put into an open batch, and return at once. Callable from any thread."""
        ...

    def cancel(self, handles: tuple[TaskHandle, ...], text: str) -> None:
        """Take tasks out, whether they wait or are worked on, and return at once. Callable from any thread."""
        ...

    def wait(self) -> None:
        """Return when every order of the batch has ended, and no more can come.

        Raises:
            CrewFailedError: The engine ended before the batch did.
        """
        ...

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Finish what is in hand and end the batch; with `force`, end it now.

        Only leaves word, and takes no lock: callable from any thread, and from a signal handler at any step.
        """
        ...

    @property
    def is_stopping(self) -> bool:
        """Whether a stop that was asked for has been taken up: nothing new is begun any more."""
        ...

    @property
    def was_forced(self) -> bool:
        """Whether the batch was ended without waiting for what was in hand."""
        ...

    def close(self) -> bool:
        """End everything; False when something had to be forced or is left."""
        ...

    def progress(self) -> Progress:
        """Return the batch as it stands."""
        ...
