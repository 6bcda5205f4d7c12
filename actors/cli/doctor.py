"""`purser doctor`: looks at everything a run needs, and says for each thing that is missing how to mend it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs

from actors.addresses import authority_of
from actors.cli.findings import Finding, Verdict
from actors.cli.logs import debugging, set_up_logging
from actors.cli.output import Output, printable
from actors.cli.places import look_at_places
from actors.cli.summary import ExitCode
from actors.processes import resources
from actors.tables import RunSettings, read_environment, read_orders, read_settings_file
from contracts.config import HeadlessConfiguration, PortalChoice, PortalKind
from contracts.errors import BrowserNotFoundError, ConfigurationError, ParallelProcessingError

_GIB = 2**30
_LEAST_MEMORY = 4
_GOOD_MEMORY = 8
_LEAST_PYTHON = (3, 11)
_PATIENCE = 20.0


@attrs.frozen
class BrowserVersions:
    """A browser with its driver, and what each calls itself."""

    browser: str
    driver: str


BrowserFinder = Callable[[HeadlessConfiguration], BrowserVersions]


def examine(
    environment: Mapping[str, str],
    output: Output,
    find: BrowserFinder | None = None,
    *,
    config: Path | None = None,
    download_dir: Path | None = None,
) -> ExitCode:
    """Look at everything and tell what was found.

    Args:
        environment: `os.environ`, or anything like it.
        output: Where to talk to.
        find: Finds the browser; when None the real one, which is started once.
        config: A settings file that a run would be given, or None.
        download_dir: The download folder that a run would be given, or None.

    Returns:
        UNUSABLE if anything is missing without which no run can start.
    """
    set_up_logging(output, debug=debugging(environment))
    found = tuple(findings(environment, find or find_and_start, config=config, download_dir=download_dir))
    for finding in found:
        style = {Verdict.GOOD: "green", Verdict.POOR: "yellow", Verdict.BAD: "bold red"}[finding.verdict]
        output.out.say(f"{finding.verdict.value:<8} {finding.what}: {finding.detail}", style)
        if finding.mend:
            output.out.say(f"{'':<8} -> {finding.mend}")
    missing = sum(finding.verdict is Verdict.BAD for finding in found)
    output.out.say(
        f"{missing} missing. Mend what is marked and run purser doctor again." if missing else "Ready to run."
    )
    return ExitCode.UNUSABLE if missing else ExitCode.SUCCESS


def findings(
    environment: Mapping[str, str],
    find: BrowserFinder,
    *,
    config: Path | None = None,
    download_dir: Path | None = None,
) -> Iterator[Finding]:
    """Yield what was found, one thing after the other."""
    yield _python()
    yield _packages()
    stated, wrong = _stated(environment, config)
    yield from wrong
    if download_dir is not None:
        stated = RunSettings(session={"download_dir": download_dir}).over(stated)
    settings = stated.settings()
    yield from _adapters(settings.portal)
    yield _browser(stated.headless_configuration(), find)
    yield _memory()
    yield from look_at_places(settings, {"results file": stated.results, "report": stated.report})
    if settings.profile is not None:
        yield _profile(settings.profile)
    if stated.csv_path is not None:
        yield _list(stated.csv_path)
    yield _credentials(environment, authority_of(settings.base_url))


def _stated(environment: Mapping[str, str], config: Path | None) -> tuple[RunSettings, tuple[Finding, ...]]:
    """Return what environment and settings file say, as far as they are right, and what is wrong about them."""
    stated, wrong = RunSettings(), []
    sources: list[tuple[Callable[[], RunSettings], str]] = [
        (lambda: read_environment(environment), "Correct or unset that environment variable.")
    ]
    if config is not None:
        sources.append((lambda: read_settings_file(config), "Correct that file."))
    for read, mend in sources:
        try:
            more = stated.over(read())
            more.settings()
            more.headless_configuration()
        except ConfigurationError as error:
            wrong.append(Finding("settings", Verdict.BAD, printable(str(error)), mend))
        else:
            stated = more
    return stated, tuple(wrong)


def _adapters(portal: PortalChoice) -> Iterator[Finding]:
    """Look at the installed portal adapters that a run would use: the one that is named, or all that `auto` asks."""
    from actors.session.installed import installed_adapter, installed_adapters  # noqa: PLC0415 - as for the browser

    if isinstance(portal, str):
        try:
            found = installed_adapter(portal)
        except ConfigurationError as error:
            mend = "Install it, or name another one: --portal, PURSER_PORTAL or the settings file."
            yield Finding("portal adapter", Verdict.BAD, printable(str(error), 400), mend)
        else:
            yield Finding("portal adapter", Verdict.GOOD, printable(f"{found.name} of {found.origin}"))
    elif portal is PortalKind.AUTO:
        for one in installed_adapters():
            if one.adapter is None:
                detail = printable(f"{one.fault} It is passed over.", 400)
                yield Finding("portal adapter", Verdict.POOR, detail, "Mend or uninstall its package.")
            else:
                yield Finding("portal adapter", Verdict.GOOD, printable(f"{one.name} of {one.origin}"))


def _profile(profile: Path) -> Finding:
    if profile.is_dir():
        return Finding("profile", Verdict.GOOD, printable(str(profile)))
    mend = "Make one with: purser login --base-url URL --profile DIR"
    return Finding("profile", Verdict.BAD, f"{printable(str(profile))} is not a folder", mend)


def _list(file: Path) -> Finding:
    try:
        orders = read_orders(file)
    except ConfigurationError as error:
        return Finding(
            "file of orders", Verdict.BAD, printable(str(error)), "Correct or unset the setting that names it."
        )
    return Finding("file of orders", Verdict.GOOD, f"{printable(str(file))}, {len(orders.to_visit)} orders to visit")


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= _LEAST_PYTHON:
        return Finding("Python", Verdict.GOOD, version)
    return Finding("Python", Verdict.BAD, version, "Install Python 3.11 or newer and set purser up again.")


def _packages() -> Finding:
    try:
        wanted = importlib.metadata.requires("po-purser") or []
    except importlib.metadata.PackageNotFoundError:
        return Finding("packages", Verdict.BAD, "po-purser is not installed", "Run: pip install -e . in its folder")
    names = [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in wanted if "extra ==" not in text]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        return Finding("packages", Verdict.BAD, f"{', '.join(missing)} not installed", "Run the set-up script again.")
    return Finding("packages", Verdict.GOOD, f"all {len(names)} installed")


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def find_versions(configuration: HeadlessConfiguration) -> BrowserVersions:
    """Find the browser that a run would use, and ask it and its driver for their versions.

    Raises:
        BrowserNotFoundError: There is none.
    """
    # Imported here because it brings in the browser's libraries, which the doctor may find missing.
    from actors.browser.find import find_browser  # noqa: PLC0415 - see above

    found = find_browser(configuration, may_fetch=False)
    return BrowserVersions(_version(found.binary), _version(found.driver))


def find_and_start(configuration: HeadlessConfiguration) -> BrowserVersions:
    """Find the browser that a run would use, and start it once as a run would.

    Raises:
        BrowserNotFoundError: There is none.
        ParallelProcessingError: It does not start.
    """
    # Imported here because it brings in the browser's libraries, which the doctor may find missing.
    from actors.session.trying_out import start_once  # noqa: PLC0415 - see above

    versions = find_versions(configuration)
    start_once(configuration)
    return versions


def _version(program: Path) -> str:
    if sys.platform == "win32" and "driver" not in program.name:
        # There a browser that is asked for its version opens a window.
        return str(program)
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return f"{program} (it does not tell its version)"
    name = re.match(r"[^\d\n]*\d+(?:\.\d+)+", told)
    return printable(f"{name[0] if name else 'of unknown version'} ({program})")


def _browser(configuration: HeadlessConfiguration, find: BrowserFinder) -> Finding:
    try:
        versions = find(configuration)
    except BrowserNotFoundError as error:
        return Finding("browser", Verdict.BAD, "none that can be used", str(error))
    except ParallelProcessingError as error:
        mend = "Start it by hand to see why. In a container, see docs/how-to/containers.md."
        return Finding("browser", Verdict.BAD, f"it does not start: {printable(str(error), 400)}", mend)
    detail = f"{versions.browser}, driver {versions.driver}"
    majors = {_major(versions.browser), _major(versions.driver)} - {""}
    if len(majors) > 1:
        mend = "Install browser and driver of the same major version; a distribution keeps them in step."
        return Finding("browser", Verdict.BAD, f"{detail}: they do not fit together", mend)
    return Finding("browser", Verdict.GOOD, detail)


def _major(text: str) -> str:
    found = re.search(r"\b(\d+)(?:\.\d+)+", text)
    return found[1] if found else ""


def _memory() -> Finding:
    gib = resources.machine().memory / _GIB
    detail = f"{gib:.1f} GB"
    if gib < _LEAST_MEMORY:
        return Finding("memory", Verdict.BAD, detail, "A crew needs 4 GB. Use another machine, or run --sequential.")
    if gib < _GOOD_MEMORY:
        return Finding("memory", Verdict.POOR, detail, "8 GB is recommended. Use fewer workers: --workers 2")
    return Finding("memory", Verdict.GOOD, detail)


def _credentials(environment: Mapping[str, str], host: str) -> Finding:
    given = [name for name in ("PURSER_USERNAME", "PURSER_PASSWORD") if environment.get(name)]
    if len(given) == 2:
        return Finding("credentials", Verdict.GOOD, "PURSER_USERNAME and PURSER_PASSWORD are set")
    if given:
        missing = {"PURSER_USERNAME": "PURSER_PASSWORD", "PURSER_PASSWORD": "PURSER_USERNAME"}[given[0]]
        return Finding("credentials", Verdict.POOR, f"only {given[0]} is set", f"Set {missing} as well.")
    if host and _is_in_keyring(host):
        return Finding("credentials", Verdict.GOOD, f"the system's keyring has some for {printable(host)}")
    mend = (
        "If the portal wants a login: set PURSER_USERNAME and PURSER_PASSWORD, or keep them in the system's keyring, "
        "or run purser login and use --profile."
    )
    where = f"or in the keyring for {printable(host)}" if host else "(set PURSER_BASE_URL to have the keyring asked)"
    return Finding("credentials", Verdict.POOR, f"none in the environment {where}", mend)


def _is_in_keyring(host: str) -> bool:
    # Imported here because looking for a keyring takes half a second, which only this answer is worth.
    from actors.session.credentials import SystemCredentials  # noqa: PLC0415 - see above

    return SystemCredentials(host).credentials(host) is not None
