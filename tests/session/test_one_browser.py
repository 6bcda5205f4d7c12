"""The one browser on real threads, in a place that does not answer: whoever looks is not held up, and is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actors.runtime import Actor, Context, Notifier, ThreadEnvironment
from actors.session.call_queue import CallQueue
from actors.session.errand_worker import Threads
from actors.session.one_browser import OneBrowser
from actors.supervise import AutoShutdown, ChildSpec, SupervisorSpec
from contracts.ports import Owner
from contracts.supervision import ChildEvent, Decision, RestartAsked, Verdict
from tests.session.conftest import PATIENCE, until
from tests.session.test_errand_worker import Echo


def no_actor(_context: Context) -> Actor:
    """The one browser is none."""
    raise AssertionError("an actor is started")


class User:
    """Has the browser, and lets it start as often as it likes."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self.heard: list[str] = []

    def visits(self, _owner: Owner) -> Callable[[], Echo]:
        return lambda: self._echo

    def name_of(self, duty: str) -> str:
        return f"do {duty}"

    def on_told(self, told: str) -> None:
        self.heard.append(told)

    def on_child_event(self, event: ChildEvent) -> None:
        self.heard.append(event.change.value)

    def may_restart(self, asked: RestartAsked) -> Verdict:
        return Verdict(asked.child, asked.generation, Decision.LET_GO)


class Stand:
    """A browser with short deadlines, driven by the test's own thread.

    Args:
        environment: Real threads.
        spec: What of the usual spec of its child is otherwise.
    """

    def __init__(self, environment: ThreadEnvironment, **spec: Any) -> None:
        self.echo = Echo()
        self.user = User(self.echo)
        self.calls = CallQueue(Notifier())
        usual: dict[str, Any] = {
            "kill": lambda _generation: None,
            "confirm_dead": lambda _generation, _timeout: True,
            "cleanup": lambda _generation: None,
            "kill_timeout": 0.2,
            "confirm_timeout": 0.1,
            "cleanup_timeout": 0.1,
        }
        child = ChildSpec(id="one", start=no_actor, significant=True, gate="monitor", **{**usual, **spec})
        rules = SupervisorSpec(children=(child,), auto_shutdown=AutoShutdown.ALL_SIGNIFICANT, parallel=True)
        self.browser: OneBrowser[str, str] = OneBrowser(
            rules, self.user, Threads(environment, Notifier(), self.calls, PATIENCE)
        )
        self.browser.want()
        self.drive(lambda: "ready" in self.user.heard and not self.browser.is_busy)

    def drive(self, happened: Callable[[], bool]) -> None:
        """Do what the session's thread does, until something has happened."""

        def look() -> bool:
            self.calls.make_all()
            self.browser.look()
            return happened()

        until(look, f"not yet; heard: {self.user.heard}")

    def close(self) -> None:
        """End it for good."""
        self.browser.close("the session ends", None)
        self.drive(lambda: self.browser.is_closed)


@pytest.fixture
def environment() -> Iterator[ThreadEnvironment]:
    """Real threads."""
    made = ThreadEnvironment()
    yield made
    made.close()


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What holds a thread until the test is over."""
    over = threading.Event()
    yield over
    over.set()


def test_one_that_is_cleared_away_leaves_nothing(environment: ThreadEnvironment) -> None:
    stand = Stand(environment)
    stand.close()
    assert not stand.browser.is_left


def test_a_kill_that_does_not_come_back_holds_nobody_up(environment: ThreadEnvironment, held: threading.Event) -> None:
    stand = Stand(environment, kill=lambda _generation: held.wait(2 * PATIENCE))
    stand.echo.gate.clear()
    stand.browser.give(1, "a")
    stand.drive(stand.echo.at_work.is_set)
    stand.browser.kill_what_is_in_hand("forced")
    stand.drive(lambda: stand.browser.is_closed)
    assert not held.is_set()
    assert stand.browser.is_left
    assert "could not be cleared away" in stand.browser.why_it_ended
    stand.echo.gate.set()


@pytest.mark.parametrize("step", ["kill", "confirm_dead", "cleanup"])
def test_what_is_not_cleared_away_in_time_is_left(
    environment: ThreadEnvironment, held: threading.Event, step: str
) -> None:
    stand = Stand(environment, **{step: lambda *_: held.wait(2 * PATIENCE)})
    stand.close()
    assert not held.is_set()
    assert stand.browser.is_left
