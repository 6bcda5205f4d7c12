"""Cancelling what is in work costs no worker slot: dispatcher, monitor and supervisor of the workers, core by core.

A crew and the sequential mode have the same three cores. What lies between them is who hears of something first.
"""

from __future__ import annotations

from collections import deque

import pytest

from actors.dispatch.effects import DispatchEffect
from actors.leasing import ExcuseLoss, KillWorker, NoteTaskEnded, RecycleWorker
from actors.monitor.core import MonitorCore, TellCrew
from actors.supervise.core import SuperviseCore
from actors.supervise.effects import (
    Announce,
    AskGate,
    ClearOwned,
    EndSelf,
    KillOwned,
    SetAlarm,
    StartChild,
    SuperviseEffect,
    SuperviseEvent,
)
from actors.supervise.spec import SupervisorSpec
from contracts.config import ResourceLimits
from contracts.messages import BeginBatch, Cancel, LossExcused, OrderEnded
from contracts.supervision import (
    Alarm,
    AlarmDue,
    ChildChange,
    ChildEvent,
    Cleared,
    Down,
    ExitKind,
    KillChild,
    Ready,
    Reason,
    RecycleChild,
    RestartAsked,
    Stable,
)
from tests.dispatch.driving import Drive, orders
from tests.supervise.driving import child

COUNT = 12


class Crew(Drive):
    """A dispatcher with the supervisor of its workers, and the monitor that it asks.

    Args:
        names: The workers.
        late: Whether the monitor and the supervisor hear of an excuse only after the restart was judged.
    """

    def __init__(self, *names: str, late: bool = False) -> None:
        super().__init__()
        self.late = late
        self.monitor = MonitorCore(ResourceLimits())
        self.delays: list[float] = []
        self.retired: dict[str, str] = {}
        children = (child(name, owns=True, gate="monitor", significant=True) for name in names)
        self.supervisor = SuperviseCore(SupervisorSpec(children=tuple(children), parallel=True))
        self._follow(self.supervisor.open(self.now))

    def check(self, effects: list[DispatchEffect]) -> None:
        """Hand on what concerns the neighbours."""
        excuses = [effect for effect in effects if isinstance(effect, ExcuseLoss)]
        for effect in effects:
            match effect:
                case KillWorker(worker, generation, text):
                    self.tell(KillChild(worker, generation, text))
                case RecycleWorker(worker, generation, text):
                    self.tell(RecycleChild(worker, generation, text))
                case NoteTaskEnded(worker, generation):
                    self.monitor.handle(OrderEnded(worker, generation), self.now)
                case ExcuseLoss() if not self.late:
                    self._excuse(effect)
                case _:
                    pass
        for excuse in excuses if self.late else ():
            self._excuse(excuse)

    def _excuse(self, effect: ExcuseLoss) -> None:
        self.monitor.handle(LossExcused(effect.worker, effect.generation), self.now)
        self.tell(Stable(effect.worker, effect.generation))

    def tell(self, event: SuperviseEvent) -> None:
        """Tell the supervisor something, and do what it answers."""
        self._follow(self.supervisor.handle(event, self.now))

    def _follow(self, effects: list[SuperviseEffect]) -> None:
        todo = deque(effects)
        while todo:
            match todo.popleft():
                case Announce(name, generation, change, reason, requested, delay):
                    event = ChildEvent("crew", name, generation, change, reason, requested, delay)
                    self.generations[name] = generation
                    if change is ChildChange.RESTARTING:
                        self.delays.append(delay)
                    elif change is ChildChange.RETIRED and reason is not None:
                        self.retired[name] = reason.text
                    self.monitor.handle(event, self.now)
                    self.send(event)
                case StartChild(name, generation):
                    todo.extend(self.supervisor.handle(Ready(name, generation), self.now))
                case KillOwned(name, generation, text):
                    down = Down(name, generation, Reason(ExitKind.KILLED, text))
                    todo.extend(self.supervisor.handle(down, self.now))
                case ClearOwned(name, generation):
                    todo.extend(self.supervisor.handle(Cleared(name, generation, gone=True), self.now))
                case AskGate(_, name, generation, reason, planned):
                    asked = RestartAsked("crew", name, generation, reason, planned)
                    for answer in self.monitor.handle(asked, self.now):
                        assert isinstance(answer, TellCrew)
                        todo.extend(self.supervisor.handle(answer.message, self.now))
                case SetAlarm(AlarmDue(alarm=Alarm.BACKOFF) as due):
                    todo.extend(self.supervisor.handle(due, self.now))  # no time passes, so every end counts
                case EndSelf(reason):
                    raise AssertionError(f"the crew has ended: {reason}")
                case _:
                    pass

    def cancel_what(self, worker: str) -> int:
        """Cancel the order that a worker is at; return its number."""
        number = self.number(worker)
        self.send(Cancel((number,), "nobody wants it", "POOL_SHUTDOWN"))
        return number


def begun(*names: str, late: bool = False) -> Crew:
    crew = Crew(*names, late=late)
    crew.send(BeginBatch(COUNT))
    crew.submit(orders(COUNT))
    return crew


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("touched", [False, True])
@pytest.mark.parametrize("names", [("sequential",), ("w1", "w2")])
def test_a_slot_whose_orders_are_cancelled_in_work_is_never_retired(
    names: tuple[str, ...], touched: bool, late: bool
) -> None:
    crew = begun(*names, late=late)
    first = names[0]
    for _ in range(COUNT - 2):
        if touched:
            crew.touch(first)
        crew.cancel_what(first)
    assert crew.retired == {}
    assert crew.generations[first] == COUNT - 1
    assert late or set(crew.delays) == {0.0}, "whoever is excused in time does not wait"
    crew.complete(first)
    assert len(crew.outcomes) == COUNT - 1


def test_browsers_that_end_by_themselves_still_retire_their_slot() -> None:
    crew = begun("w1")
    for generation in (1, 2, 3):
        crew.tell(Down("w1", generation, Reason(ExitKind.CRASHED, "it broke")))
    assert "without a finished order" in crew.retired["w1"], "nobody was seen alive, and nobody is excused"
