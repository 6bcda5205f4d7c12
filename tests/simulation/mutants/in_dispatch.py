"""Bugs in the dispatcher: leases, fences, charges, the order of work, what is written and what is shown."""

from __future__ import annotations

from typing import Any

import attrs

from actors.dispatch import recovery
from actors.dispatch.actor import Dispatcher
from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import Record, WakeAt
from actors.dispatch.hosts import HostState
from actors.dispatch.lease_book import LeaseBook, TaskState
from actors.dispatch.lease_granter import LeaseGranter
from actors.dispatch.outcome_policy import OutcomePolicy
from actors.dispatch.performer import Performer
from actors.dispatch.submissions import Submissions
from actors.leasing import CrewView, LeaseState, Leasing, PauseBook, WorkerView, queue
from contracts.messages import LoginNeeded, Published, Resume, VisitEnded, Wake
from contracts.ports import FileVerified, PauseEnded
from contracts.status import WorkerState
from contracts.tasks import POResult
from tests.dispatch.test_submissions import (
    test_a_dispatcher_whose_time_is_over_is_not_listened_to,
)
from tests.simulation.mutants import scenarios as on
from tests.simulation.mutants.mutant import Mutant, instead


def _holder_by_name(self: CrewView, lease: Any) -> WorkerView | None:
    worker = self._workers.get(lease.worker)
    return worker if worker is not None and worker.lease is not None else None


def _charge_the_login(good: Any) -> Any:
    def bad(self: OutcomePolicy, task: Any, *rest: Any) -> None:
        task.attempts += 1
        good(self, task, *rest)

    return bad


def _always_by_itself(good: Any) -> Any:
    def bad(self: OutcomePolicy, loss: Any) -> None:
        good(self, attrs.evolve(loss, by_itself=True))

    return bad


def _never_by_itself(good: Any) -> Any:
    def bad(self: OutcomePolicy, loss: Any) -> None:
        good(self, attrs.evolve(loss, by_itself=False))

    return bad


def _charge_the_machine(good: Any) -> Any:
    def bad(self: OutcomePolicy, task: Any, host: Any, lease: Any, failure: Any, now: float) -> None:
        task.attempts += failure.blame.value == "host"
        good(self, task, host, lease, failure, now)

    return bad


def _one_visit_more(good: Any) -> Any:
    def bad(self: OutcomePolicy, *rest: Any) -> None:
        self._leasing.budgets = attrs.evolve(self._leasing.budgets, attempts=4)
        good(self, *rest)

    return bad


def _one_visit_less(good: Any) -> Any:
    def bad(self: OutcomePolicy, *rest: Any) -> None:
        self._leasing.budgets = attrs.evolve(self._leasing.budgets, attempts=2)
        good(self, *rest)

    return bad


def _requeue_without_quarantine(self: Leasing[Any], task: Any, *, until: float | None = None) -> None:
    self.queue.add(task)


def _requeue_at_the_end(self: Leasing[Any], task: Any, *, until: float | None = None) -> None:
    self.queue.suspect(task)


def _forget_suspicion(good: Any) -> Any:
    def bad(self: Leasing[Any], task: Any, *, until: float | None = None) -> Any:
        if task.crashes == 2:
            return self.queue.add(task)
        return good(self, task, until=until)

    return bad


def _tell_before_it_is_written(good: Any) -> Any:
    def bad(self: LeaseGranter, *rest: Any, **more: Any) -> None:
        good(self, *rest, **more)
        effects = self._book.effects
        effects[-1], effects[-2] = effects[-2], effects[-1]

    return bad


def _wake_once(good: Any) -> Any:
    def bad(self: DispatchCore, event: Any, now: float) -> list[Any]:
        effects = good(self, event, now)
        return [effect for effect in effects if not (isinstance(event, Wake) and isinstance(effect, WakeAt))]

    return bad


def _ask_once(good: Any) -> Any:
    def bad(self: HostState, now: float) -> LoginNeeded:
        asked: LoginNeeded = good(self, now)
        self.ask_again_at = float("inf")
        return asked

    return bad


def _deaf_to_resume(good: Any) -> Any:
    def bad(self: DispatchCore, event: Any, now: float) -> list[Any]:
        return [] if isinstance(event, Resume) else good(self, event, now)

    return bad


def _never_closed(self: DispatchCore) -> None:
    """Whoever waits for the end of the batch waits for ever."""


def _ends_while_open(self: DispatchCore) -> bool:
    return self._book.succeeded + self._book.failed >= self._book.total


def _told_again(self: Submissions, epoch: int, result: POResult) -> None:
    hear = self._heard_for.get(result.handle.sequence)
    if hear is not None:
        hear(result)


def _charge_an_outage(good: Any) -> Any:
    def bad(self: HostState, sequence: int, portal_up: bool | None, now: float) -> bool:
        return bool(good(self, sequence, True, now))

    return bad


def _pause_for_good(self: LeaseBook, text: str, now: float, *, ends_run: bool) -> None:
    self.leasing.pause("machine", text)


def _show_always(good: Any) -> Any:
    def bad(self: Dispatcher) -> None:
        if self._core is not None:
            self._tools.progress.publish(self._core.progress(self.context.monotonic()))

    return bad


def _any_file(self: DispatchCore, file: Any, now: float) -> None:
    task = self._leasing.tasks.get(file.lease.task.sequence)
    if task is not None:
        task.kept = file.added_to(task.kept)
        self._book.effects.append(Record((FileVerified(file),)))


def _all_that_is_kept(good: Any) -> Any:
    def bad(self: LeaseGranter, granted: Any) -> None:
        task = granted.task
        own, task.kept = task.kept, tuple(file for one in self._book.leasing.tasks.values() for file in one.kept)
        good(self, granted)
        task.kept = own

    return bad


def _without_ends(good: Any) -> Any:
    def bad(self: PauseBook, reasons: Any, now: float) -> tuple[Any, ...]:
        return tuple(change for change in good(self, reasons, now) if not isinstance(change, PauseEnded))

    return bad


def _publish_unguarded(_good: Any) -> Any:
    def bad(self: Performer, effect: Any) -> Any:
        return Published(
            effect.lease, attrs.evolve(effect.result, folder=self.filing.publish(effect.lease, effect.result))
        )

    return bad


def _two_results(good: Any) -> Any:
    def bad(self: OutcomePolicy, event: VisitEnded, now: float) -> None:
        leasing = self._leasing
        worker = leasing.crew.holder(event.lease)
        good(self, event, now)
        if worker is not None and worker.state is WorkerState.IDLE and event.lease.task.sequence in leasing.tasks:
            worker.leases_given += 1
            leasing.queue.add(leasing.tasks[event.lease.task.sequence])

    return bad


MUTANTS = (
    Mutant(
        "missing fence",
        "any lease of a worker counts",
        CrewView,
        "holder",
        instead(_holder_by_name),
        (on.LATE_AMID_WORK,),
    ),
    Mutant(
        "lost on dead worker",
        "a lease that is lost is not queued again",
        OutcomePolicy,
        "on_lease_lost",
        instead(lambda *_: None),
        (on.LOSS,),
    ),
    Mutant(
        "double publish",
        "what was published before a death is not finished",
        recovery,
        "finish_publishes",
        instead(lambda *_: None),
        (on.AFTER,),
    ),
    Mutant(
        "priority inverted",
        "low priority goes first",
        queue,
        "_key",
        instead(lambda task, *, last=False: (last, task.priority, task.key)),
        (on.CALM,),
    ),
    Mutant(
        "requeue at the end", "a task loses its place", Leasing, "requeue", instead(_requeue_at_the_end), (on.LOSS,)
    ),
    Mutant(
        "charged for a login",
        "an attempt is counted after an auth failure",
        OutcomePolicy,
        "_on_login_met",
        _charge_the_login,
        (on.LOGIN,),
    ),
    Mutant(
        "hang never killed", "no lease is ever due", LeaseState, "due", instead(property(lambda _: 1e12)), (on.HANG,)
    ),
    Mutant(
        "charged for an order to end",
        "a loss that a supervisor ordered is charged",
        OutcomePolicy,
        "on_lease_lost",
        _always_by_itself,
        (on.BREACH,),
    ),
    Mutant(
        "losses are the slot's",
        "orders that kill browsers retire their workers",
        Leasing,
        "excuse",
        instead(lambda *_: None),
        (on.BAD_FIRST,),
    ),
    Mutant(
        "losses are never the slot's",
        "a crew whose every browser dies goes on for ever",
        CrewView,
        "excuses",
        instead(lambda *_: True),
        (on.BROKEN,),
    ),
    Mutant(
        "never looked at again",
        "a page that was not recognised fails its order at once",
        OutcomePolicy,
        "_is_worth_another_look",
        instead(lambda *_: False),
        (on.UNREAD,),
    ),
    Mutant(
        "looked at again for nothing",
        "any order that failed goes back",
        OutcomePolicy,
        "_is_worth_another_look",
        instead(lambda self, task, failure: task.attempts == 0),
        (on.DENIED,),
    ),
    Mutant(
        "folder unguarded",
        "what publishing raises ends the dispatcher",
        Performer,
        "_publish",
        _publish_unguarded,
        (on.PUBLISH_RAISES,),
    ),
    Mutant(
        "discarding unguarded",
        "what deleting raises ends the dispatcher",
        Performer,
        "_discard",
        instead(lambda self, lease: self.filing.discard(lease)),
        (on.DISCARD_RAISES,),
    ),
    Mutant("crash never charged", "losses are free", OutcomePolicy, "on_lease_lost", _never_by_itself, (on.POISONED,)),
    Mutant(
        "quarantine never",
        "a poisoned order goes round for ever",
        Leasing,
        "requeue",
        instead(_requeue_without_quarantine),
        (on.POISONED,),
    ),
    Mutant("suspect not alone", "two losses do not matter", Leasing, "requeue", _forget_suspicion, (on.SUSPECT,)),
    Mutant(
        "one visit too many", "attempts off by one", OutcomePolicy, "_on_portal_failure", _one_visit_more, (on.ERRORS,)
    ),
    Mutant(
        "one visit too few", "the same, downwards", OutcomePolicy, "_on_portal_failure", _one_visit_less, (on.ERRORS,)
    ),
    Mutant(
        "charged for the disk",
        "the machine's trouble costs",
        OutcomePolicy,
        "_on_failed",
        _charge_the_machine,
        (on.DISK,),
    ),
    Mutant(
        "charged for an outage",
        "a portal that is down costs",
        HostState,
        "note_failure",
        _charge_an_outage,
        (on.OUTAGE,),
    ),
    Mutant(
        "lease for a busy worker",
        "a worker that works is taken for free",
        WorkerView,
        "is_free",
        instead(
            property(lambda self: self.state in (WorkerState.IDLE, WorkerState.WORKING) and self.leases_given < 50)
        ),
        (on.CALM,),
    ),
    Mutant(
        "told before written",
        "a lease reaches the worker before the journal",
        LeaseGranter,
        "_tell",
        _tell_before_it_is_written,
        (on.CALM,),
    ),
    Mutant(
        "wake not asked again", "the timer is set once", DispatchCore, "handle", _wake_once, (on.HANGS,), seeds=(29,)
    ),
    Mutant(
        "login broker not asked again",
        "a question that dies with the login broker is lost",
        HostState,
        "ask_for_login",
        _ask_once,
        (on.LOGIN_BROKER_DIES,),
    ),
    Mutant("deaf to resume", "a pause never ends", DispatchCore, "handle", _deaf_to_resume, (on.PAUSED,)),
    Mutant(
        "submitted twice", "a repeated batch is new", Performer, "_is_accepted", instead(lambda *_: False), (on.TWICE,)
    ),
    Mutant(
        "submission lost",
        "a dispatcher that begins does not look what the one before was not told",
        Submissions,
        "untold",
        instead(lambda _self: ()),
        (on.LOST_SUBMISSION,),
    ),
    Mutant("never closed", "an open batch has no end", DispatchCore, "_close", instead(_never_closed), (on.OPEN,)),
    Mutant("ends while open", "more may come", DispatchCore, "_has_ended", instead(_ends_while_open), (on.OPEN,)),
    Mutant(
        "told again",
        "whoever submitted hears of an order twice",
        Submissions,
        "end",
        instead(_told_again),
        (on.TWO_DISPATCHERS,),
    ),
    Mutant(
        "not caught up",
        "what was written and not told stays untold",
        Submissions,
        "catch_up",
        instead(lambda *_: None),
        (on.AFTER,),
    ),
    Mutant(
        "deaf to epochs",
        "a dispatcher whose time is over is listened to",
        Submissions,
        "begin_epoch",
        instead(lambda *_: None),
        check=test_a_dispatcher_whose_time_is_over_is_not_listened_to,
    ),
    Mutant(
        "disk pause for good", "it has no end", LeaseBook, "pause_for_machine", instead(_pause_for_good), (on.DISK,)
    ),
    Mutant(
        "never probed", "an open circuit stays open", HostState, "wants_probe", instead(lambda *_: False), (on.OUTAGE,)
    ),
    Mutant(
        "zombie shows its progress",
        "a dispatcher given up shows its view",
        Dispatcher,
        "_show",
        _show_always,
        (on.BUSY_ZOMBIE,),
    ),
    Mutant(
        "kept for nobody",
        "what was kept stays",
        LeaseBook,
        "drop_kept",
        instead(lambda *_: None),
        (on.KEPT_FOR_NOBODY,),
    ),
    Mutant(
        "kept and deleted",
        "a lease's end takes all",
        TaskState,
        "keeps_files_of",
        instead(lambda *_: False),
        (on.KEPT,),
    ),
    Mutant(
        "staging left", "nobody deletes it", LeaseBook, "drop_staging", instead(lambda *_: None), (on.LOSS, on.LATE)
    ),
    Mutant(
        "kept by a stale lease", "its file counts", DispatchCore, "_on_file", instead(_any_file), (on.LATE, on.AFTER)
    ),
    Mutant("kept files of others", "any order may adopt them", LeaseGranter, "_tell", _all_that_is_kept, (on.CALM,)),
    Mutant(
        "pause without end in the journal", "it begins only", PauseBook, "note", _without_ends, (on.PAUSED, on.LOGIN)
    ),
    Mutant(
        "pause in silence",
        "nobody is told why nothing goes on",
        DispatchCore,
        "_note_pauses",
        instead(lambda *_: None),
        (on.PAUSED,),
    ),
    Mutant(
        "no login is one",
        "the login page before the first login is held against an order",
        HostState,
        "has_logged_in_for",
        instead(lambda *_: True),
        (on.LOGIN_ENDS,),
    ),
    Mutant(
        "queued and ended",
        "an order that is retried is queued twice",
        OutcomePolicy,
        "on_visit",
        _two_results,
        (on.LOGIN,),
    ),
)
