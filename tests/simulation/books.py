"""Watches the books of a run: what is accepted, leased, charged, published and ended, and in which order.

It reads every entry of the journal and every message to the dispatcher and the workers, and keeps its own account:
who must be charged for what, which order is due next.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.config import Settings
from contracts.errors import Blame
from contracts.journal import order_in
from contracts.messages import (
    LeaseTouched,
    LogIn,
    LoginMet,
    LossExcused,
    ProbePortal,
    VisitEnded,
    VisitFailed,
    VisitOrder,
    VisitOutcome,
)
from contracts.ports import (
    BatchBegun,
    FileVerified,
    JournalEntry,
    Lease,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    Owner,
    PauseBegan,
    PauseEnded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.supervision import KillChild, RecycleChild
from contracts.tasks import Order, POResult, TaskStatus
from tests.simulation.faults import ADAPTER_STEPS, Fault, Step
from tests.simulation.outside import MUTE, REFUSING
from tests.simulation.world import SimWorld

HUNG_PROBE = Step.PROBE, Fault.HANG

CRASHES_BEFORE_ALONE = 2
MOST_CRASHES = 3
LOST = "the browser was lost"
CREW_ENDED = "its supervisor ended"
MOST_LOSSES_EXCUSED = 5
"""Different orders in a row over which browsers may be lost without being suspected themselves."""


class Books:
    """The account of one run's orders (invariants 1 to 6).

    Args:
        world: What really happened.
        settings: The settings the program runs with.
        generation_of: Tells the newest generation of a worker that was started.
        crew_is_closing: Whether the crew's supervisor is ending, so that it orders ends without a message.
        news_may_be_late: Whether the dispatcher was kept busy, or the crew died, so that it may act on old news.
    """

    def __init__(
        self,
        world: SimWorld,
        settings: Settings,
        generation_of: Callable[[str], int | None],
        crew_is_closing: Callable[[], bool],
        news_may_be_late: Callable[[], bool],
    ) -> None:
        self.accepted: dict[int, Order] = {}
        self.submissions: dict[str, range] = {}
        self.heard: dict[int, str] = {}
        """Who has heard how a task ended."""
        self._on_begun: Callable[[], object] = lambda: None
        self.outcomes: dict[int, list[TaskStatus]] = {}
        self.leased_once: set[int] = set()
        self.phases: list[str] = []
        """The phases of an order's life as they were reached, for tests that strike at one of them."""
        self.orders_ended: dict[Owner, int] = {}
        self.pauses: set[str] = set()
        """What this dispatcher waits for, as it wrote it down."""
        self._kept: dict[str, Lease] = {}
        """Leases whose staging folders were said to hold verified files."""
        self._world = world
        self._require = world.findings.require
        self._retry = settings.retry
        self._generation_of = generation_of
        self._crew_is_closing = crew_is_closing
        self._news_may_be_late = news_may_be_late
        self._epoch = 0
        self._leases: dict[int, Lease] = {}
        self._attempts: dict[int, int] = {}
        self._crashes: dict[int, int] = {}
        self._ready: set[int] = set()
        self._delayed: dict[int, float] = {}
        self._ended_visits: dict[Lease, VisitOutcome] = {}
        self._logins_refused: dict[int, set[int]] = {}
        """With which logins of the run an order has met the login page all the same."""
        self._charged: set[Owner] = set()
        self._on_duty: set[str] = set()
        """Workers that have been told to log in or to probe."""
        self._lost_over: set[int] = set()
        """Orders over which browsers were lost since an order last came to its end."""
        self._touched: set[Lease] = set()
        self._deadline_kills: set[Owner] = set()
        self._told_to_end: set[Owner] = set()

    def lease_of(self, sequence: int) -> Lease | None:
        """Return the lease under which an order is worked on now."""
        return self._leases.get(sequence)

    def is_in_work(self, sequence: int) -> bool:
        """Whether an order is leased and its worker has shown activity."""
        return self._leases.get(sequence) in self._touched

    def has_met(self, kind: type[VisitOutcome]) -> bool:
        """Whether a visit has ended in this way."""
        return any(isinstance(outcome, kind) for outcome in self._ended_visits.values())

    def left_in_staging(self) -> list[str]:
        """Return the staging folders that are left though nobody may want them, now that all orders have ended.

        A folder of an older dispatcher that it did not write down is swept at the end of the run, and so is what a
        worker places that comes back after its lease has ended.
        """
        known = {name for name, lease in self._kept.items() if lease.epoch <= self._epoch}
        mine = {name for name in self._world.staged if name in known or name.startswith(f"{self._epoch}-")}
        return sorted(mine - self._world.placed_late)

    # ------------------------------------------------------------------------------------------------------- messages

    def told(self, name: str, message: object, sender: str) -> None:
        """Read a message that is about to be delivered."""
        match message:
            case VisitOrder(lease, _, _, _, kept):
                held = self._leases.get(lease.task.sequence)
                others = [file for file in kept if file.lease.task != lease.task]
                self._require(4, not others, f"{lease} may adopt files of other orders: {others}")
                self._require(3, held == lease, f"{lease} is told to {name} before it is written; written is {held}")
            case LogIn() | ProbePortal():
                self._on_duty.add(name)
            case LossExcused(worker, generation):
                charged = Owner(worker, generation) in self._charged or worker in self._on_duty
                self._require(5, charged, f"{worker} generation {generation} is excused, and nobody was charged")
                causes = sorted(self._lost_over)
                few = len(causes) <= MOST_LOSSES_EXCUSED
                self._require(10, few, f"{worker} is excused, though browsers were lost over {causes} in a row")
            case LeaseTouched(lease):
                self._touched.add(lease)
                self.phases.append("visit")
            case VisitEnded(lease, outcome):
                self._ended_visits[lease] = outcome
                if isinstance(outcome, LoginMet) and outcome.session_version > 0:
                    self._logins_refused.setdefault(lease.task.sequence, set()).add(outcome.session_version)
            case KillChild(child, generation) | RecycleChild(child, generation):
                self._told_to_end.add(Owner(child, generation))
                if isinstance(message, KillChild) and sender == "dispatcher":
                    self._deadline_kills.add(Owner(child, generation))
            case _:
                pass

    def call_when_begun(self, call: Callable[[], object]) -> None:
        """Make a call when a batch has begun, and each time its total changes."""
        self._on_begun = call

    def hears(self, who: str, key: str, result: POResult) -> None:
        """Somebody who submitted a task is told how it ended: once, after it was written down, and nobody else."""
        sequence = result.handle.sequence
        self._require(1, sequence not in self.heard, f"{result.handle} is told twice, to {who} now")
        self._require(1, bool(self.outcomes.get(sequence)), f"{result.handle} is told to {who} and not written down")
        self._require(
            1, sequence in self.submissions.get(key, ()), f"{result.handle} is told to {who}, whose it is not"
        )
        self.heard[sequence] = who

    # -------------------------------------------------------------------------------------------------- journal entries

    def entry(self, epoch: int, entry: JournalEntry) -> None:
        """Read an entry that was written."""
        if epoch != self._epoch:
            self._begin_epoch(epoch)
        match entry:
            case BatchBegun():
                self._on_begun()
            case SubmissionAccepted(key, first, count):
                self._require(1, key not in self.submissions, f"the submission {key} is accepted twice")
                self.submissions[key] = range(first, first + count)
            case TaskAccepted(handle):
                sequence = handle.sequence
                self._require(1, sequence not in self.accepted, f"{handle} is accepted twice")
                self.accepted[sequence] = order_in(entry.payload)
                self._ready.add(sequence)
                self.phases.append("dispatch")
            case LeaseGranted(lease):
                self._on_granted(lease)
                self.phases.append("lease")
            case LeaseEnded():
                self._on_ended(entry)
            case FileVerified(file):
                held = self._leases.get(file.lease.task.sequence)
                self._require(4, held == file.lease, f"{file} is written down, but {held} is current")
                self._kept[file.lease.folder_name] = file.lease
            case PauseBegan(key):
                self._require(16, key not in self.pauses, f"the pause {key} begins twice")
                self.pauses.add(key)
            case PauseEnded(key):
                self._require(16, key in self.pauses, f"the pause {key} ends, but had not begun")
                self.pauses.discard(key)
            case PublishStarted(lease, _):
                held = self._leases.get(lease.task.sequence)
                self._require(4, held == lease, f"{lease} publishes, but {held} is current")
                self.phases.append("publish")
            case OutcomeRecorded(result):
                self._on_outcome(result)
                self.phases.append("outcome")

    def _begin_epoch(self, epoch: int) -> None:
        """Void the leases of an older dispatcher; all that is open is queued again."""
        self._require(4, epoch > self._epoch, f"epoch {epoch} writes into the books of epoch {self._epoch}")
        self._epoch = epoch
        self._leases.clear()
        self._lost_over.clear()
        self._delayed.clear()
        self._ready = {sequence for sequence in self.accepted if sequence not in self.outcomes}
        self._ready -= {sequence for sequence in self._ready if self._is_suspect(sequence)}

    def _is_suspect(self, sequence: int) -> bool:
        return self._crashes.get(sequence, 0) >= CRASHES_BEFORE_ALONE

    def _key(self, sequence: int) -> tuple[int, int]:
        return (-self.accepted[sequence].task.priority, sequence)

    def _on_granted(self, lease: Lease) -> None:
        sequence = lease.task.sequence
        self._require(3, sequence not in self._leases, f"{lease.task} has two owners")
        holding = [held for held in self._leases.values() if held.worker == lease.worker]
        self._require(3, not holding, f"{lease.worker} holds {holding} and gets {lease}")
        newest = self._generation_of(lease.worker)
        current = newest is None or newest <= lease.generation or self._news_may_be_late()
        self._require(3, current, f"{lease} goes to a generation that is gone")
        self._require(1, sequence in self.accepted, f"{lease.task} was never accepted")
        self._require(1, sequence not in self.outcomes, f"{lease.task} had ended already")
        pauses = sorted(key for key in self.pauses if self._concerns(key, sequence))
        self._require(16, not pauses, f"{lease} is given while dispatch waits for {pauses}")
        self._check_its_turn(sequence)
        self._leases[sequence] = lease
        self._ready.discard(sequence)
        self._delayed.pop(sequence, None)
        self.leased_once.add(sequence)

    def _concerns(self, pause: str, sequence: int) -> bool:
        """Whether a pause holds up an order: one of a single host does so for that host's alone."""
        _, _, host = pause.partition(" ")
        return host in ("", self.accepted[sequence].host)

    def _check_its_turn(self, sequence: int) -> None:
        now = self._world.hub.clock.time
        for other in [other for other, until in self._delayed.items() if until <= now]:
            del self._delayed[other]
            self._ready.add(other)
        others = self._ready - {sequence}
        if self._is_suspect(sequence):
            self._require(5, not self._leases, f"{sequence} lost two browsers and does not run alone: {self._leases}")
            self._require(6, not others, f"{sequence} lost two browsers and overtook {sorted(others)}")
        else:
            alone = [other for other in self._leases if self._is_suspect(other)]
            self._require(5, not alone, f"{sequence} runs beside {alone}, which is to run alone")
            # Another host may be one that is waited for, or that has not said yet whether it is there.
            host = self.accepted[sequence].host
            first = min((self._key(other) for other in others if self.accepted[other].host == host), default=None)
            self._require(6, first is None or self._key(sequence) < first, f"{sequence} overtook {first}")

    def _on_ended(self, entry: LeaseEnded) -> None:
        lease, sequence = entry.lease, entry.lease.task.sequence
        self._leases.pop(sequence, None)
        attempts, crashes = self._attempts.get(sequence, 0), self._crashes.get(sequence, 0)
        visits, losses = entry.attempts - attempts, entry.crashes - crashes
        most = self._retry.max_attempts
        self._require(5, entry.attempts <= most, f"{lease.task} has been charged {entry.attempts} attempts")
        self._require(5, entry.crashes <= MOST_CRASHES, f"{lease.task} has been charged {entry.crashes} crashes")
        self._require(5, 0 <= visits <= 1, f"attempts of {lease.task}: {attempts} -> {entry.attempts}")
        self._require(5, 0 <= losses <= 1, f"crashes of {lease.task}: {crashes} -> {entry.crashes}")
        outcome = self._ended_visits.get(lease)
        if entry.reason.startswith(LOST):
            self._check_loss(lease, losses, entry.reason)
            self._require(5, visits == 0, f"{lease.task} is charged a visit for a browser that was lost")
        elif isinstance(outcome, LoginMet) or (isinstance(outcome, VisitFailed) and outcome.blame is Blame.MACHINE):
            self._require(5, visits == losses == 0, f"{lease.task} is charged for another's fault: {outcome}")
        elif isinstance(outcome, VisitFailed) and outcome.blame is Blame.ITEM:
            self._require(5, outcome.look_again, f"{lease.task} goes back, and its page was recognised: {outcome}")
        elif isinstance(outcome, VisitFailed) and outcome.portal_up is not True:
            self._require(5, visits == 0, f"{lease.task} is charged while the portal is down: {outcome}")
        self._attempts[sequence], self._crashes[sequence] = entry.attempts, entry.crashes
        if not self._is_suspect(sequence):
            if visits:
                delay = self._retry.base_delay * self._retry.backoff_factor ** (entry.attempts - 1)
                self._delayed[sequence] = self._world.hub.clock.time + min(delay, self._retry.max_delay)
            else:
                self._ready.add(sequence)

    def _check_loss(self, lease: Lease, losses: int, reason: str) -> None:
        owner = Owner(lease.worker, lease.generation)
        by_itself = owner in self._world.ended_by_itself
        requested = owner in self._told_to_end or self._crew_is_closing() or CREW_ENDED in reason
        if losses:
            self._charged.add(owner)
            self._lost_over.add(lease.task.sequence)
            guilty = by_itself or owner in self._deadline_kills or not requested
            self._require(5, guilty, f"{lease.task} is charged for {owner}, which a supervisor ended")
        elif by_itself and lease in self._touched:
            self._require(5, requested, f"{lease.task} is not charged for {owner}, which ended by itself")

    def _on_outcome(self, result: POResult) -> None:
        sequence = result.handle.sequence
        known = self.outcomes.setdefault(sequence, [])
        known.append(result.status)
        self._require(1, len(known) == 1, f"{result.handle} ended {known}")
        self._require(1, sequence in self.accepted, f"{result.handle} was never accepted")
        held = self._leases.pop(sequence, None)
        self._ready.discard(sequence)
        self._delayed.pop(sequence, None)
        on_disk = result.po_number in self._world.published
        if result.status in (TaskStatus.COMPLETED, TaskStatus.NO_ATTACHMENTS, TaskStatus.PARTIAL):
            fenced = on_disk or held is not None
            self._require(4, fenced, f"{result.handle} ended {result.status} without a current lease")
            self._require(1, on_disk or not result.attachments, f"{result.handle} is reported, but is not on disk")
        last = self._ended_visits.get(held) if held is not None else None
        if isinstance(last, VisitFailed) and last.blame in (Blame.PORTAL, Blame.NETWORK):
            self._require(5, last.portal_up is True, f"{result.handle} failed for good while the portal was down")
        if held is not None:
            self._lost_over.clear()
            owner = Owner(held.worker, held.generation)
            self.orders_ended[owner] = self.orders_ended.get(owner, 0) + 1
        self._check_blame(result)

    def _check_silence(self, result: POResult) -> None:
        """Only a host from which nothing can have come is given up; a probe that hangs may look like one."""
        host = self.accepted[result.handle.sequence].host
        hung = any(times for (step, fault), times in self._world.injected.items() if (step, fault) == HUNG_PROBE)
        self._require(5, host in (REFUSING, MUTE) or hung, f"{result.handle} failed, though {host} answers")
        self._require(1, result.status is TaskStatus.FAILED, f"{result.handle} ended {result.status}")

    def _check_blame(self, result: POResult) -> None:
        sequence = result.handle.sequence
        most = self._retry.max_attempts
        self._require(5, result.attempts <= most, f"{result.handle} ended after {result.attempts} attempts")
        if result.status is TaskStatus.QUARANTINED:
            self._lost_over.clear()
            crashes = self._crashes.get(sequence)
            self._require(5, crashes == MOST_CRASHES, f"{result.handle} is quarantined after {crashes} crashes")
        if result.status is TaskStatus.FAILED and result.blame is Blame.AUTH:
            logins = len(self._logins_refused.get(sequence, ()))
            self._require(5, logins >= 2, f"{result.handle} failed at the login page, after {logins} logins")
        if result.blame is Blame.ITEM:
            points = self._world.injected.items()
            unread = any(times for (step, fault), times in points if fault is Fault.RAISES and step in ADAPTER_STEPS)
            if unread and "adapter" in result.error_message:
                self._require(5, result.attempts >= 2, f"{result.handle} was not looked at again: {result}")
                return
            denied = result.po_number in self._world.denied
            self._require(5, denied, f"{result.handle} is blamed: {result.error_message}; the portal had not denied it")
        if "did not answer anything" in result.error_message:
            self._check_silence(result)
        elif result.status is TaskStatus.FAILED and result.blame in (Blame.PORTAL, Blame.NETWORK):
            text = f"{result.handle} failed for good after {result.attempts} attempts: {result.error_message}"
            self._require(5, result.attempts == most, text)
