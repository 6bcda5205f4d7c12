"""The `purser` command over stub browsers, in this process or as a program, so that a test decides how far a run comes.

As a program it takes the command's own words. Three variables steer it: `STUB_LOG` names a file that gets the number
of each order visited, `STUB_STOP_AFTER` lets that many visits begin and holds every later one for ever, `STUB_ANSWERS`
is a JSON object from order number to the HTTP status that its page is answered with. `STUB_NAMELESS` makes the user one
that the system has no name and no home for.
"""

from __future__ import annotations

import functools
import json
import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from actors import ProcessingSession
from actors.session import figures
from actors.session.mode import MachineFigures
from actors.session.run_resources import open_resources
from actors.testing import StubBrowserHost, StubPortal, StubResources
from contracts.config import Settings
from contracts.ports import Owner

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://127.0.0.1:9"
ROOM = MachineFigures(cores=4, memory_free_mb=16_000, memory_fraction=0.2, cpu_percent=10)
PATIENCE = 60.0


@attrs.define(eq=False, slots=False)
class Script:
    """What the stub browsers do.

    Args:
        log: Gets the number of each order that was visited.
        stop_after: Visits that may begin; later ones are held for ever. None lets all through.
        answers: HTTP status by order number; 200 for others.
        opening: Called with the settings before a run's resources are opened.
    """

    log: Path | None = None
    stop_after: int | None = None
    answers: Mapping[str, int] = attrs.field(factory=dict)
    visits: list[str] = attrs.field(factory=list)
    opening: Callable[[Settings], object] = lambda _settings: None
    held: threading.Event = attrs.field(factory=threading.Event)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def visit(self, number: str) -> bool:
        """Note a visit; return whether it is to be held."""
        with self._lock:
            held = self.stop_after is not None and len(self.visits) >= self.stop_after
            if not held:
                self.visits.append(number)
            if self.log is not None:
                with self.log.open("a") as file:
                    file.write(f"{'held' if held else 'visited'} {number}\n")
        if held:
            self.held.set()
        return held

    def show(self, url: str) -> tuple[int, str]:
        """Answer as the order's number says."""
        return self.answers.get(url.rpartition("/")[2], 200), ""


class ScriptedHost(StubBrowserHost):
    """Where browsers live that answer as a script says."""

    def __init__(self, script: Script) -> None:
        super().__init__(self._visit, script.show)
        self._script = script

    def _visit(self, owner: Owner, url: str) -> None:
        if self._script.visit(url.rpartition("/")[2]):
            self.hold(owner)


def scripted_session(script: Script) -> Callable[..., ProcessingSession]:
    """Return what makes sessions over resources that follow a script."""

    def local(settings: Settings, *_more: object) -> Any:
        script.opening(settings)
        return StubResources(settings, browsers=ScriptedHost(script), portal=StubPortal())  # whatever is named

    return functools.partial(ProcessingSession, open_resources=functools.partial(open_resources, local=local))


def program(*words: object, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the command over stub browsers as a program of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PURSER_", "STUB_"))}
    own = {"PYTHONPATH": str(ROOT), "TMPDIR": str(cwd), "PURSER_STATE_DIR": str(cwd / "state")}
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, words)],
        cwd=cwd, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
        env={**kept, **own, **environment},
    )  # fmt: skip


def _nobody(number: int) -> pwd.struct_passwd:
    raise KeyError(f"getpwuid(): uid not found: {number}")


def main() -> None:
    """Run the command."""
    if os.environ.get("STUB_NAMELESS"):
        os.environ.pop("HOME", None)
        pwd.getpwuid = _nobody  # what a container does for a number without a name
    log = os.environ.get("STUB_LOG")
    stop = os.environ.get("STUB_STOP_AFTER")
    script = Script(
        Path(log) if log else None, int(stop) if stop else None, json.loads(os.environ.get("STUB_ANSWERS", "{}"))
    )
    figures.machine = lambda: ROOM
    from actors.cli.entry import entry_point

    entry_point(scripted_session(script))


if __name__ == "__main__":
    main()
