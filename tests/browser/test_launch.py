"""Browsers start recorded and private, die as plain errors, and leave nothing."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from selenium.webdriver.chromium.options import ChromiumOptions

from actors.browser.chromium import ChromiumBrowser
from actors.browser.driver import connect
from actors.browser.find import BrowserKind, FoundBrowser
from actors.browser.launch import ChromiumLauncher
from actors.browser.profiles import folder_of
from actors.processes import groups
from actors.processes.ledger import ProcessLedger
from contracts.config import HeadlessConfiguration, Timeouts
from contracts.errors import BrowserDiedError, ProfileCorruptionError, SessionCorruptionError
from contracts.ports import Owner
from tests.browser.conftest import TIMEOUTS, Site, Watch

SOURCE: Any = vars(groups)["source"]
"""Where processes are read from on this system."""


def clean_up(launcher: ChromiumLauncher, ledger: ProcessLedger, owner: Owner, browser: ChromiumBrowser) -> None:
    browser.close()
    ledger.kill(owner)
    assert ledger.wait_gone(owner, 10)
    ledger.forget(owner)
    launcher.remove_folder(owner)
    assert not folder_of(ledger.root, owner).path.exists()


def kill_kind(group: int, kind: bytes) -> None:
    """Kill the browser's processes of one kind, and wait until they are gone."""
    found = [
        process.pid
        for process in groups.members(group)
        if any(b"--type=" + kind in argument for argument in SOURCE.command_line(process.pid))
    ]
    assert found
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    waiter = threading.Event()
    while any(process.pid in found for process in groups.members(group)):
        waiter.wait(0.005)


@pytest.mark.chromium
def test_a_browser_is_private_recorded_and_leaves_nothing(
    launcher: ChromiumLauncher, ledger: ProcessLedger, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PURSER_PASSWORD", "sesame")
    owner = Owner("private", 1)
    browser = launcher.launch(owner)
    record = ledger._entries[owner].record
    assert browser.is_alive()
    assert record.browser
    assert ledger.live_owners() == (owner,)
    assert ledger.memory(owner) > 50 * 2**20
    folder = folder_of(ledger.root, owner)
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert len(str(folder.temporary)) <= 60
    everything = groups.holders((record.nonce,))
    assert {member.pid for member in groups.members(record.pid)} & {process.pid for process in everything}
    assert all(groups.mentions(process.pid, record.folder) for process in everything)
    assert all(b"sesame" not in b"".join(SOURCE.environment(process.pid)) for process in everything)
    clean_up(launcher, ledger, owner, browser)
    assert groups.holders((record.nonce,)) == ()
    assert not browser.is_alive()


@pytest.mark.chromium
@pytest.mark.parametrize(
    "kill",
    [
        lambda record: os.killpg(record.pid, signal.SIGKILL),
        lambda record: os.kill(record.browser, signal.SIGKILL),
        lambda record: os.kill(record.pid, signal.SIGKILL),
    ],
    ids=["group", "browser", "driver"],
)
def test_a_kill_during_a_call_frees_the_caller_with_a_plain_error(
    launcher: ChromiumLauncher,
    ledger: ProcessLedger,
    site: Site,
    kill: Callable[[object], None],
) -> None:
    owner = Owner("victim", 1)
    browser = launcher.launch(owner)
    site.waiting.clear()
    raised: list[BaseException] = []

    def visit() -> None:
        try:
            browser.open(site.url("/hang"))
        except SessionCorruptionError as died:
            raised.append(died)

    thread = threading.Thread(target=visit)
    thread.start()
    assert site.waiting.wait(10)
    kill(ledger._entries[owner].record)
    thread.join(10)
    assert [type(one) for one in raised] == [BrowserDiedError]
    with pytest.raises(BrowserDiedError):
        browser.open(site.url("/orders/1"))
    assert not browser.is_alive()
    clean_up(launcher, ledger, owner, browser)


class Assassin(Watch):
    """Kills a browser when the first bytes of a download have come."""

    def __init__(self, pid: int, into: Path) -> None:
        super().__init__()
        self._pid = pid
        self._into = into

    def touch(self) -> None:
        """Strike once."""
        super().touch()
        if self._pid and any(self._into.iterdir()):
            os.kill(self._pid, signal.SIGKILL)
            self._pid = 0


@pytest.mark.chromium
def test_a_browser_that_dies_amid_a_download_is_missed_and_the_portal_is_not_blamed(
    launcher: ChromiumLauncher, ledger: ProcessLedger, site: Site, tmp_path: Path
) -> None:
    """The driver goes on answering for it, so that it looks like a download that stands still."""
    owner = Owner("downloading", 1)
    browser = launcher.launch(owner)
    browser.open(site.url("/links"))
    pid = ledger._entries[owner].record.browser
    assert pid is not None
    with pytest.raises(BrowserDiedError, match="amid a download"):
        browser.download_by_address(site.url("/drip"), tmp_path, Assassin(pid, tmp_path), 10**9)
    assert list(tmp_path.iterdir()) == []
    clean_up(launcher, ledger, owner, browser)


@pytest.mark.chromium
def test_a_tab_that_crashed_is_a_corrupt_session(launcher: ChromiumLauncher, ledger: ProcessLedger, site: Site) -> None:
    owner = Owner("crashed", 1)
    browser = launcher.launch(owner)
    browser.open(site.url("/orders/1"))
    kill_kind(ledger._entries[owner].record.pid, b"renderer")
    with pytest.raises(SessionCorruptionError, match="crashed"):
        browser.read()
    assert browser.is_alive()
    clean_up(launcher, ledger, owner, browser)


@pytest.mark.chromium
def test_a_browser_that_is_stopped_counts_as_gone(
    ledger: ProcessLedger, launcher: ChromiumLauncher, site: Site
) -> None:
    owner = Owner("stopped", 1)
    impatient = ChromiumLauncher(
        HeadlessConfiguration(),
        attrs.evolve(TIMEOUTS, driver_command=1),
        ledger=ledger,
        root=ledger.root,
        found=launcher.find(),
    )
    browser = impatient.launch(owner)
    browser.open(site.url("/orders/1"))
    os.kill(ledger._entries[owner].record.browser, signal.SIGSTOP)
    with pytest.raises(BrowserDiedError, match="did not answer"):
        browser.open(site.url("/orders/2"))
    clean_up(impatient, ledger, owner, browser)


@pytest.mark.chromium
def test_a_zygote_that_died_is_never_taken_for_a_new_page(
    launcher: ChromiumLauncher, ledger: ProcessLedger, site: Site
) -> None:
    """Chromium then says nothing and goes on showing the page before."""
    owner = Owner("zygote", 1)
    browser = launcher.launch(owner)
    first = browser.open(site.url("/orders/1"))
    kill_kind(ledger._entries[owner].record.pid, b"zygote")
    other = site.url("/orders/2").replace("127.0.0.1", "localhost")
    try:
        page = browser.open(other)
    except SessionCorruptionError:
        page = None
    assert page is None or not page.is_new or (page.time_origin != first.time_origin and "/orders/2" in page.html)
    clean_up(launcher, ledger, owner, browser)


@pytest.mark.chromium
def test_a_clone_carries_the_base_profile(ledger: ProcessLedger, launcher: ChromiumLauncher, tmp_path: Path) -> None:
    base = tmp_path / "base"
    (base / "Default").mkdir(parents=True)
    (base / "Default" / "Preferences").write_text('{"intl": {"selected_languages": "pt-BR"}}')
    cloning = ChromiumLauncher(
        HeadlessConfiguration(user_agent="Purser/1"),
        TIMEOUTS,
        ledger=ledger,
        root=ledger.root,
        profile=base,
        found=launcher.find(),
    )
    owner = Owner("clone", 1)
    browser = cloning.launch(owner)
    assert browser.user_agent == "Purser/1"
    assert browser._tab.evaluate("navigator.languages[0]", "testing") == "pt-BR"
    clean_up(cloning, ledger, owner, browser)


# ------------------------------------------------------------------------------------------------ starts that fail


def nothing_left(ledger: ProcessLedger, owner: Owner) -> bool:
    return not folder_of(ledger.root, owner).path.exists() and owner not in ledger._entries


def stub(folder: Path, text: str) -> FoundBrowser:
    driver = folder / "chromedriver"
    driver.write_text(f"#!/bin/sh\n{text}\n")
    driver.chmod(0o755)
    return FoundBrowser(BrowserKind.CHROMIUM, driver, driver)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo broken library; exit 1", "broken library"),
        ("echo ChromeDriver was started successfully on port 9.; exec sleep 60", "did not start"),
        ("exec sleep 60", "in time"),
    ],
)
def test_a_driver_that_does_not_work_leaves_nothing(
    ledger: ProcessLedger, tmp_path: Path, text: str, message: str
) -> None:
    owner = Owner("broken", 1)
    launcher = ChromiumLauncher(
        HeadlessConfiguration(),
        Timeouts(worker_ready=0.3),
        ledger=ledger,
        root=ledger.root,
        found=stub(tmp_path, text),
    )
    with pytest.raises(BrowserDiedError, match=message):
        launcher.launch(owner)
    assert nothing_left(ledger, owner)


def test_a_base_profile_that_is_no_folder_stops_the_start(ledger: ProcessLedger, tmp_path: Path) -> None:
    (tmp_path / "base").write_text("no profile")
    owner = Owner("corrupt", 1)
    launcher = ChromiumLauncher(
        HeadlessConfiguration(),
        TIMEOUTS,
        ledger=ledger,
        root=ledger.root,
        profile=tmp_path / "base",
        found=stub(tmp_path, "exit 1"),
    )
    with pytest.raises(ProfileCorruptionError):
        launcher.launch(owner)
    assert nothing_left(ledger, owner)


def test_a_kill_while_the_driver_starts_frees_the_launch(ledger: ProcessLedger, tmp_path: Path) -> None:
    owner = Owner("killed", 1)
    launcher = ChromiumLauncher(
        HeadlessConfiguration(),
        TIMEOUTS,
        ledger=ledger,
        root=ledger.root,
        found=stub(tmp_path, "exec sleep 60"),
        wait=lambda _seconds: ledger.kill(owner),
    )
    with pytest.raises(BrowserDiedError):
        launcher.launch(owner)
    assert nothing_left(ledger, owner)


def test_a_start_that_never_gets_its_turn_says_so(ledger: ProcessLedger, tmp_path: Path) -> None:
    owner = Owner("queued", 1)
    launcher = ChromiumLauncher(
        HeadlessConfiguration(),
        Timeouts(worker_ready=0.05),
        ledger=ledger,
        root=ledger.root,
        found=stub(tmp_path, "exit 1"),
        starts=threading.Semaphore(0),
    )
    with pytest.raises(BrowserDiedError, match="turn"):
        launcher.launch(owner)
    assert nothing_left(ledger, owner)


def test_a_browser_that_never_gets_ready_is_told_with_what_may_be_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(
            BrowserDiedError, match=r"did not start within 0\.6 seconds\. Is the machine busy, or its display"
        ):
            connect(port, "goog", ChromiumOptions(), 0.6, 1.0)


@pytest.mark.chromium
def test_a_browser_that_is_killed_while_it_starts_ends_the_start_at_once(ledger: ProcessLedger) -> None:
    """Its driver would wait for it in silence, up to the deadline, which lies far beyond this test's patience."""
    launcher = ChromiumLauncher(
        HeadlessConfiguration(), attrs.evolve(TIMEOUTS, worker_ready=300), ledger=ledger, root=ledger.root
    )
    raised: list[BaseException] = []

    def start() -> None:
        try:
            launcher.launch(owner)
        except BrowserDiedError as died:
            raised.append(died)

    waiter, seen = threading.Event(), False
    for generation in range(1, 6):  # on a busy machine a start may end before anybody has seen its browser
        raised.clear()
        owner = Owner("unlucky", generation)
        thread = threading.Thread(target=start)
        thread.start()
        while not (seen := ledger.has_more_than_driver(owner)) and thread.is_alive():
            waiter.wait(0.002)
        if seen:
            break
    assert seen, f"no browser was seen; the last start: {raised}"
    driver = ledger._entries[owner].record.pid
    for process in groups.members(driver):
        if process.pid != driver:
            os.kill(process.pid, signal.SIGKILL)
    thread.join(30)
    assert [type(one) for one in raised] == [BrowserDiedError]
    assert ledger.live_owners() == ()
    assert not folder_of(ledger.root, owner).path.exists()
