"""What must hold in the world of `world.py` after every move: leasing agrees with the accounts in all that it shows."""

from __future__ import annotations

import random
from collections import Counter

import attrs

from actors.leasing import (
    Budgets,
    KillWorker,
    Leasing,
    LeasingEffect,
    PauseBook,
    RecycleWorker,
    Task,
    WorkerView,
)
from contracts.config import RetryPolicy
from contracts.errors import Blame
from contracts.ports import Lease, PauseBegan, PauseEnded
from tests.leasing.accounts import Charges, Excuses, Slot, Waits

WORKERS = ("w1", "w2", "w3")
GROUPS = ("red", "blue")
PAUSES = ("flood", "fire")
MOST = 14
TIMEOUT, INACTIVITY = 60.0, 20.0


def place(task: Task) -> tuple[bool, int, int]:
    """Where a task stands in line."""
    return task.interruptions >= 3, -task.priority, task.key


@attrs.frozen
class Expected:
    """What is to be given next, and to which workers it may go."""

    key: int
    workers: frozenset[str]
    alone: bool = False


class CheckedWorld:
    """Leasing, the accounts, and their comparison."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.effects: list[LeasingEffect] = []
        self.owed: list[LeasingEffect] = []
        """What the move in hand is to lead to; texts are compared where there are any."""
        self.asked: set[tuple[str, int]] = set()
        """Generations whose end was asked for."""
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
        self.charges: dict[int, Charges] = {}
        self.slots = {name: Slot(name) for name in WORKERS}
        self.excuses = Excuses()
        self.book, self.waits = PauseBook(), Waits()
        self.pauses: dict[str, float | None] = {}
        self.closed: set[str] = set()
        self.old: list[Lease] = []
        """Every lease that was ever given."""
        self.crashes = 0
        self.ended: Counter[int] = Counter()
        self.kills: Counter[tuple[str, int]] = Counter()
        self.quarantined: Counter[Blame] = Counter()
        self.ran_alone = 0
        self.seen: Counter[str] = Counter()
        """What has happened, so that a test can say that it does."""

    # -------------------------------------------------------------------------------------------------------- looking

    def slot(self, pick: int) -> Slot:
        """Return a slot by chance."""
        return self.slots[WORKERS[pick % 3]]

    def views(self) -> dict[str, WorkerView]:
        """Return the slots as leasing sees them."""
        return {view.name: view for view in self.leasing.crew.all()}

    def at_work(self) -> list[Slot]:
        """Return the slots that hold a lease and live."""
        return [slot for slot in self.slots.values() if slot.lease is not None and slot.is_alive]

    def pick_at_work(self, pick: int) -> Slot | None:
        """Return one of them by chance."""
        slots = self.at_work()
        return slots[pick % len(slots)] if slots else None

    def task_of(self, slot: Slot) -> Task:
        """Return the task that a slot works on."""
        assert slot.lease is not None
        task = self.leasing.held(slot.lease)
        assert task is not None
        return task

    def leases(self) -> list[Lease]:
        """Return every lease in hand."""
        return [slot.lease for slot in self.slots.values() if slot.lease is not None]

    def waiting(self) -> list[Task]:
        """Return every open task that nobody works on."""
        in_work = {lease.task.sequence for lease in self.leases()}
        return [task for key, task in self.leasing.tasks.items() if key not in in_work]

    def free(self) -> list[Slot]:
        """Return who may get work, whoever has ended fewest tasks first."""
        return sorted((slot for slot in self.slots.values() if slot.is_free), key=lambda slot: (slot.ended, slot.name))

    def expect(self) -> Expected | None:
        """Return what must be given now. A suspect that finds only used workers gets one of them replaced."""
        free = self.free()
        is_alone = any(slot.lease is not None and slot.is_alone for slot in self.slots.values())
        if not free or self.pauses or self.leasing.stopping or is_alone:
            return None
        line = [task for task in self.waiting() if self.charges[task.key].crashes < 2]
        ready = [task for task in line if task.group not in self.closed and self.charges[task.key].until is None]
        if ready:
            return Expected(min(ready, key=place).key, frozenset({free[0].name}))
        suspects = sorted(self.waiting(), key=lambda task: place(task)[1:])
        if line or self.leases() or not suspects or suspects[0].group in self.closed:
            return None
        if fresh := frozenset(slot.name for slot in free if slot.is_fresh):
            return Expected(suspects[0].key, fresh, alone=True)
        if not any(slot.is_coming for slot in self.slots.values()):
            free[0].is_worn = True
            self.owed.append(RecycleWorker(free[0].name, free[0].generation, ""))
        return None

    # --------------------------------------------------------------------------------------------------------- checks

    def take_effects(self) -> None:
        """Compare what leasing asked for with what it had to."""
        told, owed = (
            Counter((type(one), one.worker, one.generation) for one in two) for two in (self.effects, self.owed)
        )
        assert told == owed, f"{self.effects} instead of {self.owed}"
        texts = {one.worker: one.text for one in self.owed if isinstance(one, KillWorker)}
        for effect in self.effects:
            if isinstance(effect, KillWorker):
                assert effect.text.startswith(texts[effect.worker])
                self.kills[effect.worker, effect.generation] += 1
            if isinstance(effect, KillWorker | RecycleWorker):
                self.asked.add((effect.worker, effect.generation))
        self.effects.clear()
        self.owed.clear()

    def check(self) -> None:
        """Check what must hold at every moment."""
        self._check_slots()
        self._check_tasks()
        self._check_time()

    def _check_slots(self) -> None:
        crew, views = self.leasing.crew, self.views()
        assert list(views) == sorted(slot.name for slot in self.slots.values() if slot.is_known)
        for name, view in views.items():
            slot = self.slots[name]
            assert (view.generation, view.state) == (slot.generation, slot.state), f"{view} instead of {slot}"
            assert (view.is_free, view.is_free and view.is_fresh) == (slot.is_free, slot.is_free and slot.is_fresh)
            assert (view.duty, view.processed, view.last_error) == (slot.duty, slot.ended, slot.error)
            held = view.lease
            assert (held.lease if held is not None else None) == slot.lease
            if held is not None:
                assert (held.alone, held.touched, bool(held.doomed)) == (
                    slot.is_alone,
                    slot.is_touched,
                    bool(slot.killed),
                )
                assert self.leasing.held(held.lease) is self.leasing.tasks[held.lease.task.sequence]
                assert self.leasing.tasks[held.lease.task.sequence].lease == held.lease
        assert [held.lease for held in crew.leases()] == [view.lease.lease for view in crew.leased() if view.lease]
        assert Counter(held.lease for held in crew.leases()) == Counter(self.leases())
        assert {view.name for view in crew.on_duty()} == {slot.name for slot in self.slots.values() if slot.duty}
        assert len({lease.task for lease in self.leases()}) == len(self.leases()), "no task has two leases"
        assert len(self.leases()) <= 1 or not any(held.alone for held in crew.leases())
        assert self.leasing.crashes == self.crashes

    def _check_tasks(self) -> None:
        leasing = self.leasing
        assert len(leasing.queue) == len(self.waiting()), "each open task waits once or is leased once"
        assert all(task.lease is None for task in self.waiting())
        for key, task in leasing.tasks.items():
            charges = self.charges[key]
            assert (task.attempts, task.crashes) == (charges.attempts, charges.crashes), "nobody pays for another"
            assert task.attempts < 3
            assert task.crashes < 3
        assert max(self.ended.values(), default=0) <= 1, "each task ends once"
        assert set(self.ended) | set(leasing.tasks) == set(range(self.sequence)), "and none is lost"

    def _check_time(self) -> None:
        times = [slot.due for slot in self.slots.values() if slot.due is not None]
        times += [end for end in self.pauses.values() if end is not None]
        delayed = [self.charges[task.key].until for task in self.waiting()]
        known = [until for until in delayed if until is not None]
        assert sorted(self.leasing.times()) == sorted([*times, *([min(known)] if known else [])])
        assert set(self.leasing.pauses) == set(self.pauses)
        began = self.pauses.keys() - self.waits.lasting
        changed = self.waits.note(set(self.pauses))
        entries = self.book.note(self.leasing.pauses, self.now)
        assert {one.key: one for one in entries if isinstance(one, PauseBegan | PauseEnded)} == {
            key: PauseBegan(key, key) if key in began else PauseEnded(key) for key in changed
        }
        assert set(self.book.lasting()) == set(self.pauses)
        records = {one.text: (one.times, one.seconds) for one in self.book.records(self.now)}
        assert records == {key: (times, self.waits.seconds[key]) for key, times in self.waits.times.items()}
