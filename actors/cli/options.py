"""What the command line of `purser run` says, laid over the environment, the settings file and the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from actors.folders.names import require_possible, shown
from actors.tables import (
    DEFAULT_WORKERS,
    SESSION_SETTINGS,
    OrderFile,
    RunSettings,
    check_target,
    read_environment,
    read_settings_file,
)
from contracts.checks import check_worker_count
from contracts.config import HeadlessConfiguration, PortalKind, Route, Settings
from contracts.errors import ConfigurationError, DownloadFolderError


@attrs.frozen(kw_only=True)
class RunOptions:
    """The options of `purser run` as given. None and False mean that nothing was said.

    One that has the name of a field of `Settings` sets that field.
    """

    file: Path | None = None
    portal: PortalKind | str | None = None
    base_url: str | None = None
    download_dir: Path | None = None
    workers: int | None = None
    sequential: bool = False
    route: Route | None = None
    headed: bool = False
    profile: Path | None = None
    results: Path | None = None
    report: Path | None = None
    config: Path | None = None
    fresh: bool = False

    def patch(self) -> RunSettings:
        """Return what was said as a patch of settings.

        Raises:
            ConfigurationError: The number of workers is out of range.
        """
        if self.workers is not None:
            check_worker_count(self.workers, "--workers")
        said = {name: getattr(self, name) for name in SESSION_SETTINGS if hasattr(self, name)}
        return RunSettings(
            csv_path=self.file,
            results=self.results,
            report=self.report,
            workers=self.workers,
            parallel=False if self.sequential else None,
            headless=False if self.headed else None,
            session={name: value for name, value in said.items() if value is not None},
        )


@attrs.frozen(kw_only=True)
class RunPlan:
    """Everything a run needs to know, checked."""

    csv_path: Path
    results: Path
    report: Path
    workers: int
    parallel: bool
    browser: HeadlessConfiguration
    settings: Settings
    warnings: tuple[str, ...] = ()


def make_plan(options: RunOptions, environment: Mapping[str, str]) -> RunPlan:
    """Lay the sources over one another: command line, environment, file, defaults.

    Args:
        options: The command line.
        environment: `os.environ`, or anything like it.

    Raises:
        ConfigurationError: Something is missing, wrong or contradicts something else. The message says what to do.
    """
    stated = options.patch().over(read_environment(environment))
    if options.config is not None:
        stated = stated.over(read_settings_file(options.config))
    if stated.csv_path is None:
        raise ConfigurationError("No file of orders is given. Name it: purser run FILE.csv")
    settings = stated.settings()
    require_adapter(settings)
    if settings.profile is not None and not settings.profile.is_dir():
        raise ConfigurationError(
            f"The profile {str(settings.profile)!r} is not a folder. "
            "Make one with: purser login --base-url URL --profile DIR"
        )
    _require_possible({"download folder": settings.download_dir, "file of orders": stated.csv_path})
    _require_possible({"results file": stated.results, "report": stated.report})
    results = stated.results or _beside_the_input(settings.download_dir / "results.csv", stated.csv_path)
    report = stated.report or settings.download_dir / "report.json"
    _require_distinct({"file of orders": stated.csv_path, "results file": results, "report": report})
    check_target(results, "results file")
    check_target(report, "report")
    return RunPlan(
        csv_path=stated.csv_path,
        results=results,
        report=report,
        workers=DEFAULT_WORKERS if stated.workers is None else stated.workers,
        parallel=stated.parallel is not False,
        browser=stated.headless_configuration(),
        settings=settings,
        warnings=stated.warnings,
    )


def require_adapter(settings: Settings) -> None:
    """Return unless the settings name an installed portal adapter that is not there, or cannot be used.

    Raises:
        ConfigurationError: That is so.
    """
    if isinstance(settings.portal, str):
        # Imported here because only a name needs it.
        from actors.session.installed import installed_adapter  # noqa: PLC0415 - see above

        installed_adapter(settings.portal)


def require_addresses(orders: OrderFile, settings: Settings) -> None:
    """Return unless no order at all has an address and none can be built.

    Raises:
        ConfigurationError: That is so.
    """
    if orders.to_visit and not settings.base_url and not any(row.task.url for row in orders.to_visit):
        raise ConfigurationError(
            "No order has a URL of its own, and no base URL is given. Name the portal: --base-url https://portal.example"
        )


def _require_possible(places: Mapping[str, Path | None]) -> None:
    """Return when each place that is given may be the name of something."""
    for what, place in places.items():
        if place is None:
            continue
        try:
            require_possible(place)
        except OSError as error:
            kind = DownloadFolderError if what == "download folder" else ConfigurationError
            raise kind(f"The {what} {shown(place)} cannot be: {error.strerror}. Choose another place.") from error


def _beside_the_input(results: Path, csv_path: Path) -> Path:
    """Return `results`, or the next free name when that is the input itself: the input is never modified."""
    wanted, count = results, 1
    while _same(wanted, csv_path):
        count += 1
        wanted = results.with_name(f"{results.stem}-{count}{results.suffix}")
    return wanted


def _require_distinct(files: Mapping[str, Path]) -> None:
    told: list[tuple[str, Path]] = []
    for name, path in files.items():
        for other, place in told:
            if _same(path, place):
                raise ConfigurationError(
                    f"The {name} and the {other} are the same file {str(path)!r}. Give one of them another name."
                )
        told.append((name, path))


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
