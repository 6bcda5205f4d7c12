"""The supervisor's core in a world of faults: what must hold always holds, and once the faults cease the crew is back.

`Tree` itself checks at each effect that no generation starts beside the one before it, or once closing has begun.
"""

from __future__ import annotations

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.supervise.effects import Announce
from actors.supervise.spec import AutoShutdown, Restart, Strategy
from contracts.config import RestartIntensity
from contracts.supervision import (
    AlarmDue,
    Alive,
    ChildChange,
    Cleared,
    Decision,
    Down,
    Exit,
    ExitKind,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    Stable,
    Verdict,
)
from tests.supervise.driving import Tree, child

NAMES = ("a", "b", "c")
LIMIT = RestartIntensity(max_restarts=4, window=30.0, first_delay=1.0, max_delay=8.0, stable_after=20.0)
TIME_OF_ONE = 5.0 + 5.0
"""To stop and to go down once killed."""
HEARTBEAT = 20.0

names = st.sampled_from(NAMES)
picks = st.integers(0, 2)
reasons = st.sampled_from(
    (ExitKind.NORMAL, ExitKind.CRASHED, ExitKind.CRASHED, ExitKind.START_FAILED, ExitKind.SHUTDOWN)
)
specs = st.tuples(st.sampled_from(tuple(Restart)), st.booleans(), st.booleans(), st.booleans())


class SuperviseMachine(RuleBasedStateMachine):
    """Random specs, ends, alarms, verdicts, orders, stale and repeated messages."""

    tree: Tree

    @initialize(
        children=st.tuples(specs, specs, specs),
        strategy=st.sampled_from(tuple(Strategy)),
        parallel=st.booleans(),
        auto=st.sampled_from(tuple(AutoShutdown)),
        heartbeats=st.booleans(),
    )
    def begin(
        self,
        children: tuple[tuple[Restart, bool, bool, bool], ...],
        strategy: Strategy,
        parallel: bool,
        auto: AutoShutdown,
        heartbeats: bool,
    ) -> None:
        """A supervisor of three starts."""
        self.parallel = parallel
        self.strategy = Strategy.ONE_FOR_ONE if parallel else strategy
        self.specs = {
            name: child(
                name,
                owns=owns,
                restart=restart,
                significant=significant,
                gate="gate" if gated else None,
                ready_timeout=3.0,
                shutdown=5.0,
                kill_timeout=5.0,
                heartbeat_timeout=HEARTBEAT if heartbeats else None,
            )
            for name, (restart, owns, significant, gated) in zip(NAMES, children, strict=True)
        }
        self.tree = Tree(
            *self.specs.values(),
            strategy=self.strategy,
            parallel=parallel,
            auto_shutdown=auto,
            intensity=LIMIT,
            ready=False,
            verdict_timeout=1.0,
        )
        self.asked_to_end = False
        self.refused: set[str] = set()
        self.lost: set[str] = set()

    def _pick(self, pick: int) -> str:
        return sorted(self.tree.alive)[pick % len(self.tree.alive)]

    def waiting_for_the_gate(self) -> list[str]:
        """Return those whom the gate holds up."""
        return [name for name in NAMES if self.tree.phase(name) in ("asking", "held")]

    # --------------------------------------------------------------------------------------------------------- rules

    @precondition(lambda self: self.tree.alive)
    @rule(pick=picks)
    def is_ready(self, pick: int) -> None:
        """A child reports ready, perhaps once more."""
        self.tree.ready(self._pick(pick))

    @rule()
    def all_are_ready(self) -> None:
        """All report ready."""
        self.tree.ready_all()

    @precondition(lambda self: self.tree.alive)
    @rule(pick=picks, kind=reasons, cleared=st.sampled_from((True, True, False)))
    def ends(self, pick: int, kind: ExitKind, cleared: bool) -> None:
        """A child ends, and what it owned is gone at once or later."""
        self.tree.down(self._pick(pick), Reason(kind, "so it was"), cleared=cleared)

    @precondition(lambda self: self.tree.owning)
    @rule(pick=picks, gone=st.sampled_from((True, True, True, False)))
    def is_cleared(self, pick: int, gone: bool) -> None:
        """What a child owned is confirmed gone, or will not go."""
        name = sorted(self.tree.owning)[pick % len(self.tree.owning)]
        if self.tree.phase(name) == "clearing":
            self.tree.clear(name, gone=gone)
            if not gone:
                self.lost.add(name)

    @rule(name=names, decision=st.sampled_from(tuple(Decision)))
    def the_gate_answers(self, name: str, decision: Decision) -> None:
        """The gate answers, asked or not."""
        if decision is Decision.RETIRE and self.tree.phase(name) in ("asking", "held"):
            self.refused.add(name)
        self.tree.do(Verdict(name, self.tree.last.get(name, 0), decision))

    @precondition(lambda self: self.waiting_for_the_gate())
    @rule(pick=picks, decision=st.sampled_from(tuple(Decision)))
    def the_gate_answers_one_who_waits(self, pick: int, decision: Decision) -> None:
        """The gate answers one that it holds up."""
        waiting = self.waiting_for_the_gate()
        self.the_gate_answers(waiting[pick % len(waiting)], decision)

    @rule()
    def all_are_alive(self) -> None:
        """All answer that they are alive, asked or not."""
        for name, generation in self.tree.alive.items():
            self.tree.do(Alive(name, generation))

    @precondition(lambda self: self.tree.alive)
    @rule(pick=picks, kill=st.booleans())
    def is_ordered_to_end(self, pick: int, kill: bool) -> None:
        """A child is to be killed or recycled."""
        name = self._pick(pick)
        message = KillChild if kill else RecycleChild
        self.tree.do(message(name, self.tree.alive[name], "ordered"))

    @precondition(lambda self: self.tree.alive)
    @rule(pick=picks)
    def proves_useful(self, pick: int) -> None:
        """A child says that it did something useful."""
        name = self._pick(pick)
        self.tree.do(Stable(name, self.tree.alive[name]))

    @rule(name=names, what=st.sampled_from((Ready, Down, Cleared, Verdict, KillChild, RecycleChild)))
    def old_news_arrives(self, name: str, what: type) -> None:
        """Something about an older generation comes late: nothing changes."""
        old = self.tree.last.get(name, 0) - 1
        extra = {
            Ready: (),
            Down: (Reason(ExitKind.CRASHED),),
            Cleared: (True,),
            Verdict: (Decision.RETIRE,),
            KillChild: ("late",),
            RecycleChild: ("late",),
        }[what]
        before = self.tree.core.which_children()
        self.tree.do(what(name, old, *extra))
        assert self.tree.core.which_children() == before

    @precondition(lambda self: self.tree.alarms)
    @rule()
    def an_alarm_rings_twice(self) -> None:
        """An alarm that rang before rings again."""
        due = [alarm for when, _, alarm in self.tree.alarms if when <= self.tree.now]
        for alarm in due[:1]:
            self.tree.do(AlarmDue(alarm.child, alarm.generation, alarm.alarm))

    @rule(seconds=st.sampled_from((0.5, 1.0, 3.0, 6.0, 40.0)))
    def time_passes(self, seconds: float) -> None:
        """Alarms ring."""
        self.tree.advance(seconds)

    @rule(chance=st.integers(0, 9), force=st.booleans())
    def is_asked_to_end(self, chance: int, force: bool) -> None:
        """The supervisor is to end."""
        if chance == 0:
            self.asked_to_end = True
            self.tree.do(Exit("the end", force))

    # ---------------------------------------------------------------------------------------------------- invariants

    @invariant()
    def each_start_had_one_end(self) -> None:
        """Invariant 7, as far as it is the core's to tell: one DOWN for each STARTED, but for those that live."""
        for name in NAMES:
            news = [one.change for one in self.tree.effects if isinstance(one, Announce) and one.child == name]
            started, ended = news.count(ChildChange.STARTED), news.count(ChildChange.DOWN)
            assert started == self.tree.last.get(name, 0)
            assert started - ended == (name in self.tree.alive)

    @invariant()
    def counted_restarts_keep_to_the_intensity(self) -> None:
        """Invariant 10."""
        times = self.tree.core._window._times
        recent = [time for time in times if time > self.tree.now - LIMIT.window]
        assert len(recent) <= LIMIT.max_restarts

    @invariant()
    def waits_keep_to_their_cap(self) -> None:
        """Invariant 11."""
        assert all(0 <= delay <= LIMIT.max_delay for delay in self.tree.delays)

    @invariant()
    def what_was_given_up_stays_down(self) -> None:
        """A retired child is never started again."""
        for name in self.refused | self.lost:
            assert name not in self.tree.alive
            assert self.tree.phase(name) in ("retired", "ended")

    @invariant()
    def an_ended_supervisor_has_nobody(self) -> None:
        """Invariant 12."""
        if self.tree.ended is not None:
            assert not self.tree.alive
            counts = self.tree.core.count_children()
            assert (counts.active, counts.restarting) == (0, 0)

    # ------------------------------------------------------------------------------------------------------ liveness

    def _calm(self) -> None:
        for name in list(self.tree.owning):
            if self.tree.phase(name) == "clearing":
                self.tree.clear(name)
        for name in NAMES:
            if self.tree.phase(name) == "held":
                self.tree.do(Verdict(name, self.tree.last[name], Decision.LET_GO))
        self.tree.obey()
        self.tree.ready_all()
        self.all_are_alive()

    def teardown(self) -> None:
        """The faults cease: all come back, or the supervisor has ended for a reason; then it ends in time."""
        if not hasattr(self, "tree"):
            return
        for _ in range(20):
            self._calm()
            self.tree.advance(5)
        if not self.tree.core.is_closing:
            for name, spec in self.specs.items():
                phases = (
                    ("running", "retired") if spec.restart is Restart.PERMANENT else ("running", "retired", "ended")
                )
                assert self.tree.phase(name) in phases, f"{name} is {self.tree.phase(name)}"
            self.tree.exit()
        for _ in NAMES:  # nobody obeys now: each is killed, abandoned and cleared in turn
            self.tree.advance(TIME_OF_ONE)
            for name in list(self.tree.owning):
                if self.tree.phase(name) == "clearing":
                    self.tree.clear(name)
        assert self.tree.ended is not None, self.tree.core.which_children()


SuperviseMachine.TestCase.settings = settings(stateful_step_count=50)
TestSuperviseCore = SuperviseMachine.TestCase
