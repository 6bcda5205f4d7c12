"""Finding a browser and its driver: named paths first, then Edge, Chrome and Chromium where they usually lie."""

from __future__ import annotations

import enum
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.selenium_manager import SeleniumManager

from contracts.config import HeadlessConfiguration
from contracts.errors import BrowserNotFoundError

log = logging.getLogger("purser.browser")

BINARY_VARIABLE = "PURSER_BROWSER_BINARY"
DRIVER_VARIABLE = "PURSER_DRIVER"
_VERSION_SECONDS = 10.0
_FETCH_SECONDS = 60
_VERSION = re.compile(r"(\d+)\.\d+\.\d+")


class BrowserKind(enum.Enum):
    """The browsers this works with."""

    EDGE = "edge"
    CHROME = "chrome"
    CHROMIUM = "chromium"

    @property
    def driver_name(self) -> str:
        """Name of the driver's program."""
        return "msedgedriver" if self is BrowserKind.EDGE else "chromedriver"


@attrs.frozen
class FoundBrowser:
    """A browser and the driver to use with it."""

    kind: BrowserKind
    binary: Path
    driver: Path


_NAMES: Mapping[BrowserKind, tuple[str, ...]] = {
    BrowserKind.EDGE: ("microsoft-edge-stable", "microsoft-edge", "msedge"),
    BrowserKind.CHROME: ("google-chrome-stable", "google-chrome", "chrome"),
    BrowserKind.CHROMIUM: ("chromium", "chromium-browser"),
}

_MAC_APPS: Mapping[BrowserKind, str] = {
    BrowserKind.EDGE: "Microsoft Edge",
    BrowserKind.CHROME: "Google Chrome",
    BrowserKind.CHROMIUM: "Chromium",
}

_WINDOWS_PATHS: Mapping[BrowserKind, str] = {
    BrowserKind.EDGE: "Microsoft/Edge/Application/msedge.exe",
    BrowserKind.CHROME: "Google/Chrome/Application/chrome.exe",
    BrowserKind.CHROMIUM: "Chromium/Application/chrome.exe",
}

_DRIVER_FOLDERS = ("/usr/bin", "/usr/local/bin", "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/homebrew/bin")

_HOW_TO_GET_ONE = (
    "There are three ways to get one: install Debian's packages (apt install chromium chromium-driver); "
    "or install Microsoft Edge or Google Chrome and put its driver (msedgedriver or chromedriver) on the PATH; "
    "or name both programs with HeadlessConfiguration(binary=..., driver=...) or the environment variables "
    f"{BINARY_VARIABLE} and {DRIVER_VARIABLE}."
)


def find_browser(
    config: HeadlessConfiguration, environment: Mapping[str, str] | None = None, *, may_fetch: bool = True
) -> FoundBrowser:
    """Return the browser to use.

    Args:
        config: Named paths and the wanted kind of browser.
        environment: Variables to look in; None takes the process's own.
        may_fetch: Whether Selenium Manager may download a pair when none is installed.

    Raises:
        BrowserNotFoundError: There is none. The message names the ways to get one.
    """
    variables = os.environ if environment is None else environment
    binary = _named(config.binary or variables.get(BINARY_VARIABLE), "browser")
    driver = _named(config.driver or variables.get(DRIVER_VARIABLE), "driver")
    if binary is not None and driver is not None:
        return FoundBrowser(_kind_of(binary), binary, driver)
    kinds = _wanted_kinds(config, binary, driver)
    search_path = variables.get("PATH", "")
    pairs = [
        FoundBrowser(kind, one, its_driver)
        for kind in kinds
        for one in ([binary] if binary is not None else _binaries(kind, variables, search_path))
        for its_driver in ([driver] if driver is not None else _drivers(kind, one, search_path))
    ]
    if pairs:
        return _best(pairs)
    fetched = _fetch(kinds) if may_fetch and binary is None and driver is None else None
    if fetched is not None:
        return fetched
    wanted = "browser" if config.browser == "auto" else f"browser of the kind {config.browser!r}"
    missing = f"driver for {binary}" if binary is not None else f"{wanted} with a driver"
    raise BrowserNotFoundError(f"No {missing} was found on this machine. {_HOW_TO_GET_ONE}")


def _named(path: str | Path | None, what: str) -> Path | None:
    if not path:
        return None
    found = shutil.which(str(Path(path).expanduser()))
    if found is None:
        raise BrowserNotFoundError(f"The {what} {str(path)!r} is not there or cannot be run. {_HOW_TO_GET_ONE}")
    return Path(found).absolute()


def _kind_of(program: Path) -> BrowserKind:
    name = program.name.lower()
    if "edge" in name:
        return BrowserKind.EDGE
    return BrowserKind.CHROMIUM if "chromium" in name else BrowserKind.CHROME


def _wanted_kinds(config: HeadlessConfiguration, binary: Path | None, driver: Path | None) -> tuple[BrowserKind, ...]:
    if binary is not None:
        return (_kind_of(binary),)
    kinds = tuple(BrowserKind) if config.browser == "auto" else (BrowserKind(config.browser),)
    if driver is not None:
        fits_edge = _kind_of(driver) is BrowserKind.EDGE
        kinds = tuple(kind for kind in kinds if (kind is BrowserKind.EDGE) == fits_edge)
    return kinds


def _binaries(kind: BrowserKind, variables: Mapping[str, str], search_path: str) -> Iterator[Path]:
    if sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            candidate = Path(variables.get(variable, "C:/none")) / _WINDOWS_PATHS[kind]
            if candidate.is_file():
                yield candidate
    elif sys.platform == "darwin":
        app = _MAC_APPS[kind]
        for root in (Path("/Applications"), Path.home() / "Applications"):
            candidate = root / f"{app}.app/Contents/MacOS/{app}"
            if candidate.is_file():
                yield candidate
    for name in _NAMES[kind]:
        if found := shutil.which(name, path=search_path):
            yield Path(found).absolute()
            return


def _drivers(kind: BrowserKind, binary: Path, search_path: str) -> Iterator[Path]:
    folders = os.pathsep.join((search_path, str(binary.parent), *_DRIVER_FOLDERS))
    if found := shutil.which(kind.driver_name, path=folders):
        yield Path(found).absolute()


def _best(pairs: list[FoundBrowser]) -> FoundBrowser:
    """The first pair whose versions agree. One pair alone is taken as it is: asking costs a browser's start."""
    if len(pairs) == 1:
        return pairs[0]
    for pair in pairs:
        versions = {_major(pair.binary), _major(pair.driver)} - {""}
        if len(versions) <= 1:
            return pair
        log.info("%s is passed over: %s is for another version of it.", pair.binary, pair.driver)
    return pairs[0]


def _major(program: Path) -> str:
    # On Windows a browser asked for its version opens a window instead.
    if sys.platform == "win32" and "driver" not in program.name:
        return ""
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = _VERSION.search(told)
    return found[1] if found else ""


def _fetch(kinds: tuple[BrowserKind, ...]) -> FoundBrowser | None:
    kind = next((kind for kind in kinds if kind is not BrowserKind.CHROMIUM), None)
    if kind is None:
        return None
    arguments = ["--browser", kind.value, "--timeout", str(_FETCH_SECONDS), "--avoid-stats"]
    try:
        paths = SeleniumManager().binary_paths(arguments)
        return FoundBrowser(kind, Path(paths["browser_path"]), Path(paths["driver_path"]))
    except (WebDriverException, OSError, KeyError) as error:
        log.info("Selenium Manager could not fetch a browser: %s", str(error).partition("\n")[0])
        return None
