"""Turns what a settings file or a variable holds into the type a setting has, strictly: nothing is guessed.

A text is read as a number or a switch, because variables hold nothing else; but `"maybe"` is not a switch and
`2.5` is not a count.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import cattrs

from contracts.checks import is_adapter_name
from contracts.config import PortalChoice, PortalKind, Route
from contracts.errors import ConfigurationError

_KINDS = tuple(kind.value for kind in PortalKind)
_SWITCHES = {
    "true": True, "1": True, "yes": True, "on": True,
    "false": False, "0": False, "no": False, "off": False,
}  # fmt: skip


def _switch(value: Any, _kind: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int) and str(value).strip().lower() in _SWITCHES:
        return _SWITCHES[str(value).strip().lower()]
    raise ValueError("true or false")


def _whole(value: Any, _kind: Any) -> int:
    try:
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            return int(value)
    except ValueError:
        pass
    raise ValueError("a whole number")


def _real(value: Any, _kind: Any) -> float:
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a number")


def _text(value: Any, _kind: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("a text")


def _path(value: Any, _kind: Any) -> Path:
    if isinstance(value, str) and value.strip() and "\x00" not in value:
        try:
            return Path(value).expanduser()
        except RuntimeError:
            return Path(value)
    raise ValueError("a path")


def _choice(value: Any, kind: type[enum.Enum]) -> enum.Enum:
    choices = {str(member.value): member for member in kind}
    if isinstance(value, str) and value.strip().lower() in choices:
        return choices[value.strip().lower()]
    raise ValueError(f"one of {', '.join(choices)}")


def _portal(value: Any, _kind: Any) -> PortalKind | str:
    """Return a kind, or the name of an installed adapter; whether there is one of that name is asked later."""
    name = value.strip() if isinstance(value, str) else ""
    if name.lower() in _KINDS:
        return PortalKind(name.lower())
    if is_adapter_name(name):
        return name
    raise ValueError(f"one of {', '.join(_KINDS)}, or the name of an installed adapter")


def _texts(value: Any, _kind: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("a list of texts")


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=False)
    converter.register_structure_hook(bool, _switch)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _real)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook_func(lambda kind: bool(kind == PortalChoice), _portal)
    converter.register_structure_hook(Route, _choice)
    converter.register_structure_hook_func(lambda kind: bool(kind == tuple[str, ...]), _texts)
    return converter


_CONVERTER = _converter()


def read_value(value: Any, kind: Any, key: str, source: str) -> Any:
    """Return `value` as the type `kind`.

    Args:
        value: What the source holds.
        kind: The type the setting has.
        key: The setting's name in the source, for the message.
        source: What the source is called, for the message.

    Raises:
        ConfigurationError: It cannot be read as that. The message names source, key and what is wanted.
    """
    try:
        return _CONVERTER.structure(value, kind)
    except ValueError as error:
        raise ConfigurationError(f"In the {source}: {key} must be {error}, not {str(value)[:80]!r}.") from error
