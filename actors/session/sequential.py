"""Sequential mode: the same dispatch core and the same visits, in the caller's thread, with one browser and no actors.

One ticker keeps what the tree keeps elsewhere: deadlines with the same group kill, the memory check, the callback. It
touches no core; it leaves events in a queue that the caller's thread takes up between two visits.
"""

from __future__ import annotations

import logging
import queue
import random
import time
from typing import Any, assert_never

import attrs

from actors.dispatch.core import DispatchCore
from actors.dispatch.performer import Performer
from actors.dispatch.recovery import finish_publishes
from actors.gatekeeper.core import GatekeeperCore
from actors.monitor.actor import take_reading, view_of
from actors.monitor.core import MonitorCore, MonitorEffect, TellCrew, TellDispatcher
from actors.runtime import Bell, ThreadEnvironment
from actors.runtime.environment import Timer
from actors.session.engine import Work
from actors.session.tree import TreeParts, worker_tools
from actors.worker.visitor import Visitor
from contracts.errors import (
    ConfigurationError,
    CrewFailedError,
    HostResourceError,
    ParallelProcessingError,
    ProfileCorruptionError,
    SessionCorruptionError,
)
from contracts.messages import (
    BeginBatch,
    DispatchEvent,
    Drain,
    DutyEnded,
    FileArrived,
    GatekeeperMessage,
    GiveUp,
    LeaseTouched,
    LogIn,
    MemoryRead,
    OrderEnded,
    ProbeEnded,
    ProbePortal,
    Recycle,
    Submit,
    VisitEnded,
    VisitOrder,
    Wake,
    WorkerReady,
)
from contracts.ports import KeptFile, Owner
from contracts.status import Progress
from contracts.supervision import ChildChange, ChildEvent, ExitKind, KillChild, Reason

log = logging.getLogger("purser.session")

WORKER = "sequential"
STARTS_WITHOUT_AN_ORDER = 3
"""Browser starts in a row that end the run: without a finished order, and without one charged for the loss."""
SECONDS_BETWEEN_TICKS = 0.5
_REPORTS_PER_TICK = 2


@attrs.define(eq=False)
class _Deadline:
    """What the ticker may know of the visit in hand. Written by the caller's thread, read by the ticker."""

    owner: Owner
    ends_at: float
    inactivity: float
    last_touch: float

    def is_over(self, now: float) -> bool:
        return now >= self.ends_at or now >= self.last_touch + self.inactivity


class SequentialEngine:
    """Implements `Engine` in the caller's thread.

    Args:
        parts: The same parts the tree is built from.
        environment: Where the ticker's timers come from; closed with it.
        bell: Rung to wake the caller's thread.
    """

    def __init__(self, parts: TreeParts, environment: ThreadEnvironment, bell: Bell) -> None:
        self._parts = parts
        self._environment = environment
        self._bell = bell
        self._clock = environment.clock
        self._tools = worker_tools(parts)
        self._gatekeeper = GatekeeperCore(parts.credentials, parts.logins)
        self._monitor = MonitorCore(parts.settings.limits)
        self._epoch = parts.journal.open_epoch()
        finish_publishes(parts.journal, parts.premises.filing, self._epoch)
        self._core = DispatchCore(
            epoch=self._epoch,
            state=parts.journal.replay(),
            resumes=parts.journal.resumes,
            retry=parts.settings.retry,
            timeouts=parts.settings.timeouts,
            chance=random.Random(parts.seed),  # noqa: S311 - jitter, no secret
        )
        self._performer = Performer(
            epoch=self._epoch,
            journal=parts.journal,
            filing=parts.premises.filing,
            tell_worker=lambda _worker, _generation, message: self._work.append(message),
            tell_gatekeeper=self._ask_gatekeeper,
            kill=lambda _worker, generation, _text: self._kill(Owner(WORKER, generation)),
            recycle=self._note_recycling,
            order_ended=self._on_order_ended,
            loss_excused=self._on_loss_excused,
            wake_at=self._wake_at,
        )
        self._events: queue.SimpleQueue[DispatchEvent] = queue.SimpleQueue()
        self._readings: queue.SimpleQueue[MemoryRead] = queue.SimpleQueue()
        self._recycling = ""
        self._work: list[VisitOrder | LogIn | ProbePortal] = []
        self._visitor: Visitor | None = None
        self._generation = 0
        self._fruitless = 0
        self._is_broken_off = False
        self._last_end = ""
        self._wake: float | None = None
        self._deadline: _Deadline | None = None
        self._stop_asked_at: float | None = None
        self._force = False
        self._reading = False
        self._next_reading = 0.0
        self._ticks = 0
        self._timer: Timer | None = environment.set_timer(SECONDS_BETWEEN_TICKS, self._tick)

    # ------------------------------------------------------------------------------------------------------- the batch

    def submit(self, work: Work) -> None:
        """Begin a batch, or go on with it."""
        self._stop_asked_at, self._force = None, False
        self._feed(BeginBatch(work.total, work.continues))
        self.adopt(work)

    def adopt(self, work: Work) -> None:
        """Take over a batch; what the journal knows of it is passed over."""
        self._feed(Submit(work.orders))

    def wait(self) -> None:
        """Work until every order of the batch has ended."""
        try:
            self._work_to_the_end()
        except HostResourceError:
            self._is_broken_off = True  # what ends now cannot be written down either
            raise
        except (KeyboardInterrupt, ParallelProcessingError):
            raise
        except BaseException:
            self._is_broken_off = True  # what is in hand stays open in the journal, which counts this against it
            raise

    def _work_to_the_end(self) -> None:
        while True:
            self._take_up_events()
            if self.progress().finished:
                return
            if self._work:
                self._do(self._work.pop(0))
            elif self._visitor is None:
                self._start_browser()
            else:
                self._idle()

    def request_stop(self, text: str, *, force: bool = False) -> None:
        """Drain, or with `force` end now."""
        if self._stop_asked_at is None:
            self._stop_asked_at = self._clock.monotonic()
        self._events.put(GiveUp(text) if force else Drain(text))
        if force:
            self._end_now()
        self._bell.ring()

    @property
    def was_forced(self) -> bool:
        """Whether the batch was ended without waiting for what was in hand."""
        return self._force

    def progress(self) -> Progress:
        """Return the last snapshot."""
        return self._parts.board.read()

    def close(self) -> bool:
        """End the browser and the ticker."""
        self._environment.close()
        self._drop_browser(Reason(ExitKind.SHUTDOWN, "the session ends"), ordered=True)
        if self._generation:
            self._announce(ChildChange.STOPPED)
        return not self._force

    # -------------------------------------------------------------------------------------------------------- the core

    def _feed(self, event: DispatchEvent) -> None:
        self._performer.run(self._core, event, self._clock.monotonic)
        board = self._parts.board
        board.publish(self._performer.progress(self._core, board.read(), self._clock.monotonic()))

    def _take_up_events(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            self._feed(event)
        while not self._readings.empty():
            for effect in self._monitor.handle(self._readings.get(), self._clock.monotonic()):
                self._follow_monitor(effect)
        if self._recycling:
            text, self._recycling = self._recycling, ""
            log.info("The browser is replaced: %s", text)
            self._fruitless = 0
            self._drop_browser(Reason(ExitKind.SHUTDOWN, text), ordered=True)

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

    def _ask_gatekeeper(self, message: GatekeeperMessage) -> None:
        for answer in self._gatekeeper.handle(message):
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
        now = self._clock.monotonic()
        patience = (
            SECONDS_BETWEEN_TICKS if self._wake is None else min(SECONDS_BETWEEN_TICKS, max(0.0, self._wake - now))
        )
        self._bell.wait_for(lambda: not self._events.empty(), patience)
        try:
            if self._visitor is not None:
                self._visitor.check_alive()
        except SessionCorruptionError as error:
            self._drop_browser(Reason(ExitKind.CRASHED, str(error), type(error).__name__), ordered=False)
        self._feed(Wake())

    # ------------------------------------------------------------------------------------------------------ the browser

    def _start_browser(self) -> None:
        if self._fruitless >= STARTS_WITHOUT_AN_ORDER:
            text = f"{self._fruitless} browsers in a row ended without a finished order."
            raise CrewFailedError(f"{text} The last one: {self._last_end}")
        self._fruitless += 1
        self._generation += 1
        self._announce(ChildChange.STARTED)
        try:
            self._visitor = Visitor(Owner(WORKER, self._generation), self._tools, self._clock)
        except (ProfileCorruptionError, ConfigurationError):
            raise
        except ParallelProcessingError as error:
            log.warning("The browser did not start: %s", error)
            self._drop_browser(Reason(ExitKind.START_FAILED, str(error), type(error).__name__), ordered=False)
            return
        self._announce(ChildChange.READY)
        self._feed(WorkerReady(WORKER, self._generation))

    def _drop_browser(self, reason: Reason, *, ordered: bool) -> None:
        owner = Owner(WORKER, self._generation)
        if self._visitor is not None:
            self._visitor.close()
        self._visitor = None
        self._work.clear()
        if self._generation == 0:
            return
        if not ordered:
            self._last_end = reason.text
        self._announce(ChildChange.DOWN, reason, ordered=ordered)
        self._kill(owner)
        timeouts = self._parts.settings.timeouts
        if not self._parts.premises.processes.wait_gone(owner, timeouts.force):
            raise CrewFailedError(f"The browser is still alive {timeouts.force:g} s after the kill.")
        self._parts.premises.launcher.remove_folder(owner)
        self._parts.premises.processes.forget(owner)
        self._parts.revocations.forget(owner)

    def _note_recycling(self, _worker: str, _generation: int, text: str) -> None:
        self._recycling = text

    def _kill(self, owner: Owner) -> None:
        self._parts.revocations.revoke(owner)
        self._parts.premises.processes.kill(owner)

    def _announce(self, change: ChildChange, reason: Reason | None = None, *, ordered: bool = False) -> None:
        event = ChildEvent(WORKER, WORKER, self._generation, change, reason, ordered)
        self._monitor.handle(event, self._clock.monotonic())
        if not self._is_broken_off:
            self._feed(event)

    # ------------------------------------------------------------------------------------------------------------ work

    def _do(self, message: VisitOrder | LogIn | ProbePortal) -> None:
        visitor = self._visitor
        if visitor is None:
            return
        try:
            match message:
                case VisitOrder():
                    self._visit(message, visitor)
                case LogIn():
                    self._watch_over(message.timeout, visitor.owner)
                    self._ask_gatekeeper(visitor.log_in(message))
                    self._events.put(DutyEnded(WORKER, self._generation))
                case ProbePortal(host, base_url):
                    self._events.put(ProbeEnded(WORKER, self._generation, host, visitor.probe(base_url)))
                case _:
                    assert_never(message)
        except SessionCorruptionError as error:
            self._feed(Wake())  # so that the core sees first that a deadline has passed, if that is why
            self._drop_browser(Reason(ExitKind.CRASHED, str(error), type(error).__name__), ordered=False)
        except KeyboardInterrupt:
            # The interrupted command goes on inside the browser, so it is never used again.
            self._drop_browser(Reason(ExitKind.KILLED, "interrupted"), ordered=True)
            raise
        finally:
            self._deadline = None

    def _visit(self, visit: VisitOrder, visitor: Visitor) -> None:
        deadline = self._watch_over(visit.timeout, visitor.owner)

        def report(activity: str) -> None:
            deadline.last_touch = self._clock.monotonic()
            self._feed(LeaseTouched(visit.lease, activity))

        def keep(file: KeptFile) -> None:
            self._feed(FileArrived(file))

        outcome = visitor.visit(visit, report, keep)
        if why := visitor.worn:
            self._events.put(Recycle(WORKER, self._generation, why))
        # Behind whatever came meanwhile: after a stop the end of one order must not begin the next.
        self._events.put(VisitEnded(visit.lease, outcome))

    def _watch_over(self, timeout: float, owner: Owner) -> _Deadline:
        now = self._clock.monotonic()
        self._deadline = _Deadline(owner, now + timeout, self._parts.settings.timeouts.inactivity, now)
        return self._deadline

    # ----------------------------------------------------------------------------------------------------- the ticker

    def _tick(self) -> None:
        """Look at the deadline, the shutdown, the memory and the callback. Runs on the timer thread."""
        now = time.monotonic()
        deadline = self._deadline
        if deadline is not None and deadline.is_over(now):
            self._environment.run_job("kill", lambda: self._kill(deadline.owner))
        shutdown = self._parts.settings.timeouts.shutdown
        if self._stop_asked_at is not None and not self._force and now - self._stop_asked_at >= shutdown:
            self._events.put(GiveUp("the shutdown timeout has passed"))
            self._end_now()
        if now >= self._next_reading and not self._reading:
            self._reading = True
            self._next_reading = now + self._parts.settings.limits.check_interval
            self._environment.run_job("memory", self._read_memory)
        self._ticks += 1
        if self._ticks % _REPORTS_PER_TICK == 0:
            self._report()
        self._timer = self._environment.set_timer(SECONDS_BETWEEN_TICKS, self._tick)

    def _report(self) -> None:
        progress = self._parts.make_progress()
        if progress is not None:
            known: dict[str, Any] = progress
            self._parts.lane.offer(lambda: known)

    def _end_now(self) -> None:
        self._force = True
        deadline = self._deadline
        if deadline is not None:
            self._environment.run_job("kill", lambda: self._kill(deadline.owner))

    def _read_memory(self) -> None:
        try:
            read = take_reading(self._parts.premises.processes, self._parts.premises.filing.free_bytes)
            self._parts.memory.publish(view_of(read, self._parts.memory.read()))
            self._readings.put(read)
            self._bell.ring()
        finally:
            self._reading = False
