"""Messages that bring a system actor down, or to a stand: a bug that raises, and one that does not come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.session.tree import DISPATCHER, LOGIN_BROKER, MONITOR, REPORTER
from contracts.messages import OrderEnded, SessionProved, Submit
from contracts.supervision import ChildChange, ChildEvent
from contracts.tasks import Order


class Poison:
    """Nothing handles it; whoever gets it ends."""


def stall_for(name: str, wait: Callable[[], None]) -> Any:
    """Return a message that keeps that actor busy until `wait` returns, and means nothing."""

    class _Long:
        def __init__(self) -> None:
            """Leave the fields to the properties."""

        def __repr__(self) -> str:
            return "(something that takes long)"

    class LongSubmit(_Long, Submit):
        key = "nobody's"

        @property
        def orders(self) -> tuple[Order, ...]:  # it takes its time
            wait()
            return ()

    class LongProof(_Long, SessionProved):
        @property
        def host(self) -> str:
            wait()
            return "nowhere.test"

    class LongOrderEnded(_Long, OrderEnded):
        generation = 0

        @property
        def worker(self) -> str:
            wait()
            return "nobody"

    class LongNews(_Long, ChildEvent):
        child = "nobody"
        reason = None

        @property
        def change(self) -> ChildChange:
            wait()
            return ChildChange.READY

    kinds: dict[str, type[_Long]] = {
        DISPATCHER: LongSubmit,
        LOGIN_BROKER: LongProof,
        MONITOR: LongOrderEnded,
        REPORTER: LongNews,
    }
    return kinds[name]()
