"""What a run works with when there are no browsers, no network and no download folder: the test mode of contract 25."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from actors.runtime import Notifier
from actors.testing.browsers import StubBrowserHost
from actors.testing.failures import BROWSER_LOST, Losses
from actors.testing.stubs import StubFetcher, StubFolder, StubPortal
from contracts.config import Settings
from contracts.errors import BrowserDiedError
from contracts.ports import BrowserHost, MachineMemory, Owner, Portal

FIXED_SECONDS = 0.01
LONGEST_SECONDS = 0.04


class StubResources:
    """Stands in for the resources of a real run. The download folder of the settings is not touched.

    Args:
        settings: Every setting.
        simulate_failures: Whether some orders fail, always the same ones.
        fixed: Whether each visit takes the same time.
        browsers: Where browsers live; stub browsers that take a moment over each page by default.
        portal: The adapter; one that takes each page for the order's own by default.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        simulate_failures: bool = False,
        fixed: bool = True,
        browsers: BrowserHost | None = None,
        portal: Portal | None = None,
    ) -> None:
        self._fixed = fixed
        self._failures = simulate_failures
        self._chance = random.Random(settings.seed)  # noqa: S311 - timing of a stub
        self._nap = Notifier()
        self._losses = Losses()
        self._folder = tempfile.TemporaryDirectory(prefix="purser-test-mode-")
        self.temporary_root = Path(self._folder.name)
        self.filing = StubFolder(self.temporary_root, "test-mode")
        self.browsers: BrowserHost = browsers if browsers is not None else StubBrowserHost(self._before_page)
        self.portal: Portal = portal if portal is not None else StubPortal(simulate_failures=simulate_failures)

    def _before_page(self, owner: Owner, url: str) -> None:
        seconds = FIXED_SECONDS if self._fixed else self._chance.uniform(FIXED_SECONDS, LONGEST_SECONDS)
        self._nap.wait_for(lambda: False, seconds)
        if self._failures and self._losses.strikes(url):
            self.browsers.kill(owner)
            raise BrowserDiedError(BROWSER_LOST)

    def machine_memory(self) -> MachineMemory:
        """A machine with nothing on it."""
        return MachineMemory(limit=2**33, used=0)

    def make_fetcher(self) -> StubFetcher:
        """Return a fetcher that fetches nothing."""
        return StubFetcher()

    def make_prober(self) -> StubFetcher:
        """Return one that every portal answers, too."""
        return self.make_fetcher()

    def close(self) -> tuple[str, ...]:
        """Remove the temporary folder."""
        self.browsers.close()
        self._folder.cleanup()
        return ()
