"""Sequential mode: the same dispatch core and the same visits, with one browser and no actors.

The core runs in the session's thread, which does nothing that may block: whatever asks the browser or the portal is an
errand on a thread of its own, one at a time, and is left behind when it does not come back after its browser was
killed. So no page holds up the orders after it, and a stop is taken up between two events, never amid one. What the
errand reports lies in a queue that the session's thread takes up. Between two looks at it, it keeps what the tree keeps
elsewhere: deadlines, the memory check, the callback, the end of a drain that takes too long.
"""

from __future__ import annotations

import functools
import logging
import queue
import random
from collections.abc import Callable
from typing import Any, assert_never

from actors.dispatch.core import DispatchCore
from actors.dispatch.performer import Performer
from actors.dispatch.questions import PortalQuestions
from actors.dispatch.recovery import finish_publishes
from actors.logins.core import LoginBrokerCore
from actors.monitor.core import MonitorCore, MonitorEffect, TellCrew, TellDispatcher
from actors.runtime import Notifier, ThreadEnvironment
from actors.session.engine import Work
from actors.session.errand import Errand
from actors.session.memory_looks import MemoryLooks
from actors.session.tree import TreeParts, worker_tools
from actors.worker.duties import Duty, doing, perform
from actors.worker.visitor import Visitor
from contracts.durations import spoken
from contracts.errors import (
    ConfigurationError,
    CrewFailedError,
    MachineError,
    ParallelProcessingError,
    ProfileCorruptionError,
    SessionCorruptionError,
)
from contracts.messages import (
    BeginBatch,
    DispatchEvent,
    Drain,
    GiveUp,
    LoginBrokerMessage,
    OrderEnded,
    Submit,
    Wake,
)
from contracts.ports import Owner
from contracts.status import Progress
from contracts.supervision import ChildChange, ChildEvent, ExitKind, KillChild, Reason

log = logging.getLogger("purser.session")

WORKER = "sequential"
STARTS_WITHOUT_AN_ORDER = 3
"""Browser starts in a row that end the run: without a finished order, and without one charged for the loss."""
STARTS_IN_ONE = 2
"""How many times as long as a start may take until it is taken for hung: it has deadlines of its own."""
SECONDS_BETWEEN_TICKS = 0.5
_TICKS_BETWEEN_REPORTS = 2


class SequentialEngine:
    """Implements `Engine` with one browser.

    Args:
        parts: The same parts the tree is built from.
        environment: Where the errands' threads come from.
        notifier: Notified to wake the session's thread.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, notifier: Notifier) -> None:
        self._parts = parts
        self._environment = environment
        self._notifier = notifier
        self._clock = environment.clock
        self._tools = worker_tools(parts)
        self._login_broker = LoginBrokerCore(parts.credentials, parts.logins)
        self._monitor = MonitorCore(parts.settings.limits)
        self._epoch = parts.journal.open_epoch()
        finish_publishes(parts.journal, parts.run_resources.filing, self._epoch)
        self._core = DispatchCore(
            epoch=self._epoch,
            state=parts.journal.replay(),
            resumes=parts.journal.resumes,
            retry=parts.settings.retry,
            timeouts=parts.settings.timeouts,
            chance=random.Random(parts.seed),  # noqa: S311 - jitter, no secret
            answered=frozenset(parts.answered),
        )
        self._performer = Performer(
            epoch=self._epoch,
            journal=parts.journal,
            filing=parts.run_resources.filing,
            tell_worker=lambda _worker, _generation, message: self._work.append(message),
            tell_login_broker=self._ask_login_broker,
            ask_portal=PortalQuestions(parts.run_resources.make_prober, environment.run_job, self._put).ask,
            note_answered=parts.answered.add,
            kill=lambda _worker, generation, _text: self._kill(Owner(WORKER, generation)),
            recycle=self._note_recycling,
            order_ended=self._on_order_ended,
            loss_excused=self._on_loss_excused,
            wake_at=self._wake_at,
        )
        self._events: queue.SimpleQueue[DispatchEvent] = queue.SimpleQueue()
        self._looks = MemoryLooks(parts, environment, notifier)
        self._recycling = ""
        self._work: list[Duty] = []
        self._visitor: Visitor | None = None
        self._generation = 0
        self._fruitless = 0
        self._is_broken_off = False
        self._last_end = ""
        self._wake: float | None = None
        self._errand: Errand | None = None
        self._killed: dict[Owner, float] = {}
        self._stop_text = ""
        self._force = False
        self._stop_asked_at: float | None = None
        self._gave_up = False
        self._threadless_since: float | None = None
        self._next_tick = 0.0
        self._ticks = 0

    # ------------------------------------------------------------------------------------------------------- the batch

    def submit(self, work: Work) -> None:
        """Begin a batch where nobody has, or go on with it; orders that the journal knows are passed over."""
        self._stop_text, self._force, self._stop_asked_at, self._gave_up = "", False, None, False
        is_taken_over = bool(work.orders) and self._core.next_sequence > work.orders[0].handle.sequence
        if work.continues or not is_taken_over:
            self._feed(BeginBatch(work.total, work.continues))
        self._feed(Submit(work.orders))

    def wait(self) -> None:
        """Work until every order of the batch has ended."""
        try:
            self._work_to_the_end()
        except BaseException as error:
            # What is in hand stays open in the journal then, which counts this against it; on a full disk, what ends
            # now cannot be written down either.
            is_told = isinstance(error, ParallelProcessingError)
            self._is_broken_off = isinstance(error, MachineError) or not is_told
            raise

    def _work_to_the_end(self) -> None:
        while True:
            self._look_around()
            self._take_up_stop()
            self._take_up_events()
            if self._errand is not None:
                self._wait_for(self._errand)
            elif self.progress().finished:
                return
            elif self._work:
                self._do(self._work[0])
            elif self._visitor is None:
                self._start_browser()
            else:
                self._idle()

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Drain, or with `force` end now. The session's thread takes it up before the next event."""
        self._stop_text = self._stop_text or text
        self._force = self._force or force
        self._notifier.notify()

    @property
    def is_stopping(self) -> bool:
        """Whether the core has been told to stop."""
        return self._stop_asked_at is not None

    def _has_news(self) -> bool:
        """Whether there is something to take up."""
        stop = (self._stop_text and self._stop_asked_at is None) or (self._force and not self._gave_up)
        return bool(stop) or not self._events.empty()

    def _take_up_stop(self) -> None:
        """Tell the core of a stop that was asked for meanwhile, and end what is in hand if it is not to be waited for.

        Asked for once its batch is over, it is forgotten with the next one.
        """
        if self._stop_text and self._stop_asked_at is None:
            self._stop_asked_at = self._clock.monotonic()
            self._tell_core(Drain(self._stop_text))
        if self._force and not self._gave_up:
            self._gave_up = True
            self._tell_core(GiveUp(self._stop_text))
            if self._errand is not None:
                self._kill(self._errand.owner)

    @property
    def was_forced(self) -> bool:
        """Whether the batch was ended without waiting for what was in hand."""
        return self._force

    def progress(self) -> Progress:
        """Return the last snapshot."""
        return self._parts.progress.read()

    def close(self) -> bool:
        """End the browser."""
        self._environment.close()
        errand = self._errand
        if errand is not None:
            self._kill(errand.owner)
            self._notifier.wait_for(lambda: errand.is_over, self._parts.settings.timeouts.force / 2)
        self._drop_browser(Reason(ExitKind.SHUTDOWN, "the session ends"), requested=True)
        if self._generation:
            self._announce(ChildChange.STOPPED)
        return not self._force

    def _feed(self, event: DispatchEvent) -> None:
        """Give the core an event, and before it the stop that somebody has asked for since the last one."""
        self._take_up_stop()
        self._tell_core(event)

    def _tell_core(self, event: DispatchEvent) -> None:
        self._performer.run(self._core, event, self._clock.monotonic)
        progress = self._parts.progress
        progress.publish(self._performer.progress(self._core, progress.read(), self._clock.monotonic()))

    def _take_up_events(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            self._feed(event)
        for read in self._looks.take():
            for effect in self._monitor.handle(read, self._clock.monotonic()):
                self._follow_monitor(effect)
        if self._recycling and self._errand is None:
            text, self._recycling = self._recycling, ""
            log.info("The browser is replaced: %s", text)
            self._fruitless = 0
            self._drop_browser(Reason(ExitKind.SHUTDOWN, text), requested=True)

    def _follow_monitor(self, effect: MonitorEffect) -> None:
        match effect:
            case TellDispatcher(message):
                self._feed(message)
            case TellCrew(KillChild(text=text)):
                self._recycling = text
            case TellCrew():
                pass  # nobody asks for verdicts here: the limit is the starts without an order
            case _:
                assert_never(effect)

    def _ask_login_broker(self, message: LoginBrokerMessage) -> None:
        for answer in self._login_broker.handle(message):
            self._events.put(answer)

    def _on_order_ended(self, worker: str, generation: int) -> None:
        self._fruitless = 0
        for effect in self._monitor.handle(OrderEnded(worker, generation), self._clock.monotonic()):
            if isinstance(effect, TellDispatcher):
                self._events.put(effect.message)

    def _on_loss_excused(self, _worker: str, _generation: int) -> None:
        self._fruitless = 0

    def _wake_at(self, when: float | None) -> None:
        self._wake = when

    def _idle(self) -> None:
        """Wait for the core's next wake-up or an event, looking after the idle browser."""
        self._notifier.wait_for(self._has_news, self._patience())
        try:
            if self._visitor is not None:
                self._visitor.check_alive()
        except SessionCorruptionError as error:
            self._lose_browser(ExitKind.CRASHED, error)
        self._wake_core()

    def _wake_core(self) -> None:
        """Let the core look at the clock. It asks for its next wake-up by itself, if there is one."""
        self._wake = None
        self._feed(Wake())

    def _patience(self) -> float:
        """Seconds until the core wants to be woken, or this thread looks up anyway."""
        if self._wake is None:
            return SECONDS_BETWEEN_TICKS
        return min(SECONDS_BETWEEN_TICKS, max(0.0, self._wake - self._clock.monotonic()))

    def _wait_for(self, errand: Errand) -> None:
        """Wait until the errand comes back, an event comes or the core wants to be woken, whichever is first."""
        self._work = [message for message in self._work if message is not errand.message]
        self._start(errand)
        self._notifier.wait_for(lambda: errand.is_over or self._has_news(), self._patience())
        if errand.is_over and self._events.empty():  # what it reported on its way comes first
            self._finish(errand)
            return
        now = self._clock.monotonic()
        if now >= errand.due:
            self._kill(errand.owner)
        killed_at = self._killed.get(errand.owner)
        if killed_at is not None and now >= killed_at + self._parts.settings.timeouts.force / 2:
            self._leave(errand)
        elif self._wake is not None and now >= self._wake:
            self._wake_core()

    def _start(self, errand: Errand) -> None:
        """Begin it. A machine that has no thread left is waited for, as long as a browser may take to start."""
        try:
            errand.start(self._environment, self._notifier)
        except RuntimeError as error:
            now, most = self._clock.monotonic(), self._parts.settings.timeouts.worker_ready
            if self._threadless_since is None:
                log.warning("There is no thread to %s (%s). It is tried again.", errand.name, error)
                self._threadless_since = now
            if now - self._threadless_since >= most:
                self._errand = self._threadless_since = None
                hint = "End other programs, or raise its limit of threads."
                raise CrewFailedError(f"The machine had no thread left for {spoken(most)}. {hint}") from error
        else:
            self._threadless_since = None

    def _leave(self, errand: Errand) -> None:
        """Go on without an errand whose thread does not come back although its browser was killed."""
        text = f"the thread that was to {errand.name} did not come back after its browser was killed"
        log.error("%s. It is left behind, and whatever it may still bring is dropped.", text.capitalize())
        self._errand = None
        errand.leave()
        self._visitor = None
        self._wake_core()  # so that the core sees first that a deadline has passed, if that is why
        self._drop_browser(Reason(ExitKind.HUNG, text), requested=False)

    def _finish(self, errand: Errand) -> None:
        """Take up what an errand brought or raised."""
        try:
            take = errand.result()
        except SessionCorruptionError as error:
            self._errand = None
            self._wake_core()  # as above
            self._lose_browser(ExitKind.CRASHED, error)
        else:
            take()
            self._errand = None

    def _start_browser(self) -> None:
        if self._fruitless >= STARTS_WITHOUT_AN_ORDER:
            text = f"{self._fruitless} browsers in a row ended without a finished order."
            raise CrewFailedError(f"{text} The last one: {self._last_end}")
        self._fruitless += 1
        self._generation += 1
        self._announce(ChildChange.STARTED)
        owner = Owner(WORKER, self._generation)
        errand = Errand(owner, "start the browser", lambda: self._started(owner))
        errand.due = self._clock.monotonic() + self._parts.settings.timeouts.worker_ready * STARTS_IN_ONE
        self._errand = errand

    def _started(self, owner: Owner) -> Callable[[], None]:
        """Start a browser; return what is to be done with it. Runs on the errand's thread."""
        try:
            visitor = Visitor(owner, self._tools, self._clock)
        except (ProfileCorruptionError, ConfigurationError):
            raise
        except ParallelProcessingError as error:
            failure = error
            return lambda: self._note_failed_start(failure)
        return lambda: self._note_start(visitor)

    def _note_start(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._announce(ChildChange.READY)

    def _note_failed_start(self, error: ParallelProcessingError) -> None:
        log.warning("The browser did not start: %s", error)
        self._lose_browser(ExitKind.START_FAILED, error)

    def _lose_browser(self, kind: ExitKind, error: ParallelProcessingError) -> None:
        self._drop_browser(Reason(kind, str(error), type(error).__name__), requested=False)

    def _drop_browser(self, reason: Reason, *, requested: bool) -> None:
        owner = Owner(WORKER, self._generation)
        errand, self._errand = self._errand, None
        if errand is not None and not errand.is_over:
            errand.leave()
        elif self._visitor is not None:
            self._visitor.close()
        self._visitor = None
        self._work.clear()
        if self._generation == 0:
            return
        if not requested:
            self._last_end = reason.text
        self._announce(ChildChange.DOWN, reason, requested=requested)
        self._kill(owner)
        timeouts = self._parts.settings.timeouts
        if not self._parts.browsers.confirm_gone(owner, timeouts.force):
            raise CrewFailedError(f"The browser is still alive {spoken(timeouts.force)} after the kill.")
        self._parts.browsers.clear(owner)
        self._killed.pop(owner, None)

    def _note_recycling(self, _worker: str, _generation: int, text: str) -> None:
        self._recycling = text

    def _kill(self, owner: Owner) -> None:
        self._killed.setdefault(owner, self._clock.monotonic())
        self._parts.browsers.kill(owner)

    def _announce(self, change: ChildChange, reason: Reason | None = None, *, requested: bool = False) -> None:
        event = ChildEvent(WORKER, WORKER, self._generation, change, reason, requested)
        self._monitor.handle(event, self._clock.monotonic())
        if not self._is_broken_off:
            self._feed(event)

    def _do(self, duty: Duty) -> None:
        visitor = self._visitor
        if visitor is None:
            self._work.clear()
            return
        work = functools.partial(self._perform, duty, visitor)
        self._errand = Errand(visitor.owner, doing(duty), work, closes=visitor, message=duty)

    def _perform(self, duty: Duty, visitor: Visitor) -> Callable[[], None]:
        """Do what is asked; return what is to be done with what came of it. Runs on the errand's thread."""
        event, login = perform(duty, visitor, self._put)

        def take() -> None:
            if login is not None:
                self._ask_login_broker(login)
            # Behind whatever came meanwhile: after a stop the end of one order must not begin the next.
            self._events.put(event)

        return take

    def _put(self, event: DispatchEvent) -> None:
        """Leave an event for the session's thread. Called by any."""
        self._events.put(event)
        self._notifier.notify()

    def _look_around(self) -> None:
        """Look at the shutdown, the memory and the callback, now and then."""
        now = self._clock.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + SECONDS_BETWEEN_TICKS
        shutdown = self._parts.settings.timeouts.shutdown
        if self._stop_asked_at is not None and not self._force and now - self._stop_asked_at >= shutdown:
            self._force = True
        self._looks.look(now)
        self._ticks += 1
        if self._ticks % _TICKS_BETWEEN_REPORTS == 0 and (progress := self._parts.make_progress()) is not None:
            known: dict[str, Any] = progress
            self._parts.callbacks.offer(lambda: known)
