"""What is public refuses a value of the wrong type where it is given, by its name, and changes none without a word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from contracts.config import (
    AttachmentLimits,
    GenericPortalSettings,
    HeadlessConfiguration,
    PoolConfig,
    ResourceLimits,
    RestartIntensity,
    RetryPolicy,
    Settings,
    Timeouts,
)
from contracts.errors import ConfigurationError
from contracts.tasks import POTask

NAN, INF = float("nan"), float("inf")


class Rude:
    """Something that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


class Closed:
    """Something that lets nobody ask for anything."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")


def each(name: str, *values: Any) -> list[tuple[str, Any]]:
    """Pair a name with each of its values."""
    return [(name, value) for value in values]


HEADLESS: list[tuple[str, Any]] = [
    *each("headless", "false", 0, 1, None, [], Rude()),
    *each("enabled", "false", 0, []),
    *(("browser", value) for value in ("firefox", "", None, 3, ["chrome"])),
    *((name, value) for name in ("binary", "driver") for value in ("", 3, b"/usr/bin/x", "a\0b", ["x"], True)),
    *(("user_agent", value) for value in ("", "  ", "a\r\nX: y", "caf\u00e9", 3, b"x", ["x"])),
    *(("extra_arguments", value) for value in ("--foo", b"--foo", 3, None, ["foo"], [3], ["--a\0"], {"--a": 1, 2: 3})),
    ("grid_url", "http://grid:4444"),
]


@pytest.mark.parametrize(("name", "value"), HEADLESS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(HEADLESS)])
def test_a_browser_s_configuration_refuses_what_is_none(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match="headless" if name == "enabled" else name):
        HeadlessConfiguration(**{name: value})


def test_a_browser_s_configuration_takes_what_it_says() -> None:
    given = HeadlessConfiguration(
        binary="/usr/bin/chromium",
        driver=Path("/usr/bin/driver"),
        user_agent="Mozilla/5.0 x",
        extra_arguments=["--a"],
    )
    assert (given.binary, given.driver) == (Path("/usr/bin/chromium"), Path("/usr/bin/driver"))
    assert (given.user_agent, given.extra_arguments) == ("Mozilla/5.0 x", ("--a",))
    assert HeadlessConfiguration(extra_arguments=iter(("--a", "-b"))).extra_arguments == ("--a", "-b")


GROUPS = (Timeouts, ResourceLimits, AttachmentLimits, RetryPolicy, RestartIntensity)
NUMBERS = [(kind, field.name) for kind in GROUPS for field in attrs.fields(kind) if field.type in ("int", "float")]


@pytest.mark.parametrize(("kind", "name"), NUMBERS, ids=[f"{kind.__name__}.{name}" for kind, name in NUMBERS])
def test_no_number_of_the_settings_takes_anything_else(kind: type, name: str) -> None:
    for value in (None, "5", True, NAN, INF, -1, [5], Rude(), 5j, 10**400):
        with pytest.raises(ConfigurationError, match=f"^{name} must be"):
            kind(**{name: value})


COUNTS = [(kind, field.name) for kind in GROUPS for field in attrs.fields(kind) if field.type == "int"]


@pytest.mark.parametrize(("kind", "name"), COUNTS, ids=[f"{kind.__name__}.{name}" for kind, name in COUNTS])
def test_no_count_of_the_settings_is_a_fraction(kind: type, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must be a whole number"):
        kind(**{name: 7.5})


TEXTS = [field.name for field in attrs.fields(GenericPortalSettings)]


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_of_the_generic_portal_takes_anything_else(name: str) -> None:
    is_list = "tuple" in str(attrs.fields_dict(GenericPortalSettings)[name].type)
    for value in (None, 3, b"a", [3], True, *(["a.pdf"] if is_list else [["a"], ("a",)])):
        with pytest.raises(ConfigurationError, match=f"^{name} must be"):
            GenericPortalSettings(**{name: value})
    good: Any = ["a", "b"] if is_list else "a"
    assert getattr(GenericPortalSettings(**{name: good}), name) == (("a", "b") if is_list else "a")


WRONG_SETTINGS: list[tuple[str, Any]] = [
    *each("portal", "s a p", "", None, 3, [], Closed()),
    *(("route", value) for value in ("http", None, 3)),
    *(("base_url", value) for value in (None, 3, "portal", "ftp://x", b"http://x", "http://x/\ud800")),
    *(("download_dir", value) for value in ("", None, 3, b"x", ["x"])),
    *(("profile", value) for value in ("", 3, b"x", "a\0b")),
    *((name, {}) for name in ("timeouts", "limits", "attachments", "retry", "intensity", "generic")),
    *((name, None) for name in ("timeouts", "limits", "attachments", "retry", "intensity", "generic")),
    *(("seed", value) for value in ("1", 1.5, True)),
    *((name, value) for name in ("screenshots", "strict_types") for value in ("false", 0, None)),
    *(
        (name, value)
        for name in ("allowed_file_hosts", "login_hosts")
        for value in (None, 3, [3], ["a b"], "http://x/")
    ),
]


@pytest.mark.parametrize(
    ("name", "value"), WRONG_SETTINGS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(WRONG_SETTINGS)]
)
def test_settings_refuse_what_is_none(name: str, value: Any) -> None:
    says = {"route": "Route"}.get(name, name)
    with pytest.raises(ConfigurationError, match=f"^{says} must"):
        Settings(**{name: value})


WRONG_POOL: list[tuple[str, Any]] = [
    ("headless_mode", "false"),
    ("headless_mode", 1),
    ("base_profile_path", ""),
    ("base_profile_path", None),
    ("base_profile_path", 3),
    ("base_profile_path", "a\0b"),
    ("worker_count", "4"),
    ("worker_count", 4.0),
    ("memory_threshold", "0.75"),
    ("max_restart_attempts", 1.0),
    ("task_timeout", INF),
    ("shutdown_timeout", None),
]


@pytest.mark.parametrize(("name", "value"), WRONG_POOL, ids=[f"{name}-{n}" for n, (name, _) in enumerate(WRONG_POOL)])
def test_a_pool_s_configuration_refuses_what_is_none(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must"):
        PoolConfig(**{"base_profile_path": "/p", name: value})
    with pytest.raises(TypeError):
        PoolConfig("/p")  # type: ignore[call-arg, arg-type]  # keyword-only


WRONG_TASKS: list[tuple[str, Any]] = [
    *(("po_number", value) for value in (None, 5, b"x")),
    *(("priority", value) for value in (None, "9", 2.5, True)),
    *(("timeout_override", value) for value in (0, -1, NAN, INF, "5", True)),
    *(("retry_count", value) for value in (None, -1, "1", 1.5, True)),
    *each("metadata", None, [], "x"),
    *((name, value) for name in ("supplier", "url") for value in (None, 3, b"x")),
    *(("amount", value) for value in ("5", NAN, INF, True)),
]


@pytest.mark.parametrize(("name", "value"), WRONG_TASKS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(WRONG_TASKS)])
def test_a_task_refuses_what_is_none(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        POTask(**{"po_number": "PO1", name: value})
