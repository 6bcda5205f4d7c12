"""Whose memory it is: the crew's share is of what is used, not of what there is."""

from __future__ import annotations

from actors.monitor.core import TellCrew, TellDispatcher
from contracts.messages import Pause, Recycle
from contracts.supervision import KillChild
from tests.monitor.test_core import Watcher


def test_a_tenth_of_what_is_used_is_the_crews_to_cure() -> None:
    (told,) = Watcher().read(0.80, ("w1", 1, 0.81))
    assert isinstance(told, TellDispatcher)
    assert isinstance(told.message, Recycle)
    assert Watcher().read(0.80, ("w1", 1, 0.79)) == []


def test_over_the_hard_limit_a_tenth_of_what_is_used_is_killed_and_less_pauses_dispatch() -> None:
    (told,) = Watcher().read(0.90, ("w1", 1, 0.91))
    assert isinstance(told, TellCrew)
    assert isinstance(told.message, KillChild)
    (told_of_less,) = Watcher().read(0.90, ("w1", 1, 0.89))
    assert isinstance(told_of_less, TellDispatcher)
    assert isinstance(told_of_less.message, Pause)
