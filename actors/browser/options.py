"""What a browser is started with: switches, settings and environment."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Mapping
from typing import Any

from selenium.webdriver.chrome.options import Options as ChromeOptions
from selenium.webdriver.chromium.options import ChromiumOptions
from selenium.webdriver.edge.options import Options as EdgeOptions

from actors.browser.find import BrowserKind, FoundBrowser
from actors.browser.profiles import WorkerFolder
from contracts.config import HeadlessConfiguration
from contracts.errors import ConfigurationError

log = logging.getLogger("purser.browser")
_said = threading.Event()

NONCE_VARIABLE = "PURSER_NONCE"
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_ENOUGH_SHARED_MEMORY = 512 * 2**20
_SECRETS = ("PURSER_USERNAME", "PURSER_PASSWORD")
# The profile of the user's own desktop session, which would lead the browser around its folder.
_MISLEADING = ("CHROME_USER_DATA_DIR", "CHROME_CONFIG_HOME", "CHROMIUM_USER_FLAGS", "CHROMIUM_FLAGS")

# The last two are pages of its own behind the address bar, in one more renderer: a fifth of the work of a start.
_NOT_NEEDED = (
    "BackForwardCache,SpareRendererForSitePerProcess,RenderDocument,Translate,MediaRouter,OptimizationHints,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)
_SWITCHES = (
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    # A page that is read is always at work, whatever tabs have been opened above it.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--log-level=3",
    "--window-size=1400,1000",
    # What a browser at work here never needs; together they save a quarter of its work.
    "--disable-extensions",
    "--in-process-gpu",
    f"--disable-features={_NOT_NEEDED}",
)

_PREFERENCES: Mapping[str, Any] = {
    "download.prompt_for_download": False,
    "download.directory_upgrade": True,
    "plugins.always_open_pdf_externally": True,
    "profile.default_content_setting_values.automatic_downloads": 1,
    **{
        f"profile.default_content_setting_values.{asked_for}": 2
        for asked_for in ("notifications", "geolocation", "media_stream_mic", "media_stream_camera", "midi_sysex")
    },
    "profile.password_manager_enabled": False,
    "credentials_enable_service": False,
    # Some distributions open a start page of their own, which would tell a stranger of each start and, behind a
    # closed network, hold up the first command until its page-load limit.
    "homepage": "about:blank",
    "homepage_is_newtabpage": False,
    "session.restore_on_startup": 4,
    "session.startup_urls": ["about:blank"],
}


def vendor(kind: BrowserKind) -> str:
    """The prefix of a browser's own commands and capabilities."""
    return "ms" if kind is BrowserKind.EDGE else "goog"


def require_display(config: HeadlessConfiguration, environment: Mapping[str, str], platform: str) -> None:
    """Return when a window can be shown, or none is wanted.

    Args:
        config: Whether the browser shows one.
        environment: What the browser will be started with.
        platform: As `sys.platform`; elsewhere than on Linux and its kin there is always a display to ask.

    Raises:
        ConfigurationError: There is no display.
    """
    has_variables = platform not in ("win32", "darwin")
    if not config.headless and has_variables and not any(map(environment.get, _DISPLAYS)):
        raise ConfigurationError(
            "headless=False shows the browser's window, and there is no display for it: neither DISPLAY nor "
            "WAYLAND_DISPLAY is set. Use headless=True, or run it in a desktop session or under xvfb-run."
        )


def browser_options(found: FoundBrowser, config: HeadlessConfiguration, folder: WorkerFolder) -> ChromiumOptions:
    """Return what the driver is asked to start the browser with."""
    options: ChromiumOptions = EdgeOptions() if found.kind is BrowserKind.EDGE else ChromeOptions()
    options.binary_location = str(found.binary)
    # Dialogs are answered inside the page (`scripts/watch.js`). One from elsewhere must not hold up commands.
    options.unhandled_prompt_behavior = "dismiss"
    # Whether a page is at rest is ours to find out: an image that never comes must not hold it up.
    options.page_load_strategy = "eager"
    for switch in (*_SWITCHES, f"--user-data-dir={folder.profile}", *config.extra_arguments):
        options.add_argument(switch)
    if config.headless:
        options.add_argument("--headless=new")
    if config.user_agent is not None:
        options.add_argument(f"--user-agent={config.user_agent}")
    if _shared_memory_is_small():
        options.add_argument("--disable-dev-shm-usage")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")
        if not _said.is_set():
            _said.set()
            log.warning("Running as root: the browser's sandbox is off, because it cannot start otherwise.")
    options.add_experimental_option("prefs", {**_PREFERENCES, "download.default_directory": str(folder.temporary)})
    # Its chatter would fill the driver's log, which nobody reads, for as long as it lives. And windows that a page
    # opens by itself are blocked as in anybody's browser, which drivers do not do of their own.
    options.add_experimental_option("excludeSwitches", ["enable-logging", "disable-popup-blocking"])
    # The page's events tell of downloads: their names, their ends, and the ids by which they can be broken off.
    options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": False, "enablePage": True})
    options.set_capability(f"{vendor(found.kind)}:loggingPrefs", {"performance": "ALL"})
    return options


def _shared_memory_is_small() -> bool:
    """Whether this is a container with the usual 64 MB, in which a large page would crash its tab."""
    try:
        return shutil.disk_usage("/dev/shm").total < _ENOUGH_SHARED_MEMORY  # noqa: S108 - only its size is read
    except OSError:
        return False


def child_environment(variables: Mapping[str, str], folder: WorkerFolder, nonce: str) -> dict[str, str]:
    """Return the environment of a driver and its browser: no secrets, nothing that leads Selenium elsewhere."""
    kept = {
        name: value
        for name, value in variables.items()
        if name not in _SECRETS and name not in _MISLEADING and not name.startswith("SE_")
    }
    temporary = str(folder.temporary)
    return kept | {
        NONCE_VARIABLE: nonce,
        "TMPDIR": temporary,
        "TMP": temporary,
        "TEMP": temporary,
        "XDG_CONFIG_HOME": str(folder.config),
        "BREAKPAD_DUMP_LOCATION": str(folder.config),
    }
