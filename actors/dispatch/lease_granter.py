"""Who gets what next: logins and probes first, then orders as leasing grants them."""

from __future__ import annotations

from actors.dispatch.effects import Record, TellWorker
from actors.dispatch.lease_book import LeaseBook, TaskState
from actors.leasing import Grant, WorkerView
from contracts.messages import LogIn, ProbePortal, VisitOrder
from contracts.ports import LeaseGranted
from contracts.status import WorkerState

DUTY_GRACE = 5.0
"""Seconds beyond its own deadline after which a login or a probe is taken for hung."""


class LeaseGranter:
    """Hands out work.

    Args:
        book: Every open task and lease.
    """

    def __init__(self, book: LeaseBook) -> None:
        self._book = book

    def grant(self, now: float) -> None:
        """Give every free worker something to do, as far as there is anything it may do."""
        leasing = self._book.leasing

        def admits(host: str) -> bool:
            state = self._book.hosts[host]
            return state.admits(now, in_work=not state.first_answer.has_come and self._book.is_in_work(host))

        while (worker := leasing.crew.free()) is not None:
            if self._give_duty(worker, now):
                continue
            granted = leasing.next_grant(admits, now)
            if granted is None:
                return
            self._tell(granted)

    def _give_duty(self, worker: WorkerView, now: float) -> bool:
        if self._book.leasing.stopping:
            return False
        for wanted in self._book.logins.values():
            host = self._book.hosts[wanted.host]
            del self._book.logins[wanted.host]
            timeout = self._book.timeouts.login
            login = LogIn(host.host, host.base_url, wanted.credentials, timeout)
            self._begin(worker, login, WorkerState.LOGGING_IN, f"logging in to {host.host}", now)
            return True
        for host in self._book.hosts.values():
            if host.wants_probe(now):
                host.prober = worker.name
                probe = ProbePortal(host.host, host.base_url)
                self._begin(worker, probe, WorkerState.PROBING, f"asking whether {host.host} is back", now)
                return True
        return False

    def _begin(
        self, worker: WorkerView, duty: LogIn | ProbePortal, state: WorkerState, activity: str, now: float
    ) -> None:
        due = now + self._book.timeouts.login + DUTY_GRACE
        self._book.leasing.begin_duty(worker, duty.host, state, activity, due)
        self._book.effects.append(TellWorker(worker.name, worker.generation, duty))

    def _tell(self, granted: Grant[TaskState]) -> None:
        task, lease = granted.task, granted.lease
        worker = self._book.leasing.crew.slot(lease.worker)
        worker.label, worker.activity = task.handle.po_number, "opening"
        task.session = self._book.hosts[task.group].session
        self._book.effects.append(Record((LeaseGranted(lease),)))
        message = VisitOrder(lease, task.order, task.session, granted.timeout, task.kept)
        self._book.effects.append(TellWorker(worker.name, worker.generation, message))
