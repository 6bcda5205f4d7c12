"""The dispatcher as an actor: performs what its core decides, in order, and publishes a snapshot after each event."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import Any

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.performer import SECONDS_BETWEEN_TRIES, Performer, broken_off
from actors.dispatch.questions import PortalQuestions
from actors.dispatch.recovery import begin_epoch
from actors.dispatch.submissions import Submissions
from actors.runtime import Actor, Context, Latest
from actors.runtime.environment import Timer
from contracts.config import RetryPolicy, Timeouts
from contracts.errors import DiskFullError, PoolError
from contracts.messages import DispatchEvent, Drain, GiveUp, LossExcused, OrderEnded, Wake
from contracts.ports import Fetcher, Filing, Journal
from contracts.status import Progress
from contracts.supervision import ChildEvent, KillChild, RecycleChild, Stable

log = logging.getLogger("purser.dispatch")


@attrs.frozen(kw_only=True)
class DispatcherTools:
    """What every generation of the dispatcher is built with.

    Args:
        journal: What is written down; it outlives every dispatcher.
        filing: The download folder.
        submissions: Who waits for which task; it outlives every dispatcher, too.
        progress: Where the snapshot is shown.
        retry: When a failed visit is tried again.
        timeouts: Every deadline.
        chance: Makes the source of jitter.
        crew: Name of the crew's supervisor.
        login_broker: Name of the login broker.
        monitor: Name of the monitor.
        make_prober: Makes what asks portals whether they answer.
        answered: Hosts that have answered something in this session; each dispatcher adds to it.
    """

    journal: Journal
    filing: Filing
    submissions: Submissions
    progress: Latest[Progress]
    retry: RetryPolicy
    timeouts: Timeouts
    chance: Callable[[], random.Random]
    crew: str
    login_broker: str
    monitor: str
    make_prober: Callable[[], Fetcher]
    answered: set[str]


class Dispatcher(Actor):
    """One generation of the dispatcher."""

    def __init__(self, context: Context, tools: DispatcherTools) -> None:
        super().__init__(context)
        self._tools = tools
        self._core: DispatchCore | None = None
        self._performer: Performer | None = None
        self._timer: Timer | None = None
        self._early: list[DispatchEvent] = []

    def on_start(self) -> None:
        """Open a new epoch and go on from what the journal knows; on a full disk, as soon as there is room."""
        try:
            self._begin()
        except DiskFullError as error:
            log.warning("The dispatcher begins when there is room on the disk. %s", error)
            self._wake_at(self.context.monotonic() + SECONDS_BETWEEN_TRIES)

    def _begin(self) -> None:
        tools, context = self._tools, self.context
        begun = begin_epoch(tools.journal, tools.filing, tools.submissions)
        count = len(begun.state.open_tasks)
        log.info("dispatcher opens epoch %d; the journal knows %d open orders", begun.epoch, count)
        self._core = DispatchCore(
            epoch=begun.epoch,
            state=begun.state,
            given_back=begun.given_back,
            resumes=tools.journal.resumes,
            retry=tools.retry,
            timeouts=tools.timeouts,
            chance=tools.chance(),
            answered=frozenset(tools.answered),
        )
        questions = PortalQuestions(
            tools.make_prober,
            context.system.environment.run_job,
            lambda event: context.system.tell(context.name, event, generation=context.generation),
        )
        self._performer = Performer(
            epoch=begun.epoch,
            journal=tools.journal,
            filing=tools.filing,
            submissions=tools.submissions,
            tell_worker=lambda worker, generation, message: context.system.tell(worker, message, generation=generation),
            tell_login_broker=lambda message: context.tell(tools.login_broker, message),
            ask_portal=questions.ask,
            note_answered=tools.answered.add,
            kill=lambda worker, generation, text: context.tell(tools.crew, KillChild(worker, generation, text)),
            recycle=lambda worker, generation, text: context.tell(tools.crew, RecycleChild(worker, generation, text)),
            order_ended=lambda worker, generation: context.tell(tools.monitor, OrderEnded(worker, generation)),
            loss_excused=self._excuse_loss,
            wake_at=self._wake_at,
        )
        for event in tools.submissions.untold():
            self._performer.run(self._core, event, context.monotonic)
        self._show()

    def on_receive(self, message: DispatchEvent) -> Any:
        """Take one event."""
        if self._core is None and not self._has_begun_late(message):
            return None
        if self._core is None or self._performer is None:
            raise PoolError("The dispatcher was told something before it had started.")
        if isinstance(message, ChildEvent) and message.supervisor != self._tools.crew:
            return None
        self._performer.run(self._core, message, self.context.monotonic)
        self._show()
        return None

    def _has_begun_late(self, message: DispatchEvent) -> bool:
        """Begin, if there is room now; else keep the message. Those that were kept before are taken first."""
        try:
            self._begin()
        except DiskFullError as error:
            if isinstance(message, Drain | GiveUp):
                self._tools.progress.publish(broken_off(self._tools.progress.read(), str(error)), wake=True)
                return False
            if not isinstance(message, Wake):
                self._early.append(message)
            self._wake_at(self.context.monotonic() + SECONDS_BETWEEN_TRIES)
            return False
        early, self._early = self._early, []
        for one in early:
            self.on_receive(one)
        return True

    def _excuse_loss(self, worker: str, generation: int) -> None:
        self.context.tell(self._tools.monitor, LossExcused(worker, generation))
        self.context.tell(self._tools.crew, Stable(worker, generation))

    def _wake_at(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if when is not None:
            self._timer = self.context.set_timer(max(0.0, when - self.context.monotonic()), Wake())

    def _show(self) -> None:
        if self._core is None or self._performer is None or self.actor_stopped.is_set():
            return  # one that hung and was given up must not hide what a newer one shows
        before = self._tools.progress.read()
        progress = self._performer.progress(self._core, before, self.context.monotonic())
        self._tools.progress.publish(progress, wake=progress.finished and not before.finished)
