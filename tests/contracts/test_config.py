"""Every setting is checked when it is built: its bounds, and a message that names setting, value and range."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from contracts.checks import check_web_address, check_worker_count
from contracts.config import (
    AttachmentLimits,
    GenericPortalSettings,
    HeadlessConfiguration,
    PoolConfig,
    PortalKind,
    ResourceLimits,
    RestartIntensity,
    RetryPolicy,
    Route,
    Settings,
    Timeouts,
)
from contracts.errors import ConfigurationError, PoolError

BOUNDS: list[tuple[type[Any], str, float, float | None]] = [
    (PoolConfig, "worker_count", 1, 8),
    (PoolConfig, "memory_threshold", 0.50, 0.90),
    (PoolConfig, "max_restart_attempts", 1, None),
    (PoolConfig, "task_timeout", 0.001, None),
    (PoolConfig, "shutdown_timeout", 0.0, None),
    (RetryPolicy, "max_attempts", 1, None),
    (RetryPolicy, "backoff_factor", 1.0, None),
    (RetryPolicy, "base_delay", 0.0, None),
    (RetryPolicy, "max_delay", 0.0, None),
    (RestartIntensity, "max_restarts", 0, None),
    (RestartIntensity, "window", 0.001, None),
    (RestartIntensity, "first_delay", 0.0, None),
    (RestartIntensity, "max_delay", 0.0, None),
    (RestartIntensity, "stable_after", 0.0, None),
    (ResourceLimits, "memory_threshold", 0.50, 0.90),
    (ResourceLimits, "max_restart_attempts", 1, None),
    (ResourceLimits, "restart_window", 0.001, None),
    (ResourceLimits, "recycle_after_tasks", 1, None),
    (ResourceLimits, "recycle_after_seconds", 1.0, None),
    (ResourceLimits, "minimum_free_disk", 0, None),
    (ResourceLimits, "check_interval", 0.05, None),
    (AttachmentLimits, "max_size", 1, None),
    (AttachmentLimits, "max_count", 1, None),
]
_SMALLEST_TIMEOUTS = {"shutdown": 0.0, "circuit_probe_first": 0.01, "circuit_probe_max": 0.01, "restart_verdict": 0.01}
BOUNDS += [(Timeouts, field.name, _SMALLEST_TIMEOUTS.get(field.name, 0.05), None) for field in attrs.fields(Timeouts)]
NAMES = [f"{kind.__name__}.{name}" for kind, name, _, _ in BOUNDS]


def build(kind: type[Any], name: str, value: object) -> Any:
    needed = {"base_profile_path": "/p"} if kind is PoolConfig else {}
    return kind(**needed, **{name: value})


@pytest.mark.parametrize(("kind", "name", "low", "high"), BOUNDS, ids=NAMES)
def test_a_bound_itself_is_allowed_and_what_lies_beyond_is_not(
    kind: type[Any], name: str, low: float, high: float | None
) -> None:
    for value in (low, high if high is not None else 10**6):
        assert getattr(build(kind, name, value), name) == value
    step = 1 if isinstance(low, int) else 0.0001
    for value in [low - step, -1, *([high + step] if high is not None else [])]:
        with pytest.raises(ConfigurationError) as caught:
            build(kind, name, value)
        assert name in str(caught.value)
        assert repr(value) in str(caught.value)


@pytest.mark.parametrize(("kind", "name", "low", "high"), BOUNDS, ids=NAMES)
@pytest.mark.parametrize("value", [True, "1", None, float("nan")], ids=repr)
def test_what_is_no_number_is_refused(
    kind: type[Any], name: str, low: float, high: float | None, value: object
) -> None:
    """True is 1 in Python and no number of anything."""
    with pytest.raises(ConfigurationError, match=name):
        build(kind, name, value)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(PoolConfig, "worker_count"), (PoolConfig, "max_restart_attempts"), (RetryPolicy, "max_attempts")],
)
def test_counts_are_whole(kind: type[Any], name: str) -> None:
    with pytest.raises(ConfigurationError, match="whole number"):
        build(kind, name, 2.5)


def test_a_configuration_error_is_a_value_error_and_a_pool_error() -> None:
    """Contract 3 and 85."""
    with pytest.raises(ValueError, match="max_workers must be a whole number from 1 to 8, not 9"):
        check_worker_count(9)
    assert issubclass(ConfigurationError, PoolError)


@given(st.integers())
def test_worker_counts_from_1_to_8_and_no_other_are_allowed(count: int) -> None:
    if 1 <= count <= 8:
        assert check_worker_count(count) == count
    else:
        with pytest.raises(ConfigurationError):
            check_worker_count(count)


def test_a_grid_may_have_more_workers() -> None:
    assert check_worker_count(512, most=512) == 512


def test_the_contracts_defaults() -> None:
    """Contract 95 to 100, 128, and part 1."""
    pool = PoolConfig(base_profile_path="/p")
    assert (pool.worker_count, pool.headless_mode, pool.memory_threshold) == (4, True, 0.75)
    assert (pool.max_restart_attempts, pool.task_timeout, pool.shutdown_timeout) == (3, 300.0, 60.0)
    retry = RetryPolicy()
    assert (retry.max_attempts, retry.backoff_factor, retry.base_delay, retry.max_delay) == (3, 2.0, 1.0, 60.0)
    settings = Settings()
    assert (settings.portal, settings.route) == (PortalKind.AUTO, Route.HYBRID)
    assert settings.download_dir == Path("download")


def test_pool_config_takes_keywords_only_and_needs_a_base_profile() -> None:
    with pytest.raises(TypeError):
        PoolConfig(4)  # type: ignore[call-arg]  # what is proved
    with pytest.raises(TypeError):
        PoolConfig()  # type: ignore[call-arg]  # what is proved


@pytest.mark.parametrize("kind", [PoolConfig, RetryPolicy, ResourceLimits, Timeouts, GenericPortalSettings, Settings])
def test_settings_are_frozen(kind: type[Any]) -> None:
    made = PoolConfig(base_profile_path="/p") if kind is PoolConfig else kind()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(made, attrs.fields(kind)[0].name, 1)


@given(st.floats(0.50, 0.90))
def test_the_hard_memory_threshold_lies_above_the_soft_one_and_at_most_at_95_percent(soft: float) -> None:
    hard = ResourceLimits(memory_threshold=soft).hard_memory_threshold
    assert soft < hard <= 0.95


@pytest.mark.parametrize(
    "address", ["https://p.example", "http://127.0.0.1:8080/x", "https://[::1]/", "HTTPS://P.example", "https://p/?a=b"]
)
def test_absolute_web_addresses_are_taken(address: str) -> None:
    assert check_web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "", "portal", "ftp://p.example", "file:///etc/passwd", "javascript:1", "https://", "https:///x", "//p.example",
        "https://p.example:0", "https://p.example:99999", "https://p.example:x", "https://p .example", "https://p\n.example",
        "https://[::1", "data:text/html,x",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"base_url must be an http or https address such as https://"):
        check_web_address(address)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError, match="PURSER_PASSWORD") as caught:
        check_web_address("https://me:hunter2@p.example", "url")
    assert "hunter2" not in str(caught.value)


@given(st.text())
def test_no_text_makes_the_check_fail_in_another_way(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert check_web_address(text).lower().startswith(("http://", "https://"))


def test_settings_check_their_base_url_and_turn_words_into_values() -> None:
    settings = Settings(portal="coupa", route="browser", download_dir="d", profile="p")
    assert (settings.portal, settings.route) == (PortalKind.COUPA, Route.BROWSER)
    assert (settings.download_dir, settings.profile) == (Path("d"), Path("p"))
    with pytest.raises(ConfigurationError, match="base_url"):
        Settings(base_url="portal")
    with pytest.raises(ValueError, match="s a p"):
        Settings(portal="s a p")


@pytest.mark.parametrize(
    ("name", "value"),
    [("base_url", None), *((n, 5) for n in ("base_url", "timeouts", "limits", "attachments", "retry", "generic"))],
)
def test_a_setting_of_the_wrong_type_is_refused_by_name_where_it_is_given(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be .*not {value!r}"):
        Settings(**{name: value})


def test_headless_configuration_goes_by_both_names() -> None:
    """Contract 41 and part 1."""
    assert HeadlessConfiguration().headless is True
    assert HeadlessConfiguration(False).enabled is False
    assert HeadlessConfiguration(enabled=False).headless is False
    assert HeadlessConfiguration(binary="/usr/bin/x").binary == Path("/usr/bin/x")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"headless": "yes"}, "headless must be True or False, not 'yes'"),
        ({"enabled": 1}, "headless must be True or False, not 1"),
        ({"browser": "lynx"}, "browser must be one of auto, edge, chrome, chromium, not 'lynx'"),
        ({"grid_url": "http://grid:4444"}, "grid_url is not supported yet"),
    ],
)
def test_a_wrong_headless_configuration_says_what_is_wrong(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        HeadlessConfiguration(**more)


@pytest.mark.parametrize("value", ["no", 0, None])
def test_screenshots_are_on_or_off_and_nothing_else(value: Any) -> None:
    """Taken for true, a word that means no would keep what nobody wanted kept."""
    with pytest.raises(ConfigurationError, match="screenshots must be True or False"):
        Settings(screenshots=value)


@pytest.mark.parametrize(
    "address", ["ftp://me:hunter2@p.example/", "https://me:hunter2@p example", "x//me:hunter2@y@z"]
)
def test_an_address_that_is_none_is_told_without_a_password(address: str) -> None:
    with pytest.raises(ConfigurationError, match="must be an http or https address") as raised:
        check_web_address(address)
    assert "hunter2" not in str(raised.value)


def test_login_hosts_are_hosts() -> None:
    assert Settings(login_hosts=("Login.example", "idp.example:8443")).login_hosts == (
        "login.example",
        "idp.example:8443",
    )
    with pytest.raises(ConfigurationError, match="login_hosts must hold hosts"):
        Settings(login_hosts=("https://login.example",))
