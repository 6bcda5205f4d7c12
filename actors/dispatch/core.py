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

from actors.dispatch.effects import DispatchEffect, Record, TellAccepted, TellLoginBroker, WakeAt
from actors.dispatch.hosts import reasons_to_wait
from actors.dispatch.lease_book import LeaseBook, TaskState
from actors.dispatch.lease_granter import LeaseGranter
from actors.dispatch.outcome_policy import OutcomePolicy
from actors.dispatch.silent_hosts import SilentHosts, answered_in
from actors.leasing import Loss, PauseBook, WorkerView
from contracts.config import RetryPolicy, Timeouts
from contracts.durations import spoken
from contracts.errors import Blame
from contracts.messages import (
    BeginBatch,
    Cancel,
    CloseBatch,
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
)
from contracts.ports import BatchBegun, FileVerified, JournalState, KeptFile, SubmissionAccepted, TaskAccepted
from contracts.status import Progress, WorkerHealth, WorkerState
from contracts.supervision import ChildChange, ChildEvent
from contracts.tasks import POResult, TaskHandle, TaskStatus


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
        given_back: Tasks that a dispatcher before this one has left for another run.
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
        given_back: Collection[int] = (),
    ) -> None:
        self._book = LeaseBook(
            epoch=epoch,
            timeouts=timeouts,
            retry=retry,
            chance=chance,
            resumes=resumes,
            answered=answered_in(state).union(answered),
        )
        self._leasing = self._book.leasing
        self._book.total, self._book.is_open = state.batch_total, state.batch_is_open
        self._book.succeeded, self._book.failed = state.batch_succeeded, state.batch_failed
        self._silent = SilentHosts(self._book)
        self._policy = OutcomePolicy(self._book)
        self._granter = LeaseGranter(self._book)
        self._pauses = PauseBook()
        self._batch_first = state.batch_first
        self._next_sequence = state.next_sequence
        self._wake: float | None = None
        for known in state.open_tasks:
            if known.handle.sequence in given_back:
                self._book.failed += 1
                self._book.left += 1
                continue
            task = TaskState.again(known)
            self._leasing.accept(task)
            if known.order.fault:
                self._book.fail(task, known.order.fault, "WORKER_ERROR", Blame.ITEM)
            else:
                self._book.requeue(task)

    # ------------------------------------------------------------------------------------------------------- looking

    def progress(self, now: float) -> Progress:
        """Return the batch as it stands. total = completed + failed + active + pending (contract part 1)."""
        active = len(self._leasing.crew.leases())
        return Progress(
            total=self._book.total,
            completed=self._book.succeeded,
            failed=self._book.failed,
            active=active,
            pending=self._book.total - self._book.succeeded - self._book.failed - active,
            pauses=self._pauses.lasting(),
            waited_for=self._pauses.records(now),
            circuits_open=self._book.hosts_in_trouble(),
            stale_outcomes=self._leasing.stale,
            crashes=self._leasing.crashes,
            finished=self._has_ended(),
            is_open=self._book.is_open,
            stopped_early=self._book.stopped_early,
            stopped_code=self._book.stopped_code,
            workers=tuple(health_of(worker, now) for worker in self._leasing.crew.all()),
        )

    def _has_ended(self) -> bool:
        """Whether every task has ended, and no more can come that would not be given back at once."""
        is_shut = not self._book.is_open or (bool(self._leasing.stopping) and not self._leasing.tasks)
        return is_shut and self._book.succeeded + self._book.failed >= self._book.total

    # --------------------------------------------------------------------------------------------------------- acting

    def handle(self, event: DispatchEvent, now: float) -> list[DispatchEffect]:
        """Take one event at monotonic time `now`; return what is to be done, in order."""
        match event:
            case BeginBatch(total, continues):
                self._begin(total, now, continues=continues)
            case CloseBatch():
                self._close()
            case Submit():
                self._submit(event)
            case ChildEvent(child=worker, generation=generation, change=ChildChange.READY):
                self._on_losses(self._leasing.note_ready(worker, generation, now), now)
            case ChildEvent():
                self._on_losses(self._leasing.follow(event), now)
            case LeaseTouched(lease, activity):
                self._leasing.touch(lease, activity, now)
            case FileArrived(file):
                self._on_file(file, now)
            case VisitEnded():
                self._policy.on_visit(event, now)
            case DutyEnded(worker, generation):
                self._leasing.end_duty(worker, generation)
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
                self._leasing.pause(key, text)
            case Resume(key):
                self._leasing.resume(key)
            case Recycle(worker, generation, text):
                self._leasing.recycle(worker, generation, text)
            case Published(lease, result):
                self._policy.on_published(lease, result)
            case PublishFailed():
                self._policy.on_publish_failed(event, now)
            case Cancel(sequences, text, code):
                self._cancel(sequences, text, code)
            case Drain(text):
                self._leasing.stopping = self._leasing.stopping or text
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
        return self._book.take_effects()

    # --------------------------------------------------------------------------------------------------------- intake

    def _begin(self, total: int | None, now: float, *, continues: bool) -> None:
        if not continues:
            self._book.succeeded = self._book.failed = self._book.left = 0
            self._batch_first = self._next_sequence
        self._book.is_open = total is None
        self._book.total = self._accepted if total is None else total
        self._leasing.stopping = self._book.stopped_early = self._book.stopped_code = ""
        self._leasing.stale = self._leasing.crashes = 0
        for host in self._book.hosts.values():
            host.begin_batch()
        self._pauses.begin(now)
        self._book.effects.append(Record((self._batch(),)))

    @property
    def _accepted(self) -> int:
        """How many tasks have come to the batch in hand: their numbers follow each other."""
        return self._next_sequence - self._batch_first

    def _batch(self) -> BatchBegun:
        return BatchBegun(self._batch_first, self._book.total, self._book.is_open)

    def _close(self) -> None:
        if self._book.is_open:
            self._book.is_open = False
            self._book.effects.append(Record((self._batch(),)))

    def _submit(self, submit: Submit) -> None:
        """Give each order the next place in line, write all of them down in one go, and say so."""
        if not submit.orders:
            self._book.effects.append(TellAccepted(submit.key, ()))
            return
        first = self._next_sequence
        places = enumerate(submit.orders, first)
        accepted = [TaskAccepted(TaskHandle(place, o.po_number), o, o.task.retry_count) for place, o in places]
        self._next_sequence += len(accepted)
        is_more = self._accepted > self._book.total
        self._book.total = max(self._book.total, self._accepted)
        grown = (self._batch(),) if is_more else ()
        entries = (*accepted, SubmissionAccepted(submit.key, first, len(accepted)), *grown)
        self._book.effects.append(Record(entries))
        self._book.effects.append(TellAccepted(submit.key, tuple(entry.handle for entry in accepted)))
        for entry, order in zip(accepted, submit.orders, strict=True):
            task = TaskState.of(entry.handle, order, entry.attempts)
            self._leasing.accept(task)
            host = None if order.fault else self._book.host(order)
            if order.fault:
                self._book.fail(task, order.fault, "WORKER_ERROR", Blame.ITEM)
            elif host is not None and host.refused:
                self._book.give_up(task, host)
            else:
                self._leasing.queue.add(task)

    def _cancel(self, sequences: tuple[int, ...], text: str, code: str) -> None:
        ended: list[tuple[TaskState, POResult]] = []
        for sequence in sequences:
            held = self._leasing.tasks[sequence].lease if sequence in self._leasing.tasks else None
            task = self._leasing.cancel(sequence, text)
            if task is not None:
                if held is not None:
                    self._book.drop_staging(held)
                ended.append((task, self._book.outcome(task, TaskStatus.CANCELLED, text, code, None)))
        self._book.finish_all(ended)

    # ------------------------------------------------------------------------------------------------- workers' events

    def _on_losses(self, losses: tuple[Loss, ...], now: float) -> None:
        for loss in losses:
            if loss.duty:
                self._on_duty_lost(loss.duty, now, probed=loss.state is WorkerState.PROBING)
                if loss.by_itself:
                    self._leasing.excuse(loss)
            if loss.held is not None:
                self._policy.on_lease_lost(loss)

    def _on_duty_lost(self, host: str, now: float, *, probed: bool) -> None:
        state = self._book.hosts[host]
        if probed:
            state.note_probe(None, now)
        elif state.login_pending:
            self._book.effects.append(TellLoginBroker(LoginAbandoned(host)))

    def _on_file(self, file: KeptFile, now: float) -> None:
        """A verified file lies in staging: it is remembered, so that no later lease has to fetch it again."""
        self._leasing.touch(file.lease, "", now)
        task = self._leasing.held(file.lease)
        if task is not None:
            self._book.note_answer(self._book.host(task.order))
            before = dict.fromkeys(one.lease for one in task.kept)
            task.kept = file.added_to(task.kept)
            self._book.effects.append(Record((FileVerified(file),)))
            for lease in before:
                if lease != file.lease:
                    self._book.drop_staging(lease)  # once the last of its files has been adopted

    def _on_probe(self, event: ProbeEnded, now: float) -> None:
        host = self._book.hosts.get(event.host)
        if host is not None and event.status is not None:
            self._book.note_answer(host)
        current = self._leasing.crew.current(event.worker, event.generation)
        if host is not None and current is not None and host.prober == event.worker:
            host.note_probe(event.status, now)
        self._leasing.end_duty(event.worker, event.generation)

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
        self._leasing.stopping = self._leasing.stopping or text
        for worker in list(self._leasing.crew.leased()):
            assert worker.lease is not None  # noqa: S101 - `leased` looked
            lease = worker.lease.lease
            task = self._leasing.tasks[lease.task.sequence]
            self._book.end_lease(task, lease, text)
            self._leasing.void(worker)
            self._book.requeue(task)

    def _end_if_stopped(self) -> None:
        stopping = self._leasing.stopping
        if not stopping or self._leasing.crew.leases():
            return
        if self._leasing.tasks or self._book.succeeded + self._book.failed < self._book.total:
            self._book.stopped_early = self._book.stopped_early or stopping
        for key in self._leasing.queue.drain():
            self._book.give_back(self._leasing.tasks[key], stopping, "POOL_SHUTDOWN", Blame.PROGRAM)
        if not self._leasing.tasks and not self._book.left:
            self._close()  # nobody would: there is nothing in it to go on with

    # ----------------------------------------------------------------------------------------------------- time passes

    def _look_at_the_clock(self, now: float) -> None:
        self._leasing.pass_time(now)
        busy = {worker.duty for worker in self._leasing.crew.on_duty()}
        for host in self._book.hosts.values():
            if host.login_pending and now >= host.ask_again_at:
                asked = host.ask_for_login(now)
                if host.host not in busy and host.host not in self._book.logins:
                    self._book.effects.append(TellLoginBroker(asked))
        for host in [host for host in self._book.hosts.values() if host.is_lost(now)]:
            self._refuse_lost(host.host)
        self._silent.look(now)

    def _note_pauses(self, now: float) -> None:
        changes = self._pauses.note(reasons_to_wait(self._leasing.pauses, self._book.hosts.values(), now), now)
        if changes:
            self._book.effects.append(Record(changes))

    def _set_wake(self, now: float) -> None:
        times = [time for host in self._book.hosts.values() if (time := host.next_due(now)) is not None]
        times += self._leasing.times()
        # What is overdue waits for a free worker, and that is an event of its own.
        wake = min((time for time in times if time > now), default=None)
        if wake != self._wake:
            self._wake = wake
            self._book.effects.append(WakeAt(wake))


def health_of(worker: WorkerView, now: float) -> WorkerHealth:
    """Return a snapshot of a slot. Its memory is the monitor's to tell."""
    return WorkerHealth(
        worker_id=worker.name,
        state=worker.state,
        generation=worker.generation,
        activity=worker.activity,
        po_number=worker.label,
        session_uptime=now - worker.ready_at if worker.ready_at is not None else 0.0,
        processed_count=worker.processed,
        # Generations count from 1 and outlive the dispatcher, so one that came back knows earlier restarts.
        restarts=max(0, worker.generation - 1),
        last_error=worker.last_error,
    )
