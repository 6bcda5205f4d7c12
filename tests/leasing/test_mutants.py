"""A bug in each rule of leasing is caught without any portal: put in, hunted with seeded schedules, taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.leasing import CrewView, LeaseState, Leasing, TaskQueue, WorkerView, leases, queue
from contracts.errors import Blame
from contracts.status import WorkerState
from tests.leasing.world import play, schedule

MOST = 80
"""Schedules in which a bug must show."""


@attrs.frozen
class Bug:
    """What takes the place of what."""

    name: str
    where: Any
    what: str
    instead: Callable[[Any], Any]


def _no_fence(self: CrewView, lease: Any) -> WorkerView | None:
    worker = self._workers.get(lease.worker)
    return worker if worker is not None and worker.lease is not None else None


def _ends_without_voiding(self: Leasing[Any], worker: WorkerView) -> None:
    if worker.lease is not None:
        self.tasks[worker.lease.lease.task.sequence].lease = None


def _charged_always(good: Any) -> Any:
    return property(lambda loss: loss.held is not None)


def _charged_unseen(good: Any) -> Any:
    return property(lambda loss: loss.held is not None and loss.by_itself)


def _pays_with_attempts(self: Leasing[Any], task: Any, blame: Blame) -> None:
    task.attempts += 1


def _machine_pays(good: Any) -> Any:
    def bad(self: Leasing[Any], task: Any, blame: Blame) -> None:
        good(self, task, Blame.ITEM if blame is Blame.MACHINE else blame)

    return bad


def _budget(**changes: int) -> Callable[[Any], Any]:
    def bad(good: Any) -> Any:
        def requeue(self: Leasing[Any], task: Any, **more: Any) -> Any:
            self.budgets = attrs.evolve(self.budgets, **changes)
            return good(self, task, **more)

        return requeue

    return bad


def _blind_to_pauses(good: Any) -> Any:
    def bad(self: Leasing[Any], *rest: Any) -> Any:
        pauses, self.pauses = self.pauses, {}
        try:
            return good(self, *rest)
        finally:
            self.pauses = pauses

    return bad


def _blind_to_groups(good: Any) -> Any:
    return lambda self, _admits, now: good(self, lambda _group: True, now)


def _without_emission(good: Any) -> Any:
    def bad(self: Leasing[Any], *rest: Any) -> Any:
        emit, self._emit = self._emit, lambda _effect: None
        try:
            return good(self, *rest)
        finally:
            self._emit = emit

    return bad


def _suspects_beside_others(self: TaskQueue, admits: Any) -> int | None:
    return self._suspects[0][0][-1] if self._suspects and admits(self._suspects[0][1]) else None


def _same_lease_again(good: Any) -> Any:
    def bad(self: Leasing[Any], worker: Any, task: Any, now: float, **more: Any) -> Any:
        task.leases = 0
        return good(self, worker, task, now, **more)

    return bad


def _never_alone(good: Any) -> Any:
    return lambda self, worker, task, now, **_more: good(self, worker, task, now)


def _delayed_by_nothing(self: TaskQueue, task: Any, _until: float, **more: Any) -> None:
    self.add(task, **more)


def _is_free_again(self: WorkerView) -> None:
    self.lease, self.duty, self.state = None, "", WorkerState.IDLE


def _is_idle_or_at_work(self: WorkerView) -> bool:
    return self.state in (WorkerState.IDLE, WorkerState.WORKING)


def _property(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda _good: property(get)


def always(value: Any) -> Callable[[Any], Any]:
    """Give one answer, whatever is asked."""
    return lambda _good: lambda *_given, **_named: value


def instead(made: Any) -> Callable[[Any], Any]:
    """Take the place of what was there, without asking it."""
    return lambda _good: made


BUGS = (
    Bug("any lease of a worker counts", CrewView, "holder", instead(_no_fence)),
    Bug("what was taken away stays in hand", Leasing, "void", instead(_ends_without_voiding)),
    Bug("a loss that somebody asked for is charged", leases.Loss, "is_charged", _charged_always),
    Bug("a loss of a worker that was never seen is charged", leases.Loss, "is_charged", _charged_unseen),
    Bug("a lost worker costs an attempt", Leasing, "charge", instead(_pays_with_attempts)),
    Bug("the machine's trouble costs an attempt", Leasing, "charge", _machine_pays),
    Bug("nobody is quarantined for lost workers", Leasing, "requeue", _budget(crashes=99)),
    Bug("one is quarantined too early", Leasing, "requeue", _budget(crashes=2)),
    Bug("nobody is quarantined for ends of the program", Leasing, "requeue", _budget(interruptions=99)),
    Bug("suspicion comes too late", Leasing, "requeue", _budget(crashes_before_alone=3)),
    Bug("many ends of the program change no place", Leasing, "requeue", _budget(interruptions_before_last=99)),
    Bug("an attempt too many", Leasing, "may_be_tried", always(True)),
    Bug("an attempt too few", Leasing, "may_be_tried", always(False)),
    Bug("no wait after a failure", Leasing, "delay", always(0.0)),
    Bug("waits that do not grow", leases, "backoff", always(1.0)),
    Bug("work is given during a pause", Leasing, "next_grant", _blind_to_pauses),
    Bug("a pause has no end", Leasing, "resume", always(None)),
    Bug("a group that is closed is worked on", Leasing, "next_grant", _blind_to_groups),
    Bug("nothing is ever given", Leasing, "next_grant", always(None)),
    Bug("low priority goes first", queue, "_key", instead(lambda task, *, last=False: (last, task.priority, task.key))),
    Bug("priority counts for nothing", queue, "_key", instead(lambda task, *, last=False: (last, 0, task.key))),
    Bug("last come, first served", queue, "_key", instead(lambda task, *, last=False: (last, 0, -task.key))),
    Bug("who was delayed never wakes", TaskQueue, "wake", always(None)),
    Bug("who is delayed does not wait", TaskQueue, "delay", instead(_delayed_by_nothing)),
    Bug("suspects run beside others", TaskQueue, "next_suspect", instead(_suspects_beside_others)),
    Bug("a suspect is given out twice", TaskQueue, "drop_suspect", always(None)),
    Bug("a suspect does not run alone", Leasing, "_grant", _never_alone),
    Bug("a suspect gets a used worker", WorkerView, "is_fresh", _property(lambda _self: True)),
    Bug("what is cancelled stays in line", TaskQueue, "remove", always(None)),
    Bug("a cancelled task's worker works on", Leasing, "cancel", _without_emission),
    Bug("the same lease again", Leasing, "_grant", _same_lease_again),
    Bug("a lease is never due", LeaseState, "due", _property(lambda _self: 1e12)),
    Bug("whoever is late is let be", Leasing, "pass_time", _without_emission),
    Bug("a worker that works is taken for free", WorkerView, "is_free", _property(_is_idle_or_at_work)),
    Bug("who is to be recycled gets more work", WorkerView, "become_free", instead(_is_free_again)),
    Bug("nobody is recycled", Leasing, "recycle", always(None)),
    Bug("what a dead worker held is forgotten", Leasing, "_go_down", always(())),
    Bug("a stale outcome is not counted", Leasing, "note_stale", always(None)),
    Bug("a drained group keeps its tasks", TaskQueue, "drain", always(iter(()))),
    Bug("a group without tasks is waited for", TaskQueue, "waits_for", always(True)),
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_in_a_rule_is_caught_without_a_portal(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bug.where, bug.what, bug.instead(vars(bug.where)[bug.what]))
    for seed in range(MOST):
        try:
            play(schedule(seed))
        except (AssertionError, KeyError, IndexError):
            return
    pytest.fail(f"{MOST} schedules did not notice: {bug.name}")
