"""Browsers that never become ready: so many in a row retire their slot, however long each took over it.

The window is so short here that no two ends fall into it; what is decided is decided by the row alone.
"""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, strategies as st

from actors.monitor.core import MonitorCore, MonitorEvent, TellCrew
from contracts.config import ResourceLimits
from contracts.messages import LossExcused, MemoryRead, OrderEnded
from contracts.ports import MachineMemory
from contracts.supervision import ChildChange, ChildEvent, Decision, ExitKind, Reason, RestartAsked, Verdict

SLOT = "worker-1"
HUNG = Reason(ExitKind.NOT_READY, "not ready within 30 seconds")
ENOUGH, SHORT = (MemoryRead(MachineMemory(limit=100, used=used), (), 2**40) for used in (10, 80))


def event(generation: int, change: ChildChange) -> ChildEvent:
    """What the crew's supervisor tells of the slot."""
    return ChildEvent("crew", SLOT, generation, change)


class Judge:
    """A monitor's core and a clock, an hour from one question to the next."""

    def __init__(self, most: int = 3) -> None:
        self._core = MonitorCore(ResourceLimits(max_restart_attempts=most, restart_window=0.001))
        self._now = 0.0

    def tell(self, *events: MonitorEvent) -> None:
        """Tell it something that is no question."""
        for one in events:
            self._core.handle(one, self._now)

    def ask(self, generation: int, reason: Reason = HUNG, *, planned: bool = False) -> Verdict:
        """Ask for leave to restart."""
        self._now += 3600.0
        (told,) = self._core.handle(RestartAsked("crew", SLOT, generation, reason, planned), self._now)
        assert isinstance(told, TellCrew)
        assert isinstance(told.message, Verdict)
        return told.message

    def hang(self, generation: int) -> Decision:
        """Let a generation start and never be ready."""
        self.tell(event(generation, ChildChange.STARTED), event(generation, ChildChange.DOWN))
        return self.ask(generation).decision


# ---------------------------------------------------------------------------------------------------------------- rules


def test_what_people_are_told_names_the_row_and_the_last_reason() -> None:
    judge = Judge()
    assert judge.hang(1) is judge.hang(2) is Decision.LET_GO
    judge.tell(event(3, ChildChange.STARTED))
    told = judge.ask(3)
    assert told.decision is Decision.RETIRE
    assert told.text == "3 browsers in a row did not become ready; the last: not ready within 30 seconds"


def test_a_slot_that_is_retired_by_the_window_is_told_of_as_before() -> None:
    core = MonitorCore(ResourceLimits())
    for generation in (1, 2):
        core.handle(RestartAsked("crew", SLOT, generation, HUNG, planned=False), 1.0)
    (told,) = core.handle(RestartAsked("crew", SLOT, 3, HUNG, planned=False), 1.0)
    assert isinstance(told.message, Verdict)
    assert told.message.text.startswith("3 browsers in a row ended without a finished order within 1 minute")


def test_each_slot_has_a_row_of_its_own() -> None:
    judge = Judge(2)
    assert judge.hang(1) is Decision.LET_GO
    judge.tell(ChildEvent("crew", "worker-2", 1, ChildChange.READY))
    assert judge.hang(2) is Decision.RETIRE


def test_the_first_of_a_crew_counts_that_had_begun_before_its_monitor_did() -> None:
    """The crew starts before its monitor; only the reason tells that its first browsers were never ready."""
    judge = Judge()
    assert judge.ask(1).decision is Decision.LET_GO
    assert judge.hang(2) is Decision.LET_GO
    assert judge.hang(3) is Decision.RETIRE


@pytest.mark.parametrize("kind", sorted(set(ExitKind) - {ExitKind.NOT_READY}, key=str))
def test_one_that_may_have_been_ready_before_the_monitor_came_does_not_count(kind: ExitKind) -> None:
    judge = Judge(2)
    assert judge.ask(4, Reason(kind)).decision is Decision.LET_GO
    assert judge.hang(5) is Decision.LET_GO
    assert judge.hang(6) is Decision.RETIRE


@pytest.mark.parametrize("told", [LossExcused, OrderEnded])
def test_what_is_told_late_of_one_that_had_an_order_takes_it_out(told: type[LossExcused] | type[OrderEnded]) -> None:
    """Whoever had an order was ready: neither it nor any before it belongs to the row."""
    judge = Judge()
    assert judge.hang(1) is judge.hang(2) is Decision.LET_GO
    judge.tell(told(SLOT, 2))
    assert judge.hang(3) is judge.hang(4) is Decision.LET_GO
    judge.tell(told(SLOT, 2))
    assert judge.hang(5) is Decision.RETIRE, "those after it stay"


def test_one_that_was_excused_before_its_end_is_not_counted() -> None:
    judge = Judge(2)
    for generation in range(1, 6):
        judge.tell(LossExcused(SLOT, generation))
        assert judge.hang(generation) is Decision.LET_GO


# ----------------------------------------------------------------------------------------------------------- properties


@attrs.frozen
class Life:
    """One generation: whether it became ready, how it ended, how often it was held before it was let go."""

    is_ready: bool
    is_planned: bool
    kind: ExitKind
    holds: int

    @property
    def is_counted(self) -> bool:
        """Whether it makes the row longer."""
        return not self.is_ready and not self.is_planned


def lives(is_ready: bool, is_planned: bool, kind: ExitKind, holds: int) -> Life:
    """Return a life that can be: what was ready does not end for not having been."""
    kind = ExitKind.CRASHED if is_ready and kind is ExitKind.NOT_READY else kind
    return Life(is_ready, is_planned, kind, holds)


KINDS = (ExitKind.NOT_READY, ExitKind.NOT_READY, ExitKind.START_FAILED, ExitKind.KILLED, ExitKind.HUNG)
RARELY = st.integers(0, 3).map(lambda number: number == 0)
LIVES = st.lists(st.builds(lives, RARELY, RARELY, st.sampled_from(KINDS), st.integers(0, 2)), max_size=12)


def rows(past: list[Life]) -> list[int]:
    """How long the row is after each of the lives."""
    found, row = list[int](), 0
    for life in past:
        row = 0 if life.is_ready else row + life.is_counted
        found.append(row)
    return found


@given(LIVES, st.integers(2, 4))
def test_a_slot_is_retired_with_the_last_of_the_row_and_not_before(past: list[Life], most: int) -> None:
    """Ready ends it, planned neither counts nor ends it, and one that is held counts once."""
    judge = Judge(most)
    for generation, (life, row) in enumerate(zip(past, rows(past), strict=True), start=1):
        judge.tell(event(generation, ChildChange.STARTED))
        if life.is_ready:
            judge.tell(event(generation, ChildChange.READY))
        judge.tell(event(generation, ChildChange.DOWN))
        for _ in range(life.holds):
            judge.tell(SHORT)
            held = judge.ask(generation, Reason(life.kind), planned=life.is_planned).decision
            assert held is (Decision.RETIRE if row >= most else Decision.HOLD)
        judge.tell(ENOUGH)
        decision = judge.ask(generation, Reason(life.kind), planned=life.is_planned).decision
        assert decision is (Decision.RETIRE if row >= most else Decision.LET_GO)
        if row >= most:
            return


@given(LIVES, st.integers(2, 4), st.data())
def test_a_monitor_that_came_back_retires_nobody_whose_row_is_shorter(
    past: list[Life], most: int, data: st.DataObject
) -> None:
    """It hears of the lives from any moment on, amid one too, and never takes one for never ready that was."""
    told = list[tuple[int, ChildEvent | None]]()
    for number, life in enumerate(past):
        told.append((number, event(number + 1, ChildChange.STARTED)))
        told += [(number, event(number + 1, ChildChange.READY))] * life.is_ready
        told += [(number, event(number + 1, ChildChange.DOWN)), (number, None)]
    judge, real = Judge(most), rows(past)
    for number, news in told[data.draw(st.integers(0, len(told))) :]:
        if news is not None:
            judge.tell(news)
            continue
        decision = judge.ask(number + 1, Reason(past[number].kind), planned=past[number].is_planned).decision
        assert decision is Decision.LET_GO or real[number] >= most
        if decision is not Decision.LET_GO:
            return


@given(st.integers(0, 5), st.integers(2, 4))
def test_a_monitor_that_came_back_waits_for_no_more_than_a_whole_row(before: int, most: int) -> None:
    judge = Judge(most)
    judge.tell(event(before + 1, ChildChange.DOWN))
    decisions = [judge.ask(before + 1).decision]
    decisions += [judge.hang(before + 1 + number) for number in range(1, most)]
    assert decisions == [Decision.LET_GO] * (most - 1) + [Decision.RETIRE]
