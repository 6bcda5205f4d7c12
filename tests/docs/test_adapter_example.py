"""The adapter that the how-to prints is installed without pip or network, and brings a file home, as printed.

Blocks that carry a file's name are that file. Only browser and network are made up.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from actors.cli.options import RunOptions
from actors.cli.run import run
from actors.cli.summary import ExitCode
from actors.filing.folder import DownloadFolder
from actors.session import figures
from actors.session.adapters import adapter_of
from actors.session.run_resources import open_resources
from actors.testing import StubBrowser, StubBrowserHost, StubFetcher, StubResources
from contracts.config import Settings
from contracts.ports import (
    DownloadedFile,
    FileRequest,
    HttpFailure,
    LeaseWatch,
    LoginPage,
    NotFoundPage,
    OrderPage,
    Owner,
    PageSnapshot,
    Portal,
    WrongPage,
)
from scripts.docs_reference import ROOT
from tests.cli.fakes import Heard
from tests.cli.stub_purser import ROOM
from tests.offering import offer

PAGE = (ROOT / "docs" / "how-to" / "another-portal.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^purser run (.* --portal acme .*)$", PAGE, re.MULTILINE)
BASE = "https://acme.example"
OFFER = b"the offer\n"


def shown(url: str, status: int = 200, **data: Any) -> PageSnapshot:
    """A page of Acme's portal."""
    order = {"number": "PO7", "supplier": "Acme", "complete": True, "files": [], **data}
    html = f'<h1>Loading</h1><script id="order-data" type="application/json">{json.dumps(order)}</script>'
    return PageSnapshot(url, url, status, 1.0, html if data or status == 200 else "")


class AcmeBrowser(StubBrowser):
    """Shows Acme's portal, which has one order with one file."""

    def open(self, url: str) -> PageSnapshot:
        if url != f"{BASE}/purchasing/PO7":
            return shown(url, 404)
        return shown(url, files=[{"name": "offer.txt", "href": "/files/1"}])


class AcmeFetcher(StubFetcher):
    """Serves that file."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        assert request.url == f"{BASE}/files/1"
        (into / "1").write_bytes(OFFER)
        return DownloadedFile(into / "1", len(OFFER), hashlib.sha256(OFFER).hexdigest(), "text/plain")


class AcmeHost(StubBrowserHost):
    """Where those browsers live."""

    def launch(self, owner: Owner) -> StubBrowser:
        super().launch(owner)
        return AcmeBrowser(owner, self)


class AcmeResources(StubResources):
    """Opens the adapter and the download folder as a run does."""

    def __init__(self, settings: Settings, *_more: Any) -> None:
        super().__init__(settings, browsers=AcmeHost(), portal=adapter_of(settings))
        self.filing = DownloadFolder(settings.download_dir, "run")  # type: ignore[assignment] # a real one

    def make_fetcher(self) -> StubFetcher:
        return AcmeFetcher()

    def simulate_failures(self) -> None:
        """Nothing is simulated here."""


OPEN = functools.partial(open_resources, local=AcmeResources)


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PURSER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(figures, "machine", lambda: ROOM)
    # What is printed names nothing but the session, so the way in which it opens its resources by itself is replaced.
    monkeypatch.setattr("actors.session.resources.open_resources", OPEN)


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install what the page's pyproject.toml offers."""
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    (offered,) = project["entry-points"].values()
    assert list(project["entry-points"]) == ["purser.portals"]
    entries = {name: value.removeprefix("acme_purser") for name, value in offered.items()}
    offer(monkeypatch, tmp_path / "site", entries, FILES["acme_purser.py"], project["name"])


def test_the_adapter_is_of_forty_lines_at_most() -> None:
    assert len(FILES["acme_purser.py"].splitlines()) <= 40


@pytest.mark.parametrize("choice", ["acme", "auto"])
def test_the_adapter_reads_a_made_up_page_by_name_and_under_auto(choice: str) -> None:
    portal: Portal = adapter_of(Settings(portal=choice))
    at = f"{BASE}/purchasing/PO7"
    assert portal.order_addresses(f"{BASE}/", "PO7") == (at,)
    reading = portal.read(shown(at, files=[{"name": "a.pdf", "href": "../f/1"}]), "PO7")
    assert isinstance(reading, OrderPage)
    assert (reading.supplier, reading.doubts) == ("Acme", ())
    assert [(one.label, one.url) for one in reading.attachments] == [("a.pdf", f"{BASE}/f/1")]
    partly = portal.read(shown(at, complete=False), "PO7")
    assert isinstance(partly, OrderPage)
    assert partly.doubts
    assert portal.read(shown(at), "PO8") == WrongPage("PO7")
    assert isinstance(portal.read(shown(at, 404), "PO7"), NotFoundPage)
    assert portal.read(shown(at, 500), "PO7") == HttpFailure(500)
    assert isinstance(portal.read(shown(f"{BASE}/account/login", number=""), "PO7"), LoginPage)
    assert portal.login_address(BASE) == f"{BASE}/account/login"


def test_the_adapter_brings_a_file_home_from_python_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(FILES["fetch.py"], "fetch.py", "exec"), {"__name__": "fetch"})  # noqa: S102 - what is proved
    assert capsys.readouterr().out == f"COMPLETED in {tmp_path / 'download' / 'Acme' / 'PO7_COMPLETED'}\n"
    assert (tmp_path / "download" / "Acme" / "PO7_COMPLETED" / "offer.txt").read_bytes() == OFFER


@pytest.mark.parametrize("portal", ["acme", None], ids=["as printed", "auto"])
def test_the_adapter_brings_a_file_home_by_the_command_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portal: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = COMMANDS
    assert shlex.split(command) == ["orders.csv", "--portal", "acme", "--base-url", BASE]
    Path("orders.csv").write_text("po_number\nPO7\n")
    heard = Heard()
    options = RunOptions(file=Path("orders.csv"), portal=portal, base_url=BASE)
    assert run(options, {}, heard.output) is ExitCode.SUCCESS, heard.err
    assert (tmp_path / "download" / "Acme" / "PO7_COMPLETED" / "offer.txt").read_bytes() == OFFER
