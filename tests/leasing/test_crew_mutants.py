"""Bugs in what leasing knows of its workers: who is free, what they lose, whom it is laid at, who is excused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.leasing import CrewView, ExcuseLoss, Leasing, LeasingEffect, NoteTaskEnded, WorkerView, workers
from contracts.status import WorkerState
from contracts.supervision import ChildChange
from tests.leasing.bugs import Bug, always, hunt, instead, keeps, property_of, without, without_emission


def _no_fence(self: CrewView, lease: Any) -> WorkerView | None:
    worker = self._workers.get(lease.worker)
    return worker if worker is not None and worker.lease is not None else None


def _is_free_again(self: WorkerView) -> None:
    self.lease, self.duty, self.state = None, "", WorkerState.IDLE


def _is_idle_or_at_work(self: WorkerView) -> bool:
    return self.state in (WorkerState.IDLE, WorkerState.WORKING)


def _excuse_after_the_kill(good: Any) -> Any:
    def bad(self: Leasing[Any], *given: Any) -> Any:
        emit = self._emit
        told: list[LeasingEffect] = []
        self._emit = told.append
        try:
            return good(self, *given)
        finally:
            self._emit = emit
            for effect in reversed(told):
                emit(effect)

    return bad


def _forgets_the_deadline(good: Any) -> Any:
    def bad(self: Leasing[Any], key: int, text: str) -> Any:
        for held in self.crew.leases():
            if held.lease.task.sequence == key:
                held.doomed = ""
        return good(self, key, text)

    return bad


def _cancelled_worker_goes_on(good: Any) -> Any:
    def bad(self: Leasing[Any], key: int, text: str) -> Any:
        task = self.tasks.get(key)
        worker = self.crew.holder(task.lease) if task is not None and task.lease is not None else None
        before = worker.draining if worker is not None else ""
        cancelled = good(self, key, text)
        if worker is not None:
            worker.draining = before
        return cancelled

    return bad


def _ends_nothing(good: Any) -> Any:
    return lambda self, lease, **_named: good(self, lease)


def _stale_and_busy_for_ever(self: Leasing[Any], lease: Any) -> None:
    self.stale += 1


def _stale_frees_anybody(self: Leasing[Any], lease: Any) -> None:
    self.stale += 1
    current = self.crew.current(lease.worker, lease.generation)
    if current is not None:
        self.void(current)
        self.free(current)


def _of_the_newest(good: Any) -> Any:
    """Whatever generation is named, the newest is meant."""

    def bad(self: Leasing[Any], name: str, _generation: int, *rest: Any) -> Any:
        newest = {view.name: view.generation for view in self.crew.all()}
        return good(self, name, newest.get(name, 0), *rest)

    return bad


def _ready_whoever_says_so(good: Any) -> Any:
    def bad(self: Leasing[Any], event: Any) -> Any:
        newest = {view.name: view.generation for view in self.crew.all()}
        return good(self, attrs.evolve(event, generation=max(event.generation, newest.get(event.child, 0))))

    return bad


def _losses(**wrong: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Tell of each loss something else."""

    def build(good: Any) -> Any:
        def bad(self: Leasing[Any], worker: Any, event: Any) -> Any:
            losses = good(self, worker, event)
            return tuple(attrs.evolve(one, **{key: tell(one, event) for key, tell in wrong.items()}) for one in losses)

        return bad

    return build


def _uncounted(good: Any) -> Any:
    def bad(self: Leasing[Any], *given: Any) -> Any:
        before = self.crashes
        try:
            return good(self, *given)
        finally:
            self.crashes = before

    return bad


def _never_due(good: Any) -> Any:
    return lambda self, worker, duty, state, activity, _due: good(self, worker, duty, state, activity, 1e12)


def _killed_again_and_again(good: Any) -> Any:
    def bad(self: Leasing[Any], now: float) -> None:
        due = {worker.name: worker.duty_due for worker in self.crew.on_duty()}
        good(self, now)
        for worker in self.crew.on_duty():
            worker.duty_due = min(due[worker.name], 1e11)

    return bad


def _anybody_free(self: CrewView) -> WorkerView | None:
    return next((worker for worker in self._workers.values() if worker.is_free), None)


def _busiest_free(self: CrewView) -> WorkerView | None:
    free = (worker for worker in self._workers.values() if worker.is_free)
    return max(free, key=lambda worker: worker.processed, default=None)


def _blamed_on_the_ender_too(self: CrewView, ender: WorkerView, sequence: int) -> None:
    self.get_on(ender)
    for worker in self._workers.values():
        worker.disproved += worker is ender or sequence in worker.lost_over


def _disproved_whatever_it_lost(self: CrewView, ender: WorkerView, sequence: int) -> None:
    for worker in self._workers.values():
        worker.disproved += worker is not ender
    self.get_on(ender)


def _proves_nothing(self: CrewView, ender: WorkerView, sequence: int) -> None:
    self.get_on(ender)


def _only_the_slot_gets_on(self: CrewView, worker: WorkerView) -> None:
    worker.lost_over.clear()
    worker.disproved = 0


def _holds_it_against_the_slot_for_ever(self: CrewView, worker: WorkerView) -> None:
    self._lost_over.clear()
    worker.disproved = 0


def _only_the_crew_gets_on(self: CrewView, worker: WorkerView) -> None:
    self._lost_over.clear()


def _each_slot_for_itself(self: CrewView, worker: WorkerView, cause: Any) -> bool:
    worker.lost_over.add(cause)
    return len(worker.lost_over) <= workers.LOSSES_EXCUSED and worker.disproved < workers.LOSSES_DISPROVED


def _counts_losses(self: CrewView, worker: WorkerView, cause: Any) -> bool:
    worker.lost_over.add(cause)
    self._lost_over.add((cause, len(self._lost_over)))  # type: ignore[arg-type]  # a bug
    return len(self._lost_over) <= workers.LOSSES_EXCUSED and worker.disproved < workers.LOSSES_DISPROVED


def _deaf_to(*changes: ChildChange) -> Callable[[Any], Any]:
    def build(good: Any) -> Any:
        return lambda self, event: None if event.change in changes else good(self, event)

    return build


def _started_again(self: WorkerView, event: Any, good: Any = WorkerView.follow) -> None:
    if event.change is ChildChange.STARTED:
        self.generation, self.state = event.generation, WorkerState.STARTING
    else:
        good(self, event)


BUGS = (
    Bug("any lease of a worker counts", CrewView, "holder", instead(_no_fence)),
    Bug("a suspect gets a used worker", WorkerView, "is_fresh", property_of(lambda _self: True)),
    Bug("a cancelled task's worker works on", Leasing, "cancel", without_emission),
    Bug("a worker that works is taken for free", WorkerView, "is_free", property_of(_is_idle_or_at_work)),
    Bug("who is to be recycled gets more work", WorkerView, "become_free", instead(_is_free_again)),
    Bug("nobody is recycled", Leasing, "recycle", always(None)),
    Bug("what a dead worker held is forgotten", Leasing, "_go_down", always(())),
    Bug("a stale outcome is not counted", Leasing, "note_stale", always(None)),
    Bug("nobody is excused", Leasing, "excuse", always(None)),
    Bug("everybody is excused", CrewView, "excuses", always(True)),
    Bug("no loss may be excused", CrewView, "excuses", always(False)),
    Bug("one cause more in a row", workers, "LOSSES_EXCUSED", instead(6)),
    Bug("one cause less in a row", workers, "LOSSES_EXCUSED", instead(4)),
    Bug("one disproof more", workers, "LOSSES_DISPROVED", instead(4)),
    Bug("one disproof less", workers, "LOSSES_DISPROVED", instead(2)),
    Bug("causes are counted for each slot", CrewView, "excuses", instead(_each_slot_for_itself)),
    Bug("losses are counted, not causes", CrewView, "excuses", instead(_counts_losses)),
    Bug("an end says nothing of anybody", CrewView, "note_end", always(None)),
    Bug("an end disproves nobody", CrewView, "note_end", instead(_proves_nothing)),
    Bug("an end disproves whoever ended it", CrewView, "note_end", instead(_blamed_on_the_ender_too)),
    Bug("any end disproves all others", CrewView, "note_end", instead(_disproved_whatever_it_lost)),
    Bug("nobody gets on", CrewView, "get_on", always(None)),
    Bug("the slot alone gets on", CrewView, "get_on", instead(_only_the_slot_gets_on)),
    Bug("a slot gets on, and not quite", CrewView, "get_on", instead(_holds_it_against_the_slot_for_ever)),
    Bug("the crew alone gets on", CrewView, "get_on", instead(_only_the_crew_gets_on)),
    Bug("nobody is told that a task ended", Leasing, "release", without(NoteTaskEnded)),
    Bug("an end is none", Leasing, "release", _ends_nothing),
    Bug("what a dead supervisor's workers held is kept", Leasing, "_unseen_end", always(())),
    Bug("whoever ended unseen is charged", Leasing, "_go_down", _losses(by_itself=lambda _loss, _event: True)),
    Bug("nobody ends by itself", Leasing, "_go_down", _losses(by_itself=lambda _loss, _event: False)),
    Bug("a deadline is no fault", Leasing, "_go_down", _losses(by_itself=lambda _loss, event: not event.requested)),
    Bug("a duty is lost as nothing", Leasing, "_go_down", _losses(duty=lambda _loss, _event: "")),
    Bug("a crash is not counted", Leasing, "_go_down", _uncounted),
    Bug("an end of long ago counts", Leasing, "follow", _ready_whoever_says_so),
    Bug("whoever says it is ready is", WorkerView, "awaits", always(True)),
    Bug("nobody is ever ready", WorkerView, "awaits", always(False)),
    Bug("whoever brings what is stale stays busy", Leasing, "note_stale", instead(_stale_and_busy_for_ever)),
    Bug("whoever brings what is stale loses what it has", Leasing, "note_stale", instead(_stale_frees_anybody)),
    Bug("work does not spread", CrewView, "free", instead(_anybody_free)),
    Bug("work goes where most was done", CrewView, "free", instead(_busiest_free)),
    Bug("no fresh worker is on its way", CrewView, "is_any_coming", always(False)),
    Bug("a fresh worker is always on its way", CrewView, "is_any_coming", always(True)),
    Bug("a suspect finds no fresh worker", CrewView, "free_and_fresh", always(None)),
    Bug("a cancelled task's worker gets more", Leasing, "cancel", _cancelled_worker_goes_on),
    Bug("a cancelled task's worker is not excused", Leasing, "cancel", without(ExcuseLoss)),
    Bug("the excuse comes after the kill", Leasing, "cancel", _excuse_after_the_kill),
    Bug("a cancel excuses what a deadline kills", Leasing, "cancel", _forgets_the_deadline),
    Bug("a duty is never due", Leasing, "begin_duty", _never_due),
    Bug("whoever is late with a duty is let be", CrewView, "on_duty", always([])),
    Bug("whoever is late with a duty is killed again and again", Leasing, "pass_time", _killed_again_and_again),
    Bug("a duty of long ago ends", Leasing, "end_duty", _of_the_newest),
    Bug("a duty does not end", Leasing, "end_duty", always(None)),
    Bug("whoever was worn long ago is recycled", Leasing, "recycle", _of_the_newest),
    Bug("whoever is recycled is not told", Leasing, "free", without_emission),
    Bug("a new generation has done what the old one did", WorkerView, "become_ready", keeps(leases_given=None)),
    Bug("a new generation is worn as the old one", WorkerView, "become_ready", keeps(draining=None)),
    Bug("a worker keeps its duty", WorkerView, "become_free", keeps(duty=None)),
    Bug("who is down holds its lease", WorkerView, "follow", keeps(lease=None)),
    Bug("who is down has its duty", WorkerView, "follow", keeps(duty=None)),
    Bug("a start is not heard of", WorkerView, "follow", _deaf_to(ChildChange.STARTED)),
    Bug("a start is heard of again", WorkerView, "follow", instead(_started_again)),
    Bug("an end is not heard of", WorkerView, "follow", _deaf_to(ChildChange.DOWN)),
    Bug("who is given up is on its way", WorkerView, "follow", _deaf_to(ChildChange.RETIRED, ChildChange.STOPPED)),
    Bug("why one ended is forgotten", WorkerView, "follow", keeps(last_error=None)),
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_in_what_is_known_of_workers_is_caught(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    hunt(bug, monkeypatch)
