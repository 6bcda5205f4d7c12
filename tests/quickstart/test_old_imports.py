"""Import lines of the older layout go on working beside the one-line modules of this folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(
    ("line", "new_home"),
    [
        ("from core.main import MainApp as thing", "actors.MainApp"),
        ("from core.main import ProcessingSession as thing", "actors.ProcessingSession"),
        ("from core.headless_config import HeadlessConfiguration as thing", "contracts.HeadlessConfiguration"),
        ("from workers.profile_manager import ProfileManager as thing", "actors.ProfileManager"),
        ("from workers.exceptions import ParallelProcessingError as thing", "contracts.ParallelProcessingError"),
        ("from workers.exceptions import WorkerError as thing", "contracts.WorkerError"),
    ],
)
def test_an_old_import_line_gives_the_very_same_thing(line: str, new_home: str) -> None:
    package, _, _ = new_home.partition(".")
    program = f"{line}\nimport {package}\nassert thing is {new_home}"
    path = os.pathsep.join((str(HERE), str(HERE.parents[1])))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
