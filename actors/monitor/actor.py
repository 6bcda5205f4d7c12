"""The monitor as an actor: takes readings beside itself, at intervals, and tells what its core decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import assert_never

import attrs

from actors.monitor.core import MonitorCore, MonitorEffect, TellCrew, TellDispatcher
from actors.runtime import Actor, Context, Latest
from contracts.config import ResourceLimits
from contracts.errors import MachineError
from contracts.messages import MemoryRead, MonitorMessage, Pause, Recycle, Resume, TimeToLook
from contracts.ports import BrowserHost, MachineMemory
from contracts.supervision import Decision, KillChild, Verdict

log = logging.getLogger("purser.monitor")


@attrs.frozen
class MemoryView:
    """The last reading, for whoever looks: MiB of each worker, the machine's percent, the highest seen."""

    worker_mb: Mapping[str, float] = attrs.field(factory=dict)
    machine_percent: float = 0.0
    crew_mb: float = 0.0
    peak_crew_mb: float = 0.0


@attrs.frozen
class Gauges:
    """What is read.

    Args:
        browsers: Each worker's own memory.
        machine: The memory of the machine that this program runs on.
        free_bytes: Free bytes on the download folder's volume.
    """

    browsers: BrowserHost
    machine: Callable[[], MachineMemory]
    free_bytes: Callable[[], int]


def take_reading(gauges: Gauges) -> MemoryRead:
    """Read the memory of every live worker, of the machine, and the free disk. Takes some 25 ms a worker.

    A download folder that cannot be looked at has no room: dispatch then waits until it can.
    """
    browsers = gauges.browsers
    workers = tuple((owner.worker, owner.generation, browsers.memory(owner)) for owner in browsers.live_owners())
    try:
        free = gauges.free_bytes()
    except MachineError as error:
        log.info("%s", error)
        free = 0
    return MemoryRead(gauges.machine(), workers, free)


def view_of(read: MemoryRead, before: MemoryView) -> MemoryView:
    """Return a reading as people like to see it."""
    sizes = {worker: size / 2**20 for worker, _, size in read.workers}
    crew = sum(sizes.values())
    return MemoryView(sizes, read.machine.fraction * 100, crew, max(crew, before.peak_crew_mb))


class Monitor(Actor):
    """Watches memory, disk and restarts of one crew.

    Args:
        context: Its place in the system.
        limits: Thresholds and restart limits.
        gauges: What is read.
        latest: Where the last reading is shown.
        crew: Name of the crew's supervisor.
        dispatcher: Name of the dispatcher.
    """

    def __init__(
        self,
        context: Context,
        *,
        limits: ResourceLimits,
        gauges: Gauges,
        latest: Latest[MemoryView],
        crew: str,
        dispatcher: str,
    ) -> None:
        super().__init__(context)
        self._core = MonitorCore(limits)
        self._limits = limits
        self._gauges = gauges
        self._latest = latest
        self._crew = crew
        self._dispatcher = dispatcher
        self._reading = False

    def on_start(self) -> None:
        """Begin to look."""
        self._look()

    def on_receive(self, message: MonitorMessage) -> None:
        """Take one message."""
        if isinstance(message, TimeToLook):
            self._look()
            return
        if isinstance(message, MemoryRead):
            self._latest.publish(view_of(message, self._latest.read()))
            self._reading = False
        for effect in self._core.handle(message, self.context.monotonic()):
            self._perform(effect)

    def _look(self) -> None:
        self.context.set_timer(self._limits.check_interval, TimeToLook())
        if self._reading:
            return  # a slow reading must not pile up behind itself
        self._reading = True
        context, gauges = self.context, self._gauges

        def read() -> None:
            context.system.tell(context.name, take_reading(gauges), generation=context.generation)

        context.system.environment.run_job("memory", read)

    def _perform(self, effect: MonitorEffect) -> None:
        match effect:
            case TellDispatcher(message):
                log.info("%s", _told_dispatcher(message))
                self.context.tell(self._dispatcher, message)
            case TellCrew(message):
                log.info("%s", _told_crew(message))
                self.context.tell(self._crew, message)
            case _:
                assert_never(effect)


def _told_dispatcher(message: Pause | Resume | Recycle) -> str:
    """Say for people what the dispatcher is told."""
    match message:
        case Pause(_, text):
            return f"monitor has dispatch wait: {text}"
        case Resume(key):
            return f"monitor lets dispatch go on, as far as {key} is concerned"
        case Recycle(worker, generation, text):
            return f"monitor has {worker} generation {generation} recycled when it is free: {text}"
        case _:
            assert_never(message)


def _told_crew(message: Verdict | KillChild) -> str:
    """Say for people what the crew's supervisor is told."""
    match message:
        case KillChild(worker, generation, text):
            return f"monitor has {worker} generation {generation} killed: {text}"
        case Verdict(worker, _, Decision.LET_GO):
            return f"monitor lets {worker} restart"
        case Verdict(worker, _, Decision.HOLD, text):
            return f"monitor holds the restart of {worker}: {text}"
        case Verdict(worker, _, _, text):
            return f"monitor retires {worker}: {text}"
        case _:
            assert_never(message)
