"""What leasing asks of whoever keeps the workers, as values, in the order in which they must happen."""

from __future__ import annotations

import attrs


@attrs.frozen
class KillWorker:
    """Have this generation killed now."""

    worker: str
    generation: int
    text: str


@attrs.frozen
class RecycleWorker:
    """Have this generation, which is free, restarted as planned."""

    worker: str
    generation: int
    text: str


@attrs.frozen
class NoteTaskEnded:
    """Tell whoever limits restarts that this generation brought a task to its end."""

    worker: str
    generation: int


@attrs.frozen
class ExcuseLoss:
    """Tell whoever limits restarts that this generation's end is no failure of its slot: it was lost over its work.

    Or it ends because that work was cancelled.
    """

    worker: str
    generation: int


LeasingEffect = KillWorker | RecycleWorker | NoteTaskEnded | ExcuseLoss
