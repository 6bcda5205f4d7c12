"""Stub browsers that read a made-up page. They bring no files, so nothing is ever reported that is not on disk.

Which of them fail, when some are to, is said in `failures.py`.
"""

from __future__ import annotations

import random
import tempfile
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from actors.filing.folder import DownloadFolder
from actors.runtime import Notifier
from actors.stubs.failures import BROWSER_LOST, NOT_FOUND, is_missing, loses_browser
from contracts.config import Settings
from contracts.errors import AttachmentError, BrowserDiedError
from contracts.ports import (
    Control,
    Cookie,
    Credentials,
    DownloadedFile,
    FileRequest,
    Lease,
    LeaseWatch,
    LoginForm,
    MachineMemory,
    NotFoundPage,
    OrderPage,
    Owner,
    PageReading,
    PageSnapshot,
)

FIXED_SECONDS = 0.01
LONGEST_SECONDS = 0.04
_NO_FILES = "The test mode has no files."


class StubProcesses:
    """A process table of browsers that do not exist."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[Owner] = set()

    def start(self, owner: Owner) -> None:
        """Count a stub browser as alive."""
        with self._lock:
            self._live.add(owner)

    def kill(self, owner: Owner) -> None:
        """Count it as gone."""
        with self._lock:
            self._live.discard(owner)

    def wait_gone(self, owner: Owner, timeout: float) -> bool:
        """Say at once whether it is gone."""
        return owner not in self.live_owners()

    def forget(self, owner: Owner) -> None:
        """Strike it."""
        self.kill(owner)

    def memory(self, owner: Owner) -> int:
        """Nothing is held."""
        return 0

    def machine_memory(self) -> MachineMemory:
        """A machine with nothing on it."""
        return MachineMemory(limit=2**33, used=0)

    def live_owners(self) -> tuple[Owner, ...]:
        """Every stub browser that counts as alive."""
        with self._lock:
            return tuple(self._live)


class StubBrowser:
    """Reads a made-up page."""

    user_agent = "purser-test-mode"

    def __init__(self, owner: Owner, run_resources: StubResources) -> None:
        self._owner = owner
        self._run_resources = run_resources
        self._pages = 0

    def open(self, url: str) -> PageSnapshot:
        """Take a moment and return a page that says nothing."""
        self._run_resources.take_time()
        if self._run_resources.takes_browser(url):
            self._run_resources.processes.kill(self._owner)
            raise BrowserDiedError(BROWSER_LOST)
        self._pages += 1
        return PageSnapshot(url, url, 200, float(self._pages), "")

    def read(self, patience: float = 0.0) -> PageSnapshot:
        """Return the page that is shown."""
        return PageSnapshot("", "", 200, float(self._pages), "")

    def press(self, control: Control) -> PageSnapshot:
        """A click shows nothing more."""
        return self.read()

    def wear(self) -> str:
        """It never wears out."""
        return ""

    def make_ready(self) -> None:
        """It is."""

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """It is quick anyway."""
        return nullcontext()

    def screenshot(self) -> bytes:
        """A picture of nothing."""
        return b"\x89PNG\r\n\x1a\n"

    def cookies(self) -> tuple[Cookie, ...]:
        """There are none."""
        return ()

    def adopt_cookies(self, cookies: tuple[Cookie, ...]) -> None:
        """Nothing to do."""

    def download_by_click(self, control: Control, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        raise AttachmentError(_NO_FILES)

    def download_by_address(self, url: str, into: Path, watch: LeaseWatch, max_size: int) -> DownloadedFile:
        """There are no files."""
        raise AttachmentError(_NO_FILES)

    def submit_login(
        self, form: LoginForm, credentials: Credentials, origins: tuple[str, ...], watch: LeaseWatch
    ) -> PageSnapshot:
        """Any login is accepted."""
        return self.read()

    def is_alive(self) -> bool:
        """Whether nobody has killed it."""
        return self._owner in self._run_resources.processes.live_owners()


class StubFetcher:
    """Fetches nothing."""

    def fetch(self, request: FileRequest, into: Path, watch: LeaseWatch) -> DownloadedFile:
        """There are no files."""
        raise AttachmentError(_NO_FILES)

    def take_cookies(self) -> tuple[Cookie, ...]:
        """No portal sets any."""
        return ()

    def probe(self, base_url: str) -> int | None:
        """Every portal answers."""
        return 200

    def close(self) -> None:
        """Nothing is open."""


class StubPortal:
    """Takes every page for the order's own, or for none at all."""

    login_paths = ("/login",)

    def __init__(self, *, simulate_failures: bool) -> None:
        self._failures = simulate_failures

    def recognises(self, page: PageSnapshot) -> bool:
        """Every page."""
        return True

    def order_addresses(self, base_url: str, po_number: str) -> tuple[str, ...]:
        """Make up an address."""
        return (f"{base_url}/{po_number}",)

    def login_address(self, base_url: str) -> str:
        """Make up an address."""
        return f"{base_url}/login"

    def read(self, page: PageSnapshot, po_number: str) -> PageReading:
        """Say what the order's number decides."""
        if self._failures and is_missing(po_number):
            return NotFoundPage(NOT_FOUND)
        return OrderPage(po_number, "", ())

    def read_requisition(self, page: PageSnapshot) -> OrderPage:
        """There are none."""
        return OrderPage("", "", ())

    def wants_login(self, page: PageSnapshot) -> str:
        """Never."""
        return ""

    def login_form(self, page: PageSnapshot) -> LoginForm:
        """Any form."""
        return LoginForm("", "", "")

    def visible_text(self, page: PageSnapshot) -> str:
        """Nothing is on it."""
        return ""


class StubFolder(DownloadFolder):
    """A download folder that goes with its session, so that nothing in it may be reported."""

    def keep_evidence(self, lease: Lease, text: str, screenshot: bytes) -> tuple[str, ...]:
        """Nothing is kept."""
        return ()


class StubResources:
    """Stands in for `LocalResources` without browsers, processes or network.

    Args:
        settings: Every setting; the download folder is not touched.
        simulate_failures: Whether some orders fail.
        fixed: Whether each visit takes the same time.
    """

    def __init__(self, settings: Settings, *, simulate_failures: bool, fixed: bool) -> None:
        self._failures = simulate_failures
        self._fixed = fixed
        self._chance = random.Random(settings.seed)  # noqa: S311 - timing of a stub
        self._nap = Notifier()
        self._taken: set[str] = set()
        self._folder = tempfile.TemporaryDirectory(prefix="purser-test-mode-")
        self.temporary_root = Path(self._folder.name)
        self.processes = StubProcesses()
        self.filing = StubFolder(self.temporary_root, "test-mode")
        self.portal = StubPortal(simulate_failures=simulate_failures)
        self.launcher = self

    def launch(self, owner: Owner) -> StubBrowser:
        """Start a stub browser."""
        self.processes.start(owner)
        return StubBrowser(owner, self)

    def remove_folder(self, owner: Owner) -> None:
        """Nothing to remove."""

    def make_fetcher(self) -> StubFetcher:
        """Return a fetcher that fetches nothing."""
        return StubFetcher()

    def make_prober(self) -> StubFetcher:
        """Return one that every portal answers, too."""
        return self.make_fetcher()

    def take_time(self) -> None:
        """Wait as long as a visit takes here."""
        seconds = FIXED_SECONDS if self._fixed else self._chance.uniform(FIXED_SECONDS, LONGEST_SECONDS)
        self._nap.wait_for(lambda: False, seconds)

    def takes_browser(self, url: str) -> bool:
        """Whether this visit costs the browser; once an address."""
        if not self._failures or url in self._taken or not loses_browser(url):
            return False
        self._taken.add(url)
        return True

    def close(self) -> tuple[str, ...]:
        """Remove the temporary folder."""
        self._folder.cleanup()
        return ()
