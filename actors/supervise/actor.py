"""The supervisor as an actor: performs what its core decides and nothing else.

Killing, confirming and cleaning up run as jobs beside it, so it answers at any time, also to a shutdown amid
a restart.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, assert_never

import attrs

from actors.runtime import Actor, Context
from actors.supervise.clearing import clear_up
from actors.supervise.core import SuperviseCore
from actors.supervise.effects import (
    Abandon,
    Announce,
    AskAlive,
    AskGate,
    AskToStop,
    ClearOwned,
    EndSelf,
    KillOwned,
    SetAlarm,
    StartChild,
    SuperviseEffect,
)
from actors.supervise.spec import ChildSpec, SupervisorSpec
from actors.supervise.transitions import LIVE, Phase
from contracts.errors import ConfigurationError
from contracts.supervision import (
    ChildChange,
    ChildEvent,
    Cleared,
    CountChildren,
    Exit,
    Ping,
    Reason,
    RestartAsked,
    WhichChildren,
)

log = logging.getLogger("purser.supervise")


_LEFT_BEHIND = frozenset(phase.value for phase in LIVE | {Phase.CLEARING})


@attrs.frozen
class AddChild:
    """Asks a supervisor to take on one more child. Asked, it answers with `ConfigurationError` when it will not."""

    spec: ChildSpec


class Supervisor(Actor):
    """Keeps its children alive by the rules of its spec. It takes `SupervisorMessage`, `AddChild` and `Exit`.

    It is ready when all its children have been ready once; with `parallel` children, as soon as it has started.
    """

    ready_after_start = False
    refusals = (ConfigurationError,)

    def __init__(self, context: Context, spec: SupervisorSpec) -> None:
        super().__init__(context)
        self._spec = spec
        self._specs = {child.id: child for child in spec.children}
        system = context.system
        self._core = SuperviseCore(spec, {child.id: system.last_generation(child.id) for child in spec.children})
        self._unready = set() if spec.parallel else {child.id for child in spec.children}
        self._told_ready = False

    def on_start(self) -> None:
        """Start the children."""
        self._perform(self._core.open(self.context.monotonic()))
        self._tell_ready_once()

    def on_receive(self, message: Any) -> Any:
        """Take one message; `WhichChildren` and `CountChildren` are answered."""
        now = self.context.monotonic()
        if isinstance(message, WhichChildren):
            return self._core.which_children()
        if isinstance(message, CountChildren):
            return self._core.count_children()
        if isinstance(message, AddChild):
            last = self.context.system.last_generation(message.spec.id)
            effects = self._core.add(message.spec, last, now)
            self._specs[message.spec.id] = message.spec
            return self._perform(effects)
        return self._perform(self._core.handle(message, now))

    def on_exit_asked(self, asked: Exit) -> None:
        """Close: stop the children, the last started first, then end."""
        self._perform(self._core.handle(asked, self.context.monotonic()))

    def on_exit(self, reason: Reason) -> None:
        """Take down what is left of the children, should this supervisor end before them: nobody else knows of them."""
        for child in self._core.which_children():
            if child.phase in _LEFT_BEHIND:
                log.warning("%s ends and takes %s along: %s", self.context.name, child.child, reason.text)
                self.context.system.tell(
                    child.child, Exit("its supervisor ended", force=True), generation=child.generation
                )
                if self._specs[child.child].owns_something:
                    self._perform_one(ClearOwned(child.child, child.generation))

    def _tell_ready_once(self) -> None:
        if not self._unready and not self._told_ready:
            self._told_ready = True
            self.context.ready()

    def _perform(self, effects: list[SuperviseEffect]) -> None:
        for effect in effects:
            self._perform_one(effect)

    def _perform_one(self, effect: SuperviseEffect) -> None:
        match effect:
            case StartChild(child, generation):
                start = self._specs[child].start
                self.context.system.spawn(child, start, generation=generation, parent=self.context.name)
            case AskToStop(child, generation, text, force, timeout):
                self.context.system.tell(child, Exit(text, force, timeout), generation=generation)
            case AskAlive(child, generation):
                self.context.system.tell(child, Ping(), generation=generation)
            case KillOwned(child, generation, text):
                log.info("%s kills %s generation %d: %s", self.context.name, child, generation, text)
                if self._specs[child].owns_something:
                    kill = self._specs[child].kill
                    self._run_job(f"kill-{child}", lambda: kill(generation))
            case Abandon(child, generation):
                self.context.system.abandon(child, generation)
            case ClearOwned(child, generation):
                tell = functools.partial(self._tell_cleared, child, generation)
                clear = functools.partial(clear_up, self._specs[child], generation, tell)
                if not self._run_job(f"clear-{child}", clear):
                    tell(False)
            case SetAlarm(alarm, delay):
                self.context.set_timer(delay, alarm)
            case AskGate(gate, child, generation, reason, planned):
                self.context.tell(gate, RestartAsked(self.context.name, child, generation, reason, planned))
            case Announce():
                self._announce(effect)
            case EndSelf(reason):
                self.end(reason)
            case _:
                assert_never(effect)

    def _tell_cleared(self, child: str, generation: int, gone: bool) -> None:
        self.context.tell(self.context.name, Cleared(child, generation, gone))

    def _run_job(self, name: str, job: Callable[[], None]) -> bool:
        try:
            self.context.system.environment.run_job(name, job)
        except RuntimeError as error:  # no thread could be started; the other children are none the worse for it
            log.error("%s cannot run %s: %s", self.context.name, name, error)  # noqa: TRY400 - no bug, no traceback
            return False
        return True

    def _announce(self, news: Announce) -> None:
        reason = f": {news.reason.text or news.reason.kind.value}" if news.reason is not None else ""
        log.info("%s: %s generation %d %s%s", self.context.name, news.child, news.generation, news.change.value, reason)
        event = ChildEvent(
            self.context.name, news.child, news.generation, news.change, news.reason, news.requested, news.delay
        )
        for observer in self._spec.observers:
            self.context.tell(observer, event)
        if news.change in (ChildChange.READY, ChildChange.RETIRED, ChildChange.STOPPED):
            self._unready.discard(news.child)
            self._tell_ready_once()


def supervisor(spec: SupervisorSpec) -> Callable[[Context], Supervisor]:
    """Return what `ChildSpec.start` needs to start a supervisor as a child of another."""

    def start(context: Context) -> Supervisor:
        return Supervisor(context, spec)

    return start
