"""The simulated outside: browsers' processes, a portal, a folder and files, behind the real ports.

Nothing here decides for the program. The world does what is asked, takes virtual time for it, and goes wrong where a
fault was armed. It remembers what really happened, so that the invariants are checked against the world and not against
the program's own word.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from contracts.config import Settings
from contracts.errors import BrowserDiedError, MachineError, ProfileCorruptionError
from contracts.ports import DownloadedFile, KeptFile, Lease, ListedAttachment, MachineMemory, Owner
from contracts.tasks import Attachment, POResult
from tests.simulation.faults import STEPS_OF_FAULT, Fault, Step
from tests.simulation.findings import Findings
from tests.simulation.hub import Hub, Nap
from tests.simulation.outside import DispatcherDeath, SimBrowser, SimFetcher, SimPortal, SimProcess

UNEXPECTED = (TypeError, ValueError, KeyError, OSError, RuntimeError, RecursionError, AssertionError, MemoryError)
"""What code that nobody has looked at may raise."""
SECONDS_TO_CLOSE = 5.0


class SimWorld:
    """The outside of one simulated run. It is the launcher, the process table, the fetcher, the portal and the filing.

    Args:
        hub: Time and turns.
        settings: The settings the program runs with.
    """

    def __init__(self, hub: Hub, settings: Settings) -> None:
        self.hub = hub
        self.settings = settings
        self.armed: dict[tuple[Step, Fault], int] = {}
        self.injected: Counter[tuple[Step, Fault]] = Counter()
        self.processes_by_owner: dict[Owner, SimProcess] = {}
        self.folders: set[Owner] = set()
        self.launched: list[Owner] = []
        self.staged: dict[str, dict[str, str]] = {}
        self.adopted = 0
        self.placed_late: set[str] = set()
        """Staging folders that were made anew by a worker whose lease had ended."""
        self.published: dict[str, list[str]] = {}
        self.unfinished: dict[str, Path] = {}
        self.superseded: list[str] = []
        self.valid_version = 0
        self.login_required = False
        self.logins = 0
        self.portal_down = False
        self.memory_fraction = 0.2
        self.free_disk = 10**12
        self.kills: list[tuple[float, Owner]] = []
        self.killed: set[Owner] = set()
        self.closed = False
        self.hangs: dict[Owner, float] = {}
        self.lost_threads = 0
        self.findings = Findings()
        self.ended_by_itself: set[Owner] = set()
        self.denied: set[str] = set()
        self.poisoned: set[str] = set()
        """Numbers of orders whose pages kill every browser."""
        self._origins = 0
        self._cookie_versions: dict[Owner, int] = {}

    # ------------------------------------------------------------------------------------------------------- faults

    def arm(self, step: Step, fault: Fault, times: int = 1) -> None:
        """Let `fault` strike the next `times` times that `step` is reached."""
        if step not in STEPS_OF_FAULT[fault]:
            raise ValueError(f"{fault} cannot strike at {step}")
        self.armed[step, fault] = self.armed.get((step, fault), 0) + times

    def disarm(self) -> None:
        """Let nothing go wrong any more."""
        self.armed.clear()
        self.portal_down = False
        self.memory_fraction = 0.2
        self.free_disk = 10**12

    def struck(self, step: Step, *faults: Fault) -> Fault | None:
        """Take one armed fault of this step, if there is one among `faults`."""
        for fault in faults:
            left = self.armed.get((step, fault), 0)
            if left:
                self.armed[step, fault] = left - 1
                self.injected[step, fault] += 1
                return fault
        return None

    def stumble(self, step: Step) -> None:
        """Raise something that no port speaks of, each time something else, if that is armed for the step."""
        if self.struck(step, Fault.RAISES):
            times = sum(count for (_, fault), count in self.injected.items() if fault is Fault.RAISES)
            raise UNEXPECTED[times % len(UNEXPECTED)](f"simulated: nobody expects this at: {step.value}")

    def pass_step(self, step: Step, process: SimProcess | None, seconds: float) -> None:
        """Take virtual time for a step, and let it go wrong as far as the browser is concerned."""
        if process is None:
            self.hub.sleep(seconds)
            return
        self.check_alive(process)
        self.stumble(step)
        fault = self.struck(step, Fault.CRASH, Fault.HANG, Fault.HANG_FOR_EVER, Fault.LATE_REPLY, Fault.SLOW)
        if fault is Fault.CRASH:
            self.die(process)
            raise BrowserDiedError("simulated: the browser died")
        if fault is Fault.HANG_FOR_EVER:
            self.lost_threads += 1
            self.hangs.setdefault(process.owner, self.hub.clock.time)
            self.hub.sleep(1e15)
        if fault in (Fault.HANG, Fault.LATE_REPLY):
            self.hangs.setdefault(process.owner, self.hub.clock.time)
            self._nap(process, 1e15)
            if fault is Fault.LATE_REPLY:
                return
            raise BrowserDiedError("simulated: killed while it hung")
        self._nap(process, 20.0 if fault is Fault.SLOW else seconds)
        self.check_alive(process)

    def _nap(self, process: SimProcess, seconds: float) -> None:
        nap = Nap()
        process.naps.append(nap)
        self.hub.sleep(seconds, nap)
        process.naps.remove(nap)

    def check_alive(self, process: SimProcess) -> None:
        """Raise what a browser's calls raise when it is gone."""
        if not process.alive:
            raise BrowserDiedError("simulated: the browser is gone")

    # ----------------------------------------------------------------------------------------------------- resources

    @property
    def browsers(self) -> SimHost:
        return SimHost(self)

    @property
    def filing(self) -> SimWorld:
        return self

    @property
    def portal(self) -> SimPortal:
        return SimPortal(self)

    @property
    def temporary_root(self) -> Path:
        return Path("/simulated")

    def make_fetcher(self) -> SimFetcher:
        return SimFetcher(self)

    def make_prober(self) -> SimFetcher:
        return self.make_fetcher()

    def close(self) -> tuple[str, ...]:
        return ()

    # ----------------------------------------------------------------------------------------------------- launcher

    def launch(self, owner: Owner) -> SimBrowser:
        if self.closed:
            raise BrowserDiedError("simulated: the run is ending")
        others = [p.owner for p in self.processes_by_owner.values() if p.owner.worker == owner.worker and p.alive]
        self.findings.require(8, not others, f"{owner} starts while {others} is alive")
        if self.struck(Step.LAUNCH, Fault.CLONE_FAILS):
            raise ProfileCorruptionError("simulated: the profile cannot be cloned")
        process = self.make_process(owner)
        self.processes_by_owner[owner] = process
        self.folders.add(owner)
        self.launched.append(owner)
        if self.struck(Step.LAUNCH, Fault.NEVER_READY):
            self.hangs.setdefault(owner, self.hub.clock.time)
            self._nap(process, 1e15)
            raise BrowserDiedError("simulated: killed before it was ready")
        self.pass_step(Step.LAUNCH, process, 0.8)
        self.pass_step(Step.READY, process, 0.05)
        process.ready = True
        return SimBrowser(self, process)

    def make_process(self, owner: Owner) -> SimProcess:
        """Start a process group."""
        return SimProcess(owner)

    def remove_folder(self, owner: Owner) -> None:
        if self.struck(Step.CLEAN, Fault.HANG_FOR_EVER):
            self.hub.sleep(1e15)
        self.hub.sleep(4.0 if self.struck(Step.CLEAN, Fault.SLOW) else 0.02)
        self.folders.discard(owner)

    # ------------------------------------------------------------------------------------------------- process table

    def kill(self, owner: Owner) -> None:
        process = self.processes_by_owner.get(owner)
        if not self.note_kill(owner) and process is not None:
            self._end(process)

    def note_kill(self, owner: Owner) -> bool:
        """Note that a kill was ordered; return whether the group survives it."""
        self.kills.append((self.hub.clock.time, owner))
        self.killed.add(owner)
        return owner in self.processes_by_owner and bool(self.struck(Step.KILL, Fault.SURVIVES_KILL))

    def die(self, process: SimProcess) -> None:
        """Let a process group end without anybody in the program wanting it."""
        if process.alive:
            self.ended_by_itself.add(process.owner)
        self._end(process)

    def _end(self, process: SimProcess) -> None:
        """End a process group; its blocked calls come free."""
        process.alive = False
        for nap in tuple(process.naps):
            self.hub.cut_short(nap)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        deadline = self.hub.clock.time + timeout
        while self.is_running(owner):
            if self.hub.clock.time >= deadline:
                return False
            if owner in self.killed:  # who survived the first kill does not survive a second one
                self.kill(owner)
            self.hub.sleep(0.05)
        return True

    def is_running(self, owner: Owner) -> bool:
        process = self.processes_by_owner.get(owner)
        return process is not None and process.alive

    def is_ready(self, worker: str) -> bool:
        """Whether that worker has a browser that has been started."""
        return any(p.alive and p.ready for o, p in self.processes_by_owner.items() if o.worker == worker)

    def forget(self, owner: Owner) -> None:
        """Clear away what is left."""
        if not self.is_running(owner):
            self.remove_folder(owner)
        self.strike(owner)

    def strike(self, owner: Owner) -> None:
        self.findings.require(9, not self.is_running(owner), f"a living group is forgotten: {owner}")
        if not self.is_running(owner):
            self.processes_by_owner.pop(owner, None)

    def memory(self, owner: Owner) -> int:
        return 2**28 if self.is_running(owner) else 0

    def machine_memory(self) -> MachineMemory:
        return MachineMemory(limit=2**31, used=int(2**31 * self.memory_fraction))

    def live_owners(self) -> tuple[Owner, ...]:
        return tuple(owner for owner, process in self.processes_by_owner.items() if process.alive)

    def close_browsers(self) -> tuple[Owner, ...]:
        """Kill what is left."""
        self.closed = True
        for owner in self.live_owners():
            self.kill(owner)
        return tuple(owner for owner in self.live_owners() if not self.wait_gone(owner, SECONDS_TO_CLOSE))

    # -------------------------------------------------------------------------------------------------------- filing

    def stage(self, lease: Lease) -> Path:
        if self.struck(Step.STAGE, Fault.DISK_FULL):
            raise MachineError("simulated: the disk is full")
        self.stumble(Step.STAGE)
        self._let_the_browser_die(Step.STAGE, lease)
        self.staged[lease.folder_name] = {}
        return Path(lease.folder_name)

    def place(self, lease: Lease, file: DownloadedFile, listed: ListedAttachment) -> Attachment:
        if self.struck(Step.PLACE, Fault.DISK_FULL):
            raise MachineError("simulated: the disk is full")
        self.stumble(Step.PLACE)
        self._let_the_browser_die(Step.PLACE, lease)
        if self.struck(Step.PLACE, Fault.LATE_REPLY):
            self.hub.sleep(120.0)  # no kill of a browser frees a thread that waits for a disk
        # A worker that was given up may still place files: it makes its folder anew, and nobody publishes it.
        if lease.folder_name not in self.staged:
            self.placed_late.add(lease.folder_name)
        self.staged.setdefault(lease.folder_name, {})[listed.label] = file.sha256
        return Attachment(listed.label, file.size, file.sha256, listed.url or "", listed_as=listed.label)

    def adopt(self, lease: Lease, kept: KeptFile) -> Attachment | None:
        name, digest = kept.attachment.name, kept.attachment.sha256
        own = kept.lease.task == lease.task and digest.startswith(f"{lease.task.po_number}/")
        self.findings.require(4, own, f"{lease} adopts a file that is not its own: {kept}")
        if self.staged.get(kept.lease.folder_name, {}).pop(name, None) != digest:
            return None
        self.staged.setdefault(lease.folder_name, {})[name] = digest
        self.adopted += 1
        return kept.attachment

    def _let_the_browser_die(self, step: Step, lease: Lease) -> None:
        """Let it die while the worker is busy with files and does not notice."""
        process = self.processes_by_owner.get(Owner(lease.worker, lease.generation))
        if self.struck(step, Fault.CRASH) and process is not None:
            self.die(process)

    def publish(self, lease: Lease, result: POResult) -> Path:
        number = result.po_number
        folder = Path(f"{number}_{result.status.value}")
        if self.unfinished.get(lease.folder_name) == folder:
            return folder  # it had been moved before the dispatcher died: the same publish, finished
        self.stumble(Step.PUBLISH)
        if self.struck(Step.PUBLISH, Fault.DISK_FULL):
            raise MachineError("simulated: the disk is full")
        if self.struck(Step.PUBLISH, Fault.CRASH):
            raise DispatcherDeath("simulated: the dispatcher dies before it publishes")
        files = self.staged.pop(lease.folder_name, {})
        told = {file.name: file.sha256 for file in result.attachments}
        require = self.findings.require
        require(4, told == files, f"published files of {number} are not the staged ones of {lease}")
        own = all(digest.startswith(f"{number}/") for digest in files.values())
        require(4, own, f"files of another order are filed under {number}: {files}")
        self.published.setdefault(number, []).append(lease.folder_name)
        self.unfinished[lease.folder_name] = folder
        if self.struck(Step.PUBLISHED, Fault.CRASH):
            raise DispatcherDeath("simulated: the dispatcher dies after it published")
        return folder

    def make_folder(self, path: Path) -> None:
        """Nothing lies on the real disk."""

    def discard(self, lease: Lease) -> None:
        self.staged.pop(lease.folder_name, None)
        self.stumble(Step.DISCARD)

    def free_bytes(self) -> int:
        return self.free_disk

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        if self.struck(Step.EVIDENCE, Fault.DISK_FULL):
            raise MachineError("simulated: the disk is full")
        self.stumble(Step.EVIDENCE)
        self._let_the_browser_die(Step.EVIDENCE, lease)
        self.hub.sleep(0.01)
        return (lease.folder_name,)

    # -------------------------------------------------------------------------------------------------------- portal

    def answer(self, url: str, process: SimProcess) -> str:
        """Return the text of the page at `url`, as the portal answers this browser now."""
        number = url.rpartition("/")[2]
        version = self._cookie_versions.get(process.owner, 0)
        if self.struck(Step.OPEN, Fault.LOGIN_PAGE):
            self.valid_version += 1
            self.login_required = True
        if self.portal_down:
            return "http 503"
        if self.login_required and version < self.valid_version:
            return "login"
        fault = self.struck(Step.OPEN, Fault.SERVER_ERROR, Fault.TOO_MANY, Fault.NOT_FOUND)
        if fault is Fault.SERVER_ERROR:
            return "http 500"
        if fault is Fault.TOO_MANY:
            return "http 429"
        if fault is Fault.NOT_FOUND:
            self.denied.add(number)
            return "not found"
        return f"order {number}"

    def log_in(self, process: SimProcess) -> None:
        self.logins += 1
        self._cookie_versions[process.owner] = self.valid_version

    def take_cookies(self, process: SimProcess, version: int) -> None:
        self._cookie_versions[process.owner] = max(version, self._cookie_versions.get(process.owner, 0))

    def cookie_version(self, owner: Owner) -> int:
        return self._cookie_versions.get(owner, 0)

    def new_origin(self) -> float:
        self._origins += 1
        return float(self._origins)


class SimHost:
    """The world as a place where browsers live. Implements `contracts.ports.BrowserHost`."""

    def __init__(self, world: SimWorld) -> None:
        self.launch = world.launch
        self.kill = world.kill
        self.wait_gone = world.wait_gone
        self.forget = world.forget
        self.memory = world.memory
        self.live_owners = world.live_owners
        self.close = world.close_browsers
