"""A run of seven orders is killed at each point at which it changes anything on disk, and goes on as if nothing was.

It is the real session in sequential mode, with the real journal and download folder; only browser and portal are not.
Whoever goes on with it is killed once more. See `driver.py` for what is checked afterwards, `points.py` for the points.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.summary import KILLS, POINTS

ROOT = Path(__file__).resolve().parents[2]
SHARES = 4
THINNED = 3 if os.environ.get("PURSER_CRASH") == "quick" else 1
"""In the whole suite each third point is enough; `pytest tests/crash` kills at all of them."""
FEWEST_POINTS = 200


@pytest.mark.parametrize("share", range(SHARES))
def test_a_run_killed_at_any_point_loses_nothing_and_does_nothing_twice(
    tmp_path: Path, record_property: Callable[[str, object], None], share: int
) -> None:
    command = [sys.executable, "-m", "tests.crash.driver", str(tmp_path), str(share * THINNED), str(SHARES * THINNED)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["points"] >= FEWEST_POINTS, "the crash points do not cover journal and publishing any more"
    assert found["kills"] == len(range(1 + share * THINNED, found["points"] + 1, SHARES * THINNED))
    record_property(POINTS, found["points"])
    record_property(KILLS, found["kills"])
