"""Checks of one core alone, for bugs that no schedule can bring to light: another fence stands before this one."""

from __future__ import annotations

from actors.journal import MemoryJournal
from actors.runtime import System
from actors.supervise import supervisor
from actors.supervise.core import SuperviseCore
from actors.supervise.spec import ChildSpec, SupervisorSpec
from contracts.config import RestartIntensity
from contracts.errors import StaleEpochError
from contracts.ports import BatchBegun
from contracts.supervision import Down, ExitKind, Ready, Reason
from tests.simulation.findings import Violation
from tests.simulation.hub import Hub


def _nobody(_context: object) -> object:
    raise AssertionError("a core starts nothing")


def readiness_of_an_older_generation_is_no_news() -> None:
    """A generation that was given up may report ready late; the one that is starting has not."""
    child = ChildSpec(id="child", start=_nobody)  # type: ignore[arg-type]  # never called
    core = SuperviseCore(SupervisorSpec(children=(child,), intensity=RestartIntensity(first_delay=0.0)))
    core.open(0.0)
    core.handle(Down("child", 1, Reason(ExitKind.CRASHED)), 1.0)
    core.handle(Ready("child", 1), 2.0)
    phase = core.which_children()[0].phase
    if phase != "starting":
        raise Violation(7, f"generation 2 is {phase} by the word of generation 1")


def a_supervisor_that_is_given_up_while_it_waits_ends() -> None:
    """It waits for its children; nobody will tell it of them any more."""
    hub, downs = Hub(lambda _names: 0), list[Down]()
    system = System(hub, downs.append)
    system.spawn("top", supervisor(SupervisorSpec(children=())))
    hub.run_for(1.0)
    system.abandon("top", 1)
    hub.run_for(1.0)
    ended = len(downs)
    hub.bury()
    if not ended:
        raise Violation(7, "one that was given up waits for ever")


def an_older_epoch_cannot_write() -> None:
    """A dispatcher that was given up must not write into the books of the next."""
    journal = MemoryJournal()
    old = journal.open_epoch()
    journal.open_epoch()
    try:
        journal.append(old, (BatchBegun(0, 1),))
    except StaleEpochError:
        return
    raise Violation(4, "an older epoch has written into the books of a newer one")
