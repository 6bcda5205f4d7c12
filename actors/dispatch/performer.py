"""Performs the effects of a dispatch core. The dispatcher actor and the sequential mode use the same one."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import assert_never

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.effects import (
    DiscardStaging,
    DispatchEffect,
    ExcuseLoss,
    KillWorker,
    NoteOrderEnded,
    Publish,
    Record,
    RecycleWorker,
    TellGatekeeper,
    TellWorker,
    WakeAt,
)
from contracts.errors import AttachmentError, FolderReplacedError, HostResourceError
from contracts.messages import (
    DispatchEvent,
    GatekeeperMessage,
    LogIn,
    ProbePortal,
    Published,
    PublishFailed,
    VisitOrder,
)
from contracts.ports import Filing, Journal, Lease, LeaseEnded, LeaseGranted, OutcomeRecorded

log = logging.getLogger("purser.dispatch")


@attrs.frozen(kw_only=True)
class Performer:
    """Turns effects into calls. Publishing is answered at once, as a further event to the same core."""

    epoch: int
    journal: Journal
    filing: Filing
    tell_worker: Callable[[str, int, VisitOrder | LogIn | ProbePortal], object]
    tell_gatekeeper: Callable[[GatekeeperMessage], object]
    kill: Callable[[str, int, str], object]
    recycle: Callable[[str, int, str], object]
    order_ended: Callable[[str, int], object]
    loss_excused: Callable[[str, int], object]
    wake_at: Callable[[float | None], object]

    def run(self, core: DispatchCore, event: DispatchEvent, monotonic: Callable[[], float]) -> None:
        """Give the core one event and perform all that follows from it."""
        events = deque([event])
        while events:
            for effect in core.handle(events.popleft(), monotonic()):
                answer = self._perform(effect)
                if answer is not None:
                    events.append(answer)

    def _perform(self, effect: DispatchEffect) -> DispatchEvent | None:
        match effect:
            case Record(entries):
                self.journal.append(self.epoch, entries)
                _log(effect)
            case TellWorker(worker, generation, message):
                self.tell_worker(worker, generation, message)
            case TellGatekeeper(message):
                self.tell_gatekeeper(message)
            case KillWorker(worker, generation, text):
                log.warning("dispatcher has %s generation %d killed: %s", worker, generation, text)
                self.kill(worker, generation, text)
            case RecycleWorker(worker, generation, text):
                self.recycle(worker, generation, text)
            case Publish():
                return self._publish(effect)
            case DiscardStaging(lease):
                self._discard(lease)
            case NoteOrderEnded(worker, generation):
                self.order_ended(worker, generation)
            case ExcuseLoss(worker, generation):
                self.loss_excused(worker, generation)
            case WakeAt(when):
                self.wake_at(when)
            case _:
                assert_never(effect)
        return None

    def _publish(self, effect: Publish) -> Published | PublishFailed:
        try:
            folder = self.filing.publish(effect.lease, effect.result)
        except HostResourceError as error:
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


def _log(record: Record) -> None:
    for entry in record.entries:
        if isinstance(entry, LeaseGranted):
            log.debug("%s goes to %s", entry.lease.task.po_number, entry.lease.worker)
        elif isinstance(entry, LeaseEnded):
            log.info("%s goes back: %s", entry.lease.task.po_number, entry.reason)
        elif isinstance(entry, OutcomeRecorded):
            result = entry.result
            log.info("%s: %s %s", result.po_number, result.status.value, result.error_message)
