"""The watch over a long step: deadline, revocation, reports."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.runtime import Revocation
from actors.worker.watch import Revocations, Watch
from contracts.errors import BrowserDiedError, NetworkError
from contracts.ports import Owner


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def monotonic(self) -> float:
        """Return what was set."""
        return self.time

    def now(self) -> datetime:
        """Return some day."""
        return datetime(2025, 1, 1, tzinfo=UTC)


def watched(seconds: float = 10.0) -> tuple[Watch, HandClock, Revocation, list[str]]:
    """A watch and what it hangs on."""
    clock, revocation = HandClock(), Revocation()
    said: list[str] = []
    return Watch(clock, seconds, revocation, said.append), clock, revocation, said


def test_a_step_may_go_on_until_its_deadline() -> None:
    watch, clock, _, _ = watched()
    clock.time += 9.99
    watch.check()
    assert watch.remaining() == pytest.approx(0.01)
    clock.time += 0.01
    assert watch.remaining() == 0.0
    with pytest.raises(NetworkError):
        watch.check()


def test_a_revoked_lease_ends_the_step_at_once_and_before_any_deadline() -> None:
    watch, clock, revocation, _ = watched()
    revocation.revoke()
    with pytest.raises(BrowserDiedError):
        watch.wait(3600)
    clock.time += 100
    with pytest.raises(BrowserDiedError):
        watch.check()


def test_activity_is_reported_now_and_then_and_a_new_one_at_once() -> None:
    watch, clock, _, said = watched()
    watch.say("opening")
    watch.touch()
    assert said == ["opening"]
    clock.time += 0.5
    watch.touch()
    watch.touch()
    assert said == ["opening", "opening"]
    watch.say("reading")
    assert said[-1] == "reading"


def test_each_generation_has_a_revocation_of_its_own() -> None:
    known = Revocations()
    first, second = Owner("w1", 1), Owner("w1", 2)
    assert known.of(first) is known.of(first)
    known.revoke(first)
    assert known.of(first).is_revoked
    assert not known.of(second).is_revoked
    known.forget(first)
    assert not known.of(first).is_revoked
