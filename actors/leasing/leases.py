"""The leases of one epoch: every open task, the line, the workers, and what may be done to one task at a time.

A task is WAITING (in the line), LEASED (one worker of a live generation works on it) or ended, and then forgotten here.
Leasing answers with what has come of each step; what that means, and what is written down of it, is the policy's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from actors.leasing.effects import ExcuseLoss, KillWorker, LeasingEffect, NoteTaskEnded, RecycleWorker
from actors.leasing.queue import TaskQueue
from actors.leasing.tasks import Budgets, Grant, Spent, Task
from actors.leasing.workers import CrewView, LeaseState, WorkerView
from contracts.backoff import backoff
from contracts.config import RetryPolicy
from contracts.errors import Blame
from contracts.ports import Lease
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason

T = TypeVar("T", bound=Task)


@attrs.frozen
class Loss:
    """A worker was lost with something in hand.

    Args:
        worker: Its slot.
        generation: Which generation of it.
        held: The lease that it held, or None.
        duty: The duty that it had, or empty.
        state: What it was doing.
        by_itself: Whether it ended by itself or at a deadline, and not because somebody asked for its end.
        why: Why, for people.
    """

    worker: WorkerView
    generation: int
    held: LeaseState | None
    duty: str
    state: WorkerState
    by_itself: bool
    why: str

    @property
    def is_charged(self) -> bool:
        """Whether the task pays for it: its worker was seen alive with it in hand, and ended by itself."""
        return self.held is not None and self.held.touched and self.by_itself


class Leasing(Generic[T]):
    """Keeps the leases of one epoch.

    Args:
        epoch: Every lease carries it; those of other epochs count for nothing.
        budgets: What a task may cost.
        retry: How long a task that failed waits.
        timeout: Seconds a lease may take in all, where the task does not say.
        inactivity: Seconds without a sign of work after which a lease ends too.
        chance: Seeded source of jitter.
        emit: Takes what is to be done, in order.
    """

    def __init__(
        self,
        *,
        epoch: int,
        budgets: Budgets,
        retry: RetryPolicy,
        timeout: float,
        inactivity: float,
        chance: random.Random,
        emit: Callable[[LeasingEffect], object],
    ) -> None:
        self.tasks: dict[int, T] = {}
        self.queue = TaskQueue()
        self.crew = CrewView()
        self.pauses: dict[str, str] = {}
        self.stopping = ""
        """Why nothing is handed out any more, or empty."""
        self.stale = 0
        """Outcomes of leases that were not in hand any more."""
        self.crashes = 0
        self.budgets = budgets
        self._retry = retry
        self._epoch = epoch
        self._timeout = timeout
        self._inactivity = inactivity
        self._chance = chance
        self._emit = emit
        self._pause_ends: dict[str, float] = {}

    # ---------------------------------------------------------------------------------------------------------- tasks

    def accept(self, task: T) -> None:
        """Know a task from now on. It waits nowhere before it is queued."""
        self.tasks[task.key] = task

    def forget(self, task: T) -> None:
        """A task has ended."""
        del self.tasks[task.key]

    def requeue(self, task: T, *, until: float | None = None) -> Spent | None:
        """Put a task into its place, not before `until`; one that cost workers goes to the end, to run alone.

        Returns:
            Which budget is used up, in which case the task waits nowhere and has to be ended; None otherwise.
        """
        budgets = self.budgets
        if task.crashes >= budgets.crashes:
            return Spent(Blame.BROWSER, task.crashes)
        if task.interruptions >= budgets.interruptions:
            return Spent(Blame.PROGRAM, task.interruptions)
        last = task.interruptions >= budgets.interruptions_before_last
        if task.crashes >= budgets.crashes_before_alone:
            self.queue.suspect(task)
        elif until is not None:
            self.queue.delay(task, until, last=last)
        else:
            self.queue.add(task, last=last)
        return None

    def charge(self, task: T, blame: Blame) -> None:
        """Let whoever is to blame pay: the task with an attempt or a crash, the machine with nothing."""
        if blame in (Blame.BROWSER, Blame.PROGRAM):
            task.crashes += 1
        elif blame is not Blame.MACHINE:
            task.attempts += 1

    def may_be_tried(self, task: T, more: int = 1) -> bool:
        """Whether the budget admits so many attempts more."""
        return task.attempts + more <= self.budgets.attempts

    def delay(self, task: T) -> float:
        """Return the seconds that a task waits after its last attempt."""
        retry = self._retry
        return backoff(
            task.attempts,
            first=retry.base_delay,
            most=retry.max_delay,
            factor=retry.backoff_factor,
            spread=-0.5 if retry.jitter else 0.0,
            chance=self._chance,
        )

    def cancel(self, key: int, text: str) -> T | None:
        """Take a task out, whether it waits or is worked on; a worker that has it in hand is killed, and excused.

        Returns:
            The task, which has to be ended; None when it is not open.
        """
        task = self.tasks.get(key)
        if task is None:
            return None
        worker = self.crew.holder(task.lease) if task.lease is not None else None
        held = worker.lease if worker is not None else None
        if worker is None or held is None:
            self.queue.remove(task)
        else:
            # Whoever is being killed for a deadline does not end for this: it is excused as for any loss. Told before
            # the kill, so that nobody hears of the end first.
            if not held.doomed or (held.touched and self.crew.excuses(worker, key)):
                self._emit(ExcuseLoss(worker.name, worker.generation))
            self.void(worker)
            worker.draining = worker.draining or text  # it gets nothing more, however it comes back
            self._emit(KillWorker(worker.name, worker.generation, text))
        return task

    # --------------------------------------------------------------------------------------------------------- leases

    def next_grant(self, admits: Callable[[str], bool], now: float) -> Grant[T] | None:
        """Give a free worker the next task: those that are ready in their order, suspects last and alone.

        Args:
            admits: Whether tasks of a group may be worked on now.
            now: Monotonic seconds.

        Returns:
            What was given, or None when there is nobody or nothing.
        """
        worker = self.crew.free()
        if worker is None or self.stopping or self.pauses or any(held.alone for held in self.crew.leases()):
            return None
        key = self.queue.take(admits)
        if key is not None:
            return self._grant(worker, self.tasks[key], now)
        suspect = self.queue.next_suspect(admits)
        if suspect is None or self.crew.leases():
            return None
        fresh = self.crew.free_and_fresh()
        if fresh is not None:
            self.queue.drop_suspect()
            return self._grant(fresh, self.tasks[suspect], now, alone=True)
        if not self.crew.is_any_coming():
            worker.draining = "a fresh worker for a task that lost two"
            self.free(worker)
        return None

    def _grant(self, worker: WorkerView, task: T, now: float, *, alone: bool = False) -> Grant[T]:
        task.leases += 1
        lease = Lease(task.handle, task.leases, worker.name, worker.generation, self._epoch, task.address)
        timeout = task.timeout or self._timeout
        task.lease = lease
        worker.lease = LeaseState(lease, now, now + timeout, self._inactivity, now, alone)
        worker.state = WorkerState.WORKING
        worker.leases_given += 1
        return Grant(task, lease, timeout)

    def held(self, lease: Lease) -> T | None:
        """Return the task whose lease in hand this is; None for any other (invariant 4)."""
        return self.tasks[lease.task.sequence] if self.crew.holder(lease) is not None else None

    def touch(self, lease: Lease, activity: str, now: float) -> None:
        """A lease shows activity, which renews it."""
        worker = self.crew.holder(lease)
        if worker is not None and worker.lease is not None:
            worker.lease.touched = True
            worker.lease.last_touch = now
            worker.activity = activity or worker.activity

    def note_stale(self, lease: Lease) -> None:
        """An outcome came of a lease that is not in hand: it is counted, and whoever brought it is free again."""
        self.stale += 1
        current = self.crew.current(lease.worker, lease.generation)
        if current is not None and current.lease is None and current.state is WorkerState.WORKING:
            self.free(current)  # its lease was void, but it works for whoever comes next

    def release(self, lease: Lease, *, ended: bool = False) -> None:
        """Free the worker that held the lease; with `ended` it brought a task to its end."""
        worker = self.crew.holder(lease)
        if worker is None:
            return
        if ended:
            worker.processed += 1
            self.crew.note_end(worker, lease.task.sequence)
            self._emit(NoteTaskEnded(worker.name, worker.generation))
        self.free(worker)

    def void(self, worker: WorkerView) -> None:
        """Take a worker's lease away. It goes on working, and what comes of it is stale."""
        if worker.lease is not None:
            self.tasks[worker.lease.lease.task.sequence].lease = None
            worker.lease = None

    # -------------------------------------------------------------------------------------------------------- workers

    def note_ready(self, name: str, generation: int, now: float) -> tuple[Loss, ...]:
        """A worker's new generation can take work. Returns what an older one must have lost."""
        worker = self.crew.slot(name)
        losses = self._unseen_end(worker, generation)
        if worker.awaits(generation):
            worker.become_ready(generation, now)
        return losses

    def follow(self, event: ChildEvent) -> tuple[Loss, ...]:
        """Follow what the supervisor of the workers tells. Returns what was in hand and is lost."""
        worker = self.crew.slot(event.child)
        losses = self._unseen_end(worker, event.generation)
        if event.change is ChildChange.DOWN and worker.generation == event.generation:
            return (*losses, *self._go_down(worker, event))
        if event.generation >= worker.generation:
            worker.follow(event)
        return losses

    def _unseen_end(self, worker: WorkerView, generation: int) -> tuple[Loss, ...]:
        """Take what an older generation had in hand for lost: a supervisor that dies tells nobody of its children."""
        if worker.generation >= generation or (worker.lease is None and not worker.duty):
            return ()
        reason = Reason(ExitKind.KILLED, "its supervisor ended")
        return self._go_down(
            worker, ChildEvent("", worker.name, worker.generation, ChildChange.DOWN, reason, requested=True)
        )

    def _go_down(self, worker: WorkerView, event: ChildEvent) -> tuple[Loss, ...]:
        held, duty, state = worker.lease, worker.duty, worker.state
        at_deadline = held is not None and bool(held.doomed)
        is_overdue = bool(duty) and worker.duty_due == float("inf")
        worker.follow(event)
        if at_deadline or (event.reason is not None and event.reason.kind.is_abnormal and not event.requested):
            self.crashes += 1
        if held is None and not duty:
            return ()
        doomed = held.doomed if held is not None else ""
        why = doomed or (event.reason.text if event.reason is not None else "the worker ended")
        by_itself = not event.requested or at_deadline or is_overdue
        return (Loss(worker, event.generation, held, duty, state, by_itself, why),)

    def excuse(self, loss: Loss) -> None:
        """A worker was lost over a task or a duty: its slot is excused, unless it loses them over everything."""
        cause = loss.held.lease.task.sequence if loss.held is not None else loss.duty
        if self.crew.excuses(loss.worker, cause):
            self._emit(ExcuseLoss(loss.worker.name, loss.generation))

    def recycle(self, name: str, generation: int, text: str) -> None:
        """Give a generation no further work, and have it restarted when it is free."""
        worker = self.crew.current(name, generation)
        if worker is None or worker.draining or worker.ready_at is None:
            return
        worker.draining = text
        if worker.state is WorkerState.IDLE:
            self.free(worker)

    def free(self, worker: WorkerView) -> None:
        """Free a worker whose work has ended; one that is to be recycled is."""
        worker.become_free()
        if worker.draining:
            self._emit(RecycleWorker(worker.name, worker.generation, worker.draining))

    def begin_duty(self, worker: WorkerView, duty: str, state: WorkerState, activity: str, due: float) -> None:
        """Give a worker something to do besides tasks, to be done by the monotonic time `due`."""
        worker.state, worker.duty, worker.activity, worker.duty_due = state, duty, activity, due

    def end_duty(self, name: str, generation: int) -> None:
        """A duty has ended."""
        worker = self.crew.current(name, generation)
        if worker is not None and worker.lease is None and worker.duty:
            self.free(worker)

    # ----------------------------------------------------------------------------------------------------------- time

    def pause(self, key: str, text: str, until: float | None = None) -> None:
        """Hand out nothing for a reason that `key` names, until it is resumed or the monotonic time has come."""
        self.pauses[key] = text
        self._pause_ends.pop(key, None)
        if until is not None:
            self._pause_ends[key] = until

    def resume(self, key: str) -> None:
        """The reason `key` has passed."""
        self.pauses.pop(key, None)
        self._pause_ends.pop(key, None)

    def pass_time(self, now: float) -> None:
        """Look at the clock: wake what was delayed, end pauses, and kill whoever is past a deadline."""
        self.queue.wake(now)
        for key in [key for key, end in self._pause_ends.items() if end <= now]:
            self.resume(key)
        for worker in self.crew.leased():
            held = worker.lease
            if held is None or held.doomed or held.due > now:
                continue
            held.doom(now)
            self._emit(KillWorker(worker.name, worker.generation, held.doomed))
        for worker in self.crew.on_duty():
            if worker.duty_due <= now:
                worker.duty_due = float("inf")
                self._emit(KillWorker(worker.name, worker.generation, f"{worker.activity} took too long"))

    def times(self) -> tuple[float, ...]:
        """When the clock must be looked at again."""
        times = [held.due for held in self.crew.leases() if not held.doomed]
        times += [worker.duty_due for worker in self.crew.on_duty() if worker.duty_due < float("inf")]
        times += self._pause_ends.values()
        due = self.queue.next_due()
        return (*times, due) if due is not None else tuple(times)
