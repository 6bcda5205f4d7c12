"""The one formula of waiting: growth, limit, chance; and that restarts, visits, probes and questions all go by it."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from contracts.backoff import backoff

ROOT = Path(__file__).resolve().parents[2]
steps = st.integers(-3, 5000)
seconds = st.floats(0.0, 1e6)


def test_each_wait_is_so_many_times_the_one_before_up_to_the_limit() -> None:
    assert [backoff(step, first=5, most=30) for step in range(5)] == [0, 5, 10, 20, 30]
    assert [backoff(step, first=1, most=100, factor=3) for step in (1, 2, 3, 6)] == [1, 3, 9, 100]


@given(steps, seconds, seconds, st.floats(1.0, 10.0), st.floats(-0.5, 1.0), st.integers())
def test_no_wait_is_negative_or_over_the_limit(
    step: int, first: float, most: float, factor: float, spread: float, seed: int
) -> None:
    wait = backoff(step, first=first, most=most, factor=factor, spread=spread, chance=random.Random(seed))
    assert 0 <= wait <= most


@given(st.integers(1, 100), seconds, seconds, st.floats(0.0, 1.0), st.integers())
def test_with_chance_that_only_adds_waits_never_shrink(
    step: int, first: float, most: float, spread: float, seed: int
) -> None:
    chance = random.Random(seed)
    before = backoff(step, first=first, most=most, spread=spread, chance=chance)
    after = backoff(step + 1, first=first, most=most, spread=spread, chance=chance)
    assert after >= before or after == pytest.approx(before)


def _has_constant(node: ast.BinOp) -> bool:
    return isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant)


def _powers(path: Path) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.BinOp)]
    powers = [node for node in nodes if isinstance(node.op, ast.Pow) and not _has_constant(node)]
    return [f"{path.parent.name}/{path.name}" for _ in powers]


def test_there_is_no_second_formula() -> None:
    """No file raises a number to the power of how often something was tried; one shares out the time of an end so."""
    rooms = ("dispatch", "leasing", "logins", "monitor", "runtime", "session", "supervise", "worker")
    found = [
        power for room in rooms for path in sorted((ROOT / "actors" / room).glob("*.py")) for power in _powers(path)
    ]
    assert found == ["supervise/rules.py"]
