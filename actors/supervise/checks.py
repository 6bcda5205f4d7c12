"""What keeps a faulty spec from being made: it is refused where it is written, not when a child first ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from contracts.errors import ConfigurationError


def a_name(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{attribute.name} must be a name, not {value!r}.")


def to_call(_instance: Any, attribute: Any, value: Any) -> None:
    """Accept what can be called."""
    if not callable(value):
        raise ConfigurationError(f"{attribute.name} must be something to call, not {value!r}.")


def of_kind(kind: type) -> Callable[[Any, Any, Any], None]:
    """Return a validator that accepts instances of `kind`."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{attribute.name} must be of the type {kind.__name__}, not {value!r}.")

    return check


def at_least(least: float) -> Callable[[Any, Any, Any], None]:
    """Return a validator that accepts numbers from `least`; infinity, too, for what has no limit."""

    def check(_instance: Any, attribute: Any, value: Any) -> None:
        good = isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
        if not good or value < least:
            raise ConfigurationError(f"{attribute.name} must be a number of at least {least:g}, not {value!r}.")

    return check


def or_none(validator: Callable[[Any, Any, Any], None]) -> Callable[[Any, Any, Any], None]:
    """Return a validator that accepts None as well."""

    def check(instance: Any, attribute: Any, value: Any) -> None:
        if value is not None:
            validator(instance, attribute, value)

    return check
