"""Prints, at the end of a test run, at how many points the crash tests have killed the program. A pytest plugin."""

from __future__ import annotations

import pytest

POINTS = "crash points"
KILLS = "kills at crash points"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests recorded."""
    told = [dict(report.user_properties) for report in terminalreporter.getreports("passed")]
    points = max((int(str(one[POINTS])) for one in told if POINTS in one), default=0)
    if points:
        kills = sum(int(str(one[KILLS])) for one in told if KILLS in one)
        terminalreporter.section("crash points")
        terminalreporter.write_line(
            f"{points} crash points in journal and publishing; killed at {kills} of them, and once more while going on"
        )
