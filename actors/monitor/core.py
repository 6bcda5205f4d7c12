"""Policy, pure: who is recycled for memory or wear, when dispatch pauses, which slot may not restart any more.

A restart counts as failed when its generation ended no order and was not lost over one that was charged for it.
`max_restart_attempts` of them within the window retire the slot (contract 73, 99). As many that follow each other and
were never ready retire it too, whatever the window: starts that hang until their deadline never fall into one. Memory
is compared with the machine's or the cgroup's use; a worker is only blamed for it while the crew itself holds a share
worth curing.
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

import attrs

from contracts.config import ResourceLimits
from contracts.durations import spoken
from contracts.messages import LossExcused, MemoryRead, OrderEnded, Pause, Recycle, Resume
from contracts.supervision import ChildChange, ChildEvent, Decision, ExitKind, KillChild, RestartAsked, Verdict

OURS_TO_CURE = 0.10
"""Share of the used memory that the crew must hold before one of its workers is blamed."""
SECONDS_BETWEEN_CURES = 15.0
"""A worker that was recycled or killed needs this long before the machine's use tells whether it helped."""


@attrs.frozen
class TellDispatcher:
    """Tell the dispatcher."""

    message: Pause | Resume | Recycle


@attrs.frozen
class TellCrew:
    """Tell the crew's supervisor."""

    message: Verdict | KillChild


MonitorEffect = TellDispatcher | TellCrew
MonitorEvent = ChildEvent | RestartAsked | OrderEnded | LossExcused | MemoryRead


@attrs.define(eq=False)
class _Slot:
    generation: int = 0
    ready_at: float | None = None
    orders: int = 0
    recycling: bool = False
    excused: int = 0
    """The last generation that was lost over an order and no fault of its own."""
    judged: int = 0
    """The last generation whose end was counted; a held restart is asked about again and again."""
    failed: deque[tuple[float, int]] = attrs.field(factory=deque)
    """When generations ended that had ended no order, and which."""
    starting: int = 0
    """The generation that was seen to start, until it is ready. What was begun before this monitor is not known of."""
    unready: list[int] = attrs.field(factory=list)
    """The last generations, in a row, that ended before they were ready."""


class MonitorCore:
    """Decides for one monitor generation.

    Args:
        limits: Thresholds and restart limits.
    """

    def __init__(self, limits: ResourceLimits) -> None:
        self._limits = limits
        self._slots: dict[str, _Slot] = {}
        self._held: dict[str, RestartAsked] = {}
        self._paused: dict[str, bool] = {}
        self._memory_short = False
        self._last_cure: float | None = None

    def handle(self, event: MonitorEvent, now: float) -> list[MonitorEffect]:
        """Take one event at monotonic time `now`; return whom to tell what."""
        match event:
            case ChildEvent():
                self._follow(event, now)
                return []
            case OrderEnded(worker, generation):
                return self._on_order_ended(worker, generation)
            case LossExcused(worker, generation):
                self._on_loss_excused(worker, generation)
                return []
            case RestartAsked():
                return [TellCrew(self._policy(event, now))]
            case MemoryRead():
                return self._on_reading(event, now)
            case _:
                assert_never(event)

    def _slot(self, name: str) -> _Slot:
        return self._slots.setdefault(name, _Slot())

    def _is_current(self, slot: _Slot, generation: int) -> bool:
        """Whether that generation lives. A monitor that came back takes it as it finds it."""
        if slot.generation == 0:
            slot.generation = generation
        return slot.generation == generation

    def _follow(self, event: ChildEvent, now: float) -> None:
        slot = self._slot(event.child)
        if event.change is ChildChange.STARTED:
            slot.generation, slot.orders, slot.recycling, slot.ready_at = event.generation, 0, False, None
            slot.starting = event.generation
        elif event.change is ChildChange.READY and slot.generation <= event.generation:
            # The dispatcher passes over the recycling of one that is not ready, so it may be asked for again.
            slot.generation, slot.ready_at, slot.recycling = event.generation, now, False
            slot.starting = 0
            slot.unready.clear()
        elif event.change is ChildChange.DOWN and slot.generation == event.generation:
            slot.ready_at = None

    def _on_order_ended(self, worker: str, generation: int) -> list[MonitorEffect]:
        slot = self._slot(worker)
        # The dispatcher may have been busy when that generation ended, and say only now that it was of use.
        self._take_back(slot, generation)
        if not self._is_current(slot, generation):
            return []
        slot.orders += 1
        if slot.orders >= self._limits.recycle_after_tasks:
            return self._recycle(worker, slot, f"it has ended {slot.orders} orders")
        return []

    def _on_loss_excused(self, worker: str, generation: int) -> None:
        slot = self._slot(worker)
        slot.excused = max(slot.excused, generation)
        self._take_back(slot, generation)

    def _take_back(self, slot: _Slot, generation: int) -> None:
        """Count the end of a generation no more: it had an order, so it was of use, and ready."""
        slot.failed = deque(failure for failure in slot.failed if failure[1] != generation)
        slot.unready = [other for other in slot.unready if other > generation]

    def _policy(self, asked: RestartAsked, now: float) -> Verdict:
        slot = self._slot(asked.child)
        if slot.judged < asked.generation:
            slot.judged = asked.generation
            self._count(slot, asked, now)
        while slot.failed and slot.failed[0][0] <= now - self._limits.restart_window:
            slot.failed.popleft()
        if too_many := self._too_many(slot):
            text = f"{too_many}; the last: {asked.reason.text or asked.reason.kind.value}"
            return Verdict(asked.child, asked.generation, Decision.RETIRE, text)
        if self._memory_short:
            self._held[asked.child] = asked
            return Verdict(asked.child, asked.generation, Decision.HOLD, "memory is short")
        return Verdict(asked.child, asked.generation, Decision.LET_GO)

    def _count(self, slot: _Slot, asked: RestartAsked, now: float) -> None:
        useful = slot.generation == asked.generation and slot.orders > 0
        if asked.planned or useful or slot.excused == asked.generation:
            return
        slot.failed.append((now, asked.generation))
        # Of one that a monitor before this one saw start, only the supervisor can say that it was never ready.
        if asked.generation == slot.starting or asked.reason.kind is ExitKind.NOT_READY:
            slot.unready.append(asked.generation)

    def _too_many(self, slot: _Slot) -> str:
        """Return which limit of a slot is reached, or nothing."""
        most = self._limits.max_restart_attempts
        if len(slot.failed) >= most:
            numbers = [generation for _, generation in slot.failed]
            in_a_row = " in a row" if len(numbers) == numbers[-1] - numbers[0] + 1 > 1 else ""
            window = spoken(self._limits.restart_window)
            return f"{len(numbers)} browsers{in_a_row} ended without a finished order within {window}"
        if len(slot.unready) >= most:
            return f"{len(slot.unready)} browsers in a row did not become ready"
        return ""

    # -------------------------------------------------------------------------------------------------------- readings

    def _on_reading(self, read: MemoryRead, now: float) -> list[MonitorEffect]:
        effects = self._judge_memory(read, now)
        effects += self._pause_if(
            read.free_disk < self._limits.minimum_free_disk,
            "disk",
            f"only {read.free_disk / 2**20:.0f} MiB are free in the download folder; free some space",
        )
        for name, slot in self._slots.items():
            if slot.ready_at is not None and now - slot.ready_at >= self._limits.recycle_after_seconds:
                effects += self._recycle(name, slot, f"it has run for {spoken(now - slot.ready_at)}")
        return effects

    def _judge_memory(self, read: MemoryRead, now: float) -> list[MonitorEffect]:
        share = read.machine.fraction
        crew = sum(size for _, _, size in read.workers)
        self._memory_short = share >= self._limits.memory_threshold
        effects: list[MonitorEffect] = []
        if not self._memory_short:
            held, self._held = self._held, {}
            effects += [TellCrew(Verdict(asked.child, asked.generation, Decision.LET_GO)) for asked in held.values()]
        ours = crew >= OURS_TO_CURE * read.machine.used
        hard = share >= self._limits.hard_memory_threshold
        text = f"the machine's memory is {share:.0%} used and the browsers hold little of it; close other programs"
        effects += self._pause_if(hard and not ours, "memory", text)
        cured = self._last_cure is not None and now - self._last_cure < SECONDS_BETWEEN_CURES
        if not self._memory_short or not ours or cured:
            return effects
        name, generation, size = max(read.workers, key=lambda worker: (worker[2], worker[0]))
        why = f"the machine's memory is {share:.0%} used and this browser holds {size / 2**20:.0f} MiB"
        self._last_cure = now
        if hard:
            return [*effects, TellCrew(KillChild(name, generation, why))]
        slot = self._slot(name)
        return [*effects, *(self._recycle(name, slot, why) if self._is_current(slot, generation) else [])]

    def _recycle(self, name: str, slot: _Slot, text: str) -> list[MonitorEffect]:
        if slot.recycling:
            return []
        slot.recycling = True
        return [TellDispatcher(Recycle(name, slot.generation, text))]

    def _pause_if(self, trouble: bool, key: str, text: str) -> list[MonitorEffect]:
        if self._paused.get(key) is trouble:
            return []
        # Told once at the start too: a monitor before this one may have paused dispatch and died.
        self._paused[key] = trouble
        return [TellDispatcher(Pause(key, text) if trouble else Resume(key))]
