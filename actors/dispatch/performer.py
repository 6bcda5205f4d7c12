"""Performs the effects of a dispatch core. The dispatcher actor and the sequential mode use the same one.

A disk that is full under the journal ends nothing: what could not be written, what was to follow it, and every event
that comes meanwhile wait in their order until there is room. Whoever asks for the end then gets it at once: what was
not written is open in the journal, and the next run goes on with it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import assert_never

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
from actors.dispatch.submissions import Submissions
from actors.leasing import ExcuseLoss, KillWorker, NoteTaskEnded, RecycleWorker
from contracts.errors import AttachmentError, DiskFullError, FolderReplacedError, MachineError, error_code
from contracts.messages import (
    BeginBatch,
    DispatchEvent,
    Drain,
    GiveUp,
    LogIn,
    LoginBrokerMessage,
    ProbePortal,
    Published,
    PublishFailed,
    Submit,
    VisitOrder,
    Wake,
)
from contracts.ports import Filing, Journal, Lease, LeaseEnded, LeaseGranted, OutcomeRecorded
from contracts.status import Progress

log = logging.getLogger("purser.dispatch")


SECONDS_BETWEEN_TRIES = 1.0
"""Between two looks whether there is room again."""


@attrs.define(kw_only=True, eq=False)
class Performer:
    """Turns effects into calls. Publishing is answered at once, as a further event to the same core."""

    epoch: int
    journal: Journal
    filing: Filing
    submissions: Submissions
    tell_worker: Callable[[str, int, VisitOrder | LogIn | ProbePortal], object]
    tell_login_broker: Callable[[LoginBrokerMessage], object]
    ask_portal: Callable[[str, str, int], object]
    note_answered: Callable[[str], object]
    kill: Callable[[str, int, str], object]
    recycle: Callable[[str, int, str], object]
    order_ended: Callable[[str, int], object]
    loss_excused: Callable[[str, int], object]
    wake_at: Callable[[float | None], object]
    waits_for: str = attrs.field(default="", init=False)
    """What it waits for, for people; empty while it waits for nothing."""
    _left: deque[DispatchEffect] = attrs.field(factory=deque, init=False)
    _answers: deque[DispatchEvent] = attrs.field(factory=deque, init=False)
    _events: deque[DispatchEvent] = attrs.field(factory=deque, init=False)
    _stopping: bool = attrs.field(default=False, init=False)
    _given_up: str = attrs.field(default="", init=False)
    _waits_since: float = attrs.field(default=0.0, init=False)
    _waited: float = attrs.field(default=0.0, init=False)
    """Seconds of waiting in all. For the core they have not passed, so that no deadline ran out in them."""

    def run(self, core: DispatchCore, event: DispatchEvent, monotonic: Callable[[], float]) -> None:
        """Give the core one event and perform all that follows from it, or as much as there is room for."""
        if self._given_up:
            return
        self._stopping = isinstance(event, Drain | GiveUp) or (self._stopping and not isinstance(event, BeginBatch))
        if not (self.waits_for and isinstance(event, Wake)):
            self._events.append(event)
        while self._left or self._answers or self._events:
            if not self._perform_what_is_left(monotonic):
                return
            if self._answers or self._events:
                following = (self._answers or self._events).popleft()
                # Only now: all that was to be written before it is written.
                if not (isinstance(following, Submit) and self._is_accepted(following)):
                    self._left.extend(core.handle(following, monotonic() - self._waited))

    def _is_accepted(self, submit: Submit) -> bool:
        """Whether a submission came before, and is answered with the handles that it has."""
        handles = self.journal.handles_of(submit.key)
        if handles:
            self.submissions.accept(self.epoch, submit.key, handles)
            for result in self.journal.results(handles[0].sequence, len(handles)):
                self.submissions.end(self.epoch, result)
        return bool(handles)

    def progress(self, core: DispatchCore, before: Progress, now: float) -> Progress:
        """Return the batch as people may see it.

        Args:
            core: Has perhaps decided more than is written down.
            before: What they have seen so far; it stays while something waits to be written.
            now: Monotonic seconds.
        """
        if self._given_up:
            return broken_off(before, self._given_up)
        if not self.waits_for:
            return core.progress(now - self._waited)
        return attrs.evolve(before, pauses=tuple(dict.fromkeys((*before.pauses, self.waits_for))))

    def _perform_what_is_left(self, monotonic: Callable[[], float]) -> bool:
        """Perform in order; say whether nothing is left."""
        while self._left:
            effect = self._left.popleft()
            try:
                answer = self._perform(effect)
            except DiskFullError as error:
                self._left.appendleft(effect)
                if self._stopping:
                    self._given_up = str(error)
                else:
                    self._wait(error, monotonic())
                return False
            if answer is not None:
                self._answers.append(answer)
            if self.waits_for:
                log.warning("There is room on the disk again; it goes on.")
                self.waits_for = ""
                self._waited += monotonic() - self._waits_since
                self._events.append(Wake())  # in place of the one that was asked for before the disk was full
        return True

    def _wait(self, error: DiskFullError, now: float) -> None:
        if not self.waits_for:
            log.warning("Everything waits until there is room on the disk. %s", error)
            self.waits_for, self._waits_since = "there is no room on the disk for the journal", now
        self.wake_at(now + SECONDS_BETWEEN_TRIES)

    def _perform(self, effect: DispatchEffect) -> DispatchEvent | None:
        match effect:
            case Record(entries):
                self.journal.append(self.epoch, entries)
                _log(effect)
            case TellAccepted(key, handles):
                self.submissions.accept(self.epoch, key, handles)
            case TellOutcome(result):
                self.submissions.end(self.epoch, result)
            case TellWorker(worker, generation, message):
                self.tell_worker(worker, generation, message)
            case TellLoginBroker(message):
                self.tell_login_broker(message)
            case AskPortal(host, base_url, question):
                self.ask_portal(host, base_url, question)
            case NoteAnswered(host):
                self.note_answered(host)
            case KillWorker(worker, generation, text):
                log.warning("dispatcher has %s generation %d killed: %s", worker, generation, text)
                self.kill(worker, generation, text)
            case RecycleWorker(worker, generation, text):
                self.recycle(worker, generation, text)
            case Publish():
                return self._publish(effect)
            case DiscardStaging(lease):
                self._discard(lease)
            case NoteTaskEnded(worker, generation):
                self.order_ended(worker, generation)
            case ExcuseLoss(worker, generation):
                self.loss_excused(worker, generation)
            case WakeAt(when):
                self.wake_at(when + self._waited if when is not None else None)
            case _:
                assert_never(effect)
        return None

    def _publish(self, effect: Publish) -> Published | PublishFailed:
        try:
            folder = self.filing.publish(effect.lease, effect.result)
        except MachineError as error:
            return PublishFailed(effect.lease, str(error), ends_run=isinstance(error, FolderReplacedError))
        except AttachmentError as error:
            return PublishFailed(effect.lease, str(error), files_lost=True)
        except Exception as error:
            # Boundary: the folder. The visit is charged, so that one order's files cannot end dispatchers for ever.
            log.exception("Moving the files of %s raised %s.", effect.lease.task.po_number, type(error).__name__)
            text = f"Its files could not be moved to their place ({type(error).__name__}). See the log of the run."
            return PublishFailed(effect.lease, text, files_lost=True)
        return Published(effect.lease, attrs.evolve(effect.result, folder=folder))

    def _discard(self, lease: Lease) -> None:
        try:
            self.filing.discard(lease)
        except Exception as error:  # boundary: the folder; what stays is swept by the next run
            log.warning(
                "Deleting the staging folder %s raised %s.", lease.folder_name, type(error).__name__, exc_info=error
            )


def broken_off(before: Progress, why: str) -> Progress:
    """Return the end of a batch whose rest cannot be written down.

    Args:
        before: The batch as it was last seen.
        why: What stands in the way.
    """
    return attrs.evolve(
        before,
        failed=before.total - before.completed,
        active=0,
        pending=0,
        pauses=(),
        finished=True,
        stopped_early=why,
        stopped_code=error_code(DiskFullError),
    )


def _log(record: Record) -> None:
    for entry in record.entries:
        if isinstance(entry, LeaseGranted):
            log.debug("%s goes to %s", entry.lease.task.po_number, entry.lease.worker)
        elif isinstance(entry, LeaseEnded):
            log.info("%s goes back: %s", entry.lease.task.po_number, entry.reason)
        elif isinstance(entry, OutcomeRecorded):
            result = entry.result
            log.info("%s: %s %s", result.po_number, result.status.value, result.error_message)
