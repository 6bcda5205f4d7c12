"""The command over stub browsers, in the test's own process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from actors import ProcessingSession
from actors.cli import resume
from actors.cli.options import RunOptions
from actors.cli.run import run
from actors.cli.summary import ExitCode
from actors.session import figures
from tests.cli import fakes
from tests.cli.stub_purser import BASE, ROOM, Script, scripted_session

ONE_ATTEMPT = {"PURSER_RETRY_MAX_ATTEMPTS": "1"}
"""A failure that is the portal's fault ends an order at once."""


@attrs.define
class Stand:
    """A folder in which the command is used again and again.

    Args:
        folder: Holds the files of orders and the download folder.
        script: What the stub browsers do next.
    """

    folder: Path
    script: Script = attrs.field(factory=Script)
    heard: fakes.Heard = attrs.field(factory=fakes.Heard)

    @property
    def downloads(self) -> Path:
        return self.folder / "download"

    @property
    def make_session(self) -> Callable[..., ProcessingSession]:
        """Makes sessions over stub browsers that follow the script."""
        return scripted_session(self.script)

    def orders(self, *numbers: str, name: str = "orders.csv", url: bool = True) -> Path:
        """Write a file of orders."""
        file = self.folder / name
        rows = [f"{number},Acme,{f'{BASE}/{number}' if url else ''}" for number in numbers]
        file.write_text("\n".join(["po_number,supplier,url", *rows]) + "\n")
        return file

    def visited(self) -> list[str]:
        """Return what was visited since the last look."""
        found, self.script.visits[:] = list(self.script.visits), []
        return found

    def _hear(self, json: bool) -> fakes.Heard:
        self.heard = fakes.Heard(json=json)
        return self.heard

    def run(self, file: Path, *, json: bool = False, make_session: Any = None, **options: Any) -> ExitCode:
        """Run `purser run`."""
        options = {"download_dir": self.downloads, "base_url": BASE, "workers": 2, **options}
        return run(
            RunOptions(file=file, **options), ONE_ATTEMPT, self._hear(json).output, make_session or self.make_session
        )

    def resume(self, folder: Path | None = None, *, json: bool = False, make_session: Any = None) -> ExitCode:
        """Run `purser resume`."""
        return resume.resume(folder or self.downloads, {}, self._hear(json).output, make_session or self.make_session)

    def retry(self, statuses: str = "FAILED,PARTIAL", blames: str = "", *, json: bool = False) -> ExitCode:
        """Run `purser retry`."""
        output = self._hear(json).output
        return resume.retry(self.downloads, statuses, blames, {}, output, self.make_session)

    def statuses(self, results: Path | None = None) -> dict[str, str]:
        """Return status by order number from the results file."""
        text = (results or self.downloads / "results.csv").read_text(encoding="utf-8-sig")
        return dict(line.split(",")[:2] for line in text.splitlines()[1:])

    def report(self) -> Mapping[str, Any]:
        """Return the last report."""
        found: Mapping[str, Any] = json.loads((self.downloads / "report.json").read_text())
        return found


MakeStand = Callable[[], Stand]


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Put scripted stub browsers under every session of the test."""
    made = Stand(tmp_path)
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    for name in ("PURSER_USERNAME", "PURSER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(figures, "machine", lambda: ROOM)
    return made
