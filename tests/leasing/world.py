"""A world of workers around leasing, with an account of its own: what must hold after every move, without any portal.

A schedule is a list of moves, each with a number that picks whom it strikes. So Hypothesis can shorten one, and a bug
can be hunted with seeded ones.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import attrs

from actors.leasing import ExcuseLoss, Grant, KillWorker, Leasing, LeasingEffect, NoteTaskEnded, RecycleWorker, Task
from actors.leasing.tasks import Budgets
from contracts.config import RetryPolicy
from contracts.errors import Blame
from contracts.ports import Lease
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import TaskHandle

WORKERS = ("w1", "w2", "w3")
GROUPS = ("red", "blue")
KINDS = ("letter", "parcel")
MOST = 14
TIMEOUT, INACTIVITY = 60.0, 20.0
BLAMES = (Blame.ITEM, Blame.PORTAL, Blame.NETWORK, Blame.AUTH, Blame.BROWSER, Blame.PROGRAM, Blame.MACHINE)

Move = tuple[str, int]


@attrs.define
class Account:
    """What should have been charged to one task, and whether it is to run alone by now."""

    attempts: int = 0
    crashes: int = 0


def _place(task: Task) -> tuple[bool, int, int]:
    return task.interruptions >= 3, -task.priority, task.key


class World:
    """Plays moves, and checks after each."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.effects: list[LeasingEffect] = []
        self.leasing: Leasing[Task] = Leasing(
            epoch=7,
            budgets=Budgets(),
            retry=RetryPolicy(jitter=False),
            timeout=TIMEOUT,
            inactivity=INACTIVITY,
            chance=random.Random(1),
            emit=self.effects.append,
        )
        self.sequence = 0
        self.accounts: dict[int, Account] = {}
        self.generations: Counter[str] = Counter()
        self.alive: set[str] = set()
        self.old: list[Lease] = []
        self.closed: set[str] = set()
        self.ended: Counter[int] = Counter()
        self.not_before: dict[int, float] = {}
        self.kills: Counter[tuple[str, int]] = Counter()
        self.quarantined: Counter[Blame] = Counter()
        self.ran_alone = 0
        self.touched: set[str] = set()
        self.worn: set[str] = set()
        """Workers whose generation in hand is to get nothing more."""
        self.due: dict[Lease, tuple[float, float]] = {}
        """When a lease ends whatever happens, and when it does if nothing more is heard of it."""

    # ---------------------------------------------------------------------------------------------------------- moves

    def move(self, name: str, pick: int) -> None:
        """Make a move and check all that must hold."""
        getattr(self, f"_{name}")(pick)
        self._take_effects()
        self.check()

    def _accept(self, pick: int) -> None:
        if self.sequence >= MOST:
            return
        handle = TaskHandle(self.sequence, f"T{self.sequence}")
        interruptions = {3: 3, 4: 6}.get(pick % 20, 0)
        task = Task(
            handle=handle,
            kind=KINDS[pick % 2],
            group=GROUPS[pick // 2 % 2],
            priority=pick % 3,
            interruptions=interruptions,
        )
        self.sequence += 1
        self.leasing.accept(task)
        self.accounts[task.key] = Account()
        self._queue(task, None)

    def _queue(self, task: Task, until: float | None) -> None:
        spent = self.leasing.requeue(task, until=until)
        account = self.accounts[task.key]
        poisoned = account.crashes >= 3 or task.interruptions >= 6
        assert (spent is not None) == poisoned, "a poisoned task is quarantined, and no other one"
        if spent is not None:
            crashed = Blame.BROWSER, account.crashes
            assert (spent.blame, spent.times) == (crashed if account.crashes >= 3 else (Blame.PROGRAM, 6))
            self.quarantined[spent.blame] += 1
            self._end(task)
        elif until is not None and account.crashes < 2:
            self.not_before[task.key] = until

    def _end(self, task: Task) -> None:
        self.leasing.forget(task)
        self.ended[task.key] += 1

    def _start(self, pick: int) -> None:
        worker = WORKERS[pick % 3]
        if worker not in self.alive:
            self.generations[worker] += 1
            self.alive.add(worker)
            self.touched.discard(worker)
            self.worn.discard(worker)
            self.leasing.follow(ChildEvent("crew", worker, self.generations[worker], ChildChange.STARTED))
            assert not self.leasing.note_ready(worker, self.generations[worker], self.now)

    def _grant(self, pick: int) -> None:
        free = [view for view in self.leasing.crew.all() if view.is_free]
        before = {view.name: view.leases_given for view in free}
        waiting = self._waiting()
        held = self.leasing.crew.leases()
        granted = self.leasing.next_grant(lambda group: group not in self.closed, self.now)
        ready = sorted(
            _place(task)
            for task in waiting
            if task.crashes < 2 and task.group not in self.closed and task.key not in self.not_before
        )
        blocked = bool(self.leasing.pauses or self.leasing.stopping or any(one.alone for one in held))
        if granted is None:
            assert blocked or not free or not ready, "what may be worked on is"
            return
        assert not blocked, "nothing is given while work waits, or while a suspect runs"
        self._check_grant(granted, before, ready, waiting)
        self.touched.discard(granted.lease.worker)
        self.due = {lease: due for lease, due in self.due.items() if lease not in self.old}
        self.due[granted.lease] = self.now + TIMEOUT, self.now + INACTIVITY
        self.not_before.pop(granted.task.key, None)

    def _check_grant(
        self, granted: Grant[Task], free: dict[str, int], ready: list[tuple[bool, int, int]], waiting: list[Task]
    ) -> None:
        task, lease = granted.task, granted.lease
        assert task in waiting, "it waited"
        assert lease.worker in free, "its worker was free"
        assert lease.worker not in self.worn, "and is not to be recycled"
        assert lease.generation == self.generations[lease.worker]
        assert lease.epoch == 7
        assert lease not in self.old, "no lease is given twice"
        assert task.group not in self.closed
        view = self.leasing.crew.slot(lease.worker)
        assert view.lease is not None
        if task.crashes < 2:
            assert _place(task) == ready[0], "by priority, then in line"
            assert not view.lease.alone
        else:
            others = [one for one in waiting if one is not task and one.crashes < 2]
            assert not others, "a suspect goes last"
            assert view.lease.alone
            self.ran_alone += 1
            assert free[lease.worker] == 0, "and to a worker that has had no other work"
            assert len(self.leasing.crew.leases()) == 1

    def _touch(self, pick: int) -> None:
        if lease := self._pick(pick):
            self._show(lease)

    def _show(self, lease: Lease) -> None:
        self.leasing.touch(lease, "at work", self.now)
        self.touched.add(lease.worker)
        self.due[lease] = self.due[lease][0], self.now + INACTIVITY

    def _finish(self, pick: int) -> None:
        if lease := self._pick(pick):
            task = self.leasing.held(lease)
            assert task is not None
            self.leasing.charge(task, Blame.ITEM)
            self.accounts[task.key].attempts += 1
            self._give_up(lease, ended=True)
            self._end(task)

    def _fail(self, pick: int) -> None:
        if lease := self._pick(pick):
            task = self.leasing.held(lease)
            assert task is not None
            blame = BLAMES[pick % len(BLAMES)]
            self.leasing.charge(task, blame)
            account = self.accounts[task.key]
            account.crashes += blame in (Blame.BROWSER, Blame.PROGRAM)
            account.attempts += blame not in (Blame.BROWSER, Blame.PROGRAM, Blame.MACHINE)
            assert self.leasing.may_be_tried(task) == (account.attempts < 3)
            if account.attempts >= 3:
                self._give_up(lease, ended=True)
                self._end(task)
                return
            self._give_up(lease)
            wait = self.leasing.delay(task)
            assert wait == (0.0, 1.0, 2.0)[account.attempts], "each wait is twice the one before"
            self._queue(task, self.now + wait if pick % 2 else None)

    def _give_up(self, lease: Lease, *, ended: bool = False) -> None:
        task = self.leasing.held(lease)
        assert task is not None
        self.leasing.release(lease, ended=ended)
        asked = [one.worker for one in self.effects if isinstance(one, RecycleWorker)]
        assert asked == [lease.worker] * (lease.worker in self.worn), "who is worn is recycled once it is free"
        task.lease = None
        self.old.append(lease)

    def _die(self, pick: int) -> None:
        if self.alive:
            self._lose(sorted(self.alive)[pick % len(self.alive)], requested=pick % 4 == 0)

    def _poison(self, _pick: int) -> None:
        """Lose the worker over the oldest task in work, as if it were always that one's fault."""
        held = sorted(
            (view.lease.lease.task, view.name) for view in self.leasing.crew.leased() if view.lease is not None
        )
        if held:
            lease = self.leasing.tasks[held[0][0].sequence].lease
            assert lease is not None
            self._show(lease)
            self._lose(lease.worker, requested=False)

    def _lose(self, worker: str, *, requested: bool) -> None:
        view = self.leasing.crew.slot(worker)
        held, duty = view.lease, view.duty
        kind = ExitKind.SHUTDOWN if requested else ExitKind.CRASHED
        event = ChildEvent("crew", worker, view.generation, ChildChange.DOWN, Reason(kind, "it ended"), requested)
        self.alive.discard(worker)
        charged = held is not None and worker in self.touched and (not requested or bool(held.doomed))
        losses = self.leasing.follow(event)
        assert len(losses) == (held is not None or bool(duty)), "what was in hand is lost, once"
        for loss in losses:
            assert loss.is_charged == charged, "only who was seen alive, and ended by itself, is charged for"
            if loss.held is None:
                continue
            task = self.leasing.tasks[loss.held.lease.task.sequence]
            self.old.append(loss.held.lease)
            task.lease = None
            if loss.is_charged:
                self.leasing.charge(task, Blame.BROWSER)
                self.accounts[task.key].crashes += 1
                self.leasing.excuse(loss)
            self._queue(task, None)

    def _cancel(self, pick: int) -> None:
        key = pick % MOST
        task = self.leasing.tasks.get(key)
        lease = task.lease if task is not None else None
        cancelled = self.leasing.cancel(key, "nobody wants it")
        assert cancelled is task
        if cancelled is None:
            return
        self._end(cancelled)
        if lease is not None:
            assert self.leasing.held(lease) is None, "its lease is void"
            kills = [one for one in self.effects if isinstance(one, KillWorker)]
            assert [(one.worker, one.generation) for one in kills] == [(lease.worker, lease.generation)]
            self.old.append(lease)

    def _stale(self, pick: int) -> None:
        if self.old:
            lease = self.old[pick % len(self.old)]
            before = self.leasing.stale
            assert self.leasing.held(lease) is None, "a lease that is not in hand counts for nothing"
            self.leasing.touch(lease, "late", self.now)
            self.leasing.release(lease, ended=True)
            self.leasing.note_stale(lease)
            assert self.leasing.stale == before + 1

    def _duty(self, pick: int) -> None:
        worker = self.leasing.crew.free()
        if worker is not None:
            self.leasing.begin_duty(worker, GROUPS[pick % 2], WorkerState.PROBING, "asking", self.now + 10)

    def _dutied(self, pick: int) -> None:
        on_duty = self.leasing.crew.on_duty()
        if on_duty:
            worker = on_duty[pick % len(on_duty)]
            self.leasing.end_duty(worker.name, worker.generation)

    def _recycle(self, pick: int) -> None:
        worker = WORKERS[pick % 3]
        is_old = pick % 5 == 0
        was_free = self.leasing.crew.slot(worker).is_free
        self.leasing.recycle(worker, self.generations[worker] - is_old, "it is worn")
        told = [one for one in self.effects if isinstance(one, RecycleWorker)]
        if is_old or worker not in self.alive or worker in self.worn:
            assert not told, "of an older generation nothing is asked, and of none twice"
            return
        self.worn.add(worker)
        assert bool(told) == was_free, "at once when it is free"

    def _pause(self, pick: int) -> None:
        self.leasing.pause("flood", "the cellar is full", self.now + pick % 30 if pick % 2 else None)

    def _resume(self, _pick: int) -> None:
        self.leasing.resume("flood")

    def _close(self, pick: int) -> None:
        self.closed.add(GROUPS[pick % 2])

    def _open(self, pick: int) -> None:
        self.closed.discard(GROUPS[pick % 2])

    def _wait(self, pick: int) -> None:
        times = [time for time in self.leasing.times() if time > self.now]
        self.now = min(times) if times and pick % 2 else self.now + pick % 25
        held = [one for one in self.leasing.crew.leases() if not one.doomed]
        overdue = {one.lease.worker for one in held if min(self.due[one.lease]) <= self.now}
        self.leasing.pass_time(self.now)
        self.not_before = {key: until for key, until in self.not_before.items() if until > self.now}
        killed = {one.worker for one in self.effects if isinstance(one, KillWorker)}
        on_duty = {view.name for view in self.leasing.crew.on_duty()}
        assert overdue <= killed <= overdue | on_duty, "whoever is past a deadline is killed, and nobody else"
        assert not [time for time in self.leasing.times() if time < self.now], "and not looked at again"

    def _drain(self, pick: int) -> None:
        group = GROUPS[pick % 2]
        waited = [task for task in self._waiting() if task.group == group]
        assert self.leasing.queue.waits_for(group) == bool(waited)
        taken = [self.leasing.tasks[key] for key in self.leasing.queue.drain(group)]
        assert sorted(taken, key=id) == sorted(waited, key=id)
        for task in taken:
            self.not_before.pop(task.key, None)
            self._end(task)

    # --------------------------------------------------------------------------------------------------------- checks

    def _pick(self, pick: int) -> Lease | None:
        leased = sorted(self.leasing.crew.leased(), key=lambda view: view.name)
        held = leased[pick % len(leased)].lease if leased else None
        return held.lease if held is not None else None

    def _waiting(self) -> list[Task]:
        return [task for task in self.leasing.tasks.values() if task.lease is None]

    def _take_effects(self) -> None:
        for effect in self.effects:
            view = self.leasing.crew.slot(effect.worker)
            match effect:
                case KillWorker():
                    assert effect.generation == view.generation
                    self.kills[effect.worker, effect.generation] += 1
                case RecycleWorker():
                    assert view.lease is None, "who works is not recycled"
                case NoteTaskEnded() | ExcuseLoss():
                    pass
        self.effects.clear()

    def check(self) -> None:
        """Check what must hold at every moment."""
        leasing = self.leasing
        held = [(view, view.lease.lease) for view in leasing.crew.leased() if view.lease is not None]
        assert len(leasing.queue) == len(self._waiting()), "each open task waits once or is leased once"
        assert len({lease.task for _, lease in held}) == len(held), "no task has two leases"
        for view, lease in held:
            assert leasing.held(lease) is leasing.tasks[lease.task.sequence]
            assert leasing.tasks[lease.task.sequence].lease == lease
            assert (lease.worker, lease.generation) == (view.name, self.generations[view.name])
            assert view.name in self.alive, "no lease outlives its owner"
        assert len(held) == 1 or not any(view.lease is not None and view.lease.alone for view, _ in held)
        for key, task in leasing.tasks.items():
            account = self.accounts[key]
            assert (task.attempts, task.crashes) == (account.attempts, account.crashes), "nobody pays for another"
            assert task.attempts < 3
            assert task.crashes < 3
        assert max(self.ended.values(), default=0) <= 1, "each task ends once"
        assert set(self.ended) | set(leasing.tasks) == set(range(self.sequence)), "and none is lost"
        for view in leasing.crew.all():
            assert not (view.is_free and view.draining), "who is to be recycled gets nothing more"

    def settle(self) -> None:
        """Once the faults cease, everything that is open comes to its end."""
        self.closed.clear()
        self.leasing.resume("flood")
        for _ in range(12 * MOST + 20):
            if not self.leasing.tasks:
                return
            for worker in range(3):
                view = self.leasing.crew.slot(WORKERS[worker])
                if view.name in self.alive and (
                    view.draining or (view.state is WorkerState.WORKING and not view.lease)
                ):
                    self.move("die", 4 * sorted(self.alive).index(view.name))
                self.move("start", worker)
            self.move("dutied", 0)
            self.move("grant", 0)
            alone = [one.lease.task.sequence for one in self.leasing.crew.leases() if one.alone]
            self.move("poison" if alone and alone[0] % 2 else "finish", 0)  # some stay poisonous to their end
            self.move("wait", 1)
        raise AssertionError(f"these never end: {list(self.leasing.tasks.values())}")


_WEIGHTS = {
    "accept": 6, "start": 6, "grant": 10, "touch": 3, "finish": 1, "fail": 2, "die": 1, "poison": 4, "cancel": 0.3,
    "stale": 1, "duty": 1, "dutied": 1, "recycle": 1, "pause": 1, "resume": 2, "close": 1, "open": 2, "wait": 4,
    "drain": 0.1,
}  # fmt: skip
MOVES = tuple(_WEIGHTS)


def play(moves: Sequence[Move]) -> World:
    """Play a schedule, then let the faults cease."""
    world = World()
    for name, pick in moves:
        world.move(name, pick)
    world.settle()
    return world


def schedule(seed: int, length: int = 150) -> list[Move]:
    """Return a schedule by chance."""
    chance = random.Random(seed)
    names = chance.choices(MOVES, tuple(_WEIGHTS.values()), k=length)
    return [(name, chance.randrange(100)) for name in names]
