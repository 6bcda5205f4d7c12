"""The workers as leasing sees them: who is free, who holds which lease and until when, and who loses them over what."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from contracts.durations import spoken
from contracts.ports import Lease
from contracts.status import WorkerState
from contracts.supervision import ChildChange, ChildEvent

LOSSES_EXCUSED = 5
"""Different tasks or duties in a row that may cost workers before the workers are suspected."""
LOSSES_DISPROVED = 3
"""How many of those tasks may be ended by other slots all the same before the slot is suspected."""


@attrs.define(eq=False)
class LeaseState:
    """A lease in hand.

    Args:
        lease: The fence.
        granted_at: When it began, monotonic seconds.
        expires_at: When it ends, whatever happens.
        inactivity: Seconds without activity after which it ends too.
        last_touch: The last activity.
        alone: Whether nothing else may run beside it.
        touched: Whether its worker was seen alive since.
        doomed: Why it is being ended, or empty.
    """

    lease: Lease
    granted_at: float
    expires_at: float
    inactivity: float
    last_touch: float
    alone: bool = False
    touched: bool = False
    doomed: str = ""

    @property
    def due(self) -> float:
        """When it must be ended."""
        return min(self.expires_at, self.last_touch + self.inactivity)

    def doom(self, now: float) -> None:
        """Note why it is being ended now that it is due."""
        if self.expires_at <= now:
            self.doomed = f"not done within {spoken(self.expires_at - self.granted_at)}"
        else:
            self.doomed = f"no activity for {spoken(self.inactivity)}"


@attrs.define(eq=False)
class WorkerView:
    """One worker slot.

    A duty is what it does besides tasks, for a whole group. `label` is what people know its work by.
    """

    name: str
    generation: int = 0
    state: WorkerState = WorkerState.STARTING
    lease: LeaseState | None = None
    duty: str = ""
    duty_due: float = 0.0
    draining: str = ""
    leases_given: int = 0
    ready_at: float | None = None
    processed: int = 0
    activity: str = ""
    label: str = ""
    last_error: str = ""
    lost_over: set[int | str] = attrs.field(factory=set)
    """Tasks, by key, and duties over which this slot lost workers since a task last came to its end here."""
    disproved: int = 0
    """How many of those tasks other slots have ended since."""

    @property
    def is_free(self) -> bool:
        """Whether it may get work."""
        return self.state is WorkerState.IDLE

    @property
    def is_fresh(self) -> bool:
        """Whether this generation has had no work yet."""
        return self.leases_given == 0

    def awaits(self, generation: int) -> bool:
        """Whether that generation's readiness is news: not an older one's, and not told before."""
        return generation > self.generation or (generation == self.generation and self.state is WorkerState.STARTING)

    def become_ready(self, generation: int, now: float) -> None:
        """A new generation can take work."""
        self.generation = generation
        self.state = WorkerState.IDLE
        self.lease, self.duty, self.draining = None, "", ""
        self.leases_given = 0
        self.ready_at = now
        self.activity, self.label = "", ""

    def become_free(self) -> None:
        """The work in hand has ended."""
        self.lease, self.duty = None, ""
        self.state = WorkerState.DRAINING if self.draining else WorkerState.IDLE
        self.activity, self.label = "", ""

    def follow(self, event: ChildEvent) -> None:
        """Follow what the crew's supervisor tells of this slot."""
        match event.change:
            case ChildChange.STARTED:
                if event.generation > self.generation:
                    self.generation = event.generation
                    self.state = WorkerState.STARTING
            case ChildChange.DOWN:
                self.state, self.ready_at = WorkerState.RESTARTING, None
                self.lease, self.duty, self.draining = None, "", ""
                self.activity, self.label = "", ""
                if event.reason is not None and event.reason.kind.is_abnormal:
                    self.last_error = event.reason.text
            case ChildChange.RETIRED:
                self.state = WorkerState.RETIRED
                self.last_error = event.reason.text if event.reason is not None else ""
            case ChildChange.STOPPED:
                self.state = WorkerState.STOPPED
            case ChildChange.READY | ChildChange.RESTARTING:
                pass


class CrewView:
    """All worker slots, by name."""

    def __init__(self) -> None:
        self._workers: dict[str, WorkerView] = {}
        self._lost_over: set[int | str] = set()
        """What the whole crew has lost workers over since it last brought a task to its end."""

    def slot(self, name: str) -> WorkerView:
        """Return a slot, making it when it is new."""
        return self._workers.setdefault(name, WorkerView(name))

    def current(self, name: str, generation: int) -> WorkerView | None:
        """Return the slot if that generation is its present one."""
        worker = self._workers.get(name)
        return worker if worker is not None and worker.generation == generation else None

    def free(self) -> WorkerView | None:
        """Return a free worker: the one that has ended fewest tasks, so that work and wear spread."""
        return min((w for w in self._workers.values() if w.is_free), key=lambda w: (w.processed, w.name), default=None)

    def free_and_fresh(self) -> WorkerView | None:
        """Return a free worker that has had no work yet."""
        return next((worker for worker in self._workers.values() if worker.is_free and worker.is_fresh), None)

    def is_any_coming(self) -> bool:
        """Whether some slot is on its way to a fresh worker."""
        coming = (WorkerState.DRAINING, WorkerState.RESTARTING, WorkerState.STARTING)
        return any(worker.state in coming for worker in self._workers.values())

    def on_duty(self) -> list[WorkerView]:
        """Every worker that has a duty in hand."""
        return [worker for worker in self._workers.values() if worker.duty]

    def leased(self) -> Iterator[WorkerView]:
        """Every worker with a lease."""
        return (worker for worker in self._workers.values() if worker.lease is not None)

    def leases(self) -> list[LeaseState]:
        """Every lease in hand."""
        return [worker.lease for worker in self._workers.values() if worker.lease is not None]

    def holder(self, lease: Lease) -> WorkerView | None:
        """Return who holds exactly this lease now; None for a stale one (invariant 4)."""
        worker = self._workers.get(lease.worker)
        return worker if worker is not None and worker.lease is not None and worker.lease.lease == lease else None

    def excuses(self, worker: WorkerView, cause: int | str) -> bool:
        """Note a loss over a task or a duty; return whether it may be laid at that door, and not at the slot's."""
        self._lost_over.add(cause)
        worker.lost_over.add(cause)
        return len(self._lost_over) <= LOSSES_EXCUSED and worker.disproved < LOSSES_DISPROVED

    def note_end(self, ender: WorkerView, sequence: int) -> None:
        """A task was brought to its end; slots that lost workers over it had no reason to."""
        for worker in self._workers.values():
            worker.disproved += worker is not ender and sequence in worker.lost_over
        self.get_on(ender)

    def get_on(self, worker: WorkerView) -> None:
        """A task has come to its end at this slot, so the losses before it say nothing of it any more."""
        self._lost_over.clear()
        worker.lost_over.clear()
        worker.disproved = 0

    def all(self) -> tuple[WorkerView, ...]:
        """Return every slot, by name."""
        return tuple(self._workers[name] for name in sorted(self._workers))
