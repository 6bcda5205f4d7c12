"""Browsers on this machine: a `BrowserHost` that stands on the launcher and on the ledger of processes.

The launcher makes what a browser needs and starts it; the ledger knows its process group from before its first moment
and is the one way in which it is ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from actors.browser.chromium import ChromiumBrowser
from actors.browser.launch import ChromiumLauncher, Ledger
from contracts.ports import Owner


class HostLedger(Ledger, Protocol):
    """What the host needs of the process ledger, beside what the launcher does."""

    def memory(self, owner: Owner) -> int:
        """Bytes that belong to the owner's processes alone."""
        ...

    def processor_seconds(self) -> Mapping[str, float]:
        """Seconds that each live process has taken."""
        ...

    def live_owners(self) -> tuple[Owner, ...]:
        """Owners with at least one live process."""
        ...

    def close(self) -> tuple[Owner, ...]:
        """Kill what is left, and delete the run's folder."""
        ...


class LocalBrowserHost:
    """Implements `contracts.ports.BrowserHost` and `CountsProcessorTime`.

    Args:
        launcher: Starts browsers and deletes their folders.
        ledger: Knows and ends their processes; it is open.
    """

    def __init__(self, launcher: ChromiumLauncher, ledger: HostLedger) -> None:
        self._launcher = launcher
        self._ledger = ledger

    def launch(self, owner: Owner) -> ChromiumBrowser:
        """Start a browser for `owner`."""
        return self._launcher.launch(owner)

    def kill(self, owner: Owner) -> None:
        """Send SIGKILL to the owner's process group."""
        self._ledger.kill(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait until no live process of the owner is left; False when `timeout` seconds passed first."""
        return self._ledger.wait_gone(owner, timeout)

    def forget(self, owner: Owner) -> None:
        """Delete the owner's folder and strike its group from the ledger. One that still lives keeps both."""
        if self._ledger.wait_gone(owner, 0.0):
            self._launcher.remove_folder(owner)
        self._ledger.forget(owner)  # says so when it still lives

    def memory(self, owner: Owner) -> int:
        """Bytes that belong to the owner's processes alone."""
        return self._ledger.memory(owner)

    def processor_seconds(self) -> Mapping[str, float]:
        """Seconds of processor time that each live process has taken."""
        return self._ledger.processor_seconds()

    def live_owners(self) -> tuple[Owner, ...]:
        """Owners with at least one live process."""
        return self._ledger.live_owners()

    def close(self) -> tuple[Owner, ...]:
        """Kill what is left and delete the run's folder; name the owners that are still alive."""
        return self._ledger.close()
