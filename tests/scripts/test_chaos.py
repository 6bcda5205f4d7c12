"""The chaos run at a small size: three seeds, each with the whole program killed on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.chromium
CHAOS = Path(__file__).resolve().parents[2] / "scripts" / "chaos.py"


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("seed", "pos", "kills"), [(1, 12, 2), (2, 8, 1), (3, 8, 1)])
def test_chaos_loses_nothing_does_nothing_twice_and_leaves_nothing(seed: int, pos: int, kills: int) -> None:
    """Checked by the script itself, from the portal's side and on the disk."""
    words = ["--pos", str(pos), "--workers", "2", "--kills", str(kills), "--seed", str(seed), "--limit", "300"]
    ended = subprocess.run([sys.executable, CHAOS, *words], capture_output=True, text=True, timeout=390, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "all of it holds" in ended.stdout
