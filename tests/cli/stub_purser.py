"""The `purser` command over stub browsers, in this process or as a program, so that a test decides how far a run comes.

As a program it takes the command's own words. Three variables steer it: `STUB_LOG` names a file that gets the number
of each order visited, `STUB_STOP_AFTER` lets that many visits begin and holds every later one for ever, `STUB_ANSWERS`
is a JSON object from order number to the HTTP status that its page is answered with. `STUB_NAMELESS` makes the user one
that the system has no name and no home for.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from actors.runtime import Notifier
from actors.session import figures, resources
from actors.session.mode import MachineFigures
from actors.stubs.resources import StubBrowser, StubPortal, StubResources
from contracts.config import Settings
from contracts.errors import BrowserDiedError
from contracts.ports import HttpFailure, NotFoundPage, Owner, PageReading, PageSnapshot

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://127.0.0.1:9"
ROOM = MachineFigures(cores=4, memory_free_mb=16_000, memory_fraction=0.2, cpu_percent=10)
PATIENCE = 60.0
_never = Notifier()

SECONDS_BETWEEN_LOOKS = 0.02
"""How often a held browser looks whether it was killed; nobody rings when it is."""


@attrs.define(eq=False, slots=False)
class Script:
    """What the stub browsers do.

    Args:
        log: Gets the number of each order that was visited.
        stop_after: Visits that may begin; later ones are held for ever. None lets all through.
        answers: HTTP status by order number; 200 for others.
    """

    log: Path | None = None
    stop_after: int | None = None
    answers: Mapping[str, int] = attrs.field(factory=dict)
    visits: list[str] = attrs.field(factory=list)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def visit(self, number: str) -> int:
        """Note a visit and return the answer's status; 0 when the visit is to be held."""
        with self._lock:
            held = self.stop_after is not None and len(self.visits) >= self.stop_after
            if not held:
                self.visits.append(number)
            if self.log is not None:
                with self.log.open("a") as file:
                    file.write(f"{'held' if held else 'visited'} {number}\n")
        return 0 if held else self.answers.get(number, 200)


class ScriptedBrowser(StubBrowser):
    """Answers as the script says."""

    script: Script

    def open(self, url: str) -> PageSnapshot:
        """Open a page."""
        page = super().open(url)
        status = self.script.visit(url.rpartition("/")[2])
        if not status:
            while self.is_alive():
                _never.wait_for(lambda: not self.is_alive(), SECONDS_BETWEEN_LOOKS)
            raise BrowserDiedError("The browser was killed while it was held.")
        return attrs.evolve(page, http_status=status)


class ScriptedPortal(StubPortal):
    """Takes a page for the order's own unless it was answered otherwise."""

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Read a page."""
        if page.http_status == 404:
            return NotFoundPage("no such order")
        return HttpFailure(page.http_status) if page.http_status != 200 else super().read(page, po_number)


class ScriptedResources(StubResources):
    """Stub resources with scripted browsers; takes what `LocalResources` takes."""

    script: Script

    def __init__(self, settings: Settings, *_more: Any) -> None:
        super().__init__(settings, simulate_failures=False, fixed=True)
        self.portal = ScriptedPortal(simulate_failures=False)

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a scripted browser."""
        super().launch(owner)
        browser = ScriptedBrowser(owner, self)
        browser.script = self.script
        return browser


def run_resources(script: Script) -> type[ScriptedResources]:
    """Return resources that follow a script."""
    return type("Resources", (ScriptedResources,), {"script": script})


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
    vars(resources)["LocalResources"] = run_resources(script)  # what this program is for
    figures.machine = lambda: ROOM
    from actors.cli.entry import entry_point

    entry_point()


if __name__ == "__main__":
    main()
