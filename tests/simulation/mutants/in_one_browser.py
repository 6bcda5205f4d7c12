"""Bugs in the sequential engine, and in how it takes over from a crew."""

from __future__ import annotations

from typing import Any

import attrs

from actors.monitor.core import MonitorCore
from actors.session import one_browser
from actors.session.crew_of_one import CrewOfOne
from actors.session.errand_worker import ErrandWorker
from actors.session.one_browser import OneBrowser
from actors.session.own_dispatcher import OwnDispatcher
from actors.session.own_monitor import OwnMonitor
from actors.session.sequential import SequentialEngine
from contracts.config import RestartIntensity
from contracts.messages import Drain, GiveUp
from contracts.supervision import Alarm, Decision, KillChild, RecycleChild, Stable, Verdict
from tests.simulation import one_browser as play, one_browser_rules as rules
from tests.simulation.faults import Fault, Step
from tests.simulation.mutants.in_the_rest import hung_starts_not_counted
from tests.simulation.mutants.mutant import Mutant, instead


def _begun_open(good: Any) -> Any:
    def bad(self: SequentialEngine, total: int | None, *, continues: bool = False) -> None:
        good(self, None, continues=continues)

    return bad


def _always_begun_anew(good: Any) -> Any:
    def bad(self: SequentialEngine, total: int | None, *, continues: bool = False) -> None:
        good(self, total)

    return bad


def _told_at_once(self: SequentialEngine, text: str, *, force: bool = False) -> None:
    self._stop_text, self._stop_asked_at = text, self._now()
    self._tell_core(GiveUp(text) if force else Drain(text))


def _stop_forgotten(good: Any) -> Any:
    def bad(self: SequentialEngine) -> None:
        if self._force:
            good(self)

    return bad


def _nothing_killed(self: SequentialEngine) -> None:
    if self._stop_text and self._stop_asked_at is None:
        self._stop_asked_at = self._now()
        self._tell_core(Drain(self._stop_text))
    if self._force and not self._gave_up:
        self._gave_up = True
        self._tell_core(GiveUp(self._stop_text))


def _stop_kept(good: Any) -> Any:
    def bad(self: SequentialEngine, total: int | None, *, continues: bool = False) -> None:
        text = self._stop_text
        good(self, total, continues=continues)
        self._stop_text = text

    return bad


def _wake_without_end(good: Any) -> Any:
    def bad(self: OwnDispatcher, event: Any) -> None:
        wake = self.wake
        good(self, event)
        self.wake = self.wake if self.wake is not None else wake

    return bad


def _always_let_go(good: Any) -> Any:
    def bad(self: OwnMonitor, asked: Any, now: float) -> Verdict:
        good(self, asked, now)
        return Verdict(asked.child, asked.generation, Decision.LET_GO)

    return bad


def _alarms_at_once(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any]) -> None:
        if Alarm.BACKOFF in self._alarms:
            self._alarms[Alarm.BACKOFF] = (0.0, self._alarms[Alarm.BACKOFF][1])
        good(self)

    return bad


def _without(alarm: Alarm) -> Any:
    def build(good: Any) -> Any:
        def bad(self: OneBrowser[Any, Any]) -> None:
            self._alarms.pop(alarm, None)
            good(self)

        return bad

    return build


def _killed_for_recycled(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any], event: Any) -> None:
        if isinstance(event, RecycleChild):
            event = KillChild(event.child, event.generation, event.text)
        good(self, event)

    return bad


def _started_for_nothing(self: CrewOfOne, asked: Any) -> Verdict:
    return self._monitor.judge(asked, self._clock.monotonic())


def _cleared_without_a_look(child: Any, generation: int, tell: Any) -> None:
    child.kill(generation)
    tell(True)


def _spec_of_its_own(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any], spec: Any, user: Any, threads: Any) -> None:
        good(self, attrs.evolve(spec, intensity=RestartIntensity(max_restarts=1000, first_delay=0.0)), user, threads)

    return bad


def _slower_than_a_crew(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any], spec: Any, user: Any, threads: Any) -> None:
        (child,) = spec.children
        child = attrs.evolve(child, ready_timeout=2 * child.ready_timeout)
        good(self, attrs.evolve(spec, children=(child,)), user, threads)

    return bad


def _proved_by_nothing(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any], event: Any) -> None:
        if not isinstance(event, Stable):
            good(self, event)

    return bad


def _five_starts() -> None:
    rules.so_many_starts_are_tried(5)


def _hung_starts() -> None:
    rules.starts_that_hang_are_counted_too(3)


def _recycling() -> None:
    rules.it_is_recycled_after_so_many_orders(2, 6)


def _memory_over_the_hard_limit() -> None:
    rules.memory_is_obeyed(0.9)


def _one_restart_too_many() -> None:
    rules.no_more_restarts_than_the_intensity_allows(1)


def _stop_between_events() -> None:
    play.stop_after(play.EVENTS, force=False)


def _force_between_events() -> None:
    play.stop_after(play.EVENTS, force=False, again=1)


def _stop_amid_an_event() -> None:
    play.stop_amid(play.ENTRIES, force=False)


def _stop_while_a_page_hangs() -> None:
    play.stop_while_held_up(Step.READ, Fault.HANG)


def _stop_while_a_thread_is_lost() -> None:
    play.stop_while_held_up(Step.FETCH, Fault.HANG_FOR_EVER)


def _crew_died_before_it_began() -> None:
    play.take_over(-1)


def _crew_died_amid_its_work() -> None:
    play.take_over(100)


MUTANTS = (
    Mutant(
        "batch begun open",
        "who takes over from a crew forgets how much there is",
        SequentialEngine,
        "begin",
        _begun_open,
        check=_crew_died_before_it_began,
    ),
    Mutant(
        "batch begun twice",
        "what the crew did is forgotten",
        SequentialEngine,
        "begin",
        _always_begun_anew,
        check=_crew_died_amid_its_work,
    ),
    Mutant(
        "stop amid an event",
        "whoever asks for it feeds the core",
        SequentialEngine,
        "request_stop",
        instead(_told_at_once),
        check=_stop_amid_an_event,
    ),
    Mutant(
        "stop not taken up",
        "a drain is left out",
        SequentialEngine,
        "_take_up_stop",
        _stop_forgotten,
        check=_stop_between_events,
    ),
    Mutant(
        "forced, and waited for",
        "what is in hand keeps its browser",
        SequentialEngine,
        "_take_up_stop",
        instead(_nothing_killed),
        check=_stop_while_a_page_hangs,
    ),
    Mutant(
        "stop of the batch before",
        "it strikes the next one, too",
        SequentialEngine,
        "begin",
        _stop_kept,
        check=_force_between_events,
    ),
    Mutant(
        "lost thread waited for",
        "the engine is never without it",
        OneBrowser,
        "_ring_alarms",
        _without(Alarm.DOWN_DEADLINE),
        check=_stop_while_a_thread_is_lost,
    ),
    Mutant(
        "wake-up without end",
        "one that has fired fires again",
        OwnDispatcher,
        "tell",
        _wake_without_end,
        check=_stop_while_a_page_hangs,
    ),
    Mutant(
        "attempts without number",
        "the monitor's verdict over a restart is not heard",
        OwnMonitor,
        "judge",
        _always_let_go,
        check=_five_starts,
    ),
    Mutant(
        "starts that hang not counted",
        "a run whose browsers never become ready has no end",
        MonitorCore,
        "_count",
        hung_starts_not_counted,
        check=_hung_starts,
    ),
    Mutant(
        "one browser without intensity",
        "it is restarted by other limits than a crew's",
        OneBrowser,
        "__init__",
        _spec_of_its_own,
        check=_one_restart_too_many,
    ),
    Mutant(
        "one browser slower than a crew's",
        "its start has a deadline of its own",
        OneBrowser,
        "__init__",
        _slower_than_a_crew,
        check=_hung_starts,
    ),
    Mutant(
        "restart without its wait",
        "the backoff is cut short",
        OneBrowser,
        "_ring_alarms",
        _alarms_at_once,
        check=rules.the_waits_grow_up_to_their_cap,
    ),
    Mutant(
        "hung start waited for",
        "one that hangs is waited for",
        OneBrowser,
        "_ring_alarms",
        _without(Alarm.READY_DEADLINE),
        check=_hung_starts,
    ),
    Mutant(
        "clearing that hangs waited for",
        "a folder that cannot be deleted is waited for",
        OneBrowser,
        "_ring_alarms",
        _without(Alarm.CLEAR_DEADLINE),
        check=rules.a_browser_that_cannot_be_cleared_away_is_the_last,
    ),
    Mutant(
        "recycled like a failure",
        "a planned end is a kill",
        OneBrowser,
        "tell",
        _killed_for_recycled,
        check=_recycling,
    ),
    Mutant(
        "browser for no work",
        "one is started although the batch has ended",
        CrewOfOne,
        "may_restart",
        instead(_started_for_nothing),
        check=_recycling,
    ),
    Mutant(
        "cleared without a look",
        "nobody waits until it is gone, and its profile stays",
        one_browser,
        "clear_up",
        instead(_cleared_without_a_look),
        check=_recycling,
    ),
    Mutant(
        "excuse kept to itself",
        "a browser lost over a bad order counts against the run",
        OwnDispatcher,
        "_excuse_loss",
        instead(lambda *_: None),
        check=rules.a_bad_order_takes_no_run_down,
    ),
    Mutant(
        "use not told",
        "a browser that ended an order waits like one that did not",
        OneBrowser,
        "tell",
        _proved_by_nothing,
        check=rules.a_browser_that_was_of_use_begins_the_waits_anew,
    ),
    Mutant(
        "idle browser not looked at",
        "its death shows when the next order is lost",
        ErrandWorker,
        "_look_whether_it_lives",
        instead(lambda *_: None),
        check=rules.an_idle_browser_that_dies_is_replaced_at_once,
    ),
    Mutant(
        "memory not looked at",
        "the monitor hears of no reading",
        CrewOfOne,
        "_hear_reading",
        instead(lambda *_: None),
        check=_memory_over_the_hard_limit,
    ),
)
