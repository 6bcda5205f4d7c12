"""Starting browsers: a folder, a recorded driver, a session; and nothing left behind if any of it fails."""

from __future__ import annotations

import functools
import logging
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from actors.browser.chromium import ChromiumBrowser
from actors.browser.driver import connect, read_port, start_driver
from actors.browser.find import FoundBrowser, find_browser
from actors.browser.options import browser_options, child_environment, require_display, vendor
from actors.browser.page import Page
from actors.browser.profiles import WorkerFolder, folder_of, make_folder
from actors.browser.starting import watched_start
from actors.browser.tab import Tab
from contracts.config import HeadlessConfiguration, Timeouts
from contracts.errors import BrowserDiedError, NetworkError
from contracts.ports import Owner

log = logging.getLogger("purser.browser")

STARTS_AT_ONCE = 4
_STEP = 0.01
_ROUNDS = 300


class Ledger(Protocol):
    """What the launcher needs of the process ledger."""

    def announce(self, owner: Owner, folder: Path, nonce: str) -> None:
        """Say that a driver will be started for `owner`."""
        ...

    def record(self, owner: Owner, pid: int, folder: Path, nonce: str, popen: subprocess.Popen[bytes]) -> None:
        """Record the driver that was just started; `pid` is its group as well."""
        ...

    def note_browser(self, owner: Owner, pid: int) -> None:
        """Note the browser's own process."""
        ...

    def is_alive(self, owner: Owner) -> bool:
        """Whether driver and browser both run."""
        ...

    def kill(self, owner: Owner) -> None:
        """SIGKILL the owner's processes."""
        ...

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait until none is left."""
        ...

    def forget(self, owner: Owner) -> None:
        """Strike the owner, whose processes are gone."""
        ...

    def has_more_than_driver(self, owner: Owner) -> bool:
        """Whether a process besides the driver lives in the owner's group."""
        ...


class ChromiumLauncher:
    """Makes the folder of each browser, starts it and takes it back when that fails. Thread-safe.

    Args:
        config: Which browser, and whether it shows a window.
        timeouts: Every deadline.
        ledger: The process ledger.
        root: The run's temporary folder, with a short path.
        profile: The base profile that is cloned for each worker, or None to start empty.
        found: The browser to use; None looks for one at the first launch.
        starts: Limits how many start at once. Starting all together is faster than one after the other, but on few
            cores each then misses its deadline.
        received: Told the size of each file that a browser downloads.
    """

    def __init__(
        self,
        config: HeadlessConfiguration,
        timeouts: Timeouts,
        *,
        ledger: Ledger,
        root: Path,
        profile: Path | None = None,
        found: FoundBrowser | None = None,
        starts: threading.Semaphore | None = None,
        wait: Callable[[float], object] | None = None,
        received: Callable[[int], object] = lambda _size: None,
    ) -> None:
        self._received = received
        self._config = config
        self._timeouts = timeouts
        self._ledger = ledger
        self._root = root
        self._profile = profile
        self._found = found
        self._finding = threading.Lock()
        self._starts = starts or threading.BoundedSemaphore(STARTS_AT_ONCE)
        self._wait = wait or threading.Event().wait

    def find(self) -> FoundBrowser:
        """Return the browser that will be used, looking for it once.

        Raises:
            BrowserNotFoundError: There is none.
            ConfigurationError: It is to show a window, and there is no display.
        """
        require_display(self._config, os.environ, sys.platform)
        with self._finding:
            if self._found is None:
                self._found = find_browser(self._config)
                log.info("Using %s with %s.", self._found.binary, self._found.driver)
            return self._found

    def launch(self, owner: Owner) -> ChromiumBrowser:
        """Start a browser for `owner`; see `contracts.ports.BrowserHost.launch`.

        A start that fails for any reason leaves neither processes nor a folder.
        """
        folder = folder_of(self._root, owner)
        nonce = secrets.token_hex(16)
        # Announced before anything that can wait, so that a kill from now on reaches whatever this start brings.
        self._ledger.announce(owner, folder.path, nonce)
        ready = False
        try:
            found = self.find()
            deadline = time.monotonic() + self._timeouts.worker_ready
            if not self._starts.acquire(timeout=self._timeouts.worker_ready):
                raise BrowserDiedError("The browser did not get its turn to start in time. Use fewer workers.")
            try:
                make_folder(self._root, owner, self._profile)
                browser = self._start(found, owner, folder, nonce, deadline)
            finally:
                self._starts.release()
            ready = True
            return browser
        finally:
            # Whatever stopped it, an interrupt by the user included.
            if not ready:
                self._undo(owner)

    def _start(
        self, found: FoundBrowser, owner: Owner, folder: WorkerFolder, nonce: str, deadline: float
    ) -> ChromiumBrowser:
        environment = child_environment(os.environ, folder, nonce)
        process = start_driver(found.driver, folder.path, environment)
        self._ledger.record(owner, process.pid, folder.path, nonce, process)
        port = read_port(process, folder.path, deadline, self._wait)
        options = browser_options(found, self._config, folder)
        left = max(deadline - time.monotonic(), 1.0)
        with watched_start(self._ledger, owner):
            driver = connect(port, vendor(found.kind), options, left, self._timeouts.driver_command)
        browser_pid = driver.caps.get(f"{vendor(found.kind)}:processID")
        if isinstance(browser_pid, int):
            self._ledger.note_browser(owner, browser_pid)
        try:
            tab = Tab(driver, self._timeouts.page_load)
            # A page is waited for inside one command, whose own limit would cost the browser.
            page = Page(tab, min(self._timeouts.settle, self._timeouts.driver_command / 2), self._wait)
            # Until one is asked for, no page may bring a file.
            tab.command("Browser.setDownloadBehavior", "starting", behavior="deny")
            user_agent = str(tab.evaluate("navigator.userAgent", "starting"))
        except NetworkError as error:
            # No portal has been asked for anything yet.
            raise BrowserDiedError("The browser did not answer while starting.") from error
        alive = functools.partial(self._ledger.is_alive, owner)
        stall = self._timeouts.download_stall
        return ChromiumBrowser(tab, page, user_agent, alive, stall, received=self._received)

    def _undo(self, owner: Owner) -> None:
        self._ledger.kill(owner)
        if self._ledger.wait_gone(owner, self._timeouts.force):
            self._ledger.forget(owner)
            self.remove_folder(owner)

    def remove_folder(self, owner: Owner) -> None:
        """Delete the owner's folder. Nothing happens if it is gone.

        A browser that was killed a moment ago may still be creating a file, so this is tried for a while.
        """
        path = folder_of(self._root, owner).path
        for _ in range(_ROUNDS):
            shutil.rmtree(path, ignore_errors=True)
            if not os.path.lexists(path):
                return
            self._wait(_STEP)
        log.warning("The folder %s could not be deleted. The end of the run will try again.", path)
