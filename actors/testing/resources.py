"""What a run works with when there are no browsers, no network and no download folder: the test mode of contract 25."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

from actors.portals import CompletedPortal, portal_for
from actors.runtime import Notifier
from actors.testing.browsers import StubBrowserHost
from actors.testing.failures import BROWSER_LOST, FailingPortal, Losses
from actors.testing.stubs import StubFetcher, StubFolder, StubPortal
from contracts.config import PortalKind, Settings
from contracts.errors import BrowserDiedError, ConfigurationError
from contracts.ports import BrowserHost, Fetcher, MachineMemory, Owner, Portal, PortalAdapter

FIXED_SECONDS = 0.01
LONGEST_SECONDS = 0.04


class StubResources:
    """Stands in for the resources of a real run. The download folder of the settings is not touched.

    What is brought home lies in a temporary folder, which goes when these are closed.

    Args:
        settings: Every setting.
        simulate_failures: Whether some orders fail, always the same ones.
        fixed: Whether each visit takes the same time.
        browsers: Where browsers live; stub browsers that take a moment over each page by default.
        portal: The adapter; the one of the settings by default. Under `auto`, which names none, one that takes each
            page for the order's own.
        make_fetcher: Makes the fetcher of one worker; one that fetches nothing by default.

    Raises:
        ConfigurationError: The settings name an installed adapter, and these load none; or a selector is none.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        simulate_failures: bool = False,
        fixed: bool = True,
        browsers: BrowserHost | None = None,
        portal: PortalAdapter | None = None,
        make_fetcher: Callable[[], Fetcher] = StubFetcher,
    ) -> None:
        self.portal: Portal
        if portal is not None:
            self.portal = CompletedPortal(portal, settings.generic)
        else:
            self.portal = _portal_of(settings, simulate_failures)
        self._fixed = fixed
        self._failures = simulate_failures
        self._make_fetcher = make_fetcher
        self._chance = random.Random(settings.seed)  # noqa: S311 - timing of a stub
        self._nap = Notifier()
        self._losses = Losses()
        self._folder = tempfile.TemporaryDirectory(prefix="purser-test-mode-")
        self.temporary_root = Path(self._folder.name)
        self.filing = StubFolder(self.temporary_root, "test-mode")
        self.browsers: BrowserHost = browsers if browsers is not None else StubBrowserHost(self._before_page)

    def _before_page(self, owner: Owner, url: str) -> None:
        seconds = FIXED_SECONDS if self._fixed else self._chance.uniform(FIXED_SECONDS, LONGEST_SECONDS)
        self._nap.wait_for(lambda: False, seconds)
        if self._failures and self._losses.strikes(url):
            self.browsers.kill(owner)
            raise BrowserDiedError(BROWSER_LOST)

    def machine_memory(self) -> MachineMemory:
        """A machine with nothing on it."""
        return MachineMemory(limit=2**33, used=0)

    def make_fetcher(self) -> Fetcher:
        """Return a new fetcher for one worker."""
        return self._make_fetcher()

    def make_prober(self) -> Fetcher:
        """Return one of the same kind; each portal answers a stub."""
        return self.make_fetcher()

    def close(self) -> tuple[str, ...]:
        """Remove the temporary folder."""
        self.browsers.close()
        self._folder.cleanup()
        return ()


def _portal_of(settings: Settings, simulate_failures: bool) -> Portal:
    chosen = settings.portal
    if chosen is PortalKind.AUTO:
        return StubPortal(simulate_failures=simulate_failures)
    if isinstance(chosen, str):
        raise ConfigurationError(
            f"Stub resources load no installed adapter: give that of {chosen!r} itself, as the session's `portal`."
        )
    portal = (
        portal_for(chosen, settings.generic)
        if isinstance(chosen, PortalKind)
        else CompletedPortal(chosen, settings.generic)
    )
    return FailingPortal(portal) if simulate_failures else portal
