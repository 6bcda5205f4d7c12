"""What a visit's end costs and whom: the table "Whose fault it is" of `docs/explanation/faults.md`, row by row."""

from __future__ import annotations

from typing import assert_never

import attrs

from actors.dispatch.effects import DiscardStaging, Publish, Record, TellLoginBroker
from actors.dispatch.hosts import HostState
from actors.dispatch.lease_book import LeaseBook, TaskState
from actors.leasing import Loss
from contracts.errors import Blame
from contracts.messages import (
    LoginMet,
    PublishFailed,
    SessionProved,
    SessionRenewed,
    Visited,
    VisitEnded,
    VisitFailed,
    VisitOutcome,
)
from contracts.ports import Lease, PublishStarted
from contracts.tasks import POResult, TaskStatus


class OutcomePolicy:
    """Judges how visits ended.

    Args:
        book: Every open task and lease.
    """

    def __init__(self, book: LeaseBook) -> None:
        self._book = book
        self._leasing = book.leasing

    def on_visit(self, event: VisitEnded, now: float) -> None:
        """A visit ended; an outcome of a lease that is not in hand changes nothing."""
        task = self._leasing.held(event.lease)
        if task is None:
            self._book.drop_staging(event.lease)
            self._leasing.note_stale(event.lease)
            return
        host = self._book.host(task.order)
        if _has_answered(event.outcome):
            self._book.note_answer(host)
        match event.outcome:
            case Visited(result, retry_worthwhile, renewed):
                wall = result.finished_at.timestamp() if result.finished_at is not None else 0.0
                if task.session is not None and host.renew(task.session, renewed, wall):
                    self._book.effects.append(TellLoginBroker(SessionRenewed(host.session)))
                self._on_visited(task, event.lease, result, retry_worthwhile, now)
            case LoginMet():
                self._on_login_met(task, host, event.lease, event.outcome, now)
            case VisitFailed():
                self._on_failed(task, host, event.lease, event.outcome, now)
            case _:
                assert_never(event.outcome)

    def _on_visited(self, task: TaskState, lease: Lease, result: POResult, retry_worthwhile: bool, now: float) -> None:
        host = self._book.host(task.order)
        host.note_success()
        if host.proved_version < host.session.version:
            host.proved_version = host.session.version
            self._book.effects.append(TellLoginBroker(SessionProved(host.host, host.session.version)))
        self._leasing.charge(task, Blame.ITEM)
        task.met_login_at = None  # its page was read, so its rights are not in question
        if retry_worthwhile and self._leasing.may_be_tried(task) and not self._leasing.stopping:
            self._book.end_lease(task, lease, "some attachments did not arrive", Blame.PORTAL)
            self._leasing.release(lease)
            self._book.requeue(task, until=now + self._leasing.delay(task))
            return
        final = attrs.evolve(result, attempts=task.attempts)
        if result.attachments and result.status in (TaskStatus.COMPLETED, TaskStatus.PARTIAL):
            self._book.effects.append(Record((PublishStarted(lease, final),)))
            self._book.effects.append(Publish(lease, final))
            return
        self._book.effects.append(DiscardStaging(lease))
        self._leasing.release(lease, ended=True)
        self._book.finish(task, final)

    def on_published(self, lease: Lease, result: POResult) -> None:
        """The files are in their place: the task has ended."""
        task = self._leasing.held(lease)
        if task is None:
            return
        self._leasing.release(lease, ended=True)
        self._book.finish(task, result)

    def on_publish_failed(self, event: PublishFailed, now: float) -> None:
        """The files could not be moved: the machine is in trouble, or staged files are not what they were."""
        lease = event.lease
        task = self._leasing.held(lease)
        if task is None:
            return
        if event.files_lost:
            self._book.drop_kept(task)
        if event.files_lost and not self._leasing.may_be_tried(task):
            self._book.effects.append(DiscardStaging(lease))
            self._leasing.release(lease, ended=True)
            self._book.fail(task, event.text, "WORKER_ERROR", Blame.MACHINE)
            return
        if not event.files_lost:
            task.attempts -= 1  # nobody is charged for the machine's trouble
        self._book.end_lease(task, lease, event.text, Blame.MACHINE)
        self._leasing.release(lease)
        if event.files_lost:
            self._book.requeue(task, until=now + self._leasing.delay(task))
            return
        self._book.requeue(task)
        self._book.pause_for_machine(event.text, now, ends_run=event.ends_run)

    def _on_login_met(self, task: TaskState, host: HostState, lease: Lease, met: LoginMet, now: float) -> None:
        version, reason = met.session_version, met.reason
        self._book.end_lease(task, lease, reason, Blame.AUTH)
        self._leasing.release(lease)
        renewals = task.session.renewals if task.session is not None else 0
        renewed_since = host.session.version == version and host.session.renewals > renewals
        if renewed_since and task.met_login_with != version:
            task.met_login_with = version  # once a login, since others may go on renewing it for ever
            self._book.requeue(task)
            return
        if host.has_logged_in_for(version):
            # One login may have ended just then. With a second one, it is the order that the portal does not show.
            if task.met_login_at is not None and version > task.met_login_at:
                why = reason.rstrip(".")
                text = f"The portal asked for a login again after two verified logins ({why}). Check its access."
                self._book.fail(task, text, "AUTH_ERROR", Blame.AUTH)
                return
            task.met_login_at = version
        self._book.requeue(task)
        if host.refused:
            return
        # While its circuit is open the portal is left alone; who meets the login page after that asks for it.
        if version >= host.session.version and not host.login_pending and not host.circuit_is_open:
            self._book.effects.append(TellLoginBroker(host.ask_for_login(now)))

    def _on_failed(self, task: TaskState, host: HostState, lease: Lease, failure: VisitFailed, now: float) -> None:
        match failure.blame:
            case Blame.ITEM if self._is_worth_another_look(task, failure):
                self._leasing.charge(task, failure.blame)
                task.looked_at = True
                host.note_success()
                self._book.end_lease(task, lease, failure.message, failure.blame)
                self._leasing.release(lease)
                self._book.requeue(task, until=now + self._leasing.delay(task))
            case Blame.ITEM | Blame.AUTH:
                self._leasing.charge(task, failure.blame)
                self._book.drop_staging(lease)
                self._leasing.release(lease, ended=True)
                status = TaskStatus.PO_NOT_FOUND if failure.not_found else TaskStatus.FAILED
                outcome = self._book.outcome(task, status, failure.message, failure.code, failure.blame)
                if failure.blame is Blame.ITEM:
                    host.note_success()
                self._book.finish(task, _as_visited(outcome, failure))
            case Blame.PORTAL | Blame.NETWORK:
                self._on_portal_failure(task, host, lease, failure, now)
            case Blame.MACHINE:
                self._book.end_lease(task, lease, failure.message, failure.blame)
                self._leasing.release(lease)
                self._book.requeue(task)
                self._book.pause_for_machine(failure.message, now, ends_run=failure.ends_run)
            case Blame.BROWSER | Blame.PROGRAM:
                self._leasing.charge(task, failure.blame)
                self._book.end_lease(task, lease, failure.message, failure.blame)
                self._leasing.release(lease)
                self._book.requeue(task, why=failure.message)
            case _:
                assert_never(failure.blame)

    def _on_portal_failure(
        self, task: TaskState, host: HostState, lease: Lease, failure: VisitFailed, now: float
    ) -> None:
        if not host.first_answer.has_come:
            host.first_answer.note_failed_visit(failure.message, now)
            self._book.end_lease(task, lease, failure.message, failure.blame)
            self._leasing.release(lease)
            self._book.requeue(task)
            return
        charged = host.note_failure(task.key, failure.portal_up, now)
        if failure.retry_after is not None:
            wait = min(failure.retry_after, self._book.timeouts.circuit_open)
            host.held_until = max(host.held_until, now + wait)
        if charged:
            self._leasing.charge(task, failure.blame)
        if charged and not self._leasing.may_be_tried(task):
            self._book.drop_staging(lease)
            self._leasing.release(lease, ended=True)
            outcome = self._book.outcome(task, TaskStatus.FAILED, failure.message, failure.code, failure.blame)
            self._book.finish(task, _as_visited(outcome, failure))
            return
        self._book.end_lease(task, lease, failure.message, failure.blame)
        self._leasing.release(lease)
        self._book.requeue(task, until=now + self._leasing.delay(task) if charged else None)

    def _is_worth_another_look(self, task: TaskState, failure: VisitFailed) -> bool:
        """Whether a page that was not recognised is looked at once more, later: it may have been a bad moment."""
        may_be_visited = self._leasing.may_be_tried(task, 2) and not self._leasing.stopping
        return failure.look_again and not task.looked_at and may_be_visited

    def on_lease_lost(self, loss: Loss) -> None:
        """The worker that held a lease is gone."""
        assert loss.held is not None  # noqa: S101 - the caller looked
        lease = loss.held.lease
        task = self._leasing.tasks[lease.task.sequence]
        if loss.is_charged:
            self._leasing.charge(task, Blame.BROWSER)
        self._book.end_lease(task, lease, f"the browser was lost: {loss.why}", Blame.BROWSER)
        if loss.is_charged:
            self._leasing.excuse(loss)
        self._book.requeue(task, why=loss.why)
        if loss.is_charged and task.crashes >= self._leasing.budgets.crashes:
            self._leasing.crew.get_on(loss.worker)  # at last: quarantined


def _has_answered(outcome: VisitOutcome) -> bool:
    """Whether a visit that ended so has had anything from its portal."""
    match outcome:
        case Visited() | LoginMet():
            return True
        case VisitFailed():
            return outcome.answered or bool(outcome.portal_up) or outcome.blame in (Blame.ITEM, Blame.AUTH)
        case _:
            assert_never(outcome)


def _as_visited(outcome: POResult, failure: VisitFailed) -> POResult:
    """Return an outcome with what the failed visit knows of it."""
    return attrs.evolve(outcome, url=failure.url, duration=failure.duration, evidence=failure.evidence)
