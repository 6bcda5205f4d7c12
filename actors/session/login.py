"""Logging in by hand: a visible window with a profile of its own, kept for later runs, one a host."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs

from actors.browser.launch import ChromiumLauncher
from actors.browser.profiles import folder_of
from actors.processes.ledger import ProcessLedger
from actors.runtime import Revocation, SystemClock
from actors.session.adapters import adapter_of
from actors.session.saved_logins import PROFILE, host_of, login_folder, save_cookies, state_folder
from actors.worker.watch import Watch
from contracts.config import HeadlessConfiguration, Settings, Timeouts
from contracts.durations import spoken
from contracts.errors import AuthenticationError, NetworkError
from contracts.ports import Cookie, Owner

SECONDS_BETWEEN_LOOKS = 0.5
_OWNER = Owner("login", 1)


def interactive_login(base_url: str, headless: HeadlessConfiguration, profile: Path | None, timeout: float) -> Path:
    """Open a window on the portal, wait until the person has logged in, and keep the login.

    Args:
        base_url: Root of the portal, an address that was checked.
        headless: Which browser; its window is shown in any case.
        profile: Where to keep the profile; None takes the user's state folder, where `purser run` finds it by itself.
        timeout: Seconds the person may take.

    Returns:
        The folder of the profile, mode 0700.

    Raises:
        ConfigurationError: There is no display, as the launcher of browsers finds out.
        BrowserNotFoundError, BrowserDiedError: There is no browser, or its window was closed.
        AuthenticationError: The login page was still there when the time was over.
    """
    folder = login_folder(host_of(base_url))
    target = profile or folder / PROFILE
    with ProcessLedger(state_folder()) as ledger:
        launcher = ChromiumLauncher(
            attrs.evolve(headless, headless=False),
            Timeouts(),
            ledger=ledger,
            root=ledger.root,
            profile=target if target.is_dir() else None,
        )
        try:
            cookies = _let_log_in(launcher, base_url, timeout)
            # The browser writes its cookies down when it ends; asked to, it ends in order.
            ledger.terminate(_OWNER, Timeouts().force)
            _keep(ledger.root, target)
            if profile is None:
                folder.chmod(0o700)
                save_cookies(folder, cookies)
        finally:
            ledger.kill(_OWNER)
            ledger.wait_gone(_OWNER, Timeouts().force)
            launcher.remove_folder(_OWNER)
            ledger.forget(_OWNER)
    return target


def _let_log_in(launcher: ChromiumLauncher, base_url: str, timeout: float) -> tuple[Cookie, ...]:
    portal = adapter_of(Settings())
    browser = launcher.launch(_OWNER)
    watch = Watch(SystemClock(), timeout, Revocation(), lambda _activity: None)
    page = browser.open(portal.login_address(base_url))
    try:
        while portal.wants_login(page):
            watch.wait(SECONDS_BETWEEN_LOOKS)
            page = browser.read()
    except NetworkError as error:
        raise AuthenticationError(f"The login page was still there after {spoken(timeout)}. Try again.") from error
    return browser.cookies()


def _keep(root: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    # Private before the first cookie is in it, and afterwards whatever the copy brought along.
    target.mkdir(mode=0o700)
    leave_out = shutil.ignore_patterns("Singleton*")
    shutil.copytree(folder_of(root, _OWNER).profile, target, symlinks=True, ignore=leave_out, dirs_exist_ok=True)
    target.chmod(0o700)
