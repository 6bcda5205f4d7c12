"""A worker without an actor: what its errands bring counts as long as it does, and what it holds is closed once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from actors.runtime import Notifier, ThreadEnvironment
from actors.session.call_queue import CallQueue
from actors.session.errand_worker import ErrandWorker, Threads
from actors.worker.shell import Reports
from contracts.errors import BrowserDiedError, CrewFailedError
from contracts.ports import Owner
from contracts.supervision import ExitKind, Reason
from tests.session.conftest import PATIENCE, until


class Echo:
    """Does duties that are texts, at a gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.at_work = threading.Event()
        self.alive = True
        self.closed = 0

    def perform(self, duty: str, tell: Callable[[str], object]) -> bool:
        """Tell it twice, before the gate and behind it."""
        tell(f"begin {duty}")
        self.at_work.set()
        self.gate.wait(PATIENCE)
        tell(f"end {duty}")
        return True

    def check_alive(self) -> None:
        """Look."""
        if not self.alive:
            raise BrowserDiedError("It ended by itself.")

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class Stand:
    """One worker on real threads, driven by the test's own."""

    def __init__(self, environment: ThreadEnvironment, start: Callable[[], Echo], patience: float = PATIENCE) -> None:
        self.notifier = Notifier()
        self.calls = CallQueue(self.notifier)
        self.heard: list[str] = []
        self.down: list[Reason] = []
        self.worker: ErrandWorker[str, str] = ErrandWorker(
            Owner("w1", 1),
            start,
            Reports(lambda: self.heard.append("ready"), lambda: self.heard.append("stable"), self.heard.append),
            self.down.append,
            lambda duty: f"do {duty}",
            Threads(environment, self.notifier, self.calls, patience),
        )

    def drive(self, happened: Callable[[], bool]) -> None:
        """Do what the session's thread does, until something has happened."""

        def look() -> bool:
            self.calls.make_all()
            self.worker.look()
            return happened()

        until(look, f"not yet; heard: {self.heard}, down: {self.down}")


@pytest.fixture
def environment() -> Iterator[ThreadEnvironment]:
    """Real threads."""
    made = ThreadEnvironment()
    yield made
    made.close()


def test_duties_are_done_one_after_the_other_and_told_in_their_order(environment: ThreadEnvironment) -> None:
    echo = Echo()
    stand = Stand(environment, lambda: echo)
    stand.worker.give("a")
    stand.worker.give("b")
    stand.drive(lambda: "end b" in stand.heard and stand.worker.errand is None)
    assert stand.heard == ["ready", "begin a", "end a", "stable", "begin b", "end b"]
    stand.worker.end("enough")
    assert stand.down == [Reason(ExitKind.SHUTDOWN, "enough")]
    assert echo.closed == 1


def test_what_is_in_hand_is_finished_before_it_ends(environment: ThreadEnvironment) -> None:
    echo = Echo()
    stand = Stand(environment, lambda: echo)
    stand.drive(lambda: "ready" in stand.heard and stand.worker.errand is None)
    echo.gate.clear()
    stand.worker.give("a")
    stand.drive(echo.at_work.is_set)
    stand.worker.end("enough")
    assert not stand.down
    echo.gate.set()
    stand.drive(lambda: bool(stand.down))
    assert stand.heard[-2:] == ["end a", "stable"]


def test_what_a_thread_brings_that_was_left_behind_is_dropped_and_what_it_holds_is_closed(
    environment: ThreadEnvironment,
) -> None:
    echo = Echo()
    echo.gate.clear()
    stand = Stand(environment, lambda: echo)
    stand.worker.give("a")
    stand.drive(echo.at_work.is_set)
    stand.worker.leave()
    before = list(stand.heard)
    assert echo.closed == 0
    echo.gate.set()
    until(lambda: echo.closed == 1, "it is closed")
    stand.calls.make_all()
    stand.worker.look()
    assert stand.heard == before
    assert not stand.down


def test_what_a_start_brings_that_was_left_behind_is_closed_too(environment: ThreadEnvironment) -> None:
    echo, gate, begun = Echo(), threading.Event(), threading.Event()

    def start() -> Echo:
        begun.set()
        gate.wait(PATIENCE)
        return echo

    stand = Stand(environment, start)
    stand.drive(begun.is_set)
    stand.worker.leave()
    gate.set()
    until(lambda: echo.closed == 1, "it is closed")
    stand.calls.make_all()
    assert stand.heard == []


def test_an_idle_one_that_dies_goes_down_once(environment: ThreadEnvironment) -> None:
    echo = Echo()
    stand = Stand(environment, lambda: echo)
    stand.drive(lambda: "ready" in stand.heard and stand.worker.errand is None)
    echo.alive = False
    stand.drive(lambda: bool(stand.down))
    stand.worker.look()
    assert [(one.kind, one.error) for one in stand.down] == [(ExitKind.CRASHED, "BrowserDiedError")]


def test_a_machine_without_a_thread_is_waited_for_and_no_longer_than_it_may_take(
    environment: ThreadEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = iter([True, True])

    def refuse(_name: str, job: Callable[[], None]) -> None:
        if next(refusals, False):
            raise RuntimeError("can't start new thread")
        threading.Thread(target=job, daemon=True).start()

    monkeypatch.setattr(environment, "run_job", refuse)
    stand = Stand(environment, Echo)
    lacking = []
    for _ in range(3):
        stand.worker.look()
        lacking.append(stand.worker.lacks_a_thread)
    assert lacking == [True, True, False]
    stand.drive(lambda: "ready" in stand.heard)
    refusals = iter([True])
    impatient = Stand(environment, Echo, patience=0.0)
    with pytest.raises(CrewFailedError, match="no thread left"):
        impatient.worker.look()
    impatient.worker.end("enough")
    assert impatient.down == [Reason(ExitKind.SHUTDOWN, "enough")]
