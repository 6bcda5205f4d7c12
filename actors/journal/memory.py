"""The journal in memory: it outlives the dispatcher, not the program. The durable one keeps the same promises."""

from __future__ import annotations

import threading
from typing import assert_never

import attrs

from contracts.errors import JournalError, StaleEpochError
from contracts.ports import (
    BatchBegun,
    FileVerified,
    JournalEntry,
    JournalledTask,
    JournalState,
    KnownTask,
    LeaseEnded,
    LeaseGranted,
    OutcomeRecorded,
    PauseBegan,
    PauseEnded,
    PublishStarted,
    SubmissionAccepted,
    TaskAccepted,
)
from contracts.tasks import POResult, TaskHandle


class MemoryJournal:
    """Implements `contracts.ports.Journal`. Thread-safe."""

    resumes = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = 0
        self._open: dict[int, JournalledTask] = {}
        self._results: dict[int, POResult] = {}
        self._batch = BatchBegun(0, 0)
        self._succeeded = 0
        self._failed = 0
        self._next_sequence = 0
        self._submissions: dict[str, SubmissionAccepted] = {}

    def open_epoch(self) -> int:
        """Begin a new dispatcher's time."""
        with self._lock:
            self._epoch += 1
            return self._epoch

    def append(self, epoch: int, entries: tuple[JournalEntry, ...]) -> None:
        """Write entries. Raises `StaleEpochError` for any but the newest epoch, `JournalError` as the one on disk."""
        with self._lock:
            if epoch != self._epoch:
                raise StaleEpochError(f"Epoch {epoch} is over; the journal belongs to epoch {self._epoch}.")
            keys = [entry.key for entry in entries if isinstance(entry, SubmissionAccepted)]
            if len({*keys, *self._submissions}) < len(keys) + len(self._submissions):
                raise JournalError(f"A submission among {keys} is written down already.")
            for entry in entries:
                self._write(entry)

    def _write(self, entry: JournalEntry) -> None:
        match entry:
            case BatchBegun(first):
                if first != self._batch.first or not (self._batch.total or self._batch.is_open):
                    self._succeeded = self._failed = 0
                self._batch = entry
            case TaskAccepted(handle, payload, attempts):
                self._open[handle.sequence] = JournalledTask(handle, payload, attempts)
                self._next_sequence = handle.sequence + 1
            case SubmissionAccepted(key):
                self._submissions[key] = entry
            case LeaseGranted() | PauseBegan() | PauseEnded():
                pass
            case FileVerified(file):
                task = self._open.get(file.lease.task.sequence)
                if task is not None:
                    self._open[file.lease.task.sequence] = attrs.evolve(task, kept=file.added_to(task.kept))
            case LeaseEnded(lease, _, attempts, crashes):
                task = self._open.get(lease.task.sequence)
                if task is not None:
                    self._open[lease.task.sequence] = attrs.evolve(
                        task, attempts=attempts, crashes=crashes, publishing=None
                    )
            case PublishStarted(lease):
                task = self._open.get(lease.task.sequence)
                if task is not None:
                    self._open[lease.task.sequence] = attrs.evolve(task, publishing=entry)
            case OutcomeRecorded(result):
                if self._open.pop(result.handle.sequence, None) is None:
                    return  # it has its outcome
                self._results[result.handle.sequence] = result
                if result.handle.sequence >= self._batch.first:
                    self._succeeded += result.status.is_success
                    self._failed += not result.status.is_success
            case _:
                assert_never(entry)

    def replay(self) -> JournalState:
        """Read the journal."""
        with self._lock:
            return JournalState(
                open_tasks=tuple(self._open.values()),
                batch_first=self._batch.first,
                batch_total=self._batch.total,
                batch_succeeded=self._succeeded,
                batch_failed=self._failed,
                next_sequence=self._next_sequence,
                batch_is_open=self._batch.is_open,
            )

    def tasks_in_hand(self) -> tuple[KnownTask, ...]:
        """Return none: nothing is resumed from here."""
        return ()

    def handles_of(self, key: str) -> tuple[TaskHandle, ...]:
        """The tasks of a submission, in order; none when it is not known."""
        with self._lock:
            found = self._submissions.get(key)
            places = range(found.first, found.first + found.count) if found is not None else ()
            return tuple((self._open.get(place) or self._results[place]).handle for place in places)

    def results(self, first: int, count: int) -> tuple[POResult, ...]:
        """Return the outcomes of `count` tasks from sequence `first` on, in order, where there is one."""
        with self._lock:
            wanted = (self._results.get(sequence) for sequence in range(first, first + count))
            return tuple(result for result in wanted if result is not None)
