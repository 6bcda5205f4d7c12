"""Settings: frozen, checked when they are built, with the contract's names and defaults.

A value out of range raises `ConfigurationError` (which is a `ValueError`) that names the setting, the value and the
range. Fractions are 0 to 1, times are seconds, sizes are bytes unless a name says otherwise.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from contracts import checks
from contracts.errors import ConfigurationError
from contracts.ports import PortalAdapter
from contracts.supervision import RestartIntensity as RestartIntensity


class Route(enum.Enum):
    """Where pages and files travel: both in the browser, or files over HTTP with the browser's cookies."""

    BROWSER = "browser"
    HYBRID = "hybrid"


class PortalKind(enum.Enum):
    """Which adapter reads the pages; `AUTO` decides by what each page is."""

    AUTO = "auto"
    COUPA = "coupa"
    GENERIC = "generic"


PortalChoice = PortalKind | str | PortalAdapter
"""What `portal` may be: a kind, the name of an installed adapter, or an adapter."""

_BROWSERS = ("auto", "edge", "chrome", "chromium")


def _browser_name(_instance: Any, _attribute: Any, value: Any) -> None:
    if not isinstance(value, str) or value not in _BROWSERS:
        raise ConfigurationError(f"browser must be one of {', '.join(_BROWSERS)}, not {checks.shown(value)}.")


def _user_agent(_instance: Any, _attribute: Any, value: Any) -> None:
    if value is None:
        return
    # It becomes a line of each request.
    if not isinstance(value, str) or not value.isprintable() or not value.isascii() or not value.strip():
        raise ConfigurationError(f"user_agent must be a printable ASCII text or None, not {checks.shown(value)}.")


def _switches(_instance: Any, _attribute: Any, value: Any) -> None:
    good = isinstance(value, tuple) and all(
        isinstance(one, str) and one.startswith("-") and "\0" not in one for one in value
    )
    if not good:
        raise ConfigurationError(
            f"extra_arguments must be a list of switches, such as ['--lang=de'], not {checks.shown(value)}."
        )


@attrs.frozen(init=False)
class HeadlessConfiguration:
    """Which browser to use and whether it shows a window (contract 41).

    Args:
        headless: Without a window. `enabled` is accepted as another name for it.
        browser: `auto` looks for Edge, Chrome, Chromium in that order.
        binary: Path of the browser's program, instead of looking for it.
        driver: Path of its driver, instead of looking for it.
        grid_url: Address of a remote grid. Not supported yet: anything but None is an error.
        user_agent: What the browser calls itself; None leaves its own.
        extra_arguments: More command-line switches for the browser.
    """

    headless: bool
    browser: str = attrs.field(validator=_browser_name)
    binary: Path | None
    driver: Path | None
    grid_url: str | None
    user_agent: str | None = attrs.field(validator=_user_agent)
    extra_arguments: tuple[str, ...] = attrs.field(validator=_switches)

    def __init__(
        self,
        headless: bool = True,
        browser: str = "auto",
        binary: str | Path | None = None,
        driver: str | Path | None = None,
        grid_url: str | None = None,
        *,
        user_agent: str | None = None,
        extra_arguments: Iterable[str] = (),
        enabled: bool | None = None,
    ) -> None:
        chosen = headless if enabled is None else enabled
        if not isinstance(chosen, bool):
            raise ConfigurationError(f"headless must be True or False, not {checks.shown(chosen)}.")
        if grid_url is not None:
            raise ConfigurationError("grid_url is not supported yet; leave it out to use the browser of this machine.")
        self.__attrs_init__(
            headless=chosen,
            browser=browser,
            binary=checks.path_without_null(binary, "binary"),
            driver=checks.path_without_null(driver, "driver"),
            grid_url=grid_url,
            user_agent=user_agent,
            extra_arguments=checks.as_tuple(extra_arguments),
        )

    @property
    def enabled(self) -> bool:
        """The other name of `headless`."""
        return self.headless


@attrs.frozen(kw_only=True)
class PoolConfig:
    """Settings of a worker pool (contract 95 to 100). Keyword-only; `base_profile_path` is required."""

    worker_count: int = attrs.field(default=4, validator=checks.worker_count)
    headless_mode: bool = attrs.field(default=True, validator=checks.switch)
    base_profile_path: str | Path = attrs.field()
    memory_threshold: float = attrs.field(default=0.75, validator=checks.number(0.50, 0.90))
    max_restart_attempts: int = attrs.field(default=3, validator=checks.whole(1))
    task_timeout: float = attrs.field(default=300.0, validator=checks.number(0.001))
    shutdown_timeout: float = attrs.field(default=60.0, validator=checks.number(0.0))

    @base_profile_path.validator
    def _check_base_profile_path(self, _attribute: object, value: object) -> None:
        checks.path_without_null(checks.path_of(value, "base_profile_path"), "base_profile_path")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """When a failed visit is tried again: exponential backoff with jitter (contract 128).

    Args:
        max_attempts: Visits charged to one order, the first included.
        backoff_factor: How much longer each wait is than the one before.
        base_delay: Seconds before the second visit.
        max_delay: Seconds no wait exceeds.
        jitter: Whether each wait is shortened by a random share of up to one half.
    """

    max_attempts: int = attrs.field(default=3, validator=checks.whole(1))
    backoff_factor: float = attrs.field(default=2.0, validator=checks.number(1.0))
    base_delay: float = attrs.field(default=1.0, validator=checks.number(0.0))
    max_delay: float = attrs.field(default=60.0, validator=checks.number(0.0))
    jitter: bool = attrs.field(default=True, validator=checks.switch)


@attrs.frozen(kw_only=True)
class ResourceLimits:
    """What the crew may use of the machine.

    Args:
        memory_threshold: Soft limit, a fraction of the machine's or the cgroup's memory (contract 98).
        max_restart_attempts: Generations of one slot that may end without a finished order within `restart_window`.
        restart_window: Seconds, see above.
        recycle_after_tasks: Orders after which a worker gets a fresh browser.
        recycle_after_seconds: Age after which a worker gets a fresh browser.
        minimum_free_disk: Free bytes below which dispatch pauses.
        check_interval: Seconds between two looks at memory and disk.
    """

    memory_threshold: float = attrs.field(default=0.75, validator=checks.number(0.50, 0.90))
    max_restart_attempts: int = attrs.field(default=3, validator=checks.whole(1))
    restart_window: float = attrs.field(default=60.0, validator=checks.number(0.001))
    recycle_after_tasks: int = attrs.field(default=500, validator=checks.whole(1))
    recycle_after_seconds: float = attrs.field(default=4 * 3600.0, validator=checks.number(1.0))
    minimum_free_disk: int = attrs.field(default=200 * 2**20, validator=checks.whole(0))
    check_interval: float = attrs.field(default=2.0, validator=checks.number(0.05))

    @property
    def hard_memory_threshold(self) -> float:
        """The fraction at which the heaviest worker is killed at once: 0.10 above the soft one, at most 0.95."""
        return min(self.memory_threshold + 0.10, 0.95)


@attrs.frozen(kw_only=True)
class AttachmentLimits:
    """Bounds on what one order may bring home.

    Args:
        max_size: Bytes of one attachment.
        max_count: Attachments of one order.
    """

    max_size: int = attrs.field(default=200 * 2**20, validator=checks.whole(1))
    max_count: int = attrs.field(default=200, validator=checks.whole(1))


@attrs.frozen(kw_only=True)
class Timeouts:
    """Every deadline, in seconds. The defaults are those of `docs/reference`."""

    page_load: float = attrs.field(default=45.0, validator=checks.number(0.05))
    settle: float = attrs.field(default=10.0, validator=checks.number(0.05))
    driver_command: float = attrs.field(default=60.0, validator=checks.number(0.05))
    http_connect: float = attrs.field(default=10.0, validator=checks.number(0.05))
    http_read: float = attrs.field(default=5.0, validator=checks.number(0.05))
    download_stall: float = attrs.field(default=30.0, validator=checks.number(0.05))
    inactivity: float = attrs.field(default=90.0, validator=checks.number(0.05))
    task: float = attrs.field(default=300.0, validator=checks.number(0.05))
    worker_ready: float = attrs.field(default=30.0, validator=checks.number(0.05))
    login: float = attrs.field(default=30.0, validator=checks.number(0.05))
    shutdown: float = attrs.field(default=60.0, validator=checks.number(0.0))
    force: float = attrs.field(default=10.0, validator=checks.number(0.05))
    unreachable: float = attrs.field(default=30.0, validator=checks.number(0.05))
    circuit_open: float = attrs.field(default=900.0, validator=checks.number(0.05))
    circuit_probe_first: float = attrs.field(default=5.0, validator=checks.number(0.01))
    circuit_probe_max: float = attrs.field(default=30.0, validator=checks.number(0.01))
    restart_verdict: float = attrs.field(default=1.0, validator=checks.number(0.01))
    root_silence: float = attrs.field(default=5.0, validator=checks.number(0.05))


_DOCUMENT_ENDINGS = (
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".csv", ".zip", ".msg", ".eml", ".txt",
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".xml", ".ppt", ".pptx",
)  # fmt: skip


def _texts(*default: str) -> Any:
    return attrs.field(default=default, converter=checks.as_tuple, validator=checks.texts)


@attrs.frozen(kw_only=True)
class GenericPortalSettings:
    """How the generic adapter finds its way on a portal it does not know.

    Args:
        order_path: Path below the base URL; `{number}` stands for the order's number.
        attachment_selectors: CSS selectors of links that are attachments, wherever they lead.
        document_endings: Endings that make any same-origin link an attachment.
        title_selectors: CSS selectors of the texts one of which must hold the number as a whole token.
        login_paths: Path prefixes of the login page.
        not_found_texts: Texts that mean "no such order", beside those that all portals use.
        supplier_selector: CSS selector of the supplier's name, or empty.
        username_field: CSS selector of the login form's user field.
        password_field: CSS selector of its password field.
        submit_button: CSS selector of its button.
    """

    order_path: str = attrs.field(default="/orders/{number}", validator=checks.text)
    attachment_selectors: tuple[str, ...] = _texts("a.attachment", "a[download]", "a[href*='/attachment/']")
    document_endings: tuple[str, ...] = _texts(*_DOCUMENT_ENDINGS)
    title_selectors: tuple[str, ...] = _texts("title", "h1")
    login_paths: tuple[str, ...] = _texts("/login", "/sessions/new", "/signin", "/sign_in")
    not_found_texts: tuple[str, ...] = _texts(
        "page not found", "does not exist", "could not be found", "access denied", "not authorized"
    )
    supplier_selector: str = attrs.field(default="", validator=checks.text)
    username_field: str = attrs.field(
        default="input[type=email], input[name*=user i], input[name*=login i], input[type=text]", validator=checks.text
    )
    password_field: str = attrs.field(default="input[type=password]", validator=checks.text)
    submit_button: str = attrs.field(
        default="button[type=submit], input[type=submit], button:not([type])", validator=checks.text
    )


def _portal(value: PortalChoice) -> PortalChoice:
    given: object = value  # settings come from people and files, whatever the types say
    if isinstance(given, str):
        if given in [kind.value for kind in PortalKind]:
            return PortalKind(given)
        fault = "" if checks.is_adapter_name(given) else "it is no name"
    else:
        fault = "" if isinstance(given, PortalKind) else checks.fault_of_given_adapter(given)
    if not fault:
        return value
    kinds = ", ".join(kind.value for kind in PortalKind)
    raise ConfigurationError(
        f"portal must be one of {kinds}, the name of an installed adapter, or an adapter itself, not "
        f"{checks.shown(value)}: {fault}."
    )


def _route(value: Route | str) -> Route:
    return checks.one_of(Route, value)


def _download_dir(value: Path | str) -> Path:
    return checks.path_of(value, "download_dir")


def _profile(value: Path | str | None) -> Path | None:
    return checks.path_without_null(value, "profile")


@attrs.frozen(kw_only=True)
class Settings:
    """Everything one session needs to know beyond browser, mode, workers and callback.

    Args:
        portal: Which adapter reads the pages: `auto`, `coupa`, `generic`, or the name of an installed one. From Python
            also an adapter itself, see `contracts.ports.PortalAdapter`.
        base_url: Root of the portal, for orders without an address of their own; empty when every order has one.
        download_dir: Where the folders go.
        route: How files travel.
        profile: A browser profile that is already logged in, cloned for each worker; None starts empty.
        timeouts: Every deadline.
        limits: Memory, disk and restarts.
        attachments: Size and count of attachments.
        retry: When a failed visit is tried again.
        intensity: The crew's restart limit.
        generic: How the generic adapter finds its way.
        seed: Seeds every random choice (jitter); None takes one from the system.
        screenshots: Whether evidence of a failed order holds a picture of its page beside the text.
        allowed_file_hosts: Other hosts from which listed files may be fetched, as `host` or `host:port`. They never get
            the portal's cookies. A file on any other host counts as missing, with the reason.
        login_hosts: Identity providers of the portal, as `host` or `host:port`, where user name and password may be
            typed as well, with https alone. Anywhere but there and at the portal itself they are not.
        strict_types: Whether a file whose content is of another kind than its name says is refused.
    """

    portal: PortalChoice = attrs.field(default=PortalKind.AUTO, converter=_portal)
    base_url: str = attrs.field(default="")
    download_dir: Path = attrs.field(default=Path("download"), converter=_download_dir)
    route: Route = attrs.field(default=Route.HYBRID, converter=_route)
    profile: Path | None = attrs.field(default=None, converter=_profile)
    timeouts: Timeouts = attrs.field(default=Timeouts(), validator=checks.of_kind(Timeouts))
    limits: ResourceLimits = attrs.field(default=ResourceLimits(), validator=checks.of_kind(ResourceLimits))
    attachments: AttachmentLimits = attrs.field(default=AttachmentLimits(), validator=checks.of_kind(AttachmentLimits))
    retry: RetryPolicy = attrs.field(default=RetryPolicy(), validator=checks.of_kind(RetryPolicy))
    intensity: RestartIntensity = attrs.field(default=RestartIntensity(), validator=checks.of_kind(RestartIntensity))
    generic: GenericPortalSettings = attrs.field(
        default=GenericPortalSettings(), validator=checks.of_kind(GenericPortalSettings)
    )
    seed: int | None = attrs.field(default=None, validator=checks.any_whole)
    screenshots: bool = attrs.field(default=True, validator=checks.switch)
    allowed_file_hosts: tuple[str, ...] = attrs.field(default=(), converter=checks.as_hosts, validator=checks.hosts)
    login_hosts: tuple[str, ...] = attrs.field(default=(), converter=checks.as_hosts, validator=checks.hosts)
    strict_types: bool = attrs.field(default=False, validator=checks.switch)

    @base_url.validator
    def _check_base_url(self, _attribute: object, value: str) -> None:
        if value != "":
            checks.check_web_address(value)
