"""Bugs in the supervisor: who is started, stopped, counted, waited for, and when."""

from __future__ import annotations

import random
from typing import Any

import attrs

from actors.runtime import Context, System
from actors.supervise import children, core
from actors.supervise.actor import Supervisor
from actors.supervise.children import Children
from actors.supervise.clearing import clear_up
from actors.supervise.core import SuperviseCore
from actors.supervise.effects import ClearOwned, KillOwned, SetAlarm
from actors.supervise.limits import RestartWindow
from actors.supervise.rules import must_stop, next_to_start
from actors.supervise.transitions import Phase
from contracts.config import RestartIntensity
from contracts.supervision import Alarm, ChildChange, Cleared, Decision, Down, Ready, RecycleChild, Stable
from tests.simulation.mutants import checks, scenarios as on
from tests.simulation.mutants.mutant import Mutant, instead


def _with_limit(more: int) -> Any:
    def build(good: Any) -> Any:
        def bad(self: RestartWindow, now: float) -> bool:
            wanted = self._intensity
            self._intensity = attrs.evolve(wanted, max_restarts=wanted.max_restarts + more)
            admitted = bool(good(self, now))
            self._intensity = wanted
            return admitted

        return bad

    return build


def _never_slides(self: RestartWindow, now: float) -> bool:
    self._times.append(now)
    return len(self._times) <= self._intensity.max_restarts


def _wall_clock(self: Context) -> float:
    return self.system.environment.clock.now().timestamp()


def _reset_early(good: Any) -> Any:
    def bad(self: Children, child: Any, event: Any) -> None:
        if child.lived > 0:
            child.failures = 0
        good(self, child, event)

    return bad


def _shrinking(intensity: RestartIntensity, failures: int, chance: random.Random) -> float:
    if failures <= 1:
        return 0.0
    return float(min(intensity.max_delay, intensity.first_delay * 2 ** (failures - 2)) * (1.5 - chance.random()) ** 4)


def _unlimited(intensity: RestartIntensity, failures: int, chance: random.Random) -> float:
    return 0.0 if failures <= 1 else 40.0 * failures


def _gone_all_the_same(good: Any) -> Any:
    def bad(self: SuperviseCore, child: Any, gone: bool) -> None:
        good(self, child, True)

    return bad


def _not_cleared(good: Any) -> Any:
    def bad(self: SuperviseCore, event: Any, now: float) -> list[Any]:
        effects = good(self, event, now)
        unheard = [effect for effect in effects if isinstance(effect, ClearOwned)]
        heard = [effect for effect in effects if not isinstance(effect, ClearOwned)]
        return heard + [more for one in unheard for more in good(self, Cleared(one.child, one.generation, True), now)]

    return bad


def _deaf_to(alarm: Alarm) -> Any:
    def build(good: Any) -> Any:
        def bad(self: SuperviseCore, child: Any, due: Alarm) -> None:
            if due is not alarm:
                good(self, child, due)

        return bad

    return build


def _without_alarm(alarm: Alarm) -> Any:
    def build(good: Any) -> Any:
        def bad(self: SuperviseCore, event: Any, now: float) -> list[Any]:
            effects = good(self, event, now)
            return [e for e in effects if not (isinstance(e, SetAlarm) and e.alarm.alarm is alarm)]

        return bad

    return build


def _start_first(self: SuperviseCore) -> list[Any]:
    moved = True
    while moved and not self._ended:
        child = next_to_start(self._by_id.values(), self._spec)
        if child is not None:
            self._children.start(child)
        moved = child is not None or self._clear_the_empty_handed() or self._stop_those_who_must()
    if self._closing is not None and not self._ended:
        self._end_if_empty()
    return self._children.take_effects()


def _first_to_stop(children: Any, spec: Any, *, closing: bool) -> Any:
    for child in children:
        if must_stop(child, closing=closing) and child.phase in (Phase.STARTING, Phase.RUNNING):
            return child
        if closing and child.phase in (Phase.IDLE, Phase.ASKING, Phase.HELD, Phase.BACKOFF):
            return child
        if child.phase in (Phase.STOPPING, Phase.KILLED, Phase.CLEARING) and not spec.parallel:
            return None
    return None


def _recycle_is_failure(good: Any) -> Any:
    def bad(self: SuperviseCore, event: Any, now: float) -> list[Any]:
        effects = good(self, event, now)
        if isinstance(event, RecycleChild):
            self._by_id[event.child].planned = False
        return list(effects)

    return bad


def _old_news(kind: type[Ready] | type[Down] | type[Cleared]) -> Any:
    def build(good: Any) -> Any:
        def bad(self: SuperviseCore, event: Any, now: float) -> list[Any]:
            if isinstance(event, kind) and event.child in self._by_id:
                event = attrs.evolve(event, generation=self._by_id[event.child].generation)
            return list(good(self, event, now))

        return bad

    return build


def _deaf_to_use(good: Any) -> Any:
    def bad(self: SuperviseCore, event: Any, now: float) -> list[Any]:
        return [] if isinstance(event, Stable) else list(good(self, event, now))

    return bad


def _without_kill(good: Any) -> Any:
    def bad(self: Supervisor, effect: Any) -> None:
        if not isinstance(effect, KillOwned):
            good(self, effect)

    return bad


def _always_let_go(good: Any) -> Any:
    def bad(self: SuperviseCore, child: Any, verdict: Any) -> None:
        good(self, child, attrs.evolve(verdict, decision=Decision.LET_GO))

    return bad


def _still_planned(good: Any) -> Any:
    def bad(self: Children, child: Any) -> None:
        planned = child.planned
        good(self, child)
        child.planned = planned

    return bad


def _readiness_unsaid(good: Any) -> Any:
    def bad(self: Children, child: Any, change: ChildChange, *arguments: Any, **more: Any) -> None:
        if change is not ChildChange.READY:
            good(self, child, change, *arguments, **more)

    return bad


def _never_ordered(good: Any) -> Any:
    def bad(self: Children, *arguments: Any, **more: Any) -> None:
        good(self, *arguments, **more)
        last: Any = self.effects[-1]
        self.effects[-1] = attrs.evolve(last, requested=False)

    return bad


def _clear_in_person(good: Any) -> Any:
    def bad(self: Supervisor, effect: Any) -> None:
        if isinstance(effect, ClearOwned):
            child, generation = effect.child, effect.generation
            clear_up(self._specs[child], generation, lambda gone: self._tell_cleared(child, generation, gone))
        else:
            good(self, effect)

    return bad


MUTANTS = (
    Mutant(
        "intensity off by one",
        "one restart too many",
        RestartWindow,
        "admits",
        _with_limit(1),
        (on.TOO_MANY, on.REPORTERS),
    ),
    Mutant("gives up too early", "one restart too few", RestartWindow, "admits", _with_limit(-1), (on.ENOUGH,)),
    Mutant(
        "window never slides", "restarts count for ever", RestartWindow, "admits", instead(_never_slides), (on.ENOUGH,)
    ),
    Mutant(
        "window on wall time", "a jump of the clock empties it", Context, "monotonic", instead(_wall_clock), (on.JUMPS,)
    ),
    Mutant("backoff reset too early", "any life resets it", Children, "back_off", _reset_early, (on.BACKOFF,)),
    Mutant("backoff shrinks", "jitter goes both ways", children, "restart_delay", instead(_shrinking), (on.BACKOFF,)),
    Mutant(
        "backoff without cap", "it grows without end", children, "restart_delay", instead(_unlimited), (on.BACKOFF,)
    ),
    Mutant(
        "replaced before confirmed death",
        "whatever is left counts as gone",
        SuperviseCore,
        "_on_cleared",
        _gone_all_the_same,
        (on.SURVIVOR,),
    ),
    Mutant("not cleared", "nobody clears up after a child", SuperviseCore, "handle", _not_cleared, (on.LOSS,)),
    Mutant(
        "never ready is fine",
        "no deadline",
        SuperviseCore,
        "_on_alarm",
        _deaf_to(Alarm.READY_DEADLINE),
        (on.NEVER_READY,),
    ),
    Mutant(
        "never abandoned",
        "a lost thread is waited for",
        SuperviseCore,
        "_on_alarm",
        _deaf_to(Alarm.DOWN_DEADLINE),
        (on.LOST_THREAD,),
    ),
    Mutant(
        "waits for a verdict",
        "a silent gate blocks",
        SuperviseCore,
        "_on_alarm",
        _deaf_to(Alarm.VERDICT_DEADLINE),
        (on.NO_VERDICT,),
    ),
    Mutant("silence is fine", "a hung actor stays", SuperviseCore, "_on_alarm", _deaf_to(Alarm.CHECK), (on.SILENT,)),
    Mutant("backoff for ever", "its end is missed", SuperviseCore, "_on_alarm", _deaf_to(Alarm.BACKOFF), (on.BACKOFF,)),
    Mutant(
        "held restart forgotten",
        "the gate is asked once",
        SuperviseCore,
        "handle",
        _without_alarm(Alarm.ASK_AGAIN),
        (on.HELD,),
    ),
    Mutant(
        "stop without deadline",
        "a stuck child is waited for",
        SuperviseCore,
        "handle",
        _without_alarm(Alarm.STOP_DEADLINE),
        (on.STOPPED,),
    ),
    Mutant(
        "start while closing",
        "an end comes after the next start",
        SuperviseCore,
        "_settle",
        instead(_start_first),
        (on.STOPPED_EARLY,),
    ),
    Mutant(
        "stop order not reversed",
        "first started, first stopped",
        core,
        "next_to_stop",
        instead(_first_to_stop),
        (on.CALM,),
    ),
    Mutant(
        "fate not shared", "rest_for_one restarts one", children, "sharing_fate", instead(lambda *_: ()), (on.DEATH,)
    ),
    Mutant(
        "fate of all shared",
        "one_for_one restarts all",
        children,
        "sharing_fate",
        instead(lambda _strategy, names, ended: tuple(name for name in names if name != ended)),
        (on.DEATH,),
    ),
    Mutant(
        "recycling is a failure", "a planned end is counted", SuperviseCore, "handle", _recycle_is_failure, (on.MANY,)
    ),
    Mutant("force is a wish", "nobody is killed", Children, "force", instead(lambda *_: None), (on.FORCED,)),
    Mutant(
        "hangs add up",
        "nobody shares",
        children,
        "share_of",
        instead(lambda *_: float("inf")),
        (on.FORCED_WHILE_ALL_HANG,),
    ),
    Mutant(
        "given up and forgotten",
        "it waits for ever",
        System,
        "_wake",
        instead(lambda *_: None),
        check=checks.a_supervisor_that_is_given_up_while_it_waits_ends,
    ),
    Mutant(
        "clearing without deadline",
        "what hangs there is waited for",
        SuperviseCore,
        "handle",
        _without_alarm(Alarm.CLEAR_DEADLINE),
        (on.NEVER_CLEARED,),
    ),
    Mutant("killed by word alone", "what it owns lives on", Supervisor, "_perform_one", _without_kill, (on.HANG,)),
    Mutant(
        "retired and restarted",
        "a verdict counts for nothing",
        SuperviseCore,
        "_on_verdict",
        _always_let_go,
        (on.USELESS,),
    ),
    Mutant(
        "planned for ever",
        "a recycled child fails for free",
        Children,
        "start",
        _still_planned,
        (on.RECYCLED_THEN_LOST,),
    ),
    Mutant("of no use", "what has proved useful waits as long", SuperviseCore, "handle", _deaf_to_use, (on.USEFUL,)),
    Mutant(
        "readiness not announced",
        "nobody else says it, so nobody gets work",
        Children,
        "announce",
        _readiness_unsaid,
        (on.CALM,),
    ),
    Mutant(
        "restart not announced as ordered",
        "an ordered end is taken for one of its own",
        Children,
        "announce",
        _never_ordered,
        (on.BREACH,),
    ),
    Mutant(
        "significant end missed",
        "a crew without workers stays",
        SuperviseCore,
        "_significant_end",
        instead(lambda *_: None),
        (on.USELESS,),
    ),
    Mutant("old Down accepted", "of any generation", SuperviseCore, "handle", _old_news(Down), (on.LATE,)),
    Mutant(
        "old Ready accepted",
        "of any generation",
        SuperviseCore,
        "handle",
        _old_news(Ready),
        check=checks.readiness_of_an_older_generation_is_no_news,
    ),
    Mutant(
        "clears up in person", "the supervisor blocks", Supervisor, "_perform_one", _clear_in_person, (on.SLOW_CLEAN,)
    ),
)
