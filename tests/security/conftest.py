"""The sandbox, portals and programs of the system tests, for the test that runs the whole program."""

from __future__ import annotations

from tests.system.conftest import (
    sandbox as sandbox,
    start_portal as start_portal,
    start_program as start_program,
)
