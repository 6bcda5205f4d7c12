"""Portal adapters that installed packages offer by the entry point `purser.portals`: the one place that looks for them.

A package is somebody else's code, and may be broken. Whoever names its adapter is told so; who does not runs on.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from typing import Any

import attrs

from contracts.checks import adapter_fault, shown
from contracts.config import PortalKind
from contracts.errors import ConfigurationError
from contracts.ports import PortalAdapter

GROUP = "purser.portals"
_KINDS = tuple(kind.value for kind in PortalKind)


@attrs.frozen
class InstalledAdapter:
    """What came of one name.

    Args:
        name: What it is offered as.
        origin: Its package and what that names, for people.
        adapter: The adapter, or None when it cannot be used.
        fault: Why it cannot, in a sentence that names it; empty when it can.
    """

    name: str
    origin: str
    adapter: PortalAdapter | None
    fault: str = ""


def installed_adapters() -> Iterator[InstalledAdapter]:
    """Yield everything that is offered, by name, loaded. What cannot be used comes with its fault."""
    try:
        offered = _offered()
    except ConfigurationError as error:
        yield InstalledAdapter("", "", None, str(error))
        return
    for name, entries in sorted(offered.items()):
        yield _loaded(name, entries)


def installed_adapter(name: str) -> InstalledAdapter:
    """Return the adapter of that name, loaded.

    Raises:
        ConfigurationError: No package offers it, several do, or it cannot be used.
    """
    found = _loaded(name, _require(name))
    if found.adapter is None:
        raise ConfigurationError(found.fault)
    return found


def require_offered(name: str) -> None:
    """Return when a package offers an adapter of that name; nothing of it is loaded.

    Raises:
        ConfigurationError: None does.
    """
    _require(name)


def _require(name: str) -> tuple[EntryPoint, ...]:
    offered = _offered()
    if name in offered:
        return offered[name]
    there_are = ", ".join((*_KINDS, *sorted(set(offered) - set(_KINDS))))
    raise ConfigurationError(
        f"No portal adapter is called {name!r}. There are: {there_are}. One more is there once a package that offers "
        f"it (entry point group {GROUP}) is installed in the Python that runs purser, with pip."
    )


def _offered() -> Mapping[str, tuple[EntryPoint, ...]]:
    try:
        found: dict[str, tuple[EntryPoint, ...]] = {}
        for entry in importlib.metadata.entry_points(group=GROUP):
            found[entry.name] = (*found.get(entry.name, ()), entry)
    except Exception as error:  # boundary: files of whatever packages there are
        raise ConfigurationError(
            f"What installed packages offer cannot be read: {shown(error)}. Look for a damaged *.dist-info folder."
        ) from error
    return found


def _loaded(name: str, entries: tuple[EntryPoint, ...]) -> InstalledAdapter:
    origin = ", ".join(sorted(map(_origin, entries)))
    called = f"The portal adapter {name!r} of {origin}"
    if name in _KINDS:
        return InstalledAdapter(name, origin, None, f"{called} has the name of a built-in one, which is used instead.")
    if len(entries) > 1:
        return InstalledAdapter(name, origin, None, f"{called} is offered more than once. Uninstall all but one.")
    try:
        found: Any = entries[0].load()
        adapter = found() if adapter_fault(found) and callable(found) else found
        fault = adapter_fault(adapter)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - boundary: the package
        mend = "Install the package anew, or ask who makes it."
        return InstalledAdapter(name, origin, None, f"{called} cannot be loaded: {shown(error)}. {mend}")
    if fault:
        return InstalledAdapter(name, origin, None, f"{called} is none: {fault}. Ask who makes the package.")
    return InstalledAdapter(name, origin, adapter)


def _origin(entry: EntryPoint) -> str:
    package = entry.dist
    told = f"{package.metadata['Name']} {package.version}" if package is not None else "an unknown package"
    return f"{told} (entry point {entry.name} = {entry.value})"
