"""Sessions and apps refuse arguments of the wrong type where they are made, by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors import MainApp, ProcessingSession
from actors.journal import MemoryJournal
from contracts.config import HeadlessConfiguration, PoolConfig


def each(name: str, *values: Any) -> list[tuple[str, Any]]:
    """Pair a name with each of its values."""
    return [(name, value) for value in values]


WRONG: list[tuple[str, Any]] = [
    *each("headless_config", {}, True, "chrome", HeadlessConfiguration),
    *each("enable_parallel", "false", 0, 1, None, []),
    *each("max_workers", "4", 4.0, True, None, 0),
    *each("settings", {}, "x", 3, PoolConfig(base_profile_path="/p")),
    *each("journal", 5, {}, b"x", [], "", MemoryJournal),
    *each("credentials", ("user", "password"), "user", {}),
    *each("timeouts", {}, 3, None),
    *each("download_dir", "", 3, None),
    ("no_such_setting", 1),
]
IDS = [f"{name}-{number}" for number, (name, _) in enumerate(WRONG)]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=IDS)
@pytest.mark.parametrize("kind", [ProcessingSession, MainApp])
def test_an_argument_of_the_wrong_type_is_refused_by_its_name(kind: Any, name: str, value: Any, tmp_path: Path) -> None:
    given = {"headless_config": HeadlessConfiguration(), name: value}
    with pytest.raises((TypeError, ValueError), match="headless_config" if name == "headless_config" else name):
        kind(**given)


@pytest.mark.parametrize("value", [None, {}, True])
def test_a_session_needs_its_configuration(value: Any) -> None:
    """Contract 4."""
    with pytest.raises(TypeError, match="headless_config must be a HeadlessConfiguration"):
        ProcessingSession(value)


@pytest.mark.parametrize("value", ["false", 0, None])
def test_what_only_looks_like_a_switch_changes_nothing_later_either(value: Any) -> None:
    session = ProcessingSession(HeadlessConfiguration(), False)
    with pytest.raises(TypeError, match="enabled must be True or False"):
        session.configure_parallel_processing(value, max_workers=2, worker_timeout=5)
    assert session.get_processing_mode(5) == "sequential"
    assert session._settings.timeouts.task == 300.0
