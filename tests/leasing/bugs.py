"""Bugs in leasing for the tests of its tests: what takes the place of what, and the hunt for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from actors.leasing import Leasing, WorkerView
from tests.leasing.schedules import play, schedule
from tests.leasing.test_queue import play_queue

MOST = 80
"""Schedules in which a bug must show."""


@attrs.frozen
class Bug:
    """What takes the place of what."""

    name: str
    where: Any
    what: str
    instead: Callable[[Any], Any]


def hunt(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a bug in and play schedules until one notices it; fail when none does."""
    monkeypatch.setattr(bug.where, bug.what, bug.instead(vars(bug.where)[bug.what]))
    for seed in range(MOST):
        try:
            play_queue(seed)
            play(schedule(seed))
        except (AssertionError, KeyError, IndexError):
            return
    pytest.fail(f"{MOST} schedules did not notice: {bug.name}")


def always(value: Any) -> Callable[[Any], Any]:
    """Give one answer, whatever is asked."""
    return lambda _good: lambda *_given, **_named: value


def instead(made: Any) -> Callable[[Any], Any]:
    """Take the place of what was there, without asking it."""
    return lambda _good: made


def property_of(get: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Take the place of a property."""
    return lambda _good: property(get)


def without_emission(good: Any) -> Any:
    """Have nothing done that it asks for."""

    def bad(self: Leasing[Any], *rest: Any) -> Any:
        emit, self._emit = self._emit, lambda _effect: None
        try:
            return good(self, *rest)
        finally:
            self._emit = emit

    return bad


def without(kind: type) -> Callable[[Any], Any]:
    """Leave one kind of effect out."""

    def build(good: Any) -> Any:
        def bad(self: Leasing[Any], *given: Any, **named: Any) -> Any:
            emit = self._emit
            self._emit = lambda effect: None if isinstance(effect, kind) else emit(effect)
            try:
                return good(self, *given, **named)
            finally:
                self._emit = emit

        return bad

    return build


def keeps(**_kept: None) -> Callable[[Any], Any]:
    """Leave these as they were."""

    def build(good: Any) -> Any:
        def bad(self: WorkerView, *given: Any) -> None:
            before = {name: getattr(self, name) for name in _kept}
            good(self, *given)
            for name, value in before.items():
                setattr(self, name, value)

        return bad

    return build
