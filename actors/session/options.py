"""The session's further settings, each under its own name: every field of `Settings` as a keyword argument."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from contracts.config import (
    AttachmentLimits,
    GenericPortalSettings,
    PortalChoice,
    ResourceLimits,
    RestartIntensity,
    RetryPolicy,
    Route,
    Timeouts,
)


class SettingsOptions(TypedDict, total=False):
    """Every field of `Settings`, as keyword arguments. A test holds the two together; a type checker needs both."""

    portal: PortalChoice
    base_url: str
    download_dir: Path | str
    route: Route | str
    profile: Path | str | None
    timeouts: Timeouts
    limits: ResourceLimits
    attachments: AttachmentLimits
    retry: RetryPolicy
    intensity: RestartIntensity
    generic: GenericPortalSettings
    seed: int | None
    screenshots: bool
    allowed_file_hosts: Iterable[str]
    login_hosts: Iterable[str]
    strict_types: bool
