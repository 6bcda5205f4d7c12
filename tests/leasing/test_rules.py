"""Rules about workers that show only over several tasks, each by itself: who is excused, free, or gets nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.leasing import (
    Budgets,
    CrewView,
    ExcuseLoss,
    Grant,
    KillWorker,
    Leasing,
    LeasingEffect,
    NoteTaskEnded,
    RecycleWorker,
    Task,
    WorkerView,
)
from actors.leasing.workers import LOSSES_DISPROVED, LOSSES_EXCUSED
from contracts.config import RetryPolicy
from contracts.ports import Lease
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import TaskHandle

NOW = 100.0


class Crew:
    """Leasing with so many tasks, and workers that come and go."""

    def __init__(self, tasks: int, *workers: str) -> None:
        self.effects: list[LeasingEffect] = []
        self.leasing: Leasing[Task] = Leasing(
            epoch=1,
            budgets=Budgets(),
            retry=RetryPolicy(),
            timeout=60.0,
            inactivity=20.0,
            chance=random.Random(1),
            emit=self.effects.append,
        )
        for place in range(tasks):
            task = Task(handle=TaskHandle(place, f"T{place}"), kind="letter", group="red")
            self.leasing.accept(task)
            self.leasing.queue.add(task)
        self.generations = dict.fromkeys(workers, 0)
        for worker in workers:
            self.start(worker)

    def start(self, worker: str) -> None:
        """Start a worker's next generation, and let it be ready."""
        self.generations[worker] += 1
        generation = self.generations[worker]
        self.leasing.follow(ChildEvent("crew", worker, generation, ChildChange.STARTED))
        self.leasing.note_ready(worker, generation, NOW)

    def grant(self) -> Grant[Task]:
        """Give the next task to whoever is free."""
        granted = self.leasing.next_grant(lambda _group: True, NOW)
        assert granted is not None
        return granted

    def lose(self, worker: str) -> bool:
        """Let a worker be lost over what it has in hand, start its next one; say whether its slot is excused."""
        reason = Reason(ExitKind.CRASHED, "gone")
        event = ChildEvent("crew", worker, self.generations[worker], ChildChange.DOWN, reason)
        (loss,) = self.leasing.follow(event)
        before = len(self.effects)
        self.leasing.excuse(loss)
        self.start(worker)
        return self.effects[before:] == [ExcuseLoss(worker, loss.generation)]

    def end(self, lease: Lease) -> None:
        """Bring a task to its end."""
        self.leasing.release(lease, ended=True)
        self.leasing.forget(self.leasing.tasks[lease.task.sequence])


def test_a_slot_is_excused_for_what_it_lost_over_different_tasks_but_not_for_ever() -> None:
    crew = Crew(9, "w1")
    excused = []
    for _ in range(LOSSES_EXCUSED + 1):
        crew.grant()
        excused.append(crew.lose("w1"))
    assert excused == [True] * LOSSES_EXCUSED + [False]


def test_a_task_that_came_to_its_end_makes_the_losses_before_it_forgotten() -> None:
    crew = Crew(2 * LOSSES_EXCUSED + 1, "w1")
    for _ in range(LOSSES_EXCUSED):
        crew.grant()
        assert crew.lose("w1")
    crew.end(crew.grant().lease)
    for _ in range(LOSSES_EXCUSED):
        crew.grant()
        assert crew.lose("w1")


def test_a_slot_that_lost_workers_over_tasks_which_others_end_is_not_excused_any_more() -> None:
    view = Crew(0, "w1", "w2").leasing.crew
    one, two = view.slot("w1"), view.slot("w2")
    for place in range(LOSSES_DISPROVED):
        assert view.excuses(one, place)
        view.note_end(two, place)
    assert not view.excuses(one, 99)
    view.note_end(one, 99)
    assert view.excuses(one, 100), "it has ended one itself"


def test_whoever_brings_a_task_to_its_end_is_told_of_and_free() -> None:
    crew = Crew(1, "w1")
    granted = crew.grant()
    crew.leasing.release(granted.lease, ended=True)
    assert crew.effects == [NoteTaskEnded("w1", 1)]
    assert crew.leasing.crew.slot("w1").is_free


def test_a_new_generation_shows_that_the_one_before_has_lost_what_it_held() -> None:
    crew = Crew(1, "w1")
    granted = crew.grant()
    (loss,) = crew.leasing.follow(ChildEvent("crew", "w1", 2, ChildChange.STARTED))
    assert loss.held is not None
    assert loss.held.lease == granted.lease
    assert not loss.by_itself, "its supervisor ended, and nobody is charged"
    assert crew.leasing.held(granted.lease) is None


def test_old_news_of_a_readiness_changes_nothing() -> None:
    crew = Crew(1, "w1")
    crew.start("w1")
    granted = crew.grant()
    crew.leasing.note_ready("w1", 1, NOW)
    crew.leasing.note_ready("w1", 2, NOW)
    assert crew.leasing.held(granted.lease) is granted.task
    assert crew.leasing.crew.slot("w1").generation == 2


def test_a_worker_whose_lease_was_void_is_free_once_it_has_brought_what_it_had() -> None:
    crew = Crew(1, "w1")
    granted = crew.grant()
    slot = crew.leasing.crew.slot("w1")
    crew.leasing.void(slot)
    free = [slot.is_free]
    crew.leasing.note_stale(granted.lease)
    assert [*free, slot.is_free] == [False, True]
    assert crew.leasing.stale == 1


def test_work_goes_to_whoever_has_ended_least() -> None:
    crew = Crew(4, "w1", "w2")
    first = crew.grant()
    crew.end(first.lease)
    assert crew.grant().lease.worker == "w2"
    assert crew.grant().lease.worker == "w1"


def test_whoever_worked_on_a_cancelled_task_is_excused_killed_and_gets_nothing_more() -> None:
    crew = Crew(2, "w1")
    granted = crew.grant()
    assert crew.leasing.cancel(0, "not wanted") is granted.task
    assert crew.effects == [ExcuseLoss("w1", 1), KillWorker("w1", 1, "not wanted")]
    crew.leasing.note_stale(granted.lease)  # it comes back before it is killed
    assert crew.effects[2:] == [RecycleWorker("w1", 1, "not wanted")]
    assert crew.leasing.next_grant(lambda _group: True, NOW) is None


def test_a_duty_that_takes_too_long_costs_its_worker() -> None:
    crew = Crew(0, "w1")
    crew.leasing.begin_duty(crew.leasing.crew.slot("w1"), "red", WorkerState.PROBING, "asking", NOW + 5.0)
    assert NOW + 5.0 in crew.leasing.times()
    crew.leasing.pass_time(NOW + 4.0)
    assert crew.effects == []
    crew.leasing.pass_time(NOW + 5.0)
    crew.leasing.pass_time(NOW + 6.0)
    assert crew.effects == [KillWorker("w1", 1, "asking took too long")]


def _always(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


def _release_untold(good: Any) -> Any:
    def bad(self: Leasing[Any], lease: Lease, *, ended: bool = False) -> None:
        emit, self._emit = self._emit, _always(None)
        try:
            good(self, lease, ended=ended)
        finally:
            self._emit = emit

    return bad


def _cancel_undrained(good: Any) -> Any:
    def bad(self: Leasing[Any], key: int, text: str) -> Any:
        task = good(self, key, text)
        for worker in self.crew.all():
            worker.draining = ""
        return task

    return bad


def _cancel_unexcused(good: Any) -> Any:
    def bad(self: Leasing[Any], key: int, text: str) -> Any:
        emit = self._emit
        self._emit = lambda effect: None if isinstance(effect, ExcuseLoss) else emit(effect)
        try:
            return good(self, key, text)
        finally:
            self._emit = emit

    return bad


def _counts_only(self: Leasing[Any], _lease: Lease) -> None:
    self.stale += 1


def _by_name(self: CrewView) -> WorkerView | None:
    return min((worker for worker in self._workers.values() if worker.is_free), key=lambda one: one.name, default=None)


def _blind_to_duties(good: Any) -> Any:
    def bad(self: CrewView) -> list[WorkerView]:
        return []

    return bad


@attrs.frozen
class Bug:
    """What takes the place of what, and which test falls over it."""

    name: str
    where: Any
    what: str
    instead: Callable[[Any], Any]
    falls: Callable[[], None]


BUGS = (
    Bug("nobody is excused", Leasing, "excuse", lambda _: _always(None),
        test_a_slot_is_excused_for_what_it_lost_over_different_tasks_but_not_for_ever),
    Bug("always excused", CrewView, "excuses", lambda _: _always(True),
        test_a_slot_is_excused_for_what_it_lost_over_different_tasks_but_not_for_ever),
    Bug("never excused", CrewView, "excuses", lambda _: _always(False),
        test_a_slot_is_excused_for_what_it_lost_over_different_tasks_but_not_for_ever),
    Bug("an end says nothing of earlier losses", CrewView, "get_on", lambda _: _always(None),
        test_a_task_that_came_to_its_end_makes_the_losses_before_it_forgotten),
    Bug("what others end disproves nothing", CrewView, "note_end", lambda _: _always(None),
        test_a_slot_that_lost_workers_over_tasks_which_others_end_is_not_excused_any_more),
    Bug("nobody hears of an end", Leasing, "release", _release_untold,
        test_whoever_brings_a_task_to_its_end_is_told_of_and_free),
    Bug("an end that nobody saw is none", Leasing, "_unseen_end", lambda _: _always(()),
        test_a_new_generation_shows_that_the_one_before_has_lost_what_it_held),
    Bug("any readiness is news", WorkerView, "awaits", lambda _: _always(True),
        test_old_news_of_a_readiness_changes_nothing),
    Bug("whose lease was void stays busy", Leasing, "note_stale", lambda _: _counts_only,
        test_a_worker_whose_lease_was_void_is_free_once_it_has_brought_what_it_had),
    Bug("one does all the work", CrewView, "free", lambda _: _by_name,
        test_work_goes_to_whoever_has_ended_least),
    Bug("cancelled, and it gets more", Leasing, "cancel", _cancel_undrained,
        test_whoever_worked_on_a_cancelled_task_is_excused_killed_and_gets_nothing_more),
    Bug("cancelled, and its slot pays", Leasing, "cancel", _cancel_unexcused,
        test_whoever_worked_on_a_cancelled_task_is_excused_killed_and_gets_nothing_more),
    Bug("a duty has no deadline", CrewView, "on_duty", _blind_to_duties,
        test_a_duty_that_takes_too_long_costs_its_worker),
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_in_such_a_rule_is_caught(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bug.where, bug.what, bug.instead(vars(bug.where)[bug.what]))
    with pytest.raises((AssertionError, ValueError)):
        bug.falls()
