"""Durations are told as people tell them, in every text of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import actors
from contracts.durations import spoken


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (-3, "0 seconds"),
        (0.05, "0.05 seconds"),
        (1, "1 second"),
        (2.34, "2.3 seconds"),
        (10, "10 seconds"),
        (29.6, "30 seconds"),
        (59.7, "1 minute"),
        (60, "1 minute"),
        (90, "1 minute 30 seconds"),
        (900, "15 minutes"),
        (3599.9, "1 hour"),
        (7500, "2 hours 5 minutes"),
        (86400, "1 day"),
        (180000, "2 days 2 hours"),
        (float("inf"), "an unlimited time"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


@given(st.floats(min_value=0, max_value=1e9))
def test_what_is_told_differs_from_the_duration_by_less_than_a_tenth(seconds: float) -> None:
    units = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}
    parts = re.findall(r"([0-9.e-]+) (day|hour|minute|second)s?", spoken(seconds))
    told = sum(float(number) * units[unit] for number, unit in parts)
    assert told == pytest.approx(seconds, rel=0.06, abs=0.001)


def test_no_text_of_the_program_makes_up_a_duration_of_its_own() -> None:
    own = re.compile(r":\.?\d*[gf]\} ?(?:s\b|sec|min)|%\.?\d*[gf] ?(?:s\b|min)|/ 60\b")
    root = Path(actors.__file__).parent
    found = [
        f"{file}: {line}" for file in root.rglob("*.py") for line in file.read_text().splitlines() if own.search(line)
    ]
    assert found == []
