"""The program under attack: `purser run` in a process of its own, then `purser resume` after each end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import attrs
import psutil

from scripts.supervision.place import Place

_READY = re.compile(r"^(\S+Z) .*crew: (worker-\d+) generation (\d+) ready")

SETTINGS = """\
[timeouts]
inactivity = 8
download_stall = 3
http_read = 2
worker_ready = 20
shutdown = 15
circuit_probe_first = 0.5
circuit_probe_max = 2
[intensity]
max_restarts = 1000
max_delay = 2
[limits]
max_restart_attempts = 100
"""
"""Short limits, since what hangs here hangs on purpose, and room for more deaths than any crew should see."""


@attrs.define(eq=False)
class Program:
    """One program at work after another, all in the same download folder.

    Args:
        place: Where.
        url: The portal.
        workers: Browsers at work.
    """

    place: Place
    url: str
    workers: int
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    codes: list[int] = attrs.field(factory=list)

    def start(self) -> None:
        """Start it: the first time with the CSV, then on what it finds."""
        first = self.starts == 0
        settings = self.place.output / "settings.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        words = ["resume", str(self.place.downloads)]
        if first:
            words = ["run", str(self.place.orders), "--base-url", self.url, "--config", str(settings)]
            words += ["--download-dir", str(self.place.downloads), "--workers", str(self.workers)]
        self.starts += 1
        with self.place.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "actors.cli.entry", *words],
                stdout=log,
                stderr=log,
                env=os.environ | {"PURSER_DEBUG": "1"},
            )

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it as `kill -9` does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def wait(self, seconds: float) -> int:
        """Wait for its end and return its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def ready_times(self) -> Iterator[tuple[str, int, float]]:
        """Yield worker, generation and time (seconds since the epoch) of each browser that became ready."""
        for line in self.place.log.read_text(encoding="utf-8", errors="replace").splitlines():
            found = _READY.match(line)
            if found:
                at = datetime.fromisoformat(found[1])
                yield found[2], int(found[3]), at.timestamp()


def processes_of(scratch: Path) -> list[psutil.Process]:
    """Return every living process that names the scratch folder in its command line, the program itself left out."""
    found = []
    for process in psutil.process_iter():
        try:
            named = any(str(scratch) in word for word in process.cmdline())
            if named and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found
