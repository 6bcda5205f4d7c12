"""A mutant: one small bug, put into the real code by patching one function, and where it should come to light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from tests.simulation.mutants.scenarios import Scenario


@attrs.frozen
class Mutant:
    """One bug.

    Args:
        name: What it is called.
        breaks: What is wrong with it.
        place: The class or module that is patched.
        attribute: The function that is replaced.
        build: Makes the bad function from the good one.
        scenarios: Directed schedules, tried first.
        seeds: Pinned seeds, tried next.
        check: A check of one core alone, for what no schedule can show; it raises `AssertionError`.
    """

    name: str
    breaks: str
    place: object
    attribute: str
    build: Callable[[Any], Any]
    scenarios: tuple[Scenario, ...] = ()
    seeds: tuple[int, ...] = ()
    check: Callable[[], None] | None = None


def instead(function: Callable[..., Any] | property) -> Callable[[Any], Any]:
    """Return a `build` that leaves nothing of the good function."""
    return lambda _good: function
