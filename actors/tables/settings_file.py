"""Reads settings from a file (TOML, or the JSON of the app this replaces) and from the environment.

Both become a `RunSettings` patch. A value of the wrong kind raises and names its key; a key that means nothing is kept
and warned about, so that an old file goes on working.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_origin, get_type_hints

import attrs

from actors.tables.encoding import require_file
from actors.tables.run_settings import GROUPS, SESSION_SETTINGS, SETTING_TYPES, RunSettings
from actors.tables.setting_values import read_value
from contracts.checks import MAX_LOCAL_WORKERS, check_worker_count
from contracts.config import Settings
from contracts.errors import ConfigurationError, InputFileError

_ALIASES: Mapping[str, str] = MappingProxyType({"max_workers": "workers"})
_LEGACY_UNUSED = frozenset({"excel_path", "num_windows", "max_tabs_per_window", "profile_mode", "batch_size"})
_FORMER = ("pipeline_depth", "timeouts.recovery")
"""Keys that were settings once, and that nothing obeyed."""
_OF_THE_RUN = frozenset(field.name for field in attrs.fields(RunSettings)) - {"session", "unknown", "warnings"}
"""Settings that are no fields of `Settings`."""
_PLAIN = _OF_THE_RUN | frozenset(SESSION_SETTINGS)
_TYPES: Mapping[str, Any] = MappingProxyType({**get_type_hints(RunSettings), **SETTING_TYPES})
_LARGEST = 1 << 20
_LISTS = frozenset(name for name in SESSION_SETTINGS if get_origin(SETTING_TYPES[name]) is tuple)
"""Settings that a variable holds with commas between."""

# Weaker first: a name further down wins over one above it that means the same.
_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "PROC_WORKERS": "workers",
        "COUPA_MAX_WORKERS": "workers",
        "USE_PERSISTENT_POOL": "parallel",
        "COUPA_ENABLE_PARALLEL": "parallel",
        "HEADLESS": "headless",
        "INPUT_CSV": "csv_path",
        "DOWNLOAD_FOLDER": "download_dir",
        "LOGIN_TIMEOUT": "timeouts.login",
        "PURSER_BROWSER_BINARY": "binary",
        "PURSER_INPUT_CSV": "csv_path",
        **{f"PURSER_{name.upper()}": name for name in sorted(_PLAIN - {"binary", "csv_path"})},
        **{
            f"PURSER_{group.upper()}_{field.name.upper()}": f"{group}.{field.name}"
            for group, kind in GROUPS.items()
            for field in attrs.fields(kind)
            if isinstance(field.default, bool | int | float | str)
        },
        **{f"PURSER_{key.upper().replace('.', '_')}": key for key in _FORMER},
    }
)


def read_settings_file(path: str | Path) -> RunSettings:
    """Read a settings file.

    Args:
        path: A TOML file, or JSON when its name ends in `.json` (contract 120). Relative paths in it are taken from the
            current folder, as on the command line.

    Raises:
        InputFileError: It cannot be read.
        ConfigurationError: A value is of the wrong kind or out of range. The message names the file and the key.
    """
    file = Path(path)
    require_file(file, "settings file")
    is_json = file.suffix.lower() == ".json"
    try:
        if file.stat().st_size > _LARGEST:
            raise InputFileError(
                f"The settings file {str(file)!r} is larger than 1 MiB. Check that it is the right file."
            )
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputFileError(
            f"The settings file {str(file)!r} cannot be read: {error.strerror or error}. Check who may read it."
        ) from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"The settings file {str(file)!r} is not UTF-8. Save it as UTF-8.") from error
    try:
        content: Any = json.loads(text) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise InputFileError(
            f"The settings file {str(file)!r} is not valid {kind}: {error}. Mend it and retry."
        ) from error
    if not isinstance(content, dict):
        raise InputFileError(f"The settings file {str(file)!r} must hold one object with keys, such as {{}}.")
    return _patch(content, f"settings file {str(file)!r}", is_legacy=is_json)


def read_environment(environment: Mapping[str, str]) -> RunSettings:
    """Read settings from environment variables; those that are empty say nothing.

    The names of the app this replaces are understood where they mean something here (contract 122). Every setting also
    has a name of its own: `PURSER_` and the key, with the group in front where it has one, as in
    `PURSER_TIMEOUTS_PAGE_LOAD`. These win. A list has commas between its items.

    Args:
        environment: `os.environ`, or anything like it.

    Raises:
        ConfigurationError: A value is of the wrong kind or out of range. The message names the variable.
    """
    patch = RunSettings()
    for variable, key in _ENVIRONMENT.items():
        text = environment.get(variable, "").strip()
        if not text:
            continue
        group, _, name = key.rpartition(".")
        said = _listed(text) if key in _LISTS else text
        content = {group: {name: said}} if group else {name: said}
        is_legacy = not variable.startswith("PURSER_")
        patch = _patch(content, f"environment variable {variable}", is_legacy=is_legacy).over(patch)
    return patch


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _patch(content: Mapping[str, Any], source: str, *, is_legacy: bool) -> RunSettings:
    """Check what a source says and return it. `is_legacy` marks the old app's own sources."""
    values: dict[str, Any] = {}
    session: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    warnings: list[str] = []
    for written, value in content.items():
        key = _ALIASES.get(written, written)
        if key in GROUPS:
            session[key] = _group(key, value, source, unknown, warnings)
        elif key in _PLAIN:
            if value is None:
                continue
            place = values if key in _OF_THE_RUN else session
            place[key] = _plain(key, written, value, source, warnings, is_legacy=is_legacy)
        else:
            unknown[written] = value
            warnings.append(_meaningless(written, source))
    return RunSettings(
        **values, session=MappingProxyType(session), unknown=MappingProxyType(unknown), warnings=tuple(warnings)
    )


def _meaningless(key: str, source: str) -> str:
    """Return the warning of a key that is no setting."""
    if key in _FORMER:
        return f"The key {key!r} of the {source} is not a setting any more, and never had an effect. Take it out."
    meaning = "has no effect here" if key in _LEGACY_UNUSED else "is not known"
    return f"The key {key!r} of the {source} {meaning}; it is kept and otherwise ignored."


def _plain(key: str, written: str, value: Any, source: str, warnings: list[str], *, is_legacy: bool) -> Any:
    read = read_value(value, _TYPES[key], written, source)
    try:
        if key == "workers":
            if is_legacy and read > MAX_LOCAL_WORKERS:
                # The old app allowed more; its files and variables must go on working.
                warnings.append(f"{written} of the {source} is {read}; {MAX_LOCAL_WORKERS} is the most, so it counts.")
                return MAX_LOCAL_WORKERS
            check_worker_count(read, written)
        elif key in SESSION_SETTINGS:
            Settings(**{key: read})
        elif key == "browser":
            RunSettings(browser=read).headless_configuration()
    except ConfigurationError as error:
        raise ConfigurationError(f"In the {source}: {error}") from error
    return read


def _group(group: str, value: Any, source: str, unknown: dict[str, Any], warnings: list[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"In the {source}: {group!r} must be a table of settings, not {value!r}.")
    kind = GROUPS[group]
    fields = attrs.fields_dict(attrs.resolve_types(kind))
    read: dict[str, Any] = {}
    for name, item in value.items():
        key = f"{group}.{name}"
        if name in fields:
            read[name] = read_value(item, fields[name].type, key, source)
        else:
            unknown[key] = item
            warnings.append(_meaningless(key, source))
    try:
        kind(**read)
    except ConfigurationError as error:
        raise ConfigurationError(f"In the {source}: {group}.{error}") from error
    return MappingProxyType(read)
