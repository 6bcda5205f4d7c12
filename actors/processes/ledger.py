"""The ledger of process groups that are ours: written before a browser exists, struck when it is proven gone.

It is the only way in which this program signals a process. Every entry is also in the run's file and with the watchdog,
so that a program that was killed is cleaned up after.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from actors.processes import groups, leftovers, measure, records
from actors.processes.records import GroupRecord
from actors.processes.runfile import RunFile
from actors.processes.watchdog_link import WatchdogLink
from contracts.errors import BrowserDiedError, MachineError
from contracts.ports import Owner

log = logging.getLogger("purser.processes")
_ROUND = 0.005
_CLOSE_SECONDS = 5.0
_REAP_SECONDS = 2.0


@attrs.define(eq=False)
class _Entry:
    record: GroupRecord
    process: subprocess.Popen[bytes] | None = None
    browser_start: int = 0
    killed: bool = False


def _name(owner: Owner) -> str:
    return f"{owner.worker}/{owner.generation}"


class ProcessLedger:
    """What the browsers of this machine are recorded in, found again and ended by. Thread-safe.

    Args:
        state_dir: The user's state folder; the run's file goes to `runs/` in it.
        temp_dir: Where the run's temporary folder is made; None takes the system's, if its path is short enough.
        watchdog: Whether to start a watchdog with it.
        wait: Waits the given seconds between two looks at the processes.
        monotonic: The clock that `wait_gone` measures with, in seconds.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        temp_dir: Path | None = None,
        watchdog: bool = True,
        wait: Callable[[float], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.RLock()
        self._entries: dict[Owner, _Entry] = {}
        self._file = RunFile(state_dir, temp_dir)
        self._watchdog = WatchdogLink() if watchdog else None
        self._wait = wait or threading.Event().wait
        self._monotonic = monotonic
        self._open = False

    # --------------------------------------------------------------------------------------------- the run as a whole

    @property
    def root(self) -> Path:
        """The run's temporary folder, mode 0700; every worker's folder lies in it."""
        return self._file.root

    @property
    def watchdog_pid(self) -> int | None:
        """Process id of the watchdog, or None when there is none."""
        return self._watchdog.pid if self._watchdog is not None else None

    def open(self) -> None:
        """Make the run's file and temporary folder and start the watchdog. Nothing happens if it is open.

        Raises:
            MachineError: The state folder or the temporary folder cannot be written.
        """
        with self._lock:
            if self._open:
                return
            if self._watchdog is not None:
                self._watchdog.start()
            try:
                # The watchdog knows the folder before it exists.
                self._file.create()
            except MachineError:
                if self._watchdog is not None:
                    self._watchdog.goodbye()
                raise
            self._open = True
            self._tell_watchdog(records.header_line(self._file.header))

    def close(self) -> tuple[Owner, ...]:
        """Kill what is left, delete the run's folder and file, and dismiss the watchdog.

        Returns:
            Owners whose processes are still alive. Then the run's file stays, and the next start tries again.
        """
        with self._lock:
            if not self._open:
                return ()
            self._open = False
            owners = tuple(self._entries)
        for owner in owners:
            self.kill(owner)
        left = tuple(owner for owner in owners if not self.wait_gone(owner, _CLOSE_SECONDS))
        for owner in owners:
            if owner not in left:
                self.forget(owner)
        folder_gone = leftovers.delete_tree(self.root, self._wait)
        if left or not folder_gone:
            names = ", ".join(_name(owner) for owner in left) or str(self.root)
            log.error("Not everything could be removed (%s). The next start will try again.", names)
            self._file.close()
        else:
            self._file.remove()
        if self._watchdog is not None:
            self._watchdog.goodbye()
        return left

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -------------------------------------------------------------------------------------- what the launcher records

    def announce(self, owner: Owner, folder: Path, nonce: str) -> None:
        """Say that a driver will be started, so that a kill from now on is not lost.

        Args:
            owner: Who it is for.
            folder: The owner's folder; its path is in the command line of every process.
            nonce: Value of `PURSER_NONCE` in the environment of every process.

        Raises:
            BrowserDiedError: The ledger is closed, or the owner has a browser already.
            MachineError: The run's file cannot be written.
        """
        with self._lock:
            if not self._open:
                raise BrowserDiedError("No browser may be started any more: the run is ending.")
            if owner in self._entries:
                raise BrowserDiedError(f"{_name(owner)} already has a browser; start the next generation instead.")
            entry = _Entry(GroupRecord(_name(owner), str(folder), nonce))
            self._write_down(entry.record)
            self._entries[owner] = entry

    def record(self, owner: Owner, pid: int, folder: Path, nonce: str, popen: subprocess.Popen[bytes]) -> None:
        """Record a driver that was just started as the leader of its own process group.

        Args:
            owner: Who it belongs to.
            pid: Its process id, which is the group's as well.
            folder: As announced.
            nonce: As announced.
            popen: The driver; kept so that it is reaped.

        Raises:
            BrowserDiedError: The owner was killed in the meantime, or was never announced. The driver is killed.
            MachineError: The run's file cannot be written. The driver is killed.
        """
        seen = groups.look(pid)
        made = GroupRecord(_name(owner), str(folder), nonce, pid, seen.start if seen is not None else 0)
        with self._lock:
            entry = self._entries.get(owner)
            welcome = self._open and entry is not None and entry.record.nonce == nonce and not entry.killed
            if welcome and entry is not None:
                entry.process = popen
                entry.record = made
                try:
                    self._write_down(made)
                except MachineError:
                    self.kill(owner)
                    raise
                return
        groups.kill_group(pid)
        popen.wait()
        end = self._monotonic() + _REAP_SECONDS
        while groups.members(pid) and self._monotonic() < end:
            self._wait(_ROUND)
        raise BrowserDiedError(f"The browser of {_name(owner)} was stopped while it was starting.")

    def note_browser(self, owner: Owner, pid: int) -> None:
        """Note the process id of the browser itself, for `is_alive`. Nothing happens if the owner is unknown."""
        seen = groups.look(pid)
        with self._lock:
            entry = self._entries.get(owner)
            if entry is not None and seen is not None:
                entry.browser_start = seen.start
                entry.record = entry.record._replace(browser=pid)

    def is_alive(self, owner: Owner) -> bool:
        """Whether driver and browser, as far as they are known, both run. Two small reads; asks no driver."""
        with self._lock:
            entry = self._entries.get(owner)
            if entry is None or entry.killed or not entry.record.pid:
                return False
            record, browser_start = entry.record, entry.browser_start
        if not groups.is_running(record.pid, record.start):
            return False
        return not record.browser or groups.is_running(record.browser, browser_start)

    def has_more_than_driver(self, owner: Owner) -> bool:
        """Whether a process besides the driver lives in the owner's group."""
        with self._lock:
            entry = self._entries.get(owner)
        if entry is None or not entry.record.pid:
            return False
        return any(process.pid != entry.record.pid for process in leftovers.owned_members(entry.record))

    # ------------------------------------------------------------------------------------------------ their processes

    def kill(self, owner: Owner) -> None:
        """Send SIGKILL to the owner's group and to what left it. Nothing happens if it is gone or unknown."""
        with self._lock:
            entry = self._entries.get(owner)
            if entry is None:
                return
            entry.killed = True
            record = entry.record
        if leftovers.owned_members(record):
            groups.kill_group(record.pid)
        for process in leftovers.strays((record,)):
            groups.kill_process(process)

    def terminate(self, owner: Owner, timeout: float) -> bool:
        """Ask the owner's browser itself to end, so that it writes down its profile; True when it did in time.

        The driver is not asked. Follow it with `kill`.
        """
        with self._lock:
            entry = self._entries.get(owner)
            if entry is None or not entry.record.browser:
                return True
            pid, start = entry.record.browser, entry.browser_start
        end = self._monotonic() + timeout
        if groups.is_running(pid, start):
            groups.ask_to_end(pid)
        while groups.is_running(pid, start):
            if self._monotonic() >= end:
                return False
            self._wait(_ROUND)
        return True

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Wait until no live process of the owner is left; False when `timeout` seconds passed first."""
        end = self._monotonic() + timeout
        while True:
            with self._lock:
                entry = self._entries.get(owner)
                if entry is None:
                    return True
                record, killed = entry.record, entry.killed
            if not self._living(record):
                return True
            if killed:
                # A crash handler may have been born between the look and the signal.
                self.kill(owner)
            if self._monotonic() >= end:
                return False
            self._wait(_ROUND)

    def _living(self, record: GroupRecord) -> bool:
        return bool(leftovers.owned_members(record) or leftovers.strays((record,)))

    def forget(self, owner: Owner) -> None:
        """Strike a group that is gone from the ledger. One that still lives stays, since it must be found again."""
        with self._lock:
            entry = self._entries.get(owner)
        if entry is None:
            return
        if self._living(entry.record):
            log.warning("%s is not forgotten: it still has live processes.", _name(owner))
            return
        if entry.process is not None and not self._reap(entry.process):
            return
        with self._lock:
            self._entries.pop(owner, None)
            self._tell(records.gone_line(_name(owner)))

    def _reap(self, process: subprocess.Popen[bytes]) -> bool:
        # A driver with several threads is a zombie for a moment before it can be waited for.
        try:
            process.wait(_REAP_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("Process %d is dead but cannot be reaped yet.", process.pid)
            return False
        return True

    def memory(self, owner: Owner) -> int:
        """Bytes that belong to the owner's processes alone; 0 when they are gone."""
        with self._lock:
            entry = self._entries.get(owner)
        if entry is None:
            return 0
        return sum(measure.own_memory(process.pid) for process in leftovers.owned_members(entry.record))

    def processor_seconds(self) -> dict[str, float]:
        """Seconds of processor time of each live process, driver and browser; see `ports.CountsProcessorTime`."""
        with self._lock:
            found = tuple(entry.record for entry in self._entries.values())
        machine = groups.living() if found else ()
        ours = (process for record in found for process in leftovers.owned_members(record, machine))
        return {f"{process.pid}/{process.start}": measure.processor_seconds(process.pid) for process in ours}

    def live_owners(self) -> tuple[Owner, ...]:
        """Owners with at least one live process."""
        with self._lock:
            entries = tuple((owner, entry.record) for owner, entry in self._entries.items())
        machine = groups.living()
        return tuple(
            owner
            for owner, record in entries
            if leftovers.owned_members(record, machine) or leftovers.strays((record,))
        )

    # ------------------------------------------------------------------------------------------------------ writing

    def _write_down(self, record: GroupRecord) -> None:
        try:
            self._file.append(records.group_line(record))
        except OSError as error:
            raise MachineError(
                f"The run's file {self._file.path} cannot be written: {error}. Free some disk space."
            ) from error
        self._tell_watchdog(records.group_line(record))

    def _tell(self, line: bytes) -> None:
        try:
            self._file.append(line)
        except OSError as error:
            log.warning("The run's file %s cannot be written: %s.", self._file.path, error)
        self._tell_watchdog(line)

    def _tell_watchdog(self, line: bytes) -> None:
        if self._watchdog is not None:
            self._watchdog.tell(line)
