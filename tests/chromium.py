"""What tests with a real browser get from their runner: a turn, and a second try. A pytest plugin.

At most two of them run at once, whatever the number of workers: more would miss their deadlines on two cores, while
other tests go on beside them. What a busy machine does to a browser is not always the program's fault, so a test that
falls is tried once more; the end of the run names it, since it must be mended.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress

import pytest

TURNS = 2
_ROUND = 0.05
"""Seconds between two looks for a free turn."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test with a browser a second try."""
    for item in items:
        if item.get_closest_marker("chromium"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Wait for a turn before a test with a browser begins, and before its time does."""
    cache: pytest.Cache | None = getattr(item.config, "cache", None)  # none with `-p no:cacheprovider`
    if cache is None or not item.get_closest_marker("chromium"):
        return (yield)
    with _turn(str(cache.mkdir("chromium") / "turns")):
        return (yield)


@contextmanager
def _turn(path: str) -> Iterator[None]:
    """Hold a lock on one byte of a file: it ends with the process, and no child that a test leaves inherits it."""
    pulse, file = threading.Event(), os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        while not any(_is_free(file, turn) for turn in range(TURNS)):
            pulse.wait(_ROUND)
        yield
    finally:
        os.close(file)


def _is_free(file: int, turn: int) -> bool:
    with suppress(BlockingIOError, PermissionError):
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, turn)
        return True
    return False
