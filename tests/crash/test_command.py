"""`purser run` is killed at each point at which it changes the folder: status and resume tell the truth afterwards.

From before the folder is there until after its results are written. See `command.py` for what is checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARES = 2
FEWEST_POINTS = 40


@pytest.mark.parametrize("share", range(SHARES))
def test_a_command_killed_at_any_instant_is_told_of_truly_and_gone_on_with(tmp_path: Path, share: int) -> None:
    words = [sys.executable, "-m", "tests.crash.command", str(tmp_path), str(share), str(SHARES)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["points"] >= FEWEST_POINTS, "the crash points do not cover the beginning and the end any more"
    assert found["kills"] == len(range(1 + share, found["points"] + 1, SHARES))
