"""The dispatcher's lease book: every open task, the queue, the counts, and what may be done to one task at a time.

What ends here is forgotten here; its outcome goes to the journal. The rules that decide are in `visits.py` and
`granter.py`; this file keeps all of it in order, whoever decides.
"""

from __future__ import annotations

import attrs

from actors.dispatch.crew import CrewView, WorkerView
from actors.dispatch.effects import (
    DiscardStaging,
    DispatchEffect,
    ExcuseLoss,
    NoteAnswered,
    NoteOrderEnded,
    Record,
    RecycleWorker,
)
from actors.dispatch.hosts import HostState
from actors.dispatch.queue import TaskQueue
from contracts.config import Timeouts
from contracts.errors import Blame
from contracts.messages import LoginWanted
from contracts.ports import KeptFile, Lease, LeaseEnded, OutcomeRecorded
from contracts.tasks import Order, POResult, TaskStatus

CRASHES_BEFORE_ALONE = 2
"""Browsers an order may cost before it runs alone, after everything else."""
CRASHES_BEFORE_QUARANTINE = 3
"""Browsers an order may cost at all."""
INTERRUPTIONS_BEFORE_LAST = 3
"""Ends of the program itself that an order may see before it goes behind all others."""
INTERRUPTIONS_BEFORE_QUARANTINE = 6
"""Ends of the program that an order may see at all: three in its place, and three when nothing else was left."""
SECONDS_OF_MACHINE_PAUSE = 5.0
"""How long dispatch waits after the machine itself was in trouble."""


@attrs.define(eq=False)
class TaskState:
    """One open task.

    Args:
        order: What to visit.
        attempts: Visits charged to it.
        crashes: Lost browsers charged to it.
        interruptions: How often the program itself ended while it was worked on.
        kept: Verified files that lie in the staging folders of its leases.
        leases: Leases it has had from this dispatcher generation.
        met_login_at: Version of the first login of this run with which it met the login page all the same. None once
            its page was read.
        met_login_with: Version of a login with which it met the login page while others had renewed it.
        looked_at: Whether its page was once not recognised. Of visits before this dispatcher any charged one counts.
        lease: The lease in hand, or None.
    """

    order: Order
    attempts: int = 0
    crashes: int = 0
    interruptions: int = 0
    kept: tuple[KeptFile, ...] = ()
    leases: int = 0
    met_login_at: int | None = None
    met_login_with: int | None = None
    looked_at: bool = False
    lease: Lease | None = None

    def keeps_files_of(self, lease: Lease) -> bool:
        """Whether the staging folder of that lease holds files that a later one may adopt."""
        return any(one.lease == lease for one in self.kept)


@attrs.define(eq=False)
class LeaseBook:
    """Everything the dispatcher knows, and the effects that one event has had so far."""

    timeouts: Timeouts
    resumes: bool
    total: int
    succeeded: int
    failed: int
    tasks: dict[int, TaskState] = attrs.field(factory=dict, init=False)
    queue: TaskQueue = attrs.field(factory=TaskQueue, init=False)
    crew: CrewView = attrs.field(factory=CrewView, init=False)
    answered: frozenset[str] = frozenset()
    """Hosts that are known to have answered before this dispatcher."""
    hosts: dict[str, HostState] = attrs.field(factory=dict, init=False)
    logins: dict[str, LoginWanted] = attrs.field(factory=dict, init=False)
    pauses: dict[str, str] = attrs.field(factory=dict, init=False)
    pause_ends: dict[str, float] = attrs.field(factory=dict, init=False)
    stopping: str = attrs.field(default="", init=False)
    stopped_early: str = attrs.field(default="", init=False)
    stopped_code: str = attrs.field(default="", init=False)
    stale: int = attrs.field(default=0, init=False)
    crashes: int = attrs.field(default=0, init=False)
    effects: list[DispatchEffect] = attrs.field(factory=list, init=False)

    def host(self, order: Order) -> HostState:
        """Return the state of an order's portal, making it when it is new."""
        if order.host not in self.hosts:
            made = self.hosts[order.host] = HostState(order.host, order.base_url, self.timeouts)
            made.first_answer.has_come = order.host in self.answered
        return self.hosts[order.host]

    def is_in_work(self, host: str) -> bool:
        """Whether an order of that host is in some worker's hand."""
        return any(self.tasks[held.lease.task.sequence].order.host == host for held in self.crew.leases())

    def requeue(self, task: TaskState, *, until: float | None = None, why: str = "") -> None:
        """Put a task back into its place, not before `until`; one that cost two browsers goes to the end.

        One that saw the program end three times goes behind all others, without running alone.

        One that cost three browsers or saw six ends of the program ends here, and so does one whose host was given up
        meanwhile.
        """
        last = task.interruptions >= INTERRUPTIONS_BEFORE_LAST
        host = self.host(task.order)
        if host.refused:
            self.give_up(task, host)
        elif task.crashes >= CRASHES_BEFORE_QUARANTINE:
            text = f"{task.crashes} browsers ended while working on this order, the last one alone. {why}".strip()
            self.finish(task, self.outcome(task, TaskStatus.QUARANTINED, text, "SESSION_ERROR", Blame.BROWSER))
        elif task.interruptions >= INTERRUPTIONS_BEFORE_QUARANTINE:
            text = f"The program ended {task.interruptions} times while it worked on this order. Look at its page."
            self.finish(task, self.outcome(task, TaskStatus.QUARANTINED, text, "SESSION_ERROR", Blame.PROGRAM))
        elif task.crashes >= CRASHES_BEFORE_ALONE:
            self.queue.suspect(task.order)
        elif until is not None:
            self.queue.delay(task.order, until, last=last)
        else:
            self.queue.add(task.order, last=last)

    def end_lease(self, task: TaskState, lease: Lease, reason: str, blame: Blame | None = None) -> None:
        """End a lease without an outcome: write it down, and drop what it had staged unless that is verified."""
        self.effects.append(Record((LeaseEnded(lease, reason, task.attempts, task.crashes, blame),)))
        self.drop_staging(lease)
        task.lease = None

    def drop_staging(self, lease: Lease) -> None:
        """Delete the staging folder of a lease, unless a later lease may adopt what lies in it."""
        task = self.tasks.get(lease.task.sequence)
        if task is None or not task.keeps_files_of(lease):
            self.effects.append(DiscardStaging(lease))

    def drop_kept(self, task: TaskState) -> None:
        """Delete what lies verified in staging for a task."""
        self.effects.extend(DiscardStaging(lease) for lease in dict.fromkeys(file.lease for file in task.kept))
        task.kept = ()

    def release(self, lease: Lease, *, ended: bool = False) -> None:
        """Free the worker that held the lease; with `ended` it brought an order to its end."""
        worker = self.crew.holder(lease)
        if worker is None:
            return
        if ended:
            worker.processed += 1
            self.crew.note_end(worker, lease.task.sequence)
            self.effects.append(NoteOrderEnded(worker.name, worker.generation))
        self.free(worker)

    def excuse_loss(self, worker: WorkerView, generation: int, cause: int | str) -> None:
        """A browser was lost over an order or a host: its slot is excused, unless it loses them over everything."""
        if self.crew.excuses(worker, cause):
            self.effects.append(ExcuseLoss(worker.name, generation))

    def free(self, worker: WorkerView) -> None:
        """Free a worker whose work has ended; one that is to be recycled is."""
        worker.become_free()
        if worker.draining:
            self.effects.append(RecycleWorker(worker.name, worker.generation, worker.draining))

    def outcome(self, task: TaskState, status: TaskStatus, text: str, code: str, blame: Blame | None) -> POResult:
        """Make an outcome that no visit brought."""
        return POResult(
            handle=task.order.handle,
            status=status,
            supplier=task.order.task.supplier,
            url=task.order.url,
            error_code=code,
            error_message=text,
            blame=blame,
            attempts=task.attempts,
            worker_id=task.lease.worker if task.lease is not None else "",
        )

    def fail(self, task: TaskState, text: str, code: str, blame: Blame) -> None:
        """End a task as FAILED."""
        self.finish(task, self.outcome(task, TaskStatus.FAILED, text, code, blame))

    def give_back(self, task: TaskState, text: str, code: str, blame: Blame) -> None:
        """End a task for this run only: to be resumed where the journal allows, else cancelled."""
        if self.resumes:
            del self.tasks[task.order.handle.sequence]
            self.failed += 1
        else:
            self.finish(task, self.outcome(task, TaskStatus.CANCELLED, text, code, blame))

    def give_up(self, task: TaskState, host: HostState) -> None:
        """End a task whose host was given up."""
        end = self.fail if host.is_unreachable else self.give_back
        end(task, host.refused, *host.refused_for)

    def finish(self, task: TaskState, result: POResult) -> None:
        """End a task with this outcome."""
        del self.tasks[task.order.handle.sequence]
        if result.status.is_success:
            self.succeeded += 1
        else:
            self.failed += 1
        self.effects.append(Record((OutcomeRecorded(result),)))
        self.drop_kept(task)

    def pause_for_machine(self, text: str, now: float, *, ends_run: bool) -> None:
        """Hand out nothing for a while, or nothing more in this run: the machine is in trouble."""
        if ends_run:
            self.stopping = self.stopping or text
        self.pauses["machine"] = text
        self.pause_ends["machine"] = now + SECONDS_OF_MACHINE_PAUSE

    def refuse(self, name: str, text: str, blame: Blame, code: str) -> None:
        """Give up a host for this run, and all its waiting tasks."""
        host = self.hosts.get(name)
        self.logins.pop(name, None)
        if host is None:
            return
        host.refused, host.login_pending, host.opened_at = text, False, None
        host.refused_for = code, blame
        if not host.is_unreachable:
            self.stopped_early, self.stopped_code = self.stopped_early or text, self.stopped_code or code
        for sequence in self.queue.drain(name):
            self.give_up(self.tasks[sequence], host)

    def hosts_in_trouble(self) -> tuple[str, ...]:
        """Return the hosts whose circuit is open, or that have answered nothing yet."""
        return tuple(host.host for host in self.hosts.values() if host.circuit_is_open or host.is_silent)

    def note_answer(self, host: HostState) -> None:
        """Something came from a host, whatever it was."""
        if not host.first_answer.has_come:
            host.first_answer.note()
            self.effects.append(NoteAnswered(host.host))

    def give_up_silent(self, host: HostState) -> None:
        """Fail what waits for a host that has answered nothing: it ends neither the batch nor the others' orders."""
        host.is_unreachable = True
        self.refuse(host.host, host.why_unreachable(), Blame.NETWORK, "NETWORK_ERROR")
