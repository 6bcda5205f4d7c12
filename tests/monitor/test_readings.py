"""A reading of the machine: what is told when a part of it cannot be read."""

from __future__ import annotations

from actors.monitor.actor import Gauges, take_reading
from actors.testing import StubBrowserHost
from contracts.errors import MachineError
from contracts.ports import MachineMemory, Owner


def test_a_download_folder_that_cannot_be_looked_at_has_no_room() -> None:
    """The reading goes on, so that memory is watched and dispatch waits until the folder is back."""
    browsers = StubBrowserHost()
    browsers.launch(Owner("worker-1", 1))

    def gone() -> int:
        raise MachineError("The folder is gone. Bring it back; the work goes on by itself.")

    read = take_reading(Gauges(browsers, lambda: MachineMemory(limit=1, used=0), gone))
    assert read.free_disk == 0
    assert read.workers == (("worker-1", 1, 0),)
