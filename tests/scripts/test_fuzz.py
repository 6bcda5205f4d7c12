"""The fuzz run at a small size: three seeds, the last with one browser and no actors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.chromium
FUZZ = Path(__file__).resolve().parents[2] / "scripts" / "fuzz.py"


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("seed", "workers"), [(1, 2), (2, 2), (3, 0)])
def test_a_portal_that_answers_anything_harms_no_good_order_gets_no_secret_and_ends_no_run(
    seed: int, workers: int
) -> None:
    """Checked by the script itself, from the portal's side and on the disk."""
    words = ["--pos", "6", "--workers", str(workers), "--seed", str(seed), "--limit", "300"]
    ended = subprocess.run([sys.executable, FUZZ, *words], capture_output=True, text=True, timeout=390, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "all of it holds" in ended.stdout
