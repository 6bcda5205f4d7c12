"""Bugs in the runtime, the journal, the worker, the monitor, the login broker and the reporter."""

from __future__ import annotations

import contextlib
from typing import Any

import attrs

from actors.journal import MemoryJournal
from actors.logins.core import LoginBrokerCore
from actors.monitor.core import MonitorCore, TellDispatcher
from actors.reporter.callback_runner import CallbackRunner
from actors.runtime import Actor, System
from actors.worker import process_po, visitor
from actors.worker.guarding import GuardedPortal
from actors.worker.visitor import Visitor
from contracts.messages import HostOpened, Pause, Resume
from contracts.supervision import Down, ExitKind
from tests.simulation.mutants import checks, scenarios as on
from tests.simulation.mutants.mutant import Mutant, instead


def _down_twice(good: Any) -> Any:
    def bad(self: Actor) -> None:
        told = self._down_told
        good(self)
        if not told and self._reason is not None:
            self.context.system.report_down(
                self.context.parent, Down(self.context.name, self.context.generation, self._reason)
            )

    return bad


def _no_down_of_a_failed_start(good: Any) -> Any:
    def bad(self: Actor) -> None:
        if self._reason is not None and self._reason.kind is ExitKind.START_FAILED:
            self._down_told = True
        good(self)

    return bad


def _timer_without_generation(self: System, name: str, generation: int, message: Any) -> None:
    self.tell(name, message)


def _only_errors(good: Any) -> Any:
    def bad(self: Actor, message: Any) -> Any:
        try:
            return good(self, message)
        except Exception:  # noqa: BLE001 - the bug
            return None

    return bad


def _any_epoch(good: Any) -> Any:
    def bad(self: MemoryJournal, epoch: int, entries: tuple[Any, ...]) -> None:
        good(self, self._epoch, entries)

    return bad


class _TrustingBrowser:
    """A browser every page of which counts as new."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    def open(self, url: str) -> Any:
        return attrs.evolve(self._browser.open(url), is_new=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._browser, name)


def _any_page(good: Any) -> Any:
    def bad(visit: Any, tools: Any, watch: Any, current: Any) -> Any:
        return good(visit, attrs.evolve(tools, browser=_TrustingBrowser(tools.browser)), watch, current)

    return bad


def _unguarded(_good: Any) -> Any:
    def bad(self: GuardedPortal, _method: str, ask: Any, _kind: Any) -> Any:
        return ask()

    return bad


@contextlib.contextmanager
def _no_boundary(*_: Any) -> Any:
    yield


def _probe_unguarded(self: Visitor, base_url: str) -> Any:
    return self._fetcher.probe(base_url)


def _forgetful_pause(self: MonitorCore, trouble: bool, key: str, text: str) -> list[Any]:
    if self._paused.get(key, False) is trouble:
        return []
    self._paused[key] = trouble
    return [TellDispatcher(Pause(key, text) if trouble else Resume(key))]


def _planned_counts(good: Any) -> Any:
    def bad(self: MonitorCore, asked: Any, now: float) -> Any:
        return good(self, attrs.evolve(asked, planned=False), now)

    return bad


def hung_starts_not_counted(good: Any) -> Any:
    """Return what counts a failed restart within the window alone."""

    def bad(self: MonitorCore, slot: Any, asked: Any, now: float) -> None:
        good(self, slot, asked, now)
        slot.unready.clear()

    return bad


def _ready_ends_no_row(good: Any) -> Any:
    def bad(self: MonitorCore, event: Any, now: float) -> None:
        row = list(self._slot(event.child).unready)
        good(self, event, now)
        self._slot(event.child).unready[:] = row

    return bad


def _unknown_counts_as_unready(good: Any) -> Any:
    def bad(self: MonitorCore, slot: Any, asked: Any, now: float) -> None:
        if slot.generation == 0:
            slot.starting = asked.generation
        good(self, slot, asked, now)

    return bad


def _cures_without_pause(good: Any) -> Any:
    def bad(self: MonitorCore, read: Any, now: float) -> Any:
        self._last_cure = None
        return good(self, read, now)

    return bad


def _same_version(good: Any) -> Any:
    def bad(self: LoginBrokerCore, event: Any) -> list[Any]:
        return [
            attrs.evolve(effect, session=attrs.evolve(effect.session, version=0))
            if isinstance(effect, HostOpened)
            else effect
            for effect in good(self, event)
        ]

    return bad


def _call_in_person(good: Any) -> Any:
    def bad(self: CallbackRunner, make_progress: Any) -> None:
        if self._callback is not None:
            self._callback(make_progress())

    return bad


def _unguarded_call(good: Any) -> Any:
    def bad(self: CallbackRunner, callback: Any, make_progress: Any) -> None:
        callback(make_progress())
        self._taken.release()
        self._notifier.notify()

    return bad


MUTANTS = (
    Mutant("Down twice", "each end is told two times", Actor, "_leave_once", _down_twice, (on.CALM,)),
    Mutant("Down never", "a failed start is not told", Actor, "_leave_once", _no_down_of_a_failed_start, (on.CLONE,)),
    Mutant(
        "dead letters not counted", "they vanish", System, "_count_dead", instead(lambda *_: None), (on.LOSS, on.DEATH)
    ),
    Mutant("inbox not buried", "what was left in it vanishes", System, "bury", instead(lambda *_: None), (on.DEATH,)),
    Mutant(
        "forgotten timer",
        "a timer outlives its generation",
        System,
        "_tell_if_alive",
        instead(_timer_without_generation),
        (on.LOSS,),
    ),
    Mutant("crash swallowed", "a handler's error ends nobody", Actor, "_handle_receive", _only_errors, seeds=(4,)),
    Mutant(
        "not abandoned",
        "a hung actor is not fenced off",
        System,
        "abandon",
        instead(lambda *_: None),
        (on.BUSY_ZOMBIE,),
    ),
    Mutant(
        "epoch not checked",
        "anybody may write",
        MemoryJournal,
        "append",
        _any_epoch,
        check=checks.an_older_epoch_cannot_write,
    ),
    Mutant("old page accepted", "the last order's page is read", process_po, "find_order", _any_page, (on.STALE,)),
    Mutant(
        "cookies not adopted", "a new login reaches nobody", Visitor, "_adopt", instead(lambda *_: None), (on.LOGIN,)
    ),
    Mutant("adapter unguarded", "what it raises costs browsers", GuardedPortal, "_asked", _unguarded, (on.UNREAD,)),
    Mutant(
        "login form unguarded", "the same, at a login", GuardedPortal, "_asked", _unguarded, (on.LOGIN_FORM_RAISES,)
    ),
    Mutant(
        "visit without a boundary",
        "what a driver raises ends the worker as it is",
        visitor,
        "_boundary",
        instead(_no_boundary),
        (on.DRIVER_RAISES,),
    ),
    Mutant(
        "probe without a boundary",
        "what a fetcher raises ends the worker as it is",
        Visitor,
        "probe",
        instead(_probe_unguarded),
        (on.PROBE_RAISES,),
    ),
    Mutant("idle death unseen", "nobody looks", Visitor, "check_alive", instead(lambda _: None), (on.IDLE_DEATH,)),
    Mutant(
        "monitor forgets to resume",
        "one that came back says nothing",
        MonitorCore,
        "_pause_if",
        instead(_forgetful_pause),
        (on.PAUSED,),
    ),
    Mutant(
        "recycling retires", "planned restarts count as failed", MonitorCore, "_policy", _planned_counts, (on.RECYCLED,)
    ),
    Mutant(
        "hung starts of a crew not counted",
        "a crew whose browsers never become ready has no end",
        MonitorCore,
        "_count",
        hung_starts_not_counted,
        (on.NONE_READY,),
    ),
    Mutant(
        "ready, and the row goes on",
        "starts that hung are counted together over browsers that did not",
        MonitorCore,
        "_follow",
        _ready_ends_no_row,
        (on.HUNG_STARTS,),
    ),
    Mutant(
        "unknown, so never ready",
        "a monitor that came back has not seen it become ready",
        MonitorCore,
        "_count",
        _unknown_counts_as_unready,
        (on.FORGOTTEN_START,),
    ),
    Mutant(
        "breach ignored",
        "memory is nobody's business",
        MonitorCore,
        "_judge_memory",
        instead(lambda *_: []),
        (on.BREACH,),
    ),
    Mutant(
        "breach cured again and again",
        "no time to tell",
        MonitorCore,
        "_judge_memory",
        _cures_without_pause,
        (on.BREACH,),
    ),
    Mutant(
        "login without version", "nobody sees that it is new", LoginBrokerCore, "_on_ended", _same_version, (on.LOGIN,)
    ),
    Mutant(
        "callback in person",
        "the reporter waits for the user",
        CallbackRunner,
        "offer",
        _call_in_person,
        (on.CALLBACK,),
    ),
    Mutant(
        "callback unguarded", "what it raises stops the reports", CallbackRunner, "_call", _unguarded_call, (on.RAISES,)
    ),
)
