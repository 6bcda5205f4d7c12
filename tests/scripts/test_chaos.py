"""The chaos run at a small size: three seeds, each with the whole program killed twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.chromium
CHAOS = Path(__file__).resolve().parents[2] / "scripts" / "chaos.py"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chaos_loses_nothing_does_nothing_twice_and_leaves_nothing(seed: int) -> None:
    """Checked by the script itself, from the portal's side and on the disk."""
    words = ["--pos", "12", "--workers", "2", "--kills", "2", "--seed", str(seed), "--limit", "300"]
    ended = subprocess.run([sys.executable, CHAOS, *words], capture_output=True, text=True, timeout=390, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "all of it holds" in ended.stdout
