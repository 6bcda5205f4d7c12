"""The dispatcher of the sequential mode, without an actor: its core, what performs the core's decisions, its clock.

It lives as long as the engine; what an engine before it left is in the journal, and is finished first.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.performer import Performer
from actors.dispatch.questions import PortalQuestions
from actors.dispatch.recovery import begin_epoch
from actors.runtime import ThreadEnvironment
from actors.session.tree import TreeParts
from actors.worker.duties import Duty
from contracts.messages import DispatchEvent, LoginBrokerMessage, LossExcused, OrderEnded, Wake
from contracts.supervision import KillChild, RecycleChild, Stable


@attrs.frozen(kw_only=True)
class Neighbours:
    """Whom the dispatcher tells what; perhaps amid an event, so none of them may feed it at once.

    Args:
        work: Told what a generation of the worker is to do.
        login_broker: Told what it asks of the logins.
        supervisor: Told which generation is to end, or has proved itself.
        monitor: Told which generation was of use, or is excused.
        dispatcher: Told what came of questions, from any thread.
    """

    work: Callable[[int, Duty], object]
    login_broker: Callable[[LoginBrokerMessage], object]
    supervisor: Callable[[KillChild | RecycleChild | Stable], object]
    monitor: Callable[[OrderEnded | LossExcused], object]
    dispatcher: Callable[[DispatchEvent], object]


class OwnDispatcher:
    """Dispatches for one engine.

    Args:
        parts: What the tree is built from.
        environment: Where threads and the time come from.
        neighbours: Whom it tells what.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, neighbours: Neighbours) -> None:
        self._progress = parts.progress
        self._clock = environment.clock
        self._neighbours = neighbours
        self.wake: float | None = None
        """When it wants to hear `Wake`, in monotonic seconds, or None."""
        begun = begin_epoch(parts.journal, parts.run_resources.filing, parts.submissions)
        self._core = DispatchCore(
            epoch=begun.epoch,
            state=begun.state,
            given_back=begun.given_back,
            resumes=parts.journal.resumes,
            retry=parts.settings.retry,
            timeouts=parts.settings.timeouts,
            chance=random.Random(parts.seed),  # noqa: S311 - jitter, no secret
            answered=frozenset(parts.answered),
        )
        self._performer = Performer(
            epoch=begun.epoch,
            journal=parts.journal,
            filing=parts.run_resources.filing,
            submissions=parts.submissions,
            tell_worker=lambda _worker, generation, duty: neighbours.work(generation, duty),
            tell_login_broker=neighbours.login_broker,
            ask_portal=PortalQuestions(parts.run_resources.make_prober, environment.run_job, neighbours.dispatcher).ask,
            note_answered=parts.answered.add,
            kill=lambda worker, generation, text: neighbours.supervisor(KillChild(worker, generation, text)),
            recycle=lambda worker, generation, text: neighbours.supervisor(RecycleChild(worker, generation, text)),
            order_ended=lambda worker, generation: neighbours.monitor(OrderEnded(worker, generation)),
            loss_excused=self._excuse_loss,
            wake_at=self._wake_at,
        )

    def tell(self, event: DispatchEvent) -> None:
        """Take one event, do all that follows from it, and show how far the batch has come."""
        if isinstance(event, Wake):
            self.wake = None  # it has come; the core asks for its next one by itself, if there is one
        self._performer.run(self._core, event, self._clock.monotonic)
        self._progress.publish(self._performer.progress(self._core, self._progress.read(), self._clock.monotonic()))

    def _excuse_loss(self, worker: str, generation: int) -> None:
        self._neighbours.monitor(LossExcused(worker, generation))
        self._neighbours.supervisor(Stable(worker, generation))

    def _wake_at(self, when: float | None) -> None:
        self.wake = when
