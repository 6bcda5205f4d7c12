"""The settings of one run as a patch: what one source says, and nothing about what it leaves open.

Sources are laid over one another: command line over environment over file over the defaults of `contracts.config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from contracts.config import (
    AttachmentLimits,
    GenericPortalSettings,
    HeadlessConfiguration,
    PortalKind,
    ResourceLimits,
    RestartIntensity,
    RetryPolicy,
    Route,
    Settings,
    Timeouts,
)

DEFAULT_WORKERS = 4

GROUPS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "timeouts": Timeouts,
        "limits": ResourceLimits,
        "attachments": AttachmentLimits,
        "retry": RetryPolicy,
        "intensity": RestartIntensity,
        "generic": GenericPortalSettings,
    }
)
"""The groups of settings, each with the class that checks it."""

SESSION_SETTINGS = (
    "portal", "base_url", "download_dir", "route", "profile", "seed", "screenshots", "allowed_file_hosts",
    "login_hosts", "strict_types",
)  # fmt: skip
"""The settings without a group that are the session's."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _group() -> Any:
    return attrs.field(default=_NOTHING, hash=False)


@attrs.frozen(kw_only=True)
class RunSettings:
    """What one source says about a run. None, or an absent key of a group, leaves it to the source below.

    Args:
        csv_path: The file of orders.
        results: Where the results go.
        report: Where the report goes.
        workers: Most browsers at work, 1 to 8; never more than orders.
        parallel: False works one order after the other with one browser.
        headless: False shows the browsers' windows.
        browser: `auto`, `edge`, `chrome` or `chromium`.
        binary: The browser's program.
        driver: The driver's program.
        user_agent: What the browser calls itself.
        timeouts: Values of `Timeouts` by name. The other groups are alike.
        unknown: Keys that mean nothing here, kept as they were.
        warnings: What was odd about the source, a sentence each.
    """

    csv_path: Path | None = None
    results: Path | None = None
    report: Path | None = None
    workers: int | None = None
    parallel: bool | None = None
    headless: bool | None = None
    browser: str | None = None
    binary: Path | None = None
    driver: Path | None = None
    user_agent: str | None = None
    portal: PortalKind | str | None = None
    base_url: str | None = None
    download_dir: Path | None = None
    route: Route | None = None
    profile: Path | None = None
    seed: int | None = None
    screenshots: bool | None = None
    allowed_file_hosts: tuple[str, ...] | None = None
    login_hosts: tuple[str, ...] | None = None
    strict_types: bool | None = None
    timeouts: Mapping[str, Any] = _group()
    limits: Mapping[str, Any] = _group()
    attachments: Mapping[str, Any] = _group()
    retry: Mapping[str, Any] = _group()
    intensity: Mapping[str, Any] = _group()
    generic: Mapping[str, Any] = _group()
    unknown: Mapping[str, Any] = attrs.field(default=_NOTHING, hash=False, repr=False)
    warnings: tuple[str, ...] = ()

    def over(self, below: RunSettings) -> RunSettings:
        """Return these settings laid over `below`: what is said here wins, the rest is kept."""
        merged: dict[str, Any] = {}
        for field in attrs.fields(RunSettings):
            upper, lower = getattr(self, field.name), getattr(below, field.name)
            if field.name == "warnings":
                merged[field.name] = (*lower, *upper)
            elif isinstance(upper, Mapping):
                merged[field.name] = MappingProxyType({**lower, **upper})
            else:
                merged[field.name] = lower if upper is None else upper
        return RunSettings(**merged)

    def settings(self) -> Settings:
        """Return the session's settings, defaults filled in.

        Raises:
            ConfigurationError: A value is out of range.
        """
        stated = {name: getattr(self, name) for name in SESSION_SETTINGS}
        groups = {name: kind(**getattr(self, name)) for name, kind in GROUPS.items()}
        return Settings(**{name: value for name, value in stated.items() if value is not None}, **groups)

    def headless_configuration(self) -> HeadlessConfiguration:
        """Return which browser to use and whether it shows a window.

        Raises:
            ConfigurationError: A value is out of range.
        """
        return HeadlessConfiguration(
            headless=True if self.headless is None else self.headless,
            browser=self.browser or "auto",
            binary=self.binary,
            driver=self.driver,
            user_agent=self.user_agent,
        )
