"""The monitor of the sequential mode, without an actor: the crew's own policy, for one browser.

Memory, disk, wear and age are judged by the monitor's core, and so is every restart. Two things are only so of one
browser. A shortage of memory, for which a crew holds its restarts, does not hold the only browser there is: without it
nothing would go on, and a machine that is short of memory is what this mode is for. And browsers that do not even start
end the run although each took so long over it that no two fall into the window: nobody else does the work meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.monitor.core import MonitorCore, MonitorEvent, TellCrew, TellDispatcher
from contracts.config import ResourceLimits
from contracts.messages import Pause, Recycle, Resume
from contracts.supervision import ChildChange, ChildEvent, Decision, KillChild, RestartAsked, Verdict


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
        self._limits = limits
        self._tell_dispatcher = tell_dispatcher
        self._kill = kill
        self._core = MonitorCore(limits)
        self._is_ready = False
        self._unready: list[int] = []
        """The last generations, in a row, that ended before they were ready."""

    def take(self, event: MonitorEvent, now: float) -> None:
        """Take one event at monotonic time `now`."""
        if isinstance(event, ChildEvent) and event.change in (ChildChange.STARTED, ChildChange.READY):
            self._is_ready = event.change is ChildChange.READY
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
        verdicts = [effect.message for effect in self._core.handle(asked, now) if isinstance(effect, TellCrew)]
        if self._is_ready:
            self._unready.clear()
        elif not asked.planned and asked.generation not in self._unready:
            self._unready.append(asked.generation)
        for verdict in verdicts:
            if isinstance(verdict, Verdict) and verdict.decision is Decision.RETIRE:
                return verdict
        if len(self._unready) >= self._limits.max_restart_attempts:
            last = asked.reason.text or asked.reason.kind.value
            text = f"{len(self._unready)} browsers in a row ended without a finished order; the last: {last}"
            return Verdict(asked.child, asked.generation, Decision.RETIRE, text)
        return Verdict(asked.child, asked.generation, Decision.LET_GO)
