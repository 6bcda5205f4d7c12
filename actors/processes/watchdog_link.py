"""The program's end of the watchdog's pipe: starting it, telling it, and saying goodbye."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from actors.processes import watchdog
from actors.processes.stop_pipe import stop_pipe

log = logging.getLogger("purser.processes")
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
_GOODBYE_SECONDS = 5.0


class WatchdogLink:
    """One running watchdog. `tell` never blocks: a watchdog that is stuck must not hold up the crew."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The watchdog's process id while it is running."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it. When that fails the crew works on without it; the next start's reaper is the second net."""
        # Without site-packages it starts in half the time; only Linux can do without psutil.
        bare = ["-S"] if sys.platform == "linux" else []
        pipe = stop_pipe()
        told = [] if pipe is None else [str(pipe.read_end), str(os.getpid()), *map(str, pipe.bounds or ())]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", *bare, str(Path(watchdog.__file__).resolve()), *told],
                pass_fds=() if pipe is None else (pipe.read_end,),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd=Path(sys.executable).anchor,
                bufsize=0,
                env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            )
        except OSError as error:
            log.warning("The watchdog could not be started (%s). Browsers may outlive a killed program.", error)
            return
        if self._process.stdin is not None and hasattr(os, "set_blocking"):
            os.set_blocking(self._process.stdin.fileno(), False)

    def tell(self, line: bytes) -> None:
        """Send one line. A line below 4 KiB goes whole or not at all, so none is ever torn."""
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            os.write(process.stdin.fileno(), line)
        except OSError as error:
            log.warning("The watchdog does not listen any more (%s). The next start cleans up instead.", error)
            self._process = None
            self._end(process)

    def goodbye(self) -> None:
        """Tell it that all is clean and wait for its end."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        try:
            os.write(process.stdin.fileno(), watchdog.BYE)
            process.stdin.close()
            process.wait(_GOODBYE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # Killed before the pipe closes: a watchdog that missed a line must not act on half of what it knows.
        process.kill()
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
