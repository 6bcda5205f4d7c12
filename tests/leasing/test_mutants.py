"""A bug in each rule of leasing is caught without any portal: put in, hunted with seeded schedules, taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.leasing import LeaseState, Leasing, PauseBook, TaskQueue, WorkerView, leases, queue
from contracts.errors import Blame
from tests.leasing.bugs import Bug, always, hunt, instead, property_of, without_emission


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


def _doomed_again_and_again(good: Any) -> Any:
    def bad(self: Leasing[Any], now: float) -> None:
        good(self, now)
        for held in self.crew.leases():
            held.doomed = ""

    return bad


def _keeps_the_end_before(self: Leasing[Any], key: str, text: str, until: float | None = None) -> None:
    self.pauses[key] = text
    if until is not None:
        self._pause_ends[key] = until


def _goes_on_though_stopped(good: Any) -> Any:
    def bad(self: Leasing[Any], *rest: Any) -> Any:
        stopping, self.stopping = self.stopping, ""
        try:
            return good(self, *rest)
        finally:
            self.stopping = stopping

    return bad


def _timeouts_for_all_alike(good: Any) -> Any:
    def bad(self: Leasing[Any], worker: Any, task: Any, now: float, **more: Any) -> Any:
        task.timeout = None
        return good(self, worker, task, now, **more)

    return bad


def _knows_no_activity(self: Leasing[Any], lease: Any, activity: str, now: float) -> None:
    worker = self.crew.holder(lease)
    if worker is not None and worker.lease is not None:
        worker.lease.touched, worker.activity = True, activity


def _touched_by_nobody(good: Any) -> Any:
    def bad(self: Leasing[Any], lease: Any, activity: str, now: float) -> None:
        good(self, lease, activity, now)
        for held in self.crew.leases():
            held.touched = False

    return bad


def _one_more_only(good: Any) -> Any:
    return lambda self, task, more=1: good(self, task)


def _has_no_idea_why(self: LeaseState, now: float) -> None:
    self.doomed = "no activity for long"


def _taken_and_not_looked_behind(good: Any) -> Any:
    def bad(self: TaskQueue, *given: Any) -> Any:
        trim, self._trim = self._trim, lambda: None  # type: ignore[method-assign]
        try:
            return good(self, *given)
        finally:
            self._trim = trim  # type: ignore[method-assign]

    return bad


def _in_its_place(good: Any) -> Any:
    return lambda self, task, *given, **_last: good(self, task, *given)


def _pause_counted_each_time(good: Any) -> Any:
    def bad(self: PauseBook, reasons: Any, now: float) -> Any:
        for key in reasons:
            if key in self._known:
                self._known[key].times += 1
        return good(self, reasons, now)

    return bad


BUGS = (
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
    Bug("what is cancelled stays in line", TaskQueue, "remove", always(None)),
    Bug("the same lease again", Leasing, "_grant", _same_lease_again),
    Bug("a lease is never due", LeaseState, "due", property_of(lambda _self: 1e12)),
    Bug("whoever is late is let be", Leasing, "pass_time", without_emission),
    Bug("a drained group keeps its tasks", TaskQueue, "drain", always(iter(()))),
    Bug("a group without tasks is waited for", TaskQueue, "waits_for", always(True)),
    Bug("whoever is late is killed again and again", Leasing, "pass_time", _doomed_again_and_again),
    Bug("a pause keeps the end of the one before", Leasing, "pause", instead(_keeps_the_end_before)),
    Bug("work is given though all is to end", Leasing, "next_grant", _goes_on_though_stopped),
    Bug("every task has the usual time", Leasing, "_grant", _timeouts_for_all_alike),
    Bug("activity renews no lease", Leasing, "touch", instead(_knows_no_activity)),
    Bug("activity shows nobody alive", Leasing, "touch", _touched_by_nobody),
    Bug("one attempt is looked ahead, not more", Leasing, "may_be_tried", _one_more_only),
    Bug("nothing is ever to be looked at", Leasing, "times", always(())),
    Bug("only silence ends a lease", LeaseState, "due", property_of(lambda self: self.last_touch + self.inactivity)),
    Bug("silence ends no lease", LeaseState, "due", property_of(lambda self: self.expires_at)),
    Bug("nobody knows which deadline it was", LeaseState, "doom", instead(_has_no_idea_why)),
    Bug("what was taken out stands first after a drain", TaskQueue, "drain", _taken_and_not_looked_behind),
    Bug("what was taken out stands first after a turn", TaskQueue, "take", _taken_and_not_looked_behind),
    Bug("who goes last is delayed into its place", TaskQueue, "delay", _in_its_place),
    Bug("who goes last goes first", TaskQueue, "add", _in_its_place),
    Bug("nothing is ever due", TaskQueue, "next_due", always(None)),
    Bug("a pause is counted each time it is looked at", PauseBook, "note", _pause_counted_each_time),
    Bug("a pause is not told of", PauseBook, "note", always(())),
    Bug("a new batch has waited as long as the one before", PauseBook, "begin", always(None)),
    Bug("nothing lasts", PauseBook, "lasting", always(())),
)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_in_a_rule_is_caught_without_a_portal(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    hunt(bug, monkeypatch)
