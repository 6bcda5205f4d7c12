"""Memory, disk, wear and the crew's restart limits, as decisions."""

from __future__ import annotations

import pytest

from actors.monitor.actor import Gauges, MemoryView, take_reading, view_of
from actors.monitor.core import MonitorCore, MonitorEffect, TellCrew, TellDispatcher
from contracts.config import ResourceLimits
from contracts.errors import ConfigurationError
from contracts.messages import LossExcused, MemoryRead, OrderEnded, Pause, Recycle, Resume
from contracts.ports import MachineMemory, Owner
from contracts.supervision import (
    ChildChange,
    ChildEvent,
    Decision,
    ExitKind,
    KillChild,
    Reason,
    RestartAsked,
    Verdict,
)

GIB = 2**30
LIMITS = ResourceLimits(memory_threshold=0.75)


def reading(share: float, *workers: tuple[str, int, float], disk: int = 10 * GIB) -> MemoryRead:
    """A machine of 10 GiB with this share in use, and workers of so many GiB."""
    sizes = tuple((name, generation, int(size * GIB)) for name, generation, size in workers)
    return MemoryRead(MachineMemory(limit=10 * GIB, used=int(share * 10 * GIB)), sizes, disk)


class Watcher:
    """A monitor's core that has told what it tells once at the start."""

    def __init__(self, limits: ResourceLimits = LIMITS, *workers: str) -> None:
        self.core = MonitorCore(limits)
        self.now = 1000.0
        self.read(0.1)
        for worker in workers or ("w1", "w2"):
            self.start(worker, 1)

    def start(self, worker: str, generation: int) -> None:
        """Let a generation start and be ready."""
        for change in (ChildChange.STARTED, ChildChange.READY):
            self.core.handle(ChildEvent("crew", worker, generation, change), self.now)

    def read(self, share: float, *workers: tuple[str, int, float], disk: int = 10 * GIB) -> list[MonitorEffect]:
        """Give it a reading."""
        return self.core.handle(reading(share, *workers, disk=disk), self.now)

    def ended(self, worker: str, generation: int) -> list[MonitorEffect]:
        """Let a worker end an order."""
        return self.core.handle(OrderEnded(worker, generation), self.now)

    def ask(self, worker: str, generation: int, *, planned: bool = False) -> Decision:
        """Ask for leave to restart."""
        reason = Reason(ExitKind.CRASHED, "it broke")
        effects = self.core.handle(RestartAsked("crew", worker, generation, reason, planned), self.now)
        (told,) = effects
        assert isinstance(told, TellCrew)
        assert isinstance(told.message, Verdict)
        assert (told.message.child, told.message.generation) == (worker, generation)
        return told.message.decision

    def lose(self, worker: str, generation: int) -> Decision:
        """Let a generation die, ask, and start the next one if it may."""
        reason = Reason(ExitKind.CRASHED)
        self.core.handle(ChildEvent("crew", worker, generation, ChildChange.DOWN, reason), self.now)
        decision = self.ask(worker, generation)
        if decision is Decision.LET_GO:
            self.start(worker, generation + 1)
        return decision


# ------------------------------------------------------------------------------------------------------------- memory


@pytest.mark.parametrize("wrong", [75, 75.0, 0.49, 0.91, 1.0])
def test_a_threshold_in_percent_is_refused_as_a_setting(wrong: float) -> None:
    with pytest.raises(ConfigurationError):
        ResourceLimits(memory_threshold=wrong)


@pytest.mark.parametrize(("soft", "hard"), [(0.75, 0.85), (0.50, 0.60), (0.90, 0.95)])
def test_the_hard_limit_lies_a_tenth_above_the_soft_one_and_never_above_95_percent(soft: float, hard: float) -> None:
    assert ResourceLimits(memory_threshold=soft).hard_memory_threshold == pytest.approx(hard)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7499])
def test_nothing_happens_below_the_soft_limit(share: float) -> None:
    assert Watcher().read(share, ("w1", 1, 3.0), ("w2", 1, 3.0)) == []


@pytest.mark.parametrize("share", [0.75, 0.80, 0.8499])
def test_over_the_soft_limit_the_heaviest_worker_is_recycled_after_its_task(share: float) -> None:
    watcher = Watcher()
    (told,) = watcher.read(share, ("w1", 1, 2.0), ("w2", 1, 3.0))
    assert isinstance(told, TellDispatcher)
    assert isinstance(told.message, Recycle)
    assert (told.message.worker, told.message.generation) == ("w2", 1)
    assert f"{share:.0%}" in told.message.text


def test_it_is_recycled_once_and_nobody_else_before_that_could_help() -> None:
    watcher = Watcher()
    assert len(watcher.read(0.8, ("w1", 1, 2.0), ("w2", 1, 3.0))) == 1
    watcher.now += 14.9
    assert watcher.read(0.8, ("w1", 1, 2.0), ("w2", 1, 3.0)) == []
    watcher.now += 0.1
    assert watcher.read(0.8, ("w1", 1, 2.0), ("w2", 1, 3.0)) == [], "it is on its way already"


@pytest.mark.parametrize("share", [0.85, 0.99])
def test_over_the_hard_limit_the_heaviest_is_killed_now(share: float) -> None:
    (told,) = Watcher().read(share, ("w1", 1, 4.0), ("w2", 1, 3.0))
    assert isinstance(told, TellCrew)
    assert isinstance(told.message, KillChild)
    assert (told.message.child, told.message.generation) == ("w1", 1)


def test_a_kill_is_given_time_to_help() -> None:
    watcher = Watcher()
    watcher.read(0.9, ("w1", 1, 4.0), ("w2", 1, 3.0))
    assert watcher.read(0.9, ("w2", 1, 3.0)) == []
    watcher.now += 15
    (told,) = watcher.read(0.9, ("w2", 1, 3.0))
    assert isinstance(told.message, KillChild)


def test_memory_that_others_hold_pauses_dispatch_instead_and_goes_on_when_it_is_free() -> None:
    watcher = Watcher()
    (told,) = watcher.read(0.9, ("w1", 1, 0.2), ("w2", 1, 0.2))
    assert isinstance(told, TellDispatcher)
    assert isinstance(told.message, Pause)
    assert "other programs" in told.message.text
    assert watcher.read(0.9, ("w1", 1, 0.2)) == []
    assert watcher.read(0.8, ("w1", 1, 0.2)) == [TellDispatcher(Resume(told.message.key))]


def test_a_monitor_that_came_back_takes_the_workers_as_it_finds_them() -> None:
    core = MonitorCore(LIMITS)
    told = core.handle(reading(0.8, ("w1", 4, 2.0), ("w2", 9, 3.0)), 0.0)
    recycled = [one.message for one in told if isinstance(one.message, Recycle)]
    assert [(one.worker, one.generation) for one in recycled] == [("w2", 9)]


def test_a_monitor_that_came_back_lifts_the_pauses_of_the_one_before() -> None:
    told = MonitorCore(LIMITS).handle(reading(0.1), 0.0)
    assert {one.message.key for one in told if isinstance(one.message, Resume)} == {"memory", "disk"}


def test_percent_and_fraction_are_never_confused() -> None:
    view = view_of(reading(0.5, ("w1", 1, 1.0), ("w2", 1, 2.0)), MemoryView())
    assert view.machine_percent == pytest.approx(50.0)
    assert view.worker_mb == {"w1": 1024.0, "w2": 2048.0}
    assert (view.crew_mb, view.peak_crew_mb) == (3072.0, 3072.0)
    later = view_of(reading(0.2, ("w1", 1, 1.0)), view)
    assert (later.crew_mb, later.peak_crew_mb) == (1024.0, 3072.0)


def test_a_reading_holds_each_live_owners_own_memory() -> None:
    class Table:
        def live_owners(self) -> tuple[Owner, ...]:
            return (Owner("w1", 3), Owner("w2", 1))

        def memory(self, owner: Owner) -> int:
            return owner.generation * 100

    gauges = Gauges(Table(), lambda: MachineMemory(limit=1000, used=500), lambda: 77)  # type: ignore[arg-type]  # all it asks
    read = take_reading(gauges)
    assert read == MemoryRead(MachineMemory(limit=1000, used=500), (("w1", 3, 300), ("w2", 1, 100)), 77)


def test_a_machine_of_unknown_size_is_not_short() -> None:
    assert MachineMemory(limit=0, used=5).fraction == 0.0


# ----------------------------------------------------------------------------------------------------------- restarts


def test_restarts_are_held_while_memory_is_short_and_let_go_after() -> None:
    watcher = Watcher()
    watcher.read(0.8, ("w2", 1, 3.0))
    assert watcher.ask("w1", 1) is Decision.HOLD
    assert watcher.read(0.8, ("w2", 1, 3.0)) == []
    (told,) = watcher.read(0.5, ("w2", 1, 3.0))
    assert told == TellCrew(Verdict("w1", 1, Decision.LET_GO))
    assert watcher.read(0.5, ("w2", 1, 3.0)) == [], "once"


def test_planned_restarts_are_held_too() -> None:
    watcher = Watcher()
    watcher.read(0.8, ("w2", 1, 3.0))
    assert watcher.ask("w1", 1, planned=True) is Decision.HOLD


def test_three_generations_without_a_finished_order_retire_the_slot() -> None:
    watcher = Watcher()
    assert watcher.lose("w1", 1) is Decision.LET_GO
    assert watcher.lose("w1", 2) is Decision.LET_GO
    assert watcher.lose("w1", 3) is Decision.RETIRE
    assert watcher.lose("w2", 1) is Decision.LET_GO, "each slot has a limit of its own"


def test_a_generation_that_finished_an_order_is_no_failed_restart() -> None:
    watcher = Watcher()
    for generation in range(1, 10):
        watcher.ended("w1", generation)
        assert watcher.lose("w1", generation) is Decision.LET_GO


def test_an_order_that_is_told_of_late_takes_a_failed_restart_back() -> None:
    """The dispatcher may have hung when the generation ended, and say afterwards that it had been of use."""
    watcher = Watcher()
    assert watcher.lose("w1", 1) is Decision.LET_GO
    watcher.ended("w1", 1)
    assert watcher.lose("w1", 2) is Decision.LET_GO
    assert watcher.lose("w1", 3) is Decision.LET_GO
    assert watcher.lose("w1", 4) is Decision.RETIRE


def test_a_generation_lost_over_an_order_that_was_charged_is_no_failed_restart() -> None:
    watcher = Watcher()
    for generation in range(1, 10):
        watcher.core.handle(LossExcused("w1", generation), watcher.now)
        assert watcher.lose("w1", generation) is Decision.LET_GO


def test_an_excuse_that_is_told_of_late_takes_a_failed_restart_back() -> None:
    watcher = Watcher()
    assert watcher.lose("w1", 1) is Decision.LET_GO
    assert watcher.lose("w1", 2) is Decision.LET_GO
    watcher.core.handle(LossExcused("w1", 2), watcher.now)
    assert watcher.lose("w1", 3) is Decision.LET_GO
    assert watcher.lose("w1", 4) is Decision.RETIRE


def test_fruitless_generations_outside_the_window_do_not_count() -> None:
    watcher = Watcher()
    for generation in range(1, 8):
        assert watcher.lose("w1", generation) is Decision.LET_GO
        watcher.now += 30.0


def test_planned_restarts_are_never_counted() -> None:
    watcher = Watcher()
    for generation in range(1, 8):
        assert watcher.ask("w1", generation, planned=True) is Decision.LET_GO
        watcher.start("w1", generation + 1)


def test_being_asked_again_about_the_same_end_counts_it_once() -> None:
    watcher = Watcher()
    for _ in range(5):
        assert watcher.ask("w1", 1) is Decision.LET_GO


def test_the_number_of_restarts_is_a_setting() -> None:
    watcher = Watcher(ResourceLimits(max_restart_attempts=1))
    assert watcher.lose("w1", 1) is Decision.RETIRE


# ---------------------------------------------------------------------------------------------------------- wear, disk


def test_a_worker_is_recycled_after_so_many_orders_and_told_once() -> None:
    watcher = Watcher(ResourceLimits(recycle_after_tasks=3))
    assert watcher.ended("w1", 1) == watcher.ended("w1", 1) == []
    (told,) = watcher.ended("w1", 1)
    assert isinstance(told.message, Recycle)
    assert watcher.ended("w1", 1) == []
    watcher.start("w1", 2)
    assert watcher.ended("w1", 2) == [], "the count starts from none"


def test_orders_of_an_older_generation_do_not_count() -> None:
    watcher = Watcher(ResourceLimits(recycle_after_tasks=1))
    watcher.start("w1", 2)
    assert watcher.ended("w1", 1) == []


def test_a_worker_is_recycled_at_its_age() -> None:
    watcher = Watcher(ResourceLimits(recycle_after_seconds=100.0), "w1")
    watcher.now += 99.9
    assert watcher.read(0.1, ("w1", 1, 0.1)) == []
    watcher.now += 0.1
    (told,) = watcher.read(0.1, ("w1", 1, 0.1))
    assert isinstance(told.message, Recycle)
    assert watcher.read(0.1, ("w1", 1, 0.1)) == []


def test_too_little_disk_pauses_dispatch_until_there_is_more() -> None:
    watcher = Watcher(ResourceLimits(minimum_free_disk=GIB))
    (told,) = watcher.read(0.1, disk=GIB - 1)
    assert isinstance(told.message, Pause)
    assert "free some space" in told.message.text
    assert watcher.read(0.1, disk=GIB - 1) == []
    assert watcher.read(0.1, disk=GIB) == [TellDispatcher(Resume("disk"))]
