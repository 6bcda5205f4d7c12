"""Who gets what next: logins and probes first, then orders in their order, suspects last and alone."""

from __future__ import annotations

from actors.dispatch.crew import LeaseState, WorkerView
from actors.dispatch.effects import Record, TellWorker
from actors.dispatch.lease_book import LeaseBook, TaskState
from contracts.messages import LogIn, ProbePortal, VisitOrder
from contracts.ports import Lease, LeaseGranted
from contracts.status import WorkerState

DUTY_GRACE = 5.0
"""Seconds beyond its own deadline after which a login or a probe is taken for hung."""


class LeaseGranter:
    """Hands out work.

    Args:
        book: Every open task and lease.
        epoch: This dispatcher generation's number in the journal.
    """

    def __init__(self, book: LeaseBook, epoch: int) -> None:
        self._book = book
        self._epoch = epoch

    def grant(self, now: float) -> None:
        """Give every free worker something to do, as far as there is anything it may do."""
        while (worker := self._book.crew.free()) is not None:
            if not (self._give_duty(worker, now) or self._give_order(worker, now)):
                return

    def _give_duty(self, worker: WorkerView, now: float) -> bool:
        if self._book.stopping:
            return False
        for wanted in self._book.logins.values():
            host = self._book.hosts[wanted.host]
            del self._book.logins[wanted.host]
            worker.state, worker.duty_host = WorkerState.LOGGING_IN, host.host
            worker.activity = f"logging in to {host.host}"
            worker.duty_due = now + self._book.timeouts.login + DUTY_GRACE
            message = LogIn(host.host, host.base_url, wanted.credentials, self._book.timeouts.login)
            self._book.effects.append(TellWorker(worker.name, worker.generation, message))
            return True
        for host in self._book.hosts.values():
            if host.wants_probe(now):
                host.prober = worker.name
                worker.state, worker.duty_host = WorkerState.PROBING, host.host
                worker.activity = f"asking whether {host.host} is back"
                worker.duty_due = now + self._book.timeouts.login + DUTY_GRACE
                message_ = ProbePortal(host.host, host.base_url)
                self._book.effects.append(TellWorker(worker.name, worker.generation, message_))
                return True
        return False

    def _give_order(self, worker: WorkerView, now: float) -> bool:
        if self._book.stopping or self._book.pauses or any(held.alone for held in self._book.crew.leases()):
            return False

        def admits(host: str) -> bool:
            state = self._book.hosts[host]
            return state.admits(now, in_work=not state.first_answer.has_come and self._book.is_in_work(host))

        sequence = self._book.queue.take(admits)
        if sequence is not None:
            self._grant(worker, self._book.tasks[sequence], now)
            return True
        suspect = self._book.queue.next_suspect(admits)
        if suspect is None or self._book.crew.leases():
            return False
        fresh = self._book.crew.free_and_fresh()
        if fresh is not None:
            self._book.queue.drop_suspect()
            self._grant(fresh, self._book.tasks[suspect], now, alone=True)
        elif not self._book.crew.is_any_coming():
            worker.draining = "a fresh browser for an order that lost two"
            self._book.free(worker)
        return False

    def _grant(self, worker: WorkerView, task: TaskState, now: float, *, alone: bool = False) -> None:
        task.leases += 1
        order = task.order
        lease = Lease(order.handle, task.leases, worker.name, worker.generation, self._epoch, order.url)
        timeout = order.task.timeout_override or self._book.timeouts.task
        task.lease = lease
        session = self._book.hosts[order.host].session
        worker.lease = LeaseState(lease, now, now + timeout, self._book.timeouts.inactivity, now, session, alone)
        worker.state = WorkerState.WORKING
        worker.leases_given += 1
        worker.po_number, worker.activity = order.handle.po_number, "opening"
        self._book.effects.append(Record((LeaseGranted(lease),)))
        message = VisitOrder(lease, order, session, timeout, task.kept)
        self._book.effects.append(TellWorker(worker.name, worker.generation, message))
