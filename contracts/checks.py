"""What a value must be: the validators and converters of settings, one way for all of them.

What is wrong raises `ConfigurationError`, which is a `ValueError`; it names the setting, the value and what is allowed.
Nothing is changed without a word: text is neither a number nor a list of characters, True is not a count.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from contracts.errors import ConfigurationError

MIN_WORKERS = 1
MAX_LOCAL_WORKERS = 8

MOST = 2**63 - 1
"""Beyond any time, size or count; what is larger is a slip, and no clock or lock takes it."""

Validator = Callable[[Any, Any, Any], None]
E = TypeVar("E", bound=enum.Enum)
_SHOWN = 80


def shown(value: object) -> str:
    """Return a value for a message, whatever its own code does, and not too long."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - boundary: foreign code
        return f"something of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def number(low: float, high: float | None = None, *, endless: bool = False) -> Validator:
    """Return a validator that accepts finite real numbers from `low` to `high`, both included.

    Args:
        low: The least.
        high: The most; None for `MOST`.
        endless: Whether what is larger is accepted as well, infinity too: for what has no limit.
    """

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        good = is_number and (abs(value) <= MOST or (endless and value > MOST))
        if not good or value < low or (high is not None and value > high):
            limits = f"from {low:g} to {high:g}" if high is not None else f"of at least {low:g}"
            raise ConfigurationError(f"{attribute.name} must be a number {limits}, not {shown(value)}.")

    return check


def whole(low: int) -> Validator:
    """Return a validator that accepts whole numbers from `low` on."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= MOST:
            raise ConfigurationError(f"{attribute.name} must be a whole number of at least {low}, not {shown(value)}.")

    return check


def any_whole(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept whole numbers, and None."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise ConfigurationError(f"{attribute.name} must be a whole number or None, not {shown(value)}.")


def switch(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept True and False."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} must be True or False, not {shown(value)}.")


def of_kind(kind: type) -> Validator:
    """Return a validator that accepts instances of `kind`."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{attribute.name} must be of the type {kind.__name__}, not {shown(value)}.")

    return check


def text(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept texts."""
    if not isinstance(value, str):
        raise ConfigurationError(f"{attribute.name} must be a text, not {shown(value)}.")


def as_tuple(value: Any) -> Any:
    """Return a list or the like as a tuple; `texts` tells of what is none."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else value


def texts(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept tuples of texts."""
    if not isinstance(value, tuple) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(
            f"{attribute.name} must be a list of texts, such as ['one'] or ('one', 'two'), not {shown(value)}."
        )


def one_of(kind: type[E], value: object) -> E:
    """Return a member of `kind`, given it or its value.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        return kind(value)
    except ValueError as error:
        allowed = ", ".join(repr(member.value) for member in kind)
        raise ConfigurationError(f"{kind.__name__} must be one of {allowed}, not {shown(value)}.") from error


def path_of(value: object, name: str) -> Path:
    """Return a path.

    Raises:
        ConfigurationError: It is none, or an empty text.
    """
    if isinstance(value, Path) or (isinstance(value, str) and value):
        return Path(value)
    raise ConfigurationError(f"{name} must be a path, not {shown(value)}.")


def path_without_null(value: object, name: str) -> Path | None:
    """Return a path that a program may be given, or None.

    Raises:
        ConfigurationError: It is none, or holds a null character.
    """
    if value is None:
        return None
    found = path_of(value, name)
    if "\0" in str(found):
        raise ConfigurationError(f"{name} must not hold a null character: {shown(value)}.")
    return found


def check_worker_count(value: object, name: str = "max_workers", most: int | None = MAX_LOCAL_WORKERS) -> int:
    """Return `value` if it is a worker count from 1 to `most` (contract 3).

    Raises:
        ConfigurationError: It is not a whole number, or outside the range. This is a `ValueError`.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < MIN_WORKERS or value > (most or value):
        limits = f"from {MIN_WORKERS} to {most}" if most is not None else f"of at least {MIN_WORKERS}"
        raise ConfigurationError(f"{name} must be a whole number {limits}, not {shown(value)}.")
    return value


def worker_count(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept worker counts, as `check_worker_count`."""
    check_worker_count(value, attribute.name)


def check_web_address(value: str, name: str = "base_url") -> str:
    """Return `value` if it is an absolute http or https URL with a host and without a password in it.

    Raises:
        ConfigurationError: It is not.
    """
    given: object = value
    if not isinstance(given, str):
        raise ConfigurationError(f"{name} must be an address as text, not {shown(given)}.")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        value.encode()
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


_ADAPTER_NAME = re.compile(r"[\w.-]+")


_ASKED_OF_ADAPTERS = ("recognises", "order_addresses", "read")
_MAY_BE_ASKED = ("login_address", "read_requisition", "wants_login", "login_form", "visible_text")


def is_adapter_name(name: str) -> bool:
    """Whether an adapter may be installed under that name."""
    return _ADAPTER_NAME.fullmatch(name) is not None


def adapter_fault(given: object) -> str:
    """Return what keeps an object from being a `PortalAdapter`, for a message; empty when nothing does.

    Raises:
        Exception: Whatever the object raises when it is asked for its members.
    """
    if isinstance(given, type):
        return f"it is a class, and an object of it is wanted: {given.__name__}()"
    missing = [name for name in ("login_paths", *_ASKED_OF_ADAPTERS) if not hasattr(given, name)]
    if missing:
        return f"it has no {', '.join(missing)}"
    silent = [one for one in (*_ASKED_OF_ADAPTERS, *_MAY_BE_ASKED) if not callable(getattr(given, one, callable))]
    if silent:
        return f"its {', '.join(silent)} cannot be called"
    paths = getattr(given, "login_paths")  # noqa: B009 - nothing says yet that it is there
    if not isinstance(paths, tuple) or not all(map(_is_path, paths)):
        return f"its login_paths must be a tuple of paths such as ('/login',), not {shown(paths)}"
    return ""


def fault_of_given_adapter(given: object) -> str:
    """Return the same of an object that a caller gives, whatever it raises."""
    try:
        return adapter_fault(given)
    except Exception as error:  # noqa: BLE001 - boundary: foreign code
        return f"it raises when it is asked for its members: {shown(error)}"


def _is_path(given: object) -> bool:
    # The root alone would make a login of every page.
    return isinstance(given, str) and given.startswith("/") and bool(given.strip("/ "))


_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.IGNORECASE)


def as_hosts(value: Any) -> Any:
    """Return hosts in lower case; one by itself is a list of one."""
    given = (value,) if isinstance(value, str) else as_tuple(value)
    if not isinstance(given, tuple):
        return value
    return tuple(host.lower() if isinstance(host, str) else host for host in given)


def hosts(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept tuples of hosts, each with or without a port."""
    for host in value if isinstance(value, tuple) else (value,):
        if not isinstance(host, str) or not _HOST.fullmatch(host):
            raise ConfigurationError(
                f"{attribute.name} must hold hosts such as files.example or files.example:8443, not {shown(host)}."
            )
