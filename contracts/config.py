"""Settings: frozen, checked when they are built, with the contract's names and defaults.

A value out of range raises `ConfigurationError` (which is a `ValueError`) that names the setting, the value and the
range. Fractions are 0 to 1, times are seconds, sizes are bytes unless a name says otherwise.
"""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from contracts.errors import ConfigurationError

MIN_WORKERS = 1
MAX_LOCAL_WORKERS = 8


class Route(enum.Enum):
    """Where pages and files travel: both in the browser, or files over HTTP with the browser's cookies."""

    BROWSER = "browser"
    HYBRID = "hybrid"


class PortalKind(enum.Enum):
    """Which adapter reads the pages; `AUTO` decides by what each page is."""

    AUTO = "auto"
    COUPA = "coupa"
    GENERIC = "generic"


def _number(low: float, high: float | None = None) -> Callable[[Any, Any, Any], None]:
    """Return a validator that accepts real numbers from `low` to `high`, both included."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        good = isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
        if not good or value < low or (high is not None and value > high):
            limits = f"from {low:g} to {high:g}" if high is not None else f"of at least {low:g}"
            raise ConfigurationError(f"{attribute.name} must be a number {limits}, not {value!r}.")

    return check


def _of_kind(kind: type) -> Callable[[Any, Any, Any], None]:
    """Return a validator that accepts instances of `kind`."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{attribute.name} must be of the type {kind.__name__}, not {value!r}.")

    return check


def _worker_count(_instance: Any, attribute: Any, value: Any) -> None:
    check_worker_count(value, attribute.name)


def check_worker_count(value: object, name: str = "max_workers", most: int | None = MAX_LOCAL_WORKERS) -> int:
    """Return `value` if it is a worker count from 1 to `most` (contract 3).

    Raises:
        ConfigurationError: It is no whole number, or outside the range. This is a `ValueError`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < MIN_WORKERS or value > (most or value):
        limits = f"from {MIN_WORKERS} to {most}" if most is not None else f"of at least {MIN_WORKERS}"
        raise ConfigurationError(f"{name} must be a whole number {limits}, not {value!r}.")
    return value


def check_web_address(value: str, name: str = "base_url") -> str:
    """Return `value` if it is an absolute http or https URL with a host and without a password in it.

    Raises:
        ConfigurationError: It is not.
    """
    given: object = value
    if not isinstance(given, str):
        raise ConfigurationError(f"{name} must be an address as text, not {given!r}.")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(ord(character) <= 32 for character in value):
        raise ConfigurationError(
            f"{name} must be an http or https address such as https://portal.example, not {_without_login(value)!r}."
        )
    if parts.username or parts.password:
        raise ConfigurationError(
            f"{name} must not carry a user name or password; use PURSER_USERNAME and PURSER_PASSWORD."
        )
    return value


def _without_login(address: str) -> str:
    """Return an address that is none without what may be a user name and a password, for a message."""
    before, slashes, rest = address.partition("//")
    login, _, host = rest.rpartition("@")
    return f"{before}{slashes}\u2588\u2588\u2588@{host}" if login else address


def _positive_counts(_instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number of at least 1, not {value!r}.")


def _switch(_instance: Any, attribute: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} must be True or False, not {value!r}.")


_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)


def _hosts(value: Any) -> tuple[str, ...]:
    """Return hosts in lower case."""
    given = (value,) if isinstance(value, str) else tuple(value)
    return tuple(host.lower() if isinstance(host, str) else host for host in given)


def _are_hosts(_instance: Any, attribute: Any, value: tuple[Any, ...]) -> None:
    for host in value:
        if not isinstance(host, str) or not _HOST.fullmatch(host):
            raise ConfigurationError(
                f"{attribute.name} must hold hosts such as files.example or files.example:8443, not {host!r}."
            )


_BROWSERS = ("auto", "edge", "chrome", "chromium")


def _browser_name(_instance: Any, _attribute: Any, value: Any) -> None:
    if value not in _BROWSERS:
        raise ConfigurationError(f"browser must be one of {', '.join(_BROWSERS)}, not {value!r}.")


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
    user_agent: str | None
    extra_arguments: tuple[str, ...]

    def __init__(
        self,
        headless: bool = True,
        browser: str = "auto",
        binary: str | Path | None = None,
        driver: str | Path | None = None,
        grid_url: str | None = None,
        *,
        user_agent: str | None = None,
        extra_arguments: tuple[str, ...] = (),
        enabled: bool | None = None,
    ) -> None:
        chosen = headless if enabled is None else enabled
        if not isinstance(chosen, bool):
            raise ConfigurationError(f"headless must be True or False, not {chosen!r}.")
        if grid_url is not None:
            raise ConfigurationError("grid_url is not supported yet; leave it out to use the browser of this machine.")
        self.__attrs_init__(
            headless=chosen,
            browser=browser,
            binary=Path(binary) if binary is not None else None,
            driver=Path(driver) if driver is not None else None,
            grid_url=grid_url,
            user_agent=user_agent,
            extra_arguments=tuple(extra_arguments),
        )

    @property
    def enabled(self) -> bool:
        """The other name of `headless`."""
        return self.headless


@attrs.frozen(kw_only=True)
class PoolConfig:
    """Settings of a worker pool (contract 95 to 100). Keyword-only; `base_profile_path` is required."""

    worker_count: int = attrs.field(default=4, validator=_worker_count)
    headless_mode: bool = True
    base_profile_path: str
    memory_threshold: float = attrs.field(default=0.75, validator=_number(0.50, 0.90))
    max_restart_attempts: int = attrs.field(default=3, validator=_positive_counts)
    task_timeout: float = attrs.field(default=300.0, validator=_number(0.001))
    shutdown_timeout: float = attrs.field(default=60.0, validator=_number(0.0))


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

    max_attempts: int = attrs.field(default=3, validator=_positive_counts)
    backoff_factor: float = attrs.field(default=2.0, validator=_number(1.0))
    base_delay: float = attrs.field(default=1.0, validator=_number(0.0))
    max_delay: float = attrs.field(default=60.0, validator=_number(0.0))
    jitter: bool = True


@attrs.frozen(kw_only=True)
class RestartIntensity:
    """How many restarts a supervisor allows within a sliding window, and how it spaces them.

    Args:
        max_restarts: Restarts allowed within `window`; the next one makes the supervisor give up.
        window: Seconds of monotonic time.
        first_delay: Seconds before the second restart; the first one has no delay.
        max_delay: Seconds no wait exceeds.
        stable_after: Seconds of life after which the waits start from none again.
    """

    max_restarts: int = attrs.field(default=30, validator=_number(0))
    window: float = attrs.field(default=60.0, validator=_number(0.001))
    first_delay: float = attrs.field(default=1.0, validator=_number(0.0))
    max_delay: float = attrs.field(default=30.0, validator=_number(0.0))
    stable_after: float = attrs.field(default=60.0, validator=_number(0.0))


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

    memory_threshold: float = attrs.field(default=0.75, validator=_number(0.50, 0.90))
    max_restart_attempts: int = attrs.field(default=3, validator=_positive_counts)
    restart_window: float = attrs.field(default=60.0, validator=_number(0.001))
    recycle_after_tasks: int = attrs.field(default=500, validator=_positive_counts)
    recycle_after_seconds: float = attrs.field(default=4 * 3600.0, validator=_number(1.0))
    minimum_free_disk: int = attrs.field(default=200 * 2**20, validator=_number(0))
    check_interval: float = attrs.field(default=2.0, validator=_number(0.05))

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

    max_size: int = attrs.field(default=200 * 2**20, validator=_positive_counts)
    max_count: int = attrs.field(default=200, validator=_positive_counts)


@attrs.frozen(kw_only=True)
class Timeouts:
    """Every deadline, in seconds. The defaults are those of `docs/reference`."""

    page_load: float = attrs.field(default=45.0, validator=_number(0.05))
    settle: float = attrs.field(default=10.0, validator=_number(0.05))
    driver_command: float = attrs.field(default=60.0, validator=_number(0.05))
    http_connect: float = attrs.field(default=10.0, validator=_number(0.05))
    http_read: float = attrs.field(default=5.0, validator=_number(0.05))
    download_stall: float = attrs.field(default=30.0, validator=_number(0.05))
    inactivity: float = attrs.field(default=90.0, validator=_number(0.05))
    task: float = attrs.field(default=300.0, validator=_number(0.05))
    worker_ready: float = attrs.field(default=30.0, validator=_number(0.05))
    login: float = attrs.field(default=30.0, validator=_number(0.05))
    recovery: float = attrs.field(default=15.0, validator=_number(0.05))
    shutdown: float = attrs.field(default=60.0, validator=_number(0.0))
    force: float = attrs.field(default=10.0, validator=_number(0.05))
    circuit_open: float = attrs.field(default=900.0, validator=_number(0.05))
    circuit_probe_first: float = attrs.field(default=5.0, validator=_number(0.01))
    circuit_probe_max: float = attrs.field(default=30.0, validator=_number(0.01))
    restart_verdict: float = attrs.field(default=1.0, validator=_number(0.01))
    root_silence: float = attrs.field(default=5.0, validator=_number(0.05))


_DOCUMENT_ENDINGS = (
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".csv", ".zip", ".msg", ".eml", ".txt",
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".xml", ".ppt", ".pptx",
)  # fmt: skip


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

    order_path: str = "/orders/{number}"
    attachment_selectors: tuple[str, ...] = ("a.attachment", "a[download]", "a[href*='/attachment/']")
    document_endings: tuple[str, ...] = _DOCUMENT_ENDINGS
    title_selectors: tuple[str, ...] = ("title", "h1")
    login_paths: tuple[str, ...] = ("/login", "/sessions/new", "/signin", "/sign_in")
    not_found_texts: tuple[str, ...] = (
        "page not found",
        "does not exist",
        "could not be found",
        "access denied",
        "not authorized",
    )
    supplier_selector: str = ""
    username_field: str = "input[type=email], input[name*=user i], input[name*=login i], input[type=text]"
    password_field: str = "input[type=password]"  # noqa: S105 - a selector, not a password
    submit_button: str = "button[type=submit], input[type=submit], button:not([type])"


@attrs.frozen(kw_only=True)
class Settings:
    """Everything one session needs to know beyond browser, mode, workers and callback.

    Args:
        portal: Which adapter reads the pages.
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
        pipeline_depth: Leases a worker may hold at once. Only 1 is supported.
    """

    portal: PortalKind = attrs.field(default=PortalKind.AUTO, converter=PortalKind)
    base_url: str = attrs.field(default="")
    download_dir: Path = attrs.field(default=Path("download"), converter=Path)
    route: Route = attrs.field(default=Route.HYBRID, converter=Route)
    profile: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    timeouts: Timeouts = attrs.field(default=Timeouts(), validator=_of_kind(Timeouts))
    limits: ResourceLimits = attrs.field(default=ResourceLimits(), validator=_of_kind(ResourceLimits))
    attachments: AttachmentLimits = attrs.field(default=AttachmentLimits(), validator=_of_kind(AttachmentLimits))
    retry: RetryPolicy = attrs.field(default=RetryPolicy(), validator=_of_kind(RetryPolicy))
    intensity: RestartIntensity = attrs.field(default=RestartIntensity(), validator=_of_kind(RestartIntensity))
    generic: GenericPortalSettings = attrs.field(
        default=GenericPortalSettings(), validator=_of_kind(GenericPortalSettings)
    )
    seed: int | None = None
    screenshots: bool = attrs.field(default=True, validator=_switch)
    allowed_file_hosts: tuple[str, ...] = attrs.field(default=(), converter=_hosts, validator=_are_hosts)
    login_hosts: tuple[str, ...] = attrs.field(default=(), converter=_hosts, validator=_are_hosts)
    strict_types: bool = attrs.field(default=False, validator=_switch)
    pipeline_depth: int = attrs.field(default=1, validator=_number(1, 1))

    @base_url.validator
    def _check_base_url(self, _attribute: object, value: str) -> None:
        if value != "":
            check_web_address(value)
