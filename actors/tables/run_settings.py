"""The settings of one run as a patch: what one source says, and nothing about what it leaves open.

Sources are laid over one another: command line over environment over file over the defaults of `contracts.config`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

import attrs

from contracts.config import HeadlessConfiguration, Settings

DEFAULT_WORKERS = 4

_HINTS = get_type_hints(Settings)

SETTING_TYPES: Mapping[str, Any] = MappingProxyType(
    {field.name: _HINTS[field.name] for field in attrs.fields(Settings)}
)
"""Every field of `Settings` with its type. Files, variables, options and the reference take from here what there is."""

GROUPS: Mapping[str, type[Any]] = MappingProxyType(
    {name: kind for name, kind in SETTING_TYPES.items() if attrs.has(kind)}
)
"""The groups of settings, each with the class that checks it."""

SESSION_SETTINGS = tuple(name for name in SETTING_TYPES if name not in GROUPS)
"""The settings without a group that are the session's."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _laid_over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the session's settings of one source over those of another; a group is laid over key by key."""
    merged = {**lower, **upper}
    for group in GROUPS.keys() & upper.keys() & lower.keys():
        merged[group] = MappingProxyType({**lower[group], **upper[group]})
    return MappingProxyType(merged)


@attrs.frozen(kw_only=True)
class RunSettings:
    """What one source says about a run. None, or an absent key of a mapping, leaves it to the source below.

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
        session: Values of `Settings` by name. For a group, a mapping of its values by name.
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
    session: Mapping[str, Any] = attrs.field(default=_NOTHING, hash=False)
    unknown: Mapping[str, Any] = attrs.field(default=_NOTHING, hash=False, repr=False)
    warnings: tuple[str, ...] = ()

    def over(self, below: RunSettings) -> RunSettings:
        """Return these settings laid over `below`: what is said here wins, the rest is kept."""
        merged: dict[str, Any] = {}
        for field in attrs.fields(RunSettings):
            upper, lower = getattr(self, field.name), getattr(below, field.name)
            if field.name == "warnings":
                merged[field.name] = (*lower, *upper)
            elif field.name == "session":
                merged[field.name] = _laid_over(upper, lower)
            elif field.name == "unknown":
                merged[field.name] = MappingProxyType({**lower, **upper})
            else:
                merged[field.name] = lower if upper is None else upper
        return RunSettings(**merged)

    def settings(self) -> Settings:
        """Return the session's settings, defaults filled in.

        Raises:
            ConfigurationError: A value is out of range.
        """
        return Settings(
            **{name: GROUPS[name](**said) if name in GROUPS else said for name, said in self.session.items()}
        )

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
