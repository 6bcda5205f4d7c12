"""Starting a browser once, as a run would, and ending it again: the only proof that it starts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from actors.browser.launch import ChromiumLauncher
from actors.processes.ledger import ProcessLedger
from contracts.config import HeadlessConfiguration, Timeouts
from contracts.errors import MachineError
from contracts.ports import Owner

_OWNER = Owner("doctor", 1)


def start_once(browser: HeadlessConfiguration) -> None:
    """Start a browser and end it. Nothing is left of it, in the state folder neither.

    Args:
        browser: Which one, and whether it shows a window.

    Raises:
        BrowserNotFoundError, BrowserDiedError, NetworkError: It does not start; the message says why.
        MachineError: There is no room for its files.
    """
    timeouts = Timeouts()
    try:
        with tempfile.TemporaryDirectory(prefix="purser-doctor-") as state, ProcessLedger(Path(state)) as ledger:
            launcher = ChromiumLauncher(browser, timeouts, ledger=ledger, root=ledger.root, profile=None)
            try:
                launcher.launch(_OWNER)
            finally:
                ledger.kill(_OWNER)
                ledger.wait_gone(_OWNER, timeouts.force)
                launcher.remove_folder(_OWNER)
                ledger.forget(_OWNER)
    except OSError as error:
        raise MachineError(f"There is no place for its files: {error.strerror or error}.") from error
