"""Drives a dispatch core without actors: performs its effects on a real journal in memory and a clock of its own.

A worker here is a name, a generation and what it was last told. Publishing is answered at once, as the shell does.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection
from typing import Any

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import (
    AskPortal,
    DiscardStaging,
    DispatchEffect,
    NoteAnswered,
    Publish,
    Record,
    TellAccepted,
    TellLoginBroker,
    TellOutcome,
    TellWorker,
    WakeAt,
)
from actors.dispatch.submissions import Hear, Submission, Submissions
from actors.journal import MemoryJournal
from actors.leasing import KillWorker, NoteTaskEnded, RecycleWorker
from contracts.config import RetryPolicy, Timeouts
from contracts.errors import Blame
from contracts.messages import (
    BeginBatch,
    DispatchEvent,
    HostOpened,
    HostSession,
    LeaseTouched,
    LoginBrokerMessage,
    LoginMet,
    PortalAsked,
    ProbeEnded,
    ProbePortal,
    Published,
    PublishFailed,
    Submit,
    Visited,
    VisitEnded,
    VisitFailed,
    VisitOrder,
    VisitOutcome,
    Wake,
)
from contracts.ports import JournalEntry, LeaseEnded, LeaseGranted, OutcomeRecorded, TaskAccepted
from contracts.status import Progress
from contracts.supervision import ChildChange, ChildEvent, ExitKind, Reason
from contracts.tasks import Attachment, Order, POResult, POTask, TaskHandle, TaskStatus

HOST = "portal.example"
OTHER = "other.example"
FILE = Attachment("order.pdf", 3, "ab" * 32, "https://portal.example/1")
NO_JITTER = RetryPolicy(jitter=False)


def order(sequence: int, *, priority: int = 0, host: str = HOST, fault: str = "", **fields: Any) -> Order:
    """Make an order."""
    number = f"PO{sequence}"
    task = POTask(number, priority=priority, **fields)
    where = "" if fault else host
    return Order(task, "", f"https://{host}", where, fault)


def accepted(sequence: int, **fields: Any) -> TaskAccepted:
    """What the journal is told of an order at that place."""
    made = order(sequence, **fields)
    return TaskAccepted(TaskHandle(sequence, made.po_number), made, made.task.retry_count)


def orders(count: int, first: int = 0, **fields: Any) -> tuple[Order, ...]:
    """Make `count` orders with consecutive numbers."""
    return tuple(order(first + number, **fields) for number in range(count))


class Drive:
    """A core, its journal, its clock, and lists of what it asked for."""

    def __init__(
        self,
        *,
        resumes: bool = False,
        retry: RetryPolicy = NO_JITTER,
        timeouts: Timeouts | None = None,
        journal: MemoryJournal | None = None,
        now: float = 100.0,
        answered: Collection[str] = (),
        submissions: Submissions | None = None,
    ) -> None:
        self.journal = journal or MemoryJournal()
        self.submissions = submissions or Submissions()
        self.resumes, self.retry, self.timeouts = resumes, retry, timeouts or Timeouts()
        self.epoch = self.journal.open_epoch()
        self.submissions.begin_epoch(self.epoch)
        state = self.journal.replay()
        self.submissions.catch_up(self.epoch, self.journal, state)
        self.heard: list[POResult] = []
        """Each outcome, as whoever submitted the task hears it."""
        self.submitted: list[Submission] = []
        self.is_mute = False
        """Whether it ends before it tells anybody what it has written."""
        self.core = DispatchCore(
            epoch=self.epoch,
            state=state,
            given_back=self.submissions.given_back,
            resumes=resumes,
            retry=retry,
            timeouts=self.timeouts,
            chance=random.Random(1),
            answered=answered,
        )
        self.now = now
        self.wake_at: float | None = None
        self.entries: list[JournalEntry] = []
        self.outcomes: dict[int, POResult] = {}
        self.told: list[TellWorker] = []
        self.last: dict[str, TellWorker] = {}
        self.generations: dict[str, int] = {}
        self.kills: list[KillWorker] = []
        self.recycles: list[RecycleWorker] = []
        self.login_broker: list[LoginBrokerMessage] = []
        self.discarded: list[DiscardStaging] = []
        self.ended: list[NoteTaskEnded] = []
        self.published: list[Publish] = []
        self.publish_failures: list[PublishFailed] = []
        self.silent: set[str] = set()
        """Hosts whose base is not answered for by itself."""
        self.asked: list[AskPortal] = []
        self.ask_times: list[float] = []
        self.answered: set[str] = set()

    # ------------------------------------------------------------------------------------------------------- events

    def send(self, event: DispatchEvent) -> list[DispatchEffect]:
        """Give the core one event; perform what it answers."""
        if isinstance(event, Submit) and (known := self.journal.handles_of(event.key)):
            self.submissions.accept(self.epoch, event.key, known)
            return []
        events = deque([event])
        seen: list[DispatchEffect] = []
        while events:
            effects = self.core.handle(events.popleft(), self.now)
            seen += effects
            answers = [self._perform(effect) for effect in effects]
            events.extend(answer for answer in answers if answer is not None)
            self.check(effects)
        return seen

    def check(self, effects: list[DispatchEffect]) -> None:
        """Look at what one event led to. For subclasses."""

    def _perform(self, effect: DispatchEffect) -> DispatchEvent | None:
        match effect:
            case Record(entries):
                self._record(entries)
            case TellAccepted(key, handles) if not self.is_mute:
                self.submissions.accept(self.epoch, key, handles)
            case TellOutcome(result) if not self.is_mute:
                self.submissions.end(self.epoch, result)
            case TellWorker(worker, generation, message):
                assert generation == self.generations[worker], "only a live generation is told anything"
                if isinstance(message, VisitOrder):
                    assert self.entries[-1] == LeaseGranted(message.lease), "a lease is journalled before it is told"
                self.told.append(effect)
                self.last[worker] = effect
            case KillWorker():
                self.kills.append(effect)
            case RecycleWorker():
                self.recycles.append(effect)
            case TellLoginBroker(message):
                self.login_broker.append(message)
            case Publish(lease, result):
                self.published.append(effect)
                if self.publish_failures:
                    return attrs.evolve(self.publish_failures.pop(0), lease=lease)
                return Published(lease, result)
            case AskPortal(host, _, question):
                self.asked.append(effect)
                self.ask_times.append(self.now)
                if host not in self.silent:
                    return PortalAsked(host, question, 200)
            case NoteAnswered(host):
                self.answered.add(host)
            case DiscardStaging():
                self.discarded.append(effect)
            case NoteTaskEnded():
                self.ended.append(effect)
            case WakeAt(when):
                self.wake_at = when
        return None

    def _record(self, entries: tuple[JournalEntry, ...]) -> None:
        self.journal.append(self.epoch, entries)
        self.entries += entries
        for entry in entries:
            if isinstance(entry, OutcomeRecorded):
                sequence = entry.result.handle.sequence
                assert sequence not in self.outcomes, f"two outcomes of {entry.result.po_number}"
                self.outcomes[sequence] = entry.result

    def advance(self, seconds: float) -> None:
        """Let time pass, waking the core whenever it asked for it."""
        end = self.now + seconds
        for _ in range(1000):
            if self.wake_at is None or self.wake_at > end:
                break
            due, self.wake_at = self.wake_at, None
            self.now = max(self.now, due)
            self.send(Wake())
        self.now = end

    # ------------------------------------------------------------------------------------------------------ shorthands

    def begin(self, batch: tuple[Order, ...]) -> None:
        """Begin a batch and submit all of it."""
        self.send(BeginBatch(len(batch)))
        self.submit(batch)

    def submit(self, batch: tuple[Order, ...], hear: Hear | None = None) -> list[DispatchEffect]:
        """Submit orders, with a key that no other submission has."""
        submission = Submission(f"{self.epoch}-{len(self.submitted)}", batch, hear or self.heard.append)
        self.submitted.append(submission)
        self.submissions.put(submission)
        return self.send(submission.message)

    def ready(self, *workers: str) -> None:
        """Start and ready a new generation of each worker."""
        for worker in workers:
            generation = self.generations[worker] = self.generations.get(worker, 0) + 1
            self.last.pop(worker, None)
            self.send(ChildEvent("crew", worker, generation, ChildChange.STARTED))
            self.send(ChildEvent("crew", worker, generation, ChildChange.READY))

    def visit(self, worker: str) -> VisitOrder:
        """Return the visit the worker was told last."""
        message = self.last[worker].message
        assert isinstance(message, VisitOrder), message
        return message

    def number(self, worker: str) -> int:
        """Return the sequence number of the order the worker is at."""
        return self.visit(worker).lease.task.sequence

    def is_idle(self, worker: str) -> bool:
        """Whether the worker has nothing in hand."""
        return worker not in self.last

    def touch(self, worker: str, activity: str = "opening") -> None:
        """Report activity."""
        self.send(LeaseTouched(self.visit(worker).lease, activity))

    def end(self, worker: str, outcome: VisitOutcome) -> list[DispatchEffect]:
        """End the worker's visit."""
        visit = self.visit(worker)
        del self.last[worker]
        return self.send(VisitEnded(visit.lease, outcome))

    def complete(
        self, worker: str, status: TaskStatus = TaskStatus.COMPLETED, *, retry_worthwhile: bool = False
    ) -> None:
        """End the worker's visit with files, or without any."""
        files = (FILE,) if status in (TaskStatus.COMPLETED, TaskStatus.PARTIAL) else ()
        result = POResult(self.visit(worker).lease.task, status, attachments=files)
        self.end(worker, Visited(result, retry_worthwhile))

    def fail(self, worker: str, blame: Blame = Blame.PORTAL, **fields: Any) -> None:
        """End the worker's visit with a failure; by default one the portal is blamed for while it is up."""
        known: dict[str, Any] = {"code": "NETWORK_ERROR", "message": "it failed", "portal_up": True, **fields}
        self.end(worker, VisitFailed(blame=blame, **known))

    def meet_login(self, worker: str) -> None:
        """End the worker's visit at the login page."""
        self.end(worker, LoginMet(self.visit(worker).session.version, "the login form"))

    def answer_probes(self, status: int | None) -> None:
        """Let the portal's base answer every worker that asks it."""
        for worker, told in list(self.last.items()):
            if isinstance(told.message, ProbePortal):
                del self.last[worker]
                self.send(ProbeEnded(worker, self.generations[worker], told.message.host, status))

    def down(self, worker: str, kind: ExitKind = ExitKind.CRASHED, *, requested: bool = False) -> None:
        """End the worker's generation."""
        self.last.pop(worker, None)
        reason = Reason(kind, "gone")
        self.send(ChildEvent("crew", worker, self.generations[worker], ChildChange.DOWN, reason, requested))

    def crash(self, worker: str) -> None:
        """Let the browser of a busy worker end by itself after it was seen alive, and start the next one."""
        self.touch(worker)
        self.down(worker)
        self.ready(worker)

    def open_host(self, version: int, host: str = HOST) -> None:
        """Let the login broker have a session."""
        self.send(HostOpened(HostSession(host, version)))

    @property
    def progress(self) -> Progress:
        """The snapshot now."""
        return self.core.progress(self.now)

    def is_finished(self) -> bool:
        """Whether every order has ended, or the run has."""
        return self.progress.finished

    def ends_of(self, sequence: int) -> list[LeaseEnded]:
        """Every journalled end of a lease of one task."""
        return [
            entry for entry in self.entries if isinstance(entry, LeaseEnded) and entry.lease.task.sequence == sequence
        ]
