"""The dispatcher's decisions: who works on what, what a failure costs and whom, when an order has ended.

A task is WAITING (in the queue), LEASED (one worker of a live generation works on it) or ended, and then forgotten
here: its outcome is in the journal. Every event that concerns a lease names it whole, and a lease that is not in hand
any more changes nothing (invariant 4). What is written, is written before anybody is told.

No I/O, no clock, no logging: time comes with each event, chance with the constructor.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import assert_never

from actors.dispatch.crew import WorkerView
from actors.dispatch.effects import DispatchEffect, KillWorker, Record, TellLoginBroker, WakeAt
from actors.dispatch.lease_book import LeaseBook, TaskState
from actors.dispatch.lease_granter import LeaseGranter
from actors.dispatch.outcome_policy import OutcomePolicy
from actors.dispatch.pauses import PauseBook, reasons_to_wait
from actors.dispatch.silent_hosts import SilentHosts, answered_in
from actors.durations import spoken
from contracts.config import RetryPolicy, Timeouts
from contracts.errors import Blame
from contracts.messages import (
    BeginBatch,
    DispatchEvent,
    Drain,
    DutyEnded,
    FileArrived,
    GiveUp,
    HostOpened,
    HostRefused,
    HostTroubled,
    LeaseTouched,
    LoginAbandoned,
    LoginWanted,
    Pause,
    PortalAsked,
    ProbeEnded,
    Published,
    PublishFailed,
    Recycle,
    Resume,
    Submit,
    VisitEnded,
    Wake,
    WorkerReady,
)
from contracts.ports import BatchBegun, FileVerified, JournalState, KeptFile, Lease, TaskAccepted
from contracts.status import Progress, WorkerState
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import Order


class DispatchCore:
    """Decides for one dispatcher generation.

    Args:
        epoch: This generation's number in the journal.
        state: What the journal knew when it began.
        resumes: Whether the journal lets a later run go on; decides between INTERRUPTED and CANCELLED.
        retry: When a failed visit is tried again.
        timeouts: Every deadline.
        chance: Seeded source of jitter.
        answered: Hosts that have answered something in this session before.
    """

    def __init__(
        self,
        *,
        epoch: int,
        state: JournalState,
        resumes: bool,
        retry: RetryPolicy,
        timeouts: Timeouts,
        chance: random.Random,
        answered: Collection[str] = (),
    ) -> None:
        counts = state.batch_total, state.batch_succeeded, state.batch_failed
        self._book = LeaseBook(timeouts, resumes, *counts, answered_in(state).union(answered))
        self._silent = SilentHosts(self._book)
        self._policy = OutcomePolicy(self._book, retry, chance)
        self._granter = LeaseGranter(self._book, epoch)
        self._pauses = PauseBook()
        self._batch_first = state.batch_first
        self._next_sequence = state.next_sequence
        self._wake: float | None = None
        for known in state.open_tasks:
            task = TaskState(
                known.order,
                known.attempts,
                known.crashes,
                known.interruptions,
                kept=known.kept,
                looked_at=known.attempts > 0,
            )
            self._book.tasks[known.order.handle.sequence] = task
            if known.order.fault:
                self._book.fail(task, known.order.fault, "WORKER_ERROR", Blame.ITEM)
            else:
                self._book.requeue(task)

    # ------------------------------------------------------------------------------------------------------- looking

    def progress(self, now: float) -> Progress:
        """Return the batch as it stands. total = completed + failed + active + pending (contract part 1)."""
        active = len(self._book.crew.leases())
        return Progress(
            total=self._book.total,
            completed=self._book.succeeded,
            failed=self._book.failed,
            active=active,
            pending=self._book.total - self._book.succeeded - self._book.failed - active,
            pauses=self._pauses.lasting(),
            waited_for=self._pauses.records(now),
            circuits_open=self._book.hosts_in_trouble(),
            stale_outcomes=self._book.stale,
            crashes=self._book.crashes,
            finished=self._book.succeeded + self._book.failed >= self._book.total,
            stopped_early=self._book.stopped_early,
            stopped_code=self._book.stopped_code,
            workers=self._book.crew.healths(now),
        )

    @property
    def next_sequence(self) -> int:
        """The sequence number the next accepted task must have."""
        return self._next_sequence

    # --------------------------------------------------------------------------------------------------------- acting

    def handle(self, event: DispatchEvent, now: float) -> list[DispatchEffect]:
        """Take one event at monotonic time `now`; return what is to be done, in order."""
        match event:
            case BeginBatch(total, continues):
                self._begin(total, now, continues=continues)
            case Submit(orders):
                self._submit(orders)
            case WorkerReady(worker, generation):
                slot = self._book.crew.slot(worker)
                self._note_unseen_end(slot, generation, now)
                if slot.awaits(generation):
                    slot.become_ready(generation, now)
            case ChildEvent():
                self._on_child(event, now)
            case LeaseTouched(lease, activity):
                self._on_touch(lease, activity, now)
            case FileArrived(file):
                self._on_file(file, now)
            case VisitEnded():
                self._policy.on_visit(event, now)
            case DutyEnded(worker, generation):
                self._on_duty_ended(worker, generation)
            case ProbeEnded():
                self._on_probe(event, now)
            case PortalAsked():
                self._silent.on_asked(event, now)
            case LoginWanted(host):
                self._book.logins[host] = event
            case HostOpened(session):
                self._on_host_opened(session.host, event)
            case HostRefused(host, text, blame):
                self._book.refuse(host, text, blame, "AUTH_ERROR" if blame is Blame.AUTH else "NETWORK_ERROR")
            case HostTroubled(host):
                self._on_host_troubled(host, event.text, now)
            case Pause(key, text):
                self._book.pauses[key] = text
            case Resume(key):
                self._book.pauses.pop(key, None)
                self._book.pause_ends.pop(key, None)
            case Recycle(worker, generation, text):
                self._on_recycle(worker, generation, text)
            case Published(lease, result):
                self._policy.on_published(lease, result)
            case PublishFailed():
                self._policy.on_publish_failed(event, now)
            case Drain(text):
                self._book.stopping = self._book.stopping or text
            case GiveUp(text):
                self._give_up(text)
            case Wake():
                self._wake = None  # it has fired, perhaps a rounding error early: then it is asked for again
            case _:
                assert_never(event)
        self._look_at_the_clock(now)
        self._note_pauses(now)  # before anything is handed out again: no lease is given while a pause lasts
        self._granter.grant(now)
        self._end_if_stopped()
        self._set_wake(now)
        effects, self._book.effects = self._book.effects, []
        return effects

    # --------------------------------------------------------------------------------------------------------- intake

    def _begin(self, total: int, now: float, *, continues: bool) -> None:
        self._book.total = total
        if not continues:
            self._book.succeeded = self._book.failed = 0
            self._batch_first = self._next_sequence
        self._book.stopping = self._book.stopped_early = self._book.stopped_code = ""
        self._book.stale = self._book.crashes = 0
        for host in self._book.hosts.values():
            host.begin_batch()
        self._pauses.begin(now)
        self._book.effects.append(Record((BatchBegun(self._batch_first, total),)))

    def _submit(self, orders: tuple[Order, ...]) -> None:
        fresh = [order for order in orders if order.handle.sequence >= self._next_sequence]
        if not fresh:
            return
        self._next_sequence = fresh[-1].handle.sequence + 1
        self._book.effects.append(Record(tuple(TaskAccepted(order) for order in fresh)))
        for order in fresh:
            task = TaskState(order, attempts=order.task.retry_count)
            self._book.tasks[order.handle.sequence] = task
            host = None if order.fault else self._book.host(order)
            if order.fault:
                self._book.fail(task, order.fault, "WORKER_ERROR", Blame.ITEM)
            elif host is not None and host.refused:
                self._book.give_up(task, host)
            else:
                self._book.queue.add(order)

    # ------------------------------------------------------------------------------------------------- workers' events

    def _on_child(self, event: ChildEvent, now: float) -> None:
        worker = self._book.crew.slot(event.child)
        self._note_unseen_end(worker, event.generation, now)
        if event.change is ChildChange.DOWN and worker.generation == event.generation:
            held, duty_host = worker.lease, worker.duty_host
            probed = worker.state is WorkerState.PROBING
            at_deadline = held is not None and bool(held.doomed)
            is_overdue = bool(duty_host) and worker.duty_due == float("inf")
            worker.follow(event)
            if at_deadline or (event.reason is not None and event.reason.kind.is_abnormal and not event.requested):
                self._book.crashes += 1
            if duty_host:
                self._on_duty_lost(duty_host, now, probed=probed)
                if is_overdue or not event.requested:
                    self._book.excuse_loss(worker, event.generation, duty_host)
            if held is not None:
                self._policy.on_lease_lost(worker, held, event)
        elif event.generation >= worker.generation:
            worker.follow(event)

    def _note_unseen_end(self, worker: WorkerView, generation: int, now: float) -> None:
        """Take what an older generation had in hand for lost: a supervisor that dies tells nobody of its children."""
        if worker.generation < generation and (worker.lease is not None or worker.duty_host):
            reason = Reason(ExitKind.KILLED, "its supervisor ended")
            gone = ChildEvent("", worker.name, worker.generation, ChildChange.DOWN, reason, requested=True)
            self._on_child(gone, now)

    def _on_duty_lost(self, host: str, now: float, *, probed: bool) -> None:
        state = self._book.hosts[host]
        if probed:
            state.note_probe(None, now)
        elif state.login_pending:
            self._book.effects.append(TellLoginBroker(LoginAbandoned(host)))

    def _on_touch(self, lease: Lease, activity: str, now: float) -> None:
        worker = self._book.crew.holder(lease)
        if worker is not None and worker.lease is not None:
            worker.lease.touched = True
            worker.lease.last_touch = now
            worker.activity = activity or worker.activity

    def _on_file(self, file: KeptFile, now: float) -> None:
        """A verified file lies in staging: it is remembered, so that no later lease has to fetch it again."""
        self._on_touch(file.lease, "", now)
        if self._book.crew.holder(file.lease) is not None:
            task = self._book.tasks[file.lease.task.sequence]
            self._book.note_answer(self._book.host(task.order))
            before = dict.fromkeys(one.lease for one in task.kept)
            task.kept = file.added_to(task.kept)
            self._book.effects.append(Record((FileVerified(file),)))
            for lease in before:
                if lease != file.lease:
                    self._book.drop_staging(lease)  # once the last of its files has been adopted

    def _on_duty_ended(self, name: str, generation: int) -> None:
        worker = self._book.crew.current(name, generation)
        if (
            worker is not None
            and worker.lease is None
            and worker.state in (WorkerState.LOGGING_IN, WorkerState.PROBING)
        ):
            self._book.free(worker)

    def _on_probe(self, event: ProbeEnded, now: float) -> None:
        host = self._book.hosts.get(event.host)
        if host is not None and event.status is not None:
            self._book.note_answer(host)
        current = self._book.crew.current(event.worker, event.generation)
        if host is not None and current is not None and host.prober == event.worker:
            host.note_probe(event.status, now)
        self._on_duty_ended(event.worker, event.generation)

    def _on_recycle(self, name: str, generation: int, text: str) -> None:
        worker = self._book.crew.current(name, generation)
        if worker is None or worker.draining or worker.ready_at is None:
            return
        worker.draining = text
        if worker.state is WorkerState.IDLE:
            self._book.free(worker)

    # ---------------------------------------------------------------------------------------------------- hosts, pauses

    def _on_host_opened(self, name: str, event: HostOpened) -> None:
        host = self._book.hosts.get(name)
        if host is not None:
            host.open(event.session)
            if event.session.verified and event.session.version > 0:
                self._book.note_answer(host)
        self._book.logins.pop(name, None)

    def _on_host_troubled(self, name: str, why: str, now: float) -> None:
        host = self._book.hosts.get(name)
        self._book.logins.pop(name, None)
        if host is not None and not host.refused and host.note_login_trouble(now):
            self._refuse_lost(name, why)

    def _refuse_lost(self, name: str, why: str = "") -> None:
        within = spoken(self._book.timeouts.circuit_open)
        text = f"The portal {name} did not recover within {within}. {why} Run again when it is back."
        self._book.refuse(name, text.replace("  ", " "), Blame.PORTAL, "NETWORK_ERROR")

    def _give_up(self, text: str) -> None:
        self._book.stopping = self._book.stopping or text
        for worker in list(self._book.crew.leased()):
            assert worker.lease is not None  # noqa: S101 - `leased` looked
            lease = worker.lease.lease
            task = self._book.tasks[lease.task.sequence]
            self._book.end_lease(task, lease, text)
            worker.lease = None
            self._book.requeue(task)

    def _end_if_stopped(self) -> None:
        if not self._book.stopping or self._book.crew.leases():
            return
        if self._book.tasks or self._book.succeeded + self._book.failed < self._book.total:
            self._book.stopped_early = self._book.stopped_early or self._book.stopping
        for sequence in self._book.queue.drain():
            self._book.give_back(self._book.tasks[sequence], self._book.stopping, "POOL_SHUTDOWN", Blame.PROGRAM)

    # ----------------------------------------------------------------------------------------------------- time passes

    def _look_at_the_clock(self, now: float) -> None:
        self._book.queue.wake(now)
        for key in [key for key, end in self._book.pause_ends.items() if end <= now]:
            self._book.pauses.pop(key, None)
            del self._book.pause_ends[key]
        for worker in self._book.crew.leased():
            held = worker.lease
            if held is None or held.doomed or held.due > now:
                continue
            if held.expires_at <= now:
                held.doomed = f"not done within {spoken(held.expires_at - held.granted_at)}"
            else:
                held.doomed = f"no activity for {spoken(held.inactivity)}"
            self._book.effects.append(KillWorker(worker.name, worker.generation, held.doomed))
        for worker in self._book.crew.on_duty():
            if worker.duty_due <= now:
                text = f"{worker.activity} took too long"
                worker.duty_due = float("inf")
                self._book.effects.append(KillWorker(worker.name, worker.generation, text))
        busy = {worker.duty_host for worker in self._book.crew.on_duty()}
        for host in self._book.hosts.values():
            if host.login_pending and now >= host.ask_again_at:
                asked = host.ask_for_login(now)
                if host.host not in busy and host.host not in self._book.logins:
                    self._book.effects.append(TellLoginBroker(asked))
        for host in [host for host in self._book.hosts.values() if host.is_lost(now)]:
            self._refuse_lost(host.host)
        self._silent.look(now)

    def _note_pauses(self, now: float) -> None:
        changes = self._pauses.note(reasons_to_wait(self._book.pauses, self._book.hosts.values(), now), now)
        if changes:
            self._book.effects.append(Record(changes))

    def _set_wake(self, now: float) -> None:
        times = [held.due for held in self._book.crew.leases() if not held.doomed]
        times += [time for host in self._book.hosts.values() if (time := host.next_due(now)) is not None]
        times += [worker.duty_due for worker in self._book.crew.on_duty() if worker.duty_due < float("inf")]
        times += self._book.pause_ends.values()
        if (due := self._book.queue.next_due()) is not None:
            times.append(due)
        # What is overdue waits for a free worker, and that is an event of its own.
        wake = min((time for time in times if time > now), default=None)
        if wake != self._wake:
            self._wake = wake
            self._book.effects.append(WakeAt(wake))

    # ---------------------------------------------------------------------------------------------------- handing out
