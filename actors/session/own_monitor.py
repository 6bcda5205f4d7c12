"""The monitor of the sequential mode, without an actor: the crew's own policy, for one browser.

Memory, disk, wear and age are judged by the monitor's core, and so is every restart. One thing is only so of one
browser: a shortage of memory, for which a crew holds its restarts, does not hold the only browser there is. Without it
nothing would go on, and a machine that is short of memory is what this mode is for.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.monitor.core import MonitorCore, MonitorEvent, TellCrew, TellDispatcher
from contracts.config import ResourceLimits
from contracts.messages import Pause, Recycle, Resume
from contracts.supervision import Decision, KillChild, RestartAsked, Verdict


class OwnMonitor:
    """Judges one browser.

    Args:
        limits: Thresholds and restart limits.
        tell_dispatcher: Told what the dispatch core is to hear, perhaps amid an event of its own.
        kill: Told which browser is to be ended now.
    """

    def __init__(
        self,
        limits: ResourceLimits,
        tell_dispatcher: Callable[[Pause | Resume | Recycle], object],
        kill: Callable[[KillChild], object],
    ) -> None:
        self._tell_dispatcher = tell_dispatcher
        self._kill = kill
        self._core = MonitorCore(limits)

    def take(self, event: MonitorEvent, now: float) -> None:
        """Take one event at monotonic time `now`."""
        for effect in self._core.handle(event, now):
            match effect:
                case TellDispatcher(message):
                    self._tell_dispatcher(message)
                case TellCrew(KillChild() as order):
                    self._kill(order)
                case TellCrew():
                    pass  # nobody is held here, so nobody waits to be let go

    def judge(self, asked: RestartAsked, now: float) -> Verdict:
        """Say whether the browser may start again at monotonic time `now`: let go, or retire."""
        for effect in self._core.handle(asked, now):
            match effect:
                case TellCrew(Verdict(decision=Decision.RETIRE) as verdict):
                    return verdict
        return Verdict(asked.child, asked.generation, Decision.LET_GO)
