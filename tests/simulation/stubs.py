"""The simulated world with real processes: each browser is a `cat` in a process group of its own, in the real ledger.

Each step of a browser is a question that its process must echo. So a process that is stopped keeps its worker waiting,
and one that is killed, by whomever, sets it free, as with a real browser's driver. When the tests themselves are
killed every `cat` reads the end of its input and ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from actors.processes import groups
from actors.processes.ledger import ProcessLedger
from contracts.config import Settings
from contracts.errors import MachineError
from contracts.ports import DownloadedFile, Lease, ListedAttachment, MachineMemory, Owner
from contracts.tasks import Attachment
from tests.simulation.hub import Nap
from tests.simulation.outside import SimPortal, SimProcess
from tests.simulation.threads import ThreadHub, TurnTaking
from tests.simulation.world import SimWorld

FOR_EVER = 1e15


class StubProcess(SimProcess):
    """A real process group, and what its browser shows."""

    def __init__(self, owner: Owner, popen: subprocess.Popen[bytes]) -> None:
        self.popen = popen
        seen = groups.look(popen.pid)
        self.start = seen.start if seen is not None else 0
        self.asked = 0
        self.echoed = 0
        self.gone = False
        super().__init__(owner)

    @property
    def alive(self) -> bool:  # asked of the system, not remembered
        """Whether the process really runs."""
        return groups.is_running(self.popen.pid, self.start)

    @alive.setter
    def alive(self, value: bool) -> None:
        """Nothing: only a signal ends it."""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group, as somebody outside the program would."""
        if self.alive:
            os.killpg(self.popen.pid, number)


class ThreadWorld(SimWorld):
    """The outside of a run on threads.

    Args:
        hub: Time and turns.
        settings: The settings the program runs with.
        ledger: The program's own process ledger.
    """

    def __init__(self, hub: Any, settings: Settings, ledger: ProcessLedger) -> None:
        super().__init__(hub, settings)
        self.ledger = ledger
        self.threads: ThreadHub = hub
        self.every: list[StubProcess] = []

    def folder_of(self, owner: Owner) -> Path:
        """Return where the owner's files lie."""
        return self.ledger.root / f"{owner.worker}-{owner.generation}"

    def make_process(self, owner: Owner) -> StubProcess:
        folder, nonce = self.folder_of(owner), secrets.token_hex(8)
        self.ledger.announce(owner, folder, nonce)
        folder.mkdir()
        popen = subprocess.Popen(
            ["cat"],  # noqa: S607 - the same
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
            env={"PATH": os.environ["PATH"], groups.NONCE_VARIABLE: nonce, "HOME": str(folder)},
        )
        process = StubProcess(owner, popen)
        self.every.append(process)
        threading.Thread(target=self._listen, args=(process,), name=f"stub-{owner.worker}", daemon=True).start()
        self.ledger.record(owner, popen.pid, folder, nonce, popen)
        return process

    def _listen(self, process: StubProcess) -> None:
        popen = process.popen
        assert popen.stdin is not None
        assert popen.stdout is not None
        while echo := popen.stdout.read(4096):
            with self.threads.turn:
                process.echoed += len(echo)
                for nap in process.naps:
                    self.threads.stir(nap)
        popen.wait()
        with self.threads.turn:
            process.gone = True
            popen.stdin.close()
            popen.stdout.close()
            for nap in process.naps:
                self.threads.cut_short(nap)
            self.threads.tell_news()

    def _nap(self, process: SimProcess, seconds: float) -> None:
        assert isinstance(process, StubProcess)
        assert process.popen.stdin is not None
        nap = Nap()
        process.naps.append(nap)
        try:
            if process.gone:
                return
            try:
                process.popen.stdin.write(b"?")
                process.asked += 1
            except BrokenPipeError:
                return
            asked = process.asked
            self.threads.sleep(seconds, nap)
            if not process.gone:
                self.threads.wait_in_nap(nap, lambda: process.gone or process.echoed >= asked, FOR_EVER)
        finally:
            process.naps.remove(nap)

    def die(self, process: SimProcess) -> None:
        assert isinstance(process, StubProcess)
        if process.alive:
            self.ended_by_itself.add(process.owner)
            process.signal(signal.SIGKILL)

    def place(self, lease: Lease, file: DownloadedFile, listed: ListedAttachment) -> Attachment:
        if lease.folder_name not in self.staged:  # a thread that comes back late, as the real folder would tell it
            raise MachineError("simulated: the staging folder is gone")
        return super().place(lease, file, listed)

    def remove_folder(self, owner: Owner) -> None:
        super().remove_folder(owner)
        shutil.rmtree(self.folder_of(owner), ignore_errors=True)


class StubBrowsers:
    """Where the browsers live: the real ledger, with the faults of the world."""

    def __init__(self, world: ThreadWorld, turns: Any) -> None:
        self._world = world
        self._turn = world.threads.turn
        self._turns = turns

    def launch(self, owner: Owner) -> Any:
        return TurnTaking(self._turns.launch(owner), self._world.threads)

    def kill(self, owner: Owner) -> None:
        if not self._survives(owner):
            self._world.ledger.kill(owner)

    def _survives(self, owner: Owner) -> bool:
        with self._turn:
            return self._world.note_kill(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        if owner in self._world.killed:  # who survived the first kill does not survive a second one
            self._world.ledger.kill(owner)
        return self._world.ledger.wait_gone(owner, timeout)

    def forget(self, owner: Owner) -> None:
        if not self._world.is_running(owner):
            self._turns.remove_folder(owner)
        self._world.ledger.forget(owner)
        with self._turn:
            self._world.strike(owner)

    def memory(self, owner: Owner) -> int:
        return self._world.ledger.memory(owner)

    def live_owners(self) -> tuple[Owner, ...]:
        return self._world.ledger.live_owners()

    def close(self) -> tuple[Owner, ...]:
        return self._world.ledger.close()


class StubResources:
    """Implements `actors.session.run_resources.RunResources` over a `ThreadWorld`."""

    def __init__(self, world: ThreadWorld) -> None:
        self._world = world
        self._turns = TurnTaking(world, world.threads)
        self.browsers = StubBrowsers(world, self._turns)
        self.filing: Any = self._turns
        self.portal: Any = TurnTaking(SimPortal(world), world.threads)
        self.temporary_root = world.ledger.root

    def machine_memory(self) -> MachineMemory:
        return self._world.machine_memory()

    def make_fetcher(self) -> Any:
        return TurnTaking(self._world.make_fetcher(), self._world.threads)

    def make_prober(self) -> Any:
        return self.make_fetcher()

    def close(self) -> tuple[str, ...]:
        return tuple(owner.worker for owner in self.browsers.close())
