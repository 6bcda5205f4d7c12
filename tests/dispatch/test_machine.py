"""The dispatch core in a world of faults: after every step its account is right, and once the faults cease all ends.

The login broker's own core takes part, since who asks for a login again, and when, lies between the two.
"""

from __future__ import annotations

from hypothesis import settings, strategies as st
from hypothesis.stateful import initialize, precondition, rule

from actors.leasing import KillWorker, RecycleWorker
from actors.logins.core import LoginBrokerCore
from contracts.errors import Blame
from contracts.messages import (
    BeginBatch,
    Cancel,
    CloseBatch,
    Drain,
    DutyEnded,
    LeaseTouched,
    LogIn,
    LoginEnded,
    LoginMet,
    LoginResult,
    Pause,
    ProbeEnded,
    ProbePortal,
    PublishFailed,
    Recycle,
    Resume,
    Visited,
    VisitFailed,
    VisitOrder,
)
from contracts.supervision import ChildChange, ChildEvent, ExitKind
from contracts.tasks import POResult, TaskStatus
from tests.dispatch.driving import FILE, HOST, OTHER, order
from tests.dispatch.world import LIMITS, MOST, WORKERS, DispatchWorld, KnownUser, OrderlyDrive

workers = st.sampled_from(WORKERS)
hosts = st.sampled_from((HOST, HOST, OTHER))
picks = st.integers(0, 2)
rare = st.integers(0, 7)


class DispatchMachine(DispatchWorld):
    """Random orders, outcomes, deaths, delays, stale and repeated messages."""

    @initialize(
        rows=st.lists(st.tuples(st.integers(-1, 1), hosts, st.booleans()), min_size=1, max_size=MOST),
        ready=st.sampled_from((3, 3, 1, 0)),
        at_once=st.sampled_from((True, True, False)),
        is_open=st.booleans(),
    )
    def begin(self, rows: list[tuple[int, str, bool]], ready: int, at_once: bool, is_open: bool) -> None:
        """A batch begins, some workers are there."""
        self.batch = tuple(
            order(place, priority=priority, host=host, fault="no number" if faulty and place % 4 == 3 else "")
            for place, (priority, host, faulty) in enumerate(rows)
        )
        self.drive.send(BeginBatch(None if is_open else len(self.batch)))
        if at_once:
            self.submit(len(rows), 0, "one")
        for worker in WORKERS[:ready]:
            self._start(worker)
            self._ready(worker)

    # --------------------------------------------------------------------------------------------------------- rules

    @rule(count=st.integers(1, 4), again=st.integers(0, 3), who=st.sampled_from(("one", "two")))
    def submit(self, count: int, again: int, who: str) -> None:
        """Orders come in from one of two submitters, and one that came before comes again."""
        if again < len(self.drive.submitted):
            self._send(self.drive.submitted[again].message)
        chunk = self.batch[self.submitted : self.submitted + count]
        if chunk:
            self._submit(chunk, who)

    @rule(chance=picks)
    def closes(self, chance: int) -> None:
        """No more is to come, though some more does all the same."""
        if not chance:
            self._send(CloseBatch())
            assert not self.drive.progress.is_open

    @rule(worker=workers, early=st.booleans())
    def start_and_maybe_ready(self, worker: str, early: bool) -> None:
        """A slot gets its next generation; a quick one is ready before the news of its start arrives."""
        if self.started[worker]:
            return
        if early:
            self.drive.generations[worker] = self.drive.generations.get(worker, 0) + 1
            self.started[worker] = True
            self.drive.last.pop(worker, None)
            self._ready(worker)
            self._send(ChildEvent("crew", worker, self.drive.generations[worker], ChildChange.STARTED))
        else:
            self._start(worker)

    @rule(worker=workers)
    def ready(self, worker: str) -> None:
        """A started worker reports ready."""
        if self.started[worker] and not self.alive[worker]:
            self._ready(worker)

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(pick=picks)
    def shows_activity(self, pick: int) -> None:
        """A busy worker shows activity."""
        self._touch(self._pick(VisitOrder, pick))

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(pick=picks, status=st.sampled_from(("COMPLETED", "PARTIAL", "NO_ATTACHMENTS")), more=st.booleans())
    def visit_succeeds(self, pick: int, status: str, more: bool) -> None:
        """A visit ends with a result."""
        worker, known = self._pick(VisitOrder, pick), TaskStatus[status]
        files = () if known is TaskStatus.NO_ATTACHMENTS else (FILE,)
        result = POResult(self.drive.visit(worker).lease.task, known, attachments=files)
        self._end(worker, Visited(result, more and known is TaskStatus.PARTIAL))

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(pick=picks)
    def publishing_fails(self, pick: int) -> None:
        """A visit ends well, but its files cannot be moved."""
        worker = self._pick(VisitOrder, pick)
        lease = self.drive.visit(worker).lease
        self.drive.publish_failures.append(PublishFailed(lease, "the disk is full"))
        self._end(worker, Visited(POResult(lease.task, TaskStatus.COMPLETED, attachments=(FILE,))))

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(
        pick=picks,
        blame=st.sampled_from((Blame.ITEM, Blame.PORTAL, Blame.NETWORK, Blame.MACHINE)),
        up=st.sampled_from((True, True, False, None)),
        after=st.sampled_from((None, None, 7.0)),
    )
    def visit_fails(self, pick: int, blame: Blame, up: bool | None, after: float | None) -> None:
        """A visit fails."""
        failure = VisitFailed(blame=blame, code="NETWORK_ERROR", message="no", portal_up=up, retry_after=after)
        self._end(self._pick(VisitOrder, pick), failure)

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(pick=picks)
    def visit_meets_the_login(self, pick: int) -> None:
        """A visit meets the login page."""
        visit = self.drive.visit(worker := self._pick(VisitOrder, pick))
        before = self._attempts(visit.lease.task.sequence)
        self._end(worker, LoginMet(visit.session.version, "login form"))
        assert self._attempts(visit.lease.task.sequence) in (before, None), "the login page costs no attempt"

    @precondition(lambda self: self._busy(LogIn))
    @rule(pick=picks, result=st.sampled_from(("LOGGED_IN", "LOGGED_IN", "LOGGED_IN", "FAILED", "REJECTED")))
    def login_ends(self, pick: int, result: str) -> None:
        """A login ends."""
        message = self.drive.last.pop(worker := self._pick(LogIn, pick)).message
        assert isinstance(message, LogIn)
        self.drive.login_broker.append(LoginEnded(message.host, LoginResult[result]))
        self._send(DutyEnded(worker, self.drive.generations[worker]))

    @precondition(lambda self: self._busy(ProbePortal))
    @rule(pick=picks, status=st.sampled_from((None, 200, 503)))
    def probe_ends(self, pick: int, status: int | None) -> None:
        """A probe ends."""
        message = self.drive.last.pop(worker := self._pick(ProbePortal, pick)).message
        assert isinstance(message, ProbePortal)
        self._send(ProbeEnded(worker, self.drive.generations[worker], message.host, status))

    @precondition(lambda self: self.drive.login_broker)
    @rule()
    def login_broker_answers(self) -> None:
        """The login broker takes its oldest message."""
        for answer in self.login_broker.handle(self.drive.login_broker.pop(0)):
            self._send(answer)

    @rule(chance=rare)
    def login_broker_dies(self, chance: int) -> None:
        """The login broker comes back without what was in its inbox."""
        if chance:
            return
        self.drive.login_broker.clear()
        self.login_broker = LoginBrokerCore(KnownUser(), self.book)

    @rule(worker=workers, seen_alive=st.booleans(), comes_back=st.booleans())
    def dies_by_itself(self, worker: str, seen_alive: bool, comes_back: bool) -> None:
        """A browser ends, and mostly is replaced soon."""
        if seen_alive:
            self._touch(worker)
        if self.alive[worker]:
            doomed = any(kill.worker == worker for kill in self.drive.kills)
            self._die(worker, ExitKind.CRASHED, requested=doomed, at_deadline=self._is_doomed(worker))
        if comes_back:
            self.start_and_maybe_ready(worker, early=True)

    def _is_doomed(self, worker: str) -> bool:
        leases = self.drive.core._leasing.crew.leased()
        return any(view.name == worker and view.lease is not None and bool(view.lease.doomed) for view in leases)

    @precondition(lambda self: self._busy(VisitOrder))
    @rule(pick=picks, times=st.integers(1, 3))
    def an_order_costs_browsers(self, pick: int, times: int) -> None:
        """Whoever works on a poisoned order loses its browser."""
        poisoned = self.drive.visit(self._pick(VisitOrder, pick)).lease.task
        for _ in range(times):
            for worker in self._busy(VisitOrder):
                if self.drive.visit(worker).lease.task == poisoned:
                    self.dies_by_itself(worker, seen_alive=True, comes_back=True)
                    break

    @rule(pick=st.integers(0, MOST - 1), chance=rare)
    def is_cancelled(self, pick: int, chance: int) -> None:
        """Somebody takes an order out, whether it waits or is worked on."""
        if chance:
            return
        worker = next(
            (one for one in self._busy(VisitOrder) if self.drive.visit(one).lease.task.sequence == pick), None
        )
        self._send(Cancel((pick,), "nobody wants it", "POOL_SHUTDOWN"))
        if worker is not None:
            self._die(worker, ExitKind.KILLED, requested=True, at_deadline=False)

    @rule(worker=workers)
    def is_ended_by_order(self, worker: str) -> None:
        """Memory, a deadline or a recycling ends a generation."""
        if self.alive[worker]:
            self._die(worker, ExitKind.KILLED, requested=True, at_deadline=self._is_doomed(worker))

    @rule(seconds=st.sampled_from((0.5, 3.0, 10.0, 25.0, 70.0)))
    def time_passes(self, seconds: float) -> None:
        """The clock goes on."""
        before = dict(self.drive.last)
        self.drive.advance(seconds)
        for worker, told in self.drive.last.items():
            if before.get(worker) is not told:
                self.touched[worker] = False

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def old_news_arrives_again(self, data: st.DataObject) -> None:
        """A message of a lease or generation that is over, or of this one, comes once more."""
        old = data.draw(st.sampled_from(self.history))
        outcomes = dict(self.drive.outcomes)
        leases = {repr(held.lease) for held in self.drive.core._leasing.crew.leases()}
        if isinstance(old, LeaseTouched) and repr(old.lease) in leases:
            return
        self._send(old)
        assert self.drive.outcomes == outcomes, "old news ends nothing"
        assert leases <= {repr(held.lease) for held in self.drive.core._leasing.crew.leases()}, "nor takes a lease away"

    @rule(worker=workers)
    def is_to_be_recycled(self, worker: str) -> None:
        """The monitor finds a worker worn."""
        self._send(Recycle(worker, self.drive.generations.get(worker, 0), "worn"))

    @rule(pause=st.sampled_from((False, False, True)))
    def the_machine_has_trouble_or_not(self, pause: bool) -> None:
        """The monitor pauses or resumes."""
        self._send(Pause("memory", "memory is short") if pause else Resume("memory"))

    @rule(chance=rare, amid=st.sampled_from(("nothing", "an order's end", "a submission", "a cancelling")), pick=picks)
    def dispatcher_dies(self, chance: int, amid: str, pick: int) -> None:
        """A new dispatcher goes on from the journal, with a new crew, perhaps before the old one has told anybody."""
        if chance:
            return
        old = self.drive
        old.is_mute = True
        if amid == "an order's end" and self._busy(VisitOrder):
            self.visit_succeeds(pick, "NO_ATTACHMENTS", False)
        elif amid == "a submission" and self.submitted < len(self.batch):
            self._submit(self.batch[self.submitted : self.submitted + 2], "two", is_lost=pick == 0)
        elif amid == "a cancelling":
            handles = [handle for one in old.submitted for handle in one.handles or ()]
            old.submissions.cancel(handles[: pick + 1], "nobody wants it")
        self.drive = OrderlyDrive(journal=old.journal, timeouts=LIMITS, now=old.now, submissions=old.submissions)
        self.drive.submitted = old.submitted
        self.drive.outcomes, self.drive.generations = old.outcomes, old.generations
        self.drive.login_broker = old.login_broker
        self.history = [one for one in self.history if not isinstance(one, ChildEvent)]  # its crew went with it
        self.alive = dict.fromkeys(WORKERS, False)
        self.started = dict.fromkeys(WORKERS, False)
        for event in self.drive.submissions.untold():
            self._send(event)
        if self.drained:
            self.drive.send(Drain("interrupted"))

    @precondition(lambda self: len(self.drive.outcomes) >= 3)
    @rule(chance=rare)
    def is_interrupted(self, chance: int) -> None:
        """The user wants to stop."""
        if chance:
            return
        self.drained = True
        self._send(Drain("interrupted"))

    # ------------------------------------------------------------------------------------------------------ liveness

    def teardown(self) -> None:
        """The faults cease: everything ends."""
        if self.batch:
            self._let_everything_end()
            assert self.drive.progress.finished, self.drive.progress
            assert set(self.drive.outcomes) == set(range(len(self.batch)))

    def _let_everything_end(self) -> None:
        if self.submitted < len(self.batch):
            self._submit(self.batch[self.submitted :], "one")
        self._send(CloseBatch())
        self._send(Resume("memory"))
        for _ in range(400):
            if self.drive.progress.finished:
                return
            if not any(step() for step in (self._revive, self._answer_logins, self._work)):
                self.time_passes(3.0)

    def _revive(self) -> bool:
        for worker in WORKERS:
            requested: list[KillWorker | RecycleWorker] = [*self.drive.kills, *self.drive.recycles]
            requested = [one for one in requested if one.worker == worker]
            if self.alive[worker] and any(one.generation == self.drive.generations[worker] for one in requested):
                self._die(worker, ExitKind.SHUTDOWN, requested=True, at_deadline=self._is_doomed(worker))
            if not self.started[worker]:
                self._start(worker)
            if not self.alive[worker]:
                self._ready(worker)
                return True
        return False

    def _answer_logins(self) -> bool:
        if self.drive.login_broker:
            self.login_broker_answers()
            return True
        return False

    def _work(self) -> bool:
        if self._busy(VisitOrder):
            self.visit_succeeds(0, "COMPLETED", more=False)
        elif self._busy(LogIn):
            self.login_ends(0, "LOGGED_IN")
        elif self._busy(ProbePortal):
            self.probe_ends(0, 200)
        else:
            return False
        return True


DispatchMachine.TestCase.settings = settings(stateful_step_count=60)
TestDispatchCore = DispatchMachine.TestCase
