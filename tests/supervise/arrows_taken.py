"""Notes which arrows of a child's table are taken while something runs."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator

from actors.supervise.transitions import Arrow, ChildState, Event, Phase


@contextlib.contextmanager
def noted() -> Iterator[Counter[Arrow]]:
    """Count every move of every child until the block ends."""
    taken: Counter[Arrow] = Counter()
    move = ChildState.move

    def noting(self: ChildState, event: Event, chosen: Phase | None = None) -> None:
        before = self.phase
        move(self, event, chosen)
        taken[Arrow(before, event, self.phase)] += 1

    ChildState.move = noting  # type: ignore[method-assign]
    try:
        yield taken
    finally:
        ChildState.move = move  # type: ignore[method-assign]
