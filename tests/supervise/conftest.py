"""A world with a witness, taken down after its test whatever became of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.supervision import Exit
from tests.supervise.acting import Witness, World


@pytest.fixture
def world() -> Iterator[World]:
    """A world with a witness."""
    one = World()
    one.system.spawn("witness", lambda context: Witness(context, one))
    yield one
    for name in one.system.names():
        one.system.tell(name, Exit("cleaning up", force=True))
    one.wait(lambda: not [name for name in one.system.names() if name != "witness"] or bool(one.ended))
    one.environment.close()
