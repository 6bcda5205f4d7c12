"""A world of workers around a dispatch core, and what must hold in it after every step."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine, invariant

from actors.dispatch.effects import DispatchEffect, TellWorker
from actors.dispatch.submissions import Submission
from actors.logins.core import LoginBook, LoginBrokerCore
from contracts.config import Timeouts
from contracts.errors import Blame
from contracts.messages import (
    DispatchEvent,
    DutyEnded,
    LeaseTouched,
    LogIn,
    ProbeEnded,
    ProbePortal,
    VisitEnded,
    VisitFailed,
    VisitOrder,
    VisitOutcome,
)
from contracts.ports import Cookie, Credentials
from contracts.supervision import ChildChange, ChildEvent, ExitKind
from contracts.tasks import Order, TaskStatus
from tests.dispatch.driving import NO_JITTER, Drive

WORKERS = ("w1", "w2", "w3")
LIMITS = Timeouts(inactivity=20.0, task=60.0, login=10.0, circuit_open=300.0)
MOST = 12


class KnownUser:
    """Has a password for every host."""

    def credentials(self, host: str) -> Credentials | None:
        """Return it."""
        return Credentials("user", "secret")

    def saved_cookies(self, host: str) -> tuple[Cookie, ...]:
        """Return none."""
        return ()


class OrderlyDrive(Drive):
    """Checks invariant 6 after each event: nothing that waits goes before what was given out."""

    def check(self, effects: list[DispatchEffect]) -> None:
        """Compare what was given out with what could have been."""
        book = self.core._book
        waiting = [keys[0] for host, keys in book.leasing.queue._ready.items() if book.hosts[host].admits(self.now)]
        for told in effects:
            if isinstance(told, TellWorker) and isinstance(told.message, VisitOrder):
                given, place = told.message.order, told.message.lease.task.sequence
                if book.leasing.tasks[place].crashes < 2:
                    assert all((False, -given.task.priority, place) < key for key in waiting)
                else:
                    assert not book.leasing.queue._ready, "an order that cost two browsers goes last"


class DispatchWorld(RuleBasedStateMachine):
    """Workers, login broker, what each was told last, and old messages that may come again."""

    def __init__(self) -> None:
        super().__init__()
        self.drive: Drive = OrderlyDrive(timeouts=LIMITS)
        self.book = LoginBook()
        self.login_broker = LoginBrokerCore(KnownUser(), self.book)
        self.alive: dict[str, bool] = dict.fromkeys(WORKERS, False)
        self.started: dict[str, bool] = dict.fromkeys(WORKERS, False)
        self.touched: dict[str, bool] = dict.fromkeys(WORKERS, False)
        self.charges: dict[int, int] = {}
        self.history: list[DispatchEvent] = []
        self.submitted = 0
        self.heard: dict[str, list[int]] = {"one": [], "two": []}
        """What each of two submitters has heard the end of."""
        self.theirs: dict[str, set[int]] = {"one": set(), "two": set()}
        self.batch: tuple[Order, ...] = ()
        self.drained = False

    # ---------------------------------------------------------------------------------------------------- the world

    def _start(self, worker: str) -> None:
        self.drive.generations[worker] = self.drive.generations.get(worker, 0) + 1
        self.started[worker] = True
        self.drive.last.pop(worker, None)
        self.drive.send(ChildEvent("crew", worker, self.drive.generations[worker], ChildChange.STARTED))

    def _ready(self, worker: str) -> None:
        self.alive[worker] = True
        self.touched[worker] = False
        event = ChildEvent("crew", worker, self.drive.generations[worker], ChildChange.READY)
        self.history.append(event)
        self._send(event)

    def _send(self, event: DispatchEvent) -> None:
        before = dict(self.drive.last)
        self.drive.send(event)
        for worker, told in self.drive.last.items():
            if before.get(worker) is not told:
                self.touched[worker] = False

    def _submit(self, chunk: tuple[Order, ...], who: str, *, is_lost: bool = False) -> None:
        """Let somebody submit orders; with `is_lost` the dispatcher ends before it takes them."""
        places = range(self.submitted, self.submitted + len(chunk))
        hears = self.heard[who]
        key = f"{who}-{len(self.drive.submitted)}"
        submission = Submission(key, chunk, lambda result: hears.append(result.handle.sequence))
        self.drive.submitted.append(submission)
        self.drive.submissions.put(submission)
        self.submitted += len(chunk)
        self.theirs[who].update(places)
        if not is_lost:
            self._send(submission.message)

    def _message(self, worker: str) -> object:
        told = self.drive.last.get(worker)
        return told.message if told is not None and self.alive[worker] else None

    def _busy(self, kind: type) -> list[str]:
        return [worker for worker in WORKERS if isinstance(self._message(worker), kind)]

    def _pick(self, kind: type, pick: int) -> str:
        busy = self._busy(kind)
        return busy[pick % len(busy)]

    def _touch(self, worker: str) -> None:
        message = self._message(worker)
        if isinstance(message, VisitOrder):
            self.touched[worker] = True
            self._send(LeaseTouched(message.lease, "reading"))

    def _die(self, worker: str, kind: ExitKind, *, requested: bool, at_deadline: bool) -> None:
        message = self._message(worker)
        if isinstance(message, VisitOrder) and self.touched[worker] and (at_deadline or not requested):
            sequence = message.lease.task.sequence
            self.charges[sequence] = self.charges.get(sequence, 0) + 1
        if isinstance(message, VisitOrder):
            failed = VisitFailed(blame=Blame.ITEM, code="WORKER_ERROR", message="too late")
            self.history += [VisitEnded(message.lease, failed), LeaseTouched(message.lease, "too late")]
        elif isinstance(message, ProbePortal):
            self.history.append(ProbeEnded(worker, self.drive.generations[worker], message.host, 200))
        elif isinstance(message, LogIn):
            self.history.append(DutyEnded(worker, self.drive.generations[worker]))
        self.alive[worker] = self.started[worker] = False
        self.drive.kills = [kill for kill in self.drive.kills if kill.worker != worker]
        self.drive.recycles = [recycle for recycle in self.drive.recycles if recycle.worker != worker]
        self.drive.down(worker, kind, requested=requested)

    def _end(self, worker: str, outcome: VisitOutcome) -> None:
        lease = self.drive.visit(worker).lease
        del self.drive.last[worker]
        event = VisitEnded(lease, outcome)
        self.history.append(event)
        self._send(event)

    # ---------------------------------------------------------------------------------------------------- invariants

    def _attempts(self, sequence: int) -> int | None:
        known = {task.handle.sequence: task.attempts for task in self.drive.journal.replay().open_tasks}
        return known.get(sequence)

    @invariant()
    def the_counts_add_up(self) -> None:
        """Invariants 1 and 2."""
        progress = self.drive.progress
        assert progress.total == progress.completed + progress.failed + progress.active + progress.pending
        assert min(progress.completed, progress.failed, progress.active, progress.pending) >= 0
        open_now = {task.handle.sequence for task in self.drive.journal.replay().open_tasks}
        assert open_now | set(self.drive.outcomes) == set(range(self.submitted))
        assert not open_now & set(self.drive.outcomes)
        book = self.drive.core._book
        assert set(book.leasing.tasks) == open_now
        assert len(book.leasing.queue) + progress.active == len(open_now), "every open order waits or is in work"
        assert progress.completed == sum(result.status.is_success for result in self.drive.outcomes.values())

    @invariant()
    def whoever_submitted_hears_each_outcome_once(self) -> None:
        """By the time it is written, and nobody else's."""
        for who, heard in self.heard.items():
            assert len(heard) == len(set(heard))
            assert set(heard) == self.theirs[who] & set(self.drive.outcomes)
        for submission in self.drive.submitted:
            assert submission.handles is not None
            assert tuple(handle.po_number for handle in submission.handles) == tuple(
                one.po_number for one in submission.orders
            )

    @invariant()
    def each_lease_has_one_live_owner(self) -> None:
        """Invariant 3."""
        leased = list(self.drive.core._leasing.crew.leased())
        sequences = [view.lease.lease.task.sequence for view in leased if view.lease is not None]
        assert len(set(sequences)) == len(sequences)
        for view in leased:
            message = self._message(view.name)
            assert isinstance(message, VisitOrder)
            assert view.lease is not None
            assert message.lease == view.lease.lease
            assert view.generation == self.drive.generations[view.name]
        if any(view.lease is not None and view.lease.alone for view in leased):
            assert len(leased) == 1, "an order that runs alone runs alone"

    @invariant()
    def nobody_pays_for_anothers_fault(self) -> None:
        """Invariant 5."""
        for task in self.drive.journal.replay().open_tasks:
            assert task.crashes == self.charges.get(task.handle.sequence, 0)
            assert task.crashes < 3
            assert task.attempts < NO_JITTER.max_attempts
        for sequence, result in self.drive.outcomes.items():
            assert result.attempts <= NO_JITTER.max_attempts
            assert (result.status is TaskStatus.QUARANTINED) == (self.charges.get(sequence, 0) >= 3)

    @invariant()
    def an_idle_worker_leaves_no_work_lying(self) -> None:
        """What may be handed out is."""
        book = self.drive.core._book
        if (
            book.leasing.stopping
            or book.leasing.pauses
            or book.leasing.crew.free() is None
            or any(one.alone for one in book.leasing.crew.leases())
        ):
            return
        ready = [host for host in book.leasing.queue._ready if book.hosts[host].admits(self.drive.now)]
        assert not ready
