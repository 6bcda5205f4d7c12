"""The dispatcher's book of orders: what leasing knows of each, the portals, the counts, what is written of all of it.

What ends here is forgotten here; its outcome goes to the journal. The rules that decide are in `outcome_policy.py` and
`lease_granter.py`; this file keeps all of it in order, whoever decides.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import attrs

from actors.dispatch.effects import DiscardStaging, DispatchEffect, NoteAnswered, Record, TellOutcome
from actors.dispatch.hosts import HostState
from actors.leasing import Budgets, Leasing, Spent, Task
from contracts.config import RetryPolicy, Timeouts
from contracts.errors import Blame
from contracts.messages import HostSession, LoginWanted
from contracts.ports import JournalledTask, KeptFile, Lease, LeaseEnded, OutcomeRecorded
from contracts.tasks import Order, POResult, TaskHandle, TaskStatus

SECONDS_OF_MACHINE_PAUSE = 5.0
"""How long dispatch waits after the machine itself was in trouble."""


@attrs.define(eq=False, kw_only=True)
class TaskState(Task):
    """One open order.

    Args:
        order: What to visit.
        kept: Verified files that lie in the staging folders of its leases.
        session: The login that its last lease was given.
        met_login_at: Version of the first login of this run with which it met the login page all the same. None once
            its page was read.
        met_login_with: Version of a login with which it met the login page while others had renewed it.
        looked_at: Whether its page was once not recognised. Of visits before this dispatcher any charged one counts.
    """

    order: Order
    kept: tuple[KeptFile, ...] = ()
    session: HostSession | None = None
    met_login_at: int | None = None
    met_login_with: int | None = None
    looked_at: bool = False

    @classmethod
    def of(cls, handle: TaskHandle, order: Order, attempts: int) -> TaskState:
        """Return an order that was accepted."""
        task = order.task
        return cls(
            handle=handle,
            kind=order.kind,
            group=order.host,
            priority=task.priority,
            timeout=task.timeout_override,
            address=order.url,
            attempts=attempts,
            order=order,
        )

    @classmethod
    def again(cls, known: JournalledTask) -> TaskState:
        """Return an order that the journal knows, with all that was charged to it."""
        task = cls.of(known.handle, known.order, known.attempts)
        task.crashes, task.interruptions, task.kept = known.crashes, known.interruptions, known.kept
        task.looked_at = known.attempts > 0
        return task

    def keeps_files_of(self, lease: Lease) -> bool:
        """Whether the staging folder of that lease holds files that a later one may adopt."""
        return any(one.lease == lease for one in self.kept)


class LeaseBook:
    """Everything the dispatcher knows, and the effects that one event has had so far.

    Args:
        epoch: This dispatcher generation's number in the journal.
        timeouts: Every deadline.
        retry: When a failed visit is tried again.
        chance: Seeded source of jitter.
        resumes: Whether the journal lets a later run go on.
        answered: Hosts that are known to have answered before this dispatcher.
    """

    def __init__(
        self,
        *,
        epoch: int,
        timeouts: Timeouts,
        retry: RetryPolicy,
        chance: random.Random,
        resumes: bool,
        answered: frozenset[str] = frozenset(),
    ) -> None:
        self.timeouts = timeouts
        self.resumes = resumes
        self.effects: list[DispatchEffect] = []
        self.leasing: Leasing[TaskState] = Leasing(
            epoch=epoch,
            budgets=Budgets(attempts=retry.max_attempts),
            retry=retry,
            timeout=timeouts.task,
            inactivity=timeouts.inactivity,
            chance=chance,
            emit=self.effects.append,
        )
        self.total = self.succeeded = self.failed = 0
        self.left = 0
        """Tasks of the batch that this run has given back, so that they are open in the journal."""
        self.is_open = False
        """Whether more tasks may come to the batch, so that its total is only what has come so far."""
        self.hosts: dict[str, HostState] = {}
        self.logins: dict[str, LoginWanted] = {}
        self.stopped_early = ""
        self.stopped_code = ""
        self._answered = answered

    def take_effects(self) -> list[DispatchEffect]:
        """Return what is to be done since the last call, in order."""
        effects = self.effects.copy()
        self.effects.clear()
        return effects

    def host(self, order: Order) -> HostState:
        """Return the state of an order's portal, making it when it is new."""
        if order.host not in self.hosts:
            made = self.hosts[order.host] = HostState(order.host, order.base_url, self.timeouts)
            made.first_answer.has_come = order.host in self._answered
        return self.hosts[order.host]

    def is_in_work(self, host: str) -> bool:
        """Whether an order of that host is in some worker's hand."""
        tasks = self.leasing.tasks
        return any(tasks[held.lease.task.sequence].group == host for held in self.leasing.crew.leases())

    def requeue(self, task: TaskState, *, until: float | None = None, why: str = "") -> None:
        """Put a task back into its place, not before `until`. One that has used up a budget ends here as QUARANTINED.

        So does one whose host was given up meanwhile, in that host's way.
        """
        host = self.host(task.order)
        if host.refused:
            self.give_up(task, host)
        elif (spent := self.leasing.requeue(task, until=until)) is not None:
            text = _why_quarantined(spent, why)
            self.finish(task, self.outcome(task, TaskStatus.QUARANTINED, text, "SESSION_ERROR", spent.blame))

    def end_lease(self, task: TaskState, lease: Lease, reason: str, blame: Blame | None = None) -> None:
        """End a lease without an outcome: write it down, and drop what it had staged unless that is verified."""
        self.effects.append(Record((LeaseEnded(lease, reason, task.attempts, task.crashes, blame),)))
        self.drop_staging(lease)
        task.lease = None

    def drop_staging(self, lease: Lease) -> None:
        """Delete the staging folder of a lease, unless a later lease may adopt what lies in it."""
        task = self.leasing.tasks.get(lease.task.sequence)
        if task is None or not task.keeps_files_of(lease):
            self.effects.append(DiscardStaging(lease))

    def drop_kept(self, task: TaskState) -> None:
        """Delete what lies verified in staging for a task."""
        self.effects.extend(DiscardStaging(lease) for lease in dict.fromkeys(file.lease for file in task.kept))
        task.kept = ()

    def outcome(self, task: TaskState, status: TaskStatus, text: str, code: str, blame: Blame | None) -> POResult:
        """Make an outcome that no visit brought."""
        return POResult(
            handle=task.handle,
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
            self.leasing.forget(task)
            self.failed += 1
            self.left += 1
            self.effects.append(TellOutcome(self.outcome(task, TaskStatus.INTERRUPTED, text, code, blame)))
        else:
            self.finish(task, self.outcome(task, TaskStatus.CANCELLED, text, code, blame))

    def give_up(self, task: TaskState, host: HostState) -> None:
        """End a task whose host was given up."""
        end = self.fail if host.is_unreachable else self.give_back
        end(task, host.refused, *host.refused_for)

    def finish(self, task: TaskState, result: POResult) -> None:
        """End a task with this outcome."""
        self.finish_all(((task, result),))

    def finish_all(self, ended: Sequence[tuple[TaskState, POResult]]) -> None:
        """End tasks with these outcomes, which are written down in one go."""
        for task, result in ended:
            self.leasing.forget(task)
            self.succeeded += result.status.is_success
            self.failed += not result.status.is_success
        if ended:
            self.effects.append(Record(tuple(OutcomeRecorded(result) for _, result in ended)))
            self.effects.extend(TellOutcome(result) for _, result in ended)
        for task, _ in ended:
            self.drop_kept(task)

    def pause_for_machine(self, text: str, now: float, *, ends_run: bool) -> None:
        """Hand out nothing for a while, or nothing more in this run: the machine is in trouble."""
        if ends_run:
            self.leasing.stopping = self.leasing.stopping or text
        self.leasing.pause("machine", text, until=now + SECONDS_OF_MACHINE_PAUSE)

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
        for key in self.leasing.queue.drain(name):
            self.give_up(self.leasing.tasks[key], host)

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


def _why_quarantined(spent: Spent, why: str) -> str:
    if spent.blame is Blame.BROWSER:
        return f"{spent.times} browsers ended while working on this order, the last one alone. {why}".strip()
    return f"The program ended {spent.times} times while it worked on this order. Look at its page."
