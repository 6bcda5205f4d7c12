"""What works through a batch: the crew, or one browser in the session's thread. The session sees only this."""

from __future__ import annotations

from typing import Protocol

import attrs

from contracts.status import Progress
from contracts.tasks import Order


@attrs.frozen(eq=False)
class Work:
    """What an engine is given.

    Args:
        orders: Orders that the journal does not know yet.
        total: Orders of the whole batch, those that it knows included.
        continues: Whether the batch in the journal goes on; a new one begins otherwise.
    """

    orders: tuple[Order, ...]
    total: int
    continues: bool = False


class Engine(Protocol):
    """Works through batches of orders. `submit`, `wait` and `close` belong to one thread."""

    def submit(self, work: Work) -> None:
        """Begin a batch where nobody has, or go on with it: the journal knows how far another engine came.

        Raises:
            CrewFailedError: The engine ended.
        """
        ...

    def wait(self) -> None:
        """Return when every order of the batch has ended.

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
