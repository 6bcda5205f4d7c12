"""Bugs in the sequential engine, and in how it takes over from a crew."""

from __future__ import annotations

from typing import Any

from actors.session.one_browser import OneBrowser
from actors.session.own_dispatcher import OwnDispatcher
from actors.session.sequential import SequentialEngine
from contracts.messages import BeginBatch, Drain, GiveUp, Submit
from contracts.supervision import Alarm
from tests.simulation import one_browser as play
from tests.simulation.faults import Fault, Step
from tests.simulation.mutants.mutant import Mutant, instead


def _never_begun_anew(good: Any) -> Any:
    def bad(self: SequentialEngine, work: Any) -> None:
        if self._dispatcher._performer.epoch > 1:
            self._feed(Submit(work.orders))
        else:
            good(self, work)

    return bad


def _always_begun_anew(self: SequentialEngine, work: Any) -> None:
    self._stop_text, self._force, self._stop_asked_at, self._gave_up = "", False, None, False
    self._feed(BeginBatch(work.total))
    self._feed(Submit(work.orders))


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
    def bad(self: SequentialEngine, work: Any) -> None:
        text = self._stop_text
        good(self, work)
        self._stop_text = text

    return bad


def _wake_without_end(good: Any) -> Any:
    def bad(self: OwnDispatcher, event: Any) -> None:
        wake = self.wake
        good(self, event)
        self.wake = self.wake if self.wake is not None else wake

    return bad


def _waits_for_lost_threads(good: Any) -> Any:
    def bad(self: OneBrowser[Any, Any]) -> None:
        self._alarms.pop(Alarm.DOWN_DEADLINE, None)
        good(self)

    return bad


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
        "batch never begun",
        "who takes over from a crew leaves the beginning to it",
        SequentialEngine,
        "submit",
        _never_begun_anew,
        check=_crew_died_before_it_began,
    ),
    Mutant(
        "batch begun twice",
        "what the crew did is forgotten",
        SequentialEngine,
        "submit",
        instead(_always_begun_anew),
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
        "submit",
        _stop_kept,
        check=_force_between_events,
    ),
    Mutant(
        "lost thread waited for",
        "the engine is never without it",
        OneBrowser,
        "_ring_alarms",
        _waits_for_lost_threads,
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
)
