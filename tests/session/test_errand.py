"""Work on a thread of its own that somebody waits for, or no longer does: what it holds is closed once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from actors.runtime import Notifier, ThreadEnvironment
from actors.session.errand import Errand
from actors.worker.visitor import Visitor
from contracts.ports import Owner
from tests.session.conftest import PATIENCE, until


class Held:
    """What an errand holds."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@pytest.fixture
def environment() -> Iterator[ThreadEnvironment]:
    """Real threads."""
    made = ThreadEnvironment()
    yield made
    made.close()


def errand(work: Any, held: Held) -> Errand:
    """An errand that holds something."""
    return Errand(Owner("w1", 1), "test", work, closes=cast("Visitor", held))


def test_what_an_errand_holds_is_closed_when_it_is_left_after_its_end(environment: ThreadEnvironment) -> None:
    notifier, held = Notifier(), Held()
    made = errand(lambda: None, held)
    made.start(environment, notifier)
    assert notifier.wait_for(lambda: made.is_over, PATIENCE)
    assert held.closed == 0
    made.leave()
    assert held.closed == 1


def test_what_an_errand_holds_is_closed_when_it_comes_back_after_it_was_left(environment: ThreadEnvironment) -> None:
    notifier, held, gate = Notifier(), Held(), threading.Event()
    made = errand(lambda: gate.wait(PATIENCE), held)
    made.start(environment, notifier)
    made.leave()
    assert held.closed == 0
    gate.set()
    until(lambda: held.closed == 1, "it was closed")


def test_an_errand_that_is_begun_twice_is_done_once(environment: ThreadEnvironment) -> None:
    notifier, done = Notifier(), []
    made = errand(lambda: done.append(1), Held())
    made.start(environment, notifier)
    made.start(environment, notifier)
    assert notifier.wait_for(lambda: made.is_over, PATIENCE)
    made.start(environment, notifier)
    until(lambda: not any(t.name == "purser-job-test" for t in threading.enumerate()), "all threads came back")
    assert done == [1]
