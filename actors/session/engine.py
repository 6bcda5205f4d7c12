"""What works through a batch: the crew, or one browser in the caller's thread. The session sees only this."""

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
        """Begin a batch, or go on with it. After an interrupt it may be called again with the same work, and goes on.

        Raises:
            CrewFailedError: The engine ended.
        """
        ...

    def adopt(self, work: Work) -> None:
        """Go on with a batch that another engine began: the journal knows how far it came. Raises as `submit`."""
        ...

    def wait(self) -> None:
        """Return when every order of the batch has ended. May be called again after an interrupt.

        Raises:
            CrewFailedError: The engine ended before the batch did.
        """
        ...

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Finish what is in hand and end the batch; with `force`, end it now. Callable from any thread."""
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
