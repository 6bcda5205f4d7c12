"""The side under test: the command, as a user would call it, its journal on disk included."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from pathlib import Path


def purser_run(portal_url: str, numbers: list[str], workers: int, out_dir: Path) -> tuple[float, str]:
    """Download every order's attachments into `out_dir/<supplier>/<number>_COMPLETED/`.

    Returns:
        Seconds from before the program is started until it has ended, and what it complained of, or empty.
    """
    orders = out_dir.parent / "orders.csv"
    with orders.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["PO_NUMBER"], *([number] for number in numbers)])
    words = ["--portal", "coupa", "--base-url", portal_url, "--download-dir", str(out_dir), "--workers", str(workers)]
    started = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "actors.cli.entry", "run", str(orders), *words, "--route", "hybrid", "--quiet"],
        capture_output=True,
        text=True,
        env={**os.environ, "PURSER_STATE_DIR": str(out_dir.parent / "state")},
        check=False,
    )
    seconds = time.monotonic() - started
    return seconds, f"exit {ended.returncode}: {ended.stderr}"[:500] if ended.returncode else ""
