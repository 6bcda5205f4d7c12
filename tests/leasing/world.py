"""A world of workers around leasing, without any portal: every move says in its own account what must come of it."""

from __future__ import annotations

import attrs

from actors.leasing import ExcuseLoss, KillWorker, Loss, NoteTaskEnded, RecycleWorker, Task
from contracts.errors import Blame
from contracts.ports import Lease
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import TaskHandle
from tests.leasing.accounts import Charges, Slot
from tests.leasing.checks import GROUPS, INACTIVITY, MOST, TIMEOUT, place
from tests.leasing.timed import TimedWorld

KINDS = ("letter", "parcel")
BLAMES = (Blame.ITEM, Blame.PORTAL, Blame.NETWORK, Blame.AUTH, Blame.BROWSER, Blame.PROGRAM, Blame.MACHINE)
OWN_ENDS = (ExitKind.CRASHED, ExitKind.HUNG, ExitKind.NORMAL)
ASKED_ENDS = (ExitKind.SHUTDOWN, ExitKind.KILLED)


class World(TimedWorld):
    """Plays moves, and checks after each."""

    def move(self, name: str, pick: int) -> None:
        """Make a move and check all that must hold."""
        getattr(self, f"_{name}")(pick)
        self.take_effects()
        self.check()

    # ---------------------------------------------------------------------------------------------------------- tasks

    def _accept(self, pick: int) -> None:
        if self.sequence >= MOST:
            return
        task = Task(
            handle=TaskHandle(self.sequence, f"T{self.sequence}"),
            kind=KINDS[pick % 2],
            group=GROUPS[pick // 2 % 2],
            priority=pick % 3,
            timeout=35.0 if pick % 7 == 0 else None,
            address=f"/{self.sequence}",
            interruptions={3: 3, 4: 6}.get(pick % 20, 0),
        )
        self.sequence += 1
        self.leasing.accept(task)
        self.charges[task.key] = Charges(task.timeout or TIMEOUT)
        self._queue(task, None)

    def _queue(self, task: Task, until: float | None) -> None:
        spent = self.leasing.requeue(task, until=until)
        charges = self.charges[task.key]
        poisoned = charges.crashes >= 3 or task.interruptions >= 6
        assert (spent is not None) == poisoned, "a poisoned task is quarantined, and no other one"
        if spent is not None:
            crashed = Blame.BROWSER, charges.crashes
            assert (spent.blame, spent.times) == (crashed if charges.crashes >= 3 else (Blame.PROGRAM, 6))
            self.quarantined[spent.blame] += 1
            self._end(task)
        elif charges.crashes < 2:
            charges.until = until

    def _end(self, task: Task) -> None:
        self.leasing.forget(task)
        self.ended[task.key] += 1

    def _finish(self, pick: int) -> None:
        if slot := self.pick_at_work(pick):
            self._bring_to_an_end(slot)

    def _prove(self, _pick: int) -> None:
        """End a task at another slot than the first, at best one that the first lost a worker over: it was not that."""
        slots = [slot for slot in self.at_work() if slot.name != "w1"]
        if slots:
            self._bring_to_an_end(
                min(slots, key=lambda slot: not self.excuses.is_lost_at("w1", self.task_of(slot).key))
            )

    def _bring_to_an_end(self, slot: Slot) -> None:
        task = self.task_of(slot)
        self.leasing.charge(task, Blame.ITEM)
        self.charges[task.key].attempts += 1
        self._give_up(slot, ended=True)
        self._end(task)
        for name, view in self.views().items():
            assert view.disproved == self.excuses.disproved(name), "what others ended speaks against whoever lost it"

    def _fail(self, pick: int) -> None:
        if slot := self.pick_at_work(pick):
            task, blame = self.task_of(slot), BLAMES[pick % len(BLAMES)]
            self.leasing.charge(task, blame)
            charges = self.charges[task.key]
            charges.crashes += blame in (Blame.BROWSER, Blame.PROGRAM)
            charges.attempts += blame not in (Blame.BROWSER, Blame.PROGRAM, Blame.MACHINE)
            for more in (1, 2):
                assert self.leasing.may_be_tried(task, more) == (charges.attempts + more <= 3)
            if charges.attempts >= 3:
                self._give_up(slot, ended=True)
                self._end(task)
                return
            self._give_up(slot)
            wait = self.leasing.delay(task)
            assert wait == (0.0, 1.0, 2.0)[charges.attempts], "each wait is twice the one before"
            self._queue(task, self.now + wait if pick % 2 else None)

    def _give_up(self, slot: Slot, *, ended: bool = False) -> None:
        task, lease = self.task_of(slot), slot.lease
        assert lease is not None
        if ended:
            slot.ended += 1
            self.excuses.end(slot.name, task.key)
            self.owed.append(NoteTaskEnded(slot.name, slot.generation))
        self.leasing.release(lease, ended=ended)
        self._set_free(slot)
        task.lease = None

    def _set_free(self, slot: Slot) -> None:
        slot.lease, slot.left, slot.duty, slot.killed = None, None, "", ""
        if slot.is_worn:
            self.owed.append(RecycleWorker(slot.name, slot.generation, ""))

    def _cancel(self, pick: int) -> None:
        leases = self.leases()
        key = leases[pick % len(leases)].task.sequence if leases and pick % 3 else pick % MOST
        task = self.leasing.tasks.get(key)
        slot = next(
            (one for one in self.slots.values() if one.lease is not None and one.lease.task.sequence == key), None
        )
        assert self.leasing.cancel(key, "nobody wants it") is task
        if task is None:
            return
        self._end(task)
        if slot is None:
            return
        # Whoever is killed for this is excused; whoever is being killed for a deadline, as for any loss over a task.
        if not slot.killed or (slot.is_touched and self.excuses.lose(slot.name, key)):
            self.owed.append(ExcuseLoss(slot.name, slot.generation))
        self.seen["cancelled too late" if slot.killed else "cancelled in work"] += 1
        self.owed.append(KillWorker(slot.name, slot.generation, "nobody wants it"))
        assert list(map(type, self.effects)) == list(map(type, self.owed)), "nobody hears of the end before the excuse"
        assert slot.lease is not None
        assert self.leasing.held(slot.lease) is None, "its lease is void"
        slot.take_away()
        slot.is_worn = True

    def _take_back(self, pick: int) -> None:
        """Take a task back whose worker goes on with it."""
        if slot := self.pick_at_work(pick):
            task = self.task_of(slot)
            self.leasing.void(self.views()[slot.name])
            slot.take_away()
            self._queue(task, None)

    def _stale(self, pick: int) -> None:
        left = [slot.left for slot in self.slots.values() if slot.left is not None and slot.is_alive]
        old = [lease for lease in self.old if lease not in self.leases()]
        leases = left if left and pick % 4 else old
        if leases:
            self._bring_late(leases[pick % len(leases)])

    def _bring_late(self, lease: Lease) -> None:
        before = self.leasing.stale
        for strange in (attrs.evolve(lease, worker="nobody"), attrs.evolve(lease, epoch=6)):
            assert self.leasing.held(strange) is None, "what nobody here was given counts for nothing either"
        assert self.leasing.held(lease) is None, "a lease that is not in hand counts for nothing"
        self.leasing.touch(lease, "late", self.now)
        self.leasing.release(lease, ended=True)
        assert not self.effects, "nor is anybody told of it"
        self.leasing.note_stale(lease)
        assert self.leasing.stale == before + 1
        slot = self.slots[lease.worker]
        if slot.left is not None and slot.generation == lease.generation:
            self.seen["stale, and free again"] += 1
            self._set_free(slot)

    def _drain(self, pick: int) -> None:
        group = None if pick % 5 == 0 else GROUPS[pick % 2]
        waited = [task for task in self.waiting() if group in (None, task.group)]
        for one in GROUPS:
            assert self.leasing.queue.waits_for(one) == any(task.group == one for task in self.waiting())
        taken = [self.leasing.tasks[key] for key in self.leasing.queue.drain(group)]
        assert taken == sorted(
            waited, key=lambda task: (task.crashes < 2 and task.interruptions >= 3, *place(task)[1:])
        )
        for task in taken:
            self._end(task)

    # -------------------------------------------------------------------------------------------------------- workers

    def _start(self, pick: int) -> None:
        """Start a slot's next generation. Of the one before it may not be known that it has ended."""
        slot = self.slot(pick)
        if slot.is_alive:
            return
        started = ChildEvent("crew", slot.name, slot.generation + 1, ChildChange.STARTED)
        is_early = pick // 3 % 4 == 0  # a quick one is ready before the news of its start arrives
        if is_early:
            losses = self.leasing.note_ready(slot.name, slot.generation + 1, self.now)
        else:
            losses = self.leasing.follow(started)
        self.seen["unseen, with a lease"] += slot.lease is not None
        self.seen["unseen, with a duty"] += bool(slot.duty)
        if slot.lease is not None or slot.duty:
            self.crashes += slot.lease is not None and bool(slot.killed)
            slot.error = "its supervisor ended"
        self._account_for(slot, losses, requested=True, why="its supervisor ended")
        slot.generation += 1
        slot.is_alive = True
        slot.rest_as(None if is_early else WorkerState.STARTING)
        if is_early:
            assert self.leasing.follow(started) == ()
        elif pick // 3 % 4 > 1:
            self._ready(pick)

    def _ready(self, pick: int) -> None:
        slot = self.slot(pick)
        if slot.is_alive and slot.rest is not None:
            assert self.leasing.note_ready(slot.name, slot.generation, self.now) == ()
            slot.rest_as(None)

    def _old_news(self, pick: int) -> None:
        """Something is told of an older generation, or once more."""
        slot = self.slot(pick)
        if not slot.is_known or slot.rest is WorkerState.STARTING:
            return
        if pick % 2:
            assert self.leasing.note_ready(slot.name, slot.generation - pick // 2 % 2, self.now) == ()
            return
        change = (ChildChange.STARTED, ChildChange.DOWN, ChildChange.RETIRED, ChildChange.STOPPED)[pick // 2 % 4]
        reason = Reason(ExitKind.CRASHED, "long ago")
        assert self.leasing.follow(ChildEvent("crew", slot.name, slot.generation - 1, change, reason)) == ()
        assert self.leasing.follow(ChildEvent("crew", slot.name, slot.generation, ChildChange.STARTED)) == ()

    def _vanish(self, pick: int) -> None:
        """A worker ends, and nobody is told: its supervisor has died."""
        self.slot(pick).is_alive = False

    def _die(self, pick: int) -> None:
        self._lose(self.slot(pick), requested=pick % 4 == 0, pick=pick)

    def _poison(self, _pick: int) -> None:
        """Lose the worker over the oldest task in work, as if it were always that one's fault."""
        if slots := self.at_work():
            self._lose_over(min(slots, key=lambda slot: self.task_of(slot).key))

    def _sicken(self, _pick: int) -> None:
        """Lose the first worker over whatever it has, as if it were always that slot's fault."""
        if (slots := self.at_work()) and slots[0].name == "w1":
            self._lose_over(slots[0])

    def _lose_over(self, slot: Slot) -> None:
        assert slot.lease is not None
        self._show(slot)
        self._lose(slot, requested=False)

    def _lose(self, slot: Slot, *, requested: bool, pick: int = 0) -> None:
        if not slot.is_alive:
            return
        slot.is_alive = False
        kind = ASKED_ENDS[pick % 2] if requested else OWN_ENDS[pick % 3]
        event = ChildEvent("crew", slot.name, slot.generation, ChildChange.DOWN, Reason(kind, "it ended"), requested)
        at_deadline = slot.lease is not None and bool(slot.killed)
        self.crashes += at_deadline or (kind.is_abnormal and not requested)
        slot.error = "it ended" if kind.is_abnormal else slot.error
        self._account_for(slot, self.leasing.follow(event), requested=requested)

    def _account_for(self, slot: Slot, losses: tuple[Loss, ...], *, requested: bool, why: str = "it ended") -> None:
        """A generation has ended: what it had in hand is lost, once, and laid at the right door."""
        lease, duty, state, by_itself = slot.lease, slot.duty, slot.state, not requested or bool(slot.killed)
        charged = lease is not None and slot.is_touched and by_itself
        why = slot.killed if lease is not None and slot.killed else why
        slot.rest_as(WorkerState.RESTARTING)
        assert len(losses) == (lease is not None or bool(duty)), "what was in hand is lost, once"
        for loss in losses:
            held = loss.held.lease if loss.held is not None else None
            assert (loss.worker.name, loss.generation) == (slot.name, slot.generation)
            assert (held, loss.duty, loss.state) == (lease, duty, state)
            assert loss.by_itself == by_itself
            assert loss.is_charged == charged, "only who was seen alive, and ended by itself, is charged for"
            assert loss.why.startswith(why)
            if duty and by_itself:
                self._excuse(loss, duty)
            if lease is not None:
                self._lose_lease(loss, lease, charged=charged)

    def _lose_lease(self, loss: Loss, lease: Lease, *, charged: bool) -> None:
        task = self.leasing.tasks[lease.task.sequence]
        task.lease = None
        if charged:
            self.leasing.charge(task, Blame.BROWSER)
            self.charges[task.key].crashes += 1
            self._excuse(loss, task.key)
        self._queue(task, None)
        if charged and self.charges[task.key].crashes >= 3:  # at last: quarantined, which is an end too
            self.leasing.crew.get_on(loss.worker)
            self.excuses.end(loss.worker.name, "")

    def _excuse(self, loss: Loss, cause: int | str) -> None:
        if self.excuses.lose(loss.worker.name, cause):
            self.seen["excused"] += 1
            self.owed.append(ExcuseLoss(loss.worker.name, loss.generation))
        self.leasing.excuse(loss)

    def _retire(self, pick: int) -> None:
        """A slot that is down is not started again, until another crew has one of its name."""
        slot = self.slot(pick)
        if slot.is_known and slot.rest is WorkerState.RESTARTING:
            change = ChildChange.RETIRED if pick % 2 else ChildChange.STOPPED
            reason = Reason(ExitKind.CRASHED, "too often")
            assert self.leasing.follow(ChildEvent("crew", slot.name, slot.generation, change, reason)) == ()
            slot.rest = WorkerState.RETIRED if pick % 2 else WorkerState.STOPPED
            slot.error = "too often" if pick % 2 else slot.error

    def _touch(self, pick: int) -> None:
        if slot := self.pick_at_work(pick):
            self._show(slot)

    def _show(self, slot: Slot) -> None:
        assert slot.lease is not None
        self.leasing.touch(slot.lease, "at work", self.now)
        assert self.views()[slot.name].activity == "at work"
        slot.is_touched = True
        slot.silent_at = self.now + INACTIVITY

    def _grant(self, _pick: int) -> None:
        expected = self.expect()
        granted = self.leasing.next_grant(lambda group: group not in self.closed, self.now)
        assert (granted is None) == (expected is None), "what may be worked on is, and nothing else"
        if granted is None or expected is None:
            return
        task, lease = granted.task, granted.lease
        assert task.key == expected.key, "by priority, then in line; suspects last"
        assert lease.worker in expected.workers, "by whoever has ended fewest; suspects by one that had no other work"
        slot, charges = self.slots[lease.worker], self.charges[task.key]
        charges.leases += 1
        assert lease == Lease(task.handle, charges.leases, slot.name, slot.generation, 7)
        assert (lease.address, lease not in self.old) == (task.address, True), "no lease is given twice"
        assert granted.timeout == charges.timeout
        self.ran_alone += expected.alone
        self.old.append(lease)
        slot.lease, slot.is_alone, slot.is_touched, slot.is_fresh = lease, expected.alone, False, False
        slot.expires_at, slot.silent_at = self.now + charges.timeout, self.now + INACTIVITY

    def _duty(self, pick: int) -> None:
        free, worker = self.free(), self.leasing.crew.free()
        assert (worker.name if worker is not None else None) == (free[0].name if free else None), "work spreads"
        if worker is not None:
            slot = free[0]
            slot.duty, slot.duty_due = GROUPS[pick % 2], self.now + 10
            slot.duty_state = WorkerState.PROBING if pick % 3 else WorkerState.LOGGING_IN
            self.leasing.begin_duty(worker, slot.duty, slot.duty_state, "asking", slot.duty_due)

    def _dutied(self, pick: int) -> None:
        slot, is_old = self.slot(pick), pick // 3 % 5 == 0
        if slot.is_alive:
            self.leasing.end_duty(slot.name, slot.generation - is_old)
            if slot.duty and not is_old:
                self._set_free(slot)

    def _recycle(self, pick: int) -> None:
        slot, is_old = self.slot(pick), pick % 5 == 0
        self.leasing.recycle(slot.name, slot.generation - is_old, "it is worn")
        if slot.is_known and slot.rest is None and not is_old and not slot.is_worn:
            slot.is_worn = True
            if slot.is_empty_handed:
                self._set_free(slot)

    # ------------------------------------------------------------------------------------------------------ to the end

    def settle(self) -> None:
        """Once the faults cease, everything that is open comes to its end."""
        self.closed.clear()
        for step in (("resume", 0), ("resume", 1), ("begin", 0)):
            self.move(*step)
        for _ in range(12 * MOST + 20):
            if not self.leasing.tasks:
                return
            for number, slot in enumerate(self.slots.values()):
                if slot.left is not None and slot.is_alive:
                    self._bring_late(slot.left)
                    self.take_effects()
                if (slot.name, slot.generation) in self.asked:
                    self._lose(slot, requested=True)
                for name in ("start", "ready", "dutied"):
                    self.move(name, number + 9)
            self.move("grant", 0)
            alone = [slot.lease.task.sequence for slot in self.at_work() if slot.is_alone and slot.lease is not None]
            self.move("poison" if alone and alone[0] % 2 else "finish", 0)  # some stay poisonous to their end
            self.move("wait", 1)
        raise AssertionError(f"these never end: {list(self.leasing.tasks.values())}")
