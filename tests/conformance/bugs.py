"""Runs a suite without pytest over an implementation with a bug, to see whether it notices."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from unittest import SkipTest


def falls(suite: object, make: Callable[[], Mapping[str, object]]) -> list[str]:
    """Return the suite's tests that fall.

    Args:
        suite: An instance of it.
        make: Makes what its tests ask for, by name, for each test anew.
    """
    fallen = []
    for name, test in inspect.getmembers(suite, inspect.ismethod):
        if not name.startswith("test_"):
            continue
        given = make()
        wanted = {one: given[one] for one in inspect.signature(test).parameters}
        try:
            test(**wanted)
        except SkipTest:
            continue
        except Exception:  # noqa: BLE001 - however it falls
            fallen.append(name)
    return fallen
