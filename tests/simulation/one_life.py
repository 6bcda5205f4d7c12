"""Watches the life of the one browser: each start, each end, every wait and every verdict, against the settings.

It reads what the dispatch core is told of the browser and what the monitor is told of orders; nothing of what the
supervisor's core keeps for itself. The rules are those that hold for each worker of a crew (invariants 7 to 11, 13).
"""

from __future__ import annotations

from collections import Counter

from actors.session.crew_of_one import WORKER
from contracts.config import Settings
from contracts.messages import LossExcused, OrderEnded
from contracts.supervision import ChildChange, ChildEvent, ExitKind
from tests.simulation.world import SimWorld

SECONDS_TO_CLEAR = 25.0
"""How long after an end it may be judged: its death is confirmed and its folder deleted before that."""


class OneLife:
    """The account of one browser's generations.

    Args:
        world: What really happened.
        settings: What the program runs with.
    """

    def __init__(self, world: SimWorld, settings: Settings) -> None:
        self.starts: list[float] = []
        self.delays: list[float] = []
        self.ends: list[ExitKind] = []
        self.retired = ""
        self.is_closing = False
        self._world = world
        self._require = world.findings.require
        self._intensity, self._limits = settings.intensity, settings.limits
        self._up: int | None = None
        self._generation = 0
        self._downs: Counter[int] = Counter()
        self._ready_at: float | None = None
        self._may_start_at = 0.0
        self._restarts: list[float] = []
        self._useless: list[tuple[float, int]] = []
        self._unready = 0
        self._of_use: set[int] = set()
        self._excused: set[int] = set()
        self._delay: float | None = None
        """The last wait, as long as nothing has happened since that begins the waits anew."""

    def told_monitor(self, event: object) -> None:
        """Read what the monitor is told of orders."""
        if isinstance(event, OrderEnded | LossExcused):
            self._of_use.add(event.generation)
            self._delay = None
        if isinstance(event, LossExcused):
            self._excused.add(event.generation)

    def told(self, event: ChildEvent) -> None:
        """Read what has become of the browser."""
        match event.change:
            case ChildChange.STARTED:
                self._on_start(event.generation)
            case ChildChange.READY:
                self._require(7, self._up == event.generation, f"ready, and not up: {event}")
                self._ready_at = self._world.hub.clock.time
            case ChildChange.DOWN:
                self._on_down(event)
            case ChildChange.RESTARTING:
                self._on_restart(event)
            case ChildChange.RETIRED:
                self._on_retired(event)
            case ChildChange.STOPPED:
                self._require(7, self._up is None, f"stopped, and still up: {event}")

    def _on_start(self, generation: int) -> None:
        require, now = self._require, self._world.hub.clock.time
        self.starts.append(now)
        require(7, self._up is None and generation > self._generation, f"{generation} starts after {self._generation}")
        require(8, not self._world.live_owners(), f"{generation} starts while {self._world.live_owners()} live")
        left = [owner for owner in self._world.folders if owner.worker == WORKER]
        require(9, not left, f"{generation} starts while profiles are left: {left}")
        require(11, now >= self._may_start_at, f"{generation} starts {self._may_start_at - now:g} s too early")
        require(13, not self.is_closing, f"{generation} starts although the engine is closed")
        self._up = self._generation = generation
        self._ready_at = None

    def _on_down(self, event: ChildEvent) -> None:
        now, reason = self._world.hub.clock.time, event.reason
        self._downs[event.generation] += 1
        self._require(7, self._downs[event.generation] == 1 and self._up == event.generation, f"down: {event}")
        self._up = None
        assert reason is not None
        self.ends.append(reason.kind)
        if self._ready_at is not None and now - self._ready_at >= self._intensity.stable_after:
            self._delay = None
        self._unready = 0 if self._ready_at is not None else self._unready + (reason.kind is not ExitKind.SHUTDOWN)
        if reason.kind is not ExitKind.SHUTDOWN:
            self._useless.append((now, event.generation))

    def _recently_useless(self, seconds: float) -> int:
        since = self._world.hub.clock.time - seconds
        return sum(at > since and generation not in self._of_use for at, generation in self._useless)

    def _on_restart(self, event: ChildEvent) -> None:
        require, now, limit = self._require, self._world.hub.clock.time, self._intensity
        most = self._limits.max_restart_attempts
        useless = self._recently_useless(self._limits.restart_window)
        require(10, useless < most, f"it starts again after {useless} generations without a finished order")
        require(10, self._unready < most, f"it starts again after {self._unready} that did not become ready")
        self._restarts = [at for at in self._restarts if at > now - limit.window] + [now]
        require(10, len(self._restarts) <= limit.max_restarts, f"{len(self._restarts)} restarts within a window")
        before = self._delay
        require(11, before is None or event.delay >= max(before, limit.first_delay * (before is not None)), event)
        require(11, event.delay <= limit.max_delay, f"it waits for {event.delay:g} s")
        require(11, event.generation not in self._excused or event.delay == 0, f"it was excused, and waits: {event}")
        self._delay = event.delay
        self.delays.append(event.delay)
        self._may_start_at = now + event.delay

    def _on_retired(self, event: ChildEvent) -> None:
        self.retired = event.reason.text if event.reason is not None else ""
        most = self._limits.max_restart_attempts
        if "did not become ready" in self.retired:
            self._require(10, self._unready >= most, f"it is retired after {self._unready} that were never ready")
        if "without a finished order" in self.retired:
            useless = self._recently_useless(self._limits.restart_window + SECONDS_TO_CLEAR)
            self._require(10, useless >= most, f"it is retired after {useless} generations")
