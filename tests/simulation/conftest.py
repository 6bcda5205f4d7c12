"""What all tests of the simulation share: silence, so that thousands of schedules stay quick."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_logging() -> Iterator[None]:
    """Keep the actors from logging; a failing seed is told by `python -m tests.simulation.replay`."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)
