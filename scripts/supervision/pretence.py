"""Two hooks into the demo's own run: a machine whose memory is short for a while, and a count of the epochs."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from unittest.mock import patch

from actors.journal import MemoryJournal
from actors.session.run_resources import LocalResources
from contracts.ports import MachineMemory

PRETENDED = MachineMemory(used=922 * 2**20, limit=1024 * 2**20)
"""So small a machine that the browsers' real memory is a share of it that is worth curing."""


class PretendedMemory:
    """While entered, the resources of this program's run tell `PRETENDED` instead of the truth whenever `short` is set.

    Filling the machine for real would harm whoever else works on it. All else is real: the browsers' own memory, who
    is chosen, and what is done about it.
    """

    def __init__(self) -> None:
        self.short = False
        measure = LocalResources.machine_memory
        self._patch = patch.object(
            LocalResources, "machine_memory", lambda resources: PRETENDED if self.short else measure(resources)
        )

    def __enter__(self) -> Self:
        self._patch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._patch.stop()


class CountingJournal(MemoryJournal):
    """The usual journal, which also tells its present epoch: each dispatcher opens one of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 0

    def open_epoch(self) -> int:
        """Begin a new dispatcher's time, and remember it."""
        self.epoch = super().open_epoch()
        return self.epoch
